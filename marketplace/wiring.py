"""Who hears what: every consequence that crosses from one package to another."""

from __future__ import annotations

from marketplace.accounts import events as accounts
from marketplace.auctions import (
    chances,
    events as auctions,
    following,
    matching,
    sale_events as sales,
    service as lots,
    superseding,
)
from marketplace.bankbook import attesting, events as bankbook, matching as bank_matching
from marketplace.catalog import events as catalog
from marketplace.deposits import confirmations, events as deposit_events, returning, service as deposits
from marketplace.disputes import (
    claim_events as claims,
    claim_telling,
    events as disputes,
    freezing,
    rulers,
    service as disputing,
)
from marketplace.escrow import (
    chargebacks,
    debt_paying,
    events as escrow,
    gateway_news,
    judging_rules,
    second_officers,
    service as orders,
)
from marketplace.groups import events as groups, handover_rules
from marketplace.kernel.events import Handlers
from marketplace.notifications import (
    about_banks,
    about_claims,
    about_deals,
    about_debts,
    about_deposits,
    about_disputes,
    about_groups,
    about_handovers,
    about_lots,
    about_money,
    about_offers,
    about_orders,
    about_parcels,
    about_payouts,
    about_people,
    about_sales,
    about_searches,
)
from marketplace.payments import checkouts, events as payments
from marketplace.reputation import deals, events as reputation
from marketplace.reputation.rules import Ending


def open_order(fact: auctions.LotSold) -> None:
    """A sale opens an order, in the unit of work that ends the lot: both are kept, or neither."""
    orders.open_order(
        lot_id=fact.lot_id, group_id=fact.group_id, item_id=fact.item_id, number=fact.number, title=fact.title,
        seller_id=fact.seller_id, buyer_id=fact.buyer_id, hammer=fact.hammer, shipping=fact.shipping, terms=fact.terms,
        sold_at=fact.sold_at, attempt=fact.attempt, shipping_further=fact.shipping_further,
    )  # fmt: skip


def free_item(fact: escrow.OrderClosed) -> None:
    """What did not stay with its buyer may be listed again; what he did not pay for, the next in line may have."""
    if fact.ending is not Ending.COMPLETED:
        lots.note_fallen_through(lot_id=fact.lot_id, buyer_id=fact.buyer_id)
    if fact.is_unpaid:
        chances.offer_next(lot_id=fact.lot_id, unpaid_by=fact.buyer_id)


def forfeit_deposit(fact: escrow.OrderClosed) -> None:
    """Only an order that ended unpaid costs its buyer his deposit."""
    if fact.is_unpaid:
        deposits.note_unpaid(
            order_id=fact.order_id, group_id=fact.group_id, buyer_id=fact.buyer_id, seller_id=fact.seller_id,
            title=fact.title, total=fact.total, at=fact.closed_at,
        )  # fmt: skip


def close_payments(fact: escrow.OrderClosed) -> None:
    """Nobody is to pay an order that is over: what was opened for it at the processor is closed."""
    checkouts.close_all_of(fact.order_id)


def begin_deal(fact: escrow.OrderOpened) -> None:
    """From here on the order's total is the seller's open exposure."""
    order = fact.order
    deals.open_deal(
        order_id=order.id, group_id=order.group_id, buyer_id=order.buyer_id, seller_id=order.seller_id,
        title=fact.title, total=order.total,
    )  # fmt: skip


def end_deal(fact: escrow.OrderClosed) -> None:
    """It counts for both, and both are asked how it went."""
    deals.close_deal(order_id=fact.order_id, ending=fact.ending, days_for_feedback=fact.days_for_feedback)


def count_lost_dispute(fact: disputes.DisputeSettled) -> None:
    """What a ruling or his own silence found against somebody counts; what the two agreed on is nobody's loss."""
    if fact.loser_id is not None:
        deals.lose_dispute(order_id=fact.order_id, person_id=fact.loser_id)


