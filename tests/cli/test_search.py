"""`oms search` and `oms reindex`."""

from limits import parse
from openpyxl import load_workbook
from sqlalchemy import func, select

from oms import db, limits
from oms.models import AuditEntry, AuditWords
from tests import factories


def _fill(world, engine):
    with db.writing(engine) as session:
        mine = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        theirs = factories.make_dossier(session, world.units["sotc"], "Trần Thị Hòa")
        factories.make_scan(session, mine, world.accounts["canbo.sonv"], ("Quyết định nâng bậc lương",))
        return mine.number, theirs.number


def test_marks_do_not_matter_and_other_units_do_not_show(oms, world, engine):
    mine, theirs = _fill(world, engine)
    assert oms("reindex").code == 0
    found = oms("search", "hoa", "--as", "canbo.sonv", "--json").documents[0]
    assert found["total"] >= 1
    assert {hit["dossier"] for hit in found["hits"]} == {mine}
    assert theirs not in str(found)
    assert set(found["hits"][0]) >= {"dossier", "person", "document", "page", "tier", "score", "snippet"}
    page = oms("search", "nang bac luong", "--as", "canbo.sonv")
    assert page.code == 0 and mine in page.out and "[nâng bậc lương]" in page.out


def test_a_search_leaves_one_entry_and_an_administrator_finds_nothing(oms, world, engine):
    _fill(world, engine)
    oms("reindex")
    oms("search", "hoa", "--as", "canbo.sonv")
    refused = oms("search", "hoa", "--as", "quantri")
    assert refused.code == 1 and refused.out == ""
    with db.reading(engine) as session:
        counted = session.execute(
            select(AuditEntry.outcome, func.count())
            .where(AuditEntry.action == "search:find")
            .group_by(AuditEntry.outcome)
        )
        assert dict(counted.all()) == {"done": 1, "refused": 1}


def test_resume_brings_only_what_is_missing(oms, world, engine):
    mine, _ = _fill(world, engine)
    answer = oms("reindex", "--resume")
    assert answer.code == 0
    assert oms("search", "hoa", "--as", "canbo.sonv", "--json").documents[0]["hits"][0]["dossier"] == mine
    assert "0 things" in oms("reindex", "--resume").err


def _entries(engine, action):
    with db.reading(engine) as session:
        rows = session.execute(
            select(AuditEntry.outcome, AuditWords.words)
            .outerjoin(AuditWords, AuditWords.seq == AuditEntry.seq)
            .where(AuditEntry.action == action)
            .order_by(AuditEntry.seq)
        )
        return [tuple(row) for row in rows]


def test_suggestions_and_did_you_mean_know_only_what_may_be_seen(oms, world, engine):
    mine, _ = _fill(world, engine)
    oms("reindex")
    found = oms("search", "--suggest", "ho", "--as", "canbo.sonv", "--json").documents
    assert [(each["kind"], each["text"]) for each in found] == [("person", "Nguyễn Thị Hòa")]
    assert mine in oms("search", "--suggest", "ho", "--as", "canbo.sonv").out
    assert oms("search", "--suggest", "tran", "--as", "canbo.sonv").out == ""
    assert _entries(engine, "search:suggest") == [("done", "ho")]
    asked = oms("search", "nguyeen", "--as", "canbo.sonv")
    assert "Did you mean: nguy" in asked.err
    assert "respelled" in oms("search", "hoa", "--as", "canbo.sonv", "--json").documents[0]


def test_a_result_leaves_as_a_file_with_its_purpose(oms, world, engine, tmp_path):
    mine, theirs = _fill(world, engine)
    oms("reindex")
    file = tmp_path / "ket-qua.xlsx"
    asked = ("search", "hoa", "--as", "canbo.sonv", "--export", str(file))
    refused = oms(*asked)
    assert refused.code == 1 and "what the file is for" in refused.err and not file.exists()
    assert oms(*asked, "--purpose", "báo cáo quý").code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    cells = {cell for row in load_workbook(file).worksheets[0].values for cell in row}
    assert mine in cells and theirs not in cells
    again = oms(*asked, "--purpose", "báo cáo quý")
    assert again.code == 1 and "cannot be written" in again.err, "what is there is not overwritten"
    assert _entries(engine, "search:export") == [("refused", None), ("done", "báo cáo quý · hoa"), ("refused", None)]


def test_files_are_limited_on_the_command_line_too(oms, world, engine, tmp_path, monkeypatch):
    _fill(world, engine)
    oms("reindex")
    monkeypatch.setitem(limits.LIMITS, "search:export", parse("1 per hour"))
    for name, code in (("1.xlsx", 0), ("2.xlsx", 1)):
        file = tmp_path / name
        assert oms("search", "hoa", "--as", "canbo.sonv", "--export", str(file), "--purpose", "x").code == code
        assert file.exists() is (code == 0)


def test_one_thing_is_asked_at_a_time(oms, world, engine):
    assert oms("search", "--as", "canbo.sonv").code == 1
    assert oms("search", "hoa", "--suggest", "ho", "--as", "canbo.sonv").code == 1
