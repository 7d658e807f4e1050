"""The demonstration organisation: units with their validity, and the events that changed them.

Plain data for the demo and for tests; knows no database.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Source, refuse_repeated
from oms.catalogue.units import org_types, unit_kind, unit_kinds
from oms.errors import N_, NotFound

EVENT_KINDS = ("create", "reparent", "merge", "split", "dissolve", "transfer_out")
ENDING_KINDS = ("merge", "split", "dissolve", "transfer_out")
PARTY_CODE = re.compile(r"\d{2}(\.\d{3}){4}")
"""14 digits M1.M2.M3.M4.M5: province, committee, grassroots organisation, sub-committee, cell."""


@dataclass(frozen=True, kw_only=True)
class FormerName:
    """A printed name a unit had until the last day given."""

    name: str
    valid_to: date | None


@dataclass(frozen=True, kw_only=True)
class DemoUnit:
    """One unit; `members` None where not counted, `valid_to` the last day, `custodian` keeps dossiers of a committee.

    `host` is the body the organisation belongs to, `symbol` the body part of its document numbers.
    """

    id: str
    kind: str
    parent: str | None
    name: str
    host: str | None
    org_type: str | None
    party_code: str | None
    agency_code: str | None
    symbol: str
    members: int | None
    custodian: bool
    former_names: tuple[FormerName, ...]
    source: Source
    valid_from: date | None
    valid_to: date | None

    def exists(self, on: date) -> bool:
        """Whether the unit exists on this day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def name_on(self, on: date) -> str:
        """The printed name on this day."""
        for former in self.former_names:
            if former.valid_to and on <= former.valid_to:
                return former.name
        return self.name


