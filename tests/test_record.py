"""The record: what was read, keyed and decided about a value, and what holds."""

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import DatabaseError

from oms import catalogue, db, purging, record
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, Page, RecordStatement
from oms.organisation import today
from oms.record import ValueState, values
from tests import factories


@pytest.fixture
def dossier(session, world):
    return factories.make_dossier(session, world.units["sonv"])


def form_page(session, world, dossier, **fields):
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"sơ yếu lý lịch {fields}",))
    page = session.scalars(select(Page).where(Page.scan_id == scan.id)).one()
    page.findings = {
        "form": "2C-BNV/2008",
        "fields": {
            key: {"value": text, "box": [1, 2, 30, 10], "confidence": 80.0, "flag": None}
            for key, text in fields.items()
        },
    }
    session.flush()
    return page


def value_of(session, dossier, key, actor):
    return record.get_record(session, dossier, actor=actor).values[key]


def entries(session):
    return [
        action
        for action in session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq))
        if action.startswith("record:")
    ]


def test_one_officer_verifies_an_ordinary_value_and_no_later_reading_overwrites_it(session, world, actor, dossier):
    officer = actor("canbo.sonv")
    page = form_page(session, world, dossier, home_town="Đà Lat")
    assert record.propose(session, dossier, page, actor=officer) == ["home_town"]
    found = value_of(session, dossier, "home_town", officer)
    assert (found.state, found.text, found.statements[0].box) == (ValueState.READ, "Đà Lat", [1, 2, 30, 10])
    record.state(session, dossier, key="home_town", text="Đà Lạt", page=page, actor=officer)
    again = form_page(session, world, dossier, home_town="Hà Nội")
    for overwrite in (False, True):
        assert record.propose(session, dossier, again, actor=officer, overwrite=overwrite) == []
    found = value_of(session, dossier, "home_town", officer)
    assert (found.state, found.text) == (ValueState.VERIFIED, "Đà Lạt")
    assert [one.text for one in found.statements] == ["Đà Lat", "Đà Lạt"]
    assert entries(session) == ["record:propose", "record:view", "record:keyed", "record:view"]


def test_a_reading_fills_what_is_empty_and_replaces_a_reading_only_when_told(session, world, actor, dossier):
    officer = actor("canbo.sonv")
    record.propose(session, dossier, form_page(session, world, dossier, home_town="Huế"), actor=officer)
    other = form_page(session, world, dossier, home_town="Vinh", main_duty="")
    assert record.propose(session, dossier, other, actor=officer) == []
    assert record.propose(session, dossier, other, actor=officer, overwrite=True) == ["home_town"]
    assert value_of(session, dossier, "home_town", officer).text == "Vinh"
    assert value_of(session, dossier, "main_duty", officer).state == ValueState.EMPTY


def test_two_officers_key_a_birth_date_and_the_second_does_not_see_the_first(session, actor, dossier):
    first, second = actor("canbo.sonv"), actor("canbo2.sonv")
    record.state(session, dossier, key="birth_date", text="2/3/1985", actor=first)
    record.state(session, dossier, key="birth_date", text="02/03/1985", actor=first)
    mine = value_of(session, dossier, "birth_date", first)
    assert (mine.state, mine.text) == (ValueState.KEYED, "02/03/1985"), "one officer alone verifies nothing"
    theirs = value_of(session, dossier, "birth_date", second)
    assert (theirs.state, theirs.text, theirs.statements) == (ValueState.KEYED, None, ())
    done = record.state(session, dossier, key="birth_date", text="02-03-1985", actor=second)
    assert (done.state, done.text, str(done.date)) == (ValueState.VERIFIED, "02/03/1985", "02/03/1985")


def test_a_disagreement_is_settled_by_a_third_person(session, actor, dossier):
    first, second, head = actor("canbo.sonv"), actor("canbo2.sonv"), actor("bithu.sonv")
    record.state(session, dossier, key="birth_date", text="02/03/1985", actor=first)
    with pytest.raises(Conflict):
        record.settle(session, dossier, key="birth_date", text="02/03/1985", actor=head)
    found = record.state(session, dossier, key="birth_date", text="03/02/1985", actor=second)
    assert (found.state, found.text, len(found.statements)) == (ValueState.DISPUTED, None, 2)
    with pytest.raises(Refused):
        record.settle(session, dossier, key="birth_date", text="03/02/1985", actor=first)
    with pytest.raises(Conflict):
        record.state(session, dossier, key="birth_date", text="03/02/1985", actor=first)
    found = record.settle(session, dossier, key="birth_date", text="03/02/1985", actor=head)
    assert (found.state, found.text) == (ValueState.VERIFIED, "03/02/1985")
    found = record.state(session, dossier, key="birth_date", text="1985", actor=second)
    assert (found.state, found.text) == (ValueState.DISPUTED, "03/02/1985"), "what was decided holds meanwhile"
    assert entries(session) == ["record:keyed", "record:keyed", "record:decided", "record:keyed"]


