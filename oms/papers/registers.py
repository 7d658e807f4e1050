"""The registers of a unit and a year: dossiers held (HS08a), hand-overs (HS08b), consultations (HS08c), moves of members."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, organisation
from oms.errors import N_, BadInput, NotFound
from oms.models import Dossier, PaperKind, Person, Transfer, TransferState, Unit, now
from oms.organisation import HANOI
from oms.papers.consultations import register_rows
from oms.papers.issuing import PDF, Paper, Printing, body_of, committee_name, issue, write_date
from oms.papers.membership import register_rows as membership_rows
from oms.permissions import Action, Actor, allowed, require_confirmed
from oms.printing import CONSULTATIONS, DOSSIERS, HANDOVERS, MEMBERSHIPS, Column, Register, draw_register
from oms.spreadsheets import MEDIA_TYPE, Value, write_list

NAMES = {
    PaperKind.DOSSIER_REGISTER: "Sổ đăng ký hồ sơ",
    PaperKind.HANDOVER_REGISTER: "Sổ giao nhận hồ sơ",
    PaperKind.CONSULTATION_REGISTER: "Sổ theo dõi khai thác hồ sơ",
    PaperKind.MEMBERSHIP_REGISTER: "Sổ chuyển sinh hoạt đảng",
}
_FORMS = {
    PaperKind.DOSSIER_REGISTER: "Mẫu HS08a-VC/BNV",
    PaperKind.HANDOVER_REGISTER: "Mẫu HS08b-VC/BNV",
    PaperKind.CONSULTATION_REGISTER: "Mẫu HS08c-VC/BNV",
}
_COLUMNS = {
    PaperKind.DOSSIER_REGISTER: DOSSIERS,
    PaperKind.HANDOVER_REGISTER: HANDOVERS,
    PaperKind.CONSULTATION_REGISTER: CONSULTATIONS,
    PaperKind.MEMBERSHIP_REGISTER: MEMBERSHIPS,
}
_ARRIVED = (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS)
FIRST_YEAR = 2020


@dataclass(frozen=True)
class Lines:
    """The lines of a register: values with dates as dates, in the order of its columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]


def units_of(session: Session, *, actor: Actor) -> list[Unit]:
    """The units whose registers the actor may print: those whose dossiers are open to them, and that can hold any."""
    own = actor.units.get(Action.DOSSIER_READ, frozenset())
    return [unit for unit in organisation.custodians(session, organisation.today()) if unit.id in own]


def read_register(session: Session, kind: PaperKind, unit: Unit, year: int, *, actor: Actor) -> Lines:
    """The lines of a register of a unit; `NotFound` for a unit that is not the actor's."""
    if unit.id not in actor.units.get(Action.DOSSIER_READ, frozenset()):
        raise NotFound()
    if kind not in _COLUMNS:
        raise NotFound()
    if not FIRST_YEAR <= year <= organisation.today().year:
        raise BadInput(N_("Registers exist for the years from %(first)s on. Choose one of them."), first=FIRST_YEAR)
    if kind == PaperKind.DOSSIER_REGISTER:
        return Lines(DOSSIERS, _dossiers_held(session, unit, year, actor))
    if kind == PaperKind.CONSULTATION_REGISTER:
        return Lines(CONSULTATIONS, register_rows(session, unit, year, actor=actor))
    if kind == PaperKind.MEMBERSHIP_REGISTER:
        return Lines(MEMBERSHIPS, membership_rows(session, unit, year))
    return Lines(HANDOVERS, _handed_over(session, unit, year))


def draw(session: Session, kind: PaperKind, unit: Unit, year: int, *, printing: Printing) -> Paper:
    """The register as a PDF to be bound."""
    lines = read_register(session, kind, unit, year, actor=printing.actor)
    body = body_of(unit)
    imprint = issue(session, kind, unit, unit, body, printing=printing, yearly=year)
    rows = tuple(tuple(_on_paper(value) for value in row) for row in lines.rows)
    register = Register(
        body, imprint, organisation.today(), NAMES[kind], f"Năm {year}", lines.columns, rows, _FORMS.get(kind, "")
    )
    return Paper(f"{kind.value}-{unit.code}-{year}.pdf", PDF, draw_register(register), imprint.number)


def write_excel(session: Session, kind: PaperKind, unit: Unit, year: int, *, printing: Printing) -> Paper:
    """The register as an .xlsx file with who took it and what for; text stays text, dates are dates."""
    lines = read_register(session, kind, unit, year, actor=printing.actor)
    require_confirmed(printing.actor)
    facts: tuple[tuple[str, Value], ...] = (
        ("Đơn vị", unit.name),
        ("Năm", year),
        ("Số dòng", len(lines.rows)),
        ("Mục đích", printing.purpose_words),
        ("Người lập", f"{printing.actor.name} ({printing.actor.username})"),
        ("Thời điểm", f"{now().astimezone(HANOI):%d/%m/%Y %H:%M}"),
    )
    audit.record(
        session,
        "paper:export",
        unit,
        actor=printing.actor,
        words=printing.purpose_words,
        paper=kind.value,
        year=year,
        rows=len(lines.rows),
    )
    columns = [(column.heading, column.width / 1.8) for column in lines.columns]
    content = write_list(NAMES[kind], columns, lines.rows, ("Thông tin", facts))
    return Paper(f"{kind.value}-{unit.code}-{year}.xlsx", MEDIA_TYPE, content)


