"""Attestations: only with the original set, by another person of the body the law names; a later change is told."""

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import accounts, completeness, db, papers, record
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import Attestation, AttestationKind, AttestationState, AuditEntry, Category, Document, Dossier
from oms.organisation import today
from oms.papers import Printing
from oms.permissions import Action, Actor, can
from oms.procedures import attestations
from tests import factories
from tests.api.conftest import Caller, caller  # noqa: F401
from tests.factories import World
from tests.test_papers import text_of

Find = Callable[[str], Actor]
PURPOSE = "Nộp hồ sơ dự thi nâng ngạch"
CV, DOSSIER = AttestationKind.SHORT_CV, AttestationKind.DOSSIER


def fill(session: Session, dossier: Dossier, filer_id: str, *, without: int = 0) -> None:
    """File one paper of every component of the original set, but `without` of them."""
    wanted = completeness.wanted(dossier.category)
    for place, component in enumerate(wanted[without:], 1):
        session.add(
            Document(
                dossier_id=dossier.id,
                component_id=component.id,
                title=component.label_vi,
                position=place,
                filed_by_id=filer_id,
            )
        )
    session.flush()


@pytest.fixture
def dossier(session: Session, world: World) -> Dossier:
    made = factories.make_dossier(session, world.units["sonv"])
    fill(session, made, world.accounts["canbo.sonv"])
    return made


def acts(session: Session) -> list[str]:
    session.flush()
    return list(
        session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.action.like("attestation:%"), AuditEntry.outcome == "done")
            .order_by(AuditEntry.seq)
        )
    )


