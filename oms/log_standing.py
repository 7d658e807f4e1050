"""How the audit log stands, in sentences: whether it is signed in time and copied, and where it was ever broken."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms.audit import sealing
from oms.audit.notes import end_of
from oms.audit.proof import Break, Verdict
from oms.errors import N_
from oms.models import AuditEntry, now
from oms.organisation import HANOI
from oms.settings import Settings

# Three times the span after which a checkpoint is due.
PATIENCE = 3 * sealing.EVERY
Told = tuple[str, str, dict[str, object]]
"""Success, warning or danger, and the sentence with its values."""


def seal(session: Session, settings: Settings) -> Told:
    """Whether the log is signed in time, and whether copies reach other places."""
    state = sealing.state_of(settings)
    if state.refused:
        return _refused(state.refused)
    unsigned = session.scalar(
        select(func.min(AuditEntry.at)).where(AuditEntry.seq > (end_of(state.last) if state.last else 0))
    )
    late = unsigned is not None and now() - unsigned > PATIENCE
    if state.at is None or state.last is None:
        return "warning" if late else "success", N_("Not signed yet; the worker does it every ten minutes."), {}
    entries = f"{state.last.size:,}".replace(",", ".")
    values: dict[str, object] = {"entries": entries, "at": f"{state.at.astimezone(HANOI):%d/%m/%Y %H:%M}"}
    if late:
        sentence = N_("Last signed on %(at)s, and newer entries wait. Is the worker running, or the timer oms-seal?")
        return "warning", sentence, values
    return _copies(state, settings, values)


def _copies(state: sealing.Sealed, settings: Settings, values: dict[str, object]) -> Told:
    """Of a log that is signed in time: whether other places know of it."""
    if state.unreached:
        sentence = N_("%(entries)s entries signed (%(at)s), but no copy reaches %(places)s. Is the folder mounted?")
        return "warning", sentence, {**values, "places": ", ".join(state.unreached)}
    if state.syslog_silent_since:
        sentence = N_(
            "%(entries)s entries signed (%(at)s), but the syslog %(places)s has taken no checkpoint since %(since)s; what it "
            "lacks is sent when it answers again. Is it running, and may the unit that signs reach it?"
        )
        since = f"{state.syslog_silent_since.astimezone(HANOI):%d/%m/%Y %H:%M}"
        return "warning", sentence, {**values, "places": settings.seal_syslog, "since": since}
    leaves = settings.seal_syslog and not settings.seal_syslog.startswith("/")  # a socket is one of this machine
    if not (settings.seal_anchors or leaves or state.by_another_user):
        sentence = N_(
            "%(entries)s entries signed (%(at)s). Key and copies lie on this machine alone: print “oms audit slip” "
            "daily, or name a folder of another machine in OMS_SEAL_ANCHORS or its syslog (HOST:PORT) in OMS_SEAL_SYSLOG."
        )
        return "success", sentence, values
    return "success", N_("%(entries)s entries signed (%(at)s)."), values


def _refused(refused: Verdict) -> Told:
    if not refused.seq:
        sentence = N_(
            "The checkpoints of the log are gone, or not what was signed: it is not signed any more. Leave everything as "
            "it is and tell the leadership; then who signs begins a new segment beside it: oms audit new-segment "
            "--reason … --as …"
        )
        return "danger", sentence, {}
    sentence = N_(
        "The log does not go on from its last checkpoint (entry %(seq)s) and is not signed any more: somebody has "
        "changed the database past the program. Leave everything as it is and tell the leadership; then who signs "
        "begins a new segment beside it: oms audit new-segment --reason … --as …"
    )
    return "danger", sentence, {"seq": refused.seq}


def broken(settings: Settings) -> Iterator[Told]:
    """Each segment that was left behind broken; it is told of for as long as its note exists."""
    for one in sealing.state_of(settings).breaks:
        yield "warning", *of_break(one)


def of_break(one: Break) -> tuple[str, dict[str, object]]:
    """Where the log was broken and goes on, as a sentence with its values."""
    values: dict[str, object] = {"number": one.number, "first": one.first}
    if not one.seq:
        return N_(
            "The checkpoints of the audit log could not be believed; it goes on in segment %(number)s from entry %(first)s."
        ), values
    sentence = N_("The audit log was broken at entry %(seq)s and goes on in segment %(number)s from entry %(first)s.")
    return sentence, {**values, "seq": one.seq}
