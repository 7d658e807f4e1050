"""Leaving: the limit from the decision, consent of the head, copies once, the dossier closed, found and opened again."""

import dataclasses
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import accounts, checks, db, dossiers, milestones, papers, record, review
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import (
    AuditEntry,
    Category,
    Document,
    Dossier,
    DossierStatus,
    Leaving,
    LeavingState,
    LeavingWay,
    PaperLossKind,
    Scan,
)
from oms.organisation import today
from oms.papers import Printing
from oms.permissions import Action, Actor, can
from oms.procedures import corrections, leaving_lists, leavings, paper_losses, reopening, verifications
from oms.procedures.leavings import Handed, Left
from tests import factories
from tests.api.conftest import Caller, caller  # noqa: F401
from tests.factories import World
from tests.test_papers import text_of

Find = Callable[[str], Actor]
DAY = today() - timedelta(days=5)
RETIRED = Left(LeavingWay.RETIREMENT, "12/QĐ-SNV", DAY, today())


def file_paper(session: Session, dossier: Dossier, component: str, title: str, filer: Actor) -> Document:
    scan = factories.make_scan(session, dossier, filer.account_id, (title,))
    pages = [page.id for page in review.pages_with_text(session, scan)]
    return review.file_pages(session, scan, pages, review.Filing(component_id=component, title=title), actor=filer)


@pytest.fixture
def dossier(session: Session, world: World, actor: Find) -> Dossier:
    made = factories.make_dossier(session, world.units["sonv"])
    officer = actor("canbo.sonv")
    file_paper(session, made, "cs_short_cv", "Sơ yếu lý lịch", officer)
    file_paper(session, made, "cs_personnel_decision", "Quyết định tuyển dụng", officer)
    file_paper(session, made, "cs_birth_certificate", "Giấy khai sinh", officer)
    return made


def acts(session: Session) -> list[str]:
    session.flush()
    query = select(AuditEntry.action).where(AuditEntry.action.like("leaving:%"), AuditEntry.outcome == "done")
    return list(session.scalars(query.order_by(AuditEntry.seq)))


def given(session: Session, leaving: Leaving, receiver: str = "Nguyễn Thị Hòa", relation: str = "") -> Handed:
    ids = tuple(document.id for document in leavings.to_copy(session, leaving))
    return Handed(receiver, relation, ids, today())


