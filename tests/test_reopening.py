"""A dossier closed by mistake: two people open it again as it was, what was sealed stays told, nobody else can."""

import dataclasses
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import accounts, checks, db, milestones, papers, record
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import AuditEntry, Dossier, DossierStatus, Job, Leaving, LeavingState, LeavingWay, UnitKind
from oms.organisation import today
from oms.papers import Printing
from oms.permissions import Action, Actor, can
from oms.procedures import leaving_lists, leavings, reopening
from oms.procedures.leavings import Left
from tests import factories
from tests.api.conftest import Caller, caller  # noqa: F401
from tests.factories import World
from tests.test_papers import text_of

Find = Callable[[str], Actor]
DEATH = Left(LeavingWay.DEATH, "45/TLKT", today() - timedelta(days=5), today() - timedelta(days=6))
WHY = "Giấy chứng tử là của người cùng tên ở xã khác"
NO_COPY = "Gia đình không nhận bản sao"


def close(session: Session, dossier: Dossier, officer: Actor, head: Actor) -> Leaving:
    made = leavings.begin(session, dossier, DEATH, actor=officer)
    leavings.consent(session, made, actor=head)
    leavings.close(session, made, without_copy_because=NO_COPY, actor=officer)
    return made


def acts(session: Session) -> list[str]:
    session.flush()
    query = select(AuditEntry.action).where(AuditEntry.action.like("leaving:%"), AuditEntry.outcome == "done")
    return list(session.scalars(query.order_by(AuditEntry.seq)))[3:]


@pytest.fixture
def dossier(session: Session, world: World) -> Dossier:
    return factories.make_dossier(session, world.units["sonv"])


