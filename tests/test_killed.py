"""`kill -9` between any two steps of a transfer, and in the middle of one: people go on where it stopped.

A process of its own hands a dossier over and works off the jobs. It is killed at the first point, at the second, and so
on until it comes through: just before each commit (all is written, nothing is true yet) and just after it.
"""

import multiprocessing
import os
import signal
from datetime import timedelta

from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.orm import Session

from oms import accounts, audit, custody, db, fixity, jobs, search, storage
from oms.models import AuditEntry, Dossier, Job, JobState, Transfer, TransferEvent, TransferState, Unit, now
from oms.settings import Settings
from oms.worker import Worker
from tests import factories
from tests.factories import World

# What is done where a transfer stands, and by whom; None: there is no transfer yet.
NEXT: dict[TransferState | None, tuple[str, str]] = {
    None: ("prepare", "canbo.sonv"),
    TransferState.DRAFT: ("submit", "canbo.sonv"),
    TransferState.SUBMITTED: ("approve", "truongban.khoi"),
    TransferState.APPROVED: ("dispatch", "canbo.sonv"),
    TransferState.IN_TRANSIT: ("accept", "canbo.sotc"),
}


def hand_over(engine: Engine, world: World, dossier_id: str) -> None:
    """Take the steps that are left, each in a transaction of its own as the pages do it."""
    while True:
        with db.writing(engine) as session:
            dossier = session.get_one(Dossier, dossier_id)
            if dossier.custodian_id == world.units["sotc"]:
                return
            transfer = custody.open_transfer_of(session, dossier)
            name, username = NEXT[transfer.state if transfer else None]
            actor = accounts.get_actor(session, username, via="web")
            if transfer is None:
                receiver = session.get_one(Unit, world.units["sotc"])
                custody.prepare(session, dossier, receiver, "QĐ 12", actor=actor, proof=factories.PROOF)
                continue
            if name == "accept" and any(line.check is None for line in custody.lines(session, transfer)):
                custody.tick_rest(session, transfer, actor=actor)
                continue
            custody.take(session, custody.choose_step(transfer, name, actor=actor), transfer, actor=actor)


def work_off(engine: Engine, settings: Settings) -> None:
    """What a worker does with the jobs that wait, and with those whose worker died once its lease has ended."""
    worker = Worker(engine, settings)
    with db.writing(engine) as session:
        died = update(Job).where(Job.state == JobState.RUNNING).values(lease_until=now() - timedelta(seconds=1))
        session.execute(died)
    with db.reading(engine) as session:
        waiting = jobs.forgotten(session, everything=True)
    for job_id in waiting:
        worker.run(job_id)


def hand_over_and_die(settings: Settings, world: World, dossier_id: str, last: int) -> None:
    """The work of the process: killed at its `last` point, or done before it comes to it."""
    points = 0

    def pass_point(_session: Session) -> None:
        nonlocal points
        points += 1
        if points == last:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Session, "before_commit", pass_point)
    event.listen(Session, "after_commit", pass_point)
    engine = db.connect(settings.database)
    hand_over(engine, world, dossier_id)
    work_off(engine, settings)


def make_dossier(engine: Engine, settings: Settings, world: World, number: int) -> str:
    """A dossier of Sở Nội vụ with a filed document, whose scan lies in storage."""
    sha256, size = storage.put(settings.scans, [f"bản quét {number}".encode()])
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(
            session, world.units["sonv"], f"Nguyễn Văn {chr(65 + number // 26)}{chr(65 + number % 26)}"
        )
        scan = factories.make_scan(session, dossier, officer.account_id)
        scan.sha256, scan.size = sha256, size
        factories.make_document(session, dossier, scan, actor=officer)
        return dossier.id


def problems(engine: Engine, settings: Settings) -> list[str]:
    return [f"{problem.kind} {problem.where}" for problem in fixity.check(engine, settings)]


def test_wherever_it_is_killed_people_go_on(engine: Engine, settings: Settings, world: World) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    search.rebuild(engine, settings)
    states, last, exit_code = set[TransferState | None](), 0, -signal.SIGKILL
    while exit_code == -signal.SIGKILL:
        last += 1
        dossier_id = make_dossier(engine, settings, world, last)
        work_off(engine, settings)
        process = processes.Process(target=hand_over_and_die, args=(settings, world, dossier_id, last))
        process.start()
        process.join()
        exit_code = process.exitcode or 0
        with db.reading(engine) as session:
            assert not audit.verify(session).finding
            states.add(session.scalar(select(Transfer.state).where(Transfer.dossier_id == dossier_id)))
            _one_entry_for_each_move(session)
        work_off(engine, settings)
        assert problems(engine, settings) == [], last
        hand_over(engine, world, dossier_id)
        work_off(engine, settings)
        _found_by_its_holder_alone(engine, settings, world, dossier_id)
    assert exit_code == 0 and problems(engine, settings) == []
    assert states >= {None, *NEXT, TransferState.ACCEPTED}, "it was killed in every state"
    assert last > 2 * len(NEXT)


def _one_entry_for_each_move(session: Session) -> None:
    steps = [f"transfer:{name}" for name in ("new", *custody.STEP_NAMES)]
    entries = select(func.count()).where(AuditEntry.action.in_(steps))
    assert session.scalar(entries) == session.scalar(select(func.count(TransferEvent.id)))


def _found_by_its_holder_alone(engine: Engine, settings: Settings, world: World, dossier_id: str) -> None:
    for username, found in (("canbo.sotc", True), ("canbo.sonv", False)):
        with db.reading(engine) as session:
            actor = accounts.get_actor(session, username, via="web")
            name = session.get_one(Dossier, dossier_id).person.full_name
            hits = search.find(session, search.open_engine(settings), f'tên:"{name}"', actor=actor).hits
            assert (dossier_id in {hit.dossier.id for hit in hits}) == found, (username, name)
