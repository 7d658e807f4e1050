"""A mass transfer of many dossiers: seconds of each step beside plain INSERT and UPDATE of the same rows, and memory.

    python bench/mass_transfer.py [dossiers]

The reference is the least a database can do for the step in the same portions: one UPDATE of the transfer, one INSERT
of its event and one of its log entry for each dossier. SQLite always, PostgreSQL where `OMS_TEST_POSTGRESQL` names a
server. Ends with an error when a dossier is not where its transfer brought it, or the log does not hold.
"""

import os
import resource
import secrets
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.engine import make_url

sys.path.insert(0, str(Path(__file__).parent.parent))
from oms import accounts, audit, db, installation, organisation, papers, people
from oms.custody import mass
from oms.models import Category, Document, Dossier, MassTransfer, Page, Scan, ScanState, Transfer, TransferState, Unit
from oms.people import NewPerson
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories

WAY = (
    ("prepare", "canbo.sonv"),
    ("submit", "canbo.sonv"),
    ("approve", "truongban.khoi"),
    ("dispatch", "canbo.sonv"),
    ("check", "canbo.sotc"),
    ("accept", "canbo.sotc"),
)
# Documents of one dossier, each a scan of as many pages.
DOCUMENTS, PAGES = 8, 3


def fill(engine: Engine, count: int) -> tuple[dict[str, str], list[str]]:
    """Units and dossiers with filed documents, so that there is something to check and to seal."""
    with db.writing(engine) as session:
        world = factories.make_world(session)
        unit, ids = session.get_one(Unit, world.units["sonv"]), []
        for number in range(count):
            person = people.add_person(session, NewPerson(full_name=f"Nguyễn Văn {number}"), unit)
            dossier = Dossier(
                number=f"HS-{number:06d}",
                person_id=person.id,
                category=Category.CIVIL_SERVANT,
                custodian_id=unit.id,
                managing_body_id=unit.id,
            )
            session.add(dossier)
            session.flush()
            ids.append(dossier.id)
            for place in range(DOCUMENTS):
                scan = Scan(
                    dossier_id=dossier.id,
                    sha256=secrets.token_hex(32),
                    file_name="a.pdf",
                    media_type="application/pdf",
                    size=1,
                    page_count=PAGES,
                    received_by_id=world.accounts["canbo.sonv"],
                    state=ScanState.READ,
                )
                document = Document(
                    dossier_id=dossier.id,
                    component_id="cs_decisions",
                    title=f"Quyết định {place}",
                    position=place,
                    filed_by_id=world.accounts["canbo.sonv"],
                )
                session.add_all((scan, document))
                session.flush()
                session.add_all(
                    Page(scan_id=scan.id, number=n, document_id=document.id, document_position=n)
                    for n in range(1, PAGES + 1)
                )
            session.flush()
            session.expunge_all()
            unit = session.get_one(Unit, world.units["sonv"])
    return world.units, ids


def reference(engine: Engine, count: int) -> float:
    """Seconds for one UPDATE and two INSERTs of each of `count` rows, in the portions of a step."""
    with db.writing(engine) as session:
        for statement in (
            "CREATE TABLE r_transfers (id INTEGER PRIMARY KEY, state TEXT)",
            "CREATE TABLE r_events (id INTEGER PRIMARY KEY, transfer INTEGER, body TEXT)",
            "CREATE TABLE r_entries (id INTEGER PRIMARY KEY, body TEXT, hash TEXT)",
        ):
            session.execute(text(statement))
        session.execute(text("INSERT INTO r_transfers VALUES (:id, 'a')"), [{"id": n} for n in range(count)])
    begun = time.perf_counter()
    for first in range(0, count, mass.PORTION):
        with db.writing(engine) as session:
            for key in range(first, min(first + mass.PORTION, count)):
                row = {"id": key, "body": "x" * 400, "hash": "0" * 64}
                session.execute(text("UPDATE r_transfers SET state = 'b' WHERE id = :id"), row)
                session.execute(text("INSERT INTO r_events VALUES (:id, :id, :hash)"), row)
                session.execute(text("INSERT INTO r_entries VALUES (:id, :body, :hash)"), row)
    return time.perf_counter() - begun


