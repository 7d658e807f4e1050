"""The printed forms of the short CV: their codes, the labels on them in printed order, and the types of the values.

Knows what is printed; does not know how a page was read.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, read_labels, read_validity, refuse_repeated
from oms.errors import N_, NotFound

VALUE_TYPES = (
    "text", "person_name", "date", "month_year", "address", "phone", "id_number", "insurance_number", "rank_code",
    "step", "decimal_comma", "money", "int", "boolean", "height_m", "general_education", "enum", "enum_ref",
)  # fmt: skip
"""What a value behind a label can be."""


@dataclass(frozen=True, kw_only=True)
class FormItem:
    """One value asked for: `item` is the printed number, `labels` the ways the label is printed, the usual first;
    `usual` are the words that mostly stand there."""

    key: str
    labels: tuple[str, ...]
    type: str
    usual: tuple[str, ...] = ()
    item: str | None = None
    sensitive: bool = False
    restricted: bool = False


@dataclass(frozen=True, kw_only=True)
class FormTable:
    """A table of a form, or free text when it has no `columns`; in a `lying` one time runs from left to right."""

    key: str
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    lying: bool
    item: str | None = None
    sensitive: bool = False
    restricted: bool = False


@dataclass(frozen=True, kw_only=True)
class Form(Labelled, Dated):
    """A printed form; `codes` as they stand in its corner, `items` and `tables` in printed order."""

    codes: tuple[str, ...]
    items: tuple[FormItem, ...]
    tables: tuple[FormTable, ...]

    @property
    def things(self) -> tuple[FormItem | FormTable, ...]:
        """Items and tables in printed order."""
        return (*self.items, *self.tables)

    def label_of(self, key: str) -> str:
        """The printed label of a value or a table; the key itself when the form does not ask for it."""
        found = (thing.labels[0] for thing in self.things if thing.key == key)
        return next(found, key)


@dataclass(frozen=True)
class UsualWords:
    """What stands in forms and heads again and again, and the names of the provinces."""

    phrases: tuple[str, ...]
    provinces: tuple[str, ...]


@dataclass(frozen=True)
class _Forms:
    forms: dict[str, Form]
    words: UsualWords


def read_forms(path: Path) -> dict[str, Form]:
    """All forms of a file by id; raises `CatalogueError`."""
    return _read(path).forms


def _read(path: Path) -> _Forms:
    top = open_file(path)
    spoken = UsualWords(top.texts("phrases"), top.texts("provinces"))
    usual = top.entry("vocabularies")
    words = {key: usual.texts(key) for key in usual.names()}
    found: dict[str, Form] = {}
    for entry in top.entries("forms"):
        refuse_repeated(entry, entry.text("id"), found)
        found[entry.text("id")] = _read_form(entry, found, words)
    top.finish()
    return _Forms(found, spoken)


def _read_form(entry: Entry, earlier: dict[str, Form], words: dict[str, tuple[str, ...]]) -> Form:
    like = entry.choice_or_none("like", earlier.keys())
    items = tuple(_read_item(row, words) for row in entry.entries("items"))
    tables = tuple(_read_table(row) for row in entry.entries("tables"))
    _refuse_twice(entry, [row.key for row in items] + [row.key for row in tables])
    form = Form(
        **read_labels(entry),
        **read_validity(entry),
        codes=entry.texts("codes"),
        items=earlier[like].items if like else items,
        tables=earlier[like].tables if like else tables,
    )
    entry.finish()
    return form


def _refuse_twice(entry: Entry, keys: list[str]) -> None:
    for key in keys:
        if keys.count(key) > 1:
            raise entry.mistake(N_("%(file)s, line %(line)s: the id “%(id)s” is used twice."), id=key)


def _read_item(entry: Entry, words: dict[str, tuple[str, ...]]) -> FormItem:
    item = FormItem(
        key=entry.text("key"),
        labels=(entry.text("label"), *entry.texts("other_labels")),
        type=entry.choice("type", VALUE_TYPES),
        usual=words.get(entry.text("key"), ()),
        item=entry.text_or_none("item"),
        sensitive=entry.flag("sensitive"),
        restricted=entry.flag("restricted"),
    )
    entry.finish()
    return item


def _read_table(entry: Entry) -> FormTable:
    table = FormTable(
        key=entry.text("key"),
        labels=(entry.text("label"), *entry.texts("other_labels")),
        columns=entry.texts("columns"),
        lying=entry.flag("lying"),
        item=entry.text_or_none("item"),
        sensitive=entry.flag("sensitive"),
        restricted=entry.flag("restricted"),
    )
    entry.finish()
    return table


@cache
def _catalogue() -> _Forms:
    return _read(FOLDER / "forms.yaml")


def _forms() -> dict[str, Form]:
    return _catalogue().forms


def usual_words() -> UsualWords:
    """What stands in forms and heads again and again."""
    return _catalogue().words


def forms(on: date | None = None) -> tuple[Form, ...]:
    """All forms, or those in use on a day."""
    return tuple(form for form in _forms().values() if on is None or form.in_force(on))


def form(id: str) -> Form:
    """One form by its id; `NotFound` when there is none."""
    if id not in _forms():
        raise NotFound(N_("The catalogue does not know “%(id)s” as %(name)s."), id=id, name="form")
    return _forms()[id]
