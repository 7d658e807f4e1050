"""Reports on staff: exact of the dossiers one reads, unknown never counted as no, empty where nobody knows."""

import dataclasses
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from oms import catalogue, db
from oms.catalogue.staff_reports import read_staff_reports
from oms.errors import BadInput, ConfirmationNeeded, NotFound, Refused
from oms.figures import staff
from oms.models import AuditEntry, Category, Gender, Person, Precision, Unit
from oms.permissions import Action, Actor
from tests import factories
from tests.factories import World
from tests.test_figures import DAY, add, say

Find = Callable[[str], Actor]


def read(session: Session, actor: Actor, form: str = "bm02", unit_id: str = "") -> staff.StaffFigures:
    unit = session.get_one(Unit, unit_id) if unit_id else None
    return staff.read_staff(session, form, unit, actor=actor, on=DAY)


def sums(found: staff.StaffFigures) -> dict[str, object]:
    """The sums by the headings of their columns; noughts left out."""
    named = zip(found.report.columns, found.total, strict=True)
    return {" ".join(column.heads): number for column, number in named if number != 0}


def test_every_form_draws_on_values_that_are_there() -> None:
    keys = {item.key for form in catalogue.forms() for item in form.items}
    groups = {group.id for group in catalogue.pay_groups()}
    for report in catalogue.staff_reports(DAY):
        assert report.category in set(Category)
        for column in report.columns:
            what, *more = column.says or ("",)
            if what == "level":
                scale = catalogue.scale(more[0], DAY)
                assert scale is not None and set(more[1:]) <= {level.id for level in scale.levels}
                assert set(scale.keys) <= keys
            if what == "rank":
                assert all(any(group.startswith(start) for group in groups) for start in more)
            if report.kind == "people" and what:
                assert what in keys | {"number", "full_name", "born_male", "born_female", "position", "unit"}


def test_a_column_of_no_known_measure_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "staff_reports.yaml"
    head = "version: 1\nas_of: 2026-11-29\nreports:\n  - {id: a, code: A, label_vi: a, label_en: a, basis: a, source: law,\n"
    more = "     category: civil_servant, kind: count, note_vi: a, note_en: a,\n     columns: [{heads: [a], says: feet}]}\n"
    path.write_text(head + more, encoding="utf-8")
    with pytest.raises(catalogue.CatalogueError) as raised:
        read_staff_reports(path)
    assert raised.value.line == 6


def test_the_columns_are_filled_from_register_and_record(session: Session, world: World, actor: Find) -> None:
    officer, sonv = actor("canbo.sonv"), world.units["sonv"]
    one = add(
        session,
        sonv,
        "Lò Thị Một",
        gender=Gender.FEMALE,
        birth_date=date(1972, 5, 1),
        party_join_date=date(2000, 1, 1),
        ethnicity="Thái",
    )
    two = add(session, sonv, "Vi Văn Hai", gender=Gender.MALE, birth_date=date(1962, 1, 1), ethnicity="Kinh")
    add(session, sonv, "Hà Ba", birth_date=date(1995, 1, 1), birth_precision=Precision.YEAR)
    add(session, world.units["sotc"], "Người Khác", gender=Gender.FEMALE)
    for name in ("canbo.sonv", "canbo2.sonv"):
        say(session, one, "rank_code", "01.003", world.accounts[name], 1 if name == "canbo.sonv" else 2)
    say(session, two, "rank_code", "01.002", officer.account_id)  # keyed by one alone
    say(session, one, "highest_qualification", "Thạc sĩ Luật", officer.account_id)
    say(session, one, "religion", "Không", officer.account_id)
    say(session, two, "religion", "Phật giáo", officer.account_id)
    found = read(session, officer)
    told = sums(found)
    assert found.people == 3 and found.elsewhere == 0 and not found.closed
    assert {name: told[name] for name in told if told[name] is not None} == {
        "Tổng số công chức hiện có": 3,
        "Trong đó Đảng viên": 1,
        "Trong đó Phụ nữ": 1,
        "Trong đó Dân tộc ít người": 1,
        "Trong đó Tôn giáo": 1,
        "Chia theo ngạch công chức Chuyên viên và tương đương": 1,
        "Chia theo trình độ Chuyên môn Thạc sĩ": 1,
        "Chia theo độ tuổi Từ 51 đến 60 Tổng số": 1,
        "Chia theo độ tuổi Từ 51 đến 60 Nữ từ 51 đến 55": 1,
        "Chia theo độ tuổi Trên tuổi nghỉ hưu": 1,
    }
    assert told["Tổng số biên chế được giao"] is None, "nobody here knows it"
    assert told["Chia theo trình độ Chính trị Cao cấp"] is None, "nothing is known of anybody"
    assert "Chia theo trình độ Chuyên môn Tiến sĩ" not in told, "of one it is known that she is none"
    assert found.unknown == {
        "age": 1,
        "women": 1,
        "member": 2,
        "minority": 1,
        "religion": 1,
        "retired": 1,
        "rank": 2,
        "highest_qualification": 2,
        "political_theory": 3,
        "state_management": 3,
    }


