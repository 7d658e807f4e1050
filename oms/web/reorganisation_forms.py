"""The forms of a plan: what each kind of change asks, and what was typed as a row of the plan or as problems in words.

Knows no rule of a reorganisation: whether a plan can be carried out is what the dry run says.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, request
from flask_babel import gettext as _

from oms import organisation
from oms import reorganisation as reorganising
from oms.errors import N_
from oms.models import Reorganisation, Unit, UnitKind
from oms.vietnamese.text import fold, nfc

Row = dict[str, Any]
Problems = list[tuple[str, str]]

NAME_LENGTH = 200
# Kind of change: what it is called, what it is for, its picture. In the order in which a plan usually needs them.
KINDS: Mapping[str, tuple[str, str, str]] = {
    "create": (N_("New unit"), N_("A unit that begins on the day of effect."), "plus-lg"),
    "merge": (N_("Merge units"), N_("Units end, and one unit goes on with everything of theirs."), "box-arrow-in-down"),
    "split": (N_("Split a unit"), N_("A unit ends; its people and dossiers go to several others."), "arrows"),
    "rename": (N_("Rename a unit"), N_("The unit stays what it is; the old name keeps finding."), "pencil"),
    "reparent": (N_("Move units"), N_("Units stay what they are, below another unit."), "diagram-3"),
    "dissolve": (N_("End units"), N_("Units end without a merger; you say who takes over what they hold."), "x-lg"),
    "transfer_out": (
        N_("Leave the system"),
        N_("Units pass to a body outside the system, with their people and dossiers."),
        "box-arrow-right",
    ),
}
# Kinds of units that a plan can begin; the province is there before any plan, bodies outside are no units of ours.
NEW_KINDS = tuple(kind for kind in UnitKind if kind not in (UnitKind.PROVINCE_COMMITTEE, UnitKind.OUTSIDE_BODY))
# Words that every unit of a kind has in front of its name and that make no code.
_COMMON = re.compile(r"^(dang bo co so|dang bo bo phan|dang bo|chi bo co so|chi bo|to dang) ")
CODE_WORDS = 40
"""Letters of a name that a code is made of at most."""


@dataclass(frozen=True)
class Choice:
    """A unit as a form offers it: code, name, and what tells it from another of the same name."""

    code: str
    name: str
    note: str


def choices_of(change: Reorganisation, before: int | None = None) -> list[Choice]:
    """The units of today and those that the changes in front of `before` begin."""
    rows = change.plan["changes"][:before]
    begun = [Choice(row["code"], row["name"], _("begins with this plan")) for row in rows if row["kind"] == "create"]
    units = [unit for unit in organisation.units_on(g.session, organisation.today()) if unit.valid_to is None]
    names = {unit.id: unit.short_name for unit in units}
    return begun + [_choice(unit, names) for unit in units if unit.kind != UnitKind.OUTSIDE_BODY]


def _choice(unit: Unit, names: Mapping[str, str]) -> Choice:
    above = names.get(unit.parent_id or "", "")
    kind = _(unit.kind.label)
    return Choice(unit.code, unit.name, f"{kind} · {above}" if above else kind)


def read_change(kind: str, change: Reorganisation, place: int | None) -> tuple[Row, Problems]:
    """The row of the plan that a form of this kind describes, and what is wrong with it."""
    row: Row = {"kind": kind}
    problems: Problems = []
    _READERS[kind](row, problems)
    if place is not None:
        old = change.plan["changes"][place]
        row |= {name: value for name, value in old.items() if name in ("code", "members", "org_type", "party_code")}
        if "members_to" in old and set(old["members_to"]) <= set(row.get("to", ())):
            row["members_to"] = old["members_to"]
    if kind == "create" and "code" not in row and not problems:
        row["code"] = _free_code(row["name"], set(reorganising.names_of(g.session, change)))
    return row, problems


def _create(row: Row, problems: Problems) -> None:
    row["name"] = _text("name", problems, _("Write the full name of the new unit."))
    row["unit_kind"] = _one("unit_kind", problems, _("Choose what kind of unit it is."))
    row["parent"] = _one("parent", problems, _("Choose the unit above."))
    for name in ("host_name", "symbol"):
        if typed := _typed(name):
            row[name] = typed
    if request.form.get("keeps_dossiers"):
        row["keeps_dossiers"] = True


def _rename(row: Row, problems: Problems) -> None:
    row["unit"] = _one("unit", problems, _("Choose the unit that gets another name."))
    row["name"] = _text("name", problems, _("Write the new name in full."))
    if typed := _typed("host_name"):
        row["host_name"] = typed


def _reparent(row: Row, problems: Problems) -> None:
    row["units"] = _several("units", problems, _("Tick the units that move."))
    row["parent"] = _one("parent", problems, _("Choose the unit they move below."))
    if row["parent"] in row["units"]:
        problems.append(("parent", _("A unit cannot lie below itself. Choose another unit above.")))


def _merge(row: Row, problems: Problems) -> None:
    row["from"] = _several("from", problems, _("Tick the units that end."))
    row["to"] = [to] if (to := _one("to", problems, _("Choose the unit that goes on."))) else []
    _apart(row, problems)


def _split(row: Row, problems: Problems) -> None:
    row["from"] = [unit] if (unit := _one("from", problems, _("Choose the unit that is split."))) else []
    row["to"] = request.form.getlist("to")
    if len(row["to"]) < 2:
        problems.append(("to", _("Tick at least two units that take over; for one successor, merge instead.")))
    _apart(row, problems)


def _dissolve(row: Row, problems: Problems) -> None:
    row["from"] = _several("from", problems, _("Tick the units that end."))
    row["to"] = _several("to", problems, _("Tick who takes over what they hold: every dossier needs a keeper."))
    _apart(row, problems)


def _transfer_out(row: Row, problems: Problems) -> None:
    row["from"] = _several("from", problems, _("Tick the units that leave the system."))
    row["external"] = _text("external", problems, _("Write the full name of the body that takes them over."))


_READERS: Mapping[str, Callable[[Row, Problems], None]] = {
    "create": _create,
    "merge": _merge,
    "split": _split,
    "rename": _rename,
    "reparent": _reparent,
    "dissolve": _dissolve,
    "transfer_out": _transfer_out,
}


def _apart(row: Row, problems: Problems) -> None:
    if set(row["from"]) & set(row["to"]):
        problems.append(("to", _("A unit that ends cannot take over from itself. Tick it on one side only.")))


def _typed(name: str) -> str:
    return " ".join(nfc(request.form.get(name, "")).split())[:NAME_LENGTH]


def _text(name: str, problems: Problems, sentence: str) -> str:
    if not (typed := _typed(name)):
        problems.append((name, sentence))
    return typed


def _one(name: str, problems: Problems, sentence: str) -> str:
    if not (chosen := request.form.get(name, "")):
        problems.append((name, sentence))
    return chosen


def _several(name: str, problems: Problems, sentence: str) -> list[str]:
    if not (chosen := request.form.getlist(name)):
        problems.append((name, sentence))
    return chosen


def _free_code(name: str, taken: set[str]) -> str:
    """A code out of the name, as the codes of the organisation are written; with a figure where it is taken."""
    plain = _COMMON.sub("", " ".join(re.findall(r"[a-z0-9]+", fold(name)))) or "don vi"
    code = plain.replace(" ", "_")[:CODE_WORDS].rstrip("_")
    number = 2
    found = code
    while found in taken:
        found, number = f"{code}_{number}", number + 1
    return found


def used_by(rows: Sequence[Row], code: str) -> list[int]:
    """The numbers (from 1) of the changes that name a unit."""
    return [
        number
        for number, row in enumerate(rows, 1)
        if code in (row.get("unit"), row.get("parent"), *row.get("units", ()), *row.get("from", ()), *row.get("to", ()))
    ]
