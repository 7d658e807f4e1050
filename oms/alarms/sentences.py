"""Each alarm in one sentence that says what to do where that is not plain."""

from oms.errors import N_
from oms.models import Alarm, AlarmKind

_SENTENCES: dict[AlarmKind, str] = {
    AlarmKind.BULK_READING: N_("%(who)s opened %(count)s different dossiers within an hour (limit %(limit)s)."),
    AlarmKind.UNUSUAL_READING: N_(
        "%(who)s opened %(count)s different dossiers within an hour, far more than in their other hours (%(usual)s)."
    ),
    AlarmKind.NIGHT_READING: N_("%(who)s opened %(count)s different dossiers at night."),
    AlarmKind.MANY_EXPORTS: N_("%(who)s took %(count)s files out of the system within an hour (limit %(limit)s)."),
    AlarmKind.WRONG_SIGN_INS: N_("%(count)s wrong passwords for the account %(who)s within a day."),
    AlarmKind.WRONG_SIGN_INS_EVERYWHERE: N_(
        "%(count)s wrong passwords for many accounts within %(minutes)s minutes: somebody is guessing."
    ),
    AlarmKind.LOG_BROKEN: N_(
        "The audit log does not go on from its last checkpoint (entry %(seq)s). Leave everything as it is and tell the "
        "leadership."
    ),
    AlarmKind.FILES_DAMAGED: N_("The last check found %(count)s problems of files, database or index. Run: oms check."),
    AlarmKind.DISK_FULL: N_("%(percent)s %% of the disk is in use. Make room, or no scan can be received."),
    AlarmKind.CERTIFICATE_ENDS: N_(
        "The certificate of %(names)s ends on %(day)s; browsers will then refuse to open OMS. Run: oms ca server, then "
        "reload nginx."
    ),
    AlarmKind.LOOK_OVERDUE: N_(
        "For %(days)s days nobody has looked whether database and stored files are as they should be. Is the timer "
        "running (oms-check.timer)? Or run: oms check."
    ),
}
# Entry 0 stands for the checkpoints themselves.
_CHECKPOINTS_SPOILT = N_(
    "The checkpoints of the audit log are gone, or not what was signed: it is not signed any more. Leave everything as it "
    "is and tell the leadership."
)

_STOPPED = N_(
    "%(count)s stored files are damaged or missing at once: nothing is changed or removed, and no backup leaves. Find out "
    "who or what did it, then put them back: oms check --repair --from FOLDER."
)
_UNREAD = N_(
    "Some stored files were not read for %(days)s days, so a damaged one would not be noticed (limit 30 days). Is the "
    "timer running (oms-check.timer)? Or run: oms check."
)


def sentence_of(alarm: Alarm) -> str:
    """The sentence of an alarm, to be filled with its values."""
    if alarm.kind is AlarmKind.LOG_BROKEN and not alarm.values["seq"]:
        return _CHECKPOINTS_SPOILT
    if "stopped" in alarm.values:
        return _STOPPED
    if "whole" in alarm.values:
        return _UNREAD
    return _SENTENCES[alarm.kind]
