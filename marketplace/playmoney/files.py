"""Files that are uploaded, such as photographs for a bank."""

from __future__ import annotations

import base64

from marketplace.playmoney.refusals import Refusal
from marketplace.playmoney.till import Thing, Till, shown

_MOST_BYTES = 5_000_000
_KINDS = {b"%PDF": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG": "png"}
EVIDENCE_FIELDS = frozenset(
    "cancellation_policy customer_communication customer_signature duplicate_charge_documentation receipt refund_policy"
    " service_documentation shipping_documentation uncategorized_file".split()
)
"""Parts of a dispute's evidence that name a file."""


def create(till: Till, asked: Thing) -> Thing:
    """Raises Refusal where it is too large, or no file that a bank reads."""
    name, _, content = asked["file"].partition(":")
    raw = base64.b64decode(content)
    kind = next((kind for start, kind in _KINDS.items() if raw.startswith(start)), None)
    if asked["purpose"] == "dispute_evidence" and kind is None:
        raise Refusal("Unsupported file type. Supported: PDF, JPEG, PNG.", param="file")
    if len(raw) > _MOST_BYTES:
        raise Refusal("The file is larger than 5 MB.", code="file_too_large", param="file")
    made = till.add(
        "file", "file",
        {
            "filename": name, "purpose": asked["purpose"], "size": len(raw), "type": kind, "title": None, "url": None,
            "expires_at": None, "links": None, "_content": content,
        },
    )  # fmt: skip
    return shown(made)


def check(till: Till, evidence: Thing) -> None:
    """Raises Refusal where a part names no file, or one that was uploaded for something else."""
    for part in EVIDENCE_FIELDS & evidence.keys():
        if till.find("file", evidence[part], param=f"evidence[{part}]")["purpose"] != "dispute_evidence":
            raise Refusal("The file was not uploaded as evidence.", param=f"evidence[{part}]")


def pair(name: str, content: bytes) -> str:
    """A file as a parameter: its name and its bytes."""
    return f"{name.replace(':', '')}:{base64.b64encode(content).decode()}"


def content_of(till: Till, name: str) -> bytes:
    """Raises Refusal."""
    return base64.b64decode(till.find("file", name)["_content"])
