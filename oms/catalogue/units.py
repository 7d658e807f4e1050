"""Kinds of units of the Party organisation and types of grassroots organisations."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Labelled, Source, refuse_repeated
from oms.errors import N_, NotFound


@dataclass(frozen=True, kw_only=True)
class UnitKind(Labelled):
    """A level of the organisation tree."""

    has_seal: bool
    keeps_dossiers: bool
    grassroots: bool
    source: Source


@dataclass(frozen=True, kw_only=True)
class OrgType(Labelled):
    """What kind of body a grassroots organisation belongs to (loại hình tổ chức cơ sở đảng)."""

    source: Source


def read_unit_kinds(path: Path) -> tuple[tuple[UnitKind, ...], tuple[OrgType, ...]]:
    """Kinds of units and types of organisations of a file; raises `CatalogueError`."""
    top = open_file(path)
    kinds: dict[str, UnitKind] = {}
    for entry in top.entries("unit_kinds"):
        refuse_repeated(entry, entry.text("id"), kinds)
        kinds[entry.text("id")] = UnitKind(
            id=entry.text("id"),
            label_vi=entry.text("label_vi"),
            label_en=entry.text("label_en"),
            has_seal=entry.flag("has_seal"),
            keeps_dossiers=entry.flag("keeps_dossiers"),
            grassroots=entry.flag("grassroots"),
            source=Source(entry.choice("source", list(Source))),
        )
        entry.finish()
    types: dict[str, OrgType] = {}
    for entry in top.entries("org_types"):
        refuse_repeated(entry, entry.text("id"), types)
        types[entry.text("id")] = OrgType(
            id=entry.text("id"),
            label_vi=entry.text("label_vi"),
            label_en=entry.text("label_en"),
            source=Source(entry.choice("source", list(Source))),
        )
        entry.finish()
    top.finish()
    return tuple(kinds.values()), tuple(types.values())


@cache
def _lists() -> tuple[tuple[UnitKind, ...], tuple[OrgType, ...]]:
    return read_unit_kinds(FOLDER / "unit_kinds.yaml")


def unit_kinds() -> tuple[UnitKind, ...]:
    """All kinds of units, from the province down."""
    return _lists()[0]


def unit_kind(id: str) -> UnitKind:
    """One kind of unit; `NotFound` when the catalogue has none with this id."""
    for kind in unit_kinds():
        if kind.id == id:
            return kind
    raise NotFound(N_("The catalogue does not know “%(id)s” as %(name)s."), id=id, name="unit_kind")


def org_types() -> tuple[OrgType, ...]:
    """All types of grassroots organisations."""
    return _lists()[1]


def org_type(id: str) -> OrgType:
    """One type of grassroots organisation; `NotFound` when the catalogue has none with this id."""
    for kind in org_types():
        if kind.id == id:
            return kind
    raise NotFound(N_("The catalogue does not know “%(id)s” as %(name)s."), id=id, name="org_type")
