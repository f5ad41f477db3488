"""Who gets what at every route: the table that test_permissions walks.

Each line says who may, and who sees the thing but is told that this is not his to do (403). To everybody else there is
no such thing (404); who has not signed in is asked to. The law behind it: groups/rules.PERMISSIONS for what
belongs to a group, law.md 2 and 3 for orders and disputes, and that what is a person's own is his alone.
"""
# ruff: noqa: E501 - a table is as wide as its columns

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tests.web.world import Who

Whos = frozenset[Who]


class Line(NamedTuple):
    """What one route answers to whom."""

    may: Whos
    refused: Whos
    """They see it, and are told that it is not theirs to do."""
    asks_who: bool
    """Whether somebody who has not signed in is asked to; if not, he is answered like anybody else."""
    of: str
    """The thing of the world that the route is about."""
    empty_is_fine: bool = False
    """Whether an empty form does it. Else it is a form, and who is refused may hear first that it is empty."""


def _set(who: Iterable[Who]) -> Whos:
    return frozenset(who)


EVERYBODY = _set(Who)
NOBODY: Whos = frozenset()
SIGNED_IN = EVERYBODY - {Who.ANONYMOUS}

OWNER, MODERATORS = _set([Who.OWNER]), _set([Who.MODERATOR, Who.PARTY_MODERATOR])
TREASURER = _set([Who.TREASURER])
CONFIRMERS = OWNER | TREASURER
KEEPERS = OWNER | MODERATORS
"""They keep order: applications, reports, hiding, removing."""
OFFICERS = CONFIRMERS | MODERATORS
SELLER, BUYER = _set([Who.SELLER]), _set([Who.BUYER])
PARTIES = SELLER | BUYER
BIDDERS = BUYER | _set([Who.OTHER_BIDDER])
MEMBERS = OFFICERS | PARTIES | _set([Who.OTHER_BIDDER, Who.MEMBER])
OPERATOR, APPLICANT, REMOVED = _set([Who.OPERATOR]), _set([Who.APPLICANT]), _set([Who.REMOVED])
RULER = _set([Who.MODERATOR])
"""Of the moderators, the one without conflict: the other has bought from the seller."""
PARTY_MODERATOR, MEMBER = _set([Who.PARTY_MODERATOR]), _set([Who.MEMBER])


def everybody(of: str = "the group") -> tuple[Line, ...]:
    """Anybody at all, signed in or not."""
    return (Line(EVERYBODY, NOBODY, False, of),)


def whoever_signs_in(of: str = "the group") -> tuple[Line, ...]:
    """A person's own pages."""
    return (Line(SIGNED_IN, NOBODY, True, of),)


def to(may: Whos, of: str = "the group", *, refused: Whos = NOBODY) -> Line:
    """A page for whom it concerns; it asks who one is first."""
    return Line(may, refused - may, True, of)


def seen_by(may: Whos, of: str) -> Line:
    """A page that may be public: it does not ask, and who may not see it hears that there is no such thing."""
    return Line(may, NOBODY, False, of)


def button(may: Whos, of: str, *, refused: Whos = NOBODY) -> Line:
    """A form without anything to fill in."""
    return Line(may, refused - may, True, of, empty_is_fine=True)


def on_order(may: Whos, of: str, *, is_button: bool = True) -> Line:
    """A deed on an order between the seller and the buyer, who are refused it like the officers if it is not theirs."""
    return Line(may, (PARTIES | CONFIRMERS) - may, True, of, empty_is_fine=is_button)


