"""What decides whether an old backup may leave, and whether anything may be changed: which backup was last proven, and
how many stored files are damaged.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit, health
from oms.errors import N_, BadInput
from oms.models import Fact, Page, Scan, now

_PROVEN, _DAMAGED, _ACCEPTED = "last_proven_backup", "damaged_files", "accepted_losses"
# Scans or other papers with damaged or missing files in one look: more is no accident of a disk, something overwrites
# or takes them away.
MOST_BY_ACCIDENT = 5
_AT_ONCE = 500  # names in one question, far below what a database takes


def remember_proven(session: Session, name: str) -> None:
    """The backup of this name came up whole on trial."""
    session.merge(Fact(key=_PROVEN, value=name))


def proven(session: Session) -> str:
    """The name of the backup that last came up whole on trial; "" before the first."""
    fact = session.get(Fact, _PROVEN)
    return fact.value if fact else ""


def remember_damaged(session: Session, files: int) -> None:
    """So many things were found damaged or lost that an older backup may still have."""
    session.merge(Fact(key=_DAMAGED, value=str(files)))


def damaged(session: Session) -> int:
    """How many the last look found."""
    fact = session.get(Fact, _DAMAGED)
    return int(fact.value) if fact else 0


def remember_files(session: Session, lost: Collection[str], *, whole: bool) -> None:
    """These stored files were found damaged or missing. A look that is not at `whole` files lifts nothing.

    Beginning and end of a burst are entries of the log.
    """
    before, fresh = burst(session), not_accepted(session, lost)
    files = len(fresh) if is_burst(session, lost) else 0
    files = files if whole else max(files, before)
    if files and before:
        session.merge(Fact(key=health.BURST, value=f"{files} {_since(session)}"))
    elif files or before:
        session.merge(Fact(key=health.BURST, value=f"{files} {now():%Y-%m-%dT%H:%M:%S}"))
        audit.record(session, "system:burst" if files else "system:burst_over", actor=None, files=files or before)
    if whole:
        _write_accepted(session, accepted(session) & set(lost))


def burst(session: Session) -> int:
    """How many files are damaged when it is more than an accident, else 0: then nothing is changed or removed."""
    fact = session.get(Fact, health.BURST)
    return int(fact.value.split()[0]) if fact else 0


def _since(session: Session) -> str:
    return session.get_one(Fact, health.BURST).value.partition(" ")[2]


def is_burst(session: Session, lost: Collection[str]) -> bool:
    """Whether these files, less what was accepted as lost, are more than an accident.

    One scan lies in several files (what was handed in, its PDF, an image for each page) and counts once.
    """
    fresh = not_accepted(session, lost)
    if len(fresh) <= MOST_BY_ACCIDENT:
        return False
    things, of_scans = set[str](), set[str]()
    columns = ((Scan.sha256, Scan.id), (Scan.pdf_sha256, Scan.id), (Page.image_sha256, Page.scan_id))
    ordered = sorted(fresh)
    for start in range(0, len(ordered), _AT_ONCE):
        names = ordered[start : start + _AT_ONCE]
        for column, scan_id in columns:
            for name, found in session.execute(select(column, scan_id).where(column.in_(names))):
                of_scans.add(str(name))
                things.add(found)
    return len(things) + len(fresh - of_scans) > MOST_BY_ACCIDENT


def accept(session: Session, lost: Collection[str], reason: str) -> int:
    """Say of damaged and missing files that no backup has them: later looks name them and do not stop the house.

    Return how many were new. Raises `BadInput` without a reason.
    """
    if not (reason := " ".join(reason.split())):
        raise BadInput(N_("Say why these files are given up: --accept-loss REASON."))
    fresh = not_accepted(session, lost)
    if fresh:
        _write_accepted(session, accepted(session) | fresh)
        audit.record(session, "system:accept_loss", actor=None, words=reason, files=len(fresh))
    return len(fresh)


def accepted(session: Session) -> set[str]:
    """The names of the files that were accepted as lost."""
    fact = session.get(Fact, _ACCEPTED)
    return set(fact.value.split()) if fact else set()


def not_accepted(session: Session, lost: Collection[str]) -> set[str]:
    """What of these files nobody has accepted as lost."""
    return set(lost) - accepted(session)


def _write_accepted(session: Session, names: Collection[str]) -> None:
    session.merge(Fact(key=_ACCEPTED, value=" ".join(sorted(names))))
