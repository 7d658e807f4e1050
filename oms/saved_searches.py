"""Searches somebody keeps, with what came in since they were last opened; and the searches of this sign-in.

A saved search is a name and the query string of its page: it is asked again each time with the rights of that moment,
never answered from what was once found. Recent searches belong to one sign-in and go when it ends. Knows no page.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from oms import audit
from oms.errors import N_, BadInput, NotFound
from oms.models import (
    Document,
    Dossier,
    Page,
    RecentSearch,
    SavedSearch,
    Scan,
    SignIn,
    Transfer,
    now,
)
from oms.permissions import Action, Actor, require
from oms.search import Filters, finding
from oms.search.interface import Engine, Match

# As many as fit beside each other; each costs a question to the index whenever the start page opens.
MOST_SAVED = 20
MOST_RECENT = 8
NAME_LENGTH = 80
# A browser that was left without signing out keeps nothing over night.
KEPT_RECENT = timedelta(hours=12)


def list_saved(session: Session, *, actor: Actor) -> Sequence[SavedSearch]:
    """What the account keeps, in the order it was kept."""
    return session.scalars(
        select(SavedSearch).where(SavedSearch.account_id == actor.account_id).order_by(SavedSearch.created_at)
    ).all()


def get_saved(session: Session, id: str, *, actor: Actor) -> SavedSearch:
    """One of the account's own, or `NotFound`: nobody learns what others look for."""
    found = session.scalar(select(SavedSearch).where(SavedSearch.id == id, SavedSearch.account_id == actor.account_id))
    if found is None:
        raise NotFound(N_("This search is no longer kept. The search page shows those that are."))
    return found


def save(session: Session, name: str, address: str, *, actor: Actor) -> SavedSearch:
    """Keep a search under a name of its own."""
    require(actor, Action.SEARCH)
    kept = list_saved(session, actor=actor)
    if len(kept) >= MOST_SAVED:
        raise BadInput(
            N_("At most %(limit)s searches can be kept. Delete one that is no longer needed."), limit=MOST_SAVED
        )
    found = SavedSearch(account_id=actor.account_id, name=_free_name(kept, name), address=address)
    session.add(found)
    session.flush()
    audit.record(session, "search:save", found, actor=actor)
    return found


def rename(session: Session, saved: SavedSearch, name: str, *, actor: Actor) -> None:
    """Give a kept search another name."""
    others = [other for other in list_saved(session, actor=actor) if other.id != saved.id]
    saved.name = _free_name(others, name)
    audit.record(session, "search:rename", saved, actor=actor)


def delete_saved(session: Session, saved: SavedSearch, *, actor: Actor) -> None:
    """Keep a search no longer."""
    audit.record(session, "search:delete", saved, actor=actor)
    session.delete(saved)


def _free_name(others: Sequence[SavedSearch], name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted:
        raise BadInput(N_("The search needs a name under which you find it again."))
    if len(wanted) > NAME_LENGTH:
        raise BadInput(N_("The name of a search has at most %(limit)s characters. Shorten it."), limit=NAME_LENGTH)
    if any(other.name == wanted for other in others):
        raise BadInput(N_("You already keep a search named %(name)s. Choose another name."), name=wanted)
    return wanted


def look_at(saved: SavedSearch) -> None:
    """From now on only what comes in later is new; the search that follows writes the look."""
    saved.looked_at = now()


def count_new(
    session: Session, engine: Engine, words: str, filters: Filters, since: datetime, *, actor: Actor
) -> tuple[int, int]:
    """How much a search finds with the rights of now, and how much of it came in, or into these hands, since then."""
    total, matches = finding.count(session, engine, words, filters, actor=actor)
    return total, sum(_count_since(session, kind, matches, since) for kind in _CAME)


_CAME: dict[str, tuple[ColumnElement[str], ColumnElement[datetime]]] = {
    "dossier": (Dossier.id.expression, Dossier.created_at.expression),
    "document": (Document.id.expression, Document.filed_at.expression),
    "page": (Page.id.expression, Scan.received_at.expression),
}


def _count_since(session: Session, kind: str, matches: Sequence[Match], since: datetime) -> int:
    """How many of the matches of one kind were entered, or whose dossiers were taken over, after `since`."""
    of_kind = {match.id.split(":", 1)[1]: match.dossier for match in matches if match.kind == kind}
    arrived = set(
        session.scalars(
            select(Transfer.dossier_id).where(Transfer.closed_at > since, Transfer.received_by_id.is_not(None))
        )
    )
    count = sum(1 for dossier_id in of_kind.values() if dossier_id in arrived)
    column, came = _CAME[kind]
    ids = [id for id, dossier_id in of_kind.items() if dossier_id not in arrived]
    for start in range(0, len(ids), finding.BATCH):
        query = select(func.count()).where(column.in_(ids[start : start + finding.BATCH]), came > since)
        if kind == "page":
            query = query.where(Page.scan_id == Scan.id)
        count += session.scalar(query) or 0
    return count


def remember(session: Session, address: str, *, actor: Actor) -> None:
    """Put a search before the others of this sign-in, and drop what other sign-ins that have ended left."""
    if actor.session_id is None:
        return
    forget(session, actor.session_id, address)
    session.add(RecentSearch(sign_in_id=actor.session_id, address=address))
    session.flush()
    ended = select(SignIn.id).where(SignIn.ended_at.is_not(None))
    forgotten = now() - KEPT_RECENT
    newest = (
        select(RecentSearch.id)
        .where(RecentSearch.sign_in_id == actor.session_id)
        .order_by(RecentSearch.asked_at.desc())
        .limit(MOST_RECENT)
    )
    session.execute(
        delete(RecentSearch).where(
            or_(
                RecentSearch.sign_in_id.in_(ended),
                RecentSearch.asked_at < forgotten,
                (RecentSearch.sign_in_id == actor.session_id) & RecentSearch.id.not_in(list(session.scalars(newest))),
            )
        )
    )


def list_recent(session: Session, *, actor: Actor) -> list[str]:
    """Query strings of the searches of this sign-in, the latest first."""
    if actor.session_id is None:
        return []
    return list(
        session.scalars(
            select(RecentSearch.address)
            .where(RecentSearch.sign_in_id == actor.session_id)
            .order_by(RecentSearch.asked_at.desc())
        )
    )


def forget(session: Session, sign_in_id: str, address: str | None = None) -> None:
    """Drop the recent searches of a sign-in, or the one at `address`."""
    query = delete(RecentSearch).where(RecentSearch.sign_in_id == sign_in_id)
    session.execute(query if address is None else query.where(RecentSearch.address == address))
