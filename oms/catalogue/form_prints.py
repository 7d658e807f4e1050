"""How the short CV forms are printed: lines, tables and signatures in the order of the paper.

Knows what is printed where; does not know a value.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from oms.catalogue.forms import Form, form, forms
from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, read_labels, read_validity, refuse_repeated
from oms.errors import N_, NotFound

PLACE = re.compile(r"\{(\w+(?: in words)?)\}")
"""Where a value stands in a printed line; a date “in words” as day, month and year apart."""
IN_WORDS = " in words"

_CELL = re.compile(r"\{(\d)\}")
OWN, SPOUSE = "own", "spouse"
"""The sides of a family."""


@dataclass(frozen=True, kw_only=True)
class RowsFrom:
    """How rows of a table of another form (or of an edition with `width` columns) stand here: `cells` are the texts with
    {n} where the nth cell of the row stands; with a `side` only relatives of that side."""

    table: str
    width: int
    cells: tuple[str, ...]
    side: str | None = None

    def take(self, row: Sequence[str]) -> tuple[str, ...]:
        """The row as it stands here; what joins an empty cell goes with it."""
        filled = (_CELL.sub(lambda found: row[int(found[1]) - 1].strip(), cell) for cell in self.cells)
        return tuple(text.replace("()", "").strip(" -/,;") for text in filled)


@dataclass(frozen=True, kw_only=True)
class PrintedBlock:
    """A table, or free text when it has no `columns` (head and width in hundredths of the line).

    `also` is a lying table inside a free text; `parts` are asked line by line.
    """

    key: str
    heading: str
    note: str | None = None
    columns: tuple[tuple[str, int], ...] = ()
    lying: bool = False
    parts: tuple[str, ...] = ()
    also: str | None = None
    also_heading: str | None = None
    rows_from: tuple[RowsFrom, ...] = ()

    @property
    def table_key(self) -> str | None:
        """The key of the table it shows, if any."""
        return (self.also or self.key) if self.columns else None

    @property
    def text_key(self) -> str | None:
        """The key of the free text it shows, if any."""
        return self.key if not self.columns or self.also else None


@dataclass(frozen=True)
class SignBlock:
    """One block of a signature: who, the words above, the hint below."""

    title: str
    text: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class FormPrint(Labelled, Dated):
    """A form as it is printed; the first `beside_photo` lines stand beside the frame of the photograph.

    `blanks` are what stands where a value is not known; `stand_ins` are the keys of other forms that ask the same, and
    `told_by` the tables of other forms whose rows answer a single value.
    """

    corner: str
    note: str | None
    title: str
    photo: str | None
    beside_photo: int
    left: tuple[str, ...]
    right: tuple[str, ...]
    lines: tuple[str, ...]
    blocks: tuple[PrintedBlock, ...]
    signs: tuple[SignBlock, SignBlock]
    blanks: Mapping[str, str]
    stand_ins: Mapping[str, tuple[str, ...]]
    told_by: Mapping[str, tuple[RowsFrom, ...]]

    @property
    def form(self) -> Form:
        """The form it is a print of."""
        return form(self.id)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the values in its lines, in printed order."""
        places = (place for line in (*self.left, *self.right, *self.lines) for place in PLACE.findall(line))
        return tuple(place.removesuffix(IN_WORDS) for place in places)


def read_prints(path: Path) -> dict[str, FormPrint]:
    """All prints of a file by form; raises `CatalogueError`."""
    top = open_file(path)
    found: dict[str, FormPrint] = {}
    for entry in top.entries("forms"):
        refuse_repeated(entry, entry.text("id"), found)
        found[entry.text("id")] = _read_print(entry)
    top.finish()
    return found


def _read_print(entry: Entry) -> FormPrint:
    sign = entry.entry("sign")
    printed = FormPrint(
        **read_labels(entry),
        **read_validity(entry),
        corner=entry.text("corner"),
        note=entry.text_or_none("note"),
        title=entry.text("title"),
        photo=entry.text_or_none("photo"),
        beside_photo=entry.number_or_none("beside_photo") or 0,
        left=entry.texts("left"),
        right=entry.texts("right"),
        lines=entry.texts("lines"),
        blocks=tuple(_read_block(row) for row in entry.entries("blocks")),
        signs=(_read_sign(sign, "left"), _read_sign(sign, "right")),
        blanks=MappingProxyType(_texts(entry, "blanks")),
        stand_ins=MappingProxyType(_stand_ins(entry)),
        told_by=MappingProxyType(_told_by(entry)),
    )
    sign.finish()
    entry.finish()
    _compare(entry, printed)
    return printed