def test_the_head_attests_what_the_dossier_says_today(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    record.key_value(session, dossier, "recruiting_agency", "Sở Nội vụ", actor=officer)
    made = attestations.ask(session, dossier, CV, PURPOSE, actor=officer)
    assert (made.number, made.form_id) == (f"CN-{today().year}-0001", "2C-BNV/2008") and "Đ18.2" in made.basis
    assert [one.id for one in attestations.to_give(session, actor=head)] == [made.id]
    attestations.attest(session, made, actor=head)
    assert (made.state, made.attested_on, made.decided_by_id) == (
        AttestationState.ATTESTED,
        today(),
        head.account_id,
    )
    assert set(made.content["values"]) >= {"full_name", "birth_date", "recruiting_agency"}
    assert "Sở Nội vụ" not in str(made.content), "only check sums"
    assert attestations.changes(session, made).total == 0
    record.key_value(session, dossier, "recruiting_agency", "Sở Tài chính", actor=officer)
    record.key_value(session, dossier, "recruitment_date", "01/02/2010", actor=officer)
    changed = attestations.changes(session, made)
    assert (changed.different, changed.added, changed.gone) == (("recruiting_agency",), ("recruitment_date",), ())
    assert [row.changed for row in attestations.of_dossier(session, dossier, actor=officer)] == [2]
    with pytest.raises(Conflict):
        attestations.attest(session, made, actor=head)
    assert acts(session) == ["attestation:ask", "attestation:attest"]


def test_papers_that_come_change_and_go_are_told(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = attestations.ask(session, dossier, DOSSIER, PURPOSE, actor=officer)
    attestations.attest(session, made, actor=head)
    scan = factories.make_scan(session, dossier, officer.account_id)
    new = factories.make_document(session, dossier, scan, actor=officer)
    first, second, *_rest = session.scalars(
        select(Document).where(Document.dossier_id == dossier.id, Document.id != new.id).order_by(Document.position)
    )
    first.number = "12/QĐ"
    second.sealed = True
    session.flush()
    changed = attestations.changes(session, made)
    assert (changed.added, changed.different, changed.gone) == ((new.id,), (first.id,), (second.id,))


def test_without_the_original_set_nothing_is_attested(session, world, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"])
    fill(session, dossier, officer.account_id, without=1)
    with pytest.raises(Refused, match="original set"):
        attestations.ask(session, dossier, DOSSIER, PURPOSE, actor=officer)
    (lacks,) = attestations.lacking(session, dossier)
    assert lacks == completeness.wanted(dossier.category)[0]
    fill(session, dossier, officer.account_id, without=len(completeness.wanted(dossier.category)) - 1)
    session.add(
        Document(
            dossier_id=dossier.id, component_id=lacks.id, title="Quyển", position=99, filed_by_id=officer.account_id
        )
    )
    session.flush()
    made = attestations.ask(session, dossier, DOSSIER, PURPOSE, actor=officer)
    session.scalars(select(Document).where(Document.component_id == lacks.id)).one().sealed = True
    session.flush()
    with pytest.raises(Refused, match="original set"):
        attestations.attest(session, made, actor=head)
    assert acts(session) == ["attestation:ask"] and made.content is None


def test_two_people_and_the_body_the_law_names(session, world, dossier, actor) -> None:
    officer, head, board = actor("canbo.sonv"), actor("bithu.sonv"), actor("truongban.khoi")
    made = attestations.ask(session, dossier, DOSSIER, PURPOSE, actor=officer)
    with pytest.raises(Conflict):
        attestations.ask(session, dossier, DOSSIER, PURPOSE, actor=officer)
    with pytest.raises(BadInput):
        attestations.ask(session, dossier, CV, "ngắn", actor=officer)
    assert not can(officer, Action.ATTESTATION_GIVE, made) and not can(board, Action.ATTESTATION_GIVE, made)
    dossier.managing_body_id = world.units["btc"]
    session.flush()
    with pytest.raises(Refused):
        attestations.attest(session, made, actor=head)
    attestations.refuse(session, made, "Chưa đối chiếu với bản gốc", actor=board)
    assert (made.state, made.answer) == (AttestationState.REFUSED, "Chưa đối chiếu với bản gốc")
    again = attestations.ask(session, dossier, DOSSIER, PURPOSE, actor=officer)
    with pytest.raises(Refused):
        attestations.withdraw(session, again, actor=actor("canbo2.sonv"))
    attestations.withdraw(session, again, actor=officer)
    assert acts(session)[-2:] == ["attestation:ask", "attestation:withdraw"]


def test_a_fresh_password_and_not_the_own_dossier(session, dossier, actor) -> None:
    import dataclasses

    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = attestations.ask(session, dossier, DOSSIER, PURPOSE, actor=officer)
    with pytest.raises(ConfirmationNeeded):
        attestations.attest(session, made, actor=dataclasses.replace(head, confirmed=False))
    with pytest.raises(Refused, match="own dossier"):
        attestations.attest(session, made, actor=dataclasses.replace(head, person_id=dossier.person_id))
    dossier.frozen = True
    session.flush()
    with pytest.raises(Refused):
        attestations.attest(session, made, actor=head)


def test_the_paper_says_what_was_attested_and_that_it_is_older_than_a_change(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    made = attestations.ask(session, dossier, DOSSIER, PURPOSE, actor=officer)
    with pytest.raises(Conflict):
        papers.attestation_paper(session, made, printing=Printing(officer, "filing"))
    attestations.attest(session, made, actor=head)
    first = text_of(papers.attestation_paper(session, made, printing=Printing(officer, "filing")).body)
    assert "GIẤY XÁC NHẬN" in first and PURPOSE in first and "Nguyễn Thị Hòa" in first and "Lưu ý" not in first
    session.scalars(select(Document)).first().number = "9"
    session.flush()
    second = text_of(papers.attestation_paper(session, made, printing=Printing(officer, "filing")).body)
    assert "trước 01 thay đổi" in second


@pytest.fixture
def made(engine: Engine, world: World) -> str:
    """The id of a whole dossier of Sở Nội vụ."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        fill(session, dossier, world.accounts["canbo.sonv"])
        factories.make_dossier(session, world.units["sonv"], "Lê Thị Thiếu", category=Category.PUBLIC_EMPLOYEE)
        return dossier.id


def test_the_pages(engine: Engine, client_as: Callable[[str], FlaskClient], made: str) -> None:
    officer, head = client_as("canbo.sonv"), client_as("bithu.sonv")
    new = f"/attestations/dossiers/{made}/new"
    assert new in officer.get(f"/dossiers/{made}").text
    assert officer.post(new, data={"kind": "dossier", "purpose": "x"}).status_code == 422
    page = officer.post(new, data={"kind": "dossier", "purpose": PURPOSE}, follow_redirects=True)
    address = page.request.path
    assert address in officer.get("/attestations").text and address in head.get("/").text
    stranger = client_as("bithu.sotc")
    for act in ("", "/attest", "/refuse"):
        assert (stranger.get if not act else stranger.post)(address + act).status_code == 404
    assert officer.post(f"{address}/attest").status_code == 403
    assert head.post(f"{address}/refuse", data={"reason": ""}).status_code == 422
    assert head.post(f"{address}/attest", follow_redirects=True).status_code == 200
    assert today().strftime("%d/%m/%Y") in officer.get(f"/dossiers/{made}").text
    answer = officer.post(address.replace("/attestations/", "/papers/attestation/"), data={"purpose": "filing"})
    assert answer.data.startswith(b"%PDF")
    with db.writing(engine) as session:
        session.scalars(select(Document)).first().issued_on = None
        session.scalars(select(Document)).first().title = "Tên khác"
    assert "Tên khác" in officer.get(address).text
    with db.reading(engine) as session:
        lacking = session.scalars(select(Dossier.id).where(Dossier.category == Category.PUBLIC_EMPLOYEE)).one()
        assert session.scalar(select(func.count(Attestation.id))) == 1
    assert 'name="purpose"' not in officer.get(f"/attestations/dossiers/{lacking}/new").text


def test_by_api(caller: Callable[[str], Caller], engine: Engine, made: str) -> None:  # noqa: F811
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        number = attestations.ask(session, session.get_one(Dossier, made), DOSSIER, PURPOSE, actor=officer).number
    head, stranger = caller("bithu.sonv"), caller("bithu.sotc")
    (line,) = head.get("attestations?state=asked").get_json()["items"]
    assert (line["number"], line["kind"]) == (number, "dossier")
    assert stranger.get(f"attestations/{number}").status_code == 404
    assert stranger.post(f"attestations/{number}/attest", {}).status_code == 404
    assert caller("canbo.sonv").post(f"attestations/{number}/attest", {}).status_code == 403
    found = head.post(f"attestations/{number}/attest", {}).get_json()
    assert (found["attested_on"], found["changes"]) == (date.isoformat(today()), 0)
    assert head.post(f"attestations/{number}/refuse", {"reason": "Đã chứng nhận rồi"}).status_code == 409
