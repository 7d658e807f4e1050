"""`oms cover-sheets`: sheets as a file, under the rights of an account."""

from sqlalchemy import select

from oms import db
from oms.models import AuditEntry
from tests import factories


def test_the_command_writes_a_file_or_nothing(oms, tmp_path, engine, world):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    out = tmp_path / "sheets.pdf"
    common = ("--for", "whole", "--out", out)
    assert oms("cover-sheets", number, *common, "--as", "canbo.sotc").code == 1 and not out.exists()
    assert oms("cover-sheets", "--unit", "sonv", *common, "--as", "canbo.sonv").code == 0
    before = out.read_bytes()
    assert before.startswith(b"%PDF")
    assert oms("cover-sheets", number, *common, "--as", "canbo.sonv").code == 1, "it takes no other file's place"
    assert out.read_bytes() == before
    with db.reading(engine) as session:
        outcomes = session.scalars(select(AuditEntry.outcome).where(AuditEntry.action == "paper:print"))
        assert sorted(outcomes) == ["done", "refused", "refused"]
