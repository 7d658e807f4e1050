"""Twenty people at once on three dossiers: one wins, the others read a sentence, and nothing that must hold breaks."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, func, select

from oms import audit, custody, db, intake
from oms.errors import OmsError
from oms.models import OPEN_STATES, AuditEntry, Consultation, Dossier, Transfer, TransferEvent, TransferState
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.acts import Acts, Nothing, make_dossiers
from tests.factories import World

ARRIVED = (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS)
PEOPLE, ACTS_EACH = 20, 15
# Mostly handing over; what locks a dossier on another way comes in between.
WORK = (*["prepare"] * 4, *["step"] * 16, "step_anyhow", "tick", "answer", "ask", "upload", "file", "correct")
WORK += ("take_apart", "place", "order_hold", "lift_hold", "request_look", "decide_look", "end_look", "settle")


@pytest.fixture
def arrival(settings: Settings) -> Iterator[intake.Arrival]:
    """A file that came in and was looked at."""
    found = intake.examine(
        settings, [factories.png_of(factories.draw_page("Giấy khai sinh", size=(300, 400)))], "a.png"
    )
    yield found
    intake.discard(found)


def test_twenty_people_at_once(
    engine: Engine, world: World, actor: Callable[[str], Actor], arrival: intake.Arrival
) -> None:
    with db.writing(engine) as session:
        dossier_ids = make_dossiers(session, world, actor)
    start, done, faults = threading.Barrier(PEOPLE), Counter[str](), list[BaseException]()

    def work(number: int) -> None:
        dice = random.Random(number)
        start.wait()
        for _ in range(ACTS_EACH):
            name = dice.choice(WORK)
            try:
                with db.writing(engine) as session:
                    getattr(Acts(session, world, dossier_ids, arrival, dice.choice), name)()
                done[name] += 1
            except Nothing:
                pass
            except OmsError as refusal:
                assert str(refusal)
                done["refused"] += 1
            except Exception as fault:
                faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert done["step"] > 5 and done["refused"] > 5, done
    with db.reading(engine) as session:
        assert not audit.verify(session).finding
        for dossier_id in dossier_ids:
            dossier = session.get_one(Dossier, dossier_id)
            transfers = session.scalars(select(Transfer).where(Transfer.dossier_id == dossier_id)).all()
            opened = [transfer for transfer in transfers if transfer.state in OPEN_STATES]
            assert len(opened) <= 1
            still = [one for one in opened if one.state in (TransferState.APPROVED, TransferState.IN_TRANSIT)]
            assert dossier.frozen == bool(still)
            for transfer in still:
                assert custody.manifest_hash(custody.seal(session, dossier)) == transfer.manifest_sha256
            for transfer in transfers:
                assert transfer.prepared_by_id not in (transfer.approved_by_id, transfer.received_by_id)
            arrived = [one for one in transfers if one.state in ARRIVED]
            if arrived:
                last = max(arrived, key=lambda one: one.closed_at or one.prepared_at)
                assert dossier.custodian_id == last.to_unit_id
        steps = [f"transfer:{name}" for name in ("new", *custody.STEP_NAMES)]
        entries = select(func.count()).where(AuditEntry.action.in_(steps), AuditEntry.outcome == "done")
        assert session.scalar(entries) == session.scalar(select(func.count(TransferEvent.id)))
        for request in session.scalars(select(Consultation)):
            assert request.asked_by_id != request.decided_by_id
