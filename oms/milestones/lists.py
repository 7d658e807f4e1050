"""The lists themselves: their names, their columns, how they are asked for and how they leave the house as a file."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit, catalogue
from oms.errors import N_, BadInput
from oms.exporting import Translate, require_purpose, who_took_it
from oms.milestones import pay, people, terms
from oms.milestones.found import Asked, Milestones, Reached, Who
from oms.models import Person, Precision, Unit
from oms.organisation import today
from oms.permissions import Action, Actor, allowed
from oms.spreadsheets import Value, write_list

Cell = Callable[[Reached, Translate], Value]


@dataclass(frozen=True)
class Column:
    """A column: its heading, its width in characters of a file and in millimetres of a paper, and its cells."""

    key: str
    heading: str
    width: float
    paper: float
    cell: Cell
    align: str = "left"


@dataclass(frozen=True)
class ListOf:
    """A list: its title, a sentence about it, who gathers it, and its columns between the person and the end."""

    title: str
    lead: str
    gather: Callable[..., Milestones]
    columns: tuple[Column, ...]


def find(session: Session, what: str, asked: Asked, *, actor: Actor) -> Milestones:
    """A list, written down as a look."""
    found = LISTS[what].gather(session, asked, actor=actor)
    audit.record(session, "milestones:list", actor=actor, what=what, total=len(found.rows))
    return found


@dataclass(frozen=True)
class Ahead:
    """How many people a list has in the days ahead: pairs of days and people."""

    what: str
    counts: tuple[tuple[int, int], ...]
    start: date

    def until(self, days: int) -> date:
        """The last of the days."""
        return self.start + timedelta(days=days)


def ahead(session: Session, *, actor: Actor) -> list[Ahead]:
    """What the start page tells of the days ahead, list by list; lists without anybody are left out."""
    day = today()
    rule = catalogue.reminder_rule(day)
    if rule is None:
        return []
    asked = Asked(day, day + timedelta(days=rule.days[-1]), with_unknown=False)
    found = []
    for what, kind in LISTS.items():
        rows = kind.gather(session, asked, actor=actor).rows
        counts = tuple((days, sum(row.day <= day + timedelta(days=days) for row in rows)) for days in rule.days)
        if counts[-1][1]:
            found.append(Ahead(what, counts, day))
    return found


def units_of(session: Session, *, actor: Actor) -> list[Unit]:
    """The units of the people the actor may see: choices of the filter."""
    own = select(Person.unit_id).where(allowed(actor, Action.PERSON_READ))
    return list(session.scalars(select(Unit).where(Unit.id.in_(own)).order_by(Unit.name)))


def export(
    session: Session,
    what: str,
    asked: Asked,
    *,
    purpose: str,
    actor: Actor,
    translate: Translate,
    chosen: Collection[str] = (),
) -> bytes:
    """A list as an Excel file with the chosen columns (all without a choice), days as days; of whom nobody can tell
    stands below, with what is not known. `BadInput` without a purpose."""
    reason = require_purpose(purpose, actor=actor)
    kind = LISTS[what]
    columns = choose(kind, chosen)
    found = kind.gather(session, asked, actor=actor)
    rows: list[Sequence[Value]] = [
        [number, *(column.cell(row, translate) for column in columns), None] for number, row in enumerate(found.rows, 1)
    ]
    for number, one in enumerate(found.unknown, len(rows) + 1):
        blank = Reached(one.person, date.min)
        told = [column.cell(blank, translate) if column in PERSON else None for column in columns]
        rows.append([number, *told, one.why.words(translate)])
    facts: list[tuple[str, Value]] = [
        (translate(N_("From the day")), asked.start),
        (translate(N_("Until the day")), asked.end),
        (translate(N_("Basis")), found.basis),
        (translate(N_("People")), len(found.rows)),
        (translate(N_("Cannot be told")), len(found.unknown)),
        *who_took_it(reason, actor=actor, translate=translate),
    ]
    audit.record(session, "milestones:export", actor=actor, words=reason, what=what, rows=len(rows))
    headings = [
        (translate(N_("No.")), 6.0),
        *((translate(column.heading), column.width) for column in columns),
        (translate(N_("What is not known")), 40.0),
    ]
    return write_list(translate(kind.title), headings, rows, (translate(N_("About this file")), facts))


def choose(kind: ListOf, chosen: Collection[str]) -> tuple[Column, ...]:
    """The chosen columns in the order of the list; raises `BadInput` when none of them is there."""
    columns = columns_of(kind)
    found = tuple(column for column in columns if not chosen or column.key in chosen)
    if not found:
        raise BadInput(N_("Choose at least one column."))
    return found


def columns_of(kind: ListOf) -> tuple[Column, ...]:
    """All columns of a list."""
    return (*PERSON, *kind.columns)


def _born(person: Who) -> Value:
    """A date as a date where the papers say the day, else as much as they say."""
    if person.birth_date is None or person.birth_precision in (None, Precision.DAY):
        return person.birth_date
    return person.birth_date.strftime("%m/%Y" if person.birth_precision == Precision.MONTH else "%Y")


def _day(row: Reached, _translate: Translate) -> Value:
    return row.day if row.precision == Precision.DAY else row.day.strftime("%m/%Y")


def _source(row: Reached, translate: Translate) -> Value:
    return translate(N_("Read by the machine") if row.read else N_("Verified"))


def _gender(row: Reached, translate: Translate) -> Value:
    return translate(row.person.gender.label) if row.person.gender else None


PERSON: tuple[Column, ...] = (
    Column("name", N_("Full name"), 28, 44, lambda row, _t: row.person.full_name),
    Column("born", N_("Born"), 14, 22, lambda row, _t: _born(row.person), "center"),
    Column("gender", N_("Gender"), 10, 14, _gender, "center"),
    Column("unit", N_("Unit"), 36, 46, lambda row, _t: row.person.unit_name),
    Column("position", N_("Position"), 28, 0, lambda row, _t: row.person.position),
)


def _days(heading: str) -> Column:
    return Column("day", heading, 16, 24, _day, "center")


def _numbers(heading: str) -> Column:
    return Column("number", heading, 14, 18, lambda row, _t: row.number, "center")


def _now(heading: str, paper: float) -> Column:
    return Column("now", heading, 40, paper, lambda row, translate: row.now.words(translate) if row.now else None)


_THEN = Column("then", N_("Then"), 26, 40, lambda row, translate: row.then.words(translate) if row.then else None)
_NOTE = Column("note", N_("Note"), 40, 0, lambda row, translate: row.note.words(translate) if row.note else None)
_SOURCE = Column("source", N_("Known from"), 20, 22, _source)

LISTS: Mapping[str, ListOf] = {
    "retirement": ListOf(
        N_("To retire"),
        N_("By age and gender, under normal conditions; a decision for one person may say otherwise."),
        people.retiring,
        (_days(N_("Last day of work")), _numbers(N_("Age"))),
    ),
    "badges": ListOf(
        N_("Party badges"),
        N_("By the years since the day of joining the Party."),
        people.badges,
        (_days(N_("Completed on")), _numbers(N_("Years in the Party"))),
    ),
    "pay": ListOf(
        N_("Pay rises due"),
        N_("Regular rises and the allowance beyond the last step; rises before the time come by decision only."),
        pay.rises,
        (_days(N_("Due on")), _now(N_("Now"), 50), _THEN, _NOTE, _SOURCE),
    ),
    "posts": ListOf(
        N_("To be reappointed"),
        N_("Posts whose term ends, counted from the last appointment that is known."),
        terms.posts,
        (_days(N_("Term ends on")), _now(N_("Post"), 60), _SOURCE),
    ),
    "contracts": ListOf(
        N_("Contracts that end"),
        N_("By the newest contract or annex whose text names an end; contracts without a term are not listed."),
        terms.contracts,
        (_days(N_("Ends on")), _now(N_("Contract"), 60), _SOURCE),
    ),
    "disciplines": ListOf(
        N_("Disciplines in force"),
        N_("Measures in force on a day of the time, by the day they end by themselves when nothing new happens."),
        terms.disciplines,
        (_days(N_("In force until")), _now(N_("Measure"), 60), _SOURCE),
    ),
}
