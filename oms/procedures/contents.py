"""What a dossier holds and what its short CV says at a moment, each as a check sum: enough to see later what changed,
and nothing that could be read from it. Sealed papers count for nothing, as everywhere."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms import catalogue, dossiers, record
from oms.models import Document, Dossier, Gender, Page, Scan
from oms.record.facts import written
from oms.record.settled import is_twice
from oms.record.values import same_text
from oms.vietnamese.text import nfc

DOCUMENTS, VALUES = "documents", "values"
_GENDER = {Gender.MALE: "Nam", Gender.FEMALE: "Nữ"}


@dataclass(frozen=True)
class Changed:
    """What is not as it was: papers or keys of values that came, that are different, and how many are gone."""

    added: tuple[str, ...]
    different: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many changes there are."""
        return len(self.added) + len(self.different) + len(self.gone)


def papers(session: Session, dossier: Dossier) -> dict[str, str]:
    """A check sum of each document by its id: what it is called, numbered, dated, and the pages it has, in order."""
    pages: dict[str, list[str]] = {}
    query = (
        select(Page.document_id, Page.id)
        .join(Scan, Scan.id == Page.scan_id)
        .where(Scan.dossier_id == dossier.id, Page.document_id.is_not(None), ~Scan.sealed)
        .order_by(Page.document_id, Page.document_position)
    )
    for document_id, page_id in session.execute(query):
        pages.setdefault(str(document_id), []).append(page_id)
    return {
        document.id: _sum([*_described(document), *pages.get(document.id, ())])
        for document in dossiers.contents(session, dossier)
    }


def _described(document: Document) -> list[Any]:
    issued = document.issued_on.isoformat() if document.issued_on else None
    return [
        document.component_id,
        document.title,
        document.number,
        issued,
        document.original.value,
        document.issuing_body,
    ]


def values(session: Session, dossier: Dossier, form_id: str) -> dict[str, str]:
    """A check sum of each value and table of a form that a person verified or entered; what was only read is not there."""
    keys = {thing.key for thing in catalogue.form(form_id).things}
    said = dict(_of_register(dossier))
    for key, statements in record.statements_of(session, dossier).items():
        verified = record.settle(statements, twice=is_twice(key)).verified
        if verified is not None:
            said[key] = verified.text
    sums = {key: _sum([dossier.id, key, same_text(text)]) for key, text in said.items() if key in keys}
    tables = record.written_rows(session, dossier)
    return sums | {key: _sum([dossier.id, key, *map(list, rows)]) for key, rows in tables.items() if key in keys}


def _of_register(dossier: Dossier) -> Iterator[tuple[str, str]]:
    person = dossier.person
    yield "full_name", person.full_name
    if person.birth_date is not None:
        yield "birth_date", written(person.birth_date, person.birth_precision)
    for key in ("party_join_date", "party_official_date"):
        if (day := getattr(person, key)) is not None:
            yield key, written(day, None)
    if person.gender is not None:
        yield "gender", _GENDER[person.gender]
    others = {"id_number": person.personal_id, "home_town": person.home_town, "staff_code": person.staff_code}
    yield from ((key, text) for key, text in others.items() if text)


def compare(before: Mapping[str, str], now: Mapping[str, str]) -> Changed:
    """What changed between two moments."""
    return Changed(
        tuple(key for key in now if key not in before),
        tuple(key for key in now if key in before and now[key] != before[key]),
        tuple(key for key in before if key not in now),
    )


def code(sums: Mapping[str, str]) -> str:
    """One SHA-256 over all check sums."""
    return _sum(sorted(sums.items()))


def count_pages(session: Session, dossier: Dossier) -> int:
    """Pages of all documents of the contents list."""
    query = (
        select(func.count(Page.id))
        .join(Scan, Scan.id == Page.scan_id)
        .where(Scan.dossier_id == dossier.id, Page.document_id.is_not(None), ~Scan.sealed)
    )
    return session.scalar(query) or 0


def _sum(parts: Any) -> str:
    return hashlib.sha256(nfc(json.dumps(parts, ensure_ascii=False, sort_keys=True)).encode()).hexdigest()
