"""Correction by decision: proposed with a paper, decided by the head the law names, the old value kept."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from oms import catalogue, holds, procedures
from oms.catalogue.corrections import read_corrections
from oms.catalogue.reading import FOLDER
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import (
    AuditEntry,
    Category,
    Correction,
    CorrectionState,
    Gender,
    Job,
    PersonAlias,
    Precision,
)
from oms.organisation import today
from oms.permissions import Action, allowed
from oms.procedures import Proposal
from oms.vietnamese.names import sort_key
from tests import factories

REASON = "Giấy khai sinh gốc ghi khác"


@pytest.fixture
def made(session, world, actor):
    """A dossier of Sở Nội vụ with the document that shows the right value."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("GIẤY KHAI SINH",))
    document = factories.make_document(session, dossier, scan, title="Giấy khai sinh", actor=actor("canbo.sonv"))
    return dossier, document


def propose(session, made, actor, field="full_name", value="Nguyễn Thị Hoà An", by="canbo.sonv"):
    dossier, document = made
    return procedures.propose(session, dossier, Proposal(field, value, REASON, document.id), actor=actor(by))


def head(actor, name="bithu.sonv"):
    return replace(actor(name), confirmed=True)


def told(session):
    query = select(AuditEntry.action).where(AuditEntry.action.like("correction:%")).order_by(AuditEntry.seq)
    return list(session.scalars(query))


def test_a_decision_changes_the_value_and_keeps_the_old_one(session, made, actor) -> None:
    dossier, _document = made
    correction = propose(session, made, actor)
    assert dossier.person.full_name == "Nguyễn Thị Hòa", "a proposal changes nothing"
    session.query(Job).delete()
    procedures.decide(session, correction, "15-QĐ/ĐU", today(), actor=head(actor))
    person = dossier.person
    assert (person.full_name, person.sort_key) == ("Nguyễn Thị Hoà An", sort_key("Nguyễn Thị Hoà An"))
    assert (correction.old_value, correction.new_value) == ("Nguyễn Thị Hòa", "Nguyễn Thị Hoà An")
    alias = session.scalars(select(PersonAlias)).one()
    assert (alias.name, alias.source) == ("Nguyễn Thị Hòa", "15-QĐ/ĐU")
    assert set(session.scalars(select(Job.kind))) == {"index_dossier", "check_dossier"}
    assert told(session) == ["correction:propose", "correction:decide"]
    assert procedures.of_dossier(session, dossier, actor=actor("canbo.sonv")) == [correction]


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("birth_date", "3/1985", (date(1985, 3, 1), Precision.MONTH)),
        ("birth_date", "ngày 2 tháng 5 năm 1985", (date(1985, 5, 2), Precision.DAY)),
        ("gender", "Nữ", Gender.FEMALE),
        ("gender", "male", Gender.MALE),
        ("personal_id", "068 085 000 123", "068085000123"),
        ("home_town", "  xã  Hiệp Thạnh ", "xã Hiệp Thạnh"),
        ("party_join_date", "03/02/2010", date(2010, 2, 3)),
    ],
)
def test_each_value_is_set_as_it_is_written(session, made, actor, field, value, kept) -> None:
    correction = propose(session, made, actor, field, value)
    procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor))
    person = made[0].person
    session.flush()
    session.expire_all()
    found = (person.birth_date, person.birth_precision) if field == "birth_date" else getattr(person, field)
    assert found == kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", " "),
        ("birth_date", "31/02/1985"),
        ("birth_date", "không nhớ"),
        ("birth_date", "02/03/1985"),  # what the dossier says already
        ("party_join_date", "2010"),
        ("personal_id", "12"),
        ("gender", "khác"),
        ("unit_id", "x"),
    ],
)
def test_what_cannot_be_a_value_is_refused_in_words(session, made, actor, field, value) -> None:
    with pytest.raises(BadInput):
        propose(session, made, actor, field, value)
    assert told(session) == [] and session.scalars(select(Correction)).all() == []


def test_the_document_is_one_of_the_dossier(session, world, made, actor) -> None:
    other = factories.make_dossier(session, world.units["sonv"], "Trần Văn Ba")
    with pytest.raises(BadInput, match="document of this dossier"):
        propose(session, (other, made[1]), actor)
    made[1].sealed = True
    session.flush()
    with pytest.raises(BadInput, match="document of this dossier"):
        propose(session, made, actor)


