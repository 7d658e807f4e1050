"""A package that was given in on a page waits for its turn: sealed on disk, its code in memory, proved by a job.

Without its code the file is worth nothing, so it may lie on a disk before anybody looked at what is in it; the code
never does. When the machine stopped meanwhile, or the job came too late, the code is asked for again. What became of it
is told on the page: every problem by name, or the dossier.
"""

import io
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, db, jobs, quotas, staging, storage
from oms.errors import N_, BadInput, Conflict, FileNotNow, FileRefused, NotFound, OmsError, Refused
from oms.intake import Ask
from oms.models import ArrivalState, Package, PackageArrival, PackageDirection, Unit, now
from oms.packages import importing, keys, sealing
from oms.packages.opening import PackageRefused
from oms.permissions import Action, Actor, allowed, require
from oms.settings import Settings

JOB = "take_in_package"
LISTED = timedelta(days=30)
"""How long what was refused stays on the list of the page."""


def folder(settings: Settings) -> Path:
    """Where sealed packages wait; their codes are not there."""
    return settings.home / "arrivals"


def keep(settings: Settings, stream: BinaryIO, code: str, *, ask: Ask) -> storage.Put:
    """Put a package on disk as it came, after its head was read and its code tried.

    Raises `NotSealed`, `WrongCode`, `BadInput`, or what `ask` says to its size, and then nothing was written.
    """
    sealing.check_code(stream, keys.read_code(code))
    ask(stream.seek(0, io.SEEK_END), ())
    stream.seek(0)
    return storage.put_marked(folder(settings), storage.chunks(stream))


def let_go(settings: Settings, kept: storage.Put) -> None:
    """Take away a package that was kept and could not be entered, unless somebody else gave the same one in."""
    storage.take_back(folder(settings), kept)


def give(
    session: Session, settings: Settings, kept: storage.Put, code: str, unit: Unit, *, actor: Actor
) -> PackageArrival:
    """Enter a kept package and order the job; what it says of itself is not believed yet."""
    if unit.id not in actor.units.get(Action.DOSSIER_CREATE, frozenset()):
        raise Refused(N_("A package is taken in by the dossier officer of the unit that will hold the dossier."))
    sha256, size = kept.sha256, kept.size
    with storage.opened(folder(settings), sha256) as path, path.open("rb") as sealed:
        header = sealing.read_header(sealed)
    waiting = select(PackageArrival.id).where(PackageArrival.sha256 == sha256, PackageArrival.ended_at.is_(None))
    if session.scalar(waiting) is not None:
        raise Conflict(N_("This package is being taken in already. Look at the list of packages."))
    arrival = PackageArrival(
        package_id=str(header["package"])[:32],
        transfer_number=str(header["transfer"])[:40],
        sha256=sha256,
        size=size,
        unit_id=unit.id,
        given_by_id=actor.account_id,
        problems=[],
    )
    session.add(arrival)
    session.flush()
    quotas.count(session, size, actor=actor)
    audit.record(session, "package:give", arrival, actor=actor, package=arrival.package_id, size=size)
    _order(session, settings, arrival, code, actor)
    return arrival


def give_code(session: Session, settings: Settings, arrival: PackageArrival, code: str, *, actor: Actor) -> None:
    """The code once more, for a package whose code was forgotten; raises `WrongCode` and `Conflict`."""
    require(actor, Action.PACKAGE_TAKE_IN, arrival)
    db.lock(session, arrival)
    if arrival.state != ArrivalState.CODE_NEEDED:
        raise Conflict(N_("The code is not needed now. Reload the page."))
    with storage.opened(folder(settings), arrival.sha256) as path, path.open("rb") as sealed:
        sealing.check_code(sealed, keys.read_code(code))
    arrival.state, arrival.given_by_id = ArrivalState.WAITING, actor.account_id
    session.flush()
    audit.record(session, "package:code", arrival, actor=actor, package=arrival.package_id)
    _order(session, settings, arrival, code, actor)


def give_up(session: Session, kind: str, subject_id: str, error: OmsError) -> None:
    """The job failed for good: say so on the page, so that nobody waits for ever."""
    arrival = session.get(PackageArrival, subject_id) if kind == JOB else None
    if arrival is not None and arrival.ended_at is None:
        arrival.state, arrival.problems, arrival.ended_at = ArrivalState.REFUSED, [_told(error)], now()


def _order(session: Session, settings: Settings, arrival: PackageArrival, code: str, actor: Actor) -> None:
    place = _code_of(settings, arrival.id)
    place.touch(mode=0o600)
    place.write_text(keys.read_code(code), "ascii")
    jobs.enqueue(session, JOB, arrival.id, actor=actor)


