"""Transfers per second with many clients, beside bare INSERT+UPDATE transactions of the same engine in the same run.

    python bench/custody.py [clients] [transfers each]

SQLite always, PostgreSQL where `OMS_TEST_POSTGRESQL` names a server. Ends with an error when a dossier is not where
its transfers brought it, or the log does not hold.
"""

import os
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.engine import make_url

sys.path.insert(0, str(Path(__file__).parent.parent))
from oms import accounts, audit, custody, db, installation
from oms.models import Dossier, Transfer, TransferState, Unit
from oms.settings import Settings
from tests import factories

WAY = (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv"), ("accept", "canbo.sotc"))
COMMITS = len(WAY) + 1


def together(clients: int, work: Callable[[int], None]) -> float:
    """Seconds until all clients, begun at once, have done their work."""
    start, faults = threading.Barrier(clients + 1), []

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return time.perf_counter() - begun


def measure(settings: Settings, clients: int, each: int) -> None:
    """One engine: the bare transactions, then the transfers, then that everything is where it belongs."""
    engine = db.connect(settings.database)
    installation.prepare_folders(settings)
    installation.upgrade(settings, engine)
    with db.writing(engine) as session:
        world = factories.make_world(session)
        ids = [
            [factories.make_dossier(session, world.units["sonv"], f"Người {n} {k}").id for k in range(each)]
            for n in range(clients)
        ]
        session.execute(text("CREATE TABLE reference (id INTEGER PRIMARY KEY, place INTEGER)"))
        actors = {name: replace(accounts.get_actor(session, name, via="cli"), confirmed=True) for _, name in WAY}

    def write_bare(number: int) -> None:
        for key in range(number * 100_000, number * 100_000 + each * COMMITS):
            with db.writing(engine) as session:
                session.execute(text("INSERT INTO reference VALUES (:key, 0)"), {"key": key})
                session.execute(text("UPDATE reference SET place = 1 WHERE id = :key"), {"key": key})

    def hand_over(number: int) -> None:
        for id in ids[number]:
            with db.writing(engine) as session:
                dossier, receiver = session.get_one(Dossier, id), session.get_one(Unit, world.units["sotc"])
                actor = actors["canbo.sonv"]
                made = custody.prepare(session, dossier, receiver, "QĐ 1", actor=actor, proof=factories.PROOF).id
            for name, who in WAY:
                with db.writing(engine) as session:
                    transfer = session.get_one(Transfer, made)
                    step = custody.choose_step(transfer, name, actor=actors[who])
                    custody.take(session, step, transfer, actor=actors[who])

    commits = clients * each * COMMITS
    bare, full = commits / together(clients, write_bare), commits / together(clients, hand_over)
    check(engine, world.units["sotc"], clients * each)
    print(
        f"{engine.dialect.name}: {clients} clients, {clients * each} transfers of {COMMITS} commits: "
        f"{full / COMMITS:.1f} transfers/s, {full:.0f} steps/s; bare INSERT+UPDATE {bare:.0f}/s; ratio {bare / full:.1f}",
        flush=True,
    )
    engine.dispose()


def check(engine: Engine, receiver: str, expected: int) -> None:
    """Every transfer is accepted, every dossier is with the receiver, the log holds."""
    with db.reading(engine) as session:
        accepted = select(func.count()).select_from(Transfer).where(Transfer.state == TransferState.ACCEPTED)
        moved = select(func.count()).select_from(Dossier).where(Dossier.custodian_id == receiver)
        assert session.scalar(accepted) == session.scalar(moved) == expected
        assert not audit.verify(session).finding


def main(clients: int = 20, each: int = 5) -> None:
    """Both engines, in folders and databases of their own."""
    with tempfile.TemporaryDirectory() as home:
        measure(Settings(home=Path(home)), clients, each)
    if server := os.environ.get("OMS_TEST_POSTGRESQL"):
        name = f"oms_bench_{secrets.token_hex(4)}"
        administrator = create_engine(
            make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        ).connect()
        administrator.execute(text(f"CREATE DATABASE {name}"))
        try:
            with tempfile.TemporaryDirectory() as home:
                url = make_url(server).set(database=name).render_as_string(hide_password=False)
                measure(Settings(home=Path(home), database_url=url), clients, each)
        finally:
            administrator.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:3]))
