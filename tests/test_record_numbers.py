"""Numbers of decisions: who filed them first, another officer second, a third where the two differ."""

import secrets
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from oms import db, record, review
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, Document, Dossier, Precision
from oms.permissions import Actor
from oms.record import ValueState
from oms.review import Filing
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
DECISION = "cs_recruitment_decision"


@pytest.fixture
def dossier(session: Session, world: World) -> Dossier:
    return factories.make_dossier(session, world.units["sonv"])


@pytest.fixture
def document(session: Session, dossier: Dossier, actor: Find) -> Document:
    return put(session, dossier, actor("canbo.sonv"))


def put(session: Session, dossier: Dossier, officer: Actor, number: str | None = "12-QĐ/TU") -> Document:
    scan = factories.make_scan(session, dossier, officer.account_id, (f"QUYẾT ĐỊNH {secrets.token_hex(4)}",))
    made = factories.make_document(session, dossier, scan, actor=officer)
    made.component_id, made.number = DECISION, number
    made.issued_on, made.issued_precision = date(2024, 2, 3), Precision.DAY
    session.flush()
    return made


def acts(session: Session) -> list[str]:
    session.flush()
    query = select(AuditEntry.action).where(AuditEntry.action.like("record:%number")).order_by(AuditEntry.seq)
    return list(session.scalars(query))


def test_another_officer_who_writes_the_same_verifies_it(session, document, actor) -> None:
    first, second = actor("canbo.sonv"), actor("canbo2.sonv")
    check = record.number_of(session, document, actor=first)
    assert check.state is ValueState.KEYED and not check.waits_for(first) and check.waits_for(second)
    with pytest.raises(Refused, match="Another officer"):
        record.key_number(session, document, "12-QĐ/TU", "03/02/2024", actor=first)
    assert acts(session) == []
    check = record.key_number(session, document, " 12-qđ/tu ", "3/2/2024", actor=second)
    assert check.state is ValueState.VERIFIED and check.second.account_id == second.account_id
    with pytest.raises(Conflict):
        record.key_number(session, document, "13-QĐ/TU", "03/02/2024", actor=second)
    assert acts(session) == ["record:key_number"]


def test_two_who_differ_are_decided_by_a_third_and_the_list_follows(session, document, actor) -> None:
    first, second, head = actor("canbo.sonv"), actor("canbo2.sonv"), actor("bithu.sonv")
    with pytest.raises(Conflict):
        record.decide_number(session, document, "12-QĐ/TU", "", reason="x", actor=head)
    assert record.key_number(session, document, "72-QĐ/TU", "02/2024", actor=second).state is ValueState.DISPUTED
    assert not record.number_of(session, document, actor=first).waits_for(first)
    with pytest.raises(BadInput):
        record.decide_number(session, document, "72-QĐ/TU", "03/02/2024", reason=" ", actor=head)
    check = record.decide_number(session, document, "72-QĐ/TU", "03/02/2024", reason="Bản gốc ghi 72", actor=head)
    assert check.state is ValueState.VERIFIED
    assert (document.number, document.issued_on) == ("72-QĐ/TU", date(2024, 2, 3))
    assert acts(session) == ["record:key_number", "record:decide_number"]


def test_a_document_described_anew_is_looked_at_anew(session, document, actor) -> None:
    first, second = actor("canbo.sonv"), actor("canbo2.sonv")
    record.key_number(session, document, "12-QĐ/TU", "03/02/2024", actor=second)
    anew = Filing(DECISION, document.title, "15-QĐ/TU", document.issued_on, document.issued_precision)
    review.describe(session, document, anew, actor=second)
    check = record.number_of(session, document, actor=first)
    assert check.state is ValueState.KEYED and check.waits_for(first) and not check.waits_for(second)
    assert record.key_number(session, document, "15-QĐ/TU", "03/02/2024", actor=first).state is ValueState.VERIFIED


@pytest.mark.parametrize(("number", "day"), [("", "03/02/2024"), ("12-QĐ/TU", "31/02/2024"), ("12-QĐ/TU", "hôm qua")])
def test_what_cannot_stand_there_is_refused(session, document, actor, number: str, day: str) -> None:
    with pytest.raises(BadInput):
        record.key_number(session, document, number, day, actor=actor("canbo2.sonv"))
    assert acts(session) == []


def test_only_decisions_with_a_number_are_asked_for(session, dossier, document, actor) -> None:
    officer = actor("canbo.sonv")
    without = put(session, dossier, officer, number=None)
    other = put(session, dossier, officer)
    other.component_id = "cs_short_cv"
    session.flush()
    assert [one.document for one in record.numbers_of(session, dossier, actor=officer)] == [document]
    for one in (without, other):
        with pytest.raises(NotFound):
            record.key_number(session, one, "1", "", actor=actor("canbo2.sonv"))


def test_a_dossier_of_somebody_else_or_a_frozen_one_is_not_written(session, dossier, document, actor) -> None:
    with pytest.raises(Refused):
        record.numbers_of(session, dossier, actor=actor("canbo.sotc"))
    dossier.frozen = True
    session.flush()
    with pytest.raises(Refused):
        record.key_number(session, document, "12-QĐ/TU", "03/02/2024", actor=actor("canbo2.sonv"))
    assert acts(session) == []


def test_the_number_of_queries_does_not_grow(session, engine: Engine, dossier, document, actor) -> None:
    officer = actor("canbo.sonv")

    def count() -> int:
        session.expire_all()
        asked: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", heard := lambda *call: asked.append(call[2]))
        record.numbers_of(session, dossier, actor=officer)
        event.remove(session.get_bind(), "before_cursor_execute", heard)
        return len(asked)

    count()
    before = count()
    for _ in range(3):
        put(session, dossier, officer)
    assert count() == before


def test_pages(engine: Engine, world: World, client_as: Callable[[str], FlaskClient], actor: Find) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        document = put(session, dossier, actor("canbo.sonv"), "58-QĐ/TU")
        one, lies_in = document.id, dossier.id
    second, foreign = client_as("canbo2.sonv"), client_as("canbo.sotc")
    asked = second.get(f"/record/numbers/{one}").get_data(as_text=True)
    assert "58-QĐ/TU" not in asked, "the second officer does not see what was filed"
    assert second.post(f"/record/numbers/{one}", data={"number": "", "issued_on": ""}).status_code == 422
    answer = second.post(f"/record/numbers/{one}", data={"number": "58-QĐ/TU", "issued_on": "03/02/2024"})
    assert answer.status_code == 302 and answer.location.endswith(f"/record/{lies_in}/numbers")
    assert second.get(f"/record/{lies_in}/numbers").status_code == 200
    for address in (f"/record/numbers/{one}", f"/record/{lies_in}/numbers"):
        assert foreign.get(address).status_code == 404
