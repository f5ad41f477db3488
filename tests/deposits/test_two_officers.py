"""What one officer may not confirm alone: deposits, in and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.accounts.models import Person
from marketplace.deposits import lapsing, payouts, putting_up, queries, waiting
from marketplace.deposits.models import DepositLine
from marketplace.deposits.rules import Action, State
from marketplace.groups import founding, proposal_queries, queries as groups
from marketplace.groups.models import Group
from marketplace.groups.proposal_rules import Outcome, State as Course
from marketplace.groups.rules import Role
from marketplace.kernel import clock
from marketplace.kernel.database import db
from marketplace.kernel.errors import NotAllowed, NotFound, RuleBroken
from tests.factories.deposits import an_unpaid_order, claim, confirm, findings, fresh, give_back, pay_out, payouts_to
from tests.factories.groups import HIGH, a_member
from tests.factories.proposals import SLIP, a_strict_group, approve, refuse, the_proposal, told_of_proposals, withdraw


def set_limit(group: Group, owner: Person, minor: int) -> None:
    terms = replace(groups.group(group.id).terms, officer_limit_minor=minor)
    founding.change_terms(by=owner.id, group_id=group.id, terms=terms)


def test_a_deposit_above_the_limit_stands_once_a_second_officer_has_seen_the_slip(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group(40_00)
    marta = a_member(group, name="Marta Lind")
    claim(group, marta)
    with pytest.raises(RuleBroken, match="would pass your limit"):
        confirm(group, marta, by=agnes.id)
    assert confirm(group, marta, by=agnes.id, proof_key=SLIP) is Outcome.PROPOSED
    assert fresh(group, marta).state == State.CLAIMED
    assert waiting.waiting_for(hedwig.id) == []
    assert told_of_proposals(hedwig) == ["approval_wanted"]
    with pytest.raises(RuleBroken, match="waits for a second officer"):
        putting_up.not_found(group_id=group.id, person_id=marta.id, by=hedwig.id)

    assert approve(the_proposal(), hedwig) is Course.APPROVED
    assert fresh(group, marta).state == State.STANDING
    line = db.session.scalars(select(DepositLine).where(DepositLine.action == Action.CONFIRM)).one()
    assert (line.person_id, line.approved_by) == (agnes.id, hedwig.id)
    assert findings() == []


def test_a_moderator_is_asked_only_while_he_may_decide(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group(40_00)
    marta, irma = a_member(group, name="Marta Lind"), a_member(group, Role.MODERATOR, name="Irma")
    claim(group, marta)
    confirm(group, marta, by=agnes.id, proof_key=SLIP)
    asked = []
    for _ in range(2):
        deadline = fresh(group, marta).deadline
        assert deadline is not None
        clock.move(deadline - clock.now())
        lapsing.lapse_due_deposits()
        asked.append(len(proposal_queries.waiting_for(irma.id)))
    assert fresh(group, marta).state == State.EMPTY
    assert asked == [1, 0]
    assert approve(the_proposal(), hedwig) is Course.APPROVED


def test_so_does_one_that_goes_back_and_both_count(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group(60_00)
    marta = a_member(group, name="Marta Lind")
    assert confirm(group, marta, by=agnes.id) is Outcome.DONE
    putting_up.ask_return(group_id=group.id, by=marta.id)
    give_back()
    payout = payouts_to(group, marta)[0]
    assert pay_out(payout, by=agnes.id, proof_key=SLIP) is Outcome.PROPOSED
    with pytest.raises(RuleBroken, match="waits for a second officer"):
        payouts.payout_failed(payout_id=payout.id, by=hedwig.id, reason="No such account.")
    assert approve(the_proposal(), hedwig) is Course.APPROVED
    assert payouts_to(group, marta)[0].state == "paid"
    assert findings() == []


def test_who_did_not_pay_an_order_does_not_pay_its_seller_out_of_his_deposit(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group()
    leopold, seller = a_member(group, Role.OWNER, name="Leopold"), a_member(group, name="Jonas Berg")
    confirm(group, agnes, by=hedwig.id)
    an_unpaid_order(group, agnes, seller)
    share = payouts_to(group, seller)[0]
    with pytest.raises(NotAllowed, match="your own deposit"):
        pay_out(share, by=agnes.id)
    assert queries.queue_for(group.id, agnes.id).payouts == [] and waiting.waiting_for(agnes.id) == []
    set_limit(group, hedwig, 1_00)
    assert pay_out(share, by=hedwig.id, proof_key=SLIP) is Outcome.PROPOSED
    assert proposal_queries.waiting_for(agnes.id) == []
    with pytest.raises(NotFound):
        approve(the_proposal(), agnes)
    assert approve(the_proposal(), leopold) is Course.APPROVED


def test_an_owner_does_not_raise_the_limit_to_pay_a_deposit_out_alone(app: Flask) -> None:
    group, _agnes, hedwig = a_strict_group(60_00)
    marta = a_member(group, name="Marta Lind")
    then = clock.now()
    set_limit(group, hedwig, HIGH)
    assert confirm(group, marta, 900_00, by=hedwig.id, proof_key=SLIP) is Outcome.PROPOSED
    set_limit(group, hedwig, 50_00)
    set_limit(group, hedwig, HIGH)  # what counts now is what he may raise
    withdraw(the_proposal(), hedwig)
    with pytest.raises(RuleBroken, match=r"limit of EUR 50\.00"):
        confirm(group, marta, 900_00, by=hedwig.id)
    with clock.at(then + timedelta(days=8)):
        assert confirm(group, marta, 900_00, by=hedwig.id) is Outcome.DONE


def test_nobody_is_the_second_for_his_own_deposit(app: Flask) -> None:
    group, agnes, hedwig = a_strict_group(0)
    leopold = a_member(group, Role.OWNER, name="Leopold")
    assert confirm(group, leopold, by=agnes.id, proof_key=SLIP) is Outcome.PROPOSED
    assert proposal_queries.open_for(group.id, leopold.id) == []
    with pytest.raises(NotFound):
        approve(the_proposal(), leopold)
    with pytest.raises(NotAllowed):
        approve(the_proposal(), agnes)
    refuse(the_proposal(), hedwig, "The slip is of another member.")
    assert told_of_proposals(agnes) == ["approval_refused"]
    assert fresh(group, leopold).state == State.EMPTY
