"""Stock-taking (kiểm kê): what stands on the shelf against what is written.

A count is of a room, a shelf or a box of one unit. Every label that is scanned is written down at once, so a count goes
on where it stopped, on any device. Finished, it says what is missing, in the wrong place, of another unit or unknown,
and each difference is settled by a person. A label that is not of the counting unit discloses nothing but that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload
from sqlalchemy.orm.exc import StaleDataError

from oms import audit, dossiers, whereabouts
from oms.errors import N_, BadInput, Conflict, FileRefused, NotFound, Refused
from oms.models import (
    CountedPaper,
    DifferenceKind,
    Dossier,
    PaperState,
    StockDifference,
    Stocktaking,
    Unit,
    now,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, require
from oms.recognition.separators import find_codes_on_photograph
from oms.spreadsheets import write_list
from oms.vietnamese.text import nfc

DOSSIER_LABEL, SHELF_LABEL = "OMS:", "OMS-KE:"
_NUMBER = re.compile(r"[A-Z]{2,4}-[0-9]{3,9}")
CODE_LENGTH, PLACE_LENGTH = 120, 60
MOST_OPEN = 200
# Ways to settle each kind of difference; the first one is what is done most.
WAYS: dict[DifferenceKind, tuple[str, ...]] = {
    DifferenceKind.MISSING: ("not_found", "found"),
    DifferenceKind.ELSEWHERE: ("put_back", "place_here"),
    DifferenceKind.OTHER_UNIT: ("handed_back",),
    DifferenceKind.UNKNOWN: ("noted",),
}
WAY_LABELS = {
    "not_found": N_("Nobody knows where it is"),
    "found": N_("Found after all"),
    "put_back": N_("Put back in its place"),
    "place_here": N_("Its place is here from now on"),
    "handed_back": N_("Given to its unit"),
    "noted": N_("Looked into"),
}


@dataclass(frozen=True)
class Place:
    """A room, a shelf in it, a box on it."""

    room: str
    shelf: str | None = None
    box: str | None = None

    @property
    def words(self) -> str:
        """The place as people write it."""
        return " / ".join(part for part in (self.room, self.shelf, self.box) if part)


def read_shelf_label(text: str) -> tuple[str, Place]:
    """Unit code and place of a shelf label; raises `BadInput` for anything else."""
    parts = [nfc(part).strip() for part in text.strip().removeprefix(SHELF_LABEL).split("/")]
    if not text.strip().startswith(SHELF_LABEL) or len(parts) < 2 or len(parts) > 4 or not parts[1]:
        raise BadInput(N_("This is no label of a shelf. Scan the label of the room, shelf or box that is counted."))
    return parts[0], make_place(*parts[1:])


def make_place(room: str, shelf: str = "", box: str = "") -> Place:
    """A place as it is kept; raises `BadInput` for a box without a shelf or no room."""
    room, shelf, box = (nfc(part).strip()[:PLACE_LENGTH] for part in (room, shelf, box))
    if not room or (box and not shelf):
        raise BadInput(N_("Say which room is counted; a box needs its shelf."))
    return Place(room, shelf or None, box or None)


def start(session: Session, unit: Unit, place: Place, *, actor: Actor) -> Stocktaking:
    """Begin a count, or go on with the open one of the same place."""
    if unit.id not in actor.units.get(Action.STOCK_COUNT, frozenset()):
        raise Refused(N_("Shelves are counted by the dossier officer of their unit."))
    same = (Stocktaking.room == place.room, _is(Stocktaking.shelf, place.shelf), _is(Stocktaking.box, place.box))
    going = session.scalar(
        select(Stocktaking).where(Stocktaking.unit_id == unit.id, Stocktaking.finished_at.is_(None), *same)
    )
    if going is not None:
        return going
    count = Stocktaking(
        number=f"KK-{today().year}-{dossiers.next_number(session, f'stocktaking-{today().year}'):04d}",
        unit_id=unit.id,
        room=place.room,
        shelf=place.shelf,
        box=place.box,
        started_by_id=actor.account_id,
    )
    session.add(count)
    session.flush()
    audit.record(session, "stock:start", count, actor=actor, number=count.number)
    return count


def _is(column: InstrumentedAttribute[str | None], value: str | None) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value


def place_of(count: Stocktaking) -> Place:
    """What is counted."""
    return Place(count.room, count.shelf, count.box)


def list_counts(session: Session, *, actor: Actor) -> list[Stocktaking]:
    """Counts of the actor's units, open ones first, then the latest; the look is written down."""
    counts = session.scalars(
        select(Stocktaking)
        .where(allowed(actor, Action.STOCK_COUNT))
        .options(joinedload(Stocktaking.unit), joinedload(Stocktaking.started_by))
        .order_by(Stocktaking.finished_at.is_not(None), Stocktaking.started_at.desc())
        .limit(MOST_OPEN)
    ).all()
    audit.record(session, "stock:list", actor=actor, total=len(counts))
    return list(counts)


