"""The index as a cache: its state is known, damage is mended by a job, the engine is a setting."""

import dataclasses
import sys
from datetime import date

import pytest
from sqlalchemy import select

from oms import db, search
from oms.models import Job, Unit, UnitName
from oms.settings import SettingsError
from tests import factories


def rebuild_jobs(engine) -> int:
    with db.reading(engine) as session:
        return len(session.scalars(select(Job).where(Job.kind == "rebuild_index")).all())


@pytest.mark.parametrize("name", ["whoosh", "tantivy"])
def test_a_missing_index_is_noticed_and_rebuilt_by_one_job(name, engine, settings, world):
    pytest.importorskip(name)
    chosen = dataclasses.replace(settings, search=name, home=settings.home / name)
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        item = f"dossier:{dossier.id}"
    assert search.state(chosen) == "damaged"
    search.mend_damage(engine, chosen)
    search.mend_damage(engine, chosen)
    assert rebuild_jobs(engine) == 1
    search.rebuild_index(engine, chosen, "index", actor=None)
    assert search.state(chosen) == "ready"
    assert item in search.open_engine(chosen).ids()
    assert search.compare(engine, chosen).total == 0
    search.mend_damage(engine, chosen)
    assert rebuild_jobs(engine) == 1


def test_an_engine_that_is_unknown_or_not_installed_is_refused_in_a_sentence(settings, monkeypatch):
    with pytest.raises(SettingsError, match="must be whoosh or tantivy"):
        search.open_engine(dataclasses.replace(settings, search="lucene"))
    monkeypatch.setitem(sys.modules, "oms.search.tantivy_engine", None)
    with pytest.raises(SettingsError, match="pip install"):
        search.open_engine(dataclasses.replace(settings, search="tantivy", home=settings.home / "other"))


def test_the_dossiers_of_a_renamed_unit_are_found_by_its_old_and_new_name(engine, settings, world, actor, monkeypatch):
    monkeypatch.setattr("oms.search.records.BATCH", 2)
    with db.writing(engine) as session:
        for name in ("Nguyễn Thị Hòa", "Trần Văn Ân", "Lê Thị Bưởi"):
            factories.make_dossier(session, world.units["sonv"], name)
        factories.make_dossier(session, world.units["sotc"], "Phạm Văn Cam")
    search.rebuild(engine, settings)
    with db.writing(engine) as session:
        unit = session.get_one(Unit, world.units["sonv"])
        session.add(UnitName(unit_id=unit.id, name=unit.name, valid_to=date(2025, 2, 28)))
        unit.name = "Sở Hoa Quỳnh"
    assert len(search.compare(engine, settings).stale) == 3
    search.index_unit(engine, settings, world.units["sonv"], actor=None)
    assert search.compare(engine, settings).total == 0
    with db.reading(engine) as session:
        index = search.open_engine(settings)
        for words in ("sở hoa quỳnh", "sở nội vụ"):
            assert search.find(session, index, words, actor=actor("canbo.sonv")).total == 3
            assert search.find(session, index, words, actor=actor("canbo.sotc")).total == 0
