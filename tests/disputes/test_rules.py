"""The law of disputes: every branch ends, silence means what the page said, nobody rules who is close to a party."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.disputes.dispute_rules import Action, Deed, Dispute, Outcome, Party, Reason, Remedy, State
from marketplace.disputes.judging_rules import Verdict, judge, open_to, opened, silence_means
from marketplace.disputes.ruler_rules import Candidate, Conflict, rulers
from marketplace.disputes.rules import LAW, STAYS, Clause, Ends, days_to_lodge
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.kernel.errors import NotAllowed, RuleBroken, TooEarly, TooLate
from marketplace.kernel.money import Money

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HELD = Money(19600, "EUR")
REFUND, RELEASE = Remedy(Outcome.REFUND), Remedy(Outcome.RELEASE)
PART = Remedy(Outcome.SPLIT, Money(6000, "EUR"))
CLOCK = Deed(Action.LAPSE, Party.CLOCK)


def a_dispute(reason: Reason = Reason.NOT_AS_DESCRIBED, asked: Remedy = REFUND, **changes: object) -> Dispute:
    new = opened(reason=reason, asked=asked, held=HELD, terms=Terms(), code_used=False, now=NOON)
    return replace(new, **changes)  # type: ignore[arg-type]


def steps_from(dispute: Dispute) -> Iterator[tuple[Clause, Verdict]]:
    for clause in LAW:
        if clause.given is not dispute.state:
            continue
        remedy = PART if clause.action in (Action.OFFER, Action.RULE) else None
        for now in (dispute.since, *([dispute.deadline] if dispute.deadline else [])):
            try:
                yield clause, judge(dispute, Deed(clause.action, clause.by, remedy), now=now)
            except RuleBroken:
                continue
            break


def everywhere() -> tuple[list[Dispute], set[Clause]]:
    """Every place that a dispute gets to, and every clause that was used on the way."""
    stack = [a_dispute(), a_dispute(Reason.NOT_AUTHENTIC)]
    seen: dict[object, Dispute] = {}
    used: set[Clause] = set()
    while stack:
        dispute = stack.pop()
        key = replace(dispute, since=NOON, deadline=None)
        if key in seen:
            continue
        seen[key] = dispute
        for clause, verdict in steps_from(dispute):
            used.add(clause)
            stack.append(verdict.dispute)
    return list(seen.values()), used


PLACES, USED = everywhere()


def test_every_state_is_reached_and_every_clause_used() -> None:
    assert {dispute.state for dispute in PLACES} == set(State)
    assert set(LAW) == USED


def test_no_branch_waits_for_one_person_for_ever() -> None:
    for dispute in PLACES:
        if dispute.state is not State.SETTLED:
            assert dispute.deadline is not None
            assert silence_means(dispute) is not None


def test_if_nobody_ever_acts_a_dispute_ends_within_the_days_of_the_terms() -> None:
    terms = Terms()
    longest = timedelta(
        days=terms.days_to_talk
        + terms.days_to_answer
        + terms.days_to_negotiate
        + terms.days_to_rule
        + terms.days_to_appeal
    )
    for start in PLACES:
        if start.state is State.RETURN_REVIEWED:
            continue
        dispute, waited = start, timedelta()
        while dispute.state is not State.SETTLED:
            assert dispute.deadline
            waited += dispute.deadline - dispute.since
            dispute = judge(dispute, CLOCK, now=dispute.deadline).dispute
        assert waited <= longest


def test_the_sellers_silence_gives_the_buyer_what_he_asked_for() -> None:
    dispute = a_dispute(asked=PART)
    dispute = judge(dispute, CLOCK, now=NOON + timedelta(days=2)).dispute
    assert dispute.state is State.AWAITING_ANSWER
    verdict = judge(dispute, CLOCK, now=NOON + timedelta(days=5))
    assert verdict.outcome == PART and verdict.dispute.state is State.SETTLED


def test_there_is_no_talking_first_about_a_fake_or_an_empty_parcel() -> None:
    for reason in Reason:
        skips = reason in (Reason.NOT_AUTHENTIC, Reason.EMPTY_PARCEL)
        assert a_dispute(reason).state is (State.AWAITING_ANSWER if skips else State.TALKING)


@pytest.mark.parametrize(("code_used", "outcome"), [(False, REFUND), (True, RELEASE)])
def test_without_a_ruling_the_buyer_is_refunded_unless_he_showed_his_code(code_used: bool, outcome: Remedy) -> None:
    dispute = a_dispute(state=State.UNDER_REVIEW, code_used=code_used, deadline=NOON)
    assert judge(dispute, CLOCK, now=NOON).outcome == outcome


def test_a_ruling_moves_no_money_before_the_time_to_appeal_is_over() -> None:
    dispute = a_dispute(state=State.UNDER_REVIEW)
    ruled = judge(dispute, Deed(Action.RULE, Party.RULER, PART), now=NOON)
    assert ruled.outcome is None and ruled.dispute.state is State.RULED
    with pytest.raises(TooEarly):
        judge(ruled.dispute, CLOCK, now=NOON + timedelta(days=5, microseconds=-1))
    assert judge(ruled.dispute, CLOCK, now=NOON + timedelta(days=5)).outcome == PART


def test_an_appeal_is_lodged_in_time_and_decided_within_the_same_days() -> None:
    ruled = a_dispute(state=State.RULED, ruling=PART, deadline=NOON + timedelta(days=5))
    appeal = Deed(Action.APPEAL, Party.SELLER)
    with pytest.raises(TooLate):
        judge(ruled, appeal, now=NOON + days_to_lodge(Terms()))
    appealed = judge(ruled, appeal, now=NOON + timedelta(days=1)).dispute
    assert appealed.deadline == ruled.deadline
    assert judge(appealed, Deed(Action.RULE, Party.RULER, RELEASE), now=NOON + timedelta(days=4)).outcome == RELEASE
    assert judge(appealed, CLOCK, now=NOON + timedelta(days=5)).outcome == PART, "the first ruling stands"


def test_nobody_takes_his_own_offer() -> None:
    dispute = a_dispute(state=State.NEGOTIATING)
    offered = judge(dispute, Deed(Action.OFFER, Party.BUYER, PART), now=NOON).dispute
    assert Action.TAKE_OFFER not in open_to(offered, by=Party.BUYER, now=NOON)
    with pytest.raises(RuleBroken):
        judge(offered, Deed(Action.TAKE_OFFER, Party.BUYER), now=NOON)
    assert judge(offered, Deed(Action.TAKE_OFFER, Party.SELLER), now=NOON).outcome == PART


def test_a_return_is_reviewed_once_and_not_sent_back_again() -> None:
    review = a_dispute(state=State.RETURN_REVIEWED)
    with pytest.raises(RuleBroken):
        judge(review, Deed(Action.RULE, Party.RULER, Remedy(Outcome.RETURN_FIRST)), now=NOON)
    assert judge(review, Deed(Action.RULE, Party.RULER, RELEASE), now=NOON).outcome == RELEASE


@pytest.mark.parametrize("part", [None, 0, -1, 19600, 19601])
def test_a_split_gives_each_side_something(part: int | None) -> None:
    remedy = Remedy(Outcome.SPLIT, None if part is None else Money(part, "EUR"))
    with pytest.raises(RuleBroken):
        a_dispute(asked=remedy)
    with pytest.raises(RuleBroken):
        judge(a_dispute(state=State.UNDER_REVIEW), Deed(Action.RULE, Party.RULER, remedy), now=NOON)


def test_what_never_arrived_is_not_sent_back() -> None:
    for reason in (Reason.NOT_RECEIVED, Reason.EMPTY_PARCEL):
        with pytest.raises(RuleBroken):
            a_dispute(reason, Remedy(Outcome.RETURN_FIRST))


@pytest.mark.parametrize("state", State)
def test_what_the_law_does_not_allow_is_refused(state: State) -> None:
    for action in Action:
        for by in Party:
            if any((c.given, c.action, c.by) == (state, action, by) for c in LAW):
                continue
            with pytest.raises(RuleBroken):
                judge(a_dispute(state=state), Deed(action, by, PART), now=NOON)


def test_a_party_cannot_rule() -> None:
    with pytest.raises(NotAllowed):
        judge(a_dispute(state=State.UNDER_REVIEW), Deed(Action.RULE, Party.SELLER, RELEASE), now=NOON)


def test_clauses_of_one_state_action_and_party_never_hold_together() -> None:
    for dispute in PLACES:
        for now in (dispute.since, *([dispute.deadline] if dispute.deadline else [])):
            for by in Party:
                actions = open_to(dispute, by=by, now=now)
                assert len(actions) == len(set(actions))


def test_every_state_with_a_clock_says_what_silence_means() -> None:
    lapses = {clause.given: clause.ends for clause in LAW if clause.by is Party.CLOCK}
    assert set(lapses) == {*STAYS, State.APPEALED}
    assert lapses[State.AWAITING_ANSWER] is Ends.AS_ASKED


def test_an_offer_while_they_talk_is_an_answer() -> None:
    offered = judge(a_dispute(), Deed(Action.OFFER, Party.SELLER, PART), now=NOON).dispute
    clause = silence_means(offered)
    assert clause and clause.then is State.NEGOTIATING
    talked = judge(offered, CLOCK, now=NOON + timedelta(days=2)).dispute
    assert (talked.state, talked.deadline) == (State.NEGOTIATING, NOON + timedelta(days=5))
    assert judge(talked, CLOCK, now=NOON + timedelta(days=5)).outcome is None, "his silence settles nothing"


def test_an_offer_is_taken_before_the_deadline_or_not_at_all() -> None:
    offered = judge(a_dispute(), Deed(Action.OFFER, Party.SELLER, PART), now=NOON).dispute
    take = Deed(Action.TAKE_OFFER, Party.BUYER)
    assert judge(offered, take, now=NOON + timedelta(days=2, microseconds=-1)).outcome == PART
    with pytest.raises(TooLate):
        judge(offered, take, now=NOON + timedelta(days=2))


def test_a_worker_that_sleeps_gives_no_more_time_to_contest() -> None:
    contest = Deed(Action.CONTEST, Party.SELLER)
    assert judge(a_dispute(), contest, now=NOON + timedelta(days=5, microseconds=-1)).dispute.state is State.NEGOTIATING
    with pytest.raises(TooLate):
        judge(a_dispute(), contest, now=NOON + timedelta(days=5))
    late = judge(a_dispute(), Deed(Action.ACCEPT, Party.SELLER), now=NOON + timedelta(days=9))
    assert late.outcome == REFUND, "who gives something up may, at any time"


# ---- who rules ----


def member(person_id: int, role: Role, *conflicts: Conflict) -> Candidate:
    return Candidate(person_id, role, frozenset(conflicts))


def test_a_moderator_without_conflict_rules() -> None:
    group = [member(1, Role.OWNER), member(2, Role.MODERATOR), member(3, Role.MODERATOR, Conflict.BID_ON_THE_LOT)]
    assert rulers(group) == {2}


def test_where_every_moderator_has_a_conflict_an_owner_or_treasurer_rules() -> None:
    group = [
        member(1, Role.OWNER),
        member(2, Role.MODERATOR, Conflict.PARTY),
        member(3, Role.TREASURER),
        member(4, Role.TREASURER, Conflict.TRADED_WITH_A_PARTY),
        member(5, Role.MEMBER),
    ]
    assert rulers(group) == {1, 3}


def test_where_every_officer_has_a_conflict_the_member_whom_both_accept_rules() -> None:
    group = [member(1, Role.OWNER, Conflict.PARTY), member(2, Role.MEMBER), member(3, Role.MEMBER)]
    assert rulers(group) == set()
    assert rulers(group, accepted_id=3) == {3}


def test_no_party_is_ever_accepted_as_ruler() -> None:
    group = [member(1, Role.OWNER, Conflict.PARTY), member(2, Role.MEMBER, Conflict.PARTY)]
    assert rulers(group, accepted_id=2) == set()


def test_an_accepted_member_does_not_push_a_free_officer_aside() -> None:
    group = [member(1, Role.OWNER), member(2, Role.MEMBER)]
    assert rulers(group, accepted_id=2) == {1}
