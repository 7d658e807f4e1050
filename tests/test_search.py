"""What people get to see: the person first when a name is typed, and nothing that the index alone still knows."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from oms import db, search
from oms.models import Dossier
from oms.permissions import Actor
from oms.search import finding
from oms.settings import Settings
from tests import factories
from tests.factories import World


def test_a_name_finds_the_person_before_the_papers(
    engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]
) -> None:
    officer = actor("canbo.sonv")
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        scan = factories.make_scan(
            session,
            dossier,
            officer.account_id,
            ("Bổ nhiệm bà Nguyễn Thị Hòa, bà Nguyễn Thị Hòa nhận việc", "Trang hai"),
        )
        factories.make_document(session, dossier, scan, actor=officer)
    search.rebuild(engine, settings)
    with db.reading(engine) as session:
        for words in ("nguyen thi hoa", "Nguyễn Thị Hòa", "hoà nguyễn", dossier.number):
            hits = finding.find(session, search.open_engine(settings), words, actor=officer).hits
            assert hits[0].dossier.id == dossier.id and hits[0].document is None and hits[0].page is None, words
        papers = finding.find(session, search.open_engine(settings), "nguyen thi hoa bo nhiem", actor=officer).hits
        assert papers and all(hit.document or hit.page for hit in papers)


def test_custody_decides_whatever_the_index_still_says(
    engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]
) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
    search.rebuild(engine, settings)
    with db.writing(engine) as session:
        session.get_one(Dossier, dossier.id).custodian_id = world.units["sotc"]
    with db.reading(engine) as session:
        index = search.open_engine(settings)
        assert finding.find(session, index, "hoa", actor=actor("canbo.sonv")).total == 0
        found = finding.find(session, index, "hoa", actor=actor("canbo.sotc"))
        assert found.total == 1 and found.facets["unit"] == {world.units["sotc"]: 1}


def test_did_you_mean_knows_only_what_may_be_seen(
    engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]
) -> None:
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        factories.make_dossier(session, world.units["sotc"], "Canarius Hồ Sơn Ca")
    search.rebuild(engine, settings)
    with db.reading(engine) as session:
        index = search.open_engine(settings)
        mine = finding.find(session, index, "nguyeen hoa -lan", actor=actor("canbo.sonv"))
        assert mine.respelled == "nguyen hoa -lan" or mine.respelled == "nguyễn hoa -lan"
        for typed in ("canariuss", "canarus ho", "cnarius"):
            assert "canarius" not in finding.find(session, index, typed, actor=actor("canbo.sonv")).respelled
            theirs = finding.find(session, index, typed, actor=actor("canbo.sotc"))
            assert "canarius" in theirs.respelled, typed


def test_dossiers_that_wait_are_indexed_in_one_commit(
    engine: Engine,
    settings: Settings,
    world: World,
    actor: Callable[[str], Actor],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A commit takes the time: whoever files beside others must not wait for one after the other."""
    with db.writing(engine) as session:
        first, second = (
            factories.make_dossier(session, world.units["sonv"], name) for name in ("Nguyễn Thị Hòa", "Lê An")
        )
        scan = factories.make_scan(session, second, actor("canbo.sonv").account_id)
        asked = [("index_dossier", first.id), ("index_scan", scan.id), ("index_scan", "gone")]
        ids = {first.id, second.id}
    index = search.open_engine(settings)
    index.rebuild([])
    commits: list[int] = []
    put = index.put
    monkeypatch.setattr(index, "put", lambda items: (commits.append(1), put(items)))
    search.index_dossiers(engine, settings, asked)
    search.index_dossiers(engine, settings, asked)
    assert commits == [1], "the second time nothing was left to write"
    assert {search.records.dossier_item_id(id) for id in ids} <= index.ids()
