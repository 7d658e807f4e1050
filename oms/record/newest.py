"""What the records of many dossiers say of some keys: the newest verified text of each person, with few queries.

What only the machine read counts for nothing here, nor what was taken from a page that is sealed now.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select
from sqlalchemy.orm import Session

from oms.models import Dossier, Page, RecordStatement, Scan
from oms.record.settled import is_twice, settle

Texts = dict[str, dict[str, str]]
"""By key, then by the id of the person."""


def newest_verified(session: Session, keys: Collection[str], dossiers: ColumnElement[bool]) -> Texts:
    """The texts that hold of `keys` in the records of the dossiers of a condition; the caller answers for whom.

    Of several dossiers of a person the newest writing holds; what was emptied is not known.
    """
    found: Texts = {key: {} for key in keys}
    twice = {key for key in keys if is_twice(key)}
    for person_id, key, text in _once(session, set(keys) - twice, dossiers):
        found[key][person_id] = text
    for person_id, key, text in _twice(session, twice, dossiers):
        found[key][person_id] = text
    return {key: {person_id: text for person_id, text in texts.items() if text} for key, texts in found.items()}


def _written(keys: Collection[str], dossiers: ColumnElement[bool], *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(RecordStatement)
        .join(Dossier, Dossier.id == RecordStatement.dossier_id)
        .outerjoin(Page, Page.id == RecordStatement.page_id)
        .outerjoin(Scan, Scan.id == Page.scan_id)
        .where(RecordStatement.key.in_(keys), dossiers, Scan.id.is_(None) | ~Scan.sealed)
    )


def _newest(keys: Collection[str], dossiers: ColumnElement[bool]) -> Subquery:
    """Keyed once: the last writing holds, that of each person and key as `person_id`, `key` and `text`."""
    place = func.row_number().over(
        partition_by=(Dossier.person_id, RecordStatement.key),
        order_by=(RecordStatement.at.desc(), RecordStatement.place.desc(), RecordStatement.id),
    )
    ranked = _written(
        keys, dossiers, Dossier.person_id, RecordStatement.key, RecordStatement.text, place.label("nth")
    ).subquery()
    return select(ranked.c.person_id, ranked.c.key, ranked.c.text).where(ranked.c.nth == 1).subquery()


def _once(session: Session, keys: Collection[str], dossiers: ColumnElement[bool]) -> Iterator[tuple[str, str, str]]:
    if keys:
        yield from ((row[0], row[1], row[2]) for row in session.execute(select(_newest(keys, dossiers))))


def count_verified(
    session: Session, keys: Sequence[str], dossiers: ColumnElement[bool], own: ColumnElement[bool]
) -> list[tuple[tuple[str | None, ...], bool, int]]:
    """How many people have the same texts of `newest_verified`: the texts in the order of the keys (None: not known),
    whether they are people of one's own (`own` is a condition on their dossiers), and the number.

    Counted in the database as long as each value is keyed once. People of whom nothing is known are not among them.
    """
    known = select(Dossier.person_id).where(dossiers, own)
    if any(map(is_twice, keys)):
        return _count_here(newest_verified(session, keys, dossiers), keys, frozenset(session.scalars(known)))
    newest = _newest(keys, dossiers)
    texts = [func.max(case((newest.c.key == key, newest.c.text))).label(f"text_{key}") for key in keys]
    each = select(newest.c.person_id, *texts).where(newest.c.text != "").group_by(newest.c.person_id).subquery()
    said = [each.c[text.name] for text in texts]
    groups = select(*said, each.c.person_id.in_(known).label("own")).subquery()
    rows = session.execute(select(*groups.c, func.count()).group_by(*groups.c))
    return [(tuple(row[:-2]), bool(row[-2]), row[-1]) for row in rows]


def _count_here(
    texts: Texts, keys: Sequence[str], own: Collection[str]
) -> list[tuple[tuple[str | None, ...], bool, int]]:
    people = {person_id for said in texts.values() for person_id in said}
    counted = Counter((tuple(texts[key].get(id) for key in keys), id in own) for id in people)
    return [(said, is_own, number) for (said, is_own), number in counted.items()]


def _twice(session: Session, keys: Collection[str], dossiers: ColumnElement[bool]) -> Iterator[tuple[str, str, str]]:
    """Keyed by two: what two agreed on or a third decided; the older first, so that the newest stays."""
    if not keys:
        return
    rows = session.execute(
        _written(keys, dossiers, Dossier.person_id, RecordStatement).order_by(
            RecordStatement.dossier_id, RecordStatement.key, RecordStatement.place
        )
    )
    settled = defaultdict(list)
    for (person_id, _dossier_id, key), written in groupby(rows, lambda row: (row[0], row[1].dossier_id, row[1].key)):
        verified = settle([row[1] for row in written], twice=True).verified
        if verified is not None:
            settled[key].append((verified.at, person_id, verified.text))
    for key, found in settled.items():
        for _at, person_id, text in sorted(found):
            yield person_id, key, text
