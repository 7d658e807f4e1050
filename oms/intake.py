"""Paper in: taking files into the house.

The order is the promise: the file is received into memory, opened, and every page of it looked at for
marks of state secrets; its bytes are put into storage durably, then scan row, job row and audit entry
are committed together, and only after that is anybody told "received". A file that cannot be taken
leaves nothing behind but the entry that it was refused.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, dossiers, jobs, quotas, signatures, staging, storage, viruses
from oms.errors import (
    N_,
    BadInput,
    EmptyFile,
    FileTooLarge,
    NotFound,
    OmsError,
    PageNotShown,
    SecretFile,
    UnsupportedFile,
)
from oms.models import Dossier, Page, PageState, Person, Scan, ScanState
from oms.permissions import Action, Actor, allowed, require
from oms.recognition import OpenedScan, Suspicion, look_at, open_scan, word
from oms.recognition.errors import PageNotRendered, RenderingTimedOut
from oms.settings import Settings
from oms.vietnamese.text import nfc

# Bytes of one file, by media type (told to users on the upload page).
LIMITS = {
    "application/pdf": 200 * 1024 * 1024,
    "image/tiff": 200 * 1024 * 1024,
    "image/jpeg": 50 * 1024 * 1024,
    "image/png": 50 * 1024 * 1024,
    "image/heic": 50 * 1024 * 1024,
    word.MEDIA_TYPE: word.LARGEST,
}
SUFFIXES = {
    "application/pdf": (".pdf",),
    "image/tiff": (".tif", ".tiff"),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/heic": (".heic", ".heif"),
    word.MEDIA_TYPE: (".docx",),
}
"""How the names of files of each kind end; the first ending is the one we give."""
NAME_LENGTH = 200
MOST_DOUBTS = 30
"""Doubtful pages of one file: more can nobody look at in ten minutes."""


Ask = Callable[[int, Sequence[str]], None]
"""Asked with the size of a file and its names in storage; raises where there is no room for it."""


def _never_mind(_size: int, _names: Sequence[str]) -> None:
    """Of what was counted elsewhere."""


@dataclass(frozen=True)
class Arrival:
    """A file that arrived and lies in `folder` until `discard`; only one that was `looked` at may come in, and only
    without `suspicions` (pages that seem to bear a mark of secrecy)."""

    name: str
    path: Path
    folder: Path
    sha256: str
    size: int
    opened: OpenedScan
    looked: bool = False
    suspicions: tuple[Suspicion, ...] = ()
    former: tuple[str, ...] = ()
    """Names the same bytes may still have while files get new ones (`storage.names_of`)."""


def label_of(name: str) -> str:
    """A file name as the label it is: NFC, no path, no invisible characters, at most 200 characters."""
    last = nfc(name).replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(character if character.isprintable() else "�" for character in last).strip()
    return shown[:NAME_LENGTH] or "khong-ten"


def examine(
    settings: Settings, pieces: Iterable[bytes], name: str, *, ask: Ask = _never_mind, named_elsewhere: bool = False
) -> Arrival:
    """Receive bytes into memory, open them and look at every page; raises a `FileRefused`, `SecretFile` among them,
    and leaves nothing behind. What only may be a mark comes back as a suspicion, for a person to decide.

    `ask` hears of what arrived before it is opened and refuses what there is no room for (`quotas.asking`); a file that
    was `named_elsewhere`, in another house that took it, may say another kind by its name than it is.
    """
    arrival = arrive(settings, pieces, name, ask=ask, named_elsewhere=named_elsewhere)
    suspicions = []
    try:
        # A long scan is looked at for minutes: its folder must not seem forgotten meanwhile. Closing the look waits for
        # the pages that are being drawn, so that nothing is written into a folder that was just wiped.
        with closing(look_at(arrival.opened, lambda: os.utime(arrival.folder))) as look:
            for found in look:
                suspicions.append(found)
                if found.clear:
                    raise _bears_a_mark(arrival, found)
                if len(suspicions) > MOST_DOUBTS:
                    raise SecretFile(
                        N_("More than %(most)s pages of %(name)s may bear a mark of a state secret. Nothing was kept."),
                        name=arrival.name,
                        most=MOST_DOUBTS,
                    )
    except (PageNotRendered, RenderingTimedOut) as error:
        discard(arrival)
        raise PageNotShown(
            N_("Page %(page)s of %(name)s cannot be shown, so nobody can check it. Scan this page again."),
            name=arrival.name,
            page=error.values["page"],
        ) from None
    except BaseException:
        discard(arrival)
        raise
    return replace(arrival, looked=True, suspicions=tuple(suspicions))


def _bears_a_mark(arrival: Arrival, found: Suspicion) -> SecretFile:
    return SecretFile(
        N_(
            "Page %(page)s of %(name)s bears the mark %(levels)s. State secrets must not be stored here: "
            "nothing was kept. Give the paper to the person in charge of secret documents."
        ),
        name=arrival.name,
        page=found.number,
        levels=", ".join(found.levels),
    )


def arrive(
    settings: Settings, pieces: Iterable[bytes], name: str, *, ask: Ask = _never_mind, named_elsewhere: bool = False
) -> Arrival:
    """Receive bytes into memory and open them, without looking at the pages; raises a `FileRefused`."""
    staging.wipe_old(settings)
    folder = staging.make_place(settings)
    label = label_of(name)
    try:
        path = folder / "file"
        with staging.refusing_when_full(label):
            size = _write(path, pieces, label)
        names = storage.names_of(settings.scans, path)
        ask(size, names)
        viruses.look_for(settings, path, label)
        opened = open_scan(path, name=label)
        if size > LIMITS.get(opened.media_type, 0):
            raise FileTooLarge(
                N_("%(name)s is larger than %(limit)s MB. Scan it in several parts and upload these."),
                name=label,
                limit=LIMITS[opened.media_type] // 1024 // 1024,
            )
        if not named_elsewhere:
            _refuse_wrong_name(label, opened.media_type)
        sha256, *former = names
        return Arrival(label, path, folder, sha256, size, opened, former=tuple(former))
    except BaseException:
        staging.wipe(folder)
        raise


def _refuse_wrong_name(label: str, media_type: str) -> None:
    """The content tells what a file is; a name that says otherwise misleads whoever opens it elsewhere. A name that ends
    like no kind we take says nothing, and stays a label."""
    suffix = Path(label).suffix.lower()
    endings = SUFFIXES[media_type]
    if suffix not in endings and any(suffix in others for others in SUFFIXES.values()):
        raise UnsupportedFile(
            N_(
                "%(name)s is not what its name says: its content is %(kind)s. Save it as that, or rename it, and upload it."
            ),
            name=label,
            kind=endings[0].removeprefix(".").upper(),
        )


def _write(path: Path, pieces: Iterable[bytes], label: str) -> int:
    size = 0
    with path.open("xb") as out:
        for piece in pieces:
            size += len(piece)
            if size > max(LIMITS.values()):
                raise FileTooLarge(
                    N_("%(name)s is larger than %(limit)s MB. Scan it in several parts and upload these."),
                    name=label,
                    limit=max(LIMITS.values()) // 1024 // 1024,
                )
            out.write(piece)
    if size == 0:
        raise EmptyFile(N_("%(name)s is empty. Scan the paper again and upload the new file."), name=label)
    return size


def discard(arrival: Arrival) -> None:
    """Wipe a file that came in or was given up."""
    staging.wipe(arrival.folder)


@contextmanager
def kept(settings: Settings, arrival: Arrival) -> Iterator[None]:
    """Keep a file for the transaction that enters it; refused there, its bytes go again.

    Only a refusal in words takes them away: after any other error nobody knows whether the rows are there.
    """
    done = keep(settings, arrival)
    try:
        yield
    except OmsError:
        storage.take_back(settings.scans, done)
        raise


def keep(settings: Settings, arrival: Arrival) -> storage.Put:
    """Put the bytes into storage durably, before any row speaks of them; refuses what nobody has looked at."""
    if not arrival.looked or arrival.suspicions:
        raise SecretFile(N_("%(name)s was not checked for marks of state secrets. Upload it again."), name=arrival.name)
    with arrival.path.open("rb") as stream:
        done = storage.put_marked(settings.scans, storage.chunks(stream))
    if done.sha256 != arrival.sha256:
        storage.take_back(settings.scans, done)
        raise BadInput(N_("%(name)s changed while it was being received. Upload it again."), name=arrival.name)
    return done


def find_twin(session: Session, dossier: Dossier, *names: str) -> Scan | None:
    """The scan of this dossier with the same bytes, if there is one; `names` are those the bytes may have."""
    return session.scalar(select(Scan).where(Scan.dossier_id == dossier.id, Scan.sha256.in_(names)))


@dataclass(frozen=True)
class Kept:
    """What is known of a file that lies in storage and was looked at."""

    name: str
    sha256: str
    media_type: str
    size: int
    pages: int
    signed: bool
    former: tuple[str, ...] = ()


def receive(session: Session, dossier: Dossier, arrival: Arrival, *, actor: Actor) -> tuple[Scan, bool]:
    """Enter a kept file as a scan of the dossier; return it and False when the same file was there already.

    Scan, pages, job and audit entry are in the caller's transaction: "received" is true after its commit.
    """
    opened = arrival.opened
    about = (opened.media_type, arrival.size, opened.pages, opened.signed)
    kept = Kept(arrival.name, arrival.sha256, *about, former=arrival.former)
    return enter(session, dossier, kept, actor=actor, brought=True)


def enter(session: Session, dossier: Dossier, kept: Kept, *, actor: Actor, brought: bool = False) -> tuple[Scan, bool]:
    """As `receive`, for a file that passed the gate, and was counted, at another door of the house (unless it is
    `brought` only now)."""
    dossiers.hold(session, dossier)
    require(actor, Action.SCAN_UPLOAD, dossier)
    twin = find_twin(session, dossier, kept.sha256, *kept.former)
    if twin is None:
        scan = Scan(
            dossier_id=dossier.id,
            sha256=kept.sha256,
            file_name=kept.name,
            media_type=kept.media_type,
            size=kept.size,
            page_count=kept.pages,
            signed=kept.signed,
            received_by_id=actor.account_id,
        )
        try:
            with session.begin_nested():
                session.add(scan)
        except IntegrityError:
            twin = find_twin(session, dossier, kept.sha256, *kept.former)
    if twin is not None:
        audit.record(session, "scan:upload", twin, actor=actor, outcome="known", sha256=twin.sha256)
        return twin, False
    if brought:
        quotas.count(session, kept.size, actor=actor)
    session.add_all(Page(scan_id=scan.id, number=number) for number in range(1, scan.page_count + 1))
    jobs.enqueue(session, "read_scan", scan.id, actor=actor)
    if signatures.can_be_judged(scan.media_type, signed=scan.signed):
        jobs.enqueue(session, signatures.JOB, scan.id, actor=actor)
    audit.record(session, "scan:upload", scan, actor=actor, sha256=scan.sha256, size=scan.size, pages=scan.page_count)
    return scan, True


def refuse(session: Session, thing: object, reason: str, *, actor: Actor, action: str = "scan:upload") -> None:
    """Write down that a file for a dossier (or, by `action`, for something else) was refused and why; no name and no
    hash of it is kept."""
    audit.record(session, action, thing, actor=actor, outcome="refused", words=reason)


def read_again(session: Session, scan: Scan, *, actor: Actor) -> None:
    """Have the pages read again that could not be read."""
    require(actor, Action.SCAN_UPLOAD, scan.dossier)
    for page in session.scalars(select(Page).where(Page.scan_id == scan.id, Page.state == PageState.FAILED)):
        page.state, page.error = PageState.WAITING, None
    scan.state, scan.error, scan.error_values = ScanState.RECEIVED, None, None
    jobs.enqueue(session, "read_scan", scan.id, actor=actor)
    audit.record(session, "scan:read_again", scan, actor=actor)


@dataclass(frozen=True)
class Progress:
    """How far the reading of a scan is: pages done of pages in all, and how many failed."""

    done: int
    failed: int
    total: int


def progress_of(session: Session, scan_ids: list[str]) -> dict[str, Progress]:
    """Progress of several scans with one query."""
    counts: dict[str, dict[PageState, int]] = {scan_id: {} for scan_id in scan_ids}
    for scan_id, state, count in session.execute(
        select(Page.scan_id, Page.state, func.count())
        .where(Page.scan_id.in_(scan_ids))
        .group_by(Page.scan_id, Page.state)
    ):
        counts[scan_id][state] = count
    return {
        scan_id: Progress(
            done=states.get(PageState.READ, 0) + states.get(PageState.FAILED, 0),
            failed=states.get(PageState.FAILED, 0),
            total=sum(states.values()),
        )
        for scan_id, states in counts.items()
    }


def list_scans(session: Session, *, actor: Actor, states: tuple[ScanState, ...] = (), limit: int = 200) -> list[Scan]:
    """Scans the actor may read, newest first."""
    query = (
        select(Scan)
        .where(allowed(actor, Action.SCAN_READ))
        .options(joinedload(Scan.dossier).joinedload(Dossier.person))
        .order_by(Scan.received_at.desc(), Scan.id)
        .limit(limit)
    )
    if states:
        query = query.where(Scan.state.in_(states))
    return list(session.scalars(query))


def open_dossiers(session: Session, *, actor: Actor) -> list[tuple[str, str]]:
    """Id of every dossier the actor may upload to, with person and number in words, by the name of the person."""
    rows = session.execute(
        select(Dossier.id, Dossier.number, Person.full_name)
        .join(Dossier.person)
        .where(allowed(actor, Action.SCAN_UPLOAD))
        .order_by(Person.sort_key, Dossier.number)
    )
    return [(row.id, f"{row.full_name} · {row.number}") for row in rows]


def scans_among(session: Session, scan_ids: Sequence[str], *, actor: Actor) -> list[Scan]:
    """Those of the named scans the actor may read, newest first; for asking again how far they are."""
    return list(
        session.scalars(
            select(Scan)
            .where(Scan.id.in_(scan_ids), allowed(actor, Action.SCAN_READ))
            .options(joinedload(Scan.dossier).joinedload(Dossier.person))
            .order_by(Scan.received_at.desc(), Scan.id)
        )
    )


def look_over(session: Session, scans: Sequence[Scan], *, actor: Actor) -> None:
    """Write down that the actor saw a list of scans."""
    audit.record(session, "scan:list", actor=actor, total=len(scans))


def view(session: Session, scan: Scan, *, actor: Actor) -> None:
    """Write down that the actor opened a scan."""
    require(actor, Action.SCAN_READ, scan)
    audit.record(session, "scan:view", scan, actor=actor)


def take_copy(session: Session, scan: Scan, *, actor: Actor, searchable: bool = False) -> str:
    """Write down that the actor takes a copy of the original, or of the searchable PDF; return its name in storage.

    Raises `NotFound` when there is no searchable PDF (yet).
    """
    require(actor, Action.SCAN_DOWNLOAD, scan)
    sha256 = scan.pdf_sha256 if searchable else scan.sha256
    if sha256 is None:
        raise NotFound(N_("There is no searchable PDF of this scan yet. Wait until it has been read."))
    audit.record(session, "scan:download", scan, actor=actor, form="pdf" if searchable else "original")
    return sha256
