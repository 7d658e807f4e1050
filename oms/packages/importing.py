"""Taking a proved package in: first every scan goes through the gate, then files, then all rows at once.

The sealed file is read again for each of these steps, so no scan lies open on a disk before it was looked at and at
most one lies in memory. Whoever kills it in between leaves no row and no dossier. Pictures and searchable PDFs are
made anew from the originals that were looked at (`oms.packages.showing`), never taken from the package.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, BinaryIO

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, catalogue, db, dossiers, intake, jobs, protection_flags, quotas, reading, storage
from oms.audit import exchanging
from oms.errors import N_, BadInput, Conflict, OmsError, Refused
from oms.gate import needs_two_people
from oms.models import (
    ArrivalState,
    Category,
    Document,
    Dossier,
    ForeignEntry,
    Gender,
    Original,
    Package,
    PackageDirection,
    Page,
    PageState,
    Person,
    Precision,
    Quality,
    Scan,
    ScanState,
    Unit,
)
from oms.packages import bag, keys, sealing
from oms.packages.contents import PAGE
from oms.packages.opening import Opened, open_package
from oms.people import NewPerson
from oms.permissions import Action, Actor, can
from oms.recognition import Word
from oms.settings import Settings

Tell = Callable[[ArrivalState, int, int], None]


def take_in(
    engine: Engine,
    settings: Settings,
    stream: BinaryIO,
    code: str,
    unit_id: str,
    *,
    actor: Actor,
    brought: int = 0,
    send: Callable[[str], None] = lambda _job: None,
    tell: Tell = lambda _state, _done, _pages: None,
) -> str:
    """Take the dossier of a package into `unit_id`; return the id of its `Package` row. `tell` hears how far it is; `brought` are the bytes of
    a package that was not counted when it was given in.

    Raises `PackageRefused` (every problem by name), `FileRefused` for a scan the gate does not let in, `Conflict` for a
    package or dossier that is here already. Then nothing was stored.
    """
    tell(ArrivalState.PROVING, 0, 0)
    with db.reading(engine) as session:
        if unit_id not in actor.units.get(Action.DOSSIER_CREATE, frozenset()):
            raise Refused(N_("A package is taken in by the dossier officer of the unit that will hold the dossier."))
        opened = open_package(session, settings, stream, code)
        _refuse_twice(session, opened)
        if brought:
            quotas.require_room(session, settings, brought, actor=actor)
    _rehearse(engine, opened, unit_id, actor)
    originals = {f"data/{scan['file']}": scan for scan in opened.dossier["scans"]}
    pages = sum(scan["pages"] for scan in originals.values())
    tell(ArrivalState.LOOKING, 0, pages)
    _look_at_scans(settings, stream, code, originals, lambda done: tell(ArrivalState.LOOKING, done, pages))
    tell(ArrivalState.KEEPING, pages, pages)
    with _kept_scans(settings, stream, code, originals), db.writing(engine) as session:
        if brought:
            quotas.count(session, brought, actor=actor)
        package = _enter(session, opened, session.get_one(Unit, unit_id), actor)
        package_id = package.id
    jobs.deliver(session, send)
    return package_id


def _rehearse(engine: Engine, opened: Opened, unit_id: str, actor: Actor) -> None:
    """Enter everything and take it back: what the tables would refuse is refused before a file is put."""
    turn = db.take_turn(engine)
    try:
        with db.open_session(engine, writing=True) as session:
            _enter(session, opened, session.get_one(Unit, unit_id), actor)
    finally:
        turn.release()


def refuse(session: Session, reason: str, package_id: str, *, actor: Actor | None) -> None:
    """Write down that a package was refused and why."""
    audit.record(session, "package:import", actor=actor, outcome="refused", words=reason, package=package_id[:32])


def _refuse_twice(session: Session, opened: Opened) -> None:
    query = select(Package).where(Package.package_id == opened.package_id, Package.direction == PackageDirection.IN)
    if session.scalar(query) is not None:
        raise _came_before(opened)


def _came_before(opened: Opened) -> Conflict:
    return Conflict(
        N_("This package (transfer %(number)s of %(sender)s) was taken in before; nothing was added."),
        number=opened.header["transfer"],
        sender=opened.sender_name,
    )


def _look_at_scans(
    settings: Settings,
    stream: BinaryIO,
    code: str,
    originals: dict[str, dict[str, Any]],
    looked: Callable[[int], None],
) -> None:
    """Send each original through the gate; what may bear a mark of secrecy ends the import.

    `looked` hears how many pages are done.
    """
    done = 0

    def look(name: str, _size: int, pieces: Iterator[bytes]) -> None:
        nonlocal done
        scan = originals.get(name)
        if scan is None:
            return
        # Counted with the whole package.
        arrival = intake.examine(settings, pieces, str(scan["name"]), named_elsewhere=True)
        try:
            if arrival.suspicions and not scan.get("clearances"):
                raise needs_two_people(arrival)
            same = (arrival.sha256, arrival.opened.media_type, arrival.opened.pages)
            if same != (scan["sha256"], scan["media_type"], scan["pages"]):
                raise BadInput(N_("%(name)s is not the scan that its description tells of."), name=arrival.name)
        finally:
            intake.discard(arrival)
        done += arrival.opened.pages
        looked(done)

    bag.walk(sealing.unseal(stream, keys.read_code(code)), look)


@contextmanager
def _kept_scans(
    settings: Settings, stream: BinaryIO, code: str, originals: dict[str, dict[str, Any]]
) -> Iterator[None]:
    """Put the originals, which were looked at, into storage durably before any row speaks of them; refused, they go."""
    done: list[storage.Put] = []

    def keep(name: str, _size: int, pieces: Iterator[bytes]) -> None:
        scan = originals.get(name)
        if scan is None:
            return
        done.append(storage.put_marked(settings.scans, pieces))
        if done[-1].sha256 != scan["sha256"]:
            raise BadInput(N_("%(name)s is not the scan that its description tells of."), name=name)

    try:
        bag.walk(sealing.unseal(stream, keys.read_code(code)), keep)
        yield
    except OmsError:
        for one in done:
            storage.take_back(settings.scans, one)
        raise


def _enter(session: Session, opened: Opened, unit: Unit, actor: Actor) -> Package:
    """Every row of the dossier, its foreign log and the entry in ours, in the caller's transaction."""
    try:
        dossier = _open_dossier(session, opened, unit, actor)
        scans = {scan["sha256"]: _add_scan(session, dossier, scan, opened, actor) for scan in opened.dossier["scans"]}
        _file_documents(session, dossier, opened.dossier["documents"], scans, actor)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            N_("A description in the package cannot be understood (%(what)s). Ask the sender to make it again."),
            what=str(error)[:60],
        ) from error
    package = Package(
        package_id=opened.package_id,
        direction=PackageDirection.IN,
        dossier_id=dossier.id,
        unit_id=unit.id,
        peer_key=opened.header["sender"],
        peer_name=opened.sender_name,
        transfer_number=opened.header["transfer"],
        manifest_sha256=opened.manifest_sha256,
        size=opened.octets,
        origin=_origin(opened),
        extract_sha256=opened.extract_sha256,
        log_received=opened.log,
        made_by_id=actor.account_id,
    )
    try:
        with session.begin_nested():
            session.add(package)
    except IntegrityError:
        raise _came_before(opened) from None
    session.add_all(_foreign(package.id, position, entry) for position, entry in enumerate(opened.entries, start=1))
    audit.record(
        session,
        "package:import",
        package,
        actor=actor,
        package=opened.package_id,
        manifest=opened.manifest_sha256,
        extract=opened.extract_sha256,
        sender=opened.header["sender"],
        entries=len(opened.entries),
        log=exchanging.in_short(opened.log),
    )
    for scan in scans.values():
        jobs.enqueue(session, "show_scan", scan.id, actor=actor)
    jobs.dossier_changed(session, dossier.id, actor=actor)
    return package