def test_from_the_decision_to_the_closed_dossier_and_back(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = leavings.begin(session, dossier, RETIRED, actor=officer)
    assert (made.number, made.due_on) == (f"TV-{today().year}-0001", DAY + timedelta(days=30)) and "Đ9.3" in made.basis
    assert [one.title for one in leavings.to_copy(session, made)] == ["Sơ yếu lý lịch", "Quyết định tuyển dụng"]
    with pytest.raises(Conflict):
        leavings.hand_over(session, made, given(session, made), actor=officer)
    assert [one.id for one in leaving_lists.to_consent(session, actor=head)] == [made.id]
    leavings.consent(session, made, actor=head)
    assert [one.id for one in leaving_lists.due_soon(session, actor=officer)] == [made.id]
    copy = leavings.hand_over(session, made, given(session, made), actor=officer)
    assert (copy.titles, copy.handed_by_id) == (["Sơ yếu lý lịch", "Quyết định tuyển dụng"], officer.account_id)
    with pytest.raises(Conflict, match="were given"):
        leavings.hand_over(session, made, given(session, made), actor=officer)
    leavings.close(session, made, actor=officer)
    assert (dossier.status, made.state, made.documents, made.pages) == (
        DossierStatus.CLOSED,
        LeavingState.CLOSED,
        3,
        3,
    )
    assert dossier.custodian_id == officer.unit_id and leavings.is_as_sealed(session, made)
    assert dossiers.get_dossier(session, dossier.number, actor=officer) is dossier, "it is found as before"
    for action in (Action.RECORD_EDIT, Action.SCAN_UPLOAD, Action.DOCUMENT_FILE, Action.CORRECTION_PROPOSE):
        assert not can(officer, action, dossier)
    with pytest.raises(Refused, match="closed"):
        record.key_value(session, dossier, "other_names", "Hoà", actor=officer)
    dossiers.place(session, dossier, room="Kho 2", shelf="Thôi việc", box=None, actor=officer)
    with pytest.raises(ConfirmationNeeded):
        reopening.reopen(session, made, "3/QĐ", today(), actor=dataclasses.replace(head, confirmed=False))
    reopening.reopen(session, made, "3/QĐ", today(), actor=head)
    assert (dossier.status, made.state) == (DossierStatus.OPEN, LeavingState.REOPENED)
    assert can(officer, Action.RECORD_EDIT, dossier)
    steps = ("open", "consent", "hand_over", "close", "reopen")
    assert acts(session) == [f"leaving:{step}" for step in steps]


@pytest.mark.parametrize(
    ("way", "leaves_on", "sentence"),
    [
        (LeavingWay.RETIREMENT, date(1985, 3, 1), "before the birth"),
        (LeavingWay.RETIREMENT, DAY - timedelta(days=732), "2 years"),
        (LeavingWay.RESIGNATION, DAY + timedelta(days=732), "2 years"),
        (LeavingWay.DEATH, DAY - timedelta(days=3654), "10 years"),
    ],
)
def test_a_day_of_leaving_that_cannot_be_is_refused(session, dossier, actor, way, leaves_on, sentence) -> None:
    with pytest.raises(BadInput, match=sentence):
        leavings.begin(session, dossier, Left(way, "12/QĐ", DAY, leaves_on), actor=actor("canbo.sonv"))
    assert acts(session) == [] and session.scalar(select(Leaving.id)) is None


@pytest.mark.parametrize(
    ("way", "days"), [(LeavingWay.RETIREMENT, 730), (LeavingWay.RESIGNATION, -730), (LeavingWay.DEATH, -3650)]
)
def test_a_day_of_leaving_far_from_its_decision_can_be(session, dossier, actor, way, days) -> None:
    left = Left(way, "12/QĐ", DAY, DAY + timedelta(days=days))
    assert leavings.begin(session, dossier, left, actor=actor("canbo.sonv")).leaves_on == left.leaves_on


def test_after_a_death_one_copy_goes_to_the_family_and_nothing_is_opened_again(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = leavings.begin(session, dossier, Left(LeavingWay.DEATH, "45/TLKT", DAY, DAY), actor=officer)
    leavings.consent(session, made, actor=head)
    assert [one.title for one in leavings.to_copy(session, made)] == ["Sơ yếu lý lịch"]
    with pytest.raises(BadInput, match="family"):
        leavings.hand_over(session, made, given(session, made, "Trần Văn Chồng"), actor=officer)
    leavings.hand_over(session, made, given(session, made, "Trần Văn Chồng", "chồng"), actor=officer)
    leavings.close(session, made, actor=officer)
    with pytest.raises(Refused, match="death"):
        reopening.reopen(session, made, "3/QĐ", today(), actor=head)
    text = text_of(papers.leaving_minutes(session, made, printing=Printing(officer, "filing")).body)
    assert "Trần Văn Chồng (chồng)" in text and "Sơ yếu lý lịch" in text and "03 tài liệu, 03 trang" in text


def test_what_is_refused_leaves_no_entry(session, world, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    member = factories.make_dossier(session, world.units["sonv"], "Đảng Viên", category=Category.PARTY_MEMBER)
    with pytest.raises(Refused, match="membership"):
        leavings.begin(session, member, RETIRED, actor=officer)
    for wrong in (
        dataclasses.replace(RETIRED, decision_number=" "),
        dataclasses.replace(RETIRED, decision_on=today() + timedelta(days=1)),
    ):
        with pytest.raises(BadInput):
            leavings.begin(session, dossier, wrong, actor=officer)
    with pytest.raises(Refused, match="own dossier"):
        leavings.begin(session, dossier, RETIRED, actor=dataclasses.replace(officer, person_id=dossier.person_id))
    with pytest.raises(Refused):
        leavings.begin(session, dossier, RETIRED, actor=actor("canbo.sotc"))
    made = leavings.begin(session, dossier, RETIRED, actor=officer)
    with pytest.raises(Conflict):
        leavings.begin(session, dossier, RETIRED, actor=officer)
    for nobody in (officer, actor("bithu.sotc")):
        with pytest.raises(Refused):
            leavings.consent(session, made, actor=nobody)
    with pytest.raises(ConfirmationNeeded):
        leavings.consent(session, made, actor=dataclasses.replace(head, confirmed=False))
    dossier.frozen = True
    session.flush()
    with pytest.raises(Refused, match="transfer"):
        leavings.consent(session, made, actor=head)
    dossier.frozen = False
    session.flush()
    leavings.cancel(session, made, "Nhập nhầm người nghỉ hưu", actor=officer)
    assert leavings.begin(session, dossier, RETIRED, actor=officer).number != made.number
    assert acts(session) == ["leaving:open", "leaving:cancel", "leaving:open"]


def test_closing_needs_a_copy_or_a_reason_and_no_page_that_waits(session, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    made = leavings.begin(session, dossier, RETIRED, actor=officer)
    leavings.consent(session, made, actor=actor("bithu.sonv"))
    with pytest.raises(BadInput):
        leavings.close(session, made, actor=officer)
    scan = factories.make_scan(session, dossier, officer.account_id, ("chưa xếp",))
    with pytest.raises(Conflict, match="1 page"):
        leavings.close(session, made, without_copy_because="Người nghỉ hưu không nhận bản sao", actor=officer)
    factories.make_document(session, dossier, scan, actor=officer)
    leavings.close(session, made, without_copy_because="Người nghỉ hưu không nhận bản sao", actor=officer)
    assert made.state == LeavingState.CLOSED and leavings.is_as_sealed(session, made)
    session.scalars(select(Document)).first().sealed = True
    session.flush()
    assert not leavings.is_as_sealed(session, made)
    assert session.scalars(select(Scan.id)).all(), "nothing is destroyed"


def test_what_would_still_change_the_dossier_is_settled_before_it_is_closed(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = leavings.begin(session, dossier, RETIRED, actor=officer)
    leavings.consent(session, made, actor=head)
    document = session.scalars(select(Document.id).where(Document.dossier_id == dossier.id)).first()
    case = verifications.open_case(session, dossier, verifications.Case("Năm sinh?", "Trần Văn An"), actor=officer)
    proposal = corrections.Proposal("home_town", "xã Hiệp Thạnh", "Khác giấy khai sinh", document)
    wrong = corrections.propose(session, dossier, proposal, actor=officer)
    said = paper_losses.Declaration(PaperLossKind.LOST, today(), "Không thấy khi kiểm kê kho", document_id=document)
    loss = paper_losses.declare(session, dossier, said, second=head, actor=officer)
    settle = (
        lambda: verifications.give_up(session, case, "Người nghỉ hưu, không còn cần", actor=officer),
        lambda: corrections.refuse(session, wrong, "Người nghỉ hưu, không còn cần", actor=head),
        lambda: paper_losses.give_up(session, loss, "Không còn nơi nào lưu bản này", actor=officer),
    )
    for number, act in zip((case.number, wrong.number, loss.number), settle, strict=True):
        with pytest.raises(Conflict, match="Not settled") as caught:
            leavings.close(session, made, without_copy_because="Không nhận bản sao", actor=officer)
        assert str(caught.value.values["numbers"]).startswith(number)
        act()
    leavings.close(session, made, without_copy_because="Không nhận bản sao", actor=officer)
    assert dossier.status == DossierStatus.CLOSED


def test_a_correction_that_waits_about_a_closed_dossier_is_refused_only(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    document = session.scalars(select(Document.id).where(Document.dossier_id == dossier.id)).first()
    proposal = corrections.Proposal("home_town", "xã Hiệp Thạnh", "Khác giấy khai sinh", document)
    wrong = corrections.propose(session, dossier, proposal, actor=officer)
    dossier.status = DossierStatus.CLOSED
    session.flush()
    with pytest.raises(Refused, match="closed meanwhile"):
        corrections.decide(session, wrong, "9/QĐ", today(), actor=head)
    assert dossier.person.home_town != "xã Hiệp Thạnh"
    corrections.refuse(session, wrong, "Hồ sơ đã đóng, không sửa nữa", actor=head)


def test_lists_by_the_calendar_forget_who_left(session, world, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    record.key_value(session, dossier, "appointment_date", "01/06/2021", actor=officer, form_id="SYLL-TT06-2023")
    dossier.person.party_join_date = date(1996, 5, 19)
    checks.check(session, dossier, actor=None)
    asked = milestones.Asked(date(2026, 1, 1), date(2026, 12, 31))

    def told() -> list[int]:
        return [len(milestones.find(session, what, asked, actor=officer).rows) for what in ("posts", "badges")]

    assert told() == [1, 1]
    made = leavings.begin(session, dossier, RETIRED, actor=officer)
    leavings.consent(session, made, actor=actor("bithu.sonv"))
    leavings.close(session, made, without_copy_because="Người nghỉ hưu không nhận bản sao", actor=officer)
    checks.check(session, dossier, actor=None)
    assert told() == [0, 0]


def test_the_pages(engine: Engine, client_as: Callable[[str], FlaskClient], world: World) -> None:
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"])
        officer_of = accounts.get_actor(session, "canbo.sonv", via="web")
        paper = file_paper(session, made, "cs_short_cv", "Sơ yếu lý lịch", officer_of)
        dossier_id, paper_id = made.id, paper.id
    officer, head, stranger = client_as("canbo.sonv"), client_as("bithu.sonv"), client_as("bithu.sotc")
    new = f"/leavings/dossiers/{dossier_id}/new"
    assert new in officer.get(f"/dossiers/{dossier_id}").text
    data = {"way": "retirement", "number": "12/QĐ", "on": f"{DAY:%d/%m/%Y}", "leaves_on": f"{today():%d/%m/%Y}"}
    assert officer.post(new, data={**data, "way": ""}).status_code == 422
    assert head.get(new).status_code == 403 and client_as("canbo.sotc").get(new).status_code == 404
    page = officer.post(new, data=data, follow_redirects=True)
    address = page.request.path
    assert address in officer.get("/leavings").text and address in head.get("/").text
    for act in ("", "/consent", "/copies", "/close", "/cancel", "/reopen", "/mistake", "/annul", "/keep-closed"):
        assert (stranger.post if act else stranger.get)(address + act).status_code == 404
    assert officer.post(f"{address}/consent").status_code == 403
    assert head.post(f"{address}/consent").status_code == 302
    assert address in officer.get("/").text
    assert officer.post(f"{address}/copies", data={"receiver": "", "on": f"{today():%d/%m/%Y}"}).status_code == 422
    handed = {"receiver": "Nguyễn Thị Hòa", "on": f"{today():%d/%m/%Y}", "paper": [paper_id]}
    assert officer.post(f"{address}/copies", data=handed).status_code == 302
    assert officer.post(f"{address}/close").status_code == 302
    shown = officer.get(f"/dossiers/{dossier_id}").text
    assert address in shown and new not in shown
    minutes = officer.post(address.replace("/leavings/", "/papers/leaving-minutes/"), data={"purpose": "filing"})
    assert minutes.data.startswith(b"%PDF")
    assert head.post(f"{address}/reopen", data={"number": "3/QĐ", "on": "31/02/2026"}).status_code == 422
    assert head.post(f"{address}/reopen", data={"number": "3/QĐ", "on": f"{today():%d/%m/%Y}"}).status_code == 302
    with db.reading(engine) as session:
        assert session.get_one(Dossier, dossier_id).status == DossierStatus.OPEN


def test_by_api(caller: Callable[[str], Caller], engine: Engine, world: World) -> None:  # noqa: F811
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        late = dataclasses.replace(RETIRED, decision_on=today() - timedelta(days=31))
        number = leavings.begin(session, dossier, late, actor=officer).number
    head, stranger = caller("bithu.sonv"), caller("bithu.sotc")
    (line,) = head.get("leavings?late=true").get_json()["items"]
    assert (line["number"], line["way"], line["state"]) == (number, "retirement", "open")
    assert stranger.get(f"leavings/{number}").status_code == 404
    assert caller("canbo.sonv").post(f"leavings/{number}/consent", {}).status_code == 403
    assert head.post(f"leavings/{number}/consent", {}).get_json()["state"] == "consented"
    assert head.post(f"leavings/{number}/consent", {}).status_code == 409
