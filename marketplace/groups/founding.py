"""Founding a group, changing what it is, and closing it."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.accounts.models import Person
from marketplace.groups import queries, service, term_rules
from marketplace.groups.entry_rules import LONGEST_QUESTION, MOST_QUESTIONS, JoinPolicy
from marketplace.groups.events import GroupClosed, GroupFounded, RulesChanged, TermsChanged
from marketplace.groups.finding import locked, locked_group
from marketplace.groups.joining import refuse_all
from marketplace.groups.models import Group, Instructions, Membership, RulesVersion
from marketplace.groups.rules import Permission, Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel import audit, clock
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import RuleBroken, Stale
from marketplace.kernel.events import announce
from marketplace.kernel.text import folded
from marketplace.payments import stripe_client
from marketplace.payments.rules import Through
from marketplace.payments.stripe_rules import check_currency


@use_case
def found_group(
    *,
    by: int,
    client_key: str,
    name: str,
    collects: str,
    currency: str,
    time_zone: str,
    rules_text: str,
    instructions: str,
    terms: Terms,
    join_policy: JoinPolicy = JoinPolicy.APPROVAL,
    questions: tuple[str, ...] = (),
    is_listed: bool = True,
    is_catalogue_public: bool = False,
) -> Group:
    """Found a group; its founder is its first owner and its first member. The same key again is the same group."""
    locked(Person, by, "There is no such person.")  # the same form sent twice waits for itself here
    known = queries.group_by_key(by, client_key)
    if known is not None:
        return known
    term_rules.check_terms(terms)
    _check_gateway(terms, currency)
    _check_questions(questions)
    group = Group(
        slug=_free_slug(name), client_key=client_key, name=name, collects=collects,
        search_text=folded(f"{name} {collects}"), currency=currency, time_zone=time_zone, join_policy=join_policy,
        questions=list(questions), terms=terms, is_listed=is_listed, is_catalogue_public=is_catalogue_public,
        founded_by=by, founded_at=clock.now(), member_count=1,
    )  # fmt: skip
    db.session.add(group)
    try:
        db.session.flush()
    except IntegrityError:
        raise Stale("Somebody founded a group of this name in the same moment. Send it again.") from None
    _furnish(group, rules_text, instructions)
    audit.note("found group", f"group:{group.id}", by=by, group_id=group.id)
    announce(GroupFounded(group.id, by))
    announce(TermsChanged(group.id, terms, by))
    return group


def _furnish(group: Group, rules_text: str, instructions: str) -> None:
    """What a group has from its first moment: an owner, rules, and payment instructions that are in force."""
    owner, now = group.founded_by, group.founded_at
    db.session.add_all(
        (
            RulesVersion(group_id=group.id, number=1, text=rules_text, made_by=owner, made_at=now),
            Membership(
                group_id=group.id,
                person_id=owner,
                role=Role.OWNER,
                agreed_version=1,
                agreed_at=now,
                joined_at=now,
                officer_since=now,
            ),
            Instructions(group_id=group.id, words=instructions, proposed_by=owner, proposed_at=now, in_force_at=now),
        )
    )


@use_case
def change_group(
    *,
    by: int,
    group_id: int,
    name: str,
    collects: str,
    currency: str,
    time_zone: str,
    join_policy: JoinPolicy,
    questions: tuple[str, ...],
    is_listed: bool,
    is_catalogue_public: bool,
    most_members: int,
) -> Group:
    """Change what a group is and who may see it. Its address stays: links to it keep working."""
    group = locked_group(group_id)
    service.require(by, group_id, Permission.CHANGE_GROUP)
    if group.currency_fixed and currency != group.currency:
        raise RuleBroken(
            "The group has lots or money in %(currency)s, so that stays.", field="currency", currency=group.currency
        )
    if most_members < group.member_count:
        raise RuleBroken(
            "The group has %(count)s members already. Enter that many or more.",
            field="most_members",
            count=group.member_count,
        )
    _check_questions(questions)
    group.name, group.collects, group.currency, group.time_zone = name, collects, currency, time_zone
    group.search_text = folded(f"{name} {collects}")
    group.join_policy, group.questions, group.most_members = join_policy, list(questions), most_members
    group.is_listed, group.is_catalogue_public = is_listed, is_catalogue_public
    audit.note("change group", f"group:{group_id}", by=by, group_id=group_id)
    return group


@use_case
def change_rules(*, by: int, group_id: int, text: str, based_on: int) -> int:
    """Write a new version of the rules; members agree to it before they next bid or list. Returns its number."""
    group = locked_group(group_id)
    owner = service.require_member(by, group_id, Permission.CHANGE_RULES)
    if based_on != group.rules_version:
        raise Stale("Another owner has changed the rules meanwhile. Load the page again and add your change to his.")
    if text == queries.rules_text(group_id, group.rules_version):
        return group.rules_version
    now = clock.now()
    group.rules_version += 1
    db.session.add(RulesVersion(group_id=group_id, number=group.rules_version, text=text, made_by=by, made_at=now))
    owner.agreed_version, owner.agreed_at = group.rules_version, now
    audit.note("change rules", f"rules:{group.rules_version}", by=by, group_id=group_id)
    announce(RulesChanged(group_id, group.rules_version, by))
    return group.rules_version


@use_case
def change_terms(*, by: int, group_id: int, terms: Terms) -> None:
    """Change the terms of lots that start from now on. Lots and orders that run keep theirs."""
    group = locked_group(group_id)
    service.require(by, group_id, Permission.CHANGE_TERMS)
    term_rules.check_terms(terms)
    if terms == group.terms:
        return
    _check_gateway(terms, group.currency, was=group.terms.gateway)
    _keep_former_limit(group, terms, clock.now())
    group.terms = terms
    audit.note("change terms", f"group:{group_id}", by=by, group_id=group_id)
    announce(TermsChanged(group_id, terms, by))


def _keep_former_limit(group: Group, terms: Terms, now: datetime) -> None:
    """Where one officer may confirm more alone, what counted until now does so for some days more."""
    if terms.officer_limit_minor > group.terms.officer_limit_minor:
        group.former_limit_minor, group.limit_raised_at = group.officer_limit_at(now), now


def _check_gateway(terms: Terms, currency: str, *, was: Through = Through.TREASURER) -> None:
    """Cards are chosen only where this site can take them, and in this currency. Once chosen they stay so, also where
    they cannot be had just now."""
    if terms.gateway is not Through.STRIPE:
        return
    if was is not Through.STRIPE and not stripe_client.is_set_up():
        raise RuleBroken("Cards are not taken on this site. Leave it with the treasurer.", field="gateway")
    check_currency(currency)


@use_case
def close_group(*, by: int, group_id: int) -> None:
    """End the group: what runs goes to its end, bids included, and nothing new begins. Who waits to join is told."""
    group = locked_group(group_id)
    service.require(by, group_id, Permission.CLOSE_GROUP)
    now = clock.now()
    refuse_all(group, by=by, reason="The group was closed.", now=now)
    group.closed_at = now
    audit.note("close group", f"group:{group_id}", by=by, group_id=group_id)
    announce(GroupClosed(group_id, by))


def _check_questions(questions: tuple[str, ...]) -> None:
    if len(questions) > MOST_QUESTIONS or any(len(question) > LONGEST_QUESTION for question in questions):
        raise RuleBroken("Ask at most 3 questions of 250 characters.", field="question_1")


def _free_slug(name: str) -> str:
    """The name as part of an address: letters and figures of ASCII, numbered where it is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].rstrip("-") or "group"
    taken = set(db.session.scalars(select(Group.slug).where(Group.slug.startswith(base, autoescape=True))))
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"
