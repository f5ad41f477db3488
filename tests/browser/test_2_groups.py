"""Journey 2: a group is founded, people ask to join it, and its officers look after it."""

from __future__ import annotations

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor
from tests.cast import club, somebody
from tests.house import House

RULES = """## How we trade

1. Describe what you sell **as it is**.
2. A bid is binding.
"""


QUESTION = "What do you collect, and since when?"


def test_a_group_is_founded_and_takes_in_and_turns_away(visitor: NewVisitor, here: House) -> None:
    with here.inside():
        hedwig, jonas, emil = (somebody(name) for name in ("Hedwig Amsel", "Jonas Weidl", "Emil Novak"))
    owner, applicant, turned_away = visitor(), visitor(on_phone=True), visitor()
    owner.signs_in(hedwig.email)
    found(owner)
    applicant.signs_in(jonas.email)
    applicant.opens("/groups?q=weidling")
    applicant.presses("Weidling Clocks")
    applicant.presses("Ask to join")
    asks(applicant, "Pocket watches, for thirty years.")
    applicant.reads("Your application waits for an officer")
    turned_away.signs_in(emil.email)
    turned_away.opens("/g/weidling-clocks/join")
    asks(turned_away, "Whatever sells.")

    here.mail_to(hedwig.email, "Emil Novak")
    decide(owner)
    here.mail_to(jonas.email, "Weidling Clocks")
    applicant.opens("/g/weidling-clocks")
    applicant.reads("You belong to this group")
    here.mail_to(emil.email, "Tell us what you collect.")
    turned_away.opens("/g/weidling-clocks")
    turned_away.reads("Your application was refused", "Tell us what you collect.", "You may ask again from")


def found(owner: Visitor) -> None:
    owner.presses("Found one")
    account = "IBAN AT61 1904 3002 3457 3201"
    owner.fills({"Name": "Weidling Clocks", "What it collects": "Clocks, porcelain and silver", "Rules": RULES})
    owner.fills({"Question 1": QUESTION, "Payment instructions": account})
    owner.ticks("An officer decides")
    owner.ticks("List the group among those that can be found.")
    owner.forces("Found the group")
    owner.finds_error("currency", "Choose")
    owner.chooses("Currency", "EUR, Euro")
    owner.chooses("Time zone", "Europe/Vienna")
    owner.presses("Found the group")
    owner.reads("You belong to this group", "Describe what you sell")


def asks(applicant: Visitor, answer: str) -> None:
    applicant.fills({QUESTION: answer})
    applicant.ticks("I have read the rules, version 1, and agree to them.")
    applicant.presses("Ask to join", within="main form")


def decide(owner: Visitor) -> None:
    owner.opens("/")
    owner.reads("One thing waits for you", "2 people ask to join")
    owner.presses("Read and decide")
    owner.presses("Read and decide: Jonas Weidl")
    owner.reads("Pocket watches, for thirty years.")
    owner.presses("Take Jonas Weidl in")
    owner.presses("Read and decide: Emil Novak")
    owner.presses("Refuse, with this reason", status=422)
    owner.fills({"Why, if you refuse": "Tell us what you collect."})
    owner.presses("Refuse, with this reason")
    owner.reads("Nobody waits to join.")


def test_officers_give_roles_and_look_into_reports(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    ferenc, viktor, hedwig = visitor(), visitor(), visitor()
    ferenc.signs_in(group.ferenc.email)
    ferenc.opens(group.path("/members"))
    ferenc.presses("Jonas Weidl")
    ferenc.presses("Report to the moderators")
    ferenc.fills({"What is not right": "He offers me his watches by mail, past the group."})
    ferenc.presses("Report it to the officers")
    ferenc.reads("The officers have your report.")

    viktor.signs_in(group.moderator.email, phone=group.moderator.phone)
    viktor.opens("/")
    viktor.presses("Look into it")
    viktor.presses("Look and close")
    viktor.reads("past the group")
    viktor.fills({"What came of it": "I have spoken to him. Thank you for telling us."})
    viktor.presses("Close this report")
    viktor.reads("No report is open.", "Closed last")
    ferenc.opens("/notices")
    ferenc.reads("What you reported in Lindengasse Antiques was looked into: I have spoken to him.")

    hedwig.signs_in(group.owner.email, phone=group.owner.phone)
    hedwig.opens(group.path("/members"))
    hedwig.presses("Role and removal: Ferenc Bartos")
    hedwig.ticks("Moderator")
    hedwig.presses("Give this role")
    hedwig.reads("The role is given")
    here.mail_to(group.ferenc.email, "moderator")
    ferenc.opens(group.path())
    ferenc.reads("For officers", "What members report")


def test_members_agree_to_new_rules_or_leave(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    hedwig, marta = visitor(), visitor(on_phone=True)
    hedwig.signs_in(group.owner.email, phone=group.owner.phone)
    hedwig.opens(group.path("/settings/rules"))
    hedwig.fills({"Rules": RULES + "3. Nobody trades past the group.\n"})
    hedwig.presses("Put version 2 in force")
    hedwig.reads("Version 2 of the rules is in force.")
    for page in ("/settings", "/settings/terms", "/settings/instructions", "/terms", "/close", "/rules"):
        hedwig.opens(group.path(page))
    marta.signs_in(group.marta.email)
    marta.opens("/")
    marta.presses("Read the rules", within="main")
    marta.reads("Nobody trades past the group.")
    marta.presses("Agree to the rules, version 2")
    marta.reads("You agreed to the rules, version 2.")
    marta.presses("Leave the group")
    marta.reads("Your running bids are void")
    marta.presses("Leave Lindengasse Antiques")
    marta.reads("You left Lindengasse Antiques.")
    marta.opens(group.path("/lots"), status=404)


def test_who_trades_past_the_group_is_removed_and_told_why(visitor: NewVisitor, here: House) -> None:
    group = club(here)
    hedwig, jonas = visitor(on_phone=True), visitor()
    jonas.signs_in(group.jonas.email)
    hedwig.signs_in(group.owner.email, phone=group.owner.phone)
    hedwig.opens(group.path("/members"))
    hedwig.presses("Role and removal: Jonas Weidl")
    hedwig.fills({"Why": "He trades past the group."})
    hedwig.presses("Remove Jonas Weidl from the group")
    hedwig.reads("He is a member no more")
    here.mail_to(group.jonas.email, "He trades past the group.")
    jonas.opens(group.path())
    jonas.reads("You were removed from this group", "He trades past the group.")
