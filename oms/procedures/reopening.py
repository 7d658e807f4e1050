"""A closed dossier in use again: somebody comes back by a decision, or the leaving was entered by mistake.

A mistake needs two people as the closing did: the officer who keeps the dossier says why, the head who consents to
closings decides. What was sealed stays told, with who closed it and who opened it again.
"""

from datetime import date

from sqlalchemy.orm import Session

from oms import audit, jobs, retention
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import Dossier, DossierStatus, Leaving, LeavingState, LeavingWay, UnitKind, now
from oms.organisation import today
from oms.permissions import Action, Actor, authority, is_own, require_confirmed
from oms.procedures.leavings import at_step
from oms.procedures.writing import check_number, check_reason


def reopen(
    session: Session, leaving: Leaving, number: str, on: date, *, actor: Actor, version: int | None = None
) -> None:
    """The person comes back by a decision: the dossier is in use again, what was sealed stays told."""
    dossier = _closed(session, leaving, Action.LEAVING_CONSENT, actor, version)
    if leaving.way == LeavingWay.DEATH:
        raise Refused(
            N_(
                "Nobody comes back after a death. Where the death was entered by mistake, the officer of the unit that "
                "keeps the dossier reports the mistake here, and the head decides."
            )
        )
    if leaving.mistake_by_id is not None:
        raise Conflict(N_("That it was closed by mistake is reported and waits. Decide about that first."))
    number = check_number(number, N_("Write the number of the written decision."))
    if on > today():
        raise BadInput(N_("The decision is dated in the future. Correct the day."))
    require_confirmed(actor)
    leaving.state, leaving.reopened_by_id, leaving.reopened_on = LeavingState.REOPENED, actor.account_id, on
    leaving.reopening = number
    _in_use(session, leaving, dossier, "leaving:reopen", number, actor)


def report_mistake(
    session: Session, leaving: Leaving, reason: str, *, actor: Actor, version: int | None = None
) -> None:
    """Say that the dossier was closed by mistake, and why; the head decides, until then it stays closed."""
    _closed(session, leaving, Action.LEAVING_HANDLE, actor, version)
    if leaving.mistake_by_id is not None:
        raise Conflict(N_("That it was closed by mistake is reported already. The head decides."))
    leaving.mistake, leaving.mistake_by_id, leaving.mistake_at = check_reason(reason), actor.account_id, now()
    leaving.kept_because = ""
    session.flush()
    audit.record(session, "leaving:report_mistake", leaving, actor=actor, words=leaving.mistake)


def annul(session: Session, leaving: Leaving, *, actor: Actor, version: int | None = None) -> None:
    """The head agrees that it was a mistake: the leaving counts for nothing and the dossier is in use as before."""
    dossier = _reported(session, leaving, actor, version)
    leaving.state, leaving.annulled_by_id, leaving.annulled_on = LeavingState.ANNULLED, actor.account_id, today()
    _in_use(session, leaving, dossier, "leaving:annul", leaving.mistake, actor)


def keep_closed(session: Session, leaving: Leaving, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """The head does not agree: the dossier stays closed, with a reason the officer reads."""
    dossier = _reported(session, leaving, actor, version)
    leaving.kept_because = check_reason(reason)
    leaving.mistake, leaving.mistake_by_id, leaving.mistake_at = "", None, None
    session.flush()
    told = authority(actor, Action.LEAVING_CONSENT, dossier.managing_body_id)
    audit.record(session, "leaving:keep_closed", leaving, actor=actor, words=leaving.kept_because, **told)


def _reported(session: Session, leaving: Leaving, actor: Actor, version: int | None) -> Dossier:
    dossier = _closed(session, leaving, Action.LEAVING_CONSENT, actor, version)
    if leaving.mistake_by_id is None:
        raise Conflict(N_("Nobody reported a mistake. The officer of the unit that keeps the dossier does it first."))
    if is_own(actor, Action.LEAVING_CONSENT, dossier.managing_body_id, leaving.mistake_by_id):
        raise Refused(N_("Nobody decides about a mistake they reported themselves. Another head, or a delegate, does."))
    require_confirmed(actor)
    return dossier


def _closed(session: Session, leaving: Leaving, action: Action, actor: Actor, version: int | None) -> Dossier:
    dossier = at_step(session, leaving, (LeavingState.CLOSED,), action, actor, version)
    if dossier.custodian.kind == UnitKind.OUTSIDE_BODY:
        raise Refused(
            N_(
                "The dossier has left for a body outside the system. What is wrong is mended there; a dossier that "
                "comes back is taken in anew."
            )
        )
    if retention.is_disposed(session, dossier):
        raise Refused(
            N_("The term of this dossier was over and its papers were destroyed. Open a new dossier for the person.")
        )
    return dossier


def _in_use(session: Session, leaving: Leaving, dossier: Dossier, act: str, words: str, actor: Actor) -> None:
    """As before the closing; the index, the truth checks and the lists by the calendar follow by their jobs."""
    dossier.status = DossierStatus.OPEN
    session.flush()
    told = authority(actor, Action.LEAVING_CONSENT, dossier.managing_body_id)
    audit.record(session, act, leaving, actor=actor, words=words, **told)
    jobs.dossier_changed(session, dossier.id, actor=actor)
