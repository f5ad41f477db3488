"""Requests as the client sends them: forms with nested names, checked against the client's own types."""

from __future__ import annotations

import collections.abc
import re
import types
import typing
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NotRequired, Required, Union

from marketplace.playmoney.refusals import Malformed

_NAMES = {"StripeContext": object, "Mapping": collections.abc.Mapping}
"""Names in the client's annotations that its modules import for type checkers only."""
_OF_THE_CLIENT = {
    "api_key", "stripe_version", "stripe_account", "stripe_context", "max_network_retries", "idempotency_key",
    "content_type", "headers",
}  # fmt: skip
"""Options of the client that share a type with the parameters, and are never sent as such."""
_TRUTHS = {"true": True, "false": False}


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The form `a[b][0][c]=d` as {"a": {"b": [{"c": "d"}]}}."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        path = [part for part in re.split(r"[\[\]]+", name) if part]
        here = found
        for part in path[:-1]:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                raise Malformed(f"Invalid request: {name} is given as a value and as an object.", param=name)
        if name.endswith("[]"):
            here.setdefault(path[-1], {})[str(len(here.get(path[-1], {})))] = value
        else:
            here[path[-1]] = value
    return typing.cast(dict[str, Any], _with_lists(found))


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def checked(given: dict[str, Any], shape: type) -> dict[str, Any]:
    """`given` with its texts turned into what `shape`, a TypedDict of the client, says. Raises Malformed."""
    return _object(given, shape, "")


@cache
def _fields(shape: type) -> dict[str, Any]:
    return typing.get_type_hints(shape, localns=_NAMES, include_extras=True)


def _object(given: dict[str, Any], shape: type, path: str) -> dict[str, Any]:
    fields = {name: wanted for name, wanted in _fields(shape).items() if path or name not in _OF_THE_CLIENT}
    for name in given:
        if name not in fields:
            where = f"{path}[{name}]" if path else name
            raise Malformed(f"Received unknown parameter: {where}", code="parameter_unknown", param=where)
    for name, wanted in fields.items():
        if name not in given and typing.get_origin(wanted) is not NotRequired:
            where = f"{path}[{name}]" if path else name
            raise Malformed(f"Missing required param: {where}.", code="parameter_missing", param=where)
    return {name: _value(value, fields[name], f"{path}[{name}]" if path else name) for name, value in given.items()}


def _value(given: Any, wanted: Any, path: str) -> Any:
    """What `given` is as the type `wanted`."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (NotRequired, Required):
        return _value(given, inner[0], path)
    if origin in (Union, types.UnionType):
        return _one_of(given, inner, path)
    if origin is Literal:
        return _word(given, inner, path)
    if origin is list:
        return [_value(each, inner[0], f"{path}[{number}]") for number, each in enumerate(_as(list, given, path))]
    if origin is dict:
        return {name: _value(each, inner[1], f"{path}[{name}]") for name, each in _as(dict, given, path).items()}
    if hasattr(wanted, "__total__"):  # a TypedDict, of typing or of typing_extensions
        return _object(_as(dict, given, path), wanted, path)
    return _plain(given, wanted, path)


def _one_of(given: Any, wanted: tuple[Any, ...], path: str) -> Any:
    """A word of an open list is held to the words that are known: tests should not find new ones by mistake. Where the
    only word is the empty one, it stands for "take away", beside any other value."""
    words = [each for each in wanted if typing.get_origin(each) is Literal]
    if all(typing.get_args(each) == ("",) for each in words) and given != "":
        words, wanted = [], tuple(each for each in wanted if each not in words)
    choices = words or [each for each in wanted if each is not type(None)]
    refusals: list[Malformed] = []
    for each in choices:
        try:
            return _value(given, each, path)
        except Malformed as why:
            refusals.append(why)
    raise refusals[0]


def _word(given: Any, words: tuple[Any, ...], path: str) -> Any:
    if given not in words:
        known = ", ".join(str(word) for word in words)
        raise Malformed(f"Invalid {path}: must be one of {known}", code="parameter_invalid", param=path)
    return given


def _as(kind: type, given: Any, path: str) -> Any:
    if not isinstance(given, kind):
        raise Malformed(f"Invalid {'array' if kind is list else 'object'}: {path}", param=path)
    return given


def _plain(given: Any, wanted: Any, path: str) -> Any:
    if not isinstance(given, str):
        raise Malformed(f"Invalid value: {path}", param=path)
    if wanted is bool:
        if given not in _TRUTHS:
            raise Malformed(f"Invalid boolean: {given}", code="parameter_invalid_boolean", param=path)
        return _TRUTHS[given]
    if wanted is int:
        if not re.fullmatch(r"-?[0-9]{1,18}", given):
            raise Malformed(f"Invalid integer: {given}", code="parameter_invalid_integer", param=path)
        return int(given)
    if wanted in (float, Decimal):
        return float(given)
    return given
