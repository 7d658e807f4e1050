"""Two people at once on one case: one of them does it, the other reads a sentence, and it happened once."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import db
from oms.errors import Conflict, Refused
from oms.models import (
    AuditEntry,
    Document,
    Dossier,
    PaperLossKind,
    SubjectRequest,
    SubjectRequestKind,
    SubjectRequestState,
    Verification,
)
from oms.organisation import today
from oms.permissions import Actor
from oms.procedures import answering, paper_losses, verifications
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]


@pytest.fixture
def dossier_id(engine: Engine, world: World, actor: Find) -> str:
    """A dossier with one paper, a verification and a copy that waits for the head."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("BẰNG",))
        factories.make_document(session, dossier, scan, actor=actor("canbo.sonv"))
        verifications.open_case(session, dossier, verifications.Case("Khác nhau", "An"), actor=actor("canbo.sonv"))
        session.add(
            SubjectRequest(
                number="YC-1",
                dossier_id=dossier.id,
                kind=SubjectRequestKind.COPY,
                state=SubjectRequestState.FORWARDED,
                asked_by_id=world.accounts["nguoilaodong.sonv"],
                answered_by_id=world.accounts["canbo.sonv"],
                answered_at=dossier.created_at,
                reason="Thi nâng ngạch",
                acknowledge_due_on=today(),
                due_on=today(),
            )
        )
        return dossier.id


def extend(session: Session, actor: Find) -> None:
    case = session.scalars(select(Verification)).one()
    words = {"document": "45-CV", "on": today(), "reason": "Chờ trả lời của xã"}
    verifications.extend(session, case, 5, actor=actor("canbo.sonv"), **words)  # type: ignore[arg-type]


def grant(session: Session, actor: Find) -> None:
    asked = session.scalars(select(SubjectRequest)).one()
    answering.grant(session, asked, actor=replace(actor("bithu.sonv"), confirmed=True))


def declare(session: Session, actor: Find) -> None:
    document = session.scalars(select(Document)).one()
    said = paper_losses.Declaration(PaperLossKind.LOST, today(), "Tìm trong tủ 3", document.id)
    dossier = session.get_one(Dossier, document.dossier_id)
    paper_losses.declare(session, dossier, said, second=actor("bithu.sonv"), actor=actor("canbo.sonv"))


@pytest.mark.parametrize(
    ("act", "name"),
    [(extend, "verification:extend"), (grant, "request:grant"), (declare, "paper_loss:declare")],
)
def test_one_of_two_does_it(
    engine: Engine, dossier_id: str, actor: Find, act: Callable[[Session, Find], None], name: str
) -> None:
    both, outcomes = threading.Barrier(2), list[str]()

    def work() -> None:
        try:
            with db.writing(engine) as session:
                session.scalars(select(Verification)).all()  # both have it loaded before either acts
                if not db.is_sqlite(session):
                    both.wait(10)
                act(session, actor)
            outcomes.append("done")
        except (Conflict, Refused) as refusal:
            outcomes.append(str(refusal))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome == "done" for outcome in outcomes) == [False, True], outcomes
    with db.reading(engine) as session:
        entries = select(func.count()).where(AuditEntry.action == name, AuditEntry.outcome == "done")
        assert session.scalar(entries) == 1
