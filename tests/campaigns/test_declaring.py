"""Declared by whom, checked value by value, attested by whom, and then in the record."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from oms import campaigns, completeness, db, holds, papers, record
from oms.campaigns import Draft, get_step
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, OmsError, Refused
from oms.models import (
    Campaign,
    Declaration,
    DeclarationState,
    DossierStatus,
    Job,
    RecordStatement,
    Verdict,
)
from oms.organisation import today
from oms.permissions import Action, allowed
from oms.record import ValueState
from tests import factories
from tests.campaigns.acts import REASON, attested, confirmed, handed_in, judged, opening, told
from tests.test_papers import text_of


def test_from_the_declaration_to_the_record(session, asked, actor, person) -> None:
    table = [["Trường Chính trị tỉnh", "Lý luận chính trị", "01/2026 - 06/2026", "Tại chức", "Trung cấp"]]
    handed_in(
        session,
        asked,
        person,
        values={"phone": ("0912 345 678", "3/2026"), "current_address": ("", "")},
        rows={"training": table},
    )
    said = {one.key: (one.new_text, one.since, len(one.cells)) for one in asked.entries}
    assert said == {"phone": ("0912345678", "03/2026", 0), "training": ("", "", 5)}
    session.query(Job).delete()
    judged(session, asked, actor)
    assert session.scalars(select(RecordStatement)).all() == [], "nothing is in the record before it is attested"
    attested(session, asked, actor)
    said = session.scalars(select(RecordStatement)).one()
    assert (said.key, said.text, said.account_id) == ("phone", "0912345678", actor("canbo.sonv").account_id)
    assert record.written_rows(session, asked.dossier)["training"][0][0] == "Trường Chính trị tỉnh"
    assert set(session.scalars(select(Job.kind))) == {"index_dossier", "check_dossier"}
    assert told(session) == ["write", "send", "judge", "check", "attest"]


def test_the_record_keeps_what_stood_there(session, asked, actor, person) -> None:
    record.key_value(session, asked.dossier, "phone", "0263 3822 111", actor=actor("canbo.sonv"), form_id="2C/TCTW-98")
    handed_in(session, asked, person)
    assert asked.entries[0].old_text == "02633822111"
    judged(session, asked, actor)
    attested(session, asked, actor)
    texts = session.scalars(select(RecordStatement.text).order_by(RecordStatement.place)).all()
    assert texts == ["02633822111", "0912345678"]


def test_a_twice_keyed_value_waits_for_its_second_officer(session, asked, actor, person) -> None:
    for name in ("canbo.sonv", "canbo2.sonv"):
        record.key_value(session, asked.dossier, "salary_coefficient", "3,33", actor=actor(name))
    with pytest.raises(Conflict, match="correction"):
        record.key_value(session, asked.dossier, "salary_coefficient", "3,66", actor=actor("canbo2.sonv"))
    handed_in(session, asked, person, values={"salary_coefficient": ("3.66", "01/03/2026")})
    judged(session, asked, actor)
    attested(session, asked, actor)

    def value(by):
        return record.get_record(session, asked.dossier, actor=actor(by)).values["salary_coefficient"]

    assert (value("canbo2.sonv").state, value("canbo2.sonv").text) == (ValueState.KEYED, "3,33")
    assert value("canbo2.sonv").hidden, "the second officer does not see what the first one approved"
    record.key_value(session, asked.dossier, "salary_coefficient", "3,66", actor=actor("canbo2.sonv"))
    assert (value("canbo.sonv").state, value("canbo.sonv").text) == (ValueState.VERIFIED, "3,66")


def test_what_is_refused_does_not_reach_the_record(session, asked, actor, person) -> None:
    handed_in(session, asked, person)
    with pytest.raises(BadInput, match="wait for the check"):
        campaigns.finish_check(session, asked, actor=actor("canbo.sonv"))
    with pytest.raises(BadInput, match="reason"):
        campaigns.judge(session, asked, {asked.entries[0].id: (Verdict.REFUSED, "không")}, actor=actor("canbo.sonv"))
    judged(session, asked, actor, Verdict.REFUSED)
    attested(session, asked, actor)
    assert session.scalars(select(RecordStatement)).all() == []
    assert asked.entries[0].reason == REASON


def test_nothing_changed_is_a_declaration_too(session, asked, actor, person) -> None:
    handed_in(session, asked, person, values={"phone": ("", "")})
    judged(session, asked, actor)
    attested(session, asked, actor)
    assert asked.state is DeclarationState.ATTESTED and asked.entries == []


def test_sent_back_it_is_corrected_and_what_stood_stays_approved(session, asked, actor, person) -> None:
    draft = {"phone": ("0912345678", ""), "current_address": ("12 Trần Phú", "")}
    handed_in(session, asked, person, values=draft)
    first = {entry.key: entry.id for entry in asked.entries}
    campaigns.judge(
        session,
        asked,
        {first["phone"]: (Verdict.APPROVED, ""), first["current_address"]: (Verdict.REFUSED, REASON)},
        actor=actor("canbo.sonv"),
    )
    with pytest.raises(Conflict, match="begun to check"):
        campaigns.recall(session, asked, actor=person())
    campaigns.send_back(session, asked, get_step("return"), REASON, actor=actor("canbo.sonv"))
    assert (asked.state, asked.reason) == (DeclarationState.RETURNED, REASON)
    draft["current_address"] = ("12 Trần Phú, phường Xuân Hương", "")
    handed_in(session, asked, person, values=draft)
    assert {one.key: one.verdict for one in asked.entries} == {
        "phone": Verdict.APPROVED,
        "current_address": Verdict.PENDING,
    }


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"phone": ("12", "")}, "telephone"),
        ({"phone": ("0912345678", "31/02/2026")}, "calendar"),
        ({"phone": ("", "3/2026")}, "new value"),
        ({"salary_coefficient": ("nhiều", "")}, "coefficient"),
    ],
)
def test_what_cannot_be_a_value_is_named_and_the_rest_is_kept(session, asked, person, values, words) -> None:
    wrong = campaigns.save(session, asked, Draft(values={"current_address": ("Đà Lạt", "")} | values), actor=person())
    assert words in str(next(iter(wrong.values())))
    assert [entry.key for entry in asked.entries] == ["current_address"]


def test_a_value_that_is_not_asked_for_is_not_taken(session, asked, person) -> None:
    given = Draft(values={"birth_date": ("01/01/1990", ""), "religion": ("Không", "")}, rows={"awards": [["x"]]})
    campaigns.save(session, asked, given, actor=person())
    assert asked.entries == []


@pytest.mark.parametrize(
    "name", ["canbo.sotc", "bithu.sotc", "canbo.khoi", "kiemtra.khoi", "quantri", "nguoilaodong.sonv"]
)
def test_a_supplement_of_others_is_not_there(session, world, actor, name) -> None:
    factories.make_dossier(session, world.units["sonv"])
    campaign = campaigns.open_campaign(session, opening(world), actor=actor("canbo.sonv"))
    declaration = session.scalars(select(Declaration)).one()
    somebody = actor(name)
    assert session.scalars(select(Campaign).where(allowed(somebody, Action.CAMPAIGN_READ))).all() == []
    assert session.scalars(select(Declaration).where(allowed(somebody, Action.DECLARATION_READ))).all() == []
    before = told(session)
    with pytest.raises(NotFound):
        campaigns.own_declaration(session, declaration.id, actor=somebody)
    for act in (
        lambda: campaigns.save(session, declaration, Draft(), actor=somebody),
        lambda: campaigns.view(session, declaration, actor=somebody),
        lambda: campaigns.judge(session, declaration, {}, actor=somebody),
        lambda: campaigns.attest(session, declaration, actor=confirmed(somebody)),
        lambda: campaigns.close(session, campaign, actor=somebody),
    ):
        with pytest.raises(Refused):
            act()
    assert told(session) == before and declaration.state is DeclarationState.NOT_STARTED


def test_nobody_checks_or_attests_their_own(session, world, asked, actor, person) -> None:
    handed_in(session, asked, person)
    own = {
        name: replace(confirmed(actor(name)), person_id=asked.dossier.person_id)
        for name in ("canbo.sonv", "bithu.sonv")
    }
    with pytest.raises(Refused, match="their own"):
        campaigns.judge(session, asked, {}, actor=own["canbo.sonv"])
    judged(session, asked, actor)
    with pytest.raises(Refused, match="their own"):
        campaigns.attest(session, asked, actor=own["bithu.sonv"])
    with pytest.raises(Refused):
        campaigns.attest(session, asked, actor=confirmed(actor("canbo.sonv")))
    with pytest.raises(ConfirmationNeeded):
        campaigns.attest(session, asked, actor=replace(actor("bithu.sonv"), confirmed=False))
    assert "attest" not in told(session)


def test_whoever_checked_does_not_attest(session, asked, actor, person) -> None:
    handed_in(session, asked, person)
    judged(session, asked, actor)
    asked.checked_by_id = actor("bithu.sonv").account_id
    session.flush()
    with pytest.raises(Refused, match="checked"):
        attested(session, asked, actor)
    with pytest.raises(IntegrityError), session.begin_nested():
        asked.attested_by_id = asked.checked_by_id
        session.flush()


def test_the_using_body_checks_and_the_managing_body_attests(session, world, asked, actor, person) -> None:
    asked.dossier.custodian_id = asked.dossier.managing_body_id = world.units["btc"]
    asked.dossier.using_body_id = world.units["sonv_c1"]
    session.flush()
    session.expire_all()
    handed_in(session, asked, person)
    with pytest.raises(Refused, match="works in"):
        campaigns.judge(session, asked, {}, actor=actor("canbo.khoi"))
    judged(session, asked, actor)
    with pytest.raises(Refused, match="manages"):
        attested(session, asked, actor)
    attested(session, asked, actor, by="truongban.khoi")
    assert asked.state is DeclarationState.ATTESTED


def test_a_hold_and_a_transfer_stop_the_attestation_only(session, asked, actor, person) -> None:
    words = "Đang xác minh đơn thư"
    head = confirmed(actor("bithu.sonv"))
    holds.order(session, asked.dossier, whole_person=False, reason=words, decision=words, actor=head)
    handed_in(session, asked, person)
    judged(session, asked, actor)
    with pytest.raises(Refused, match="hold"):
        attested(session, asked, actor)
    asked.dossier.held, asked.dossier.frozen = False, True
    session.flush()
    with pytest.raises(Refused, match="transfer"):
        attested(session, asked, actor)
    assert session.scalars(select(RecordStatement)).all() == []


def test_nothing_is_attested_into_a_dossier_that_was_closed(session, asked, actor, person) -> None:
    handed_in(session, asked, person)
    judged(session, asked, actor)
    asked.dossier.status = DossierStatus.CLOSED
    session.flush()
    with pytest.raises(Refused, match="closed meanwhile"):
        attested(session, asked, actor)
    assert asked.state is DeclarationState.CHECKED and not record.statements_of(session, asked.dossier)
    assert "attest" not in told(session)
    asked.dossier.status = DossierStatus.OPEN
    session.flush()
    attested(session, asked, actor)


def test_an_officer_keys_the_signed_paper(session, world, asked, actor) -> None:
    with pytest.raises(Refused):
        campaigns.save(session, asked, Draft(), actor=actor("bithu.sonv"))
    campaigns.save(session, asked, Draft(values={"phone": ("0912345678", "")}), actor=actor("canbo.sonv"))
    assert asked.on_paper and asked.written_by_id == actor("canbo.sonv").account_id
    campaigns.hand_in(session, asked, actor=actor("canbo.sonv"))
    assert asked.state is DeclarationState.SENT


def test_after_the_last_day_only_the_officer_enters_and_after_the_end_nobody(session, asked, actor, person) -> None:
    asked.campaign.ends_on = today() - timedelta(days=1)
    session.flush()
    with pytest.raises(Conflict, match="last day has passed"):
        campaigns.save(session, asked, Draft(), actor=person())
    campaigns.save(session, asked, Draft(), actor=actor("canbo.sonv"))
    campaigns.hand_in(session, asked, actor=actor("canbo.sonv"))
    campaigns.close(session, asked.campaign, actor=actor("canbo.sonv"))
    with pytest.raises(Conflict, match="closed"):
        campaigns.recall(session, asked, actor=actor("canbo.sonv"))
    judged(session, asked, actor)  # what was handed in is still worked on
    assert asked.state is DeclarationState.CHECKED


def test_before_the_first_day_nobody_declares(session, asked, person) -> None:
    asked.campaign.starts_on = today() + timedelta(days=2)
    session.flush()
    with pytest.raises(Conflict, match="not begun"):
        campaigns.save(session, asked, Draft(), actor=person())


def test_a_draft_of_the_person_is_nobodys_business(session, asked, actor, person) -> None:
    campaigns.save(session, asked, Draft(values={"phone": ("0912345678", "")}), actor=person())
    assert campaigns.view(session, asked, actor=actor("canbo.sonv")) == []
    campaigns.hand_in(session, asked, actor=person())
    assert [one.entry.new_text for one in campaigns.view(session, asked, actor=actor("canbo.sonv"))] == ["0912345678"]


def test_relatives_are_shown_to_those_only_who_need_them(session, asked, actor, person) -> None:
    handed_in(session, asked, person, rows={"family_self": [["Con", "Lê Văn An", "2020", ""]]})
    assert [one.hidden for one in campaigns.view(session, asked, actor=actor("canbo.sonv"))] == [False]
    assert [one.hidden for one in campaigns.view(session, asked, actor=actor("bithu.sonv"))] == [True]


def test_who_saw_another_state_is_told(session, asked, actor, person) -> None:
    seen = asked.version
    campaigns.save(session, asked, Draft(values={"phone": ("0912345678", "")}), actor=person())
    with pytest.raises(Conflict, match="just changed"):
        campaigns.save(session, asked, Draft(), actor=actor("canbo.sonv"), version=seen)


def test_the_signed_paper_stands_beside_the_values(session, world, asked, actor, person) -> None:
    handed_in(session, asked, person)
    judged(session, asked, actor)
    attested(session, asked, actor)
    scan = factories.make_scan(session, asked.dossier, world.accounts["canbo.sonv"], ("PHIẾU BỔ SUNG LÝ LỊCH",))
    paper = factories.make_document(session, asked.dossier, scan, title="Phiếu bổ sung", actor=actor("canbo.sonv"))
    with pytest.raises(BadInput, match="signed supplement"):
        campaigns.name_paper(session, asked, paper.id, actor=actor("canbo.sonv"))
    paper.component_id = "cs_supplement"
    session.flush()
    with pytest.raises(Refused):
        campaigns.name_paper(session, asked, paper.id, actor=actor("bithu.sonv"))
    campaigns.name_paper(session, asked, paper.id, actor=actor("canbo.sonv"))
    said = session.scalars(select(RecordStatement).order_by(RecordStatement.place)).all()
    assert [(one.text, one.page_id is not None) for one in said] == [("0912345678", False), ("0912345678", True)]


def test_a_supplement_signed_in_january_fills_the_year_before(session, world, asked, actor) -> None:
    year = asked.campaign.year
    scan = factories.make_scan(session, asked.dossier, world.accounts["canbo.sonv"], ("PHIẾU BỔ SUNG LÝ LỊCH",))
    paper = factories.make_document(session, asked.dossier, scan, title="Phiếu bổ sung", actor=actor("canbo.sonv"))
    paper.component_id, paper.issued_on, paper.issued_precision = "cs_supplement", date(year + 1, 1, 10), "day"
    session.flush()

    def years() -> list[tuple[int, ...]]:
        told = completeness.told_years(session, asked.dossier)
        gaps = completeness.yearly_gaps(asked.dossier, [paper], date(year + 2, 1, 16), told=told)
        return [gap.years for gap in gaps if gap.component.id == "cs_supplement"]

    assert years() == []
    campaigns.name_paper(session, asked, paper.id, actor=actor("canbo.sonv"))
    assert years() == [(year + 1,)]


@pytest.mark.parametrize("blank", [True, False])
def test_the_printed_form_says_what_was_declared(session, asked, actor, person, blank) -> None:
    if not blank:
        rows = {"training": [["Trường Chính trị tỉnh", "", "", "", ""]], "family_self": [["Con", "Lê Văn An", "", ""]]}
        handed_in(session, asked, person, values={"phone": ("0912 345 678", "3/2026")}, rows=rows)

    def printed(by) -> str:
        return text_of(papers.supplement_form(session, asked, printing=papers.Printing(by, "filing")).body)

    for words in (printed(person()), printed(actor("canbo.sonv"))):
        assert "PHIẾU BỔ SUNG LÝ LỊCH" in words and "4a-BNV/2007" in words and "Nguyễn Thị Hòa" in words
        assert ("0912345678" in words, "Trường Chính trị tỉnh" in words, "Lê Văn An" in words) == (not blank,) * 3
    assert "Lê Văn An" not in printed(actor("bithu.sonv")), "relatives are for those who need them"
    before = told(session)
    with pytest.raises(NotFound):
        printed(actor("canbo.sotc"))
    assert told(session) == before


def test_who_manages_a_dossier_kept_elsewhere_prints_no_post_of_today(session, world, asked, actor) -> None:
    asked.dossier.person.position = "Chuyên viên canari"
    asked.dossier.managing_body_id = world.units["btc"]
    session.flush()
    session.expire(asked.dossier)

    def printed(name: str) -> str:
        return text_of(papers.supplement_form(session, asked, printing=papers.Printing(actor(name), "filing")).body)

    assert "Chuyên viên canari" in printed("canbo.sonv") and "Chuyên viên canari" not in printed("canbo.khoi")


def test_two_officers_judge_at_once_and_one_is_told(engine, world, actor) -> None:
    """On PostgreSQL the row is locked; on SQLite one writer goes after the other."""
    officers = [actor("canbo.sonv"), actor("canbo2.sonv")]
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
        campaigns.open_campaign(session, opening(world), actor=officers[0])
        asked = session.scalars(select(Declaration)).one()
        campaigns.save(session, asked, Draft(values={"phone": ("0912345678", "")}), actor=officers[0])
        campaigns.hand_in(session, asked, actor=officers[0])
        id, entry, version = asked.id, asked.entries[0].id, asked.version
    start, outcomes = threading.Barrier(2), list[str]()

    def act(officer) -> None:
        start.wait()
        try:
            with db.writing(engine) as session:
                one = session.get_one(Declaration, id)
                campaigns.judge(session, one, {entry: (Verdict.APPROVED, "")}, actor=officer, version=version)
            outcomes.append("done")
        except OmsError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=act, args=(one,)) for one in officers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Conflict", "done"]
