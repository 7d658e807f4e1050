"""Alarms: what the worker notices about access, log, files and disk; shown, mailed, and settled by a person with a note.

Each is raised once for what it is about (an hour, a night, a checkpoint, a check). Knows no page.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import Engine, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, db
from oms.alarms.mailing import send_waiting
from oms.alarms.noticing import Notice, notice
from oms.alarms.sentences import sentence_of
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import Alarm, AlarmKind, now
from oms.permissions import Action, Actor, require
from oms.settings import Settings

__all__ = ["IN_THE_LOG", "list_alarms", "raise_alarms", "send_waiting", "sentence_of", "settle", "waiting", "watch"]

log = logging.getLogger(__name__)

# Who looks after the machines learns of these; whoever reads the log learns of all.
OF_THE_MACHINE = (
    AlarmKind.WRONG_SIGN_INS,
    AlarmKind.WRONG_SIGN_INS_EVERYWHERE,
    AlarmKind.LOG_BROKEN,
    AlarmKind.FILES_DAMAGED,
    AlarmKind.DISK_FULL,
    AlarmKind.CERTIFICATE_ENDS,
    AlarmKind.LOOK_OVERDUE,
)
IN_THE_LOG = {
    "alarm:read": N_("Read alarms"),
    "alarm:list": N_("List alarms"),
    "alarm:raise": N_("Raise an alarm"),
    "alarm:settle": N_("Settle an alarm"),
}
"""What is done here, as the log says it."""
NOTE = 10, 500
"""Characters of the note that settles an alarm."""
LISTED = 200


def watch(engine: Engine, settings: Settings) -> None:
    """One round: notice, raise what is new, and mail what was not mailed yet."""
    with db.reading(engine) as session:
        found = notice(session, settings)
    if found:
        with db.writing(engine) as session:
            raise_alarms(session, found)
    send_waiting(engine, settings)


def raise_alarms(session: Session, found: Sequence[Notice]) -> list[Alarm]:
    """Write down what was noticed and is not written yet."""
    raised = []
    for one in found:
        alarm = Alarm(key=one.key, kind=one.kind, account_id=one.account_id, values=dict(one.values))
        try:
            with session.begin_nested():
                session.add(alarm)
        except IntegrityError:  # another worker noticed it too
            continue
        audit.record(session, "alarm:raise", alarm, actor=None, kind=one.kind.value)
        log.error("alarm: %s", one.kind.value)
        raised.append(alarm)
    return raised


def list_alarms(session: Session, *, actor: Actor) -> list[Alarm]:
    """The newest alarms the actor is to know of, those that nobody settled first."""
    audit.record(session, "alarm:list", actor=actor)
    query = _of(actor).options(joinedload(Alarm.account), joinedload(Alarm.settled_by))
    return list(session.scalars(query.order_by(Alarm.settled_at.is_not(None), Alarm.raised_at.desc()).limit(LISTED)))


def waiting(session: Session, *, actor: Actor) -> list[Alarm]:
    """The alarms that wait for the actor, the oldest first."""
    return list(session.scalars(_of(actor).where(Alarm.settled_at.is_(None)).order_by(Alarm.raised_at)))


def settle(session: Session, alarm: Alarm, note: str, *, actor: Actor) -> None:
    """Say what was found behind an alarm; nobody settles one about themselves."""
    if session.scalar(_of(actor).where(Alarm.id == alarm.id)) is None:
        raise NotFound()
    db.lock(session, alarm)
    if alarm.settled_at is not None:
        raise Conflict(N_("Somebody has settled this alarm already. The list shows what they found."))
    if alarm.account_id == actor.account_id:
        raise BadInput(N_("This alarm is about your own account. Somebody else looks into it."))
    note = " ".join(note.split())
    if not NOTE[0] <= len(note) <= NOTE[1]:
        raise BadInput(N_("Write what you found, in %(least)s to %(most)s characters."), least=NOTE[0], most=NOTE[1])
    alarm.note, alarm.settled_by_id, alarm.settled_at = note, actor.account_id, now()
    audit.record(session, "alarm:settle", alarm, actor=actor, words=note)


def _of(actor: Actor) -> Select[Alarm]:
    require(actor, Action.ALARM_READ)
    query = select(Alarm)
    return query if actor.has(Action.AUDIT_READ) else query.where(Alarm.kind.in_(OF_THE_MACHINE))
