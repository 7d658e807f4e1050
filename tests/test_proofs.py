"""Files that prove a transfer: who adds and reads them, what keeps them, what destroys them."""

import dataclasses
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import custody, db, fixity, intake, purging, storage
from oms.custody import Proof
from oms.errors import Conflict, NotFound, OmsError, Refused, SecretFile
from oms.gate import Clearance
from oms.models import AttachedFile, AuditEntry, Purge, Scan, Transfer
from oms.settings import Settings
from tests.factories import World, draw_page, png_of
from tests.test_custody import APPROVED, IN_TRANSIT, Actors, bring, prepare
from tests.test_custody_check import red

REASON = "Khung kép của sổ văn thư, không phải dấu mật"


@pytest.fixture
def arrival(settings: Settings, engine: Engine) -> Iterator[intake.Arrival]:
    """A decision that passed the gate and lies in storage."""
    found = intake.examine(settings, [png_of(draw_page("QUYẾT ĐỊNH điều động"))], "quyết định.png")
    intake.keep(settings, found)
    yield found
    intake.discard(found)


def entries(session: Session, action: str) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)) or 0


def kinds(engine: Engine, settings: Settings) -> list[str]:
    return [problem.kind for problem in fixity.check(engine, settings) if not problem.kind.startswith("index")]


def test_a_file_alone_proves(session: Session, world: World, actor: Actors, arrival: intake.Arrival) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    custody.prove(session, transfer, Proof(), actor=officer)
    assert red(session, transfer) == {"proof"}
    for stranger in ("bithu.sonv", "canbo.sotc", "truongban.khoi"):
        with pytest.raises(Refused):
            custody.add_proof(session, transfer, arrival, actor=actor(stranger))
    assert entries(session, "transfer:add_proof") == 0
    file = custody.add_proof(session, transfer, arrival, actor=officer)
    assert custody.add_proof(session, transfer, arrival, actor=officer) is file, "the same bytes are one file"
    assert red(session, transfer) == set() and len(custody.proofs(session, transfer)) == 1
    bring(session, transfer, APPROVED, actor)
    with pytest.raises(Conflict):
        custody.add_proof(session, transfer, arrival, actor=officer)


def test_whoever_may_read_the_transfer_may_read_its_proof(
    session: Session, world: World, actor: Actors, arrival: intake.Arrival
) -> None:
    transfer = prepare(session, world, actor("canbo.sonv"))
    file = custody.add_proof(session, transfer, arrival, actor=actor("canbo.sonv"))
    with pytest.raises(Refused):
        custody.take_proof(session, transfer, file.id, actor=actor("canbo.sotc"))
    bring(session, transfer, IN_TRANSIT, actor)
    for reader in ("canbo.sonv", "truongban.khoi", "bithu.sotc"):
        assert custody.take_proof(session, transfer, file.id, actor=actor(reader)) is file
    with pytest.raises(Refused):
        custody.take_proof(session, transfer, file.id, actor=actor("canbo.soyt"))
    with pytest.raises(NotFound):
        custody.take_proof(session, transfer, "0" * 16, actor=actor("canbo.sonv"))
    assert entries(session, "transfer:proof") == 3


def test_what_two_people_cleared_says_so(
    session: Session, world: World, actor: Actors, arrival: intake.Arrival
) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    for second in ("canbo.sonv", "canbo.sotc"):
        with pytest.raises(Refused):
            custody.add_proof(session, transfer, arrival, actor=officer, clearance=Clearance(REASON, actor(second)))
    clearance = Clearance(REASON, actor("bithu.sonv"))
    file = custody.add_proof(session, transfer, arrival, actor=officer, clearance=clearance)
    assert (file.clearance, file.confirmed_by_id) == (REASON, world.accounts["bithu.sonv"])
    assert entries(session, "secrecy:clear") == 1


def test_an_unchecked_file_is_not_kept(settings: Settings, engine: Engine, arrival: intake.Arrival) -> None:
    with pytest.raises(SecretFile):
        intake.keep(settings, dataclasses.replace(arrival, looked=False))


def test_taken_away_it_is_gone_unless_somebody_else_names_it(
    engine: Engine, settings: Settings, world: World, actor: Actors, arrival: intake.Arrival
) -> None:
    officer, stored = actor("canbo.sonv"), storage.path_of(settings.scans, arrival.sha256)
    with db.writing(engine) as session:
        first, second = (prepare(session, world, officer) for _ in range(2))
        files = [custody.add_proof(session, one, arrival, actor=officer) for one in (first, second)]
    assert kinds(engine, settings) == []
    for transfer, file, left in ((first, files[0], True), (second, files[1], False)):
        with db.writing(engine) as session:
            again = session.get_one(Transfer, transfer.id)
            remove = custody.remove_proof(session, settings, again, file.id, actor=officer)
        remove()
        assert stored.exists() is left


def test_the_check_misses_a_lost_proof_and_a_disposal_leaves_it(
    engine: Engine, settings: Settings, world: World, actor: Actors, arrival: intake.Arrival
) -> None:
    officer, stored = actor("canbo.sonv"), storage.path_of(settings.scans, arrival.sha256)
    with db.writing(engine) as session:
        transfer = prepare(session, world, officer)
        custody.add_proof(session, transfer, arrival, actor=officer)
        scan, _is_new = intake.receive(session, transfer.dossier, arrival, actor=officer)
        _gone, remove = purging.destroy(session, settings, [session.get_one(Scan, scan.id)])
    remove()
    assert stored.exists(), "the bytes still prove a transfer"
    stored.unlink()
    assert "missing-file" in kinds(engine, settings)


@pytest.mark.parametrize("of", ["proof", "scan"])
def test_a_secret_is_destroyed_wherever_its_bytes_lie(
    engine: Engine, settings: Settings, world: World, actor: Actors, arrival: intake.Arrival, of: str
) -> None:
    officer = actor("canbo.sonv")
    with db.writing(engine) as session:
        transfer = prepare(session, world, officer)
        file = custody.add_proof(session, transfer, arrival, actor=officer)
        scan, _is_new = intake.receive(session, transfer.dossier, arrival, actor=officer)
    order = purging.purge_attached if of == "proof" else purging.purge

    def destroy(second: str, by: str = "canbo.sonv") -> None:
        with db.writing(engine) as session:
            thing = session.get_one(AttachedFile, file.id) if of == "proof" else session.get_one(Scan, scan.id)
            _minutes, remove = order(session, settings, thing, REASON, second=actor(second), actor=actor(by))
        remove()

    for second, by in (("canbo.sonv", "canbo.sonv"), ("canbo.sotc", "canbo.sonv"), ("canbo.sonv", "canbo.soyt")):
        with pytest.raises(OmsError):
            destroy(second, by)
    destroy("bithu.sonv")
    assert not storage.path_of(settings.scans, arrival.sha256).exists()
    with db.reading(engine) as session:
        assert session.query(AttachedFile).count() == session.query(Scan).count() == 0
        assert session.query(Purge).count() == 2 and entries(session, "secrecy:purge") == 2
