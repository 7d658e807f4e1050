"""A plan in sentences, and what a dry run found in words with the page that cures it."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from oms.errors import N_
from oms.models import Reorganisation, UnitKind
from oms.web.reorganisation_forms import KINDS, Row

MOST_NAMED = 6
"""Units of one change that a sentence names before it counts the rest."""


@dataclass(frozen=True)
class Line:
    """One change of a plan as it is shown: its number, its sentence, and what is wrong with it at this place."""

    number: int
    kind: str
    sentence: str
    warning: str
    places_people: bool


def lines_of(change: Reorganisation, names: Mapping[str, str]) -> list[Line]:
    """The changes of a plan, each in a sentence; one that names a unit before it begins is marked."""
    rows: list[Row] = change.plan["changes"]
    begun = {row["code"] for row in rows if row["kind"] == "create"}
    begun_later = set(begun)
    lines = []
    for number, row in enumerate(rows, 1):
        if row["kind"] == "create":
            begun_later.discard(row["code"])
        lines.append(
            Line(
                number,
                row["kind"],
                sentence_of(row, names, begun),
                _warning(row, names, begun_later),
                row["kind"] in ("split", "dissolve") and len(row.get("to", ())) > 1,
            )
        )
    return lines


def sentence_of(row: Row, names: Mapping[str, str], begun: Set[str] = frozenset()) -> Any:
    """One change as people would say it."""
    values = {
        "unit": row.get("name") if row["kind"] == "create" else _named(names, [row.get("unit", "")]),
        "name": row.get("name", ""),
        "kind": _(UnitKind(row["unit_kind"]).label) if "unit_kind" in row else row["kind"],
        "parent": _named(names, [row.get("parent", "")]),
        "units": _named(names, row.get("units", ())),
        "from": _named(names, row.get("from", ())),
        "to": _named(names, row.get("to", ())),
        "external": row.get("external", ""),
    }
    # Units join to form a new one, or are taken in by one that is there: Vietnamese has a word for each.
    kind = "join" if row["kind"] == "merge" and set(row["to"]) & begun else row["kind"]
    sentence = _SENTENCES.get(kind, N_("A change of the kind “%(kind)s”, written in a plan file."))
    return _(sentence) % values


_SENTENCES: Mapping[str, str] = {
    "create": N_("%(unit)s begins (%(kind)s), below %(parent)s."),
    "rename": N_("%(unit)s is now called %(name)s."),
    "reparent": N_("%(units)s: placed below %(parent)s."),
    "join": N_("%(from)s: joined to form %(to)s."),
    "merge": N_("%(from)s: merged into %(to)s."),
    "split": N_("%(from)s: split among %(to)s."),
    "transfer_out": N_("%(from)s: passed to %(external)s, outside the system."),
    "dissolve": N_("%(from)s: ended; taken over by %(to)s."),
}


def _named(names: Mapping[str, str], codes: Sequence[str]) -> str:
    shown = [names.get(code, code) for code in codes[:MOST_NAMED]]
    more = len(codes) - len(shown)
    return ", ".join(shown) + (_(" and %(count)s more", count=more) if more else "")


def _codes(row: Row) -> list[str]:
    single = [row[name] for name in ("unit", "parent") if row.get(name)]
    return [*single, *row.get("units", ()), *row.get("from", ()), *row.get("to", ())]


def _warning(row: Row, names: Mapping[str, str], begun_later: set[str]) -> Any:
    codes = _codes(row)
    if early := [names.get(code, code) for code in codes if code in begun_later]:
        return _("%(unit)s begins further down. Move this change below that one.", unit=early[0])
    if unknown := [code for code in codes if code not in names]:
        return _("There is no unit with the code %(code)s any more. Edit this change.", code=unknown[0])
    return ""


def kind_label(kind: str) -> Any:
    """A kind of change in words."""
    return _(KINDS[kind][0]) if kind in KINDS else kind


@dataclass(frozen=True)
class Blocker:
    """What stands in the way for one reason, and the page where it is put right."""

    sentences: tuple[str, ...]
    cure: str
    url: str


# Words of a refusal: what puts it right, and where: the form of a new change, the people of the change that names the
# unit, or the list of changes.
_CURES: tuple[tuple[str, str, str], ...] = (
    ("lies below a unit that ends", N_("Say where they go"), "reparent"),
    ("is dissolved among several units", N_("Say who goes where"), "people"),
)


def blockers_of(
    change: Reorganisation, found: Sequence[tuple[str, Mapping[str, Any]]], names: Mapping[str, str]
) -> list[Blocker]:
    """The obstacles of a dry run, those of one reason together, with their cure."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for sentence, values in found:
        grouped.setdefault(sentence, []).append(values)
    return [_blocker(change, message, values, names) for message, values in grouped.items()]


def _blocker(
    change: Reorganisation, message: str, found: Sequence[Mapping[str, Any]], names: Mapping[str, str]
) -> Blocker:
    sentences = tuple(_(message) % values if values else _(message) for values in found)
    cure, place = next(
        ((cure, place) for words, cure, place in _CURES if words in message), (N_("Look at the changes"), "")
    )
    url = url_for("reorganisations.show", id=change.id, _anchor="changes")
    if place == "people":
        url = people_url(change, str(found[0].get("unit", "")), names) or url
    elif place:
        url = url_for("reorganisation_plans.new_change", id=change.id, kind=place)
    return Blocker(sentences, _(cure), url)


def people_url(change: Reorganisation, unit: str, names: Mapping[str, str]) -> str:
    """Where the people of a unit that ends, named by name or code, are placed; "" where the plan has no such place."""
    for number, row in enumerate(change.plan["changes"], 1):
        if len(row.get("to", ())) > 1 and any(unit in (code, names.get(code)) for code in row["from"]):
            return url_for("reorganisation_plans.people", id=change.id, number=number)
    return ""
