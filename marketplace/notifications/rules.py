"""What people are told, in which words, and which of it is mailed; when a mail that failed is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Telling:
    """One kind of notice."""

    kind: str
    feature: str
    """The package whose facts it tells of; the folder of its mail template."""
    sentence: str
    """For the page. Its %(details)s are handed over with the notice."""
    mailed: bool

    @property
    def template(self) -> str:
        """The mail's template, whose first line is the subject."""
        return f"mail/{self.feature}/{self.kind}.txt"


def _(sentence: str) -> str:
    """Marks a sentence for the translators. It is translated where it is shown, in the reader's language."""
    return sentence


# What is told, by the package whose facts it tells of.
TOLD = {
    "auctions": {
        "outbid": _("You have been outbid on lot %(number)s, %(title)s. The price is %(price)s now."),
        "watched_lot_ends": _("Lot %(number)s, %(title)s, which you watch, ends within the hour, at %(price)s now."),
        "search_fits": _("Lot %(number)s, %(title)s, is new and fits your search %(name)s."),
        "search_fits_more": _("%(count)s new lots fit your search %(name)s."),
        "want_fits": _("Lot %(number)s, %(title)s, may be what you want (%(name)s). The price is %(price)s now."),
        "want_fits_more": _("%(count)s new lots may be what you want (%(name)s), at your price."),
        "won": _("You won lot %(number)s, %(title)s, for %(price)s."),
        "bids_voided": _("Your bids on lot %(number)s, %(title)s, no longer count."),
        "bids_retracted": _("A moderator took your bids on lot %(number)s, %(title)s, back, as you asked."),
        "bids_cancelled": _("The seller cancelled your bids on lot %(number)s, %(title)s."),
        "bid_retracted": _(
            "Bidder %(name)s took his bids on lot %(number)s, %(title)s, back. The price is %(price)s now."
        ),
        "second_chance": _("Lot %(number)s, %(title)s, was not paid. It is yours for %(price)s, if you want it."),
        "lot_offered_on": _("Lot %(number)s, %(title)s, was not paid. The next in line is offered it for %(price)s."),
        "chances_over": _("Nobody took lot %(number)s, %(title)s. You can list it again."),
        "lot_bought": _("Lot %(number)s, %(title)s, was bought at once for %(price)s. Your bid no longer counts."),
        "lot_cancelled": _("The seller cancelled lot %(number)s, %(title)s. Your bid no longer counts."),
        "lead_again": _("You lead lot %(number)s, %(title)s, at %(price)s: bids above yours were taken back."),
        "lot_sold": _("Lot %(number)s, %(title)s, is sold to %(name)s for %(price)s."),
        "offer_new": _("Bidder %(name)s offers %(amount)s for lot %(number)s, %(title)s, until %(until)s."),
        "offer_accepted": _("The seller took your offer: lot %(number)s, %(title)s, is yours for %(price)s."),
        "offer_declined": _("The seller declined your offer of %(amount)s for lot %(number)s, %(title)s."),
        "offer_lapsed": _("Your offer of %(amount)s for lot %(number)s, %(title)s, has lapsed."),
        "offer_ended": _("Your offer of %(amount)s for lot %(number)s, %(title)s, has ended: %(reason)s"),
        "lot_passed": _("Lot %(number)s, %(title)s, ended unsold."),
        "lot_withdrawn": _("Lot %(number)s, %(title)s, was withdrawn. Your bid no longer counts."),
        "remark_added": _("The seller added a remark to lot %(number)s, %(title)s."),
        "question_asked": _("A member asks you about lot %(number)s, %(title)s."),
        "question_answered": _("The seller of lot %(number)s, %(title)s, answered your question."),
        "words_hidden": _("A moderator hid what you wrote under lot %(number)s, %(title)s."),
        "lot_hidden": _("A moderator took lot %(number)s, %(title)s, down: %(reason)s"),
        "lot_taken_out": _("Lot %(number)s, %(title)s, was taken out of the sale %(sale)s: %(reason)s"),
        "sale_moved": _("The sale %(sale)s starts on %(starts)s now, and its first lot ends on %(until)s."),
        "sale_called_off": _("The sale %(sale)s was called off: %(reason)s"),
    },
    "groups": {
        "application_new": _("%(name)s asks to join %(group)s."),
        "application_approved": _("You are a member of %(group)s."),
        "application_refused": _("%(group)s did not take you in: %(reason)s"),
        "member_removed": _("You were removed from %(group)s: %(reason)s"),
        "role_given": _("You are %(role)s in %(group)s now."),
        "role_changed": _("%(by)s gave %(name)s another role in %(group)s: %(role)s, before that %(former)s."),
        "officer_left": _("%(name)s, %(role)s of %(group)s, left the group."),
        "strike_given": _("You have a strike in %(group)s: %(reason)s"),
        "group_closed": _("%(group)s has closed. Lots with bids and open orders go to their end."),
        "instructions_proposed": _(
            "%(name)s wants members to pay %(group)s elsewhere. Another officer has to approve."
        ),
        "instructions_changed": _("Members pay %(group)s elsewhere from %(from_then)s on."),
        "instructions_dropped": _("The change of where members pay in %(group)s was stopped."),
        "handover_asked": _("%(parting)s asks to step down as treasurer of %(group)s. Name who follows."),
        "handover_named": _("%(successor)s is to take the treasury of %(group)s over from %(parting)s."),
        "handover_stated": _("%(by)s says that %(stated)s of %(group)s is handed over, as the books say."),
        "handover_differs": _("%(by)s says that %(stated)s of %(group)s is handed over: %(gap)s %(side)s."),
        "handover_done": _("The treasury of %(group)s passed from %(parting)s to %(successor)s."),
        "handover_called_off": _("The handover of the treasury of %(group)s was called off by %(by)s."),
        "approval_wanted": _(
            "%(name)s entered that %(amount)s %(moved)s for %(title)s, more than one officer confirms alone. Look at"
            " the slip, and decide."
        ),
        "approval_given": _("%(name)s approved what you entered: %(amount)s for %(title)s %(moved)s."),
        "approval_refused": _("%(name)s refused what you entered, %(amount)s for %(title)s: %(reason)s"),
        "approval_overtaken": _(
            "%(amount)s for %(title)s was not confirmed: things moved on before a second officer saw it."
        ),
        "approver_missing": _("No second officer can approve %(amount)s for %(title)s. Make another member treasurer."),
        "report_new": _("%(name)s reported something in %(group)s."),
        "report_closed": _("What you reported in %(group)s was looked into: %(note)s"),
    },
    "accounts": {
        "payout_details_changed": _("Where %(name)s is paid was changed. It is used from %(from_then)s on."),
        "payout_change_withdrawn": _("The change of where %(name)s is paid was taken back."),
        "sign_in_paused": _("Somebody failed to sign in as you. On a new device you can sign in from %(until)s on."),
        "second_factor_taken_off": _("The operator took your second factor off."),
    },
    "payments": {
        "payout_late": _("%(amount)s to %(name)s for %(title)s was not paid out within %(days)s days."),
        "payout_late_to_you": _("%(amount)s for %(title)s was not paid out to you within %(days)s days."),
        "payout_needs_you": _("%(amount)s for %(title)s waits for you: say where you are paid."),
        "seller_payout_failed": _("Your bank did not take what Stripe paid out to you. It lies on your account there."),
    },
    "escrow": {
        "order_to_pay": _("Pay %(total)s for %(title)s by %(until)s."),
        "payment_said_sent": _("%(name)s says that %(missing)s for %(title)s is sent. Look for it by %(until)s."),
        "payment_confirmed": _("The payment of %(total)s for %(title)s came in and is held."),
        "parcel_said_sent": _(
            "%(name)s says that %(missing)s for a parcel of %(count)s orders is sent. Look for it by %(until)s."
        ),
        "parcel_confirmed": _("The payment of the parcel %(reference)s came in: %(titles)s are held."),
        "parcel_short": _(
            "%(missing)s is missing from your payment of the parcel %(reference)s. Send it by %(until)s."
        ),
        "parcel_not_found": _(
            "The treasurer cannot find your payment of the parcel %(reference)s. You have until %(until)s."
        ),
        "parcel_changed": _(
            "An order of your parcel %(reference)s has ended. It costs %(missing)s now, to be paid by %(until)s."
        ),
        "payment_not_found": _("The treasurer cannot find your payment for %(title)s. You have until %(until)s."),
        "payment_short": _("%(missing)s is missing from your payment for %(title)s. Send it by %(until)s."),
        "cancel_proposed": _("%(name)s proposes to cancel the order for %(title)s."),
        "order_cancelled": _("The order for %(title)s is cancelled."),
        "order_unpaid": _("The order for %(title)s ended unpaid."),
        "shipped": _("%(name)s shipped %(title)s."),
        "arrived": _("%(title)s is being inspected, until %(until)s."),
        "inspection_extended": _("The inspection of %(title)s is longer: until %(until)s."),
        "released": _("The money for %(title)s is released: %(amount)s is the seller’s."),
        "refunded": _("The money for %(title)s is refunded: %(amount)s is the buyer’s."),
        "split": _("The money for %(title)s is split: %(to_buyer)s for the buyer, %(to_seller)s for the seller."),
        "payout_to_make": _("Pay %(amount)s out to %(name)s for %(title)s by %(until)s."),
        "payout_sent": _("%(amount)s was paid out to you for %(title)s."),
        "payout_waits": _("%(amount)s for %(title)s cannot be paid to you yet."),
        "payout_reversed": _("%(amount)s for %(title)s was taken back from you, until the bank has decided."),
        "payment_refused": _("Your bank did not pay for %(title)s. Pay again by %(until)s."),
        "otherwise_proposed": _(
            "An officer proposes to pay %(amount)s for %(title)s otherwise. A second has to agree."
        ),
        "bank_inquires": _("The buyer’s bank asks about the payment of %(amount)s for %(title)s."),
        "chargeback_opened": _("The buyer’s bank asks %(amount)s back for %(title)s. The order stands still."),
        "chargeback_won": _("The bank decided for the seller: the order for %(title)s goes on."),
        "chargeback_lost": _("The bank decided for the buyer, and keeps %(amount)s for %(title)s."),
        "payout_failed": _("The payout of %(amount)s to %(name)s for %(title)s did not go through."),
        "payout_missing": _("%(name)s says that %(amount)s for %(title)s did not arrive."),
        "confirmer_missing": _("Nobody can confirm the money for %(title)s. Make another member treasurer."),
        "return_due": _("%(title)s goes back to the seller before the money moves. It has to be sent by %(until)s."),
        "return_shipped": _("%(title)s is on its way back to you."),
        "return_received": _("The return of %(title)s is being looked at, until %(until)s."),
        "return_contested": _("%(name)s contests what came back of %(title)s."),
        "debt_arose": _("You owe %(group)s %(amount)s because of %(title)s. Look at why, and how to pay."),
        "debt_paid": _("%(amount)s of what you owe %(group)s came in. You owe %(left)s now."),
        "debt_written_off": _("%(amount)s of what you owed %(group)s is written off. You owe %(left)s now."),
        "write_off_proposed": _("%(name)s proposes to write off %(amount)s that a member owes %(group)s."),
        "fees_paid": _("%(amount)s of what %(group)s has earned was paid to it."),
        "fees_declined": _("%(amount)s that %(group)s asked for is not paid: %(reason)s"),
        "message_new": _("%(name)s wrote to you about %(title)s."),
        "deadline_two_days": _("Two days are left for %(title)s: %(deed)s. If you do nothing: %(then)s"),
        "deadline_twelve_hours": _("Twelve hours are left for %(title)s: %(deed)s. If you do nothing: %(then)s"),
    },
    "deposits": {
        "deposit_said_sent": _("%(name)s says that a deposit for %(group)s is sent. Look for it by %(until)s."),
        "deposit_confirmed": _("%(amount)s of yours came in. Your deposit in %(group)s is %(held)s."),
        "deposit_not_found": _("The treasurer of %(group)s cannot find your deposit."),
        "deposit_not_confirmed": _("No officer of %(group)s has looked for your deposit in time."),
        "deposit_given_back": _("Your deposit in %(group)s goes back to you: %(amount)s."),
        "deposit_forfeited": _("You did not pay for %(title)s. %(amount)s of your deposit is forfeited."),
        "deposit_share": _("The buyer did not pay for %(title)s. %(amount)s of his deposit is yours."),
        "deposit_forfeit_noted": _("%(name)s did not pay for %(title)s. %(amount)s of his deposit is forfeited."),
        "deposit_asked": _(
            "You have left two orders unpaid. Until %(until)s every lot in %(group)s asks for a deposit."
        ),
        "deposit_payout_to_make": _("Pay %(amount)s out to %(name)s, from a deposit, by %(until)s."),
        "deposit_payout_sent": _("The treasurer of %(group)s paid %(amount)s out to you, from a deposit."),
        "deposit_payout_failed": _("The payout of %(amount)s from a deposit did not go through: %(reason)s"),
        "deposit_payout_missing": _("%(name)s says that %(amount)s from a deposit did not arrive."),
        "deposit_two_days": _("Two days are left for a deposit (%(name)s): %(deed)s. If you do nothing: %(then)s"),
        "deposit_twelve_hours": _(
            "Twelve hours are left for a deposit (%(name)s): %(deed)s. If you do nothing: %(then)s"
        ),
        "deposit_confirmer_missing": _("Nobody can confirm the deposit of %(name)s. Make another member treasurer."),
    },
    "bankbook": {
        "attestation_due": _("Look what the bank of %(group)s had on %(until)s, and say it."),
        "attestation_due_again": _("Nobody has said yet what the bank of %(group)s had on %(until)s."),
        "balance_differs": _("%(name)s attested: the bank of %(group)s and its books differ by %(difference)s."),
    },
    "disputes": {
        "dispute_opened": _("%(name)s says that something is wrong with %(title)s. Answer by %(answer_by)s."),
        "dispute_answer_due": _("Answer in the dispute about %(title)s by %(until)s."),
        "dispute_offer": _("%(name)s makes an offer in the dispute about %(title)s: %(amount)s for the buyer."),
        "dispute_contested": _("%(name)s says that nothing is wrong with %(title)s."),
        "dispute_answered": _("%(name)s said more in the dispute about %(title)s."),
        "dispute_ruling_due": _("You may rule on the dispute about %(title)s, until %(until)s."),
        "dispute_ruler_needed": _("Agree with %(name)s by %(until)s on who rules about %(title)s."),
        "dispute_ruler_proposed": _("%(name)s proposes that %(proposed)s rules about %(title)s."),
        "dispute_ruled": _("There is a ruling about %(title)s: %(ruling)s"),
        "dispute_appealed": _("%(name)s appeals against the ruling about %(title)s."),
        "bank_evidence_wanted": _(
            "The buyer’s bank asks %(amount)s back for %(title)s. Send it what speaks for the seller by %(until)s."
        ),
        "bank_words_wanted": _(
            "The buyer’s bank asks %(amount)s back for %(title)s. Say and show what speaks for you by %(until)s."
        ),
        "bank_answered": _("%(name)s sent the bank what speaks for the seller of %(title)s."),
        "bank_given_up": _("%(name)s left %(amount)s for %(title)s to the buyer’s bank."),
        "bank_answer_refused": _("What you sent the bank about %(title)s was not taken: %(reason)s"),
    },
    "reputation": {
        "feedback_open": _("Say how the deal with %(name)s went: %(title)s. You have until %(until)s."),
        "feedback_shown": _("You can read what %(name)s said about the deal: %(title)s."),
    },
}

