"""`oms import people` and `oms import template`."""

from openpyxl import load_workbook
from sqlalchemy import select

from oms import db
from oms.models import AuditEntry, Person
from tests.test_first_load import excel


def test_a_file_is_looked_at_then_entered(oms, world, engine, tmp_path):
    file = tmp_path / "ds.xlsx"
    file.write_bytes(excel((1, "Trần Văn An", "31/02/1980", "", "Công chức")))
    answer = oms("import", "people", file, "--as", "canbo.sonv", "--json")
    assert answer.code == 1
    assert answer.documents[0]["cell"] == "C2" and answer.documents[-1]["mistakes"] == 1
    file.write_bytes(excel((1, "Trần Văn An", "28/02/1980", "", "Công chức")))
    assert oms("import", "people", file, "--check", "--as", "canbo.sonv").code == 0
    with db.reading(engine) as session:
        assert session.scalars(select(Person)).all() == []
    assert oms("import", "people", file, "--as", "canbo.sonv", "--json").documents == [
        {"people": 1, "dossiers": 1, "present": 0}
    ]
    assert oms("import", "people", file, "--as", "quantri").code == 1
    with db.reading(engine) as session:
        entries = session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq)).all()
    looks = [("people:check_load", "done")] * 3
    assert [tuple(entry) for entry in entries] == [
        *looks,
        ("dossier:create", "done"),
        ("people:load", "done"),
        ("people:load", "refused"),
    ]


def test_the_template_is_written(oms, world, tmp_path):
    file = tmp_path / "mau.xlsx"
    assert oms("import", "template", file, "--as", "canbo.sonv").code == 0
    assert load_workbook(file).worksheets[0]["A1"].value == "Họ và tên"
