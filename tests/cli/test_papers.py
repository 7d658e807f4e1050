"""`oms print`: a paper as a file, under the rights of an account."""

from pathlib import Path

from sqlalchemy import select

from oms import db
from oms.models import AuditEntry, PaperIssue
from tests import factories


def test_a_paper_becomes_a_file(oms, world, engine, tmp_path: Path):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    out = tmp_path / "mục lục.pdf"
    done = oms("print", "contents-list", number, "--out", str(out), "--as", "canbo.sonv")
    assert done.code == 0, done.err
    assert out.read_bytes().startswith(b"%PDF") and "01-ML" in done.out
    with db.reading(engine) as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "paper:print")).one().outcome == "done"


def test_what_is_not_yours_or_cannot_be_written_takes_no_number(oms, world, engine, tmp_path: Path):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    out = tmp_path / "x.pdf"
    assert oms("print", "contents-list", number, "--out", str(out), "--as", "canbo.sotc").code == 1
    assert not out.exists()
    nowhere = oms("print", "contents-list", number, "--out", str(tmp_path / "no" / "x.pdf"), "--as", "canbo.sonv")
    assert nowhere.code in (1, 2)
    with db.reading(engine) as session:
        assert not session.scalars(select(PaperIssue)).all()
