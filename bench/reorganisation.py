"""Dry run, execution and undo of a reorganisation over thousands of people, beside bare UPDATEs of the same rows.

    python bench/reorganisation.py [people] [units that end]

Half of the units merge two by two, half are split with a choice for each person; one dossier in twenty-five is in an
open transfer. SQLite always, PostgreSQL where `OMS_TEST_POSTGRESQL` names a server. Ends with an error when the dry run
tells something else than what happens, when a dossier stays in a unit that ended, or when the undo leaves a difference.
"""

import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, bindparam, create_engine, func, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

sys.path.insert(0, str(Path(__file__).parent.parent))
from oms import accounts, audit, db, installation
from oms import reorganisation as reorganising
from oms.models import Category, Dossier, Person, Reorganisation, Role, Transfer, TransferState, Unit, UnitKind, new_id
from oms.settings import Settings
from tests import factories

DAY = date(2025, 3, 1)
SUCCESSORS = 2


@dataclass
class House:
    """What was loaded: the plan, the choices, and how many dossiers move."""

    changes: list[dict[str, Any]]
    choices: dict[str, str]
    people: int


def load(session: Session, people: int, ended: int) -> House:
    """Units, people with one dossier each, officers, open transfers; and the plan that ends the units."""
    world = factories.make_world(session)
    bloc = session.get_one(Unit, world.units["khoi"])
    grassroots, changes, choices = UnitKind.GRASSROOTS_COMMITTEE, list[dict[str, Any]](), dict[str, str]()
    old = [factories.make_unit(session, f"cu_{n:03d}", grassroots, f"Đảng bộ cũ {n}", bloc) for n in range(ended)]
    for n, unit in enumerate(old):
        factories.make_account(session, f"canbo.{unit.code}", Role.OFFICER, unit)
        new = {"kind": "create", "unit_kind": "grassroots_committee", "parent": "khoi"}
        if n % SUCCESSORS == 0:
            changes.append(new | {"code": f"moi_{n:03d}", "name": f"Đảng bộ mới {n}"})
    for n in range(0, ended, SUCCESSORS):
        to, other = f"moi_{n:03d}", f"moi_{(n + SUCCESSORS) % ended // SUCCESSORS * SUCCESSORS:03d}"
        if n < ended // 2:
            changes.append({"kind": "merge", "from": [f"cu_{n:03d}", f"cu_{n + 1:03d}"], "to": [to]})
        else:
            changes += [{"kind": "split", "from": [f"cu_{k:03d}"], "to": [to, other]} for k in (n, n + 1)]
    rows, dossiers, transfers = [], [], []
    for n in range(people):
        unit = old[n % ended]
        person = {"id": new_id(), "full_name": f"Người {n}", "sort_key": f"{n:06d}", "unit_id": unit.id}
        dossier = {"id": new_id(), "number": f"HS-{n:06d}", "person_id": person["id"], "version": 1}
        rows.append(person)
        dossiers.append(dossier | {"category": Category.CADRE, "custodian_id": unit.id, "managing_body_id": unit.id})
        if n % 25 == 0:
            transfers.append(_transfer(n, dossier["id"], unit.id, old[(n + 7) % ended].id, world))
        for row in changes:
            if row["kind"] == "split" and unit.code in row["from"]:
                choices[person["id"]] = row["to"][n % SUCCESSORS]
    session.execute(insert(Person), rows)
    session.execute(insert(Dossier), dossiers)
    session.execute(insert(Transfer), transfers)
    return House(changes, choices, people)


def _transfer(n: int, dossier_id: str, sender: str, receiver: str, world: factories.World) -> dict[str, Any]:
    return {
        "id": new_id(),
        "number": f"CH-{n:06d}",
        "dossier_id": dossier_id,
        "from_unit_id": sender,
        "to_unit_id": receiver,
        "approving_unit_id": world.units["btc"],
        "state": TransferState.SUBMITTED,
        "reason": "QĐ 1",
        "prepared_by_id": world.accounts["canbo.sonv"],
        "version": 1,
    }


@contextmanager
def clock(name: str, times: dict[str, float]) -> Iterator[None]:
    """Seconds of a block by the wall and of this process, beside the reference, and the memory it needed in between."""
    before = _memory("VmRSS")
    _forget_peak()
    begun, used = time.perf_counter(), time.process_time()
    yield
    times[name], cpu = time.perf_counter() - begun, time.process_time() - used
    ratio = f"{times[name] / times['reference']:5.1f} times the reference"
    print(
        f"  {name:10} {times[name]:6.2f} s ({cpu:5.2f} s of CPU)  {ratio}, {_memory('VmHWM') - before:3d} MB more memory"
    )