@dataclass(frozen=True, kw_only=True)
class DemoEvent:
    """One change of the organisation, in the order they are applied."""

    date: date
    kind: str
    from_units: tuple[str, ...]
    to_units: tuple[str, ...]
    new_parent: str | None
    new_party_code: str | None
    members_to: tuple[tuple[str, int], ...]
    external: str | None
    note: str | None
    source: Source


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What must be counted on a day: grassroots organisations and their members.

    Of all of them; of those below a committee (`below`); or of those it received that day, as they were before
    (`received_by`).
    """

    date: date
    grassroots: int
    members: int | None
    below: str | None
    received_by: str | None


@dataclass(frozen=True)
class DemoOrganisation:
    """The whole content of the file; `later` are the ids of units that begin with an event and its figures."""

    units: tuple[DemoUnit, ...]
    later: frozenset[str]
    events: tuple[DemoEvent, ...]
    expected: tuple[Expected, ...]


def read_demo_organisation(path: Path) -> DemoOrganisation:
    """Read and check the file: ids, parents, kinds, codes and events agree; raises `CatalogueError`."""
    top = open_file(path)
    found: dict[str, DemoUnit] = {}
    first, after = top.entries("units"), top.entries("units_after")
    for entry in (*first, *after):
        unit = _read_unit(entry, found)
        found[unit.id] = unit
    events = tuple(_read_event(entry, found) for entry in top.entries("events"))
    expected = []
    for entry in top.entries("expected"):
        expected.append(_read_expected(entry, found))
    top.finish()
    later = frozenset(entry.text("id") for entry in after)
    for unit in found.values():
        endings = [event for event in events if event.kind in ENDING_KINDS and unit.id in event.from_units]
        if len(endings) != (0 if unit.valid_to is None else 1):
            message = N_("%(file)s, line %(line)s: the unit “%(id)s” needs exactly one event that ends it.")
            raise top.mistake(message, id=unit.id)
    return DemoOrganisation(tuple(found.values()), later, events, tuple(expected))


def _read_unit(entry: Entry, known: dict[str, DemoUnit]) -> DemoUnit:
    id = entry.text("id")
    refuse_repeated(entry, id, known)
    party_code = entry.text_or_none("party_code")
    if party_code is not None and not PARTY_CODE.fullmatch(party_code):
        message = N_("%(file)s, line %(line)s: “%(value)s” is no party code. Write it as 68.020.001.000.000.")
        raise entry.mistake_at("party_code", message, value=party_code)
    former = []
    for name in entry.entries("former_names"):
        former.append(FormerName(name=name.text("name_vi"), valid_to=name.day("valid_to")))
        name.finish()
    start, end = entry.period()
    unit = DemoUnit(
        id=id,
        kind=entry.choice("kind", [kind.id for kind in unit_kinds()]),
        parent=entry.choice_or_none("parent", known.keys()),
        name=entry.text("name_vi"),
        host=entry.text_or_none("host_vi"),
        org_type=entry.choice_or_none("org_type", [kind.id for kind in org_types()]),
        party_code=party_code,
        agency_code=entry.text_or_none("agency_code"),
        symbol=entry.text("symbol"),
        members=entry.number_or_none("members"),
        custodian=entry.flag("custodian"),
        former_names=tuple(former),
        source=Source(entry.choice("source", list(Source), Source.DEMO)),
        valid_from=start,
        valid_to=end,
    )
    entry.finish()
    return unit


def _read_event(entry: Entry, known: dict[str, DemoUnit]) -> DemoEvent:
    members = entry.entry_or_none("members_to")
    event = DemoEvent(
        date=_must_day(entry),
        kind=entry.choice("kind", EVENT_KINDS),
        from_units=entry.choices("from", known.keys()),
        to_units=entry.choices("to", known.keys()),
        new_parent=entry.choice_or_none("new_parent", known.keys()),
        new_party_code=entry.text_or_none("new_party_code"),
        members_to=tuple((unit, members.number(unit)) for unit in members.names()) if members else (),
        external=entry.text_or_none("external_vi"),
        note=entry.text_or_none("note"),
        source=Source(entry.choice("source", list(Source))),
    )
    entry.finish()
    if event.kind in ENDING_KINDS and not event.to_units and not event.external:
        message = N_("%(file)s, line %(line)s: a unit that ends needs a successor or an outside receiver.")
        raise entry.mistake(message)
    return event


def _read_expected(entry: Entry, known: dict[str, DemoUnit]) -> Expected:
    expected = Expected(
        date=_must_day(entry),
        grassroots=entry.number("grassroots"),
        members=entry.number_or_none("members"),
        below=entry.choice_or_none("below", known.keys()),
        received_by=entry.choice_or_none("received_by", known.keys()),
    )
    entry.finish()
    return expected


def _must_day(entry: Entry) -> date:
    entry.text("date")
    return entry.day("date") or date.min


@cache
def demo_organisation() -> DemoOrganisation:
    """The demonstration organisation of this installation."""
    return read_demo_organisation(FOLDER / "organisation_demo.yaml")


def demo_units() -> tuple[DemoUnit, ...]:
    """All units as they began, parents before children."""
    return demo_organisation().units


def demo_unit(id: str) -> DemoUnit:
    """One unit as it began; `NotFound` when the demo organisation has none with this id."""
    for unit in demo_units():
        if unit.id == id:
            return unit
    raise NotFound(N_("The demo organisation has no unit “%(id)s”."), id=id)


def demo_events() -> tuple[DemoEvent, ...]:
    """All changes in the order they are applied."""
    return demo_organisation().events


def units_on(day: date) -> tuple[DemoUnit, ...]:
    """The units that exist on the day, with the name, parent, party code and member count of that day."""
    organisation = demo_organisation()
    state = {unit.id: unit for unit in organisation.units}
    for event in organisation.events:
        if event.date <= day:
            _apply(event, state, organisation.later)
    present = (unit for unit in state.values() if unit.exists(day))
    return tuple(replace(unit, name=unit.name_on(day)) for unit in present)


def grassroots(units: Iterable[DemoUnit]) -> tuple[DemoUnit, ...]:
    """Those of the units that are grassroots organisations, committees and cells."""
    return tuple(unit for unit in units if unit_kind(unit.kind).grassroots)


def _apply(event: DemoEvent, state: dict[str, DemoUnit], later: frozenset[str]) -> None:
    if event.kind == "reparent" and event.new_parent:
        for id in event.from_units:
            _move(state, id, event.new_parent, event.new_party_code)
        return
    if event.kind in ("merge", "dissolve") and len(event.to_units) == 1:
        gains = [(event.to_units[0], sum(state[id].members or 0 for id in event.from_units))]
    else:
        gains = list(event.members_to)
    for id, members in gains:
        unit = state[id]
        # the figure of a unit that begins with the event already counts everybody it received
        if id not in later and unit.members is not None:
            state[id] = replace(unit, members=unit.members + members)


def _move(state: dict[str, DemoUnit], id: str, parent: str, party_code: str | None) -> None:
    """Put a unit below another parent, with its children behind it."""
    unit, above = state[id], state[parent]
    if party_code is None and unit.party_code and above.party_code:
        party_code = above.party_code[:10] + unit.party_code[10:]
    state[id] = replace(unit, parent=parent, party_code=party_code)
    for child in [other for other in state.values() if other.parent == id]:
        _move(state, child.id, id, None)