@pytest.mark.parametrize("how", ["joined", "member dossier", "own category"])
def test_the_birth_date_of_a_member_is_never_corrected(session, world, made, actor, how) -> None:
    dossier = made[0]
    if how == "joined":
        dossier.person.party_join_date = date(2010, 2, 3)
    elif how == "member dossier":
        factories.make_dossier(session, world.units["sotc"], category=Category.PARTY_MEMBER, person=dossier.person)
    else:
        dossier.category = Category.PARTY_MEMBER
    session.flush()
    with pytest.raises(Refused, match=r"Đ11\.3\.c"):
        propose(session, made, actor, "birth_date", "02/05/1985")
    assert told(session) == []
    assert propose(session, made, actor).state == CorrectionState.PROPOSED, "other values can be corrected"


def test_who_became_a_member_meanwhile_keeps_the_birth_date(session, made, actor) -> None:
    correction = propose(session, made, actor, "birth_date", "02/05/1985")
    made[0].person.party_join_date = date(2026, 2, 3)
    session.flush()
    with pytest.raises(Refused, match=r"Đ11\.3\.c"):
        procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor))
    assert made[0].person.birth_date == date(1985, 3, 2)


@pytest.mark.parametrize(("years", "fixed"), [(62, True), (55, False)])
def test_a_public_employee_is_not_corrected_in_the_last_year(session, made, actor, years, fixed) -> None:
    dossier = made[0]
    dossier.category, dossier.person.gender = Category.PUBLIC_EMPLOYEE, Gender.MALE
    dossier.person.birth_date = date(today().year - years, 1, 15)
    session.flush()
    if fixed:
        with pytest.raises(Refused, match=r"Đ12\.6"):
            propose(session, made, actor, "home_town", "Đà Lạt")
        dossier.category = Category.CIVIL_SERVANT
        session.flush()
    assert propose(session, made, actor, "home_town", "Đà Lạt").number.startswith("DC-")


def test_the_head_of_the_managing_body_decides_and_nobody_else(session, world, made, actor) -> None:
    dossier = made[0]
    dossier.managing_body_id = world.units["btc"]
    session.flush()
    correction = propose(session, made, actor)
    for name in ("bithu.sonv", "bithu.sotc", "canbo.sonv", "canbo.khoi"):
        with pytest.raises(Refused):
            procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor, name))
    with pytest.raises(ConfirmationNeeded):
        procedures.decide(session, correction, "1-QĐ", today(), actor=replace(actor("truongban.khoi"), confirmed=False))
    assert told(session) == ["correction:propose"]
    assert list(procedures.to_decide(session, actor=actor("truongban.khoi"))) == [correction]
    assert list(procedures.to_decide(session, actor=actor("bithu.sonv"))) == []
    procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor, "truongban.khoi"))
    assert correction.state == CorrectionState.DECIDED


def test_a_member_dossier_is_decided_where_it_is_kept(session, world, made, actor) -> None:
    dossier = made[0]
    dossier.category, dossier.managing_body_id = Category.PARTY_MEMBER, world.units["btc"]
    session.flush()
    correction = propose(session, made, actor)
    with pytest.raises(Refused):
        procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor, "truongban.khoi"))
    procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor))
    assert correction.state == CorrectionState.DECIDED


def test_a_correction_of_another_unit_does_not_exist(session, made, actor) -> None:
    propose(session, made, actor)
    for name, seen in (("canbo.sonv", 1), ("bithu.sonv", 1), ("canbo.sotc", 0), ("bithu.sotc", 0), ("quantri", 0)):
        found = session.scalars(select(Correction).where(allowed(actor(name), Action.CORRECTION_READ))).all()
        assert len(found) == seen, name


def test_a_hold_and_a_transfer_stop_both_steps(session, world, made, actor) -> None:
    dossier = made[0]
    correction = propose(session, made, actor)
    words = "Đang xác minh đơn thư"
    holds.order(session, dossier, whole_person=False, reason=words, decision=words, actor=head(actor))
    with pytest.raises(Refused, match="hold"):
        procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor))
    with pytest.raises(Refused, match="hold"):
        propose(session, made, actor, "home_town", "Đà Lạt")
    dossier.held, dossier.frozen = False, True
    session.flush()
    with pytest.raises(Refused, match="transfer"):
        procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor))
    with pytest.raises(Refused, match="transfer"):
        propose(session, made, actor, "home_town", "Đà Lạt")
    assert told(session) == ["correction:propose"]


