"""A contradiction as it was found, before anybody keeps it: its sentence, its places and the fingerprint of its facts."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oms import catalogue
from oms.models import FindingKind
from oms.record.facts import Fact, RowFact
from oms.record.values import same_text


@dataclass(frozen=True)
class Place:
    """Where one of the values stands; see `oms.models.FindingPlace`.

    With `registered` the value is that of the register, and the page is one that says the same.
    """

    text: str
    page_id: str | None = None
    box: tuple[int, int, int, int] | None = None
    key: str | None = None
    registered: bool = False


@dataclass(frozen=True)
class Found:
    """One contradiction; `other_id` is the other dossier it is about."""

    kind: FindingKind
    message: str
    places: tuple[Place, ...]
    details: Mapping[str, str | int] = field(default_factory=dict)
    key: str | None = None
    other_id: str | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for equal facts: kind, key, pages and what stands on them; the order of the places makes none, nor does
        the page that is shown for a value of the register: a contradiction that was settled stays settled."""
        places = sorted(
            ("" if place.registered else place.page_id or "", place.key or "", same_text(place.text))
            for place in self.places
        )
        facts = json.dumps([self.kind.value, self.key, self.other_id, places], ensure_ascii=False)
        return hashlib.sha256(facts.encode()).hexdigest()


def place_of(fact: Fact) -> Place:
    """The place of a value."""
    return Place(fact.text, fact.page_id, fact.box, fact.key)


def shown_place(fact: Fact, facts: Sequence[Fact]) -> Place:
    """The place of a value; for one of the register the first page that says the same, so that it can be looked at."""
    if fact.page_id is not None:
        return place_of(fact)
    alike = (
        one for one in facts if one.page_id and one.key == fact.key and same_text(one.text) == same_text(fact.text)
    )
    page = next(alike, None)
    return Place(fact.text, page.page_id, page.box, fact.key, registered=True) if page else place_of(fact)


def place_of_row(row: RowFact) -> Place:
    """The place of a row of a table."""
    return Place(" | ".join(row.cells), row.page_id, row.box, row.key)


def one_per_text(facts: Sequence[Fact]) -> list[Fact]:
    """The first of the facts for each different text."""
    return list({same_text(fact.text): fact for fact in reversed(facts)}.values())[::-1]


def label_of(key: str) -> str:
    """The printed label of a value, as the first form that asks for it has it."""
    labels = (form.label_of(key) for form in catalogue.forms())
    return next((label for label in labels if label != key), key)
