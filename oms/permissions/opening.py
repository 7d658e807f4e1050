"""What two officers have open in the closed installation for protection files: nothing else of a file reaches anybody."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from oms.models import Account, Document, Dossier, InsertOpening, Page, Scan, now


@dataclass(frozen=True)
class Opened:
    """A file that is open to an account now: with whom, under which number, until when."""

    opening_id: str
    number: str
    second_id: str
    second_name: str
    purpose: str
    ends_at: datetime


def opened_to(session: Session, account_id: str) -> Mapping[str, Opened]:
    """The files open to the account at this moment, by id of the dossier; the opening that lasts longest counts."""
    first = InsertOpening.opened_by_id == account_id
    rows = session.execute(
        select(InsertOpening, Dossier.number, Account)
        .join(Dossier, Dossier.id == InsertOpening.dossier_id)
        .join(
            Account, Account.id.in_((InsertOpening.opened_by_id, InsertOpening.second_id)) & (Account.id != account_id)
        )
        .where(InsertOpening.ends_at > now(), or_(first, InsertOpening.second_id == account_id))
        .order_by(InsertOpening.ends_at)
    )
    return {
        opening.dossier_id: Opened(opening.id, number, other.id, other.full_name, opening.purpose, opening.ends_at)
        for opening, number, other in rows
    }


def _scans_in(opened: Collection[str]) -> Any:
    return select(Scan.id).where(Scan.dossier_id.in_(opened))


_ROWS: Mapping[type[Any], Callable[[Collection[str]], ColumnElement[bool]]] = {
    Dossier: Dossier.id.in_,
    Scan: Scan.dossier_id.in_,
    Page: lambda opened: Page.scan_id.in_(_scans_in(opened)),
    Document: Document.dossier_id.in_,
}


def opened_rows(model: type[Any], opened: Mapping[str, Opened]) -> ColumnElement[bool]:
    """The condition for the rows of `model` that lie in an open file."""
    return _ROWS[model](list(opened))


def dossier_id_of(thing: Any) -> str:
    """The id of the dossier in which the thing lies."""
    if isinstance(thing, Dossier):
        return thing.id
    return thing.scan.dossier_id if isinstance(thing, Page) else str(thing.dossier_id)
