"""The people of the demo, and how they came into its groups."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flask_babel import lazy_gettext as _l

from marketplace.accounts import addresses, payout_details, second_factors, service as accounts
from marketplace.accounts.queries import DEMO_DOMAIN, DEMO_PASSWORD
from marketplace.groups import founding, instructions, joining, members
from marketplace.groups.entry_rules import JoinPolicy
from marketplace.groups.queries import last_application
from marketplace.groups.rules import Role
from marketplace.groups.term_rules import Terms
from marketplace.worker import demo_words as words
from marketplace.worker.demo_story import CURRENCY, ZONE, Story

ANTIQUES, WATCHES = "lindengasse-antiques", "the-escapement"
"""The groups' addresses."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person of the demo. `days` ago he signed up; who has a `role` joined the antiques group right after."""

    name: str
    roles: str
    """What he is, for the sign-in page. Translated where it is shown."""
    days: int
    role: Role | None
    about: str = ""
    address: tuple[str, str, str, str] | None = None
    """Street, postal code, town, country."""
    moves_money: bool = False
    is_operator: bool = False

    @property
    def key(self) -> str:
        """His first name, by which the data files know him."""
        return self.name.split()[0].lower()

    @property
    def email(self) -> str:
        return self.key + DEMO_DOMAIN


R = Role

# fmt: off
PEOPLE = (
    Somebody("Hedwig Amsel", _l("owner; founded the group"), 428, R.OWNER, words.HEDWIG,
             ("Lindengasse 7/12", "1070", "Wien", "AT"), moves_money=True),
    Somebody("Leopold Strasser", _l("owner; second officer where the treasurer is party or late"), 426, R.OWNER,
             "Clocks that strike, and the books about them.", ("Alleegasse 31", "8010", "Graz", "AT"),
             moves_money=True),
    Somebody("Agnes Thaler", _l("treasurer; confirms what comes in and goes out"), 424, R.TREASURER,
             "Thirty years behind a bank counter. Collects postcards of airships.",
             ("Domgasse 3", "4020", "Linz", "AT"), moves_money=True),
    Somebody("Viktor Sedlak", _l("moderator; a dispute waits for his ruling"), 420, R.MODERATOR, words.VIKTOR,
             ("Hauptplatz 14", "3100", "St. Pölten", "AT"), moves_money=True),
    Somebody("Irma Holub", _l("moderator; an application and a report wait for her"), 415, R.MODERATOR,
             "Glass of the years around 1900.", ("Moravské náměstí 9", "602 00", "Brno", "CZ"), moves_money=True),
    Somebody("Marta Lind", _l("member; buys, sells, and has much to do"), 410, R.MEMBER, words.MARTA,
             ("Sechskrügelgasse 4", "1030", "Wien", "AT")),
    Somebody("Jonas Weidl", _l("member; sells watches, owner of The Escapement"), 405, R.MEMBER, words.JONAS,
             ("Pfarrgasse 22", "4400", "Steyr", "AT"), moves_money=True),
    Somebody("Ferenc Bartos", _l("member; a buyer, in dispute about a watch"), 398, R.MEMBER, words.FERENC,
             ("Fő utca 18", "1011", "Budapest", "HU")),
    Somebody("Ottilie Kranz", _l("member; a seller, in dispute about a watch"), 390, R.MEMBER,
             "I clear houses, carefully.", ("Linzer Gasse 40", "5020", "Salzburg", "AT")),
    Somebody("Rosa Binder", _l("member; sells models, and is paid by card in Platform Nine"), 377, R.MEMBER,
             "Gauge 0 and everything that steams.", ("Bahnhofstraße 5", "6800", "Feldkirch", "AT")),
    Somebody("Klara Weiss", _l("member; treasurer of The Escapement"), 340, R.MEMBER,
             "Silver, and orchids on the window-sill.", ("Neugasse 11", "7000", "Eisenstadt", "AT"), moves_money=True),
    Somebody("Emil Novak", _l("member, new, with two strikes"), 46, R.MEMBER, "",
             ("Lidická 30", "370 01", "České Budějovice", "CZ")),
    Somebody("Tilda Moser", _l("has left the group; one of her orders is still open"), 300, R.MEMBER, "",
             ("Kirchgasse 2", "9020", "Klagenfurt", "AT")),
    Somebody("Gustav Reiter", _l("was removed from the group"), 160, R.MEMBER, "",
             ("Am Bach 1", "2340", "Mödling", "AT")),
    Somebody("Paul Egger", _l("asks to join; nobody has decided yet"), 3, None, "",
             ("Mühlweg 8", "6020", "Innsbruck", "AT")),
    Somebody("Nora Feld", _l("operator of the site, member of no group"), 430, None, is_operator=True),
)
# fmt: on

LEFT_DAYS_AGO, REMOVED_DAYS_AGO = 6.1, 15.0
_RULES_CHANGED_DAYS_AGO = 210.0
_WATCHES_FOUNDED_DAYS_AGO = 150.0


def introduce() -> list[tuple[str, str, str]]:
    """Name, address and what they are, for the sign-in page."""
    return [(each.name, each.email, each.roles) for each in PEOPLE]