def _open_dossier(session: Session, opened: Opened, unit: Unit, actor: Actor) -> Dossier:
    about, said = opened.dossier["person"], opened.dossier["dossier"]
    known = (
        session.scalar(select(Person).where(Person.personal_id == about["personal_id"]))
        if about["personal_id"]
        else None
    )
    if known is not None and not can(actor, Action.PERSON_READ, known):
        known = None  # `add_person` then says what it says of any number that cannot be entered
    new = None if known else _new_person(about)
    dossier = dossiers.open_dossier(
        session, actor=actor, category=Category(said["category"]), custodian=unit, person=known, new_person=new
    )
    return dossier


def _new_person(about: dict[str, Any]) -> NewPerson:
    plain = {
        name: about[name] for name in ("full_name", "personal_id", "staff_code", "home_town", "ethnicity", "position")
    }
    return NewPerson(
        **plain,
        gender=Gender(about["gender"]) if about["gender"] else None,
        birth_date=_day(about["birth_date"]),
        birth_precision=Precision(about["birth_precision"]) if about["birth_precision"] else None,
        party_join_date=_day(about["party_join_date"]),
        party_official_date=_day(about["party_official_date"]),
        aliases=tuple(alias["name"] for alias in about["aliases"]),
    )


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def _add_scan(session: Session, dossier: Dossier, said: dict[str, Any], opened: Opened, actor: Actor) -> Scan:
    scan = Scan(
        dossier_id=dossier.id,
        sha256=said["sha256"],
        file_name=intake.label_of(said["name"]),
        media_type=said["media_type"],
        size=said["size"],
        page_count=said["pages"],
        signed=bool(said["signed"]),
        state=ScanState.READ,
        received_by_id=actor.account_id,
    )
    session.add(scan)
    session.flush()
    for number in range(1, scan.page_count + 1):
        session.add(_page(scan.id, opened.page(scan.sha256, number)))
    session.flush()
    return scan


