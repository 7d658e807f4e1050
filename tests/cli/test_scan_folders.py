"""`oms import scans`: a folder named by rule."""

import os
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, func, select

from oms import db, scan_folders, staging
from oms.models import Account, Assignment, AuditEntry, Category, Dossier, DossierStatus, Job, Role, Scan
from tests import factories

FOLDER = "068085001234_NGUYEN_THI_HOA"


@pytest.fixture
def folder(tmp_path):
    """An empty folder of scans."""
    made = tmp_path / "scans"
    made.mkdir()
    return made


@pytest.fixture
def dossier(world, engine) -> str:
    """Id of the dossier of Nguyễn Thị Hòa, with an ID number."""
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"])
        made.person.personal_id = "068085001234"
        return made.id


def put(folder, name, content=None, text="QUYẾT ĐỊNH"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(factories.png_of(factories.draw_page(text, size=(620, 877))) if content is None else content)


def states(answer):
    return {row["file"]: row["state"] for row in answer.documents[:-1]}


def acts(engine):
    with db.reading(engine) as session:
        found = session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq))
        return [tuple(row) for row in found]


def test_a_folder_is_looked_at_taken_in_and_gone_on_with(oms, world, engine, settings, folder, dossier):
    put(folder, f"{FOLDER}/02.Bằng tốt nghiệp.png", text="BẰNG")
    put(folder, f"{FOLDER}/01.Quyết định tuyển dụng.png")
    put(folder, f"{FOLDER}/03.Hỏng.pdf", b"%PDF-1.4 cut off")
    put(folder, "999999999999_LE_VAN_LA/01.Lý lịch.png")
    put(folder, f"{FOLDER}/Thumbs.db", b"x")
    first, second, broken = (
        f"{FOLDER}/0{n}" for n in ("1.Quyết định tuyển dụng.png", "2.Bằng tốt nghiệp.png", "3.Hỏng.pdf")
    )
    stranger = "999999999999_LE_VAN_LA/01.Lý lịch.png"

    tried = oms("import", "scans", folder, "--dry-run", "--as", "canbo.sonv", "--json")
    expected = {first: "would_take", second: "would_take", broken: "left_out", stranger: "left_out"}
    assert states(tried) == expected and list(states(tried)) == list(expected), "in the order of the numbers"
    assert tried.code == 1 and acts(engine) == [], "nothing was taken in, nothing refused"

    taken = oms("import", "scans", folder, "--as", "canbo.sonv", "--json")
    assert states(taken) == {first: "received", second: "received", broken: "left_out", stranger: "left_out"}
    assert acts(engine) == [
        ("scan:upload", "done"),
        ("scan:upload", "done"),
        ("scan:upload", "refused"),
        ("scan:import", "done"),
    ]
    again = oms("import", "scans", folder, "--as", "canbo.sonv", "--json")
    assert states(again)[first] == states(again)[second] == "known"
    with db.reading(engine) as session:
        assert {scan.dossier_id for scan in session.scalars(select(Scan))} == {dossier}
        assert session.scalar(select(func.count(Scan.id))) == session.scalar(select(func.count(Job.id))) == 2
    assert list(staging.folder(settings).iterdir()) == []


def test_a_mark_of_secrecy_is_left_out_and_the_rest_goes_on(oms, engine, settings, folder, dossier):
    put(folder, f"{FOLDER}/01.Mật.png", factories.stamped_png("MẬT"))
    put(folder, f"{FOLDER}/02.Bằng.png")
    answer = oms("import", "scans", folder, "--as", "canbo.sonv", "--json")
    assert list(states(answer).values()) == ["left_out", "received"]
    assert list(staging.folder(settings).iterdir()) == []
    with db.reading(engine) as session:
        assert session.scalars(select(Scan.file_name)).all() == ["02.Bằng.png"]


def plan(engine, world, folder, username="canbo.sonv", **more):
    from oms import accounts

    with db.reading(engine) as session:
        actor = accounts.get_actor(session, username, via="cli")
        (one,) = scan_folders.plan(session, folder, scan_folders.find_files(folder), actor=actor, **more)
        return (one.dossier.id if one.dossier else None), one.error, one.by_name_only


@pytest.mark.parametrize(
    ("name", "found", "by_name"),
    [
        (FOLDER, True, False),
        ("068085001234_NguyenThiHoa", True, False),
        ("Nguyễn Thị Hoà", True, True),
        ("068085001234_TRAN_VAN_BA", False, False),
        ("250123456_NGUYEN_THI_HOA", False, False),
        ("Lô 7", False, False),
    ],
)
def test_only_a_folder_that_is_surely_of_one_person_is_taken(world, engine, folder, dossier, name, found, by_name):
    put(folder, f"{name}/01.Lý lịch.png", b"not opened here")
    got, error, by_name_only = plan(engine, world, folder)
    assert (got == dossier, by_name_only) == (found, by_name)
    assert (error is None) == found


def test_two_dossiers_need_the_category_and_two_people_the_number(world, engine, folder, dossier):
    put(folder, "Nguyễn Thị Hòa/01.Lý lịch.png", b"x")
    with db.writing(engine) as session:
        person = session.get_one(Dossier, dossier).person
        member = factories.make_dossier(session, world.units["sonv"], person=person, category=Category.PARTY_MEMBER).id
    assert plan(engine, world, folder)[0] is None
    assert plan(engine, world, folder, category=Category.PARTY_MEMBER)[0] == member
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"], birth_date=None)
    assert plan(engine, world, folder, category=Category.CIVIL_SERVANT)[0] is None