def _code_of(settings: Settings, arrival_id: str) -> Path:
    return staging.folder(settings) / f"code-{arrival_id}"


def take_in_arrival(engine: Engine, settings: Settings, arrival_id: str, *, actor: Actor | None) -> list[str]:
    """Job `take_in_package`: prove it and take it in, or write down everything that is wrong; may run twice."""
    with db.reading(engine) as session:
        arrival = session.get(PackageArrival, arrival_id)
        if arrival is None or arrival.ended_at is not None:
            return []
        unit_id, sha256 = arrival.unit_id, arrival.sha256
        taken_id = _taken_before(session, arrival)
    place, sent = _code_of(settings, arrival_id), list[str]()
    try:
        if actor is None:
            raise Refused(N_("The account that gave this package in is closed. Have it given in again."))
        if taken_id is None:
            code = place.read_text("ascii")

            def tell(state: ArrivalState, done: int, pages: int) -> None:
                # The code is old when a long package is looked at; it must not seem forgotten.
                place.touch()
                _write(engine, arrival_id, state=state, pages_done=done, pages=pages)

            with storage.opened(folder(settings), sha256) as path, path.open("rb") as stream:
                taken_id = importing.take_in(
                    engine, settings, stream, code, unit_id, actor=actor, send=sent.append, tell=tell
                )
    except FileNotFoundError:
        _write(engine, arrival_id, state=ArrivalState.CODE_NEEDED)
        return []
    except FileNotNow:  # the package is as good as before; the job is put off
        raise
    except (BadInput, Conflict, FileRefused, NotFound, Refused) as error:
        _refuse(engine, arrival_id, error, actor)
    else:
        _write(engine, arrival_id, state=ArrivalState.TAKEN_IN, taken_id=taken_id, ended_at=now())
    place.unlink(missing_ok=True)
    storage.remove(folder(settings), sha256)
    return sent


def _taken_before(session: Session, arrival: PackageArrival) -> str | None:
    """The package, when an earlier run of this job took it in and was killed before it could say so."""
    return session.scalar(
        select(Package.id).where(
            Package.package_id == arrival.package_id,
            Package.direction == PackageDirection.IN,
            Package.unit_id == arrival.unit_id,
            Package.made_by_id == arrival.given_by_id,
            Package.made_at >= arrival.given_at,
        )
    )


def _write(engine: Engine, arrival_id: str, **values: Any) -> None:
    with db.writing(engine) as session:
        arrival = session.get_one(PackageArrival, arrival_id, with_for_update=True)
        for name, value in values.items():
            setattr(arrival, name, value)


def _refuse(engine: Engine, arrival_id: str, error: OmsError, actor: Actor | None) -> None:
    problems: Sequence[OmsError] = error.problems if isinstance(error, PackageRefused) else [error]
    with db.writing(engine) as session:
        arrival = session.get_one(PackageArrival, arrival_id, with_for_update=True)
        arrival.state, arrival.ended_at = ArrivalState.REFUSED, now()
        arrival.problems = [_told(one) for one in problems]
        reason = error.what if isinstance(error, FileRefused) else str(error)
        importing.refuse(session, reason, arrival.package_id, actor=actor)


def _told(error: OmsError) -> dict[str, Any]:
    """A sentence as a row keeps it; of what the gate refused no name and no page stays (NĐ 26/2020/NĐ-CP Đ3.4)."""
    if isinstance(error, FileRefused):
        return {"message": error.what, "values": {}}
    return {"message": error.message, "values": {name: str(value) for name, value in error.values.items()}}


def arrivals(session: Session, *, actor: Actor) -> list[PackageArrival]:
    """What is being taken in for the actor's units, and what was refused lately, the latest first."""
    query = (
        select(PackageArrival)
        .where(
            allowed(actor, Action.PACKAGE_TAKE_IN),
            PackageArrival.state != ArrivalState.TAKEN_IN,
            PackageArrival.given_at > now() - LISTED,
        )
        .options(joinedload(PackageArrival.unit))
        .order_by(PackageArrival.given_at.desc(), PackageArrival.id)
    )
    return list(session.scalars(query))


def view_arrival(session: Session, arrival: PackageArrival, *, actor: Actor) -> None:
    """Write down that the actor looked how far a package is."""
    require(actor, Action.PACKAGE_TAKE_IN, arrival)
    audit.record(session, "package:arrival", arrival, actor=actor)