def _texts(entry: Entry, key: str) -> dict[str, str]:
    inside = entry.entry_or_none(key)
    return {} if inside is None else {name: inside.text(name) for name in inside.names()}


def _stand_ins(entry: Entry) -> dict[str, tuple[str, ...]]:
    inside = entry.entry_or_none("stand_ins")
    asked = {item.key for one in forms() for item in one.items}
    return {} if inside is None else {name: inside.choices(name, asked) for name in inside.names()}


def _told_by(entry: Entry) -> dict[str, tuple[RowsFrom, ...]]:
    found: dict[str, tuple[RowsFrom, ...]] = {}
    for row in entry.entries("told_by"):
        found[row.text("key")] = (*found.get(row.text("key"), ()), _read_rows(row))
    return found


def _read_rows(entry: Entry) -> RowsFrom:
    rows = RowsFrom(
        table=entry.text("table"),
        width=entry.number("width"),
        cells=entry.texts("cells"),
        side=entry.choice_or_none("side", (OWN, SPOUSE)),
    )
    entry.text_or_none("key")  # of the value it tells, where it tells one
    entry.finish()
    known = {(table.key, max(len(table.columns), 1)) for one in forms() for table in one.tables}
    places = {int(place) for cell in rows.cells for place in _CELL.findall(cell)}
    if (rows.table, rows.width) not in known or not places or not places <= set(range(1, rows.width + 1)):
        raise entry.mistake(
            N_("%(file)s, line %(line)s: no form has a table “%(table)s” of that width."), table=rows.table
        )
    return rows


def _read_block(entry: Entry) -> PrintedBlock:
    try:
        columns = tuple((head, int(width)) for head, width in entry.lists("columns"))
    except ValueError:
        raise entry.mistake_at(
            "columns", N_("%(file)s, line %(line)s: “%(key)s” must be pairs of a head and a width.")
        ) from None
    block = PrintedBlock(
        key=entry.text("key"),
        heading=entry.text("heading"),
        note=entry.text_or_none("note"),
        columns=columns,
        lying=entry.flag("lying"),
        parts=entry.texts("parts"),
        also=entry.text_or_none("also"),
        also_heading=entry.text_or_none("also_heading"),
        rows_from=tuple(_read_rows(row) for row in entry.entries("rows_from")),
    )
    entry.finish()
    return block


def _read_sign(entry: Entry, side: str) -> SignBlock:
    texts = entry.texts(side)
    if len(texts) != len(SignBlock.__dataclass_fields__):
        raise entry.mistake_at(side, N_("%(file)s, line %(line)s: “%(key)s” must be title, text and hint."))
    return SignBlock(*texts)


def _compare(entry: Entry, printed: FormPrint) -> None:
    """Refuse a print that leaves a value of its form out or has one the form does not ask for."""
    asked = {item.key for item in printed.form.items} | {table.key for table in printed.form.tables}
    shown = {*printed.keys, *(key for block in printed.blocks for key in (block.text_key, block.table_key) if key)}
    if wrong := sorted(asked ^ shown):
        raise entry.mistake_at(
            "lines", N_("%(file)s, line %(line)s: form and print do not agree about %(keys)s."), keys=", ".join(wrong)
        )


@cache
def _prints() -> dict[str, FormPrint]:
    return read_prints(FOLDER / "form_prints.yaml")


def form_prints() -> tuple[FormPrint, ...]:
    """The forms that can be printed."""
    return tuple(_prints().values())


def form_print(id: str) -> FormPrint:
    """The print of a form; `NotFound` when there is none."""
    if id not in _prints():
        raise NotFound(N_("The catalogue does not know “%(id)s” as %(name)s."), id=id, name="form")
    return _prints()[id]


def parts_of(id: str, key: str) -> tuple[str, ...]:
    """What a free text of a form is asked in, part by part; nothing where the form is not printed or asks at once."""
    blocks = _prints()[id].blocks if id in _prints() else ()
    return next((block.parts for block in blocks if block.text_key == key), ())