def _on_paper(value: Value) -> str:
    return write_date(value) if isinstance(value, date) else "" if value is None else str(value)


def _year(year: int) -> tuple[datetime, datetime]:
    """The first moments of a year and of the next one, as Vietnam has them."""
    return tuple(datetime(day, 1, 1, tzinfo=HANOI).astimezone(UTC) for day in (year, year + 1))  # type: ignore[return-value]


def _dossiers_held(session: Session, unit: Unit, year: int, actor: Actor) -> tuple[tuple[Value, ...], ...]:
    """The dossiers the unit holds now and had by the end of the year, in the order of their numbers."""
    _, end = _year(year)
    held = session.scalars(
        select(Dossier)
        .join(Dossier.person)
        .where(Dossier.custodian_id == unit.id, Dossier.created_at < end, allowed(actor, Action.DOSSIER_READ))
        .options(joinedload(Dossier.person))
        .order_by(Dossier.number, Person.sort_key)
    ).all()
    came = _last_arrivals(session, unit)
    rows: list[tuple[Value, ...]] = []
    for dossier in held:
        arrival = came.get(dossier.id)
        moment = arrival.closed_at if arrival and arrival.closed_at else dossier.created_at
        if moment >= end:
            continue
        person = dossier.person
        place = " · ".join(part for part in (dossier.shelf_room, dossier.shelf, dossier.shelf_box) if part)
        rows.append(
            (
                len(rows) + 1,
                dossier.number,
                person.full_name,
                write_date(person.birth_date, person.birth_precision),
                catalogue.term("category", dossier.category.value).label_vi,
                moment.astimezone(HANOI).date(),
                committee_name(arrival.from_unit.name) if arrival else "Lập tại đơn vị",
                place,
            )
        )
    return tuple(rows)


def _last_arrivals(session: Session, unit: Unit) -> dict[str, Transfer]:
    arrived = session.scalars(
        select(Transfer)
        .where(Transfer.to_unit_id == unit.id, Transfer.state.in_(_ARRIVED))
        .options(joinedload(Transfer.from_unit))
        .order_by(Transfer.closed_at)
    )
    return {transfer.dossier_id: transfer for transfer in arrived}


def _handed_over(session: Session, unit: Unit, year: int) -> tuple[tuple[Value, ...], ...]:
    """What the unit sent and what it received in the year, in the order of the days."""
    start, end = _year(year)
    involved = session.scalars(
        select(Transfer)
        .where(or_(Transfer.from_unit_id == unit.id, Transfer.to_unit_id == unit.id))
        .where(Transfer.dispatched_at.is_not(None))
        .options(
            joinedload(Transfer.from_unit),
            joinedload(Transfer.to_unit),
            joinedload(Transfer.dossier).joinedload(Dossier.person),
        )
    ).all()
    events: list[tuple[datetime, str, Transfer]] = []
    for transfer in involved:
        if transfer.from_unit_id == unit.id and transfer.dispatched_at:
            events.append((transfer.dispatched_at, "Giao", transfer))
        elif transfer.state in _ARRIVED and transfer.closed_at:
            events.append((transfer.closed_at, "Nhận", transfer))
    rows: list[tuple[Value, ...]] = []
    for moment, way, transfer in sorted(events, key=lambda event: (event[0], event[2].number)):
        if start <= moment < end:
            other = transfer.to_unit if way == "Giao" else transfer.from_unit
            rows.append(_handover_row(len(rows) + 1, moment, way, transfer, other))
    return tuple(rows)


def _handover_row(number: int, moment: datetime, way: str, transfer: Transfer, other: Unit) -> tuple[Value, ...]:
    documents = (transfer.manifest or {}).get("documents", [])
    pages = sum(row.get("pages", 0) for row in documents)
    notes = {
        TransferState.ACCEPTED_WITH_RESERVATIONS: "Có bảo lưu",
        TransferState.REJECTED: "Từ chối nhận",
        TransferState.IN_TRANSIT: "Đang chuyển",
    }
    return (
        number,
        moment.astimezone(HANOI).date(),
        way,
        transfer.dossier.number,
        transfer.dossier.person.full_name,
        committee_name(other.name),
        transfer.number,
        f"{len(documents)} / {pages}",
        notes.get(transfer.state, ""),
    )