def _memory(name: str) -> int:
    """A figure of this process in MB."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) // 1024


def _forget_peak() -> None:
    """The kernel counts the most memory (VmHWM) anew from here."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def reference(session: Session) -> None:
    """Bare UPDATEs, one a row, of the rows the plan moves: every person and every dossier."""
    target = session.scalars(select(Unit.id).where(Unit.code == "sotc")).one()
    for model, column in ((Person, "unit_id"), (Dossier, "custodian_id")):
        table = model.__table__
        statement = update(table).where(table.c.id == bindparam("key")).values({column: bindparam("target")})
        ids = session.scalars(select(table.c.id)).all()
        session.connection().execute(statement, [{"key": id, "target": target} for id in ids])


def digest(session: Session) -> list[str]:
    """Where everybody and everything is."""
    session.expire_all()
    people = session.execute(select(Person.id, Person.unit_id).order_by(Person.id))
    dossiers = session.execute(select(Dossier.id, Dossier.custodian_id, Dossier.managing_body_id).order_by(Dossier.id))
    units = session.execute(select(Unit.code, Unit.valid_to, Unit.parent_id).order_by(Unit.code))
    transfers = session.execute(
        select(Transfer.id, Transfer.state, Transfer.from_unit_id, Transfer.to_unit_id).order_by(Transfer.id)
    )
    return [str(row) for rows in (people, dossiers, units, transfers) for row in rows]


def measure(settings: Settings, people: int, ended: int) -> None:
    """One engine: the reference, then the reorganisation, then that everything is where it belongs."""
    engine = db.connect(settings.database)
    installation.prepare_folders(settings)
    installation.upgrade(settings, engine)
    with db.writing(engine) as session:
        house = load(session, people, ended)
    with db.writing(engine) as session:
        before = digest(session)
        officer, head = (accounts.get_actor(session, name, via="cli") for name in ("canbo.khoi", "truongban.khoi"))
        change_id = reorganising.draft(
            session,
            house.changes,
            decision_number="12-QĐ/TU",
            decided_on=date(2025, 2, 20),
            decision_body="Ban Thường vụ Tỉnh ủy",
            effective_on=DAY,
            choices=house.choices,
            actor=officer,
        ).id
    times: dict[str, float] = {}

    def step(name: str, act: Callable[[Session, Reorganisation], object]) -> object:
        with db.writing(engine) as session:
            change = session.get_one(Reorganisation, change_id)
            with clock(name, times):
                told = act(session, change)
                session.commit()
            return told

    with db.writing(engine) as session:
        with clock("reference", times):
            reference(session)
        session.rollback()
    tried = step("dry run", lambda session, change: reorganising.dry_run(session, change, actor=officer))
    step("submit", lambda session, change: reorganising.submit(session, change, actor=officer))
    with db.writing(engine) as session:
        reorganising.approve(session, session.get_one(Reorganisation, change_id), actor=head)
    step("execution", lambda session, change: reorganising.execute(session, change, actor=head))
    check(engine, change_id, tried, people)
    step("undo", lambda session, change: reorganising.undo(session, change, "Đo thời gian", actor=head))
    with db.reading(engine) as session:
        assert digest(session) == before, "the undo leaves a difference"
        assert not audit.verify(session).finding, "the log does not hold"
    engine.dispose()


def check(engine: Engine, change_id: str, tried: Any, people: int) -> None:
    """What was tried out happened, and no dossier stays in a unit that ended."""
    with db.reading(engine) as session:
        change = session.get_one(Reorganisation, change_id)
        done = reorganising.outcome_of(session, change)
        assert done is not None and (done.counts, done.landings) == (tried.counts, tried.landings)
        assert done.counts["dossiers"] == done.counts["people"] == people
        left = select(func.count()).select_from(Dossier).join(Unit, Dossier.custodian_id == Unit.id)
        assert session.scalar(left.where(Unit.valid_to.is_not(None))) == 0
        moved = done.counts["transfers"], done.counts["transfers_cancelled"]
        print(f"  {done.rows} rows changed; {moved[0]} sides of open transfers went on, {moved[1]} transfers cancelled")


def main() -> None:
    """SQLite, and PostgreSQL where there is one."""
    people, ended = (int(word) for word in (sys.argv[1:3] + ["5000", "40"][len(sys.argv[1:3]) :]))
    print(f"{people} people and dossiers in {ended} units that end")
    with tempfile.TemporaryDirectory() as folder:
        print("SQLite")
        measure(Settings(home=Path(folder)), people, ended)
    server = os.environ.get("OMS_TEST_POSTGRESQL", "")
    if server:
        name = f"oms_bench_{secrets.token_hex(4)}"
        administrator = create_engine(
            make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with administrator.connect() as connection, tempfile.TemporaryDirectory() as folder:
            connection.execute(text(f"CREATE DATABASE {name}"))
            try:
                print("PostgreSQL")
                url = make_url(server).set(database=name).render_as_string(hide_password=False)
                measure(Settings(home=Path(folder), database_url=url), people, ended)
            finally:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main()
