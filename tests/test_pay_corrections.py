"""Correction of what the record alone says: pay verified by two officers changes by a decision, the old value stays."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import accounts, db, procedures, record
from oms.errors import BadInput, Conflict, Refused
from oms.models import (
    Account,
    AuditEntry,
    Category,
    Correction,
    CorrectionState,
    Document,
    Dossier,
    Finding,
    FindingKind,
    Job,
    Role,
    Unit,
)
from oms.organisation import today
from oms.permissions import Actor
from oms.procedures import Proposal, verifications
from oms.record import ValueState
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
REASON = "Quyết định nâng lương ghi hệ số khác"
KEY = "salary_coefficient"


def second_of(session: Session, world: World) -> Actor:
    """Another officer of Sở Nội vụ."""
    unit = session.get_one(Unit, world.units["sonv"])
    made = factories.make_account(session, "canbo3.sonv", Role.OFFICER, unit)
    return accounts.actor_of(session, session.get_one(Account, made.id))


def verify(
    session: Session,
    dossier: Dossier,
    *officers: Actor,
    text: str = "3,33",
    key: str = KEY,
    form_id: str | None = None,
) -> None:
    for officer in officers:
        record.key_value(session, dossier, key, text, actor=officer, form_id=form_id)


def decided_paper(session: Session, dossier: Dossier, officer: Actor) -> Document:
    scan = factories.make_scan(session, dossier, officer.account_id, ("QUYẾT ĐỊNH nâng lương",))
    return factories.make_document(session, dossier, scan, title="Quyết định nâng lương", actor=officer)


@pytest.fixture
def made(session, world, actor) -> tuple[Dossier, Document]:
    dossier = factories.make_dossier(session, world.units["sonv"])
    return dossier, decided_paper(session, dossier, actor("canbo.sonv"))


def propose(session, made, actor, value="3,66", field=KEY) -> Correction:
    return procedures.propose(session, made[0], Proposal(field, value, REASON, made[1].id), actor=actor("canbo.sonv"))


def state_of(session: Session, dossier: Dossier, actor: Find) -> tuple[ValueState, str | None]:
    value = record.get_record(session, dossier, actor=actor("canbo.sonv")).values[KEY]
    return value.state, value.text


def test_verified_pay_changes_by_a_decision_and_the_old_value_stays(session, world, made, actor) -> None:
    dossier, officer, head = made[0], actor("canbo.sonv"), actor("bithu.sonv")
    verify(session, dossier, officer, second_of(session, world))
    with pytest.raises(Conflict, match="correction"):
        record.key_value(session, dossier, KEY, "3,66", actor=officer)
    correction = propose(session, made, actor, "3.66")
    assert (correction.old_value, correction.new_value) == ("3,33", "3,66")
    assert state_of(session, dossier, actor) == (ValueState.VERIFIED, "3,33"), "a proposal changes nothing"
    session.query(Job).delete()
    procedures.decide(session, correction, "15-QĐ/SNV", today(), actor=head)
    assert state_of(session, dossier, actor) == (ValueState.VERIFIED, "3,66")
    said = record.statements_of(session, dossier)[KEY]
    assert [(one.text, one.reason) for one in said] == [("3,33", ""), ("3,33", ""), ("3,66", "15-QĐ/SNV")]
    assert set(session.scalars(select(Job.kind))) == {"index_dossier", "check_dossier"}
    query = select(AuditEntry.action).where(AuditEntry.action.like("correction:%")).order_by(AuditEntry.seq)
    assert list(session.scalars(query)) == ["correction:propose", "correction:decide"]


def test_what_is_not_verified_by_two_is_written_in_the_record_and_not_corrected(session, made, actor) -> None:
    assert KEY not in procedures.fields_of(session, made[0])
    verify(session, made[0], actor("canbo.sonv"))
    with pytest.raises(BadInput, match="not verified"):
        propose(session, made, actor)
    for unknown in ("other_names", "religion", "number:0123456789abcdef", ""):
        with pytest.raises(BadInput):
            propose(session, made, actor, field=unknown)
    assert not session.scalars(select(Correction.id)).all()


def test_what_cannot_be_pay_and_what_changed_meanwhile_is_refused(session, world, made, actor) -> None:
    dossier, second = made[0], second_of(session, world)
    verify(session, dossier, actor("canbo.sonv"), second)
    for wrong in ("ba phẩy ba", "", "3,33"):
        with pytest.raises(BadInput):
            propose(session, made, actor, wrong)
    correction = propose(session, made, actor)
    record.follow_decision(session, dossier, KEY, "3,99", reason="8-QĐ", actor=actor("bithu.sonv"))
    with pytest.raises(Conflict, match="changed since"):
        procedures.decide(session, correction, "15-QĐ/SNV", today(), actor=actor("bithu.sonv"))
    with pytest.raises(Refused):
        procedures.refuse(session, correction, "Không đúng thẩm quyền", actor=actor("bithu.sotc"))
    assert state_of(session, dossier, actor) == (ValueState.VERIFIED, "3,99")


def test_a_value_is_checked_as_the_usual_form_of_the_dossier_asks_for_it(session, world, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"], category=Category.CADRE)
    made = dossier, decided_paper(session, dossier, officer)
    verify(session, dossier, officer, second_of(session, world), text="06/2019", key="salary_from")
    with pytest.raises(BadInput, match="month"):
        propose(session, made, actor, "01/06/2020", "salary_from")
    correction = propose(session, made, actor, "06/2020", "salary_from")
    procedures.decide(session, correction, "15-QĐ/SNV", today(), actor=head)
    assert record.statements_of(session, dossier)["salary_from"][-1].text == "06/2020"


def test_values_with_one_label_are_told_apart_by_their_number(session, world, made, actor) -> None:
    both = actor("canbo.sonv"), second_of(session, world)
    verify(session, made[0], *both, text="4/9", key="salary_step")
    verify(session, made[0], *both, text="2", key="job_salary_step", form_id="SYLL-TT06-2023")
    offered = procedures.fields_of(session, made[0])
    assert [offered[key].label for key in ("salary_step", "job_salary_step")] == ["14. Bậc lương", "30.3. Bậc lương"]


def test_a_verification_of_pay_leads_to_its_correction(session, world, made, actor) -> None:
    dossier, officer = made[0], actor("canbo.sonv")
    finding = Finding(
        dossier_id=dossier.id, kind=FindingKind.PAY_STEP, key=KEY, fingerprint="f" * 64, message="", details={}
    )
    session.add(finding)
    session.flush()
    case = verifications.Case("Hệ số lương?", "Trần Văn An", field=KEY)
    plain = verifications.open_case(session, dossier, replace(case, field=""), actor=officer)
    for refused in (
        lambda: verifications.open_case(session, dossier, case, actor=officer),
        lambda: verifications.describe(session, plain, case, actor=officer),
    ):
        with pytest.raises(BadInput, match="not verified"):
            refused()
    assert verifications.field_of(session, finding) == "", "the case asks about it without naming it"
    query = select(AuditEntry.action).where(AuditEntry.action.like("verification:%"), AuditEntry.outcome == "done")
    assert list(session.scalars(query)) == ["verification:open"] and plain.field is None
    verify(session, dossier, officer, second_of(session, world))
    assert verifications.field_of(session, finding) == KEY
    verifications.describe(session, plain, case, actor=officer)
    assert plain.field == verifications.open_case(session, dossier, case, actor=officer).field == KEY


def test_pages_offer_it_where_two_verified_it(engine: Engine, client_as: Callable[[str], FlaskClient], world) -> None:
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="job")
        dossier = factories.make_dossier(session, world.units["sonv"])
        paper = decided_paper(session, dossier, officer)
        address, value = f"/corrections/dossiers/{dossier.id}/new", f"/record/{dossier.id}/values/{KEY}"
        data = {"field": KEY, "value": "3,66", "reason": REASON, "document": paper.id}
        dossier_id = dossier.id
    desk = client_as("canbo.sonv")
    assert f'value="{KEY}"' not in desk.get(address).text and desk.post(address, data=data).status_code == 422
    with db.writing(engine) as session:
        verify(session, session.get_one(Dossier, dossier_id), officer, second_of(session, world))
    assert f"{address}?field={KEY}" in desk.get(value).text and f'value="{KEY}"' in desk.get(address).text
    shown = desk.post(address, data=data, follow_redirects=True)
    assert shown.status_code == 200 and "3,33" in shown.text and "3,66" in shown.text
    assert f"{address}?field={KEY}" not in client_as("bithu.sonv").get(value).text


def test_a_decision_that_fails_leaves_the_page_as_it_was(
    engine: Engine, client_as: Callable[[str], FlaskClient], world
):
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="job")
        dossier = factories.make_dossier(session, world.units["sonv"], category=Category.CADRE)
        paper = decided_paper(session, dossier, officer)
        verify(session, dossier, officer, second_of(session, world), text="06/2019", key="salary_from")
        proposal = Proposal("salary_from", "06/2020", REASON, paper.id)
        correction = procedures.propose(session, dossier, proposal, actor=officer)
        correction.new_value = "01/06/2020"  # as it could be proposed once
        id = correction.id
    head, data = client_as("bithu.sonv"), {"number": "15-QĐ/SNV", "on": f"{today():%d/%m/%Y}"}
    answer = head.post(f"/corrections/{id}/decide", data=data)
    assert answer.status_code == 422 and 'name="number"' in answer.text, "it can still be decided"
    with db.reading(engine) as session:
        assert session.get_one(Correction, id).state == CorrectionState.PROPOSED