def view(session: Session, count: Stocktaking, *, actor: Actor) -> None:
    """Write down that the actor opened a count."""
    require(actor, Action.STOCK_COUNT, count)
    audit.record(session, "stock:view", count, actor=actor)


def expected(session: Session, count: Stocktaking) -> list[Dossier]:
    """The dossiers that ought to stand in the counted place now, by number."""
    place = [Dossier.shelf_room == count.room]
    if count.shelf is not None:
        place.append(Dossier.shelf == count.shelf)
    if count.box is not None:
        place.append(Dossier.shelf_box == count.box)
    here = (Dossier.custodian_id == count.unit_id, Dossier.paper_unit_id.is_(None))
    on_shelf = Dossier.paper_state.in_((PaperState.ON_SHELF, PaperState.UNKNOWN))
    query = select(Dossier).where(*here, on_shelf, *place).options(joinedload(Dossier.person))
    return list(session.scalars(query.order_by(Dossier.number)))


def counted(session: Session, count: Stocktaking) -> list[CountedPaper]:
    """What was scanned so far, the latest first."""
    return list(
        session.scalars(
            select(CountedPaper)
            .where(CountedPaper.stocktaking_id == count.id)
            .options(joinedload(CountedPaper.dossier).joinedload(Dossier.person), joinedload(CountedPaper.counted_by))
            .order_by(CountedPaper.counted_at.desc(), CountedPaper.id)
        )
    )


def read_number(text: str) -> str:
    """The number of a dossier from a label or as it is typed; raises `BadInput`."""
    number = nfc(text).strip().upper().removeprefix(DOSSIER_LABEL)
    if number.isascii() and number.isdecimal() and len(number) <= 6:
        number = f"HS-{int(number):06d}"
    if not _NUMBER.fullmatch(number):
        raise BadInput(
            N_("“%(text)s” is no label of a dossier. Scan it again, or type the number, for instance HS-000123."),
            text=text.strip()[:40],
        )
    return number


def scan(session: Session, count: Stocktaking, text: str, *, actor: Actor) -> tuple[CountedPaper, bool]:
    """Write down one scanned label; return it and False when it was scanned in this count before."""
    require(actor, Action.STOCK_COUNT, count)
    if count.finished_at is not None:
        raise Conflict(N_("Count %(number)s is finished. Begin a new one to go on scanning."), number=count.number)
    number = read_number(text)
    known = session.scalar(
        select(CountedPaper).where(CountedPaper.stocktaking_id == count.id, CountedPaper.code == number)
    )
    if known is not None:
        return known, False
    dossier_id = session.scalar(select(Dossier.id).where(Dossier.number == number))
    paper = CountedPaper(stocktaking_id=count.id, code=number, dossier_id=dossier_id, counted_by_id=actor.account_id)
    try:
        with session.begin_nested():
            session.add(paper)
    except IntegrityError:  # the other telephone was faster
        return session.scalars(
            select(CountedPaper).where(CountedPaper.stocktaking_id == count.id, CountedPaper.code == number)
        ).one(), False
    audit.record(session, "stock:scan", count, actor=actor, dossier_id=dossier_id, code=number)
    return paper, True


def read_photograph(path: Path) -> tuple[str, ...]:
    """The texts of the QR codes on a photograph; raises `BadInput` when it is no picture or has none."""
    try:
        codes = find_codes_on_photograph(path)
    except FileRefused as error:
        raise BadInput(error.message) from None
    found = tuple(code for code in codes if code.startswith((DOSSIER_LABEL, SHELF_LABEL)))
    if not found:
        raise BadInput(N_("No label can be read on the photograph. Go closer, hold still, and let light fall on it."))
    return found


def finish(session: Session, count: Stocktaking, *, actor: Actor) -> None:
    """End the count and write down every difference; raises `Conflict` when somebody else just ended it."""
    require(actor, Action.STOCK_COUNT, count)
    if count.finished_at is not None:
        raise Conflict(N_("Count %(number)s is finished. Begin a new one to go on scanning."), number=count.number)
    ought = {dossier.number: dossier for dossier in expected(session, count)}
    papers = {paper.code: paper for paper in counted(session, count)}
    for number in sorted(ought.keys() - papers.keys()):
        _differ(session, count, number, ought[number].id, DifferenceKind.MISSING)
    for number in sorted(papers.keys() - ought.keys()):
        _differ(session, count, number, papers[number].dossier_id, _kind_of(count, papers[number].dossier))
    count.expected, count.finished_at, count.finished_by_id = sorted(ought), now(), actor.account_id
    try:
        session.flush()
    except StaleDataError:
        raise Conflict(
            N_("Count %(number)s is finished. Begin a new one to go on scanning."), number=count.number
        ) from None
    differences = len(ought.keys() ^ papers.keys())
    audit.record(
        session, "stock:finish", count, actor=actor, expected=len(ought), found=len(papers), differences=differences
    )


