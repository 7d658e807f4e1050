"""What an officer does with a finding: accept it, explain it, send it to verification, or take that back.

Which of the values is right is not decided here: that is the matter of a decision, or of a verification with minutes.
"""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit, catalogue, db
from oms.errors import N_, BadInput, Conflict
from oms.models import Finding, FindingState, Verification, now
from oms.models.verifications import RUNNING
from oms.organisation import today
from oms.permissions import Action, Actor, require
from oms.vietnamese.text import nfc

REASON_LENGTH = 2_000
WAYS: Mapping[str, FindingState] = {
    "accept": FindingState.ACCEPTED,
    "explain": FindingState.EXPLAINED,
    "send": FindingState.SENT,
    "reopen": FindingState.OPEN,
}
LIMIT = "verification"
IN_THE_LOG = {
    "check:read": N_("Look at truth checks"),
    "check:list": N_("List contradictions"),
    "check:view": N_("Look at the contradictions of a dossier"),
    "check:export": N_("Take the list of contradictions along"),
    "check:run": N_("Contradictions brought up to date"),
    "check:settle": N_("Settle a contradiction"),
    "check:accept": N_("Accept a contradiction"),
    "check:explain": N_("Explain a contradiction"),
    "check:send": N_("Send a contradiction to verification"),
    "check:reopen": N_("Look at a contradiction again"),
}
"""What the log calls the acts."""


def limit_of(day: date) -> catalogue.TimeLimit:
    """How long a verification may take that begins on the day."""
    return catalogue.time_limit(LIMIT, day)


def ways_of(finding: Finding) -> tuple[str, ...]:
    """The ways open for a finding in its state."""
    if finding.state == FindingState.OPEN:
        return ("accept", "explain", "send")
    return ("reopen",) if finding.state != FindingState.GONE else ()


def settle(
    session: Session, finding: Finding, way: str, *, reason: str, actor: Actor, version: int | None = None
) -> None:
    """Take one of the `WAYS`; the reason is kept. Raises `Conflict` when somebody settled it since."""
    db.lock(session, finding)
    require(actor, Action.CHECK_SETTLE, finding)
    if version is not None and version != finding.version:
        raise Conflict(N_("Somebody else just settled this finding. Reload the page and look again."))
    if way not in ways_of(finding):
        raise Conflict(N_("This is not open for the finding as it is now. Reload the page and look again."))
    words = nfc(reason).strip()[:REASON_LENGTH]
    if not words:
        raise BadInput(N_("Say why. The reason stays with the finding and in the audit log."))
    if way == "reopen":
        _refuse_while_verified(session, finding)
    finding.state = WAYS[way]
    finding.due_on = limit_of(today()).ends(today()) if way == "send" else None
    finding.reason = "" if way == "reopen" else words
    finding.settled_by_id = None if way == "reopen" else actor.account_id
    finding.settled_at = None if way == "reopen" else now()
    session.flush()
    audit.record(session, f"check:{way}", finding, actor=actor, words=words, kind_of=finding.kind.value)


def _refuse_while_verified(session: Session, finding: Finding) -> None:
    running = Verification.state.in_(RUNNING)
    number = session.scalar(select(Verification.number).where(Verification.finding_id == finding.id, running))
    if number is not None:
        raise Conflict(
            N_("Verification %(number)s is about this finding. Write its minutes, or give it up there with a reason."),
            number=number,
        )


def settle_by_minutes(session: Session, finding: Finding, state: FindingState, *, reason: str, actor: Actor) -> None:
    """Settle what was sent to verification as its minutes conclude; what is no longer found stays gone."""
    db.lock(session, finding)
    require(actor, Action.CHECK_SETTLE, finding)
    if finding.state == FindingState.GONE:
        return
    finding.state, finding.due_on, finding.reason = state, None, reason[:REASON_LENGTH]
    finding.settled_by_id, finding.settled_at = actor.account_id, now()
    session.flush()
    way = "explain" if state == FindingState.EXPLAINED else "accept"
    audit.record(session, f"check:{way}", finding, actor=actor, words=finding.reason, kind_of=finding.kind.value)