def test_a_dossier_of_another_unit_is_answered_like_none(oms, world, engine, folder, dossier):
    put(folder, f"{FOLDER}/01.Lý lịch.png", b"x")
    theirs = plan(engine, world, folder, "canbo.sotc")
    with db.writing(engine) as session:
        session.get_one(Dossier, dossier).person.personal_id = None
    nobodys = plan(engine, world, folder, "canbo.sotc")
    assert theirs[0] is nobodys[0] is None and str(theirs[1]) == str(nobodys[1])
    refused = oms("import", "scans", folder, "--as", "quantri")
    assert refused.code == 1 and acts(engine) == [("scan:import", "refused")]


def test_a_dossier_that_is_held_still_is_named(world, engine, folder, dossier):
    put(folder, f"{FOLDER}/01.Lý lịch.png", b"x")
    with db.writing(engine) as session:
        session.get_one(Dossier, dossier).frozen = True
    got, error, _by_name = plan(engine, world, folder)
    assert got is None and "held still" in str(error)
    with db.writing(engine) as session:
        closed = session.get_one(Dossier, dossier)
        closed.frozen, closed.status = False, DossierStatus.CLOSED
    got, error, _by_name = plan(engine, world, folder)
    assert got is None and "closed" in str(error)


def test_planning_asks_the_same_questions_for_many_people(world, engine, folder, dossier):
    put(folder, f"{FOLDER}/01.Lý lịch.png", b"x")
    plan(engine, world, folder)  # what is asked once for each engine
    asked = []
    event.listen(engine, "before_cursor_execute", lambda *found: asked.append(found[2]))
    plan(engine, world, folder)
    few = len(asked)
    with db.writing(engine) as session:
        for number in range(20):
            factories.make_dossier(session, world.units["sonv"], f"Lê Văn {chr(65 + number)}")
    asked.clear()
    plan(engine, world, folder)
    assert len(asked) == few


def test_the_report_names_every_file_and_never_takes_the_place_of_another(oms, engine, folder, dossier, tmp_path):
    put(folder, f"{FOLDER}/01.Lý lịch.png")
    put(folder, "999999999999_LE_VAN_LA/01.Lý lịch.png", b"x")
    report = tmp_path / "report.xlsx"
    oms("import", "scans", folder, "--dry-run", "--as", "canbo.sonv", "--report", report)
    sheet, about = load_workbook(report).worksheets
    rows = [[cell or "" for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [(row[0], row[2], row[3]) for row in rows] == [
        (f"{FOLDER}/01.Lý lịch.png", "Lý lịch", "would be received"),
        ("999999999999_LE_VAN_LA/01.Lý lịch.png", "Lý lịch", "left out"),
    ]
    assert rows[0][1].startswith("HS-") and not rows[0][4] and "LE_VAN_LA" in rows[1][4]
    assert "canbo.sonv" in str(list(about.values)) and report.stat().st_mode & 0o077 == 0

    before = report.read_bytes()
    refused = oms("import", "scans", folder, "--as", "canbo.sonv", "--report", report)
    assert refused.code == 1 and report.read_bytes() == before
    assert acts(engine) == [("scan:import", "refused")], "said before the first file came in"


def test_what_the_disk_does_not_give_out_is_named_and_the_rest_goes_on(oms, engine, folder, dossier, monkeypatch):
    put(folder, f"{FOLDER}/01.Hỏng đĩa.png")
    put(folder, f"{FOLDER}/02.Bằng.png")
    put(folder, f"{FOLDER}/khoá/03.Bằng.png", b"x")
    look, read = os.scandir, Path.open

    def scandir(path="."):
        if str(path).endswith("khoá"):
            raise PermissionError(13, "closed", str(path))
        return look(path)

    def open_file(path, *how, **more):
        if path.name.startswith("01."):
            raise OSError(5, "broken")
        return read(path, *how, **more)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "open", open_file)
    answer = oms("import", "scans", folder, "--as", "canbo.sonv", "--json")
    assert answer.code == 1
    assert states(answer) == {
        f"{FOLDER}/01.Hỏng đĩa.png": "left_out",
        f"{FOLDER}/02.Bằng.png": "received",
        f"{FOLDER}/khoá": "left_out",
    }
    with db.reading(engine) as session:
        assert session.scalars(select(Scan.file_name)).all() == ["02.Bằng.png"]


def test_of_several_dossiers_the_one_of_the_own_unit_is_meant(world, engine, folder, dossier):
    put(folder, f"{FOLDER}/01.Lý lịch.png", b"x")
    with db.writing(engine) as session:
        account = session.get_one(Account, world.accounts["canbo.sonv"])
        session.add(
            Assignment(
                account_id=account.id, role=Role.OFFICER, unit_id=world.units["sotc"], valid_from=date(2021, 1, 1)
            )
        )
        person = session.get_one(Dossier, dossier).person
        factories.make_dossier(session, world.units["sotc"], person=person, category=Category.PARTY_MEMBER)
    assert plan(engine, world, folder)[0] == dossier
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"], person=person, category=Category.CADRE)
    got, error, _by_name = plan(engine, world, folder)
    assert got is None and "several dossiers" in str(error)
