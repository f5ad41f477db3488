"""What Stripe still wants to know of a seller, in words: its own are paths such as individual.verification.document."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

# The first that is found in a path says what it is about; the order is from the particular to the general.
_PARTS = (
    ("external_account", _l("a bank account to pay out to")),
    ("tos_acceptance", _l("that you accept Stripe’s terms")),
    ("document", _l("a picture of a document that shows who you are")),
    ("verification", _l("a proof of who you are")),
    ("dob", _l("your date of birth")),
    ("id_number", _l("the number of an identity document")),
    ("address", _l("your address")),
    ("phone", _l("a telephone number")),
    ("email", _l("an e-mail address")),
    ("first_name", _l("your name")),
    ("last_name", _l("your name")),
    ("business_profile", _l("what you sell")),
    ("business_type", _l("whether you sell as a person or as a business")),
    ("company", _l("particulars of your business")),
)
_OTHER = _l("something else, which its form names")


def wanted_words(wanted: Sequence[str]) -> list[str]:
    """A line for each thing, once."""
    found = (next((words for part, words in _PARTS if part in path), _OTHER) for path in wanted)
    return list(dict.fromkeys(str(words) for words in found))
