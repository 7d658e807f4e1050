"""The short CV of a dossier: what is known, by whom it may be seen, and who took it."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import catalogue, db, record
from oms.catalogue.form_prints import form_print
from oms.errors import BadInput, ConfirmationNeeded, Refused
from oms.models import AuditEntry, AuditWords, Category, Dossier, Gender
from oms.organisation import today
from oms.papers import short_cvs
from oms.permissions import Actor
from oms.printing.short_cv import DOTTED, WITHHELD
from oms.record.settled import is_twice
from tests.factories import World
from tests.printing.test_short_cv import text_of, word_text, words
from tests.test_checks import CAREER, NAME, dossier_of, put

Find = Callable[[str], Actor]


def take(session: Session, dossier: Dossier, who: Actor, **more: object) -> bytes:
    given: dict[str, object] = {"form_id": "2C-BNV/2008", "kind": "docx", "purpose": "Bổ nhiệm lại", "actor": who}
    return short_cvs.take(session, dossier, **(given | more)).body  # type: ignore[arg-type]


def confirmed(actor: Find, username: str = "canbo.sonv") -> Actor:
    return replace(actor(username), confirmed=True)


def with_pages(session: Session, world: World) -> Dossier:
    dossier = dossier_of(session, world)
    dossier.person.gender = Gender.MALE
    tables = {"work_history": CAREER, "family_self": [["Bố", "Vàng A Chứ", "1950", "nông dân"]]}
    put(session, dossier, {"full_name": NAME, "religion": "Không", "rank_code": "01.003"}, tables=tables)
    return dossier


def entries(session: Session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action == "paper:short_cv")))


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_only_what_was_entered_unless_the_rest_is_wished(
    session: Session, world: World, actor: Find, kind: str
) -> None:
    dossier, who = with_pages(session, world), confirmed(actor)
    read = word_text if kind == "docx" else lambda content: words(text_of(content))
    said = read(take(session, dossier, who, kind=kind))
    assert "3) Sinh ngày: 03 tháng 05 năm 1980, Giới tính (nam, nữ): Nam" in said and "VÀNG A PÁO" in said
    assert "01.003" not in said and CAREER[1][1] not in said and f"Mã ngạch: {DOTTED}" in said
    said = read(take(session, dossier, who, kind=kind, unverified=True))
    assert "Mã ngạch: 01.003 (*)" in said and CAREER[1][1] in said
    assert "3) Sinh ngày: 03 tháng 05 năm 1980, Giới" in said, "what a person entered is not marked"
    first, second = entries(session)
    assert '"unverified":0' in first.body.replace(" ", "") and '"unverified":0' not in second.body.replace(" ", "")
    reason = session.get_one(AuditWords, first.seq)
    assert reason.words == "Bổ nhiệm lại" and first.dossier_id == dossier.id


def test_what_only_few_may_see_is_not_printed(session: Session, world: World, actor: Find) -> None:
    dossier = with_pages(session, world)
    assert "Vàng A Chứ" in word_text(take(session, dossier, confirmed(actor), unverified=True))
    said = word_text(take(session, dossier, replace(actor("bithu.sonv"), confirmed=True), unverified=True))
    assert "Vàng A Chứ" not in said
    closed = catalogue.record_keys("need_to_know", today())
    assert said.count(WITHHELD) == len([thing for thing in catalogue.form("2C-BNV/2008").things if thing.key in closed])


def test_what_was_verified_is_printed_and_not_marked(session: Session, world: World, actor: Find) -> None:
    dossier, officer = with_pages(session, world), confirmed(actor)
    record.key_value(session, dossier, "main_duty", "Theo dõi công tác hồ sơ", actor=officer)
    record.write_row(session, dossier, "training", ["Trường Chính trị tỉnh"], actor=officer)
    said = word_text(take(session, dossier, officer))
    assert "Theo dõi công tác hồ sơ" in said and "Trường Chính trị tỉnh" in said


def test_a_purpose_a_fresh_password_and_the_right_are_needed(session: Session, world: World, actor: Find) -> None:
    dossier = with_pages(session, world)
    with pytest.raises(BadInput, match="what the file is for"):
        take(session, dossier, confirmed(actor), purpose=" ")
    with pytest.raises(ConfirmationNeeded):
        take(session, dossier, replace(actor("canbo.sonv"), confirmed=False))
    with pytest.raises(BadInput, match="forms"):
        take(session, dossier, confirmed(actor), form_id="HS02-VC/BNV")
    with pytest.raises(BadInput, match="Word or PDF"):
        take(session, dossier, confirmed(actor), kind="exe")
    for username in ("canbo.sotc", "quantri", "kiemtra.khoi"):
        with pytest.raises(Refused):
            take(session, dossier, confirmed(actor, username))
    assert entries(session) == []


def test_each_dossier_has_its_usual_form(session: Session, world: World) -> None:
    kinds = {kind: record.usual_form(dossier_of(session, world, category=kind)) for kind in Category}
    assert kinds[Category.PARTY_MEMBER] == kinds[Category.CADRE] == "2C/TCTW-98"
    assert kinds[Category.CIVIL_SERVANT] == "2C-BNV/2008"


def test_the_page_asks_and_another_unit_finds_nothing(
    engine: Engine, world: World, client_as: Callable[[str], FlaskClient]
) -> None:
    with db.writing(engine) as session:
        dossier_id = with_pages(session, world).id
    client = client_as("canbo.sonv")
    text = client.get(f"/short-cvs/{dossier_id}").get_data(as_text=True)
    assert "2C-BNV/2008" in text and 'name="unverified"' in text
    assert f"/short-cvs/{dossier_id}" in client.get(f"/dossiers/{dossier_id}").get_data(as_text=True)
    form = {"form": "2C-BNV/2008", "kind": "docx", "purpose": ""}
    assert client.post(f"/short-cvs/{dossier_id}", data=form).status_code in (400, 422)
    assert client_as("canbo.sotc").get(f"/short-cvs/{dossier_id}").status_code == 404
    assert client_as("canbo.sotc").post(f"/short-cvs/{dossier_id}", data=form).status_code == 404
    with db.reading(engine) as session:
        assert entries(session) == []


def test_the_word_file_opens_again(session: Session, world: World, actor: Find, tmp_path: Path) -> None:
    path = tmp_path / "cv.docx"
    path.write_bytes(take(session, with_pages(session, world), confirmed(actor), form_id="2C/TCTW-98"))
    document = Document(io.BytesIO(path.read_bytes()))
    assert any("SƠ YẾU LÝ LỊCH" in paragraph.text for paragraph in document.paragraphs)
    assert "{{" not in word_text(path.read_bytes())


TEXTS = {
    "date": "03/02/1998",
    "month_year": "02/1998",
    "phone": "0912345678",
    "id_number": "068080001234",
    "insurance_number": "5812345678",
    "rank_code": "01.003",
    "step": "4/9",
    "decimal_comma": "3,33",
    "money": "2.340.000",
    "int": "165",
    "height_m": "1m65",
    "general_education": "12/12",
    "boolean": "Có",
}


def keep_whole_record(session: Session, dossier: Dossier, form_id: str, officers: list[Actor]) -> dict[str, str]:
    """Every value of a form and two rows of every table, written as officers write them; what must be printed, by key."""
    asked: dict[str, str] = {}
    for place, item in enumerate(catalogue.form(form_id).items):
        text = "Nam" if item.key == "gender" else TEXTS.get(item.type, f"điều thứ {place}")
        for officer in officers[: 2 if is_twice(item.key) else 1]:
            record.key_value(session, dossier, item.key, text, actor=officer, form_id=form_id)
        asked[item.key] = record.as_asked(item.type, text)
    for number, table in enumerate(catalogue.form(form_id).tables):
        for row in (1, 2):
            cells = [f"b{number}h{row}c{place}" for place in range(max(len(table.columns), 1))]
            record.write_row(session, dossier, table.key, cells, actor=officers[0], form_id=form_id)
    return asked


@pytest.mark.parametrize("form_id", ["2C-BNV/2008", "2C/TCTW-98"])
def test_the_whole_record_is_printed_item_by_item(session: Session, world: World, actor: Find, form_id: str) -> None:
    dossier = dossier_of(session, world)
    officers = [confirmed(actor), confirmed(actor, "canbo2.sonv")]
    asked = keep_whole_record(session, dossier, form_id, officers)
    printed = form_print(form_id)
    word = word_text(take(session, dossier, officers[0], form_id=form_id))
    paper = words(text_of(take(session, dossier, officers[0], form_id=form_id, kind="pdf")))
    asked["full_name"] = asked["full_name"].upper()
    for text in (*printed.left, *printed.right, *printed.lines):
        line = text.replace("{birth_date in words}", "03 tháng 02 năm 1998").format_map(asked)
        assert words(line) in word and words(line) in paper
    for number, table in enumerate(catalogue.form(form_id).tables):
        for row in (1, 2):
            for place in range(max(len(table.columns), 1)):
                assert f"b{number}h{row}c{place}" in word and f"b{number}h{row}c{place}" in paper
    assert "(*)" not in word and WITHHELD not in word


def test_a_free_text_in_parts_stands_below_its_parts(session: Session, world: World, actor: Find) -> None:
    dossier, officer = dossier_of(session, world), confirmed(actor)
    for answer in ("Không bị bắt, không bị tù.", "Không tham gia tổ chức nào.", "Có cô ruột ở Pháp."):
        record.write_row(session, dossier, "personal_history", [answer], actor=officer)
    said = word_text(take(session, dossier, officer))
    first, second, third = form_print("2C-BNV/2008").blocks[2].parts
    assert words(f"{first} Không bị bắt, không bị tù. {second}") in said
    assert words(f"{third} Có cô ruột ở Pháp. 30)") in said
    assert "Không bị bắt" not in word_text(take(session, dossier, confirmed(actor, "bithu.sonv")))


def test_a_record_kept_by_one_form_is_printed_by_another(session: Session, world: World, actor: Find) -> None:
    dossier, officer = dossier_of(session, world), confirmed(actor)
    new, old = "SYLL-TT06-2023", "2C/TCTW-98"
    rows = {
        "work_history": ["8/2003", "5/2010", "Sở Nội vụ", "Chuyên viên"],
        "salary_history": ["1/2020", "1/2023", "01.003", "4", "3,33", ""],
        "training_professional": ["9/1998", "6/2002", "Đại học Đà Lạt", "Luật", "Chính quy", "Cử nhân"],
        "awards": ["2019", "", "", "Bằng khen của Chủ tịch UBND tỉnh"],
        "family_self": ["Bố", "Vàng A Chứ", "1950", "nông dân"],
        "family_spouse": ["Bố vợ", "Giàng A Sử", "1948", "nông dân"],
    }
    for key, cells in rows.items():
        record.write_row(session, dossier, key, cells, actor=officer, form_id=new)
    record.key_value(session, dossier, "height_cm", "168", actor=officer, form_id=new)
    record.key_value(session, dossier, "highest_qualification", "Thạc sĩ Luật", actor=officer, form_id=new)
    said = word_text(take(session, dossier, officer, form_id=old))
    for part in (
        "8/2003 - 5/2010 Chuyên viên, Sở Nội vụ",
        "Đại học Đà Lạt Luật 9/1998 - 6/2002 Chính quy Cử nhân",
        "22) Khen thưởng: Bằng khen của Chủ tịch UBND tỉnh (2019)",
        "Bố Vàng A Chứ 1950 nông dân Bố vợ Giàng A Sử 1948 nông dân",
        "Cao: 1m68",
        "Học hàm, học vị cao nhất: Thạc sĩ Luật",
    ):
        assert part in said, part
    assert "1/2020" in said and "01.003/4" in said and "3,33" in said
    closed = word_text(take(session, dossier, confirmed(actor, "bithu.sonv"), form_id=old))
    assert "Giàng A Sử" not in closed and "1m68" not in closed and "8/2003 - 5/2010" in closed


def test_that_there_is_none_is_printed(session: Session, world: World, actor: Find) -> None:
    dossier, officer = dossier_of(session, world), confirmed(actor)
    record.key_value(session, dossier, "discipline_summary", "Không", actor=officer)
    put(session, dossier, {"highest_title": "Không"})
    said = word_text(take(session, dossier, officer, unverified=True))
    assert "22) Kỷ luật: Không (về đảng" in said and "phong tặng cao nhất: Không (*)" in said


def test_relatives_of_one_list_stand_on_their_sides(session: Session, world: World, actor: Find) -> None:
    dossier, officer = dossier_of(session, world), confirmed(actor)
    for relation, name in (("Vợ", "Sùng Thị Mai"), ("Mẹ vợ", "Lý Thị Dợ"), ("Em trai", "Vàng A Lềnh")):
        record.write_row(session, dossier, "family", [relation, name, "", ""], actor=officer, form_id="2C/TCTW-98")
    said = word_text(take(session, dossier, officer))
    own, spouse = said.split("b) Về bên vợ (hoặc chồng)")
    assert "Sùng Thị Mai" in own and "Vàng A Lềnh" in own and "Lý Thị Dợ" in spouse and "Lý Thị Dợ" not in own


def test_what_was_verified_otherwise_stands_before_what_was_read(session: Session, world: World, actor: Find) -> None:
    dossier, officer = dossier_of(session, world), confirmed(actor)
    put(session, dossier, {"highest_academic": "Cử nhân"})
    record.key_value(session, dossier, "highest_qualification", "Thạc sĩ", actor=officer, form_id="SYLL-TT06-2023")
    said = word_text(take(session, dossier, officer, form_id="2C/TCTW-98", unverified=True))
    assert "Học hàm, học vị cao nhất: Thạc sĩ (GS" in said


def test_the_heads_of_the_forms_come_from_the_register(session: Session, world: World, actor: Find) -> None:
    dossier, officer = dossier_of(session, world), confirmed(actor)
    assert "sử dụng CBCC: Đảng bộ cơ sở Sở Nội vụ" in word_text(take(session, dossier, officer))
    said = word_text(take(session, dossier, officer, form_id="2C/TCTW-98"))
    assert "Đơn vị cơ sở: Đảng bộ cơ sở Sở Nội vụ" in said
