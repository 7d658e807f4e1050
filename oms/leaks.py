"""Whose picture of a page turned up elsewhere: its hidden mark is held against everybody the log names.

Whom to try says the audit log: who had to do with the dossier of the page, day by day; or every account on every day
since one. A name is given only where chance would give one once in a million questions (`CHANCE`), however many were
tried. Reading a mark is an entry of the log; nothing of the page is shown.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from PIL import Image
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from oms import audit, marks, storage
from oms.errors import N_, BadInput, NotFound
from oms.models import Account, AuditEntry, Dossier, Page, Scan
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, require
from oms.recognition.leaked import Rest, chance_of, lay_onto
from oms.recognition.pictures import Pixels
from oms.settings import Settings

CHANCE = 1e-6
"""Most probability, over all that was tried, that a picture without the mark of anybody tried gives a name."""

LAST_HOUR = 23
"""An image shown after midnight may belong to a look before it."""

MOST_DAYS = 400
"""Days for which every account is tried at once: with a thousand accounts a minute of work."""


@dataclass(frozen=True)
class Trace:
    """For whom, and on which day, the picture was made: how far it stands out, and the probability of chance at most."""

    page: Page
    account: Account
    day: date
    height: float
    chance: float


@dataclass(frozen=True)
class Reading:
    """What a picture says: the pages it may show, how many marks were tried, and those that are in it."""

    pages: list[Page]
    tried: int
    traces: list[Trace]


def pages_of_scan(session: Session, scan_id: str, number: int | None, *, actor: Actor) -> list[Page]:
    """The pages of a scan, or one of them; raises `NotFound`."""
    require(actor, Action.AUDIT_READ)
    pages = select(Page).where(Page.scan_id == scan_id).order_by(Page.number)
    found = list(session.scalars(pages if number is None else pages.where(Page.number == number)))
    if not found:
        raise NotFound(N_("There is no such page. The address of “Whole scan” names the scan; its pages count from 1."))
    return found


def pages_of_dossier(session: Session, number: str, *, actor: Actor) -> list[Page]:
    """All pages of a dossier; raises `NotFound`."""
    require(actor, Action.AUDIT_READ)
    pages = select(Page).join(Scan).join(Dossier).where(Dossier.number == number).order_by(Scan.id, Page.number)
    found = list(session.scalars(pages))
    if not found:
        raise NotFound(N_("There is no dossier %(number)s with pages. Look at its number again."), number=number)
    return found


def read(
    session: Session,
    settings: Settings,
    picture: Pixels,
    pages: Sequence[Page],
    *,
    actor: Actor,
    since: date | None = None,
) -> Reading:
    """Whose picture (grey) this is, of one of these pages; with `since` every account is tried on every day from it on."""
    require(actor, Action.AUDIT_READ)
    if since is not None and not 0 <= (today() - since).days <= MOST_DAYS:
        raise BadInput(N_("Choose a day within the last %(days)s days."), days=MOST_DAYS)
    shown = [(page, rest) for page in pages if (rest := _laid_onto(settings, picture, page)) is not None]
    heights = [
        (page, account_id, day, height)
        for page, rest in shown
        for account_id, day, height in _heights(settings, page, rest, _candidates(session, page, since))
    ]
    standing = [one for one in heights if chance_of(one[3], len(heights)) <= CHANCE]
    traces = [
        Trace(page, account, day, height, chance_of(height, len(heights)))
        for page, account_id, day, height in sorted(standing, key=lambda one: -one[3])
        if (account := session.get(Account, account_id)) is not None
    ]
    _write_down(session, pages, Reading([page for page, _rest in shown], len(heights), traces), actor=actor)
    return Reading([page for page, _rest in shown], len(heights), traces)


def _laid_onto(settings: Settings, picture: Pixels, page: Page) -> Rest | None:
    if page.image_sha256 is None:
        return None
    with Image.open(io.BytesIO(storage.read(settings.scans, page.image_sha256)), formats=("JPEG",)) as image:
        return lay_onto(picture, np.array(image.convert("L")))


def _heights(
    settings: Settings, page: Page, rest: Rest, candidates: Iterable[tuple[str, date]]
) -> list[tuple[str, date, float]]:
    key = marks.key_of(settings)
    return [(one, day, rest.height(marks.pattern_of(key, one, page.id, day))) for one, day in candidates]


def _candidates(session: Session, page: Page, since: date | None) -> set[tuple[str, date]]:
    if since is not None:
        days = [since + timedelta(days=number) for number in range((today() - since).days + 1)]
        return {(account_id, day) for account_id in session.scalars(select(Account.id)) for day in days}
    concerned = or_(AuditEntry.dossier_id == page.scan.dossier_id, AuditEntry.object_id == page.id)
    found = set()
    for account_id, at in session.execute(select(AuditEntry.account_id, AuditEntry.at).where(concerned)):
        if account_id is None:
            continue
        there = at.astimezone(HANOI)
        found.add((account_id, there.date()))
        if there.hour == LAST_HOUR:
            found.add((account_id, there.date() + timedelta(days=1)))
    return found


def _write_down(session: Session, pages: Sequence[Page], reading: Reading, *, actor: Actor) -> None:
    """One entry on the page that is shown, else on the dossier that was searched."""
    about = reading.traces[0].page if reading.traces else reading.pages[0] if reading.pages else pages[0]
    audit.record(
        session,
        "mark:read",
        about if len(pages) == 1 or reading.pages else about.scan.dossier,
        actor=actor,
        pages=len(pages),
        tried=reading.tried,
        named=sorted({trace.account.id for trace in reading.traces}),
    )