# fmt: off
TABLE: dict[str, tuple[Line, ...]] = {
    # ---- For anybody ----
    "GET /": everybody(),
    "GET /groups": everybody(),
    "GET /g/<slug>": everybody(),
    "GET /g/<slug>/rules": everybody(),
    "GET /g/<slug>/terms": everybody(),
    "GET /how-bidding-works": everybody(),
    "GET /how-paying-works": everybody(),
    "GET /static/<path:filename>": everybody("a stylesheet"),
    "GET /healthz": everybody(),
    "GET /readyz": everybody(),

    # ---- The way in ----
    "GET /sign-in": everybody(),
    "POST /sign-in": everybody(),
    "GET /sign-in/code": everybody(),
    "POST /sign-in/code": everybody(),
    "GET /sign-up": everybody(),
    "POST /sign-up": everybody(),
    "GET /prove-address": everybody(),
    "POST /prove-address": everybody(),
    "GET /prove-address/<token>": everybody("a link that we never sent"),
    "POST /prove-address/<token>": everybody("a link that we never sent"),
    "GET /new-password": everybody(),
    "POST /new-password": everybody(),
    "GET /new-password/<token>": everybody("a link that we never sent"),
    "POST /new-password/<token>": everybody("a link that we never sent"),
    "POST /sign-out": everybody(),

    # ---- Oneself ----
    "GET /bids": whoever_signs_in(),
    "GET /watching": whoever_signs_in(),
    "GET /sales": whoever_signs_in(),
    "GET /offers": whoever_signs_in(),
    "GET /orders": whoever_signs_in(),
    "GET /notices": whoever_signs_in(),
    "POST /notices/read": whoever_signs_in(),
    "GET /notices/<int:notice_id>": (to(BUYER, "a notice of the buyer's"),),
    "GET /settings": whoever_signs_in(),
    "GET /settings/profile": whoever_signs_in(),
    "POST /settings/profile": whoever_signs_in(),
    "POST /settings/picture": whoever_signs_in(),
    "POST /settings/picture/remove": whoever_signs_in(),
    "GET /settings/password": whoever_signs_in(),
    "POST /settings/password": whoever_signs_in(),
    "GET /settings/email": whoever_signs_in(),
    "POST /settings/email": whoever_signs_in(),
    "GET /settings/email/<token>": everybody("a link that we never sent"),
    "POST /settings/email/<token>": everybody("a link that we never sent"),
    "GET /settings/verify": whoever_signs_in(),
    "POST /settings/verify": whoever_signs_in(),
    "POST /settings/sign-out-everywhere": whoever_signs_in(),
    "GET /settings/addresses/new": whoever_signs_in(),
    "POST /settings/addresses/new": whoever_signs_in(),
    "GET /settings/addresses/<int:address_id>": (to(BUYER, "the buyer's address"),),
    "POST /settings/addresses/<int:address_id>": (to(BUYER, "the buyer's address"),),
    "POST /settings/addresses/<int:address_id>/remove": (button(BUYER, "the buyer's address"),),
    "GET /settings/payout-details": whoever_signs_in(),
    "POST /settings/payout-details": whoever_signs_in(),
    "POST /settings/payout-details/keep": whoever_signs_in(),
    # Who cannot sign in because of a thief takes his change back all the same.
    "GET /settings/payout-details/change/<token>": (seen_by(EVERYBODY, "new payout details"), seen_by(NOBODY, "a link that we never sent")),
    "POST /settings/payout-details/change/<token>": (seen_by(EVERYBODY, "new payout details"), seen_by(NOBODY, "a link that we never sent")),
    "GET /settings/card-payments": whoever_signs_in(),
    "POST /settings/card-payments": whoever_signs_in(),
    "GET /settings/card-payments/again": whoever_signs_in(),
    "GET /settings/card-payments/back": whoever_signs_in(),
    "POST /settings/card-payments/dashboard": (button(SELLER, "the group"),),  # of those who have been through Stripe's form
    "GET /settings/second-factor": whoever_signs_in(),
    "POST /settings/second-factor": whoever_signs_in(),
    "GET /settings/second-factor/drawing.svg": (to(NOBODY),),  # everybody here has one: there is nothing to scan
    "POST /settings/second-factor/off": whoever_signs_in(),
    "GET /settings/second-factor/prove": whoever_signs_in(),
    "POST /settings/second-factor/prove": whoever_signs_in(),
    "GET /settings/second-factor/recovery-codes": whoever_signs_in(),
    "POST /settings/second-factor/recovery-codes": whoever_signs_in(),

    # ---- Other people: members see members, officers see who asks to join ----
    "GET /people/<int:person_id>": (
        to(MEMBERS, "the buyer"),
        to(KEEPERS, "the applicant"),
        to(NOBODY, "the outsider"),
    ),
    "GET /people/<int:person_id>/picture": (
        seen_by(MEMBERS, "the buyer"),
        seen_by(KEEPERS | APPLICANT, "the applicant"),
        seen_by(_set([Who.OUTSIDER]), "the outsider"),
    ),
    "GET /g/<slug>/members/<int:person_id>": (
        to(MEMBERS, "the buyer"),
        to(NOBODY, "the applicant"),
        to(NOBODY, "the outsider"),
    ),

    # ---- A group and its officers ----
    "GET /groups/new": whoever_signs_in(),
    "POST /groups/new": whoever_signs_in(),
    "GET /g/<slug>/join": whoever_signs_in(),
    "POST /g/<slug>/join": whoever_signs_in(),
    "POST /g/<slug>/join/withdraw": (button(APPLICANT, "the group"),),
    "POST /g/<slug>/agree": (to(MEMBERS),),
    "GET /g/<slug>/leave": (to(MEMBERS),),
    "POST /g/<slug>/leave": (button(MEMBERS, "the group"),),
    "GET /g/<slug>/members": (to(MEMBERS),),
    "GET /g/<slug>/members/<int:person_id>/role": (to(KEEPERS, "the member", refused=MEMBERS),),
    "POST /g/<slug>/members/<int:person_id>/role": (to(OWNER, "the member", refused=MEMBERS),),
    "POST /g/<slug>/members/<int:person_id>/remove": (
        to(KEEPERS, "the member", refused=MEMBERS),
        to(OWNER, "the owner", refused=MEMBERS),  # he reads that nobody removes himself
    ),
    "GET /g/<slug>/applications": (to(KEEPERS, refused=MEMBERS),),
    "GET /g/<slug>/applications/<int:application_id>": (to(KEEPERS, "the application", refused=MEMBERS),),
    "POST /g/<slug>/applications/<int:application_id>": (to(KEEPERS, "the application", refused=MEMBERS),),
    "GET /g/<slug>/report": (
        to(MEMBERS, "a running lot to report"),
        to(PARTIES | CONFIRMERS, "a message to report"),
        to(MEMBERS, "the buyer to report"),
        to(MEMBERS, "a question to report"),
        to(NOBODY, "the outsider to report"),
        to(OFFICERS | SELLER, "a hidden lot to report"),
    ),
    "POST /g/<slug>/report": (
        to(MEMBERS, "a running lot to report"),
        to(PARTIES | CONFIRMERS, "a message to report"),
        to(MEMBERS, "the buyer to report"),
        to(MEMBERS, "a question to report"),
        to(OFFICERS | SELLER, "a hidden lot to report"),
    ),
    "GET /g/<slug>/reports": (to(KEEPERS),),
    "GET /g/<slug>/reports/<int:report_id>": (
        to(KEEPERS, "the report"),
        to(KEEPERS - PARTY_MODERATOR, "a report about the moderator"),
    ),
    "POST /g/<slug>/reports/<int:report_id>": (
        to(KEEPERS, "the report"),
        to(KEEPERS - PARTY_MODERATOR, "a report about the moderator"),
    ),
    "GET /g/<slug>/settings": (to(OWNER, refused=MEMBERS),),
    "POST /g/<slug>/settings": (to(OWNER, refused=MEMBERS),),
    "GET /g/<slug>/settings/rules": (to(OWNER, refused=MEMBERS),),
    "POST /g/<slug>/settings/rules": (to(OWNER, refused=MEMBERS),),
    "GET /g/<slug>/settings/terms": (to(OWNER, refused=MEMBERS),),
    "POST /g/<slug>/settings/terms": (to(OWNER, refused=MEMBERS),),
    "GET /g/<slug>/settings/instructions": (to(OFFICERS),),
    "POST /g/<slug>/settings/instructions": (to(CONFIRMERS, refused=OFFICERS),),
    "POST /g/<slug>/settings/instructions/<int:instructions_id>/approve": (
        button(OFFICERS - TREASURER, "new instructions", refused=TREASURER),  # the treasurer proposed them
    ),
    "POST /g/<slug>/settings/instructions/<int:instructions_id>/stop": (button(OFFICERS, "new instructions"),),
    "GET /g/<slug>/treasury/handover": (
        to(OFFICERS), to(CONFIRMERS | MEMBER, "the group that is handed over"),  # the member is the successor
    ),
    "POST /g/<slug>/treasury/handover/ask": (button(CONFIRMERS, "the group", refused=MEMBERS),),
    "POST /g/<slug>/treasury/handover/name": (to(OWNER, refused=OFFICERS),),
    "POST /g/<slug>/treasury/handover/<int:handover_id>/state": (  # for the owner it is too early
        to(CONFIRMERS, "the handover", refused=MEMBER),
    ),
    "POST /g/<slug>/treasury/handover/<int:handover_id>/confirm": (to(MEMBER, "the handover", refused=CONFIRMERS),),
    "POST /g/<slug>/treasury/handover/<int:handover_id>/call-off": (
        button(OWNER | MEMBER, "the handover", refused=TREASURER),
    ),
    "GET /g/<slug>/close": (to(OWNER, refused=MEMBERS),),
    "POST /g/<slug>/close": (button(OWNER, "the group", refused=MEMBERS),),

    # ---- Items: a draft is its seller's alone, what a moderator has hidden is the officers' and its seller's ----
    "GET /g/<slug>/items": (to(MEMBERS),),
    "GET /g/<slug>/items/new": (to(MEMBERS),),
    "POST /g/<slug>/items/new": (to(MEMBERS),),
    "GET /g/<slug>/items/import": (to(MEMBERS),),
    "POST /g/<slug>/items/import": (to(MEMBERS),),
    "GET /g/<slug>/items/import/sample.csv": (to(MEMBERS),),
    "GET /g/<slug>/items/import/<int:upload_id>": (to(SELLER, "the seller's table"),),
    "POST /g/<slug>/items/import/<int:upload_id>": (to(SELLER, "the seller's table"),),
    "POST /g/<slug>/items/import/<int:upload_id>/throw-away": (button(SELLER, "the seller's table"),),
    "GET /g/<slug>/items/import/<int:upload_id>/to-mend.csv": (to(SELLER, "the seller's table"),),
    "GET /g/<slug>/items/<int:item_id>": (
        seen_by(SELLER, "a draft"),
        seen_by(MEMBERS, "a published item"),
        seen_by(OFFICERS | SELLER, "the item of a hidden lot"),
        seen_by(EVERYBODY, "another group's item"),
    ),
    "GET /g/<slug>/items/<int:item_id>/edit": (to(SELLER, "a draft"), to(SELLER, "a published item", refused=MEMBERS)),
    "POST /g/<slug>/items/<int:item_id>/edit": (to(SELLER, "a draft"), to(SELLER, "a published item", refused=MEMBERS)),
    "POST /g/<slug>/items/<int:item_id>/publish": (button(SELLER, "a draft"),),
    "POST /g/<slug>/items/<int:item_id>/withdraw": (
        button(SELLER, "a draft"),
        button(SELLER, "the item of a lot without bids", refused=MEMBERS),
    ),
    "POST /g/<slug>/items/<int:item_id>/copy": (to(SELLER, "the item of a running lot", refused=MEMBERS),),
    "POST /g/<slug>/items/<int:item_id>/remarks": (to(SELLER, "the item of a running lot", refused=MEMBERS),),
    "GET /g/<slug>/items/<int:item_id>/photos": (to(SELLER, "a draft"), to(SELLER, "a published item", refused=MEMBERS)),
    "POST /g/<slug>/items/<int:item_id>/photos": (to(SELLER, "a draft"), to(SELLER, "a published item", refused=MEMBERS)),
    "POST /g/<slug>/items/<int:item_id>/photos/add": (to(SELLER, "a draft"), to(SELLER, "a published item", refused=MEMBERS)),
    "GET /photos/<int:photo_id>/<int:width>.jpg": (
        seen_by(SELLER, "a photograph of a draft"),
        seen_by(MEMBERS, "a photograph of a published item"),
        seen_by(OFFICERS | SELLER, "a photograph of the item of a hidden lot"),
        seen_by(EVERYBODY, "a photograph of another group"),
    ),

    # ---- Lots ----
    "GET /g/<slug>/lots/<int:number>/check": everybody("a running lot"),  # only leads to the lot
    "GET /g/<slug>/lots/<int:number>/bid": everybody("a running lot"),
    "GET /g/<slug>/lots/<int:number>/offer/check": everybody("a passed lot"),
    "GET /g/<slug>/lots/<int:number>/offer": everybody("a passed lot"),
    "GET /g/<slug>/lots": (seen_by(MEMBERS, "the group"), seen_by(EVERYBODY, "another group")),
    "GET /g/<slug>/lots/<int:number>": (
        seen_by(MEMBERS, "a running lot"),
        seen_by(MEMBERS, "a lot to come"),
        seen_by(MEMBERS, "a sold lot"),
        seen_by(OFFICERS | SELLER, "a hidden lot"),
        seen_by(EVERYBODY, "another group's lot"),
    ),
    "GET /g/<slug>/lots/<int:number>/live": (
        seen_by(MEMBERS, "a running lot"),
        seen_by(OFFICERS | SELLER, "a hidden lot"),
        seen_by(EVERYBODY, "another group's lot"),
    ),
    "GET /g/<slug>/lots/<int:number>/now": (
        seen_by(MEMBERS, "a running lot"),
        seen_by(OFFICERS | SELLER, "a hidden lot"),
        seen_by(EVERYBODY, "another group's lot"),
    ),
    "GET /g/<slug>/lots/<int:number>/bids": (
        seen_by(MEMBERS, "a running lot"),
        seen_by(OFFICERS | SELLER, "a hidden lot"),
        seen_by(EVERYBODY, "another group's lot"),
    ),
    "GET /g/<slug>/lots/<int:number>/record.json": (
        to(MEMBERS, "a running lot"),
        to(MEMBERS, "a sold lot"),
        to(OFFICERS | SELLER, "a hidden lot"),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot"),
    ),
    "POST /g/<slug>/lots/<int:number>/check": (
        to(MEMBERS - SELLER, "a running lot", refused=SELLER),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/bid": (
        to(MEMBERS - SELLER, "a running lot", refused=SELLER),
        to(OFFICERS | SELLER, "a hidden lot"),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/watch": (
        button(MEMBERS - SELLER, "a running lot", refused=SELLER),
        button(OFFICERS, "a hidden lot", refused=SELLER),
        button(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/stop-watching": (
        button(MEMBERS, "a running lot"),
        button(OFFICERS | SELLER, "a hidden lot"),
    ),
    "GET /g/<slug>/lots/<int:number>/buy": (
        to(MEMBERS - SELLER, "a lot without bids", refused=SELLER),
        to(OFFICERS, "a hidden lot", refused=SELLER),
    ),
    "POST /g/<slug>/lots/<int:number>/buy": (
        to(MEMBERS - SELLER, "a lot without bids", refused=SELLER),
        to(OFFICERS | SELLER, "a hidden lot"),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "GET /g/<slug>/lots/<int:number>/questions": (
        seen_by(MEMBERS, "a running lot"),
        seen_by(OFFICERS | SELLER, "a hidden lot"),
        seen_by(EVERYBODY, "another group's lot"),
    ),
    "GET /g/<slug>/lots/<int:number>/questions/ask": (
        to(MEMBERS - SELLER, "a running lot", refused=SELLER),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/questions/ask": (
        to(MEMBERS - SELLER, "a running lot", refused=SELLER),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "GET /g/<slug>/lots/<int:number>/questions/<int:question>/answer": (to(SELLER, "a question", refused=MEMBERS),),
    "POST /g/<slug>/lots/<int:number>/questions/<int:question>/answer": (to(SELLER, "a question", refused=MEMBERS),),
    "GET /g/<slug>/lots/<int:number>/questions/<int:question>/hide": (to(KEEPERS, "a question", refused=MEMBERS),),
    "POST /g/<slug>/lots/<int:number>/questions/<int:question>/hide": (to(KEEPERS, "a question", refused=MEMBERS),),
    "GET /g/<slug>/lots/<int:number>/second-chance": (to(MEMBER, "a lot that was not paid"),),
    "POST /g/<slug>/lots/<int:number>/second-chance": (to(MEMBER, "a lot that was not paid"),),
    "POST /g/<slug>/lots/<int:number>/second-chance/decline": (button(MEMBER, "a lot that was not paid"),),
    "POST /bids/second-chances": whoever_signs_in(),
    "POST /g/<slug>/lots/<int:number>/offer/check": (
        to(MEMBERS - SELLER, "a passed lot", refused=SELLER),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/offer": (
        to(MEMBERS - SELLER, "a passed lot", refused=SELLER),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/offers/<int:offer_id>/withdraw": (button(MEMBER, "an offer"),),
    "GET /g/<slug>/lots/<int:number>/offers": (to(SELLER, "an offer"),),
    "GET /g/<slug>/lots/<int:number>/offers/<int:offer_id>/accept": (to(SELLER, "an offer"),),
    "POST /g/<slug>/lots/<int:number>/offers/<int:offer_id>/accept": (button(SELLER, "an offer"),),
    "POST /g/<slug>/lots/<int:number>/offers/<int:offer_id>/decline": (button(SELLER, "an offer"),),
    "GET /g/<slug>/lots/<int:number>/retract": (
        to(BIDDERS, "a running lot", refused=MEMBERS),
        to(NOBODY, "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/retract": (
        to(BIDDERS, "a running lot", refused=MEMBERS),
        to(NOBODY, "another group's lot", refused=SIGNED_IN),
    ),
    "GET /g/<slug>/lots/<int:number>/retract-for": (
        to(KEEPERS, "a running lot", refused=MEMBERS),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/retract-for": (to(OWNER | RULER, "a running lot", refused=MEMBERS),),
    "GET /g/<slug>/lots/<int:number>/cancel-bids": (to(SELLER, "a running lot", refused=MEMBERS),),
    "POST /g/<slug>/lots/<int:number>/cancel-bids": (to(SELLER, "a running lot", refused=MEMBERS),),
    "GET /g/<slug>/lots/<int:number>/cancel": (to(SELLER, "a running lot", refused=MEMBERS),),
    "POST /g/<slug>/lots/<int:number>/cancel": (to(SELLER, "a running lot", refused=MEMBERS),),
    "GET /g/<slug>/lots/<int:number>/hide": (
        to(KEEPERS, "a running lot", refused=MEMBERS),
        to(_set([Who.FOREIGN_MODERATOR]), "another group's lot", refused=SIGNED_IN),
    ),
    "POST /g/<slug>/lots/<int:number>/hide": (to(KEEPERS, "a running lot", refused=MEMBERS),),
    "GET /g/<slug>/labels": (to(MEMBERS), to(_set([Who.FOREIGN_MODERATOR]), "another group", refused=NOBODY)),
    "GET /g/<slug>/labels/print": (to(MEMBERS), to(_set([Who.FOREIGN_MODERATOR]), "another group", refused=NOBODY)),
    "GET /g/<slug>/bidder-numbers": (
        to(KEEPERS, refused=MEMBERS),
        to(_set([Who.FOREIGN_MODERATOR]), "another group", refused=NOBODY),
    ),
    "GET /g/<slug>/sales": (seen_by(MEMBERS, "the group"), seen_by(EVERYBODY, "another group")),
    "GET /g/<slug>/sales/<int:number>": (seen_by(MEMBERS, "the sale"), seen_by(EVERYBODY, "another group's sale")),
    "GET /g/<slug>/sales/<int:number>/now": (seen_by(MEMBERS, "the sale"), seen_by(EVERYBODY, "another group's sale")),
    "GET /g/<slug>/sales/new": (to(KEEPERS, refused=MEMBERS), to(_set([Who.FOREIGN_MODERATOR]), "another group", refused=SIGNED_IN)),
    "POST /g/<slug>/sales/new": (to(KEEPERS, refused=MEMBERS),),
    "GET /g/<slug>/sales/<int:number>/change": (to(KEEPERS, "the sale", refused=MEMBERS),),
    "POST /g/<slug>/sales/<int:number>/change": (to(KEEPERS, "the sale", refused=MEMBERS),),
    "GET /g/<slug>/sales/<int:number>/arrange": (to(KEEPERS, "the sale", refused=MEMBERS),),
    "POST /g/<slug>/sales/<int:number>/arrange/<int:lot>": (to(KEEPERS, "a lot of the sale", refused=MEMBERS),),
    "GET /g/<slug>/sales/<int:number>/take-out/<int:lot>": (to(KEEPERS, "a lot of the sale", refused=MEMBERS),),
    "POST /g/<slug>/sales/<int:number>/take-out/<int:lot>": (to(KEEPERS, "a lot of the sale", refused=MEMBERS),),
    "GET /g/<slug>/sales/<int:number>/call-off": (to(KEEPERS, "the sale", refused=MEMBERS),),
    "POST /g/<slug>/sales/<int:number>/call-off": (to(KEEPERS, "the sale", refused=MEMBERS),),
    "GET /g/<slug>/lots/<int:number>/sale": (to(SELLER, "a lot to come", refused=MEMBERS),),
    "POST /g/<slug>/lots/<int:number>/sale": (to(SELLER, "a lot to come", refused=MEMBERS),),
    "GET /g/<slug>/searches": (to(MEMBERS), to(_set([Who.FOREIGN_MODERATOR]), "another group", refused=SIGNED_IN)),
    "GET /g/<slug>/searches/<int:search_id>": (to(BUYER, "the buyer's search"),),
    "POST /g/<slug>/searches/<int:search_id>/remove": (button(BUYER, "the buyer's search"),),
    "GET /g/<slug>/searches/new": (to(MEMBERS),),
    "POST /g/<slug>/searches/new": (to(MEMBERS),),
    "GET /g/<slug>/wants/new": (to(MEMBERS),),
    "POST /g/<slug>/wants/new": (to(MEMBERS),),
    "GET /g/<slug>/items/<int:item_id>/auction": (to(SELLER, "a draft"), to(SELLER, "a published item", refused=MEMBERS)),
    "POST /g/<slug>/items/<int:item_id>/auction": (to(SELLER, "a draft"), to(SELLER, "a published item", refused=MEMBERS)),
    "POST /g/<slug>/lots/<int:number>/withdraw": (button(SELLER, "a lot without bids", refused=MEMBERS),),
    "POST /g/<slug>/lots/<int:number>/relist": (to(SELLER, "a passed lot", refused=MEMBERS),),

    # ---- Orders: the parties' own, and those officers' who look after the money ----
    "GET /orders/<int:order_id>": (
        to(PARTIES | CONFIRMERS, "a held order"),
        to(PARTY_MODERATOR | SELLER | CONFIRMERS, "the moderator's order"),
        to(TREASURER | MEMBER | OWNER, "the treasurer's order"),
        to(PARTIES | OFFICERS, "an order that the treasurer left"),
    ),
    "POST /orders/<int:order_id>/messages": (
        to(PARTIES | CONFIRMERS, "a held order"),
        to(TREASURER | MEMBER | OWNER, "the treasurer's order"),
    ),
    "POST /orders/<int:order_id>/delivery": (on_order(BUYER, "a held order without an address", is_button=False),),
    "POST /orders/<int:order_id>/return-address": (on_order(SELLER, "a return that has nowhere to go", is_button=False),),
    "POST /orders/<int:order_id>/sent": (on_order(BUYER, "an unpaid order", is_button=False),),
    "POST /orders/<int:order_id>/card": (on_order(BUYER, "an order to be paid by card", is_button=False),),
    "GET /orders/<int:order_id>/card/back": (to(BUYER, "an order to be paid by card"),),
    "GET /parcels/<int:parcel_id>": (to(PARTIES | CONFIRMERS, "a parcel"),),
    "POST /orders/<int:order_id>/parcel": (on_order(BUYER, "an order that could join", is_button=False),),
    "POST /orders/<int:order_id>/parcel/leave": (on_order(BUYER, "an order in a parcel"),),
    "POST /parcels/<int:parcel_id>/sent": (on_order(BUYER, "a parcel", is_button=False),),
    "POST /orders/<int:order_id>/propose-cancel": (on_order(PARTIES, "an unpaid order"),),
    "POST /orders/<int:order_id>/agree-cancel": (on_order(PARTIES, "an unpaid order"),),
    "POST /orders/<int:order_id>/ship": (on_order(SELLER, "a held order"),),  # without a carrier, too
    "POST /orders/<int:order_id>/cancel": (on_order(PARTIES, "a held order"),),
    "POST /orders/<int:order_id>/arrived": (on_order(BUYER, "a shipped order"),),
    "POST /orders/<int:order_id>/code": (on_order(SELLER, "an order to be picked up", is_button=False),),
    "POST /orders/<int:order_id>/receipt": (on_order(BUYER, "an inspected order"),),
    "POST /orders/<int:order_id>/extend": (on_order(BUYER, "an inspected order"),),
    "POST /orders/<int:order_id>/return-sent": (on_order(BUYER, "an order to go back", is_button=False),),
    "POST /orders/<int:order_id>/return-arrived": (on_order(SELLER, "an order on its way back"),),
    "POST /orders/<int:order_id>/return-accepted": (on_order(SELLER, "an order that came back"),),
    "POST /orders/<int:order_id>/return-contested": (on_order(SELLER, "an order that came back", is_button=False),),
    "POST /orders/<int:order_id>/payout-missing": (on_order(PARTIES, "a closed order"),),
    "GET /orders/<int:order_id>/feedback": (to(PARTIES, "a closed order"),),
    "POST /orders/<int:order_id>/feedback": (to(PARTIES, "a closed order"),),
    "GET /proofs/<int:movement_id>": (to(BUYER | CONFIRMERS, "a proof"),),

    # ---- Disputes: the two sides' own, and whoever is free of conflict: here one of the moderators ----
    "GET /g/<slug>/disputes": (to(OFFICERS, refused=MEMBERS),),
    "GET /orders/<int:order_id>/dispute/new": (on_order(BUYER, "an inspected order"),),
    "POST /orders/<int:order_id>/dispute/new": (on_order(BUYER, "an inspected order", is_button=False),),
    "GET /orders/<int:order_id>/dispute": (
        to(PARTIES | CONFIRMERS, "an inspected order"),
        to(PARTIES | RULER, "the order of a dispute"),
        to(PARTY_MODERATOR | SELLER | RULER, "the order of the moderator's dispute"),
    ),
    "GET /disputes/<int:dispute_id>": (
        to(PARTIES | RULER, "a dispute"),
        to(PARTIES | RULER | CONFIRMERS, "a dispute that was ruled on"),  # on an appeal somebody else rules
        to(PARTY_MODERATOR | SELLER | RULER, "the moderator's dispute"),
    ),
    "GET /evidence/<int:evidence_id>": (to(PARTIES | RULER, "a photograph of a dispute"),),
    "GET /evidence/<int:evidence_id>/small": (to(PARTIES | RULER, "a photograph of a dispute"),),
    "POST /disputes/<int:dispute_id>/answer": (
        to(SELLER, "a dispute", refused=BUYER | RULER),
    ),
    "POST /disputes/<int:dispute_id>/accept": (to(SELLER, "a dispute", refused=BUYER | RULER),),
    "POST /disputes/<int:dispute_id>/take-offer": (to(BUYER, "a dispute with an offer", refused=SELLER | RULER),),
    "POST /disputes/<int:dispute_id>/withdraw": (to(BUYER, "a dispute", refused=SELLER | RULER),),
    "POST /disputes/<int:dispute_id>/say": (to(PARTIES, "a dispute", refused=RULER),),
    "GET /disputes/<int:dispute_id>/ruling": (to(PARTIES | RULER, "a dispute to rule on"),),
    "POST /disputes/<int:dispute_id>/ruling/check": (
        to(RULER, "a dispute to rule on", refused=PARTIES),
        to(PARTIES | CONFIRMERS, "a dispute that was ruled on", refused=RULER),  # but it is too early for them
        to(RULER, "the moderator's dispute", refused=PARTY_MODERATOR | SELLER),
    ),
    "POST /disputes/<int:dispute_id>/ruling": (
        to(RULER, "a dispute to rule on", refused=PARTIES),
        to(RULER, "the moderator's dispute", refused=PARTY_MODERATOR | SELLER),
    ),
    "POST /disputes/<int:dispute_id>/appeal": (to(PARTIES, "a dispute that was ruled on", refused=RULER | CONFIRMERS),),
    "POST /disputes/<int:dispute_id>/pass-on": (button(RULER, "a dispute to rule on", refused=PARTIES),),
    "POST /disputes/<int:dispute_id>/rulers": (to(PARTIES, "a dispute to rule on", refused=RULER),),
    "POST /disputes/<int:dispute_id>/rulers/accept": (to(PARTIES, "a dispute to rule on", refused=RULER),),

    # ---- Banks that ask money back: the seller's words, and whoever could rule sends them ----
    "GET /chargebacks/<int:claim_id>": (to(SELLER | RULER, "a bank’s claim"), to(SELLER | RULER, "a bank’s claim that was answered")),
    "POST /chargebacks/<int:claim_id>/words": (to(SELLER, "a bank’s claim", refused=RULER),),
    "GET /chargebacks/<int:claim_id>/proof": (to(SELLER | RULER, "a bank’s claim"),),
    "POST /chargebacks/<int:claim_id>/check": (to(RULER, "a bank’s claim", refused=SELLER),),
    "POST /chargebacks/<int:claim_id>/contest": (to(RULER, "a bank’s claim", refused=SELLER),),
    "POST /chargebacks/<int:claim_id>/give-up": (to(RULER, "a bank’s claim", refused=SELLER),),
    "GET /chargebacks/<int:claim_id>/pictures/<name>": (to(SELLER | RULER, "a bank’s claim"),),
    "GET /chargebacks/<int:claim_id>/sent/<int:contest_id>/<any(parcel, pictures):name>": (to(RULER, "what a bank was sent"),),

    # ---- What members owe, and what the group has earned ----
    "GET /debts": whoever_signs_in(),
    "GET /g/<slug>/debt": (to(MEMBERS | REMOVED),),
    "GET /g/<slug>/treasury/debts": (to(OFFICERS, refused=MEMBERS),),
    "GET /g/<slug>/treasury/debts/<int:person_id>": (
        to(OFFICERS, "a debt", refused=MEMBERS),
        to(OFFICERS - TREASURER, "the treasurer’s debt", refused=MEMBERS),
    ),
    "POST /g/<slug>/treasury/debts/<int:person_id>/paid": (to(CONFIRMERS, "a debt", refused=MEMBERS),),
    "POST /g/<slug>/treasury/debts/<int:person_id>/write-off": (to(OWNER, "a debt", refused=MEMBERS),),
    "POST /g/<slug>/treasury/debts/<int:person_id>/write-off/agree": (button(OFFICERS - OWNER, "a debt to write off", refused=MEMBERS),),
    "POST /g/<slug>/treasury/debts/<int:person_id>/write-off/drop": (button(OFFICERS, "a debt to write off", refused=MEMBERS),),
    "GET /g/<slug>/fees": (to(MEMBERS),),
    "POST /g/<slug>/fees/ask": (to(CONFIRMERS, refused=MEMBERS),),
    "POST /g/<slug>/fees/take-back": (button(CONFIRMERS, "the group", refused=MEMBERS),),
    "POST /g/<slug>/fees/fund": (to(OWNER, refused=MEMBERS),),
    "GET /operator/fees": (to(OPERATOR),),
    "POST /operator/fees/<int:request_id>/paid": (to(OPERATOR, "a request for fees"),),
    "POST /operator/fees/<int:request_id>/decline": (to(OPERATOR, "a request for fees"),),

    # ---- Money: nobody confirms his own, and other officers only in the treasurer's place ----
    "GET /g/<slug>/treasury": (to(OFFICERS, refused=MEMBERS),),
    "GET /g/<slug>/books": (to(MEMBERS),),
    "GET /g/<slug>/books.csv": (to(MEMBERS),),
    "GET /g/<slug>/statement": (to(MEMBERS),),
    "GET /g/<slug>/statement.csv": (to(MEMBERS),),
    "GET /g/<slug>/books/proof": (to(MEMBERS),),
    "GET /g/<slug>/books/proof.json": (to(MEMBERS, "the group with a root"),),
    "GET /orders/<int:order_id>/payment": (
        to(CONFIRMERS, "an order said to be paid", refused=PARTIES),
        to(CONFIRMERS, "the moderator's order", refused=PARTY_MODERATOR | SELLER),
        to(OWNER, "the treasurer's order", refused=TREASURER | MEMBER),
        to(OFFICERS, "an order that the treasurer left", refused=PARTIES),
    ),
    "POST /orders/<int:order_id>/payment": (
        to(CONFIRMERS, "an order said to be paid", refused=PARTIES),
        to(CONFIRMERS, "the moderator's order", refused=PARTY_MODERATOR | SELLER),
        to(OWNER, "the treasurer's order", refused=TREASURER | MEMBER),
        to(OFFICERS, "an order that the treasurer left", refused=PARTIES),
    ),
    "POST /orders/<int:order_id>/payment/not-found": (
        button(CONFIRMERS, "an order said to be paid", refused=PARTIES),
        button(OWNER, "the treasurer's order", refused=TREASURER | MEMBER),
    ),
    "GET /parcels/<int:parcel_id>/payment": (to(CONFIRMERS, "a parcel said to be paid", refused=PARTIES),),
    "POST /parcels/<int:parcel_id>/payment": (to(CONFIRMERS, "a parcel said to be paid", refused=PARTIES),),
    "POST /parcels/<int:parcel_id>/payment/not-found": (button(CONFIRMERS, "a parcel said to be paid", refused=PARTIES),),
    "GET /orders/<int:order_id>/payouts/<any(buyer, seller):payee>": (to(CONFIRMERS, "a payout to the seller", refused=PARTIES),),
    "POST /orders/<int:order_id>/payouts/<any(buyer, seller):payee>": (to(CONFIRMERS, "a payout to the seller", refused=PARTIES),),
    "POST /orders/<int:order_id>/payouts/<any(buyer, seller):payee>/failed": (to(CONFIRMERS, "a payout to the seller", refused=PARTIES),),
    "POST /orders/<int:order_id>/payouts/<any(buyer, seller):payee>/otherwise": (button(OFFICERS, "a payout that waits", refused=PARTIES),),
    "GET /proposals/<int:proposal_id>": (to(CONFIRMERS, "a proposal"),),
    "GET /proposals/<int:proposal_id>/proof": (to(CONFIRMERS, "a proposal"),),
    "POST /proposals/<int:proposal_id>/approve": (button(OWNER, "a proposal", refused=TREASURER),),
    "POST /proposals/<int:proposal_id>/refuse": (to(OWNER, "a proposal", refused=TREASURER),),
    "POST /proposals/<int:proposal_id>/withdraw": (button(TREASURER, "a proposal", refused=OWNER),),
    "GET /g/<slug>/deposit": (to(MEMBERS),),
    "POST /g/<slug>/deposit/sent": (button(MEMBERS, "the group"),),
    "POST /g/<slug>/deposit/return": (button(MEMBERS, "the group"),),
    "POST /g/<slug>/deposit/keep": (button(MEMBERS, "the group"),),
    "POST /g/<slug>/deposit/payouts/<int:payout_id>/missing": (button(SELLER, "a deposit that was paid back"),),
    "GET /deposit-proofs/<int:movement_id>": (to(MEMBER | CONFIRMERS, "a slip of the member's deposit"),),
    "GET /g/<slug>/treasury/deposits": (to(OFFICERS, refused=MEMBERS),),
    "GET /g/<slug>/treasury/deposits/<int:person_id>": (
        to(CONFIRMERS, "a deposit said to be sent", refused=BUYER),
        to(OWNER, "the treasurer's deposit", refused=TREASURER),
        to(OFFICERS - PARTY_MODERATOR, "a deposit that the treasurer left", refused=PARTY_MODERATOR),
    ),
    "POST /g/<slug>/treasury/deposits/<int:person_id>": (
        to(CONFIRMERS, "a deposit said to be sent", refused=BUYER),
        to(OWNER, "the treasurer's deposit", refused=TREASURER),
        to(OFFICERS - PARTY_MODERATOR, "a deposit that the treasurer left", refused=PARTY_MODERATOR),
    ),
    "POST /g/<slug>/treasury/deposits/<int:person_id>/not-found": (
        button(CONFIRMERS, "a deposit said to be sent", refused=BUYER),
        button(OWNER, "the treasurer's deposit", refused=TREASURER),
    ),
    "GET /g/<slug>/treasury/deposit-payouts/<int:payout_id>": (to(CONFIRMERS, "a deposit to be paid back", refused=SELLER),),
    "POST /g/<slug>/treasury/deposit-payouts/<int:payout_id>": (to(CONFIRMERS, "a deposit to be paid back", refused=SELLER),),
    "POST /g/<slug>/treasury/deposit-payouts/<int:payout_id>/failed": (to(CONFIRMERS, "a deposit to be paid back", refused=SELLER),),

    "GET /g/<slug>/treasury/bank": (to(CONFIRMERS, refused=MEMBERS),),
    "POST /g/<slug>/treasury/bank": (to(CONFIRMERS, refused=MEMBERS),),
    "POST /g/<slug>/treasury/bank/other": (to(CONFIRMERS, refused=MEMBERS),),
    "GET /g/<slug>/treasury/bank/statements/<int:statement_id>": (
        to(TREASURER, "a bank's file", refused=MEMBERS - OWNER),
        to(CONFIRMERS, "a kept statement", refused=MEMBERS),
    ),
    "POST /g/<slug>/treasury/bank/statements/<int:statement_id>/columns": (to(TREASURER, "a bank's file", refused=MEMBERS - OWNER),),
    "POST /g/<slug>/treasury/bank/statements/<int:statement_id>/keep": (button(TREASURER, "a bank's file", refused=MEMBERS - OWNER),),
    "POST /g/<slug>/treasury/bank/statements/<int:statement_id>/throw-away": (button(TREASURER, "a bank's file", refused=MEMBERS - OWNER),),
    "GET /g/<slug>/treasury/bank/lines": (to(CONFIRMERS, refused=MEMBERS),),
    "GET /g/<slug>/treasury/bank/lines/<int:line_id>": (to(CONFIRMERS, "a line of the bank", refused=MEMBERS),),
    "POST /g/<slug>/treasury/bank/lines/<int:line_id>/match": (to(CONFIRMERS, "a line of the bank", refused=MEMBERS),),
    "POST /g/<slug>/treasury/bank/lines/<int:line_id>/own": (to(CONFIRMERS, "a line of the bank", refused=MEMBERS),),
    "POST /g/<slug>/treasury/bank/lines/<int:line_id>/undo": (button(CONFIRMERS, "a matched line", refused=MEMBERS),),
    "GET /g/<slug>/treasury/bank/attest": (to(OFFICERS, refused=MEMBERS),),
    "POST /g/<slug>/treasury/bank/attest": (to(OFFICERS, refused=MEMBERS),),
    "GET /g/<slug>/treasury/bank/attestations/<int:attestation_id>/picture": (to(OFFICERS, "an attestation with a picture", refused=MEMBERS),),

    # ---- The site ----
    "GET /operator": (to(OPERATOR),),
    "POST /operator/mails/<int:mail_id>/again": (button(OPERATOR, "a parked mail"),),
    "POST /operator/events/<int:event_id>/again": (button(OPERATOR, "a parked event"),),
    "POST /operator/discrepancies/<int:discrepancy_id>/explained": (to(OPERATOR, "a discrepancy"),),
    # Whoever can sign is Stripe, and nobody else; everybody else hears that it is not signed.
    "POST /webhooks/stripe": everybody(),
    "POST /webhooks/stripe/connect": everybody(),
    "GET /outbox": (to(NOBODY),),  # in the demo alone
    "GET /outbox/<int:mail_id>": (to(NOBODY, "a parked mail"),),
}
# fmt: on
