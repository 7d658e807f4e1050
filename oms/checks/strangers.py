"""Pages that seem to be about somebody else: told before they are filed, and found again in the dossier.

What is unsure says nothing: letters misread, a date of which only the year is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from oms.checks.found import Found, place_of
from oms.errors import N_, Conflict
from oms.models import Dossier, Finding, FindingKind, FindingPlace, FindingState, Page, Person, Precision, now
from oms.permissions import Actor
from oms.recognition.forms.strip import distance
from oms.recognition.segments import squeeze
from oms.record.facts import Fact, read_values, written
from oms.vietnamese.dates import Precision as WrittenPrecision
from oms.vietnamese.dates import WrittenDate

OTHER_NAME = N_("Page %(page)s names %(found)s, but this dossier is that of %(person)s.")
OTHER_BIRTH = N_("Page %(page)s gives the birth date %(found)s, the register of this dossier %(known)s.")
REASON_LENGTH = 2_000


@dataclass(frozen=True)
class Stranger:
    """A page that seems to be about somebody else: the value that says so, and what is known of the person.

    `own_name` says that the page names the person of the dossier: then it may be a namesake, or a wrong date.
    """

    page: Page
    fact: Fact
    message: str
    known: Fact
    own_name: bool = False
    same_birth: bool = False

    @property
    def values(self) -> dict[str, str | int]:
        """What the sentence is filled with."""
        return {
            "page": self.page.number,
            "found": self.fact.text,
            "known": self.known.text,
            "person": self.known.text if self.fact.key == "full_name" else "",
        }

    def as_found(self) -> Found:
        """The finding it makes."""
        return Found(FindingKind.STRANGER, self.message, (place_of(self.fact), place_of(self.known)), self.values)


def find_strangers(person: Person, pages: Sequence[Page]) -> list[Stranger]:
    """Pages whose name or birth date clearly belongs to somebody else than `person`; what is unsure says nothing."""
    names = [person.full_name, *(alias.name for alias in person.aliases)]
    found = []
    for page in pages:
        values = {fact.key: fact for fact in read_values(page)}
        name, born = values.get("full_name"), values.get("birth_date")
        other_day = born is not None and is_other_day(person, born)
        same = not other_day and born is not None and person.birth_date is not None
        if name and not any(is_same_name(name.text, known) for known in names):
            found.append(Stranger(page, name, OTHER_NAME, Fact("full_name", person.full_name), same_birth=same))
        elif born and other_day and person.birth_date is not None:
            known = Fact("birth_date", written(person.birth_date, person.birth_precision))
            found.append(Stranger(page, born, OTHER_BIRTH, known, own_name=name is not None))
    return found


def is_same_name(found: str, known: str) -> bool:
    """Whether a name read from a page can be a known one with letters misread: one in five may differ."""
    one, other = squeeze(found), squeeze(known)
    if not one or not other:
        return True
    cost, seen = distance(other, one)
    return cost + len(one) - seen <= max(1, len(other) // 5)


def is_other_day(person: Person, born: Fact) -> bool:
    """Whether the paper clearly gives another birth date than the register."""
    day = born.date
    if person.birth_date is None or day is None:
        return False
    known = WrittenDate(person.birth_date, WrittenPrecision((person.birth_precision or Precision.DAY).value))
    return contradict(known, day)


def contradict(one: WrittenDate, other: WrittenDate) -> bool:
    """Whether two dates cannot be the same day: as far as both say anything, they differ."""
    shared = min(_exactness(one), _exactness(other))
    return _parts(one.first)[:shared] != _parts(other.first)[:shared]


def _exactness(day: WrittenDate) -> int:
    return {WrittenPrecision.YEAR: 1, WrittenPrecision.MONTH: 2, WrittenPrecision.DAY: 3}[day.precision]


def _parts(day: date) -> tuple[int, int, int]:
    return day.year, day.month, day.day


def confirm(session: Session, dossier: Dossier, pages: Sequence[Page], reason: str, *, actor: Actor) -> list[Stranger]:
    """Before pages are filed: raise `Conflict` when one seems to be about somebody else and no reason is given; with
    one, the finding is kept as explained, with who said so."""
    strangers = find_strangers(dossier.person, pages)
    words = reason.strip()[:REASON_LENGTH]
    if strangers and not words:
        raise Conflict(
            N_(
                "Page %(page)s seems to be about somebody else (%(found)s). Look at the paper; if it belongs here all "
                "the same, confirm that and say why."
            ),
            page=strangers[0].page.number,
            found=strangers[0].fact.text,
        )
    for stranger in strangers:
        found = stranger.as_found()
        row = keep(session, dossier, found)
        row.state, row.reason = FindingState.EXPLAINED, words
        row.settled_by_id, row.settled_at, row.due_on = actor.account_id, now(), None
    session.flush()
    return strangers


def keep(session: Session, dossier: Dossier, found: Found) -> Finding:
    """The row of a finding of a dossier: the one that is there, else a new one."""
    row = session.query(Finding).filter_by(dossier_id=dossier.id, fingerprint=found.fingerprint).one_or_none()
    return row if row is not None else write(session, dossier.id, found)


def write(session: Session, dossier_id: str, found: Found) -> Finding:
    """A new row for a finding."""
    row = Finding(
        dossier_id=dossier_id,
        other_id=found.other_id,
        kind=found.kind,
        key=found.key,
        fingerprint=found.fingerprint,
        message=found.message,
        details=dict(found.details),
    )
    row.places = [
        FindingPlace(
            place=number,
            page_id=place.page_id,
            box=list(place.box) if place.box else None,
            key=place.key,
            text=place.text,
        )
        for number, place in enumerate(found.places)
    ]
    session.add(row)
    return row
