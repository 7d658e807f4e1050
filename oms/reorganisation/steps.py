"""The stages of a reorganisation: drafted, dry run, approved by another person, carried out, taken back in time."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, catalogue, dossiers, jobs, organisation
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import (
    Account,
    Assignment,
    Dossier,
    Reorganisation,
    ReorganisationState,
    Role,
    Unit,
    UnitKind,
    now,
)
from oms.permissions import ROLE_ACTIONS, Action, Actor, allowed, require, require_confirmed
from oms.reorganisation.carrying_out import KINDS, Outcome, Work
from oms.reorganisation.ledger import take_back

DRAFT, SUBMITTED, APPROVED = ReorganisationState.DRAFT, ReorganisationState.SUBMITTED, ReorganisationState.APPROVED
EXECUTED, UNDONE, CANCELLED = ReorganisationState.EXECUTED, ReorganisationState.UNDONE, ReorganisationState.CANCELLED


@dataclass(frozen=True)
class DryRun:
    """What would happen: counts, what each account gains and loses, which units nobody serves, and the obstacles."""

    counts: dict[str, int]
    rights: dict[str, tuple[int, int]]
    nobody: dict[str, int]
    blockers: tuple[tuple[str, dict[str, str]], ...]

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the reorganisation: user names and unit codes with numbers, nothing of a dossier."""
        return {
            "counts": self.counts,
            "rights": {name: list(pair) for name, pair in sorted(self.rights.items())},
            "nobody": dict(sorted(self.nobody.items())),
            "blockers": [list(blocker) for blocker in self.blockers],
        }


# What a change of each kind says; more is optional.
NEEDED: dict[str, tuple[str, ...]] = {
    "create": ("code", "name", "unit_kind", "parent"),
    "rename": ("unit", "name"),
    "reparent": ("units", "parent"),
    "merge": ("from", "to"),
    "split": ("from", "to"),
    "dissolve": ("from", "to"),
}


