"""Writing a plan, and changing it while it is a draft: decision, changes, single people, the dry run that is kept.

Every change of the plan throws the kept dry run away: what is read beside a plan always belongs to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from oms import audit, dossiers, organisation
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import Account, Dossier, Person, Reorganisation, Unit, UnitKind
from oms.permissions import Action, Actor, kept, require
from oms.reorganisation.outcome import DryRun
from oms.reorganisation.steps import APPROVED, DRAFT, SUBMITTED, open_step
from oms.reorganisation.trying import dry_run
from oms.reorganisation.units import ENDING, KINDS, NEEDED
from oms.vietnamese.names import name_key

PEOPLE_A_PAGE = 50


def draft(
    session: Session,
    changes: Sequence[dict[str, Any]],
    *,
    decision_number: str,
    decided_on: date,
    decision_body: str,
    effective_on: date,
    actor: Actor,
    choices: dict[str, str] | None = None,
) -> Reorganisation:
    """Write down what a decision changes; `choices` says the successor for single people (person id to unit code).

    A plan may begin without changes; they are added by `revise`.
    """
    board = _own_board(session, actor)
    _check_changes(changes)
    _check_decision(decision_number, decision_body, decided_on)
    year = organisation.today().year
    change = Reorganisation(
        number=f"SX-{year}-{dossiers.next_number(session, f'reorganisation-{year}'):03d}",
        board_id=board.id,
        decision_number=decision_number.strip(),
        decided_on=decided_on,
        decision_body=decision_body.strip(),
        effective_on=effective_on,
        plan={"changes": list(changes), "choices": choices or {}},
        prepared_by_id=actor.account_id,
    )
    session.add(change)
    session.flush()
    audit.record(session, "reorganisation:draft", change, actor=actor, number=change.number)
    return change


def _own_board(session: Session, actor: Actor) -> Unit:
    """The board the actor prepares for; raises `Refused` when there is none."""
    units = actor.units.get(Action.REORGANISATION_PREPARE, frozenset())
    board = session.scalar(
        select(Unit)
        .where(Unit.id.in_(units), Unit.keeps_dossiers, Unit.kind == UnitKind.BOARD, Unit.valid_to.is_(None))
        .order_by(Unit.code)
    )
    if board is None:
        raise Refused(N_("Only the board that keeps the dossiers of the Bloc prepares a reorganisation. Ask there."))
    return board


def _check_changes(changes: Sequence[Mapping[str, Any]]) -> None:
    if any(row.get("kind") not in KINDS for row in changes):
        raise BadInput(N_("The plan needs changes, each of a kind: %(kinds)s."), kinds=", ".join(KINDS))
    for row in changes:
        if missing := [name for name in NEEDED[row["kind"]] if not row.get(name)]:
            raise BadInput(N_("The change “%(kind)s” lacks: %(names)s."), kind=row["kind"], names=", ".join(missing))
        if row["kind"] == "create" and row["unit_kind"] not in set(UnitKind):
            raise BadInput(N_("There is no kind of unit “%(kind)s”."), kind=row["unit_kind"])


def _check_decision(number: str, body: str, day: date) -> None:
    if not number.strip() or not body.strip():
        raise BadInput(N_("Write the number of the decision and the body that took it."))
    if day > organisation.today():
        raise BadInput(N_("The day of the decision lies in the future. Check day, month and year."))


def revise(
    session: Session,
    change: Reorganisation,
    *,
    actor: Actor,
    changes: Sequence[dict[str, Any]] | None = None,
    choices: Mapping[str, str] | None = None,
    version: int | None = None,
) -> None:
    """Put other changes or choices in the place of the old ones; `version` is the one the actor saw.

    Kept choices of a successor that no change names any more are given up: those people are to be placed anew.
    """
    _open_draft(session, change, actor, version)
    if changes is not None:
        _check_changes(changes)
    rows = list(change.plan["changes"] if changes is None else changes)
    named = {code for row in rows for code in row.get("to", ())}
    kept = {who: code for who, code in change.plan.get("choices", {}).items() if code in named}
    plan = {"changes": rows, "choices": kept if choices is None else dict(choices)}
    _replace(session, change, actor, plan=plan)


def correct(
    session: Session,
    change: Reorganisation,
    *,
    decision_number: str,
    decided_on: date,
    decision_body: str,
    effective_on: date,
    actor: Actor,
    version: int | None = None,
) -> None:
    """Write the decision down anew: number, day, body, day of effect."""
    _open_draft(session, change, actor, version)
    _check_decision(decision_number, decision_body, decided_on)
    _replace(
        session,
        change,
        actor,
        decision_number=decision_number.strip(),
        decided_on=decided_on,
        decision_body=decision_body.strip(),
        effective_on=effective_on,
    )


def _open_draft(session: Session, change: Reorganisation, actor: Actor, version: int | None) -> None:
    open_step(session, change, Action.REORGANISATION_PREPARE, {DRAFT}, actor, version)


def _replace(session: Session, change: Reorganisation, actor: Actor, **values: Any) -> None:
    for name, value in values.items():
        setattr(change, name, value)
    change.preview = change.preview_sha256 = None
    session.flush()
    count = len(change.plan["changes"])
    audit.record(session, "reorganisation:revise", change, actor=actor, changes=count, of=sorted(values))


def keep_dry_run(session: Session, change: Reorganisation, *, actor: Actor, version: int | None = None) -> DryRun:
    """Try the plan out and keep what it told beside the draft; a plan that cannot even be tried says why."""
    _open_draft(session, change, actor, version)
    try:
        result = dry_run(session, change, actor=actor)
    except (BadInput, Conflict) as error:
        values = {name: str(value) for name, value in error.values.items()}
        result = DryRun({}, {}, {}, ((error.message, values),))
        audit.record(session, "reorganisation:dry_run", change, actor=actor, blockers=1)
    change.preview, change.preview_sha256 = result.as_json(), None
    session.flush()
    return result


def reopen(session: Session, change: Reorganisation, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """Give a submitted or approved plan back to be worked on: by whoever prepares plans, or by the head who decides."""
    right = Action.REORGANISATION_APPROVE if actor.has(Action.REORGANISATION_APPROVE) else Action.REORGANISATION_PREPARE
    open_step(session, change, right, {SUBMITTED, APPROVED}, actor, version)
    if not reason.strip():
        raise BadInput(N_("Write what is to be changed in the plan."))
    change.state, change.reason = DRAFT, reason.strip()
    change.preview = change.preview_sha256 = None
    change.approved_by_id = change.approved_at = None
    session.flush()
    audit.record(session, "reorganisation:reopen", change, actor=actor, words=reason.strip())


def has_board(session: Session, *, actor: Actor) -> bool:
    """True when reorganisations concern the actor at all: a board that keeps dossiers is among the own units."""
    return bool(actor.units.get(Action.REORGANISATION_READ)) and session.scalar(_boards(actor)) is not None


@kept(Action.REORGANISATION_READ)
def _boards(actor: Actor) -> Select[str]:
    units = actor.units[Action.REORGANISATION_READ]
    return select(Unit.id).where(Unit.id.in_(units), Unit.keeps_dossiers, Unit.kind == UnitKind.BOARD).limit(1)


@dataclass(frozen=True)
class Placed:
    """A person of a unit that ends, and the successor chosen for them ("" for where their unit goes)."""

    id: str
    full_name: str
    birth_year: int | None
    unit: str
    chosen: str


def people_of(
    session: Session, change: Reorganisation, place: int, *, actor: Actor, name: str = "", page: int = 1
) -> tuple[list[Placed], int]:
    """People whom the change at `place` concerns, those placed by hand first; and how many fit in all.

    Name, year of birth and unit are all that is told: the board places people, it does not read their dossiers.
    """
    _may_place(change, actor)
    choices: dict[str, str] = change.plan.get("choices", {})
    found = _people(session, change, place, name)
    found.sort(key=lambda person: person.id not in choices)
    first = (max(page, 1) - 1) * PEOPLE_A_PAGE
    shown = found[first : first + PEOPLE_A_PAGE]
    audit.record(session, "reorganisation:people", change, actor=actor, words=name, shown=len(shown), total=len(found))
    return [_placed(person, choices) for person in shown], len(found)


def place_everybody(
    session: Session,
    change: Reorganisation,
    place: int,
    code: str,
    *,
    actor: Actor,
    name: str = "",
    version: int | None = None,
) -> int:
    """Choose a successor for all people of the change at `place` whose name fits; "" takes the choices back."""
    _may_place(change, actor)
    if code and code not in change.plan["changes"][place]["to"]:
        raise BadInput(N_("%(unit)s is no successor in this plan. Correct the choices."), unit=code)
    ids = [person.id for person in _people(session, change, place, name)]
    choices = {id: chosen for id, chosen in change.plan.get("choices", {}).items() if id not in set(ids)}
    revise(session, change, choices=choices | (dict.fromkeys(ids, code) if code else {}), actor=actor, version=version)
    return len(ids)


def _may_place(change: Reorganisation, actor: Actor) -> None:
    require(actor, Action.REORGANISATION_PREPARE, change)
    if not actor.has(Action.PERSON_READ):
        raise Refused(N_("Names of people are not for your account. An officer of the board places them."))


def _people(session: Session, change: Reorganisation, place: int, name: str) -> list[Person]:
    """Who belongs to the units that end by a change, to what lies below them, or has a dossier there."""
    codes = change.plan["changes"][place].get("from", [])
    ended = set(session.scalars(select(Unit.id).where(Unit.code.in_(codes))))
    around = organisation.units_below(session, ended)
    held = select(Dossier.person_id).where(Dossier.custodian_id.in_(ended))
    query = (
        select(Person)
        .where(or_(Person.unit_id.in_(around), Person.id.in_(held)))
        .options(joinedload(Person.unit))
        .order_by(Person.sort_key, Person.id)
    )
    words = name_key(name).split()
    return [person for person in session.scalars(query) if _fits(person.full_name, words)]


def _fits(full_name: str, words: Sequence[str]) -> bool:
    parts = name_key(full_name).split() if words else []
    return all(any(part.startswith(word) for part in parts) for word in words)


def _placed(person: Person, choices: Mapping[str, str]) -> Placed:
    year = person.birth_date.year if person.birth_date else None
    return Placed(person.id, person.full_name, year, person.unit.short_name, choices.get(person.id, ""))


def homeless(session: Session, change: Reorganisation) -> list[str]:
    """Codes of the units directly below one that ends with several successors, which the plan has not placed yet."""
    rows = change.plan["changes"]
    ended = {code for row in rows if row["kind"] in ENDING and len(row["to"]) > 1 for code in row["from"]}
    placed = {code for row in rows for code in (*row.get("units", ()), *row.get("from", ()))}
    above = aliased(Unit)
    query = select(Unit.code).join(above, Unit.parent_id == above.id).where(above.code.in_(ended))
    return [code for code in session.scalars(query.where(Unit.valid_to.is_(None))) if code not in placed]


def placed_people(change: Reorganisation) -> int:
    """How many people the plan places by hand."""
    return len(change.plan.get("choices", {}))


def names_of(session: Session, change: Reorganisation) -> dict[str, str]:
    """The names of all units by code, also of those the plan begins."""
    named = dict(session.execute(select(Unit.code, Unit.name)).all())
    return named | {row["code"]: row["name"] for row in change.plan["changes"] if row["kind"] == "create"}


def account_names(session: Session, told: DryRun) -> dict[str, str]:
    """The names of those who gain or lose by a dry run, by user name."""
    query = select(Account.username, Account.full_name).where(Account.username.in_(told.rights))
    return dict(session.execute(query).all())
