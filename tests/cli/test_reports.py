"""`oms report`: what units hand in, as a file, under the rights of an account."""

from pathlib import Path

from openpyxl import load_workbook
from sqlalchemy import select

from oms import db
from oms.models import AuditEntry
from tests import factories


def test_the_work_of_a_year_becomes_a_file(oms, world, engine, tmp_path: Path):
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
    for name in ("a.xlsx", "a.pdf"):
        done = oms("report", "work", "sonv", "2026", "--out", str(tmp_path / name), "--as", "canbo.sonv")
        assert done.code == 0, done.err
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    assert load_workbook(tmp_path / "a.xlsx").worksheets[0]["C2"].value == 1
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "figures:export")).one()
        assert entry.outcome == "done"


def test_what_is_not_yours_is_refused_and_leaves_no_file(oms, world, engine, tmp_path: Path):
    out = tmp_path / "a.xlsx"
    assert oms("report", "work", "sotc", "2026", "--out", str(out), "--as", "canbo.sonv").code == 1
    assert oms("report", "work", "sonv", "2026", "--out", str(tmp_path / "a.doc"), "--as", "canbo.sonv").code == 1
    assert not list(tmp_path.glob("a.*"))
    with db.reading(engine) as session:
        actions = session.scalars(select(AuditEntry).where(AuditEntry.action.like("figures:%"))).all()
        assert {entry.outcome for entry in actions} == {"refused"}


def test_a_form_of_staff_becomes_a_file(oms, world, engine, tmp_path: Path):
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
    out = tmp_path / "bm02.xlsx"
    done = oms("report", "staff", "bm02", "sonv", "--out", str(out), "--as", "canbo.sonv")
    assert done.code == 0, done.err
    assert load_workbook(out).worksheets[0]["A1"].value == "BM02/BNV"
    other = tmp_path / "other.xlsx"
    assert oms("report", "staff", "bm02", "sonv", "--out", str(other), "--as", "kiemtra.khoi").code == 1
    assert not other.exists()