def test_sensitive_columns_stay_empty_for_a_head(session: Session, world: World, actor: Find) -> None:
    dossier = add(session, world.units["sonv"], ethnicity="Thái")
    say(session, dossier, "religion", "Phật giáo", world.accounts["canbo.sonv"])
    found = read(session, actor("bithu.sonv"))
    assert found.closed and found.people == 1
    told = sums(found)
    assert told["Trong đó Dân tộc ít người"] is None and told["Trong đó Tôn giáo"] is None
    assert not {"minority", "religion"} & set(found.unknown)


def test_whom_it_does_not_cover_is_said(session: Session, world: World, actor: Find) -> None:
    add(session, world.units["sonv"], at=world.units["btc"])
    for number in range(3):
        add(session, world.units["sotc"], f"Người {number}")
    found = read(session, actor("canbo.khoi"))
    assert (found.people, found.elsewhere) == (1, 3) and found.rows[0][0] == "Đảng bộ cơ sở Sở Nội vụ"
    with pytest.raises(NotFound):
        read(session, actor("canbo.sonv"), unit_id=world.units["sotc"])
    with pytest.raises(NotFound):
        read(session, actor("canbo.sonv"), form="bm99")
    for username in ("kiemtra.khoi", "quantri"):
        with pytest.raises(Refused):
            read(session, actor(username))


def test_only_whose_record_one_reads_is_counted(session: Session, world: World, actor: Find) -> None:
    add(session, world.units["sonv"])
    officer = actor("canbo.sonv")
    elsewhere = {**officer.units, Action.RECORD_READ: frozenset({world.units["sotc"]})}
    assert read(session, officer).people == 1
    assert read(session, dataclasses.replace(officer, units=elsewhere)).people == 0


def test_a_form_leaves_in_its_layout(session: Session, world: World, actor: Find) -> None:
    add(session, world.units["sonv"], "=Lò Văn A")

    def take(form: str, who: Actor, purpose: str = "báo cáo năm") -> bytes:
        return staff.export_staff(session, form, None, actor=who, purpose=purpose, translate=lambda text: text, on=DAY)

    officer = actor("canbo.sonv")
    with pytest.raises(BadInput):
        take("bm02", officer, " ")
    with pytest.raises(ConfirmationNeeded):
        take("bm02", dataclasses.replace(officer, confirmed=False))
    book = load_workbook(io.BytesIO(take("bm02", officer)))
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][0] == "BM02/BNV" and rows[4][:2] == ["STT", "Tên đơn vị"]
    assert rows[7][:3] == [1, 2, 3]
    assert rows[8][:4] == [1, "Đảng bộ cơ sở Sở Nội vụ", None, 1] and rows[9][1] == "Tổng cộng"
    merged = {str(area) for area in sheet.merged_cells.ranges}
    assert {"A5:A7", "E5:H5", "E6:E7", "AJ5:AP5"} & merged >= {"A5:A7", "E5:H5", "E6:E7"}
    facts = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert facts["People counted"] == 1 and facts["Purpose"] == "báo cáo năm" and "Not known: gender" in facts
    dossier = factories.make_dossier(
        session, world.units["sonv"], category=Category.PUBLIC_EMPLOYEE, person=session.scalars(select(Person)).first()
    )
    say(session, dossier, "other_allowance", "0,2", officer.account_id)
    listed = load_workbook(io.BytesIO(take("bm02-vc", officer))).worksheets[0]
    row = next(row for row in listed.iter_rows(values_only=True) if row[1] == "=Lò Văn A")
    assert row[0] == 1 and "0,2" in row
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert actions[-2:] == ["figures:report", "figures:export"]


def test_the_pages(client_as: Callable[[str], FlaskClient], engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        add(session, world.units["sonv"], gender=Gender.FEMALE)
    client = client_as("canbo.sonv")
    client.set_cookie("language", "en")
    page = client.get("/figures/reports/bm02").text
    assert "To be confirmed" in page and "Phụ nữ" in page and "stays empty" in page
    assert "Nobody to report" in client.get("/figures/reports/bm01-vc").text
    assert client.get("/figures/reports/bm02-vc").status_code == 200
    assert client.get("/figures/reports/bm99").status_code == 404
    answer = client.post(
        "/figures/reports/bm02.xlsx", data={"purpose": "báo cáo", "confirm_password": factories.PASSWORD}
    )
    assert load_workbook(io.BytesIO(answer.data)).sheetnames[0] == "BM02 BNV"
    assert client_as("kiemtra.khoi").get("/figures/reports/bm02").status_code == 403


def test_the_number_of_queries_does_not_grow(engine: Engine, world: World, actor: Find) -> None:
    def count() -> int:
        asked: list[str] = []
        with db.reading(engine) as session:
            event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
            read(session, actor("canbo.sonv"))
        return len(asked)

    with db.writing(engine) as session:
        add(session, world.units["sonv"])
    count()  # what is asked once for each engine
    first = count()
    with db.writing(engine) as session:
        for number in range(5):
            say(
                session,
                add(session, world.units["sonv_c1"], f"Lò {number}", at=world.units["sonv"]),
                "rank_code",
                "01.003",
                world.accounts["canbo.sonv"],
            )
    assert count() == first
