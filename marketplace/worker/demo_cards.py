"""The demo's group that is paid by card, with play money: one seller who can be paid, and a lot to pay for."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from marketplace.groups import founding, joining
from marketplace.groups.entry_rules import JoinPolicy
from marketplace.groups.term_rules import Terms
from marketplace.payments import sellers
from marketplace.payments.rules import Through
from marketplace.playmoney import accounts
from marketplace.playmoney.till import Till
from marketplace.worker import demo_lots, demo_words as words, installation
from marketplace.worker.demo_lots import Script
from marketplace.worker.demo_story import CURRENCY, ZONE, Story

RAILWAYS = "platform-nine"
"""The group's address."""

_FOUNDED_DAYS_AGO = 40.0
_ACCOUNT_DAYS_AGO = 38.0
_MEMBERS = ("rosa", "marta", "ferenc", "emil")
_SELLER = "rosa"


def scripts() -> list[Script]:
    """The lots that are paid by card."""
    return demo_lots.read("demo_cards.toml")


def tell(story: Story) -> None:
    """The group is founded and joined, and its seller gets an account that can be paid."""
    story.at(story.ago(_FOUNDED_DAYS_AGO), partial(_found, story))
    for name in _MEMBERS:
        story.at(story.ago(_FOUNDED_DAYS_AGO - 1), partial(_join, story, name))
    file = installation.play_money_file()
    file.unlink(missing_ok=True)  # of a try that was killed
    story.at(story.ago(_ACCOUNT_DAYS_AGO), partial(_open_account, story, file))


def ask_for_account(story: Story) -> None:
    """As the page does before it lists a lot."""
    account = sellers.account_of(story.people[_SELLER])
    if account is not None and account.account_id is not None:
        well = sellers.Standing(is_active=True, is_paid_out=True, has_told=True, wanted=())
        sellers.note_account(account.account_id, well)


def _found(story: Story) -> None:
    group = founding.found_group(
        by=story.people["leopold"], client_key=story.key("group"), name="Platform Nine",
        collects="model railways, and what stands beside the track", currency=CURRENCY, time_zone=ZONE.key,
        rules_text=words.RULES_OF_RAILWAYS, instructions=words.INSTRUCTIONS_OF_RAILWAYS,
        terms=Terms(gateway=Through.STRIPE), join_policy=JoinPolicy.OPEN,
    )  # fmt: skip
    story.groups[RAILWAYS] = group.id


def _join(story: Story, name: str) -> None:
    joining.ask_to_join(by=story.people[name], group_id=story.groups[RAILWAYS], answers=[], agreed_version=1)


def _open_account(story: Story, file: Path) -> None:
    """What Stripe's form would ask of her is told already, so that her lots can be paid at once."""
    key, _none_yet, country = sellers.begin(by=story.people[_SELLER], country="AT")
    till = Till(file=file)
    asked = {
        "controller": {"stripe_dashboard": {"type": "express"}}, "capabilities": {"transfers": {"requested": True}},
        "country": country, "metadata": {"seller": key},
    }  # fmt: skip
    account = accounts.create(till, asked)
    accounts.become(till, account["id"])
    till.save()
    sellers.name_account(story.people[_SELLER], key, account["id"])
    ask_for_account(story)
