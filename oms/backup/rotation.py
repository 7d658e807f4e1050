"""What decides whether an old backup may leave: which one was last proven, and whether stored files are damaged."""

from sqlalchemy.orm import Session

from oms.models import Fact

_PROVEN, _DAMAGED = "last_proven_backup", "damaged_files"


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
