"""Campaigns of supplements: opened for whom, declared by whom, checked field by field, attested, and then in the record."""

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from oms import accounts, campaigns, catalogue, db, holds, record
from oms.campaigns import Draft, NewCampaign, get_step
from oms.catalogue.reading import FOLDER
from oms.catalogue.supplements import read_supplements
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, OmsError, Refused
from oms.models import (
    Account,
    AuditEntry,
    Campaign,
    Category,
    Declaration,
    DeclarationState,
    DeclaredEntry,
    DossierStatus,
    Job,
    RecordStatement,
    Unit,
    Verdict,
)
from oms.organisation import today
from oms.permissions import Action, allowed
from oms.record import ValueState
from tests import factories

FIELDS = ("phone", "current_address", "salary_coefficient", "training", "family_self")
REASON = "Chưa có quyết định kèm theo"


def confirmed(somebody):
    return replace(somebody, confirmed=True)


def told(session, kind="declaration"):
    query = select(AuditEntry.action).where(AuditEntry.action.like(f"{kind}:%"), AuditEntry.outcome == "done")
    return [one.partition(":")[2] for one in session.scalars(query.order_by(AuditEntry.seq))]


def opening(world, unit="sonv", **more):
    given = NewCampaign(
        name="Bổ sung lý lịch năm 2026",
        year=today().year,
        starts_on=today() - timedelta(days=1),
        ends_on=today() + timedelta(days=30),
        unit_id=world.units[unit],
        unit_ids=[world.units[unit]],
        categories=[Category.CIVIL_SERVANT],
        fields=FIELDS,
    )
    return replace(given, **more)