def test_two_people_open_it_again_and_all_is_as_before(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    record.key_value(session, dossier, "appointment_date", "01/06/2021", actor=officer, form_id="SYLL-TT06-2023")
    checks.check(session, dossier, actor=None)
    asked = milestones.Asked(date(2026, 1, 1), date(2026, 12, 31))

    def posts() -> int:
        return len(milestones.find(session, "posts", asked, actor=officer).rows)

    made = close(session, dossier, officer, head)
    checks.check(session, dossier, actor=None)
    assert posts() == 0 and not can(officer, Action.RECORD_EDIT, dossier)
    reopening.report_mistake(session, made, WHY, actor=officer)
    assert (made.state, dossier.status) == (LeavingState.CLOSED, DossierStatus.CLOSED), "one of two is not enough"
    assert [one.id for one in leaving_lists.to_consent(session, actor=head)] == [made.id]
    session.query(Job).delete()
    reopening.annul(session, made, actor=head)
    assert (made.state, made.annulled_by_id, made.annulled_on) == (LeavingState.ANNULLED, head.account_id, today())
    assert dossier.status == DossierStatus.OPEN and can(officer, Action.RECORD_EDIT, dossier)
    kinds = set(session.scalars(select(Job.kind).where(Job.subject_id == dossier.id)))
    assert kinds == {"index_dossier", "check_dossier"}
    checks.check(session, dossier, actor=None)
    assert posts() == 1 and not leaving_lists.to_consent(session, actor=head)
    assert acts(session) == ["leaving:report_mistake", "leaving:annul"]
    assert [one.state for one in leaving_lists.of_dossier(session, dossier, actor=officer)] == [LeavingState.ANNULLED]
    text = text_of(papers.leaving_minutes(session, made, printing=Printing(officer, "filing")).body)
    assert "không còn giá trị" in text
    again = leavings.begin(session, dossier, DEATH, actor=officer)
    assert again.id != made.id, "the one who died really may still leave"


def test_nobody_alone_nobody_else_and_not_without_a_reason(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = close(session, dossier, officer, head)
    with pytest.raises(Conflict, match="reported"):
        reopening.annul(session, made, actor=head)
    with pytest.raises(BadInput):
        reopening.report_mistake(session, made, "nhầm", actor=officer)
    for nobody in (head, actor("canbo.sotc"), actor("kiemtra.khoi")):
        with pytest.raises(Refused):
            reopening.report_mistake(session, made, WHY, actor=nobody)
    reopening.report_mistake(session, made, WHY, actor=officer)
    with pytest.raises(Conflict, match="already"):
        reopening.report_mistake(session, made, WHY, actor=officer)
    both = dataclasses.replace(officer, units={**officer.units, Action.LEAVING_CONSENT: frozenset({officer.unit_id})})
    for nobody in (officer, both, actor("bithu.sotc"), dataclasses.replace(head, person_id=dossier.person_id)):
        with pytest.raises(Refused):
            reopening.annul(session, made, actor=nobody)
    with pytest.raises(ConfirmationNeeded):
        reopening.annul(session, made, actor=dataclasses.replace(head, confirmed=False))
    assert dossier.status == DossierStatus.CLOSED and acts(session) == ["leaving:report_mistake"]


def test_the_head_keeps_it_closed_with_a_reason_and_it_may_be_reported_again(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = close(session, dossier, officer, head)
    reopening.report_mistake(session, made, WHY, actor=officer)
    with pytest.raises(BadInput):
        reopening.keep_closed(session, made, "", actor=head)
    reopening.keep_closed(session, made, "Giấy chứng tử đúng số căn cước", actor=head)
    assert (made.state, made.mistake_by_id, dossier.status) == (LeavingState.CLOSED, None, DossierStatus.CLOSED)
    reopening.report_mistake(session, made, WHY, actor=officer)
    assert acts(session) == ["leaving:report_mistake", "leaving:keep_closed", "leaving:report_mistake"]


def test_not_where_the_dossier_is_stopped_or_has_left_the_system(session, world, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = close(session, dossier, officer, head)
    reopening.report_mistake(session, made, WHY, actor=officer)
    outside = factories.make_unit(session, "ngoai", UnitKind.OUTSIDE_BODY, "Tỉnh ủy Nơi Khác")
    dossier.frozen = True
    session.flush()
    with pytest.raises(Refused, match="transfer"):
        reopening.annul(session, made, actor=head)
    dossier.frozen, dossier.custodian = False, outside
    session.flush()
    with pytest.raises(Refused, match="outside"):
        reopening.annul(session, made, actor=head)
    assert dossier.status == DossierStatus.CLOSED and acts(session) == ["leaving:report_mistake"]


def test_pages_and_api(
    engine: Engine,
    client_as: Callable[[str], FlaskClient],
    caller: Callable[[str], Caller],  # noqa: F811
    world: World,
) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        officer, head = (accounts.get_actor(session, name, via="job") for name in ("canbo.sonv", "bithu.sonv"))
        made = close(session, dossier, officer, head)
        address, number, shown = f"/leavings/{made.id}", made.number, f"/dossiers/{dossier.id}"
    desk, boss = client_as("canbo.sonv"), client_as("bithu.sonv")
    assert f"{address}/mistake" in desk.get(address).text and f"{address}/annul" not in boss.get(address).text
    assert desk.post(f"{address}/mistake", data={"mistake": "nhầm"}).status_code == 422
    assert desk.post(f"{address}/mistake", data={"mistake": WHY}).status_code == 302
    assert (
        WHY in boss.get(address).text and address in boss.get("/").text and f"{address}/annul" in boss.get(address).text
    )
    assert boss.post(f"{address}/keep-closed", data={"reason": ""}).status_code == 422
    assert boss.post(f"{address}/keep-closed", data={"reason": "Giấy chứng tử đúng"}).status_code == 302
    assert caller("bithu.sotc").post(f"leavings/{number}/annul", {}).status_code == 404
    said = caller("canbo.sonv").post(f"leavings/{number}/report-mistake", {"reason": WHY}).get_json()
    assert (said["state"], said["mistake"]) == ("closed", WHY)
    assert caller("bithu.sonv").post(f"leavings/{number}/annul", {}).get_json()["annulled_on"] == f"{today()}"
    assert address in desk.get(shown).text
