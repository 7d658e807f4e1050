"""What decides whether an old backup may leave, and whether anything may be changed: which backup was last proven, and
how many stored files are damaged.
"""

from sqlalchemy.orm import Session

from oms.models import Fact

_PROVEN, _DAMAGED, _BURST = "last_proven_backup", "damaged_files", "burst_of_damage"
# Damaged or missing files in one look: more is no accident of a disk, something overwrites or takes them away.
MOST_BY_ACCIDENT = 5


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


def remember_files(session: Session, files: int) -> None:
    """So many different stored files were found damaged or missing by a look at all of them."""
    session.merge(Fact(key=_BURST, value=str(files if files > MOST_BY_ACCIDENT else 0)))


def burst(session: Session) -> int:
    """How many files are damaged when it is more than an accident, else 0: then nothing is changed or removed."""
    fact = session.get(Fact, _BURST)
    return int(fact.value) if fact else 0
