"""Which dossiers go into a batch: from lines that were pasted, from a table, from a filter – each line answered.

A line names a dossier by its number, the personal id or the full name of the person. Only what the sender holds is
looked at: what another unit holds is answered like what does not exist.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from oms.errors import N_, BadInput
from oms.models import Category, Dossier, MassTransfer, MassTransferMember, Person, Unit
from oms.organisation import units_below
from oms.permissions import Action, Actor, allowed
from oms.vietnamese.names import name_key
from oms.vietnamese.text import fold, nfc
from oms.workbooks import NoTable, read_first_sheet

# More than the largest batch that was measured; a list this long is a mistake or an attack.
MOST_ROWS = 10_000
LARGEST_TABLE = 10 * 1024 * 1024
# What a table of that many short lines can weigh unpacked, generously.
_UNPACKED = 100 * 1024 * 1024
_HEADINGS = ("so ho so", "ho so so", "ma ho so", "dossier", "dossier number", "number")
_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True)
class Fault:
    """A line that names no dossier of the sender, and why; `message` is a sentence with `values`."""

    row: int
    wanted: str
    message: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """The ids of the dossiers that lines name, in their order, and the lines that name none."""

    ids: tuple[str, ...]
    faults: tuple[Fault, ...] = ()


def lines_of(text: str) -> list[str]:
    """The lines of a list that was pasted."""
    return _bounded([" ".join(nfc(line).split()) for line in text.splitlines()])


def read_table(name: str, body: bytes) -> list[str]:
    """The column of dossier numbers of an Excel or CSV file: the one headed so, else the first; a blank row is ""."""
    if len(body) > LARGEST_TABLE:
        raise BadInput(N_("This file is too large for a list of dossiers. Send a table of one column."))
    rows = _rows_of_excel(body) if body.startswith(_SIGNATURE) else _rows_of_csv(name, body)
    if not rows:
        return []
    headings = [fold(cell) for cell in rows[0]]
    column = next((place for place, heading in enumerate(headings) if heading in _HEADINGS), None)
    lines = [row[column or 0] if len(row) > (column or 0) else "" for row in rows]
    if column is not None:
        lines[0] = ""
    return _bounded(lines)


def _bounded(lines: list[str]) -> list[str]:
    if len(lines) > MOST_ROWS:
        raise BadInput(N_("A list holds at most %(limit)s lines. Divide it."), limit=MOST_ROWS)
    return lines


def _rows_of_excel(body: bytes) -> list[list[str]]:
    try:
        return read_first_sheet(body, rows=MOST_ROWS + 2, columns=30, unpacked=_UNPACKED)
    except NoTable as refusal:
        if refusal.too_large:
            raise BadInput(N_("This file is too large for a list of dossiers. Send a table of one column.")) from None
        raise BadInput(
            N_("This file is not an Excel or CSV table. Save it as .xlsx or .csv and send it again.")
        ) from None


def _rows_of_csv(name: str, body: bytes) -> list[list[str]]:
    try:
        text = body.decode("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(
            N_(
                "%(name)s is not an Excel or CSV table in Unicode. Save it as .xlsx, or as CSV UTF-8, and send it again."
            ),
            name=name[:80],
        ) from None
    if "\x00" in text:
        raise BadInput(N_("This file is not an Excel or CSV table. Save it as .xlsx or .csv and send it again."))
    first = text.partition("\n")[0]
    separator = max(";,\t", key=first.count)
    return [[" ".join(nfc(cell).split()) for cell in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]


def choose(session: Session, lines: Sequence[str], sender: Unit, *, actor: Actor) -> Choice:
    """What each line names among the dossiers the sender holds; blank lines name nothing and are no fault."""
    held = session.execute(
        select(Dossier.id, Dossier.number, Person.personal_id, Person.full_name)
        .join(Dossier.person)
        .where(Dossier.custodian_id == sender.id, allowed(actor, Action.DOSSIER_READ))
        .order_by(Dossier.number)
    ).all()
    numbers = {row.number: row.id for row in held}
    others: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in held:
        for key in filter(None, (row.personal_id, name_key(row.full_name))):
            others[key].append((row.id, row.number))
    chosen: dict[str, int] = {}
    faults = []
    for place, line in enumerate(lines, start=1):
        wanted = line.strip()
        if not wanted:
            continue
        found = numbers.get(wanted.upper())
        alike = [] if found else others.get(wanted) or others.get(name_key(wanted)) or []
        if len(alike) > 1:
            several = ", ".join(number for _id, number in alike[:6])
            faults.append(
                Fault(place, wanted, N_("Several dossiers fit: %(numbers)s. Enter the number."), {"numbers": several})
            )
            continue
        id = found or (alike[0][0] if alike else "")
        if not id:
            faults.append(Fault(place, wanted, N_("Your unit holds no such dossier.")))
        elif id in chosen:
            faults.append(Fault(place, wanted, N_("The same dossier as in line %(line)s."), {"line": chosen[id]}))
        else:
            chosen[id] = place
    return Choice(tuple(chosen), tuple(faults))


@dataclass(frozen=True)
class Wanted:
    """A filter over what the sender holds: by unit of the person (with those below), category, words of the name."""

    unit_id: str = ""
    category: Category | None = None
    name: str = ""


def fitting(session: Session, batch: MassTransfer, wanted: Wanted, *, actor: Actor) -> list[str]:
    """Ids of the dossiers that fit and are not yet in the batch, by the name of the person."""
    query: Select[str, str] = (
        select(Dossier.id, Person.full_name)
        .join(Dossier.person)
        .where(
            Dossier.custodian_id == batch.from_unit_id,
            allowed(actor, Action.DOSSIER_READ),
            Dossier.id.not_in(select(MassTransferMember.dossier_id).where(MassTransferMember.mass_id == batch.id)),
        )
        .order_by(Person.sort_key, Dossier.number)
    )
    if wanted.unit_id:
        query = query.where(Person.unit_id.in_(units_below(session, {wanted.unit_id})))
    if wanted.category is not None:
        query = query.where(Dossier.category == wanted.category)
    words = name_key(wanted.name).split()
    return [id for id, name in session.execute(query) if not words or _begins(name, words)]


def _begins(name: str, words: list[str]) -> bool:
    parts = name_key(name).split()
    return all(any(part.startswith(word) for part in parts) for word in words)


def load(session: Session, ids: Sequence[str]) -> list[Dossier]:
    """The dossiers of these ids in this order, with their people."""
    found = session.scalars(
        select(Dossier)
        .where(Dossier.id.in_(ids))
        .options(joinedload(Dossier.person).joinedload(Person.unit), joinedload(Dossier.custodian))
    )
    by_id = {dossier.id: dossier for dossier in found}
    return [by_id[id] for id in ids if id in by_id]


def units_of(session: Session, batch: MassTransfer) -> list[Unit]:
    """The units of the people whose dossiers the sender holds: the choices of the filter."""
    own = select(Person.unit_id).join(Dossier, Dossier.person_id == Person.id)
    units = session.scalars(select(Unit).where(Unit.id.in_(own.where(Dossier.custodian_id == batch.from_unit_id))))
    return sorted(units, key=lambda unit: name_key(unit.name))