def get_reorganisation(session: Session, number: str, *, actor: Actor) -> Reorganisation:
    """The reorganisation of a number, from those of the actor's board; else `NotFound`."""
    query = select(Reorganisation).where(
        Reorganisation.number == number.strip().upper(), allowed(actor, Action.REORGANISATION_READ)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(N_("There is no reorganisation %(number)s of your board. Check the number."), number=number)
    return found


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
    """Write down what a decision changes; `choices` says the successor for single people (person id to unit code)."""
    board = _own_board(session, actor)
    if not changes or any(row.get("kind") not in KINDS for row in changes):
        raise BadInput(N_("The plan needs changes, each of a kind: %(kinds)s."), kinds=", ".join(KINDS))
    for row in changes:
        if missing := [name for name in NEEDED[row["kind"]] if not row.get(name)]:
            raise BadInput(N_("The change “%(kind)s” lacks: %(names)s."), kind=row["kind"], names=", ".join(missing))
        if row["kind"] == "create" and row["unit_kind"] not in set(UnitKind):
            raise BadInput(N_("There is no kind of unit “%(kind)s”."), kind=row["unit_kind"])
    if not decision_number.strip() or not decision_body.strip():
        raise BadInput(N_("Write the number of the decision and the body that took it."))
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


def dry_run(session: Session, change: Reorganisation, *, actor: Actor) -> DryRun:
    """Carry the plan out and roll it back: the very changes, of which nothing stays."""
    require(actor, Action.REORGANISATION_READ, change)
    result = _try_out(session, change, actor)
    audit.record(session, "reorganisation:dry_run", change, actor=actor, blockers=len(result.blockers))
    return result


def _try_out(session: Session, change: Reorganisation, actor: Actor) -> DryRun:
    session.flush()
    before = _sight(session)
    trial = session.begin_nested()
    try:
        work = Work(session, change, actor.account_id)
        for _moved in work.run():
            pass
        after, counts_after = _sight(session), _held(session)
        nobody = _unserved(session, work.outcome, counts_after)
    except IntegrityError:
        raise Conflict(
            N_("Two dossiers of one person and category would meet in one managing body. Settle these first.")
        ) from None
    finally:
        trial.rollback()
        session.expire_all()
    rights = _compare(before, after, counts_after, work.outcome.moves)
    return DryRun(_counts(work.outcome), rights, nobody, tuple(work.outcome.blockers))


def _counts(outcome: Outcome) -> dict[str, int]:
    return {
        "units_ended": outcome.units_ended,
        "units_begun": outcome.units_begun,
        "people": outcome.people,
        "dossiers": outcome.moves.total(),
        "transfers": outcome.transfers,
        "transfers_cancelled": outcome.transfers_cancelled,
        "assignments": outcome.assignments,
    }


def _held(session: Session) -> dict[str, int]:
    query = select(Dossier.custodian_id, func.count()).group_by(Dossier.custodian_id)
    return dict(session.execute(query).all())


def _sight(session: Session) -> dict[str, frozenset[str]]:
    """For each user name the units whose dossiers it reads today."""
    day = organisation.today()
    readers = [role for role, actions in ROLE_ACTIONS.items() if Action.DOSSIER_READ in actions]
    seen: dict[str, frozenset[str]] = {}
    for username, unit_id, below in session.execute(
        select(Account.username, Assignment.unit_id, Assignment.with_units_below)
        .join(Assignment.account)
        .where(Assignment.role.in_(readers), Assignment.valid_from <= day, ~Account.disabled)
        .where(or_(Assignment.valid_to.is_(None), Assignment.valid_to >= day))
    ):
        here = organisation.units_below(session, {unit_id}) if below else frozenset({unit_id})
        seen[username] = seen.get(username, frozenset()) | here
    return seen


def _compare(
    before: dict[str, frozenset[str]],
    after: dict[str, frozenset[str]],
    held: dict[str, int],
    moves: Counter[tuple[str, str]],
) -> dict[str, tuple[int, int]]:
    """How many dossiers each account gains and loses."""
    unmoved = Counter(held)
    for (_start, end), number in moves.items():
        unmoved[end] -= number
    # A dossier that stays where it is counts as a move from a unit to itself.
    flows = moves + Counter({(unit, unit): number for unit, number in unmoved.items() if number > 0})
    found = {}
    for name in before | after:
        old, new = before.get(name, frozenset()), after.get(name, frozenset())
        gained = sum(number for (start, end), number in flows.items() if end in new and start not in old)
        lost = sum(number for (start, end), number in flows.items() if start in old and end not in new)
        if gained or lost:
            found[name] = (gained, lost)
    return found


def _unserved(session: Session, outcome: Outcome, held: dict[str, int]) -> dict[str, int]:
    """Units that receive dossiers and have no officer with an account, by code, with what they would hold."""
    day = organisation.today()
    served: set[str] = set()
    for unit_id, below in session.execute(
        select(Assignment.unit_id, Assignment.with_units_below)
        .join(Assignment.account)
        .where(Assignment.role == Role.OFFICER, Assignment.valid_from <= day, ~Account.disabled)
        .where(or_(Assignment.valid_to.is_(None), Assignment.valid_to >= day))
    ):
        served |= organisation.units_below(session, {unit_id}) if below else {unit_id}
    receiving = {end for _start, end in outcome.moves} - served
    return {session.get_one(Unit, unit_id).code: held.get(unit_id, 0) for unit_id in receiving}


def submit(session: Session, change: Reorganisation, *, actor: Actor) -> DryRun:
    """Keep the dry run and give it to the head; `Conflict` while anything stands in the way."""
    _step(session, change, Action.REORGANISATION_PREPARE, {DRAFT}, actor)
    result = _try_out(session, change, actor)
    _refuse_blocked(result)
    change.preview = result.as_json()
    change.preview_sha256 = _digest(change)
    change.state = SUBMITTED
    session.flush()
    audit.record(session, "reorganisation:submit", change, actor=actor, preview=change.preview_sha256)
    return result


def approve(session: Session, change: Reorganisation, *, actor: Actor) -> None:
    """The head agrees to the plan as the dry run showed it; never the person who prepared it."""
    _step(session, change, Action.REORGANISATION_APPROVE, {SUBMITTED}, actor)
    if actor.account_id == change.prepared_by_id:
        raise Refused(N_("Whoever prepared a reorganisation does not approve it. Ask another person."))
    require_confirmed(actor)
    change.approved_by_id, change.approved_at, change.state = actor.account_id, now(), APPROVED
    session.flush()
    audit.record(session, "reorganisation:approve", change, actor=actor, preview=change.preview_sha256)


def execute(session: Session, change: Reorganisation, *, actor: Actor) -> Outcome:
    """Carry everything out in the caller's one transaction; an audit entry for the whole and one for each move."""
    _step(session, change, Action.REORGANISATION_APPROVE, {APPROVED}, actor)
    require_confirmed(actor)
    if change.effective_on > organisation.today():
        raise Conflict(N_("The decision takes effect on %(day)s. Carry it out on that day."), day=change.effective_on)
    if change.preview_sha256 != _digest(change):
        raise Conflict(N_("The plan is no longer the one that was approved. Submit it again."))
    work = Work(session, change, actor.account_id)
    for moved in work.run():
        audit.record(
            session,
            "dossier:move",
            actor=actor,
            dossier_id=moved.dossier_id,
            start=moved.before,
            end=moved.after,
            reorganisation=change.id,
        )
        jobs.enqueue(session, "index_dossier", moved.dossier_id, actor=actor)
    if work.outcome.blockers:
        sentence, values = work.outcome.blockers[0]
        raise Conflict(sentence, **values)
    _index_again(session, work.outcome, actor)
    session.refresh(change)
    limit = catalogue.time_limit("undo_reorganisation", organisation.today())
    change.state, change.executed_by_id, change.executed_at = EXECUTED, actor.account_id, now()
    change.undo_until, change.report = limit.ends(organisation.today()), _counts(work.outcome)
    session.flush()
    audit.record(session, "reorganisation:execute", change, actor=actor, counts=_counts(work.outcome))
    return work.outcome


def _index_again(session: Session, outcome: Outcome, actor: Actor) -> None:
    """Dossiers of units with a new name or a new predecessor are found under both names at once."""
    query = select(Dossier.id).where(Dossier.custodian_id.in_(outcome.touched))
    for id in session.scalars(query.execution_options(yield_per=500)).all():
        jobs.enqueue(session, "index_dossier", id, actor=actor)


def undo(session: Session, change: Reorganisation, reason: str, *, actor: Actor) -> int:
    """Take everything back exactly; `Conflict` when the time is over or something was changed since."""
    _step(session, change, Action.REORGANISATION_APPROVE, {EXECUTED}, actor)
    require_confirmed(actor)
    if not reason.strip():
        raise BadInput(N_("Write why the reorganisation is taken back."))
    if change.undo_until is None or change.undo_until < organisation.today():
        raise Conflict(N_("The time for taking this reorganisation back is over. It needs a new decision."))
    moved = list(session.scalars(select(Dossier.id).where(Dossier.custodian_id.in_(_receivers(session, change)))))
    count = take_back(session, change)
    session.expire_all()
    change.state, change.undone_by_id, change.undone_at, change.reason = (
        UNDONE,
        actor.account_id,
        now(),
        reason.strip(),
    )
    session.flush()
    for id in moved:
        jobs.enqueue(session, "index_dossier", id, actor=actor)
    audit.record(session, "reorganisation:undo", change, actor=actor, words=reason.strip(), rows=count)
    return count


def _receivers(session: Session, change: Reorganisation) -> set[str]:
    codes = {code for row in change.plan["changes"] for code in (*row.get("to", ()), row.get("unit")) if code}
    ids = set(session.scalars(select(Unit.id).where(Unit.code.in_(codes))))
    boards = session.scalars(select(Unit.id).where(Unit.parent_id.in_(ids), Unit.keeps_dossiers))
    return ids | set(boards)


def cancel(session: Session, change: Reorganisation, reason: str, *, actor: Actor) -> None:
    """Give the plan up before it is carried out."""
    _step(session, change, Action.REORGANISATION_PREPARE, {DRAFT, SUBMITTED, APPROVED}, actor)
    if not reason.strip():
        raise BadInput(N_("Write why the plan is given up."))
    change.state, change.reason = CANCELLED, reason.strip()
    session.flush()
    audit.record(session, "reorganisation:cancel", change, actor=actor, words=reason.strip())


def _step(
    session: Session, change: Reorganisation, action: Action, start: set[ReorganisationState], actor: Actor
) -> None:
    session.flush()
    session.refresh(change, with_for_update=True)
    require(actor, action, change)
    if change.state not in start:
        raise Conflict(
            N_("Reorganisation %(number)s is not at a point where this can be done. Reload the page."),
            number=change.number,
        )


def _refuse_blocked(result: DryRun) -> None:
    if result.blockers:
        sentence, values = result.blockers[0]
        raise Conflict(sentence, **values)


def _digest(change: Reorganisation) -> str:
    body = {"plan": change.plan, "preview": change.preview, "on": change.effective_on.isoformat()}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