def tell(story: Story) -> None:
    """Everybody signs up; groups are founded, joined, led and left."""
    for each in PEOPLE:
        story.at(story.ago(each.days), partial(_sign_up, story, each))
    founded = story.ago(PEOPLE[0].days - 0.5)
    story.at(founded, partial(_found_antiques, story))
    for each in PEOPLE[1:]:
        if each.role is not None:
            story.at(max(story.ago(each.days - 0.7), founded), partial(_ask, story, each, ANTIQUES))
            story.at(max(story.ago(each.days - 1.4), founded), partial(_come_in, story, each))
    story.at(story.ago(_RULES_CHANGED_DAYS_AGO), partial(_change_rules, story))
    story.at(story.ago(REMOVED_DAYS_AGO), partial(_remove_gustav, story))
    story.at(story.ago(LEFT_DAYS_AGO), partial(_leave, story, "tilda"))
    story.at(story.ago(2.3), partial(_ask, story, PEOPLE[-2], ANTIQUES))
    story.at(story.ago(1.2), partial(_propose_instructions, story))
    _tell_of_watches(story)


def _tell_of_watches(story: Story) -> None:
    """The second group is open to everybody, and so is its catalogue."""
    story.at(story.ago(_WATCHES_FOUNDED_DAYS_AGO), partial(_found_watches, story))
    for each in PEOPLE:
        if each.key in ("marta", "klara", "irma"):
            story.at(story.ago(_WATCHES_FOUNDED_DAYS_AGO - 2), partial(_ask, story, each, WATCHES))
    story.at(
        story.ago(_WATCHES_FOUNDED_DAYS_AGO - 3), partial(_give_role, story, WATCHES, "jonas", "klara", Role.TREASURER)
    )


def _sign_up(story: Story, each: Somebody) -> None:
    person = accounts.create_person(
        email=each.email, name=each.name, password=DEMO_PASSWORD, confirmed=True, is_operator=each.is_operator
    )
    story.people[each.key] = person.id
    if each.about:
        accounts.describe(by=person.id, name=each.name, about=each.about)
    if each.address:
        street, postal_code, city, country = each.address
        addresses.add_address(
            by=person.id, recipient=each.name, street=street, postal_code=postal_code, city=city, country=country
        )
        payout_details.change_payout_details(by=person.id, details=words.BANK_ACCOUNT % (each.name, 4000 + person.id))
    if each.moves_money:
        second_factors.give(person_id=person.id)


def _found_antiques(story: Story) -> None:
    group = founding.found_group(
        by=story.people["hedwig"], client_key=story.key("group"), name="Lindengasse Antiques",
        collects="antiques that fit on a table", currency=CURRENCY, time_zone=ZONE.key,
        rules_text=words.RULES, instructions=words.INSTRUCTIONS, terms=Terms(officer_limit_minor=600_00),
        join_policy=JoinPolicy.APPROVAL,
        questions=words.QUESTIONS,
    )  # fmt: skip
    story.groups[ANTIQUES] = group.id


def _found_watches(story: Story) -> None:
    group = founding.found_group(
        by=story.people["jonas"], client_key=story.key("group"), name="The Escapement",
        collects="watches, their parts, and the tools to open them", currency=CURRENCY, time_zone=ZONE.key,
        rules_text=words.RULES_OF_WATCHES, instructions=words.INSTRUCTIONS_OF_WATCHES,
        terms=Terms(fee_basis_points=0), join_policy=JoinPolicy.OPEN, is_catalogue_public=True,
    )  # fmt: skip
    story.groups[WATCHES] = group.id


def _ask(story: Story, each: Somebody, group: str) -> None:
    group_id = story.groups[group]
    version = 2 if group == ANTIQUES and each.days < _RULES_CHANGED_DAYS_AGO else 1
    answers = words.ANSWERS.get(each.key, words.USUAL_ANSWERS) if group == ANTIQUES else []
    joining.ask_to_join(by=story.people[each.key], group_id=group_id, answers=answers, agreed_version=version)


def _come_in(story: Story, each: Somebody) -> None:
    group_id, hedwig = story.groups[ANTIQUES], story.people["hedwig"]
    asked = last_application(group_id, story.people[each.key])
    if asked is not None:
        joining.decide_application(by=hedwig, application_id=asked.id, is_accepted=True, reason="")
    if each.role not in (Role.MEMBER, None):
        _give_role(story, ANTIQUES, "hedwig", each.key, each.role)


def _give_role(story: Story, group: str, by: str, person: str, role: Role) -> None:
    members.give_role(by=story.people[by], group_id=story.groups[group], person_id=story.people[person], role=role)


def _change_rules(story: Story) -> None:
    """Whoever is a member by then agrees to the new version."""
    group_id = story.groups[ANTIQUES]
    version = founding.change_rules(
        by=story.people["hedwig"], group_id=group_id, text=words.RULES + words.ADDED_RULE, based_on=1
    )
    for each in PEOPLE[1:]:
        if each.role is not None and each.days > _RULES_CHANGED_DAYS_AGO:
            joining.agree_to_rules(by=story.people[each.key], group_id=group_id, version=version)


def _remove_gustav(story: Story) -> None:
    members.remove_member(
        by=story.people["irma"], group_id=story.groups[ANTIQUES], person_id=story.people["gustav"],
        reason=words.WHY_GUSTAV_WENT,
    )  # fmt: skip


def _leave(story: Story, person: str) -> None:
    members.leave_group(by=story.people[person], group_id=story.groups[ANTIQUES])


def _propose_instructions(story: Story) -> None:
    """A second officer has to approve it, so it waits."""
    instructions.propose_instructions(
        by=story.people["agnes"], group_id=story.groups[ANTIQUES], words=words.NEW_INSTRUCTIONS
    )
