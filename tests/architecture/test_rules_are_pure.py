"""rules.py decides; it may not know how anything is stored, shown, timed or sent. And no import hides in a function."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "marketplace"
FILES = sorted(ROOT.rglob("*.py"))
RULES = [file for file in FILES if file.stem.endswith("rules")]
IMPURE = {"os", "time", "random", "secrets", "socket", "sqlite3", "subprocess", "threading", "urllib"}


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("file", RULES, ids=name)
def test_rules_are_pure(file: Path) -> None:
    for imported in imports(ast.parse(file.read_text())):
        parts = imported.split(".")
        if parts[0] == "marketplace":
            assert imported in {"marketplace.kernel.money", "marketplace.kernel.errors"} or parts[-1].endswith("rules")
        else:
            assert parts[0] in sys.stdlib_module_names - IMPURE, f"{imported} is not for rules"


@pytest.mark.parametrize("file", FILES, ids=name)
def test_no_import_hides_in_a_function(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert not any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node)), node.name


@pytest.mark.parametrize("file", FILES, ids=name)
def test_files_and_functions_stay_small(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= 300, "split it by noun"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, f"{node.name} is two functions"
