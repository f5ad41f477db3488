"""What would become of each row of a table, judged by the schema and the law of an item's form. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError

from marketplace.catalog import rules, service
from marketplace.catalog.archives import MOST_FILES
from marketplace.catalog.import_models import Import, KeptFile
from marketplace.catalog.import_rules import (
    CLAIMS,
    MEND,
    NAMES,
    PHOTOS,
    Columns,
    Said,
    Words,
    columns_of,
    file_key,
    said_in,
)
from marketplace.catalog.rules import MOST_PHOTOS, Category, Condition, Details, Sureness
from marketplace.catalog.schemas import WORDS, ItemForm
from marketplace.catalog.table_rules import Table, table_of
from marketplace.groups import queries as groups
from marketplace.kernel.errors import RuleBroken
from marketplace.kernel.table_rules import FIELD, Row, file_of, folded, shown

_ALSO: dict[StrEnum, tuple[str, ...]] = {
    Sureness.CERTAIN: ("sure", "sicher", "gewiss"),
    Sureness.LIKELY: ("probably", "probable", "wahrscheinlich"),
    Sureness.UNKNOWN: ("unknown", "unbekannt", "nicht bekannt"),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of one row."""

    row: Row
    title: str
    details: Details | None
    """None where something is wrong with it."""
    photos: tuple[KeptFile, ...]
    wrong: tuple[RuleBroken, ...]
    """Each at its form field; without one it is about the whole row."""
    questions: tuple[RuleBroken, ...]
    """What the draft would have to answer before it is published."""

    @property
    def is_good(self) -> bool:
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Report:
    """What would become of a table, or of what is left of it."""

    table: Table
    columns: Columns
    verdicts: tuple[Verdict, ...]
    unused: tuple[KeptFile, ...]
    """Files of the ZIP that no row names, or that we do not take."""

    @property
    def good(self) -> tuple[Verdict, ...]:
        return tuple(each for each in self.verdicts if each.is_good)

    @property
    def wrong(self) -> tuple[Verdict, ...]:
        return tuple(each for each in self.verdicts if not each.is_good)

    def heading_of(self, field: str | None) -> str:
        """The column that a form field stands in, as the file calls it."""
        if field == CLAIMS:
            return ", ".join(shown(label) for label, _place in self.columns.promises)
        place = self.columns.places.get(field or "")
        return shown(self.table.headings[place]) if place is not None else NAMES.get(field or "", ("",))[0]

    def to_mend(self, sentences: Mapping[int, str]) -> bytes:
        """The rows that are not good, as a file: before each what to mend, by its number."""
        old = self.columns.places.get(MEND, -1)
        rest = [self.table.headings, *(each.row.cells for each in self.wrong)]
        headings, *rows = [[cell for place, cell in enumerate(cells) if place != old] for cells in rest]
        said = [[sentences[each.row.number], *cells] for each, cells in zip(self.wrong, rows, strict=True)]
        return file_of([NAMES[MEND][0], *headings], said, self.table.separator)


def judge(upload: Import, *, at: datetime) -> Report:
    """Judge every row of an upload that was not imported: alike each time, unless the group's currency has changed."""
    table = table_of(upload.content)
    columns, words, form = columns_of(table.headings), _words(), ItemForm()
    files = {file_key(file.name): file for file in upload.files}
    group = groups.group(upload.group_id)  # held here, so that not every row asks for it
    done = {number for number, _item_id in upload.made or ()}
    verdicts = []
    for row in (row for row in table.rows if row.number not in done):
        said = said_in(row.cells, columns, words)
        photos = _photos(said, files, had_zip=upload.had_zip)
        details = _details(said, form)
        questions: tuple[RuleBroken, ...] = ()
        if details is not None:
            questions = _questions(details, said, len(photos), by=upload.person_id, group_id=group.id, at=at)
        verdicts.append(
            Verdict(
                row=row, title=shown(columns.cell("title", row.cells)),
                details=None if said.wrong else details, photos=photos, wrong=tuple(said.wrong), questions=questions,
            )
        )  # fmt: skip
    unused = tuple(file for file in upload.files if not file.key)
    return Report(table, columns, tuple(verdicts), unused)


def photos_named_in(content: bytes) -> set[str]:
    """The keys of all files that a table names. Raises RuleBroken where the table cannot be read, or names too many:
    each item gets copies of its own."""
    table = table_of(content)
    columns, words = columns_of(table.headings), _words()
    named = [file_key(name) for row in table.rows for name in said_in(row.cells, columns, words).photos]
    if len(named) > MOST_FILES:
        raise RuleBroken(
            "The rows name %(count)s photographs, and %(most)s are taken at once. Split the table.",
            field=FIELD, count=len(named), most=MOST_FILES,
        )  # fmt: skip
    return set(named)


def _details(said: Said, form: ItemForm) -> Details | None:
    """What the form would hand to the use case; or none, and what is wrong is noted."""
    try:
        details: Details = form.load(said.typed)["details"]
    except ValidationError as wrong:
        said.wrong += [RuleBroken(sentence, field=field) for field, sentence in _sentences(wrong).items()]
        return None
    return replace(details, unsaid=said.unsaid)


def _questions(
    details: Details, said: Said, photos: int, *, by: int, group_id: int, at: datetime
) -> tuple[RuleBroken, ...]:
    """What stays open. A sum that is none of the currency's is noted as wrong."""
    try:
        item = service.begun(by=by, group_id=group_id, client_key="", details=details, at=at)
    except RuleBroken as why:
        said.wrong.append(why)
        return ()
    return tuple(rules.lacks(item.facts(photos=photos)))


def _photos(said: Said, files: Mapping[str, KeptFile], *, had_zip: bool) -> tuple[KeptFile, ...]:
    """The pictures of a row, the same one once. What is missing or no photograph is noted."""
    found: dict[str, KeptFile] = {}
    for name in said.photos:
        file = files.get(file_key(name))
        if not had_zip:
            said.wrong.append(_about_photo("“%(name)s” did not come: send the ZIP with the photographs, too.", name))
            break
        if file is None:
            said.wrong.append(_about_photo("“%(name)s” is not in the ZIP. Add it, or take its name out.", name))
        elif file.trouble:
            said.wrong.append(_about_photo("“%(name)s”: %(trouble)s", name, trouble=file.trouble))
        else:
            found.setdefault(file.sha256, file)
    if len(found) > MOST_PHOTOS:
        said.wrong.append(
            RuleBroken("An item has %(most)s photographs at most. Name fewer.", field=PHOTOS, most=MOST_PHOTOS)
        )
    return tuple(found.values())


def _about_photo(message: str, name: str, **details: str) -> RuleBroken:
    return RuleBroken(message, field=PHOTOS, name=shown(name), **details)


def _sentences(wrong: ValidationError) -> dict[str, str]:
    """The first sentence at each field; the columns of promises are one."""
    said: dict[str, str] = {}
    for field, messages in wrong.normalized_messages().items():
        first: Any = messages
        while isinstance(first, Mapping | list) and first:
            first = next(iter(first.values())) if isinstance(first, Mapping) else first[0]
        said.setdefault(CLAIMS if field.startswith("claim") else field, str(first))
    return said


def _words() -> Words:
    """What may be written for each choice: our own word, what the form shows, and a few more."""
    kinds: dict[str, type[StrEnum]] = {"category": Category, "condition": Condition, "sureness": Sureness}
    return {
        field: {
            folded(name): value for value in kind for name in (value.value, str(WORDS[value]), *_ALSO.get(value, ()))
        }
        for field, kind in kinds.items()
    }