def _page(scan_id: str, said: dict[str, Any]) -> Page:
    values = {name: said[name] for name in PAGE if name in said}
    values["state"] = PageState(said["state"])
    values["quality"] = Quality(said["quality"]) if said["quality"] else None
    words = said["words"]
    packed = reading.pack_words([Word(*row) for row in words]) if words is not None else None
    return Page(scan_id=scan_id, words=packed, **values)


def _file_documents(
    session: Session, dossier: Dossier, documents: list[dict[str, Any]], scans: dict[str, Scan], actor: Actor
) -> None:
    for position, said in enumerate(documents, start=1):
        protection_flags.refuse_withheld(session, str(said["title"]))
        catalogue.component(said["component_id"], dossier.category.value)  # unknown: made by a newer catalogue
        document = Document(
            dossier_id=dossier.id,
            component_id=said["component_id"],
            title=said["title"],
            number=said["number"],
            issued_on=_day(said["issued_on"]),
            issued_precision=Precision(said["issued_precision"]) if said["issued_precision"] else None,
            issuing_body=said["issuing_body"],
            signer=said["signer"],
            original=Original(said["original"]),
            position=position,
            sheets=said.get("sheets") if isinstance(said.get("sheets"), int) and said["sheets"] > 0 else None,
            filed_by_id=actor.account_id,
        )
        session.add(document)
        session.flush()
        for place, where in enumerate(said["pages"], start=1):
            page = session.scalars(
                select(Page).where(Page.scan_id == scans[where["scan"]].id, Page.number == where["page"])
            ).one()
            page.document_id, page.document_position = document.id, place
        session.flush()
    for scan in scans.values():
        waits = session.scalar(select(Page.id).where(Page.scan_id == scan.id, Page.document_id.is_(None)).limit(1))
        scan.state = ScanState.READ if waits else ScanState.FILED
    session.flush()


def _origin(opened: Opened) -> dict[str, Any]:
    """What the sender said and no row of ours has room for: numbers, units, history, corrections, clearances."""
    corrections = [
        {"scan": sha256, "page": number, **correction}
        for sha256, number in sorted(opened.pages)
        for correction in opened.page(sha256, number).get("corrections", [])
    ]
    return {
        "dossier": opened.dossier["dossier"],
        "sender_name": opened.header.get("sender_name", ""),
        "made_at": opened.header.get("made_at", ""),
        "transfers": opened.history.get("transfers", []),
        "manifest": opened.transfer.get("manifest"),
        "corrections": corrections,
        "clearances": [
            {"scan": scan["sha256"], **one} for scan in opened.dossier["scans"] for one in scan.get("clearances", [])
        ],
    }


def _foreign(package_id: str, position: int, entry: dict[str, Any]) -> ForeignEntry:

    body = json.loads(entry["body"])
    return ForeignEntry(
        package_id=package_id,
        position=position,
        seq=entry["seq"],
        at=datetime.fromisoformat(body["at"]),
        who=str(entry.get("who", ""))[:120],
        action=str(body["action"])[:60],
        outcome=str(body["outcome"])[:20],
        body=entry["body"],
        previous=entry["previous"],
        hash=entry["hash"],
    )
