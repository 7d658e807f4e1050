"""People from an Excel file: every wrong cell is named, everybody or nobody is entered, nothing is guessed."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy import Engine, func, select

from oms import db, first_load, holds, people
from oms.errors import BadInput, Conflict, Refused
from oms.models import AuditEntry, Category, Dossier, Gender, Job, Person, Precision
from oms.permissions import Actor
from oms.vietnamese.encodings import LegacyEncoding
from tests import factories
from tests.factories import World

HEADINGS = ("STT", "Họ và tên", "Ngày sinh", "Số CCCD", "Loại hồ sơ")
Find = Callable[[str], Actor]


def excel(
    *rows: tuple[Any, ...], headings: tuple[str, ...] = HEADINGS, above: tuple[tuple[Any, ...], ...] = ()
) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in (*above, headings, *rows):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def check(engine: Engine, actor: Actor, content: bytes) -> first_load.Report:
    with db.reading(engine) as session:
        return first_load.check(session, first_load.read(content), actor=actor)


def load(engine: Engine, actor: Actor, content: bytes) -> first_load.Loaded:
    with db.writing(engine) as session:
        return first_load.load(session, first_load.read(content), actor=actor)


def wrong(report: first_load.Report) -> list[tuple[str, str]]:
    return [(f"{mistake.letter}{mistake.row}", str(mistake.error)) for mistake in report.mistakes]


def count(engine: Engine, model: type[Any]) -> int:
    with db.reading(engine) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_everybody_is_entered_with_dossier_log_and_index(engine: Engine, world: World, actor: Find) -> None:
    content = excel(
        (1, "Nguyễn Thị Hòa", date(1985, 3, 2), "068185000001", "Công chức"),
        (2, "Bris", "1990", None, "dang vien"),
        (3, "H'Hen Ni\u0065\u0302", "không nhớ", "245123456", "Viên chức"),
    )
    loaded = load(engine, actor("canbo.sonv"), content)
    assert loaded == first_load.Loaded(people=3, dossiers=3, present=0)
    with db.reading(engine) as session:
        found = {person.full_name: person for person in session.scalars(select(Person))}
        assert set(found) == {"Nguyễn Thị Hòa", "Bris", "H'Hen Niê"}
        assert found["Nguyễn Thị Hòa"].birth_date == date(1985, 3, 2)
        assert (found["Bris"].birth_date, found["Bris"].birth_precision) == (date(1990, 1, 1), Precision.YEAR)
        assert found["H'Hen Niê"].birth_date is None and found["H'Hen Niê"].personal_id == "245123456"
        rows = session.scalars(select(Dossier).order_by(Dossier.number)).all()
        assert [row.number for row in rows] == ["HS-000001", "HS-000002", "HS-000003"]
        assert {row.custodian_id for row in rows} == {world.units["sonv"]}
        entries = session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
        assert entries == ["dossier:create"] * 3 + ["people:load"]
        assert session.scalars(select(Job.kind)).all() == ["index_unit"]


def test_one_wrong_cell_and_nobody_is_entered(engine: Engine, actor: Find) -> None:
    content = excel(("1", "Trần Văn An", "31/02/1980", "", "Công chức"), ("2", "Lê Văn Bình", "", "", "Công chức"))
    with pytest.raises(BadInput, match="1 cells are wrong"):
        load(engine, actor("canbo.sonv"), content)
    assert count(engine, Person) == count(engine, Dossier) == 0


@pytest.mark.parametrize(
    ("row", "cell", "words"),
    [
        ((1, "", "", "", "Công chức"), "B2", "needed"),
        ((1, "Trần Văn 2", "", "", "Công chức"), "B2", "made of letters"),
        ((1, "Trần Văn An", "31/02/1980", "", "Công chức"), "C2", "not a day of the calendar"),
        ((1, "Trần Văn An", "3/2/80", "", "Công chức"), "C2", "four digits"),
        ((1, "Trần Văn An", date(2099, 1, 1), "", "Công chức"), "C2", "future"),
        ((1, "Trần Văn An", "", 68185000001, "Công chức"), "D2", "first zero"),
        ((1, "Trần Văn An", "", "12345", "Công chức"), "D2", "12 digits"),
        ((1, "Trần Văn An", "", "", "Giám đốc"), "E2", "no category"),
    ],
)
def test_every_wrong_cell_is_named(engine: Engine, actor: Find, row: tuple[Any, ...], cell: str, words: str) -> None:
    (mistake,) = wrong(check(engine, actor("canbo.sonv"), excel(row)))
    assert mistake[0] == cell and words in mistake[1]


def test_all_mistakes_of_a_row_are_found_at_once(engine: Engine, actor: Find) -> None:
    report = check(engine, actor("canbo.sonv"), excel((1, "", "31/02/1980", "1", "x")))
    assert [cell for cell, _ in wrong(report)] == ["B2", "C2", "D2", "E2"] and not report.ready


def test_headings_are_found_below_a_title_in_any_order_and_spelling(engine: Engine, actor: Find) -> None:
    content = excel(
        ("(1)", "(2)", "(3)"),
        ("cong chuc", "Nữ", "Nguyễn Thị Hòa", "ghi chú này không đọc"),
        headings=("ĐỐI TƯỢNG", "gioi tinh", "Họ tên", "Ghi chú"),
        above=(("DANH SÁCH CÁN BỘ, CÔNG CHỨC",), ()),
    )
    report = check(engine, actor("canbo.sonv"), content)
    assert report.rows == 1 and report.unknown == ("Ghi chú",) and report.ready
    assert report.wanted[0].person.gender is Gender.FEMALE and report.wanted[0].category is Category.CIVIL_SERVANT


def test_text_in_an_old_encoding_is_understood(engine: Engine, actor: Find) -> None:
    old = "NguyÔn ThÞ Thu H\u00b5"  # TCVN3
    content = excel(
        (1, old, "", "", "C«ng chøc", "Së Néi vô tØnh L©m §ång"),
        headings=("TT", "Họ và tên", "Ngày sinh", "Số CCCD", "Loại hồ sơ", "Quê quán"),
    )
    report = check(engine, actor("canbo.sonv"), content)
    assert wrong(report) == []
    assert report.wanted[0].person.full_name == "Nguyễn Thị Thu Hà", LegacyEncoding.TCVN3


def test_the_same_file_enters_nobody_twice(engine: Engine, actor: Find) -> None:
    officer = actor("canbo.sonv")
    content = excel(
        (1, "Nguyễn Thị Hòa", "02/03/1985", "068185000001", "Công chức"), (2, "Lê Văn Bình", "1990", "", "Công chức")
    )
    load(engine, officer, content)
    report = check(engine, officer, content)
    assert report.present == ((2, "HS-000001"), (3, "HS-000002")) and not report.wanted
    with pytest.raises(BadInput, match="nobody to enter"):
        load(engine, officer, content)
    more = excel(
        (1, "Nguyễn Thị Hòa", "02/03/1985", "068185000001", "Đảng viên"), (2, "Lê Văn Bình", "1990", "", "Công chức")
    )
    assert load(engine, officer, more) == first_load.Loaded(people=0, dossiers=1, present=1)
    assert count(engine, Person) == 2, "one person, two dossiers"


def test_rows_that_contradict_each_other(engine: Engine, actor: Find) -> None:
    content = excel(
        (1, "Nguyễn Thị Hòa", "", "068185000001", "Công chức"),
        (2, "Nguyễn Thị Hoà", "", "068185000001", "Đảng viên"),
        (3, "Trần Văn An", "", "068185000001", "Công chức"),
        (4, "Nguyễn Thị Hòa", "", "068185000001", "Công chức"),
    )
    found = wrong(check(engine, actor("canbo.sonv"), content))
    assert [cell for cell, _ in found] == ["D4", "D5"]
    assert "Row 2 has the same ID number" in found[0][1] and "Row 2 is about the same person" in found[1][1]


def test_a_number_of_somebody_elsewhere_tells_nothing(engine: Engine, world: World, actor: Find) -> None:
    with db.writing(engine) as session:
        person = people.NewPerson(full_name="Phạm Thị Lan", personal_id="068185000009")
        unit = session.get_one(factories.Unit, world.units["sotc"])
        factories.make_dossier(session, unit.id, person=people.add_person(session, person, unit))
    content = excel((1, "Phạm Thị Lan", "", "068185000009", "Công chức"))
    ((cell, words),) = wrong(check(engine, actor("canbo.sonv"), content))
    assert cell == "D2" and words == str(people.id_number_taken()) and "Lan" not in words
    # The holder itself is told, by name, that the number is taken.
    other = excel((1, "Trần Văn An", "", "068185000009", "Công chức"))
    assert "Phạm Thị Lan" in wrong(check(engine, actor("canbo.sotc"), other))[0][1]


def test_units_are_those_of_the_officer(engine: Engine, world: World, actor: Find) -> None:
    headings = ("Họ và tên", "Loại hồ sơ", "Đơn vị")
    content = excel(
        ("Nguyễn Văn An", "Công chức", "chi bo van phong so"),
        ("Nguyễn Văn Ba", "Công chức", "sonv"),
        ("Nguyễn Văn Tư", "Công chức", "Đảng bộ cơ sở Sở Tài chính"),
        headings=headings,
    )
    report = check(engine, actor("canbo.sonv"), content)
    assert [row.unit.code for row in report.wanted] == ["sonv_c1", "sonv"]
    assert {row.custodian.code for row in report.wanted} == {"sonv"}
    ((cell, words),) = wrong(report)
    assert cell == "C4" and "None of your units" in words


def test_a_hold_on_the_person_holds_the_new_dossier(engine: Engine, world: World, actor: Find) -> None:
    officer = actor("canbo.sonv")
    load(engine, officer, excel((1, "Nguyễn Thị Hòa", "", "068185000001", "Công chức")))
    with db.writing(engine) as session:
        dossier = session.scalars(select(Dossier)).one()
        holds.order(
            session,
            dossier,
            whole_person=True,
            reason="Đang thanh tra",
            decision="01-QĐ/UBKT",
            actor=actor("bithu.sonv"),
        )
    load(engine, officer, excel((1, "Nguyễn Thị Hòa", "", "068185000001", "Đảng viên")))
    with db.reading(engine) as session:
        assert session.scalars(select(Dossier.held).where(Dossier.category == Category.PARTY_MEMBER)).all() == [True]


@pytest.mark.parametrize("username", ["bithu.sonv", "quantri", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_only_who_opens_dossiers_loads_people(engine: Engine, actor: Find, username: str) -> None:
    with pytest.raises(Refused):
        load(engine, actor(username), excel((1, "Nguyễn Thị Hòa", "", "", "Công chức")))
    assert count(engine, AuditEntry) == count(engine, Person) == 0


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"PK\x03\x04 broken", excel()[:900]])
def test_what_is_no_workbook_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(BadInput, match=r"not an Excel file"):
        first_load.read(content)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("[Content_Types].xml", "")
        with parts.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(220):
                sheet.write(b"\0" * (1 << 20))
    assert len(out.getvalue()) < first_load.MOST_BYTES
    with pytest.raises(BadInput, match="not an Excel file"):
        first_load.read(out.getvalue())


def test_a_sheet_without_our_headings_and_one_too_long() -> None:
    with pytest.raises(BadInput, match="No row of headings"):
        first_load.read(excel(("An",), headings=("Tên",)))
    rows = [(n, "An", "", "", "Công chức") for n in range(first_load.MOST_ROWS + 1)]
    with pytest.raises(BadInput, match="at most 10000 people"):
        first_load.read(excel(*rows))


def test_formulas_are_read_as_their_values_and_never_run() -> None:
    (row,) = first_load.read(excel((1, "An", '=HYPERLINK("http://x","1")', "", "Công chức"))).rows
    assert "birth_date" not in row.cells


def test_the_template_comes_back_as_it_went_out(engine: Engine, actor: Find) -> None:
    content = first_load.template(["Đảng bộ cơ sở Sở Nội vụ"], lambda message: message)
    book = load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    values = {"Họ và tên": "Nguyễn Thị Hòa", "Số CCCD": "068185000001", "Loại hồ sơ": "Cadre", "Hộp": "12"}
    for place, heading in enumerate(headings, start=1):
        sheet.cell(2, place).value = values.get(heading)
    out = io.BytesIO()
    book.save(out)
    load(engine, actor("canbo.sonv"), out.getvalue())
    with db.reading(engine) as session:
        dossier = session.scalars(select(Dossier)).one()
        assert (dossier.person.personal_id, dossier.shelf_box, dossier.category) == (
            "068185000001",
            "12",
            Category.CADRE,
        )


def test_two_who_load_the_same_person_at_once(engine: Engine, actor: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = actor("canbo.sonv")
    content = excel((1, "Nguyễn Thị Hòa", "", "068185000001", "Công chức"))
    load(engine, officer, content)
    monkeypatch.setattr("oms.first_load.loading._owners", lambda *_: {})
    monkeypatch.setattr("oms.first_load.loading._held_by", lambda *_: {})
    with pytest.raises(Conflict, match="just now"):
        load(engine, officer, content)
    assert count(engine, Person) == count(engine, Dossier) == 1


def send(client: FlaskClient, act: str, content: bytes) -> Any:
    return client.post("/people/load", data={"act": act, "file": (io.BytesIO(content), "ds.xlsx")})


def test_the_page_looks_first_and_enters_then(client_as: Callable[[str], FlaskClient], engine: Engine) -> None:
    client = client_as("canbo.sonv")
    client.set_cookie("language", "en")
    assert "From an Excel file" in client.get("/people").text
    bad = send(client, "check", excel((1, "Trần <b>An", "31/02/1980", "", "Công chức")))
    assert "B2" in bad.text and "C2" in bad.text and "<b>An" not in bad.text and count(engine, Person) == 0
    assert send(client, "load", excel((1, "", "", "", ""), (2, "An", "", "", "x"))).status_code == 422
    assert send(client, "check", b"").status_code == 422
    good = excel((1, "Trần Văn An", "", "", "Công chức"))
    assert "1 rows can be entered" in send(client, "check", good).text and count(engine, Person) == 0
    assert "1 dossiers of 1 new people were entered" in send(client, "load", good).text
    assert count(engine, Person) == 1
    found = load_workbook(io.BytesIO(client.get("/people/load/template.xlsx").data))
    assert found.worksheets[0].cell(1, 1).value == "Họ và tên"
    administrator = client_as("quantri")
    before = count(engine, AuditEntry)
    assert send(administrator, "load", good).status_code == 403
    assert count(engine, Person) == 1 and count(engine, AuditEntry) == before + 1