# What stands on the page alone, and why it is not mailed as well.
NOT_MAILED = {
    "offer_accepted": "order_to_pay is mailed at the same moment, and says so",
    "won": "order_to_pay is mailed at the same moment, and says so",
    "strike_given": "the mail about the order that earned it says so",
    "report_closed": "nothing is left to do",
}

# Why an offer ended that nobody had answered or taken back, by offer_rules.Cause.
OFFER_CAUSES = {
    "sold": _("the seller took somebody else’s."),
    "listed": _("the item is in an auction again. Bid on it there."),
    "changed": _("the seller has changed or added to the description. Look at it, then make another."),
    "gone": _("the item cannot be bought any more."),
    "left": _("you are no longer a member of the group."),
}

KINDS = {
    kind: Telling(kind, feature, sentence, mailed=kind not in NOT_MAILED)
    for feature, told in TOLD.items()
    for kind, sentence in told.items()
}


def telling_of(kind: str) -> Telling:
    """The kind of notice by its name. One that the table does not list is a fault of ours."""
    return KINDS[kind]


def deadline_kind(hours: int) -> str:
    """The kind of a reminder that comes so many hours before the deadline."""
    return {48: "deadline_two_days", 12: "deadline_twelve_hours"}[hours]


# How long to wait after each failed try; after the last the mail is parked until an operator looks.
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12))
# A mail says what can be done until when: after so long it would lie.
TOO_OLD = timedelta(days=3)
# How long it is known which mails went to whom: long enough to answer "I never got it".
KEPT_FOR = timedelta(days=30)


def next_try(tries: int, now: datetime) -> datetime | None:
    """When a mail is tried again that has just failed after `tries` earlier failures; None when that was enough."""
    return now + BACK_OFF[tries] if tries < len(BACK_OFF) else None
