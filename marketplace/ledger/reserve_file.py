"""How a proof of reserves is written down: JSON, sums in minor units."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from marketplace.kernel.money import LARGEST_MINOR
from marketplace.ledger.reserve_rules import Leaf, Node, Proof, Root, Side, Step

FORMAT = "proof of reserves 1"
_MOST_PROOFS, _MOST_STEPS = 10_000, 64


class Unreadable(ValueError):
    """The file is no proof of reserves; the message says where."""


@dataclass(frozen=True, slots=True)
class Document:
    """A proof as a member downloads it."""

    group: str
    root: Root
    seal: str
    proofs: tuple[Proof, ...]


def _hash() -> fields.String:
    return fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


def _sum(least: int = 1) -> fields.Integer:
    return fields.Integer(strict=True, required=True, validate=validate.Range(least, LARGEST_MINOR))


class _StepFile(Schema):
    side = fields.Enum(Side, by_value=True, required=True)
    hash = _hash()
    amount = _sum()


class _ProofFile(Schema):
    account = fields.String(required=True, validate=validate.Length(1, 200))
    amount = _sum()
    salt = _hash()
    path = fields.List(fields.Nested(_StepFile), required=True, validate=validate.Length(max=_MOST_STEPS))


class _DocumentFile(Schema):
    format = fields.String(required=True, validate=validate.Equal(FORMAT))
    group = fields.String(required=True, validate=validate.Length(max=200))
    group_id = _sum()
    day = fields.Date(required=True)
    currency = fields.String(required=True, validate=validate.Length(equal=3))
    transfers = _sum(0)
    last_transfer_seal = _hash()
    tree = _hash()
    owed = _sum(0)
    held = fields.Integer(strict=True, required=True, validate=validate.Range(-LARGEST_MINOR, LARGEST_MINOR))
    elsewhere = fields.Integer(strict=True, required=True, validate=validate.Range(-LARGEST_MINOR, LARGEST_MINOR))
    previous_root_seal = _hash()
    seal = _hash()
    proofs = fields.List(fields.Nested(_ProofFile), required=True, validate=validate.Length(max=_MOST_PROOFS))


def written(document: Document) -> str:
    """The proof as a file."""
    root = document.root
    values = {
        "format": FORMAT, "group": document.group, "group_id": root.group_id, "day": root.day.isoformat(),
        "currency": root.currency, "transfers": root.number, "last_transfer_seal": root.chain_hash,
        "tree": root.tree.hash, "owed": root.tree.minor, "held": root.held_minor, "elsewhere": root.elsewhere_minor,
        "previous_root_seal": root.previous, "seal": document.seal,
        "proofs": [_proof_written(proof) for proof in document.proofs],
    }  # fmt: skip
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def read(text: str) -> Document:
    """What stands in a file. Raises Unreadable."""
    try:
        values: dict[str, Any] = _DocumentFile().load(json.loads(text))
    except ValidationError as wrong:
        raise Unreadable(f"This is no proof of reserves: {json.dumps(wrong.messages)[:400]}") from wrong
    except (ValueError, RecursionError, TypeError) as wrong:
        raise Unreadable(f"This is no proof of reserves: {wrong}") from wrong
    root = Root(
        group_id=values["group_id"], day=values["day"], currency=values["currency"], number=values["transfers"],
        chain_hash=values["last_transfer_seal"], tree=Node(values["tree"], values["owed"]),
        held_minor=values["held"], elsewhere_minor=values["elsewhere"], previous=values["previous_root_seal"],
    )  # fmt: skip
    return Document(values["group"], root, values["seal"], tuple(_proof_read(each) for each in values["proofs"]))


def _proof_written(proof: Proof) -> dict[str, object]:
    path = [
        {"side": str(step.side), "hash": step.neighbour.hash, "amount": step.neighbour.minor} for step in proof.path
    ]
    return {"account": proof.leaf.account, "amount": proof.leaf.minor, "salt": proof.leaf.salt, "path": path}


def _proof_read(values: dict[str, Any]) -> Proof:
    steps = tuple(Step(each["side"], Node(each["hash"], each["amount"])) for each in values["path"])
    return Proof(Leaf(values["account"], values["amount"], values["salt"]), steps)
