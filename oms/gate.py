"""The gate: what may bear a mark of a state secret comes in only when two people say that it does not.

A doubtful file waits in memory, with pictures of its doubtful pages, until the officer who brought it decides
together with a second person of the house, or until ten minutes are over. Refused, nothing of it stays but the entry
that something was refused: no name, no hash, no text (NĐ 26/2020/NĐ-CP Đ3.4). A mark that only the reading finds, in a
scan that is here already, is decided in the same way (`clear_scan`), or ended by `purging.purge`.
"""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from oms import audit, db, intake, jobs, quotas, staging
from oms.errors import N_, BadInput, FileNotNow, FileRefused, NotFound, Refused, SecretFile
from oms.intake import Arrival
from oms.models import Dossier, Page, Scan, SecrecyClearance, Transfer, Unit
from oms.permissions import Action, Actor, can, require
from oms.recognition import open_scan
from oms.settings import Settings

REASON_LENGTH = 10, 500
"""Characters of a reason: more than “ok”, less than an essay."""

Meant = Dossier | Transfer | Unit
"""What a doubtful file is meant for."""

_TOKEN = re.compile(r"[0-9a-f]{32}")
_PREFIX = "held-"


@dataclass(frozen=True)
class HeldPage:
    """A doubtful page: its number and the levels its marks look like, none where the word is hidden."""

    number: int
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A file that waits for a decision; `seconds` are left.

    It is for a dossier, hangs on a transfer, or is a stack of a unit; `errand` is what whoever brought it said about it.
    """

    token: str
    folder: Path
    name: str
    sha256: str
    pages: tuple[HeldPage, ...]
    seconds: int
    dossier_id: str = ""
    transfer_id: str = ""
    unit_id: str = ""
    errand: Mapping[str, str] = field(default_factory=dict)
    former: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clearance:
    """What two people said of a doubtful file: why it bears no mark, who the second one was, and of which pages."""

    reason: str
    second: Actor
    pages: tuple[int, ...] = ()


def hold(
    session: Session,
    settings: Settings,
    thing: Meant,
    arrival: Arrival,
    *,
    actor: Actor,
    errand: Mapping[str, str] | None = None,
) -> str:
    """Let a doubtful file wait for its officer; return the secret word that finds it again."""
    token = secrets.token_hex(16)
    for found in arrival.suspicions:
        (arrival.folder / f"page-{found.number}.jpg").write_bytes(found.image)
    about = {
        "account": actor.account_id,
        "dossier": thing.id if isinstance(thing, Dossier) else "",
        "transfer": thing.id if isinstance(thing, Transfer) else "",
        "unit": thing.id if isinstance(thing, Unit) else "",
        "errand": dict(errand or {}),
        "name": arrival.name,
        "sha256": arrival.sha256,
        "former": arrival.former,
        "pages": [[found.number, list(found.levels)] for found in arrival.suspicions],
    }
    (arrival.folder / "about.json").write_text(json.dumps(about), "utf-8")
    staging.let_go(arrival.folder)
    arrival.folder.rename(staging.folder(settings) / f"{_PREFIX}{token}")
    audit.record(session, "secrecy:doubt", thing, actor=actor, outcome="held", pages=len(arrival.suspicions))
    return token


def needs_two_people(arrival: Arrival) -> SecretFile:
    """The refusal of a doubtful file where nobody is there to look at it: command line and other programs."""
    return SecretFile(
        N_(
            "Page %(page)s of %(name)s may bear a mark of a state secret; nothing was kept. "
            "If it bears none, upload the file on the page “Paper in”, where two people can decide."
        ),
        name=arrival.name,
        page=arrival.suspicions[0].number,
    )


def find(settings: Settings, token: str, *, actor: Actor) -> Held:
    """The waiting file, for the account that brought it alone; raises `NotFound` when its time is over."""
    folder = staging.folder(settings) / f"{_PREFIX}{token}"
    try:
        if not _TOKEN.fullmatch(token):
            raise FileNotFoundError
        seconds = round(staging.SECONDS - (time.time() - folder.stat().st_mtime))
        about = json.loads((folder / "about.json").read_text("utf-8"))
    except FileNotFoundError:
        raise _gone() from None
    if about["account"] != actor.account_id or seconds <= 0:
        raise _gone()
    pages = tuple(HeldPage(number, tuple(levels)) for number, levels in about["pages"])
    return Held(
        token,
        folder,
        about["name"],
        about["sha256"],
        pages,
        seconds,
        dossier_id=about["dossier"],
        transfer_id=about["transfer"],
        unit_id=about["unit"],
        errand=about["errand"],
        former=tuple(about["former"]),
    )


def _gone() -> NotFound:
    return NotFound(
        N_("There is nothing to decide here any more: after ten minutes a doubtful file is wiped. Upload it again.")
    )


def page_image(held: Held, number: int) -> bytes:
    """The picture of one doubtful page."""
    try:
        return (held.folder / f"page-{number}.jpg").read_bytes()
    except FileNotFoundError:
        raise NotFound() from None


def refuse(session: Session, held: Held, thing: Meant, *, actor: Actor) -> None:
    """It is secret, or may be: wipe it and write down that something was refused."""
    staging.wipe(held.folder)
    audit.record(session, "secrecy:refuse", thing, actor=actor, outcome="refused", pages=len(held.pages))


def release(held: Held) -> Arrival:
    """The waiting file as one that may come in; only after two people have said so (`check_second`)."""
    path = held.folder / "file"
    opened = open_scan(path, name=held.name)
    arrival = Arrival(held.name, path, held.folder, held.sha256, path.stat().st_size, opened, former=held.former)
    return replace(arrival, looked=True)


def check_reason(reason: str) -> str:
    """The reason, or `BadInput` for one that says nothing."""
    reason = " ".join(reason.split())
    if not REASON_LENGTH[0] <= len(reason) <= REASON_LENGTH[1]:
        raise BadInput(
            N_("Say in %(least)s to %(most)s characters why this is no mark of a state secret."),
            least=REASON_LENGTH[0],
            most=REASON_LENGTH[1],
        )
    return reason


def check_second(second: Actor, thing: Meant, *, actor: Actor) -> None:
    """Raise `Refused` unless `second` is another person who may see what the file is meant for, too."""
    if second.account_id == actor.account_id:
        raise Refused(N_("The second person must be somebody else: nobody confirms what they said themselves."))
    if isinstance(thing, Transfer):
        if not can(second, Action.TRANSFER_READ, thing):
            raise Refused(N_("The second person must be one who may read this transfer: another officer or the head."))
    elif isinstance(thing, Unit):
        if thing.id not in second.units.get(Action.DOSSIER_READ, frozenset()):
            raise Refused(
                N_("The second person must be one who may read dossiers of this unit: another officer or the head.")
            )
    elif not can(second, Action.DOSSIER_READ, thing):
        raise Refused(N_("The second person must be one who may read this dossier: another officer or the head."))


def look_through(settings: Settings, pieces: Iterable[bytes], name: str, *, ask: intake.Ask) -> Arrival:
    """A file opened and looked at in memory; nobody is there to decide a doubt, so it is a refusal."""
    arrival = intake.examine(settings, pieces, name, ask=ask)
    if arrival.suspicions:
        intake.discard(arrival)
        raise needs_two_people(arrival)
    return arrival


def take_in(
    engine: Engine,
    settings: Settings,
    dossier_id: str,
    pieces: Iterable[bytes],
    name: str,
    *,
    actor: Actor,
    send: Callable[[str], None],
) -> tuple[Scan, bool]:
    """Take one file in where nobody can decide a doubt, whole or not at all; as `intake.receive`, and committed.

    A `FileRefused` is written down before it is raised; of a job not that a file could not be looked at just now: it asks
    every minute. `send` hands a new job to the queue.
    """
    arrival = None
    try:
        arrival = look_through(
            settings, pieces, name, ask=quotas.asking(engine, settings, actor=actor, into=dossier_id)
        )
        with intake.kept(settings, arrival), db.writing(engine) as session:
            scan, is_new = intake.receive(session, session.get_one(Dossier, dossier_id), arrival, actor=actor)
        jobs.deliver(session, send)
    except FileRefused as error:
        if isinstance(error, FileNotNow) and actor.via == "job":
            raise
        with db.writing(engine) as session:
            intake.refuse(session, session.get_one(Dossier, dossier_id), error.what, actor=actor)
        raise
    finally:
        if arrival is not None:
            intake.discard(arrival)
    return scan, is_new


def receive(
    session: Session, dossier: Dossier, arrival: Arrival, reason: str, *, second: Actor, actor: Actor
) -> tuple[Scan, bool]:
    """Enter a released and kept file, with the decision of the two; see `intake.receive`."""
    check_second(second, dossier, actor=actor)
    scan, is_new = intake.receive(session, dossier, arrival, actor=actor)
    _write_clearance(session, scan, reason, second=second, actor=actor)
    return scan, is_new


def clear_scan(session: Session, scan: Scan, reason: str, *, second: Actor, actor: Actor) -> None:
    """Two people say that what the reading took for a mark on this scan is none: it may be filed."""
    require(actor, Action.SCAN_UPLOAD, scan.dossier)
    check_second(second, scan.dossier, actor=actor)
    _write_clearance(session, scan, check_reason(reason), second=second, actor=actor)


def _write_clearance(session: Session, scan: Scan, reason: str, *, second: Actor, actor: Actor) -> None:
    session.add(
        SecrecyClearance(
            scan_id=scan.id, reason=reason, cleared_by_id=actor.account_id, confirmed_by_id=second.account_id
        )
    )
    audit.record(session, "secrecy:clear", scan, actor=actor, words=reason, second=second.account_id)


def suspected(scan: Scan, pages: Sequence[Page]) -> list[tuple[int, str]]:
    """Number and mark of each page that seems to bear a mark of secrecy and was not cleared."""
    if scan.clearances:
        return []
    return [(page.number, ", ".join(page.secrecy)) for page in pages if page.secrecy]
