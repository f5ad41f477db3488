"""Words that the law reserves: nobody here is a licensed escrow agent, and no page or mail says that one is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
MODULES = sorted((ROOT / "marketplace").rglob("*.py"))
SAYERS = {
    "_",
    "_l",
    "gettext",
    "lazy_gettext",
    "ngettext",
    "lazy_ngettext",
    "RuleBroken",
    "NotAllowed",
    "NotFound",
    "Stale",
}
RESERVED = re.compile(r"\bescrow|\btrust account|\binsured\b", re.IGNORECASE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def said_by(module: Path) -> Iterator[str]:
    """Every sentence that a module has for people."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in SAYERS:
            yield from (
                each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


@pytest.mark.parametrize("template", TEMPLATES, ids=name)
def test_no_page_and_no_mail_calls_it_escrow(template: Path) -> None:
    shown = re.sub(r"\{#.*?#\}|\{%\s*(import|from|include|extends).*?%\}", "", template.read_text(), flags=re.DOTALL)
    assert not RESERVED.findall(shown)


def test_no_sentence_calls_it_escrow() -> None:
    said = [sentence for module in MODULES for sentence in said_by(module)]
    assert len(said) > 1000, "they are found"
    assert not [sentence for sentence in said if RESERVED.search(sentence)]