def test_one_proposal_waits_per_value_and_is_settled_once(session, made, actor) -> None:
    correction = propose(session, made, actor)
    with pytest.raises(Conflict, match="waits"):
        propose(session, made, actor, value="Nguyễn Thị Hoa")
    with pytest.raises(BadInput, match="reason"):
        procedures.refuse(session, correction, "không", actor=head(actor))
    procedures.refuse(session, correction, "Giấy khai sinh cấp lại", actor=head(actor))
    for again in (procedures.refuse, procedures.decide):
        arguments = ("1-QĐ", today()) if again is procedures.decide else ("Đã xem lại rồi",)
        with pytest.raises(Conflict, match="settled"):
            again(session, correction, *arguments, actor=head(actor))
    second = propose(session, made, actor, value="Nguyễn Thị Hoa")
    with pytest.raises(Refused, match="proposed"):
        procedures.withdraw(session, second, actor=head(actor))
    procedures.withdraw(session, second, actor=actor("canbo.sonv"))
    assert told(session) == [
        "correction:propose",
        "correction:refuse",
        "correction:propose",
        "correction:withdraw",
    ]


def test_a_value_that_changed_meanwhile_is_proposed_anew(session, made, actor) -> None:
    correction = propose(session, made, actor)
    made[0].person.full_name = "Nguyễn Thị Hương"
    session.flush()
    with pytest.raises(Conflict, match="changed since"):
        procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor))


def test_an_id_number_of_somebody_else_is_refused_without_a_word_about_them(session, world, made, actor) -> None:
    other = factories.make_dossier(session, world.units["sotc"], "Người Khác")
    other.person.personal_id = "068085000123"
    session.flush()
    correction = propose(session, made, actor, "personal_id", "068085000123")
    with pytest.raises(Conflict) as raised:
        procedures.decide(session, correction, "1-QĐ", today(), actor=head(actor))
    assert "Người Khác" not in str(raised.value) and made[0].person.personal_id is None
    assert correction.state == CorrectionState.PROPOSED


def test_nobody_decides_about_themselves(session, made, actor) -> None:
    correction = propose(session, made, actor)
    with pytest.raises(Refused, match="own dossier"):
        procedures.decide(session, correction, "1-QĐ", today(), actor=replace(head(actor), person_id=made[0].person_id))


def test_the_new_holder_follows_and_the_old_one_forgets(session, world, made, actor) -> None:
    dossier = made[0]
    correction = propose(session, made, actor)
    dossier.custodian_id = dossier.managing_body_id = world.units["sotc"]
    session.flush()
    session.expire_all()
    assert list(procedures.to_decide(session, actor=actor("bithu.sotc"))) == [correction]
    assert procedures.list_corrections(session, actor=actor("canbo.sonv")) == ([], 0)


def test_the_list_asks_as_often_for_many_as_for_one(session, world, made, actor) -> None:
    from sqlalchemy import event

    def count() -> int:
        statements = []
        session.expire_all()
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        found, _total = procedures.list_corrections(session, actor=officer)
        _ = [(one.dossier.person.full_name, one.dossier.custodian.short_name) for one in found]
        return sum(statement.startswith("SELECT") for statement in statements)

    officer = actor("canbo.sonv")
    propose(session, made, actor)
    count()
    one = count()
    for place in range(6):
        dossier = factories.make_dossier(session, world.units["sonv"], f"Người {place}")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"trang {place}",))
        document = factories.make_document(session, dossier, scan, actor=officer)
        propose(session, (dossier, document), actor)
    assert count() == one


def test_every_category_has_its_decider_and_a_mistake_is_named(tmp_path) -> None:
    for category in Category:
        assert catalogue.correction_rule(category.value, today()).basis
    path = tmp_path / "corrections.yaml"
    rule = "  - {id: %s, label_vi: a, label_en: a, applies_to: [cadre], decided_by: custodian, basis: b, source: law}\n"
    path.write_text("version: 1\nas_of: 2026-11-29\ndeciders:\n" + rule % "one" + rule % "two", encoding="utf-8")
    with pytest.raises(catalogue.CatalogueError, match="line 5"):
        read_corrections(path)
    assert {
        field for rule in read_corrections(FOLDER / "corrections.yaml").fixed_values for field in rule.fields
    } <= set(procedures.FIELDS)