def _kind_of(count: Stocktaking, dossier: Dossier | None) -> DifferenceKind:
    if dossier is None:
        return DifferenceKind.UNKNOWN
    return DifferenceKind.ELSEWHERE if dossier.custodian_id == count.unit_id else DifferenceKind.OTHER_UNIT


def _differ(session: Session, count: Stocktaking, code: str, dossier_id: str | None, kind: DifferenceKind) -> None:
    session.add(StockDifference(stocktaking_id=count.id, code=code, dossier_id=dossier_id, kind=kind))


def differences_of(session: Session, count: Stocktaking) -> list[StockDifference]:
    """The differences of a finished count, what is open first."""
    rows = session.scalars(
        select(StockDifference)
        .where(StockDifference.stocktaking_id == count.id)
        .options(
            joinedload(StockDifference.dossier).joinedload(Dossier.person),
            joinedload(StockDifference.dossier).joinedload(Dossier.custodian),
            joinedload(StockDifference.settled_by),
        )
        .order_by(StockDifference.settled_at.is_not(None), StockDifference.kind, StockDifference.code)
    )
    return list(rows)


def settle(session: Session, count: Stocktaking, difference_id: str, way: str, *, actor: Actor) -> StockDifference:
    """Settle one difference; what is said about the paper is written down where it belongs."""
    require(actor, Action.STOCK_COUNT, count)
    difference = session.scalar(
        select(StockDifference)
        .where(StockDifference.id == difference_id, StockDifference.stocktaking_id == count.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if difference is None:
        raise NotFound()
    if difference.settled_at is not None:
        raise Conflict(N_("This difference was settled by somebody else. Reload the page."))
    if way not in WAYS[difference.kind]:
        raise BadInput(N_("Choose one of the ways that are offered for this difference."))
    _tell_dossier(session, count, difference, way, actor)
    difference.settlement, difference.settled_by_id, difference.settled_at = way, actor.account_id, now()
    session.flush()
    audit.record(
        session, "stock:settle", count, actor=actor, dossier_id=difference.dossier_id, code=difference.code, way=way
    )
    return difference


def _tell_dossier(session: Session, count: Stocktaking, difference: StockDifference, way: str, actor: Actor) -> None:
    dossier = difference.dossier
    # Custody may have passed since the count: what another unit holds now is not ours to write about.
    if dossier is None or dossier.custodian_id != count.unit_id:
        return
    if way in ("not_found", "found"):
        state = PaperState.UNKNOWN if way == "not_found" else PaperState.ON_SHELF
        whereabouts.mark(session, dossier, state, actor=actor, note=count.number)
    else:
        whereabouts.follow(session, dossier, dossier.custodian, actor=actor, note=count.number)
    if way == "place_here":
        dossiers.place(session, dossier, room=count.room, shelf=count.shelf, box=count.box, actor=actor)


@dataclass(frozen=True)
class Totals:
    """How far a count is: expected, found of these, other labels."""

    expected: int
    found: int
    other: int


def totals(ought: Sequence[str], papers: Sequence[CountedPaper]) -> Totals:
    """The figures over a count."""
    seen = {paper.code for paper in papers}
    return Totals(len(ought), len(seen & set(ought)), len(seen - set(ought)))


def count_open(session: Session, *, actor: Actor) -> list[Stocktaking]:
    """Counts with differences nobody has settled, and counts nobody has finished, the oldest first."""
    unsettled = select(StockDifference.stocktaking_id).where(StockDifference.settled_at.is_(None))
    return list(
        session.scalars(
            select(Stocktaking)
            .where(
                allowed(actor, Action.STOCK_COUNT), Stocktaking.finished_at.is_(None) | Stocktaking.id.in_(unsettled)
            )
            .order_by(Stocktaking.started_at)
        )
    )


def export(session: Session, count: Stocktaking, titles: Sequence[str], say: dict[str, str], *, actor: Actor) -> bytes:
    """The list of differences as an Excel file; `say` has the words of kinds and ways."""
    require(actor, Action.STOCK_COUNT, count)
    rows = differences_of(session, count)
    listed = []
    for row in rows:
        mine = row.dossier is not None and row.dossier.custodian_id == count.unit_id
        name = row.dossier.person.full_name if mine and row.dossier else ""
        settled = say.get(row.settlement or "", "")
        listed.append([row.code, name, say[row.kind.value], settled, row.settled_at.date() if row.settled_at else None])
    columns = list(zip(titles, (20, 28, 30, 30, 14), strict=True))
    audit.record(session, "stock:export", count, actor=actor, rows=len(rows))
    return write_list(count.number, columns, listed)
