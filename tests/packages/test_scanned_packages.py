"""What is asked about a package that comes in: the virus scanner about each scan, the limit of the day, the titles that
belong into a protection file."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from oms import db, packages, storage, viruses
from oms.errors import BadInput
from oms.models import ArrivalState, AuditEntry, Document, Dossier, Job, JobState, PackageArrival, Scan, Unit
from oms.worker import Worker
from tests.packages.conftest import House, dispatch, fill
from tests.test_viruses import FOUND, Scanner, scanner  # noqa: F401 - a fixture


def test_a_package_somebody_else_gave_in_as_well_stays_when_one_of_them_is_refused(
    here: House, there: House, friends: None
) -> None:
    """The second one is refused when it is entered, before or after the first one is acknowledged."""
    made = packages.export(
        here.engine, here.settings, dispatch(here, fill(here)), there.key, actor=here.actor("canbo.sonv")
    )

    def keep() -> storage.Put:
        with made.path.open("rb") as stream:
            return packages.keep(there.settings, stream, made.code, ask=lambda _size, _names: None)

    first, second = keep(), keep()
    packages.let_go(there.settings, second)
    packages.let_go(there.settings, first)
    place = there.settings.home / "arrivals"
    assert storage.is_sound(place, first.sha256), "the other one may have been acknowledged meanwhile"
    storage.remove(place, first.sha256)
    packages.let_go(there.settings, keep())
    assert not list(storage.names(place)), "of one that nobody else gave in nothing stays"


def test_a_package_with_something_in_it_is_refused_and_a_silent_scanner_puts_it_off(
    here: House,
    there: House,
    friends: None,
    scanner: Scanner,  # noqa: F811
) -> None:
    transfer_id = dispatch(here, fill(here))
    made = packages.export(here.engine, here.settings, transfer_id, there.key, actor=here.actor("canbo.sonv"))
    settings = replace(there.settings, clamd=scanner.ear.getsockname())
    officer = there.actor("canbo.soyt")
    with made.path.open("rb") as stream:
        kept = packages.keep(settings, stream, made.code, ask=lambda _size, _names: None)
    with db.writing(there.engine) as session:
        unit = session.get_one(Unit, there.world.units["soyt"])
        arrival_id = packages.give(session, settings, kept, made.code, unit, actor=officer).id
    worker = Worker(there.engine, settings)

    def run() -> tuple[ArrivalState, JobState]:
        with db.reading(there.engine) as session:
            worker_job = session.scalars(select(Job)).one().id
        worker.run(worker_job)
        with db.writing(there.engine) as session:
            job = session.get_one(Job, worker_job)
            job.lease_until = None  # do not wait until it is looked for again
            return session.get_one(PackageArrival, arrival_id).state, job.state

    scanner.say(b"")
    state, of_job = run()
    assert state not in (ArrivalState.REFUSED, ArrivalState.TAKEN_IN) and of_job == JobState.QUEUED
    scanner.say(FOUND)
    state, _of_job = run()
    assert state == ArrivalState.REFUSED and list(storage.names(settings.scans)) == []
    with db.reading(there.engine) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "package:import")).all()
        assert [entry.outcome for entry in entries] == ["refused"]
        told = session.get_one(PackageArrival, arrival_id).problems
        assert told == [{"message": viruses.VirusFound.what, "values": {}}]


def test_a_clean_one_comes_in(here: House, there: House, friends: None, scanner: Scanner) -> None:  # noqa: F811
    made = packages.export(
        here.engine, here.settings, dispatch(here, fill(here)), there.key, actor=here.actor("canbo.sonv")
    )
    checked = replace(there, settings=replace(there.settings, clamd=scanner.ear.getsockname()))
    assert checked.take_in(made.path, made.code) and len(scanner.heard) == 1


@pytest.mark.parametrize("size", [0, 1])
def test_on_the_command_line_a_package_is_counted_when_it_comes_in(
    here: House,
    there: House,
    friends: None,
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = packages.export(
        here.engine, here.settings, dispatch(here, fill(here)), there.key, actor=here.actor("canbo.sonv")
    )
    counted: list[int] = []
    monkeypatch.setattr("oms.quotas.count", lambda _session, size, **_actor: counted.append(size))
    actor = there.actor("canbo.soyt")
    with made.path.open("rb") as stream:
        packages.take_in(
            there.engine, there.settings, stream, made.code, there.world.units["soyt"], actor=actor, brought=size
        )
    assert counted == [1] * size


def test_a_package_with_a_paper_of_a_protection_file_is_refused_whole(
    here: House,
    there: House,
    friends: None,
) -> None:
    dossier_id = fill(here)
    with db.writing(here.engine) as session:  # filed by a program that did not know yet
        session.scalars(select(Document)).one().title = "Hồ sơ bảo vệ chính trị nội bộ"
    made = packages.export(
        here.engine, here.settings, dispatch(here, dossier_id), there.key, actor=here.actor("canbo.sonv")
    )
    with pytest.raises(BadInput, match="protection file"):
        there.take_in(made.path, made.code)
    with db.reading(there.engine) as session:
        assert session.scalars(select(Dossier)).all() == [] and list(storage.names(there.settings.scans)) == []


def test_a_scan_whose_name_says_another_kind_travels_on(here: House, there: House, friends: None) -> None:
    """It was taken before such names were refused; the house that gets the dossier cannot mend it."""
    dossier_id = fill(here)
    with db.writing(here.engine) as session:
        session.scalars(select(Scan)).one().file_name = "quyết định.png"
    made = packages.export(
        here.engine, here.settings, dispatch(here, dossier_id), there.key, actor=here.actor("canbo.sonv")
    )
    there.take_in(made.path, made.code)
    with db.reading(there.engine) as session:
        assert session.scalars(select(Scan.file_name)).all() == ["quyết định.png"]
