"""What an officer typed at the desk and did not confirm yet: kept after a crash or a sign-out, for that officer alone.

A draft changes no record and is no correction: it waits until its author confirms or discards it. It goes with what it
is about (filed, sealed, destroyed), and by itself after `KEPT`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload, undefer

from oms import gate
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import DeskDraft, Dossier, Page, Scan, now
from oms.permissions import Action, Actor, allowed, require
from oms.vietnamese.text import nfc

KEPT = timedelta(days=30)
"""A month: longer than a holiday, short enough that no second copy of a dossier grows here."""
FORM = 0
"""The place of the description form; a page of the scan has its number."""
LENGTH = 100_000


@dataclass(frozen=True)
class UnsavedText:
    """The text of a page as its author left it; `changed` when the text on the page is not the one that stood before."""

    text: str
    saved_at: datetime
    changed: bool


def keep_text(session: Session, scan: Scan, number: int, text: str, *, version: int | None, actor: Actor) -> None:
    """Keep what was typed as text of page `number`; `version` is that of the page the typing began on."""
    pages = _pages(session, scan, actor)
    page = next((page for page in pages if page.number == number), None)
    if page is None:
        raise NotFound()
    new = nfc(text.replace("\r\n", "\n")).strip()
    if new == page.text:
        discard(session, scan, number, actor=actor)
        return
    draft = _draft(session, scan, number, new, actor)
    if version == page.version:
        draft.before = page.text


def keep_form(session: Session, scan: Scan, typed: dict[str, Any], *, actor: Actor) -> None:
    """Keep what was typed about the next document of the scan."""
    if any(page.document_id is None for page in _pages(session, scan, actor)):
        _draft(session, scan, FORM, json.dumps(typed, ensure_ascii=False), actor)


def _pages(session: Session, scan: Scan, actor: Actor) -> Sequence[Page]:
    """The pages of the scan, for whoever may work on them; none of what may be secret is written a second time."""
    require(actor, Action.DOCUMENT_FILE, scan.dossier)
    pages = session.scalars(select(Page).where(Page.scan_id == scan.id).options(undefer(Page.text))).all()
    if gate.suspected(scan, pages):
        raise Conflict(N_("Nothing of a scan that may be secret is kept as a draft. Two people decide about it first."))
    return pages


def _draft(session: Session, scan: Scan, place: int, text: str, actor: Actor) -> DeskDraft:
    if len(text) > LENGTH:
        raise BadInput(N_("This is too long to be kept as a draft. Shorten it, or save it in parts."))
    wanted = select(DeskDraft).where(
        DeskDraft.scan_id == scan.id, DeskDraft.account_id == actor.account_id, DeskDraft.place == place
    )
    draft = session.scalar(wanted)
    if draft is None:
        session.execute(delete(DeskDraft).where(DeskDraft.saved_at < now() - KEPT))
        draft = DeskDraft(scan_id=scan.id, account_id=actor.account_id, place=place)
        session.add(draft)
    draft.text, draft.saved_at = text, now()
    return draft


def find_drafts(session: Session, scan: Scan, *, actor: Actor) -> dict[int, DeskDraft]:
    """The actor's own drafts of a scan by place."""
    mine = select(DeskDraft).where(DeskDraft.scan_id == scan.id, DeskDraft.account_id == actor.account_id)
    return {draft.place: draft for draft in session.scalars(mine)}


def unsaved_text(draft: DeskDraft | None, page: Page) -> UnsavedText | None:
    """The draft as it stands against the page now; None when there is none, or when the page says the same."""
    if draft is None or draft.text == page.text:
        return None
    return UnsavedText(draft.text, draft.saved_at, draft.before != page.text)


def typed_form(draft: DeskDraft | None, waiting: Sequence[Page]) -> dict[str, Any] | None:
    """What was typed about the next document, with those of its pages that still wait; None when it is about none."""
    if draft is None:
        return None
    typed: dict[str, Any] = json.loads(draft.text)
    left = {page.id for page in waiting}
    pages = [id for id in typed["pages"] if id in left]
    return {**typed, "pages": pages} if pages or not typed["pages"] else None


def refuse_unsaved(session: Session, scan: Scan, pages: Sequence[Page], *, actor: Actor) -> None:
    """Raise `Conflict` while the actor left text on one of the pages that is neither saved nor discarded."""
    drafts = find_drafts(session, scan, actor=actor)
    for page in pages:
        if unsaved_text(drafts.get(page.number), page) is not None:
            raise Conflict(
                N_("Page %(page)s has text you typed and did not save. Save it or discard it, then file the page."),
                page=page.number,
            )


def list_unsaved(session: Session, *, actor: Actor) -> list[tuple[DeskDraft, Scan]]:
    """The actor's drafts in scans still open to the actor, the newest first."""
    rows = session.execute(
        select(DeskDraft, Scan)
        .join(Scan, Scan.id == DeskDraft.scan_id)
        .where(DeskDraft.account_id == actor.account_id, allowed(actor, Action.SCAN_READ))
        .options(joinedload(Scan.dossier).joinedload(Dossier.person))
        .order_by(DeskDraft.saved_at.desc(), DeskDraft.id)
    )
    return [(row[0], row[1]) for row in rows]


def discard(session: Session, scan: Scan, place: int, *, actor: Actor) -> None:
    """Drop the actor's own draft: it was confirmed, or is not wanted any more."""
    session.execute(
        delete(DeskDraft).where(
            DeskDraft.scan_id == scan.id, DeskDraft.account_id == actor.account_id, DeskDraft.place == place
        )
    )


def forget_forms(session: Session, scan: Scan) -> None:
    """Nothing of the scan waits to be described any more."""
    session.execute(delete(DeskDraft).where(DeskDraft.scan_id == scan.id, DeskDraft.place == FORM))
