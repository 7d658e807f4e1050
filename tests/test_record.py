"""The record: what is read, keyed once or twice, disputed and decided; who sees what; nothing written is lost."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from oms import catalogue, checks, record
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, Dossier, Page, RecordRow, RecordStatement
from oms.permissions import Actor
from oms.record import ValueState
from oms.record.facts import gather
from oms.record.values import as_kept
from tests.factories import World
from tests.test_checks import dossier_of, put

Find = Callable[[str], Actor]
READ = {
    "full_name": "VÀNG A PÁO",
    "birth_date": "03/05/1980",
    "rank_code": "01.003",
    "religion": "Không",
    "other_names": "Páo",
}
FORM = "2C-BNV/2008"


@pytest.fixture
def dossier(session: Session, world: World) -> Dossier:
    made = dossier_of(session, world)
    put(
        session,
        made,
        READ,
        tables={"work_history": [["01/2001 - 12/2005", "Chuyên viên"]], "family_self": [["Cha", "X"]]},
    )
    return made


@pytest.fixture
def second(dossier: Dossier, session: Session, actor: Find) -> Actor:
    """Another officer of the same unit."""
    return actor("canbo2.sonv")


def acts(session: Session) -> list[str]:
    session.flush()
    query = select(AuditEntry.action).where(AuditEntry.action.like("record:%")).order_by(AuditEntry.seq)
    return list(session.scalars(query))


def state_of(session: Session, dossier: Dossier, key: str, actor: Actor) -> tuple[ValueState, str | None]:
    found = record.get_record(session, dossier, actor=actor).values[key]
    return found.state, found.text


def test_what_is_read_is_proposed_and_what_is_keyed_stays_whatever_is_read_later(session, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    assert state_of(session, dossier, "other_names", officer) == (ValueState.READ, "Páo")
    assert state_of(session, dossier, "health", officer) == (ValueState.EMPTY, None)
    record.key_value(session, dossier, "other_names", "  Vàng   Páo ", actor=officer)
    page = session.scalars(select(Page)).one()
    page.findings = {**page.findings, "fields": {"other_names": {"value": "Fáo", "box": [1, 2, 3, 4], "flag": None}}}
    session.flush()
    value = record.get_record(session, dossier, actor=officer).values["other_names"]
    assert (value.state, value.text) == (ValueState.VERIFIED, "Vàng Páo") and value.read.text == "Fáo"
    (said,) = record.statements_of(session, dossier)["other_names"]
    assert (said.read_text, said.page_id, said.box) == ("Páo", page.id, [100, 200, 300, 40])
    assert acts(session) == ["record:key"]


def test_a_value_keyed_twice_needs_two_who_do_not_see_each_other(session, dossier, actor, second) -> None:
    first = actor("canbo.sonv")
    one = record.key_value(session, dossier, "birth_date", "3/5/1980", actor=first)
    assert (one.state, one.text, one.mine) == (ValueState.KEYED, "03/05/1980", True)
    record.key_value(session, dossier, "birth_date", "03/05/1980", actor=first)
    assert state_of(session, dossier, "birth_date", first)[0] is ValueState.KEYED, "one officer twice is one officer"
    seen = record.get_record(session, dossier, actor=second).values["birth_date"]
    assert seen.hidden and seen.waiting == () and seen.text == READ["birth_date"], "only what the paper says"
    assert "birth_date" in record.get_record(session, dossier, actor=second).left
    assert "birth_date" not in record.get_record(session, dossier, actor=first).left
    assert record.key_value(session, dossier, "birth_date", "03-05-1980", actor=second).state is ValueState.VERIFIED
    with pytest.raises(Conflict, match="correction"):
        record.key_value(session, dossier, "birth_date", "04/05/1980", actor=first)


def test_a_dispute_is_decided_by_a_third(session, dossier, actor, second) -> None:
    first, head = actor("canbo.sonv"), actor("bithu.sonv")
    record.key_value(session, dossier, "birth_date", "03/05/1980", actor=first)
    with pytest.raises(Conflict):
        record.decide(session, dossier, "birth_date", "03/05/1980", reason="x", actor=head)
    assert record.key_value(session, dossier, "birth_date", "08/05/1980", actor=second).state is ValueState.DISPUTED
    for one in (first, second):
        with pytest.raises(Refused, match="third"):
            record.decide(session, dossier, "birth_date", "03/05/1980", reason="x", actor=one)
    with pytest.raises(BadInput):
        record.decide(session, dossier, "birth_date", "03/05/1980", reason=" ", actor=head)
    value = record.decide(session, dossier, "birth_date", "03/05/1980", reason="Bản gốc ghi 03", actor=head)
    assert (value.state, value.text) == (ValueState.VERIFIED, "03/05/1980")
    assert len(record.statements_of(session, dossier)["birth_date"]) == 3, "all three stay"
    assert acts(session) == ["record:key", "record:key", "record:decide"]


def test_a_correction_by_decision_is_what_the_record_says(session, dossier, actor, second) -> None:
    for one in (actor("canbo.sonv"), second):
        record.key_value(session, dossier, "birth_date", "03/05/1980", actor=one)
    record.follow_decision(session, dossier, "birth_date", "08/05/1980", reason="12-QĐ/TU", actor=actor("bithu.sonv"))
    assert state_of(session, dossier, "birth_date", second) == (ValueState.VERIFIED, "08/05/1980")
    assert record.statements_of(session, dossier)["birth_date"][-1].reason == "12-QĐ/TU"


def test_nothing_written_can_be_altered(session, dossier, actor) -> None:
    record.key_value(session, dossier, "other_names", "Páo", actor=actor("canbo.sonv"))
    with pytest.raises(DBAPIError, match="only added"):
        session.execute(update(RecordStatement).values(text="x"))


def test_two_who_differed_may_come_to_agree(session, dossier, actor, second) -> None:
    record.key_value(session, dossier, "rank_code", "01.003", actor=actor("canbo.sonv"))
    record.key_value(session, dossier, "rank_code", "01.002", actor=second)
    assert record.key_value(session, dossier, "rank_code", "01.003", actor=second).state is ValueState.VERIFIED


def test_who_does_not_need_it_does_not_learn_that_it_exists(session, dossier, actor) -> None:
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    assert {"religion"} <= set(record.get_record(session, dossier, actor=officer).values)
    assert "family_self" in record.get_record(session, dossier, actor=officer).tables
    assert "family_self" not in record.get_record(session, dossier, actor=head).tables
    with pytest.raises(NotFound):
        record.take_rows(session, dossier, "nothing", actor=officer)
    with pytest.raises(Refused):
        record.key_value(session, dossier, "religion", "Không", actor=head)
    for stranger in ("canbo.sotc", "kiemtra.khoi", "quantri"):
        with pytest.raises((Refused, NotFound)):
            record.view(session, dossier, actor=actor(stranger))
    assert acts(session) == []


def test_a_frozen_dossier_is_not_written(session, dossier, actor) -> None:
    dossier.frozen = True
    session.flush()
    with pytest.raises(Refused):
        record.key_value(session, dossier, "other_names", "Páo", actor=actor("canbo.sonv"))
    assert session.scalars(select(RecordStatement)).all() == []


def test_what_was_read_without_a_doubt_is_taken_over_and_nothing_else(session, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    put(session, dossier, {"id_number": "12345"})
    record.key_value(session, dossier, "full_name", "Vàng A Pao", actor=officer)
    assert record.take_read(session, dossier, actor=officer) == 2, "not the twice keyed, the impossible, the keyed"
    assert state_of(session, dossier, "full_name", officer)[1] == "Vàng A Pao"
    assert record.take_read(session, dossier, actor=officer, overwrite=True) == 1
    assert state_of(session, dossier, "full_name", officer)[1] == "VÀNG A PÁO"
    assert state_of(session, dossier, "birth_date", officer)[0] is ValueState.READ


def test_what_the_register_has_otherwise_is_left_to_people(session, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    dossier.person.full_name = "Vàng A Pạo"  # the page says Páo
    record.take_read(session, dossier, actor=officer)
    assert state_of(session, dossier, "full_name", officer) == (ValueState.READ, "VÀNG A PÁO")


def test_rows_are_taken_over_written_anew_and_taken_out(session, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    assert record.take_rows(session, dossier, "work_history", actor=officer) == 1
    (row,) = record.get_record(session, dossier, actor=officer).tables["work_history"]
    record.write_row(
        session, dossier, "work_history", ["02/2001 - 12/2005", "Chuyên viên"], line=row.line, actor=officer
    )
    record.write_row(session, dossier, "work_history", ["01/2006 - nay", "Phó phòng", "thừa"], actor=officer)
    with pytest.raises(BadInput):
        record.write_row(session, dossier, "work_history", ["", " "], actor=officer)
    cells = [row.cells for row in record.get_record(session, dossier, actor=officer).tables["work_history"]]
    assert cells == [("02/2001 - 12/2005", "Chuyên viên"), ("01/2006 - nay", "Phó phòng")]
    record.remove_row(session, dossier, "work_history", row.line, actor=officer)
    with pytest.raises(Conflict):
        record.remove_row(session, dossier, "work_history", row.line, actor=officer)
    assert len(session.scalars(select(RecordRow)).all()) == 4, "every writing stays"
    with pytest.raises(Conflict):
        record.take_rows(session, dossier, "work_history", actor=officer)


def test_what_was_verified_weighs_more_than_what_is_read(session, dossier, actor, second) -> None:
    for one in (actor("canbo.sonv"), second):
        record.key_value(session, dossier, "birth_date", "03/06/1980", actor=one)
    found = [one for one in checks.look_for(session, dossier) if one.kind.value == "birth"]
    assert found, "the register and the page say otherwise"
    record.key_value(session, dossier, "rank_code", "01.009", actor=second)
    held = gather(session, dossier).holding("rank_code")
    assert held is not None and held.text == "01.003", "what one officer keyed counts for nothing yet"


def test_a_destroyed_page_takes_along_what_was_written_from_it(session, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    record.key_value(session, dossier, "other_names", "Páo", actor=officer)
    record.take_rows(session, dossier, "work_history", actor=officer)
    page = session.scalars(select(Page)).one()
    record.forget_pages(session, [page.id])
    session.expire_all()
    assert session.scalars(select(RecordStatement)).all() == [] and session.scalars(select(RecordRow)).all() == []


def test_a_sealed_page_says_nothing(session, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    record.key_value(session, dossier, "other_names", "Páo", actor=officer)
    session.scalars(select(Page)).one().scan.sealed = True
    session.flush()
    assert state_of(session, dossier, "other_names", officer) == (ValueState.EMPTY, None)


def test_the_number_of_queries_does_not_grow(session, engine: Engine, dossier, actor) -> None:
    officer = actor("canbo.sonv")
    counted: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    record.get_record(session, dossier, actor=officer)
    before = len(counted)
    for place in range(12):
        put(session, dossier, {"full_name": f"Người {place}"})
        record.write_row(session, dossier, "training", [f"Trường {place}"], actor=officer)
    session.expire_all()
    session.refresh(dossier)
    counted.clear()
    record.get_record(session, dossier, actor=officer)
    assert len(counted) <= before + 2


@pytest.mark.parametrize(
    ("key", "written", "kept"),
    [
        ("birth_date", "ngày 3 tháng 2 năm 1980", "03/02/1980"),
        ("birth_date", "1980", "1980"),
        ("birth_date", "2/1980", "02/1980"),
        ("birth_date", "không nhớ", "không nhớ"),
        ("id_number", "068 080 001 234", "068080001234"),
        ("id_number", "250123456", "250123456"),
        ("salary_coefficient", "3.33", "3,33"),
        ("salary_step", "4/9", "4/9"),
        ("salary_step", "vk 5%", "VK 5%"),
        ("rank_code", "V.07.01.03", "V.07.01.03"),
        ("gender", "nu", "Nữ"),
        ("full_name", "Nguye\u0302\u0303n Thị Hòa", "Nguyễn Thị Hòa"),
        ("full_name", "H'Hen Niê", "H'Hen Niê"),
        ("social_insurance_no", "0123456789", "0123456789"),
        ("birth_place", "Céng hßa x· héi chñ nghÜa ViÖt Nam", "Cộng hòa xã hội chủ nghĩa Việt Nam"),
    ],
)
def test_what_is_accepted(key: str, written: str, kept: str) -> None:
    item = next(item for item in catalogue.form(FORM).items if item.key == key)
    assert as_kept(item, written) == kept


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("birth_date", "31/02/1980"),
        ("birth_date", "hôm qua"),
        ("id_number", "12345"),
        ("id_number", "06808000123a"),
        ("salary_coefficient", "ba phẩy ba"),
        ("salary_step", "bốn"),
        ("social_insurance_no", "123"),
        ("gender", "X"),
        ("full_name", "A" * 2_001),
    ],
)
def test_what_is_refused(key: str, written: str) -> None:
    item = next(item for item in catalogue.form(FORM).items if item.key == key)
    with pytest.raises(BadInput):
        as_kept(item, written)
