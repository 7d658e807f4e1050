"""Dated rules of the yearly supplement: its last day by category, what it may change, and the printed form.

Knows the rules and their sources; does not know people, dossiers or campaigns.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.components import categories, component
from oms.catalogue.forms import Form, FormItem, FormTable, forms
from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity, refuse_repeated
from oms.errors import N_, NotFound

RULES = ("never", "usual")


@dataclass(frozen=True, kw_only=True)
class SupplementDeadline(Labelled, Dated):
    """The last day for supplements of a year; `month` and `day` lie in the year after when `next_year`."""

    applies_to: tuple[str, ...]
    month: int
    day: int
    next_year: bool

    def last_day(self, year: int) -> date:
        """The last day for what is told of `year`."""
        return date(year + self.next_year, self.month, self.day)


@dataclass(frozen=True, kw_only=True)
class SupplementKeys(Labelled, Dated):
    """A rule for some keys of the forms."""

    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SupplementForm(Labelled, Dated):
    """The printed form of some categories; `component` None: no list says as what it is filed."""

    applies_to: tuple[str, ...]
    code: str
    component: str | None
    pledge: str
    signers: tuple[str, ...]


@dataclass(frozen=True)
class SupplementRules:
    """The whole content of one file."""

    deadlines: tuple[SupplementDeadline, ...]
    keys: dict[str, SupplementKeys]
    forms: tuple[SupplementForm, ...]
    recruited_by: tuple[str, ...]


def read_supplements(path: Path) -> SupplementRules:
    """The rules of a file, at most one deadline and one form for a category and day; raises `CatalogueError`."""
    top = open_file(path)
    deadlines: list[SupplementDeadline] = []
    for entry in top.entries("deadlines"):
        deadlines.append(_read_deadline(entry))
        _refuse_two(entry, deadlines)
    keys: dict[str, SupplementKeys] = {}
    for entry in top.entries("keys"):
        id = entry.choice("id", RULES)
        refuse_repeated(entry, id, keys)
        keys[id] = SupplementKeys(
            **read_labels(entry), **read_validity(entry), keys=entry.choices("keys", _known_keys())
        )
        entry.finish()
    printed: list[SupplementForm] = []
    for entry in top.entries("forms"):
        printed.append(_read_form(entry))
        _refuse_two(entry, printed)
    recruited_by = top.texts("recruited_by")
    for id in recruited_by:
        component(id)
    top.finish()
    return SupplementRules(tuple(deadlines), keys, tuple(printed), recruited_by)


def _read_deadline(entry: Entry) -> SupplementDeadline:
    written = entry.text("last_day")
    try:
        day = date.fromisoformat(f"2026-{written}")
    except ValueError:
        message = N_("%(file)s, line %(line)s: “%(value)s” is no day of the year. Write it as 01-15.")
        raise entry.mistake_at("last_day", message, value=written) from None
    deadline = SupplementDeadline(
        **read_labels(entry),
        **read_validity(entry),
        applies_to=entry.choices("applies_to", categories()),
        month=day.month,
        day=day.day,
        next_year=entry.flag("next_year"),
    )
    entry.finish()
    return deadline


def _read_form(entry: Entry) -> SupplementForm:
    filed_as = entry.text_or_none("component")
    if filed_as is not None:
        component(filed_as)
    form = SupplementForm(
        **read_labels(entry),
        **read_validity(entry),
        applies_to=entry.choices("applies_to", categories()),
        code=entry.text_or_none("code") or "",
        component=filed_as,
        pledge=entry.text("pledge"),
        signers=entry.texts("signers"),
    )
    entry.finish()
    return form


def _refuse_two(entry: Entry, found: list[SupplementDeadline] | list[SupplementForm]) -> None:
    newest = found[-1]
    for other in found[:-1]:
        if set(newest.applies_to) & set(other.applies_to) and overlap(newest, other):
            message = N_("%(file)s, line %(line)s: the rules “%(id)s” and “%(other)s” speak of the same dossiers.")
            raise entry.mistake(message, id=newest.id, other=other.id)


def _known_keys() -> frozenset[str]:
    return frozenset(thing.key for form in forms() for thing in form.things)


@cache
def _rules() -> SupplementRules:
    return read_supplements(FOLDER / "supplements.yaml")


def supplement_deadline(category: str, on: date) -> SupplementDeadline | None:
    """The rule for the last day in force on the day; None where no rule sets one."""
    found = (rule for rule in _rules().deadlines if category in rule.applies_to and rule.in_force(on))
    return next(found, None)


def recruited_by() -> tuple[str, ...]:
    """Components whose date is that of the recruitment, from which the limit for the original set runs."""
    return _rules().recruited_by


def supplement_form(category: str, on: date) -> SupplementForm:
    """The printed form of a category on the day; `NotFound` when there is none."""
    for form in _rules().forms:
        if category in form.applies_to and form.in_force(on):
            return form
    raise NotFound(N_("The catalogue has no supplement form for such a dossier."))


def supplement_keys(id: str, on: date) -> frozenset[str]:
    """The keys of a rule ("never", "usual") on the day; none when it is not in force."""
    rule = _rules().keys[id]
    return frozenset(rule.keys) if rule.in_force(on) else frozenset()


def supplement_things(on: date) -> dict[str, tuple[FormItem | FormTable, Form]]:
    """What a supplement may change on the day, by key, each as the newest form asks for it and in its order."""
    never = supplement_keys("never", on)
    found: dict[str, tuple[FormItem | FormTable, Form]] = {}
    for form in sorted(forms(), key=lambda form: form.valid_from or date.min, reverse=True):
        for thing in form.things:
            if thing.key not in never:
                found.setdefault(thing.key, (thing, form))
    return found