def memory() -> float:
    """The most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(settings: Settings, count: int) -> None:
    """One engine: the reference, the steps, the list, and that everything is where it belongs."""
    engine = db.connect(settings.database)
    installation.prepare_folders(settings)
    installation.upgrade(settings, engine)
    units, ids = fill(engine, count)
    with db.reading(engine) as session:
        actors = {name: replace(accounts.get_actor(session, name, via="cli"), confirmed=True) for _, name in WAY}
    plain = reference(engine, count)
    before = memory()
    print(f"{engine.dialect.name}: {count} dossiers; UPDATE + 2 INSERT of {count} rows: {plain:.1f} s; {before:.0f} MB")
    officer = actors["canbo.sonv"]
    begun = time.perf_counter()
    with db.writing(engine) as session:
        decision = mass.Decision("1-QĐ/TU", organisation.today(), "Sáp nhập")
        sender, receiver = (session.get_one(Unit, units[code]) for code in ("sonv", "sotc"))
        batch = mass.begin(session, sender, receiver, decision, actor=officer)
        mass.add(session, batch, ids, actor=officer)
        id = batch.id
    print(f"  add: {time.perf_counter() - begun:.1f} s")
    longest = 0.0
    for act, who in WAY:
        begun = time.perf_counter()
        with db.writing(engine) as session:
            mass.order(session, session.get_one(MassTransfer, id), act, actor=actors[who])
        asked, left = time.perf_counter() - begun, 1
        while left:
            portion = time.perf_counter()
            with db.writing(engine) as session:
                left = mass.carry_on(session, session.get_one(MassTransfer, id), actor=actors[who])
            longest = max(longest, time.perf_counter() - portion)
        took = time.perf_counter() - begun
        print(f"  {act}: {took:.1f} s, ratio {took / plain:.1f}; asked whether all can go in {asked:.1f} s", flush=True)
    print(f"  longest portion of {mass.PORTION}: {longest:.2f} s; memory {memory() - before:+.0f} MB")
    draw(engine, id, officer)
    check(engine, units["sotc"], count)
    engine.dispose()


def draw(engine: Engine, id: str, actor: Actor) -> None:
    """The hand-over list of all members, as PDF and as Excel."""
    for name, make in (("PDF", papers.handover_list), ("Excel", papers.handover_list_excel)):
        begun, before = time.perf_counter(), memory()
        with db.writing(engine) as session:
            paper = make(session, session.get_one(MassTransfer, id), printing=papers.Printing(actor, "handover"))
        took = time.perf_counter() - begun
        print(f"  list as {name}: {took:.1f} s, {len(paper.body) / 1e6:.1f} MB, memory {memory() - before:+.0f} MB")


def check(engine: Engine, receiver: str, expected: int) -> None:
    """Every transfer is accepted, every dossier is with the receiver, the log holds."""
    with db.reading(engine) as session:
        accepted = select(func.count()).select_from(Transfer).where(Transfer.state == TransferState.ACCEPTED)
        moved = select(func.count()).select_from(Dossier).where(Dossier.custodian_id == receiver)
        assert session.scalar(accepted) == session.scalar(moved) == expected
        assert not audit.verify(session).finding


def main(count: int = 5_000) -> None:
    """Both engines, in folders and databases of their own."""
    with tempfile.TemporaryDirectory() as home:
        measure(Settings(home=Path(home)), count)
    if server := os.environ.get("OMS_TEST_POSTGRESQL"):
        name = f"oms_bench_{secrets.token_hex(4)}"
        administrator = create_engine(
            make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        ).connect()
        administrator.execute(text(f"CREATE DATABASE {name}"))
        try:
            with tempfile.TemporaryDirectory() as home:
                url = make_url(server).set(database=name).render_as_string(hide_password=False)
                measure(Settings(home=Path(home), database_url=url), count)
        finally:
            administrator.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:2]))
