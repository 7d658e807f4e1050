"""`oms search` and `oms reindex`."""

from sqlalchemy import func, select

from oms import db
from oms.models import AuditEntry
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