def check_terms(fact: groups.TermsChanged) -> None:
    """Terms under which money could be held for longer than anybody may hold it are refused, and nothing is changed."""
    judging_rules.check_terms(fact.terms)


def check_gives_no_role(fact: groups.RoleGiven) -> None:
    """Who is in dispute in a group does not choose who may rule there: it is refused, and nothing is changed."""
    rulers.check_is_not_in_dispute(fact.group_id, fact.by)


def check_names_no_treasurer(fact: groups.HandoverChanged) -> None:
    """Nor does he name a treasurer, who may rule there, too."""
    if fact.action is handover_rules.Action.NAME:
        rulers.check_is_not_in_dispute(fact.group_id, fact.by)


def check_removes_no_judge(fact: groups.MemberRemoved) -> None:
    """Nor does he remove the member whom both sides accepted; an officer nobody removes."""
    if rulers.is_accepted(fact.group_id, fact.person_id):
        rulers.check_is_not_in_dispute(fact.group_id, fact.by)


HANDLERS: Handlers = {
    accounts.PayoutChangeWithdrawn: (about_people.payout_change_withdrawn,),
    accounts.PayoutDetailsChanged: (about_people.payout_details_changed,),
    accounts.SecondFactorTakenOff: (about_people.second_factor_taken_off,),
    accounts.SignInPaused: (about_people.sign_in_paused,),
    auctions.BidRetracted: (about_lots.bid_retracted,),
    auctions.BidsVoided: (about_lots.bids_voided,),
    auctions.ChanceGiven: (about_lots.chance_given,),
    auctions.ChancesOver: (about_lots.chances_over,),
    auctions.LotBought: (about_lots.bought,),
    auctions.LotHidden: (superseding.lot_hidden, about_searches.hidden, about_lots.hidden),
    auctions.LotListed: (matching.lot_listed, superseding.lot_listed),
    auctions.LotOfferEnded: (about_offers.ended,),
    auctions.LotOfferMade: (about_offers.made,),
    auctions.LotPassed: (about_lots.passed,),
    auctions.LotSold: (open_order, about_lots.sold),
    auctions.LotsFit: (about_searches.lots_fit,),
    auctions.LotWithdrawn: (about_searches.hidden, about_lots.withdrawn),
    auctions.Outbid: (about_lots.outbid,),
    auctions.QuestionAnswered: (about_lots.question_answered,),
    auctions.QuestionAsked: (about_lots.question_asked,),
    auctions.WatchedLotEnds: (about_lots.watched_lot_ends,),
    auctions.WordsHidden: (about_lots.words_hidden,),
    bankbook.AttestationDue: (about_banks.attestation_due,),
    bankbook.BalanceDiffers: (about_banks.balance_differs,),
    claims.AnswerRefused: (about_claims.refused,),
    claims.BankAnswered: (about_claims.answered,),
    claims.EvidenceWanted: (about_claims.wanted,),
    catalog.ItemChanged: (following.item_changed, matching.item_changed, superseding.item_changed),
    catalog.ItemWithdrawn: (following.item_withdrawn, superseding.item_withdrawn),
    catalog.PhotosChanged: (superseding.item_changed,),
    catalog.RemarkAdded: (superseding.item_changed, about_lots.remark_added),
    deposit_events.DepositAsked: (about_deposits.asked,),
    deposit_events.DepositChanged: (confirmations.deposit_changed, about_deposits.changed),
    deposit_events.DepositDeadlineNear: (about_deposits.deadline_near,),
    deposit_events.DepositForfeited: (about_deposits.forfeited,),
    deposit_events.DepositPayoutChanged: (confirmations.payout_changed, about_deposits.payout_changed),
    disputes.AnswerDue: (about_disputes.answer_due,),
    disputes.DisputeAnswered: (about_disputes.answered,),
    disputes.DisputeAppealed: (about_disputes.appealed,),
    disputes.DisputeContested: (about_disputes.contested,),
    disputes.DisputeOpened: (about_disputes.opened,),
    disputes.DisputeRuled: (about_disputes.ruled,),
    disputes.DisputeSettled: (count_lost_dispute,),
    disputes.OfferMade: (about_disputes.offer_made,),
    disputes.RulerNeeded: (about_disputes.ruler_needed,),
    disputes.RulerProposed: (about_disputes.ruler_proposed,),
    disputes.RulingDue: (about_disputes.ruling_due,),
    escrow.ConfirmerMissing: (about_orders.confirmer_missing,),
    escrow.DebtArose: (about_debts.arose,),
    escrow.DebtPaid: (about_debts.paid,),
    escrow.DebtWrittenOff: (debt_paying.written_off, about_debts.written_off),
    escrow.FeesAnswered: (about_debts.fees_answered,),
    escrow.WriteOffProposed: (about_debts.proposed,),
    escrow.DeadlineNear: (about_orders.deadline_near,),
    escrow.MessageWritten: (about_orders.message_written,),
    escrow.OrderChanged: (
        disputing.return_contested,
        freezing.order_changed,
        second_officers.order_changed,
        about_orders.changed,
    ),
    escrow.OrderClosed: (end_deal, free_item, forfeit_deposit, close_payments),
    escrow.OrderOpened: (begin_deal, about_orders.opened),
    escrow.ParcelChanged: (about_parcels.changed,),
    groups.ApplicationDecided: (about_groups.application_decided,),
    groups.ApplicationMade: (about_groups.application_made,),
    groups.GroupClosed: (following.group_closed, superseding.group_closed, about_groups.closed),
    groups.HandoverChanged: (check_names_no_treasurer, about_handovers.changed),
    groups.InstructionsApproved: (about_groups.instructions_approved,),
    groups.InstructionsDropped: (about_groups.instructions_dropped,),
    groups.InstructionsProposed: (about_groups.instructions_proposed,),
    groups.LastOwnerLeft: (following.last_owner_left, returning.last_owner_left),
    groups.MemberLeft: (following.member_gone, superseding.member_gone, about_groups.member_left),
    groups.MemberRemoved: (
        check_removes_no_judge,
        following.member_gone,
        superseding.member_gone,
        about_groups.member_removed,
    ),
    groups.ProposalDecided: (about_money.decided,),
    groups.ProposalMade: (about_money.proposed,),
    groups.ReportClosed: (about_groups.report_closed,),
    groups.ReportMade: (about_groups.report_made,),
    groups.RoleGiven: (check_gives_no_role, about_groups.role_given),
    groups.TermsChanged: (check_terms,),
    groups.StrikeGiven: (about_groups.strike_given,),
    payments.ChargebackLost: (chargebacks.lost,),
    payments.ChargebackOpened: (chargebacks.opened, claim_telling.opened),
    payments.ChargebackWon: (chargebacks.won,),
    payments.ContestRefused: (claim_telling.refused,),
    payments.ContestSent: (claim_telling.sent,),
    payments.FeeTaken: (gateway_news.fee_taken,),
    payments.MovementBounced: (gateway_news.movement_bounced, bank_matching.movement_moved),
    payments.MovementConfirmed: (
        gateway_news.movement_confirmed,
        bank_matching.movement_moved,
        attesting.movement_confirmed,
    ),
    payments.MovementFailed: (gateway_news.movement_failed,),
    payments.MovementWaits: (gateway_news.movement_waits,),
    payments.PayoutLate: (about_payouts.late,),
    payments.PaymentSubmitted: (gateway_news.payment_submitted,),
    payments.SellerPayoutFailed: (about_people.seller_payout_failed,),
    reputation.FeedbackOpened: (about_deals.feedback_opened,),
    reputation.FeedbackShown: (about_deals.feedback_shown,),
    sales.LotTakenOut: (about_sales.taken_out,),
    sales.SaleCalledOff: (about_sales.called_off,),
    sales.SaleMoved: (about_sales.moved,),
}
