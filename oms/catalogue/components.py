"""What a dossier of each category must or may contain, under the rule of the day asked about.

Knows the lists and their sources; does not know dossiers.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, Source, overlap, read_validity, refuse_repeated
from oms.errors import N_, NotFound

SENSITIVITIES = ("normal", "high", "sensitive_personal_data")


@dataclass(frozen=True, kw_only=True)
class Component(Labelled, Dated):
    """One kind of document of a dossier, as one category sees it.

    `form` official form code · `original` part of the original set (hồ sơ gốc) · `required` counts for
    completeness · `multiple` several are normal · `recurring` None or "yearly" with `due` "MM-DD" ·
    `subject_may_read` whether the person may see it · `store_in_system` False: reference only, never the paper.
    """

    category: str
    group: str
    form: str | None
    earlier_forms: tuple[str, ...]
    original: bool
    required: bool
    multiple: bool
    recurring: str | None
    due: str | None
    sensitivity: str
    applies_to: str | None
    replaces: str | None
    subject_may_read: bool
    store_in_system: bool
    type_code: str | None
    priority: int | None
    file_stem: str | None


@dataclass(frozen=True, kw_only=True)
class ComponentGroup(Labelled):
    """A group of the contents list; `position` is its place there."""

    position: int


@dataclass(frozen=True)
class ComponentCatalogue:
    """The whole content of one components file."""

    groups: dict[str, ComponentGroup]
    by_category: dict[str, tuple[Component, ...]]
    confusable: tuple[frozenset[str], ...]


def read_components(path: Path) -> ComponentCatalogue:
    """Read and check a components file, with inheritance and overrides resolved; raises `CatalogueError`."""
    top = open_file(path)
    groups: dict[str, ComponentGroup] = {}
    for position, entry in enumerate(top.entries("groups")):
        id = entry.text("id")
        refuse_repeated(entry, id, groups)
        groups[id] = ComponentGroup(
            id=id, label_vi=entry.text("label_vi"), label_en=entry.text("label_en"), position=position
        )
        entry.finish()
    by_category: dict[str, tuple[Component, ...]] = {}
    for entry in top.entries("categories"):
        refuse_repeated(entry, entry.text("id"), by_category)
        by_category[entry.text("id")] = _read_category(entry, groups, by_category)
    confusable = tuple(frozenset(codes) for codes in top.lists("confusable_types"))
    top.finish()
    return ComponentCatalogue(groups, by_category, confusable)


def _read_category(
    entry: Entry, groups: dict[str, ComponentGroup], earlier: dict[str, tuple[Component, ...]]
) -> tuple[Component, ...]:
    category = entry.text("id")
    default = _blank(entry, category)
    inherited: dict[str, Component] = {}
    if parent := entry.choice_or_none("inherits", earlier.keys()):
        inherited = {row.id: replace(row, category=category) for row in earlier[parent]}
    for change in entry.entries("overrides"):
        id = change.choice("id", inherited.keys())
        inherited[id] = _read_component(change, inherited[id], groups)
    own: list[Component] = []
    taken = {row.id: row for rows in earlier.values() for row in rows}
    for row_entry in entry.entries("components"):
        row = _read_component(row_entry, default, groups)
        if row.replaces:
            row_entry.choice("replaces", inherited.keys())
            del inherited[row.replaces]
        if row.id in taken or any(row.id == other.id and overlap(row, other) for other in own):
            raise row_entry.mistake(N_("%(file)s, line %(line)s: the id “%(id)s” is used twice."), id=row.id)
        own.append(row)
    entry.finish()
    return tuple(sorted([*inherited.values(), *own], key=lambda row: groups[row.group].position))


def _blank(entry: Entry, category: str) -> Component:
    """The defaults a category gives to its rows."""
    return Component(
        id="",
        label_vi=entry.text("label_vi"),
        label_en=entry.text("label_en"),
        **read_validity(entry),
        category=category,
        group="",
        form=None,
        earlier_forms=(),
        original=False,
        required=False,
        multiple=False,
        recurring=None,
        due=None,
        sensitivity="normal",
        applies_to=None,
        replaces=None,
        subject_may_read=True,
        store_in_system=True,
        type_code=None,
        priority=None,
        file_stem=None,
    )


def _read_component(entry: Entry, default: Component, groups: dict[str, ComponentGroup]) -> Component:
    """One row; keys left out keep the value of `default` (the category, or the inherited row)."""
    new = not default.id
    start, end = entry.period((default.valid_from, default.valid_to))
    row = replace(
        default,
        id=entry.text("id"),
        label_vi=entry.text("label_vi") if new else entry.text_or_none("label_vi") or default.label_vi,
        label_en=entry.text("label_en") if new else entry.text_or_none("label_en") or default.label_en,
        basis=entry.text_or_none("basis") or default.basis,
        source=Source(entry.choice("source", list(Source), default.source)),
        valid_from=start,
        valid_to=end,
        group=entry.choice("group", groups.keys(), default.group or None),
        form=entry.text_or_none("form") or default.form,
        earlier_forms=entry.texts("earlier_forms") or default.earlier_forms,
        original=entry.flag("original", default.original),
        required=entry.flag("required", default.required),
        multiple=entry.flag("multiple", default.multiple),
        recurring=entry.choice_or_none("recurring", ("yearly",)) or default.recurring,
        due=_read_due(entry) or default.due,
        sensitivity=entry.choice("sensitivity", SENSITIVITIES, default.sensitivity),
        applies_to=entry.text_or_none("applies_to") or default.applies_to,
        replaces=entry.text_or_none("replaces") or default.replaces,
        subject_may_read=entry.flag("subject_may_read", default.subject_may_read),
        store_in_system=entry.flag("store_in_system", default.store_in_system),
        type_code=entry.text_or_none("type_code") or default.type_code,
        priority=entry.number_or_none("priority") or default.priority,
        file_stem=entry.text_or_none("file_stem") or default.file_stem,
    )
    entry.finish()
    return row


def _read_due(entry: Entry) -> str | None:
    due = entry.text_or_none("due")
    try:
        if due is not None:
            date.fromisoformat(f"2024-{due}")
    except ValueError:
        message = N_("%(file)s, line %(line)s: “%(value)s” is no day of the year. Write it as 01-15.")
        raise entry.mistake_at("due", message, value=due) from None
    return due


@cache
def _catalogue() -> ComponentCatalogue:
    return read_components(FOLDER / "components.yaml")


def categories() -> tuple[str, ...]:
    """The ids of all categories that have a list of components; names are `term("category", id)`."""
    return tuple(_catalogue().by_category)


def components(category: str, on: date | None = None) -> tuple[Component, ...]:
    """The components of a category in force on the day (default: today), in the order of the contents list."""
    rows = _catalogue().by_category.get(category)
    if rows is None:
        raise NotFound(N_("The catalogue does not know “%(id)s” as %(name)s."), id=category, name="category")
    day = on or date.today()
    return tuple(row for row in rows if row.in_force(day))


def component(id: str, category: str | None = None, on: date | None = None) -> Component:
    """One component, as `category` sees it (default: the category that owns it); the latest edition without `on`.

    Raises `NotFound` when there is none.
    """
    found: Component | None = None
    for name, rows in _catalogue().by_category.items():
        if category not in (None, name) or (category is None and found):
            continue
        for row in rows:
            if row.id == id and (on is None or row.in_force(on)):
                found = row
    if found is None:
        raise NotFound(N_("The catalogue has no component “%(id)s”. Choose one from the list of components."), id=id)
    return found


def component_groups() -> tuple[ComponentGroup, ...]:
    """All groups in the order of the contents list."""
    return tuple(_catalogue().groups.values())


def component_group(id: str) -> ComponentGroup:
    """One group of the contents list; `NotFound` when there is none."""
    if id not in _catalogue().groups:
        raise NotFound(N_("The catalogue does not know “%(id)s” as %(name)s."), id=id, name="group")
    return _catalogue().groups[id]


def confusable_types(type_code: str) -> frozenset[str]:
    """The codes of the member catalogue that readers mix up with this one, itself left out."""
    return frozenset().union(*(codes for codes in _catalogue().confusable if type_code in codes)) - {type_code}
