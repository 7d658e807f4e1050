"""Which file of a named folder belongs to which dossier, and why one belongs to none.

Only dossiers the actor may upload to are looked among; a folder that is not surely of one person is left out and named.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from oms import audit
from oms.errors import N_, BadInput, Conflict, OmsError
from oms.models import Category, Dossier, DossierStatus, Person
from oms.permissions import Action, Actor, allowed, can, require
from oms.vietnamese.names import name_key
from oms.vietnamese.paper_names import OwnerName, PaperName, read_owner, read_paper

NOT_SCANS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
"""What Windows and macOS leave in folders of their own accord."""


@dataclass(frozen=True)
class Planned:
    """One file and what is to happen with it: its dossier, or the reason why it has none."""

    path: Path
    paper: PaperName
    dossier: Dossier | None
    error: OmsError | None
    by_name_only: bool = False
    """The folder bears no ID number: the person was found by the name alone."""


def find_files(folder: Path) -> list[Path]:
    """The files below a folder, without what systems leave there; links are not followed."""
    found = []
    # Folders that do not open stand in the list like files: what nobody can look into must not be passed over.
    unreadable: list[Path] = []
    walk = os.walk(folder, onerror=lambda error: unreadable.append(Path(error.filename)))
    below = [Path(inside, name) for inside, _folders, names in walk for name in names]
    for path in sorted(below + unreadable):
        if path.is_symlink() or (path not in unreadable and not path.is_file()):
            continue
        if not is_clutter(path.relative_to(folder).parts):
            found.append(path)
    return found


def is_clutter(parts: Iterable[str]) -> bool:
    """Whether a path below the folder is hidden, or what a system left there."""
    return any(part.startswith(".") or part.lower() in NOT_SCANS for part in parts)


def plan(
    session: Session, folder: Path, files: Iterable[Path], *, actor: Actor, category: Category | None = None
) -> list[Planned]:
    """What is to happen with each file, person by person and in the order of their numbers."""
    if not actor.has(Action.SCAN_UPLOAD):
        require(actor, Action.SCAN_UPLOAD)
    known = _dossiers(session, actor, category)
    owners: dict[str, tuple[Dossier | None, OmsError | None, bool]] = {}
    planned = []
    for path in files:
        inside = path.relative_to(folder).parts[:-1]
        label = next((part for part in reversed(inside) if part[:9].isdecimal()), inside[-1] if inside else "")
        if label not in owners:
            owners[label] = _owner(label, known, actor)
        planned.append(Planned(path, read_paper(path.name), *owners[label]))
    last = 10**6
    planned.sort(
        key=lambda one: (
            one.path.parent,
            last if one.paper.order is None else one.paper.order,
            one.paper.copy or 0,
            one.path.name,
        )
    )
    return planned


def write_down(session: Session, planned: Sequence[Planned], taken: int, refused: int, *, actor: Actor) -> None:
    """Write down that a folder was gone through, and how it ended."""
    audit.record(session, "scan:import", actor=actor, files=len(planned), taken=taken, refused=refused)


@dataclass(frozen=True)
class _Known:
    by_id: dict[str, list[Dossier]]
    by_name: dict[str, list[Dossier]]


def _dossiers(session: Session, actor: Actor, category: Category | None) -> _Known:
    query = (
        select(Dossier)
        .where(allowed(actor, Action.DOSSIER_READ))
        .options(joinedload(Dossier.person).selectinload(Person.aliases))
        .order_by(Dossier.number)
    )
    known = _Known(defaultdict(list), defaultdict(list))
    for dossier in session.scalars(query if category is None else query.where(Dossier.category == category)):
        if dossier.person.personal_id:
            known.by_id[dossier.person.personal_id].append(dossier)
        for name in _names(dossier.person):
            known.by_name[name].append(dossier)
    return known


def _names(person: Person) -> set[str]:
    return {_key(name) for name in (person.full_name, *(alias.name for alias in person.aliases))}


def _key(name: str) -> str:
    """Spellings of one name meet, with and without blanks between its words."""
    return name_key(name).replace(" ", "")


def _owner(label: str, known: _Known, actor: Actor) -> tuple[Dossier | None, OmsError | None, bool]:
    owner = read_owner(label) if label else None
    if owner is None:
        return None, _nobody(label), False
    try:
        dossier = _dossier_of(owner, label, known, actor)
    except OmsError as error:
        return None, error, False
    if not can(actor, Action.SCAN_UPLOAD, dossier):
        if dossier.status == DossierStatus.CLOSED:
            closed = N_("Dossier %(number)s is closed, because the person left: nothing is added any more.")
            return None, Conflict(closed, number=dossier.number), False
        still = N_("Dossier %(number)s is held still, so nothing can be added now. Import the folder again later.")
        return None, Conflict(still, number=dossier.number), False
    return dossier, None, not owner.personal_id


def _nobody(label: str) -> BadInput:
    return BadInput(
        N_("“%(folder)s” names no person. Name the folder by ID number and name, as in 068085001234_NGUYEN_VAN_AN."),
        folder=label,
    )


def _dossier_of(owner: OwnerName, label: str, known: _Known, actor: Actor) -> Dossier:
    """The one dossier of the person a folder names; raises `BadInput` when it is not surely one."""
    name = _key(owner.name)
    found = known.by_id.get(owner.personal_id, []) if owner.personal_id else known.by_name.get(name, [])
    if not found:
        raise BadInput(
            N_("No dossier you may upload to is that of “%(folder)s”. Enter the person, or correct the folder."),
            folder=label,
        )
    if len({dossier.person_id for dossier in found}) > 1:
        raise BadInput(
            N_("Several people are called like “%(folder)s”. Put the ID number in front of the name."), folder=label
        )
    if name not in _names(found[0].person):
        raise BadInput(
            N_("The ID number of “%(folder)s” is that of %(person)s. Look whose papers these are."),
            folder=label,
            person=found[0].person.full_name,
        )
    if len(found) > 1:
        # Whoever acts for several units means the dossier of their own, where that is one.
        own = [dossier for dossier in found if dossier.custodian_id == actor.unit_id]
        found = own if len(own) == 1 else found
    if len(found) > 1:
        raise BadInput(
            N_(
                "%(person)s has several dossiers. Say by the category which of them the papers of “%(folder)s” are for."
            ),
            person=found[0].person.full_name,
            folder=label,
        )
    return found[0]