@pytest.fixture
def asked(session, world, actor):
    """A campaign of Sở Nội vụ with one declaration: of the person with an account."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = dossier.person_id
    session.flush()
    campaign = campaigns.open_campaign(session, opening(world), actor=actor("canbo.sonv"))
    return session.scalars(select(Declaration).where(Declaration.campaign_id == campaign.id)).one()


@pytest.fixture
def person(session, world):
    """The person of the dossier; the account was tied to it in this session."""
    return lambda: accounts.actor_of(session, session.get_one(Account, world.accounts["nguoilaodong.sonv"]))


def handed_in(session, asked, person, **draft):
    given = Draft(**draft) if draft else Draft(values={"phone": ("0912 345 678", "3/2026")})
    assert campaigns.save(session, asked, given, actor=person()) == {}
    campaigns.hand_in(session, asked, actor=person())
    return asked


def judged(session, asked, actor, verdict=Verdict.APPROVED, by="canbo.sonv"):
    said = {entry.id: (verdict, REASON) for entry in asked.entries}
    campaigns.judge(session, asked, said, actor=actor(by))
    campaigns.finish_check(session, asked, actor=actor(by))


def attested(session, asked, actor, by="bithu.sonv"):
    campaigns.attest(session, asked, actor=confirmed(actor(by)))


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


def test_the_bloc_asks_everybody_and_a_unit_its_own(session, world, actor) -> None:
    held = {code: factories.make_dossier(session, world.units[code], f"Người {code}") for code in ("sonv", "sotc")}
    with pytest.raises(Refused, match="not below"):
        campaigns.open_campaign(session, opening(world, unit_ids=[world.units["sotc"]]), actor=actor("canbo.sonv"))
    with pytest.raises(Refused, match="opens no campaign"):
        campaigns.open_campaign(session, opening(world, "sotc"), actor=actor("canbo.sonv"))
    with pytest.raises(Refused):
        campaigns.open_campaign(session, opening(world), actor=actor("bithu.sonv"))
    made = campaigns.open_campaign(
        session, opening(world, "btc", unit_ids=[world.units["khoi"]]), actor=actor("canbo.khoi")
    )
    asked = session.scalars(select(Declaration.dossier_id).where(Declaration.campaign_id == made.id)).all()
    assert set(asked) == {one.id for one in held.values()}
    (_, progress), *_rest = campaigns.list_campaigns(session, actor=actor("canbo.khoi"))[0]
    assert progress.total == 2
    rows, total = campaigns.list_declarations(session, made, actor=actor("canbo.khoi"))
    assert (rows, total) == ([], 0), "the board counts, and names nobody whose dossier it does not manage"
    assert campaigns.list_declarations(session, made, actor=actor("canbo.sotc"))[1] == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"fields": ["birth_date"]}, Refused),
        ({"fields": ["phone", "party_join_date"]}, Refused),
        ({"fields": ["gibt_es_nicht"]}, BadInput),
        ({"fields": []}, BadInput),
        ({"categories": []}, BadInput),
        ({"categories": [Category.PARTY_MEMBER]}, BadInput),
        ({"unit_ids": []}, BadInput),
        ({"name": " "}, BadInput),
        ({"year": 1990}, BadInput),
        ({"ends_on": today() - timedelta(days=3)}, BadInput),
        ({"starts_on": today() + timedelta(days=40)}, BadInput),
    ],
)
def test_a_campaign_that_cannot_be_is_refused(session, world, actor, change, error) -> None:
    factories.make_dossier(session, world.units["sonv"])
    with pytest.raises(error):
        campaigns.open_campaign(session, opening(world, **change), actor=actor("canbo.sonv"))
    session.rollback()
    assert told(session, "campaign") == []


def test_closed_dossiers_are_not_asked_and_newcomers_are_taken_in(session, world, asked, actor) -> None:
    factories.make_dossier(session, world.units["sonv"], "Đã đóng").status = DossierStatus.CLOSED
    factories.make_dossier(session, world.units["sonv"], "Mới đến")
    factories.make_dossier(session, world.units["sonv"], "Viên chức", category=Category.PUBLIC_EMPLOYEE)
    session.flush()
    campaign, officer = asked.campaign, actor("canbo.sonv")
    assert campaigns.count_newcomers(session, campaign) == 1
    assert campaigns.take_in(session, campaign, actor=officer) == 1
    assert campaigns.count_newcomers(session, campaign) == 0
    assert told(session, "campaign") == ["open", "take_in"]


def test_a_campaign_with_declarations_is_not_emptied(session, asked, actor, person) -> None:
    campaigns.save(session, asked, Draft(), actor=person())
    with pytest.raises(Conflict, match="cannot be taken back"):
        campaigns.discard(session, asked.campaign, actor=actor("canbo.sonv"))
    assert session.scalars(select(Declaration)).all() == [asked]


def test_a_campaign_opened_by_mistake_goes_without_trace_but_in_the_log(session, asked, actor) -> None:
    campaigns.discard(session, asked.campaign, actor=actor("canbo.sonv"))
    assert session.scalars(select(Campaign)).all() == [] == session.scalars(select(DeclaredEntry)).all()
    assert told(session, "campaign") == ["open", "discard"]


def test_the_last_day_follows_the_law_of_the_category() -> None:
    assert campaigns.deadline_of([Category.CIVIL_SERVANT], 2026)[0] == date(2027, 1, 15)
    assert campaigns.deadline_of([Category.PUBLIC_EMPLOYEE], 2026)[0] == date(2026, 12, 30)
    assert campaigns.deadline_of([Category.CIVIL_SERVANT, Category.PUBLIC_EMPLOYEE], 2026)[0] == date(2026, 12, 30)
    assert campaigns.deadline_of([Category.PARTY_MEMBER], 2026) is None


def test_progress_counts_by_grassroots_unit_and_names_those_without_account(
    session, world, asked, actor, person
) -> None:
    other = factories.make_dossier(session, world.units["sonv"], "Ở chi bộ")
    other.using_body_id = world.units["sonv_c1"]
    session.flush()
    campaigns.take_in(session, asked.campaign, actor=actor("canbo.sonv"))
    handed_in(session, asked, person)
    from oms.campaigns import finding

    whole, units = finding.view(session, asked.campaign, actor=actor("canbo.sonv"))
    assert (whole.total, whole.handed_in, whole.no_account) == (2, 1, 1)
    assert [row.unit.code for row in units] == ["sonv"]
    waits = campaigns.waiting_for(session, actor=actor("canbo.sonv"))
    assert [(one.to_check, one.to_attest, one.left) for one in waits] == [(1, 0, 1)]


def test_lists_ask_as_often_for_many_as_for_one(session, world, asked, actor) -> None:
    from oms.campaigns import finding

    officer = actor("canbo.sonv")

    def count() -> int:
        statements: list[str] = []
        session.expire_all()
        campaign = session.scalars(select(Campaign)).first()
        listen = lambda *a: statements.append(a[2])  # noqa: E731
        event.listen(session.get_bind(), "before_cursor_execute", listen)
        campaigns.list_campaigns(session, actor=officer)
        finding.view(session, campaign, actor=officer)
        rows, _ = campaigns.list_declarations(session, campaign, actor=officer)
        _ = [(one.dossier.person.full_name, one.dossier.person.unit.name, account) for one, account in rows]
        campaigns.waiting_for(session, actor=officer)
        event.remove(session.get_bind(), "before_cursor_execute", listen)
        return sum(statement.startswith("SELECT") for statement in statements)

    count()
    one = count()
    for place in range(6):
        factories.make_dossier(session, world.units["sonv"], f"Người {place}")
    campaigns.take_in(session, asked.campaign, actor=officer)
    campaigns.open_campaign(session, opening(world), actor=officer)
    assert count() == one


def test_attesting_many_leaves_those_behind_that_cannot_be(session, world, actor) -> None:
    made = [factories.make_dossier(session, world.units["sonv"], f"Người {place}") for place in range(3)]
    campaign = campaigns.open_campaign(session, opening(world), actor=actor("canbo.sonv"))
    for declaration in session.scalars(select(Declaration)).all():
        campaigns.save(session, declaration, Draft(), actor=actor("canbo.sonv"))
        campaigns.hand_in(session, declaration, actor=actor("canbo.sonv"))
        campaigns.finish_check(session, declaration, actor=actor("canbo.sonv"))
    made[1].frozen = True
    session.flush()
    with pytest.raises(ConfirmationNeeded):
        campaigns.attest_all(session, campaign, actor=replace(actor("bithu.sonv"), confirmed=False))
    done, left = campaigns.attest_all(session, campaign, actor=confirmed(actor("bithu.sonv")))
    assert done == 2 and [one.dossier_id for one, _ in left] == [made[1].id]


def test_the_rules_are_whole_and_a_mistake_is_named(tmp_path) -> None:
    for category in Category:
        assert catalogue.supplement_form(category.value, today()).signers
    text = (FOLDER / "supplements.yaml").read_text(encoding="utf-8")
    path = tmp_path / "supplements.yaml"
    path.write_text(text.replace('last_day: "12-30"', 'last_day: "12-32"'), encoding="utf-8")
    with pytest.raises(catalogue.CatalogueError, match="12-32"):
        read_supplements(path)
    path.write_text(text.replace("applies_to: [cadre]", "applies_to: [civil_servant]"), encoding="utf-8")
    with pytest.raises(catalogue.CatalogueError, match="same dossiers"):
        read_supplements(path)


def test_a_unit_that_is_not_there_is_refused(session, world, actor) -> None:
    assert session.get(Unit, "x") is None
    with pytest.raises(Refused):
        campaigns.open_campaign(session, opening(world, unit_ids=["x"]), actor=actor("canbo.sonv"))
