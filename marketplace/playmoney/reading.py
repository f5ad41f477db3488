"""Questions: one object, a list of them page by page, the balance, and what is asked to be shown within another."""

from __future__ import annotations

from typing import Any

from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing, Till, shown

_MOST = 100
_KINDS_OF_REFERENCES = {
    "payment_intent": "payment_intent", "latest_charge": "charge", "charge": "charge",
    "balance_transaction": "balance_transaction", "source": "", "source_transaction": "charge", "dispute": "dispute",
    "destination": "account", "transfer": "transfer",
}  # fmt: skip
_NO_FILTERS = {"limit", "starting_after", "ending_before", "expand", "created", "types"}
_COMPARISONS = {"gt": int.__gt__, "gte": int.__ge__, "lt": int.__lt__, "lte": int.__le__}


def one(till: Till, kind: str, name: str, asked: Thing) -> Thing:
    """Raises Refusal where there is none."""
    return expanded(till, shown(till.find(kind, name)), asked.get("expand", []))


def page(till: Till, kind: str, asked: Thing) -> Thing:
    """The objects that are asked for, newest first, at most a hundred at a time."""
    filters = {name: value for name, value in asked.items() if name not in _NO_FILTERS}
    found = [each for each in till.all(kind, **filters) if _is_of_time(each, asked.get("created"))]
    if asked.get("types"):
        found = [each for each in found if each["type"] in asked["types"]]
    limit = asked.get("limit", 10)
    if not 1 <= limit <= _MOST:
        raise Refusal("Limit must be between 1 and 100.", param="limit")
    names = [each["id"] for each in found]
    if after := asked.get("starting_after"):
        found = found[_place(names, after) + 1 :]
    if before := asked.get("ending_before"):
        found = found[max(0, _place(names, before) - limit) : _place(names, before)]
    inner = [name.removeprefix("data.") for name in asked.get("expand", [])]
    data = [expanded(till, shown(each), inner) for each in found[:limit]]
    return {"object": "list", "url": f"/v1/{kind.replace('.', '/')}s", "has_more": len(found) > limit, "data": data}


def balance(till: Till) -> Thing:
    """What the platform has, by currency."""
    available, pending = till.balance()
    currencies = sorted(available | pending) or ["eur"]
    return {"object": "balance", "livemode": False} | {
        name: [{"amount": sums.get(currency, 0), "currency": currency} for currency in currencies]
        for name, sums in (("available", available), ("pending", pending))
    }


def expanded(till: Till, thing: Thing, paths: list[str]) -> Thing:
    """`thing` with the objects in it that `paths` name: latest_charge.balance_transaction."""
    for path in paths:
        name, _, rest = path.partition(".")
        value: Any = thing.get(name)
        if isinstance(value, str) and (inner := _object_of(till, name, value)):
            thing[name] = expanded(till, shown(inner), [rest] if rest else [])
        elif isinstance(value, dict) and rest:
            thing[name] = expanded(till, value, [rest])
        elif name not in thing:
            raise Refusal(f"This property cannot be expanded ({path}).", param="expand")
    return thing


def _object_of(till: Till, name: str, value: str) -> Thing | None:
    kind = _KINDS_OF_REFERENCES.get(name)
    if kind is None:
        raise Refusal(f"This property cannot be expanded ({name}).", param="expand")
    kinds = [kind] if kind else ["charge", "refund", "transfer", "transfer_reversal", "dispute"]
    return next((till.kept[each][value] for each in kinds if value in till.kept[each]), None)


def _is_of_time(thing: Thing, wanted: int | Thing | None) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return bool(thing["created"] == wanted)
    return all(_COMPARISONS[name](thing["created"], value) for name, value in wanted.items())


def _place(names: list[str], name: str) -> int:
    if name not in names:
        raise Refusal(f"No such object: '{name}'", code="resource_missing", param="starting_after")
    return names.index(name)
