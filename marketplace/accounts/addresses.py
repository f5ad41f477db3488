"""Where parcels go: a person's own list, shown to nobody; an order keeps a copy for its seller."""

from __future__ import annotations

from sqlalchemy import func, select, update

from marketplace.accounts import rules
from marketplace.accounts.models import Address
from marketplace.accounts.service import locked
from marketplace.kernel import audit
from marketplace.kernel.database import db, use_case
from marketplace.kernel.errors import NotFound, RuleBroken


@use_case
def add_address(
    *,
    by: int,
    recipient: str,
    street: str,
    city: str,
    country: str,
    postal_code: str = "",
    region: str = "",
    phone: str = "",
    is_default: bool = False,
) -> Address:
    """Keep an address. The first becomes the default; one that is kept already is not kept twice."""
    locked(by)
    new = Address(
        person_id=by, recipient=recipient, street=street, postal_code=postal_code, city=city, region=region,
        country=country, phone=phone, is_default=False,
    )  # fmt: skip
    kept = list(db.session.scalars(select(Address).where(Address.person_id == by)))
    same = next((old for old in kept if old.text == new.text), None)
    if same is None and len(kept) >= rules.MOST_ADDRESSES:
        raise RuleBroken("You have %(most)s addresses. Remove one that you do not need.", most=rules.MOST_ADDRESSES)
    address = same or new
    db.session.add(address)
    db.session.flush()
    if is_default or not kept:
        _make_default(address)
    audit.note("keep address", f"address:{address.id}", by=by)
    return address


@use_case
def change_address(
    *,
    by: int,
    address_id: int,
    recipient: str,
    street: str,
    city: str,
    country: str,
    postal_code: str = "",
    region: str = "",
    phone: str = "",
    is_default: bool = False,
) -> None:
    """Write an address anew. Orders keep the copy that they have."""
    address = _own(by, address_id)
    address.recipient, address.street, address.phone = recipient, street, phone
    address.postal_code, address.city, address.region, address.country = postal_code, city, region, country
    if is_default:
        _make_default(address)
    audit.note("change address", f"address:{address.id}", by=by)


@use_case
def remove_address(*, by: int, address_id: int) -> None:
    """Forget an address. If it was the default, the oldest of the others becomes it."""
    address = _own(by, address_id)
    was_default = address.is_default
    db.session.delete(address)
    db.session.flush()
    next_id = db.session.scalar(select(func.min(Address.id)).where(Address.person_id == by))
    if was_default and next_id is not None:
        _make_default(db.session.get_one(Address, next_id))
    audit.note("remove address", f"address:{address_id}", by=by)


def _own(person_id: int, address_id: int) -> Address:
    """One of the person's addresses. Somebody else's is not there for him."""
    locked(person_id)  # one change of a person's list at a time
    address = db.session.get(Address, address_id)
    if address is None or address.person_id != person_id:
        raise NotFound("There is no such address.")
    return address


def _make_default(address: Address) -> None:
    others = update(Address).where(Address.person_id == address.person_id, Address.is_default)
    db.session.execute(others.values(is_default=False))
    address.is_default = True
    db.session.flush()
