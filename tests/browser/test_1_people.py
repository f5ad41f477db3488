"""Journey 1: somebody signs up, makes himself at home, and keeps his account his own."""

from __future__ import annotations

from tests.browser.conftest import NewVisitor
from tests.browser.visitor import Visitor, pictures
from tests.cast import Somebody, somebody
from tests.factories.accounts import PASSWORD
from tests.factories.catalog import a_picture
from tests.house import House
from tests.phone import Phone

SECOND, THIRD = "a watch without its crown", "three candlesticks of brass"


def sign_up(marta: Visitor, email: str) -> None:
    marta.opens("/")
    marta.presses("Sign up")
    marta.fills({"Your name": "Marta Lind", "E-mail": email, "Password": PASSWORD})
    marta.presses("Sign up and send me the link")
    marta.reads(f"We sent a mail to {email}")


def test_somebody_signs_up_proves_her_address_and_is_in(visitor: NewVisitor, here: House) -> None:
    marta, email = visitor(), "marta.lind@example.org"
    sign_up(marta, email)
    marta.fills({"E-mail": email, "Password": PASSWORD})
    marta.presses("Sign in", within="main form", status=422)
    marta.reads("Prove your e-mail address first")
    marta.opens(here.link_to(email, "Prove your e-mail address"))
    marta.reads("Prove your e-mail address", email)
    marta.fills({"Password": "not her password"})
    marta.presses("Prove this address and sign in", status=422)
    marta.reads("E-mail and password do not match", "4 tries left")
    marta.fills({"Password": PASSWORD})
    marta.presses("Prove this address and sign in")
    marta.reads("Your e-mail address is proved", "Nothing waits for you, Marta Lind", "You belong to no group yet")


def test_nobody_learns_whether_an_address_is_known(visitor: NewVisitor, here: House) -> None:
    with here.inside():
        known = somebody("Marta Lind").email
    stranger = visitor(on_phone=True)
    sign_up(stranger, known)
    here.mail_to(known, "already")
    stranger.opens("/new-password")
    stranger.fills({"E-mail": "nobody@example.org"})
    stranger.presses("Send me the link")
    stranger.reads("If nobody@example.org belongs to somebody here")
    assert here.mails_to("nobody@example.org") == []


def test_she_says_who_she_is_and_where_parcels_go(visitor: NewVisitor, here: House) -> None:
    marta, _who = signed_in(visitor, here)
    marta.opens("/settings")
    marta.presses("Change name, picture and words")
    marta.fills({"Your name": "", "About you": "Porcelain, **before 1800**."})
    marta.forces("Keep name and words")
    marta.finds_error("name", "Write something here.")
    marta.fills({"Your name": "Marta Lind"})
    marta.presses("Keep name and words")
    marta.opens("/settings/profile")
    marta.attaches("A photograph", *pictures([a_picture(size=(640, 480))]))
    marta.presses("Send this picture")
    marta.opens("/settings")
    marta.reads("before 1800")
    marta.presses("Add an address")
    marta.fills({"Street and number": "Lindengasse 7", "Postal code": "1070", "Town": "Wien"})
    marta.chooses("Country", "Austria")
    marta.presses("Keep this address")
    marta.reads("Lindengasse 7", "1070 Wien", "Default")


def test_payout_details_want_a_second_factor_and_her_phone_is_the_key(visitor: NewVisitor, here: House) -> None:
    marta, who = signed_in(visitor, here)
    codes = set_up_phone(marta)
    marta.presses("I have them: go on to where I was")
    marta.fills({"Holder and account": "Marta Lind\nAT61 1904 3002 3457 3201"})
    marta.presses("Keep these details and use them after 72 hours")
    marta.reads("AT61 1904 3002 3457 3201", "Until then what is due to you waits.")
    here.mail_to(who.email, "is paid was changed")

    elsewhere = visitor(on_phone=True)
    elsewhere.opens("/sign-in")
    elsewhere.fills({"E-mail": who.email, "Password": PASSWORD})
    elsewhere.presses("Sign in", within="main form")
    elsewhere.reads("Enter your code")
    elsewhere.fills({"Code": codes[0]})
    elsewhere.presses("Sign in", within="main form")
    elsewhere.reads("That recovery code is used up; 9 are left.")
    elsewhere.opens("/settings/second-factor")
    elsewhere.presses("Turn the second factor off")
    elsewhere.reads("Your second factor is off.")


def set_up_phone(marta: Visitor) -> list[str]:
    """Where the page asks for it. Gives the recovery codes."""
    marta.opens("/settings")
    marta.presses("See or change payout details")
    marta.reads("For this you need a second factor", "Scan this with the app")
    phone = Phone(marta.page.locator("main code").inner_text())
    marta.fills({"Code": "000000"})
    marta.presses("Set up this second factor", status=422)
    marta.finds_error("code", "This code does not match")
    marta.fills({"Code": phone.code()})
    marta.presses("Set up this second factor")
    marta.reads("Your recovery codes")
    codes = marta.page.locator(".certificate code").all_inner_texts()
    assert len(codes) == 10
    return codes


def test_she_changes_her_password_and_later_forgets_it(visitor: NewVisitor, here: House) -> None:
    marta, who = signed_in(visitor, here)
    elsewhere = visitor(on_phone=True)
    elsewhere.signs_in(who.email)
    marta.opens("/settings/password")
    marta.fills({"Password that you have": PASSWORD, "New password": "short"})
    marta.forces("Change the password")
    marta.finds_error("new_password", "Use 10 characters or more")
    marta.fills({"Password that you have": PASSWORD, "New password": SECOND})
    marta.presses("Change the password")
    marta.reads("signed out on every other device")
    here.mail_to(who.email, "Your password was changed")
    elsewhere.opens("/settings")
    elsewhere.reads("Sign in to see this page.")

    elsewhere.presses("Send me a link for a new password")
    elsewhere.fills({"E-mail": who.email})
    elsewhere.presses("Send me the link")
    elsewhere.reads(f"If {who.email} belongs to somebody here")
    elsewhere.opens(here.link_to(who.email, "A new password for Earnest"))
    elsewhere.fills({"New password": THIRD})
    elsewhere.presses("Set this password")
    elsewhere.reads("Your new password is set")
    elsewhere.signs_in(who.email, password=THIRD)


def test_she_changes_her_address_and_signs_out_everywhere(visitor: NewVisitor, here: House) -> None:
    marta, _who = signed_in(visitor, here)
    new = "marta@lind.example.org"
    marta.opens("/settings/email")
    marta.fills({"New e-mail address": new})
    marta.presses("Send the link to this address")
    marta.reads("until then your old address stays")
    marta.opens(here.link_to(new, "Prove your new e-mail address"))
    marta.reads("Your e-mail address is changed")
    marta.signs_in(new)
    elsewhere = visitor(on_phone=True)
    elsewhere.signs_in(new)
    marta.opens("/settings")
    marta.presses("Sign out on every device")
    elsewhere.opens("/settings")
    elsewhere.reads("Sign in to see this page.")


def signed_in(visitor: NewVisitor, here: House) -> tuple[Visitor, Somebody]:
    """Marta, known for a while, at her desk."""
    with here.inside():
        who = somebody("Marta Lind")
    marta = visitor()
    marta.signs_in(who.email)
    return marta, who
