"""The dry run of a reorganisation: the execution itself in a savepoint, what it did counted, and rolled back."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, organisation
from oms.errors import N_, Conflict
from oms.models import Account, Assignment, Dossier, Reorganisation, Role, Unit, UnitKind
from oms.permissions import ROLE_ACTIONS, Action, Actor, require
from oms.reorganisation.carrying_out import Work
from oms.reorganisation.outcome import DryRun, Outcome


def dry_run(session: Session, change: Reorganisation, *, actor: Actor) -> DryRun:
    """Carry the plan out and roll it back: the very changes, of which nothing stays."""
    require(actor, Action.REORGANISATION_READ, change)
    result = try_out(session, change, actor)
    audit.record(session, "reorganisation:dry_run", change, actor=actor, blockers=len(result.blockers))
    return result


def try_out(session: Session, change: Reorganisation, actor: Actor) -> DryRun:
    """What `dry_run` tells, without an audit entry: part of a step that has its own.

    It runs in a savepoint of the caller's writing transaction: nothing of it is ever committed, on PostgreSQL its row
    locks go with the savepoint, and a plan that cannot be carried out leaves the transaction usable.
    """
    session.flush()
    day = max(change.effective_on, organisation.today())
    before = _sight(session, day)
    trial = session.begin_nested()
    try:
        work = Work(session, change, actor.account_id)
        for _moved in work.run():
            pass
        outcome, after, held = work.outcome, _sight(session, day), _held(session)
        codes = codes_of(session, outcome)
        return DryRun(
            counts=outcome.counts,
            rights=_compare(before, after, held, outcome.moves),
            nobody=_unserved(session, outcome, held, day),
            blockers=tuple(outcome.blockers),
            landings=outcome.landings(codes),
            undecided={codes[unit_id]: number for unit_id, number in outcome.undecided.items()},
        )
    except IntegrityError:
        raise Conflict(
            N_("Two dossiers of one person and category would meet in one managing body. Settle these first.")
        ) from None
    finally:
        trial.rollback()
        session.expire_all()


def codes_of(session: Session, outcome: Outcome) -> dict[str, str]:
    """The codes of the units something passed from or to."""
    ids = {unit_id for _kind, start, end in outcome.landed for unit_id in (start, end)}
    return dict(session.execute(select(Unit.id, Unit.code).where(Unit.id.in_(ids))).all())


def _held(session: Session) -> dict[str, int]:
    query = select(Dossier.custodian_id, func.count()).group_by(Dossier.custodian_id)
    return dict(session.execute(query).all())


def _in_service(session: Session, roles: Iterable[Role], day: date) -> Iterator[tuple[str, frozenset[str]]]:
    """User name and units of everybody who has one of the roles on a day."""
    reach: dict[tuple[str, bool], frozenset[str]] = {}
    for username, unit_id, below in session.execute(
        select(Account.username, Assignment.unit_id, Assignment.with_units_below)
        .join(Assignment.account)
        .where(Assignment.role.in_(roles), Assignment.valid_from <= day, ~Account.disabled)
        .where(or_(Assignment.valid_to.is_(None), Assignment.valid_to >= day))
    ):
        if (unit_id, below) not in reach:
            units = organisation.units_below(session, {unit_id}) if below else frozenset({unit_id})
            reach[unit_id, below] = units
        yield username, reach[unit_id, below]


def _sight(session: Session, day: date) -> dict[str, frozenset[str]]:
    """For each user name the units whose dossiers it reads on a day."""
    readers = [role for role, actions in ROLE_ACTIONS.items() if Action.DOSSIER_READ in actions]
    seen: dict[str, frozenset[str]] = {}
    for username, units in _in_service(session, readers, day):
        seen[username] = seen.get(username, frozenset()) | units
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


def _unserved(session: Session, outcome: Outcome, held: dict[str, int], day: date) -> dict[str, int]:
    """Units here that receive dossiers and have no officer with an account, by code, with what they would hold."""
    served = frozenset[str]().union(*(units for _name, units in _in_service(session, [Role.OFFICER], day)))
    receiving = {end for _start, end in outcome.moves} - served
    query = select(Unit.id, Unit.code).where(Unit.id.in_(receiving), Unit.kind != UnitKind.OUTSIDE_BODY)
    return {code: held.get(unit_id, 0) for unit_id, code in session.execute(query)}