def test_sensitive_values_are_absent_for_those_who_do_not_need_them(session, actor, dossier):
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    record.state(session, dossier, key="religion", text="Không", actor=officer)
    assert value_of(session, dossier, "religion", officer).text == "Không"
    shown = record.get_record(session, dossier, actor=head).values
    assert not shown.keys() & catalogue.record_keys("need_to_know", today())
    assert {"birth_date", "party_join_date"} <= shown.keys()
    with pytest.raises(NotFound):
        record.settle(session, dossier, key="religion", text="Không", actor=head)


def test_only_the_holder_keys_and_nobody_while_the_dossier_is_under_way(session, actor, dossier):
    with pytest.raises(Refused):
        record.get_record(session, dossier, actor=actor("canbo.sotc"))
    with pytest.raises(Refused):
        record.state(session, dossier, key="home_town", text="Huế", actor=actor("canbo.sotc"))
    with pytest.raises(Refused):
        record.state(session, dossier, key="home_town", text="Huế", actor=actor("bithu.sonv"))
    dossier.frozen = True
    with pytest.raises(Refused, match="held still"):
        record.state(session, dossier, key="home_town", text="Huế", actor=actor("canbo.sonv"))
    assert entries(session) == []


def test_a_statement_is_never_altered(engine, session, actor, dossier):
    record.state(session, dossier, key="home_town", text="Huế", actor=actor("canbo.sonv"))
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(update(RecordStatement).values(text="Vinh"))


def test_what_was_said_from_a_sealed_page_is_not_shown_and_from_a_destroyed_one_is_gone(
    session, settings, world, actor, dossier
):
    officer = actor("canbo.sonv")
    page = form_page(session, world, dossier, home_town="Huế")
    record.propose(session, dossier, page, actor=officer)
    page.scan.sealed = True
    session.flush()
    assert value_of(session, dossier, "home_town", officer).state == ValueState.EMPTY
    with pytest.raises(NotFound):
        record.propose(session, dossier, page, actor=officer)
    page.scan.sealed = False
    purging.destroy(session, settings, [page.scan])
    assert session.scalar(select(func.count(RecordStatement.id))) == 0


def test_the_record_takes_the_same_number_of_questions_however_much_it_holds(engine, session, actor, dossier):
    officer = actor("canbo.sonv")

    def questions() -> int:
        asked = []
        listen = lambda *arguments: asked.append(arguments[2])  # noqa: E731
        with db.reading(engine) as reader:
            event.listen(engine, "before_cursor_execute", listen)
            record.get_record(reader, reader.get_one(type(dossier), dossier.id), actor=officer)
            event.remove(engine, "before_cursor_execute", listen)
        return len(asked)

    record.state(session, dossier, key="home_town", text="Huế", actor=officer)
    session.commit()
    one = questions()
    for key in ("birth_place", "main_duty", "staff_code", "health", "work_strength"):
        record.state(session, dossier, key=key, text="Huế", actor=officer)
    session.commit()
    assert questions() == one


@pytest.mark.parametrize(
    ("key", "written", "kept"),
    [
        ("birth_date", "ngày 3 tháng 2 năm 1998", "03/02/1998"),
        ("birth_date", "2/1998", "02/1998"),
        ("birth_date", "1998", "1998"),
        ("birth_date", "không nhớ", "không nhớ"),
        ("id_number", "068 085 001 234", "068085001234"),
        ("id_number", "250123456", "250123456"),
        ("social_insurance_no", "6812345678", "6812345678"),
        ("salary_coefficient", "3.33", "3,33"),
        ("salary_step", "Bậc 4 / 9", "4/9"),
        ("salary_step", "VK 5%", "VK 5%"),
        ("job_salary_amount", "7.500.000 đồng", "7500000"),
        ("full_name", "Nguye\u0302\u0303n Thi\u0323 Ho\u0300a", "Nguyễn Thị Hòa"),
        ("full_name", "K'Bris", "K'Bris"),
    ],
)
def test_what_may_be_said(key, written, kept):
    assert values.check(key, written) == kept


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("birth_date", "31/02/1998"),
        ("birth_date", "năm ngoái"),
        ("id_number", "12345678"),
        ("social_insurance_no", "123456789"),
        ("salary_coefficient", "ba"),
        ("salary_step", "13/9"),
        ("job_salary_amount", "nhiều"),
        ("home_town", "  "),
        ("home_town", "Céng hßa x· héi chñ nghÜa ViÖt Nam"),
        ("home_town", "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_label(key, written):
    with pytest.raises(BadInput) as refused:
        values.check(key, written)
    assert refused.value.values["label"] == values.item(key).labels[0]
    assert str(refused.value)


def test_the_rules_speak_of_keys_that_forms_ask_for_and_close_what_is_sensitive():
    things = [thing for form in catalogue.forms() for thing in form.things]
    closed = catalogue.record_keys("need_to_know", today())
    assert closed | catalogue.record_keys("keyed_twice", today()) <= {thing.key for thing in things}
    sensitive = {thing.key for thing in things if thing.sensitive or thing.restricted}
    assert sensitive - closed == {"party_join_date", "party_official_date"}
