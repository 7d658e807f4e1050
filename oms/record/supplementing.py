"""What a yearly supplement adds to the record: each approved value as one more writing, in the name of who checked it.

Nothing is overwritten: what stood there stays, and a value that two officers key waits for its second one as always.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms.models import Dossier, RecordRow, RecordStatement, StatementKind
from oms.models.base import new_id
from oms.record.facts import gather
from oms.record.keying import APART, ROWS, next_place
from oms.record.settled import is_twice, settle
from oms.record.values import same_text
from oms.record.writings import rows_of, statements_of


@dataclass(frozen=True)
class Supplement:
    """One approved value (`text`) or new row (`cells`), and the account that approved it."""

    key: str
    text: str
    cells: tuple[str, ...]
    account_id: str


def follow_supplement(
    session: Session, dossier: Dossier, said: Sequence[Supplement], *, page_id: str | None = None
) -> None:
    """Write down what was approved, with the signed paper where it is filed. Its guard is the campaign's."""
    for one in said:
        if one.cells:
            _add_row(session, dossier, one, page_id)
        else:
            _add_value(session, dossier, one.key, one.text, one.account_id, page_id)


def give_page(session: Session, dossier: Dossier, said: Sequence[Supplement], page_id: str, *, account_id: str) -> None:
    """The signed paper was filed after the values were written: each that still holds is written again beside it.

    Values that two officers key are left alone: naming a paper is no second look.
    """
    written = statements_of(session, dossier)
    for one in said:
        if one.cells or is_twice(one.key):
            continue
        holds = settle(written.get(one.key, ()), twice=False).verified
        if holds is not None and holds.page_id is None and same_text(holds.text) == same_text(one.text):
            _add_value(session, dossier, one.key, one.text, account_id, page_id)


def _add_value(session: Session, dossier: Dossier, key: str, text: str, account_id: str, page_id: str | None) -> None:
    session.add(
        RecordStatement(
            dossier_id=dossier.id,
            key=key,
            place=next_place(session, dossier, key),
            kind=StatementKind.KEYED,
            text=text,
            page_id=page_id,
            account_id=account_id,
        )
    )
    session.flush()


def _add_row(session: Session, dossier: Dossier, one: Supplement, page_id: str | None) -> None:
    """Add the row at the end; rows the machine read come in first where nobody wrote yet, or they would be lost to sight."""
    if not rows_of(session, dossier).get(one.key):
        read = [row for row in gather(session, dossier, nothing=True).rows if row.key == one.key][:ROWS]
        for row in read:
            _put_row(session, dossier, one.key, row.cells, one.account_id, row.page_id)
    _put_row(session, dossier, one.key, one.cells, one.account_id, page_id)


def _put_row(
    session: Session, dossier: Dossier, key: str, cells: Sequence[str], account_id: str, page_id: str | None
) -> None:
    last = session.scalar(
        select(func.max(RecordRow.position)).where(RecordRow.dossier_id == dossier.id, RecordRow.key == key)
    )
    session.add(
        RecordRow(
            dossier_id=dossier.id,
            key=key,
            line=new_id(),
            place=1,
            position=(last or 0) + APART,
            cells=list(cells),
            page_id=page_id,
            removed=False,
            account_id=account_id,
        )
    )
    session.flush()
