"""The index as a cache: its state is known, damage is mended by a job, the engine is a setting."""

import dataclasses
import sys

import pytest
from sqlalchemy import select

from oms import db, search
from oms.models import Job
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
    assert search.compare(engine, chosen) == {"missing": [], "stale": [], "left_over": []}
    search.mend_damage(engine, chosen)
    assert rebuild_jobs(engine) == 1


def test_an_engine_that_is_unknown_or_not_installed_is_refused_in_a_sentence(settings, monkeypatch):
    with pytest.raises(SettingsError, match="must be whoosh or tantivy"):
        search.open_engine(dataclasses.replace(settings, search="lucene"))
    monkeypatch.setitem(sys.modules, "oms.search.tantivy_engine", None)
    with pytest.raises(SettingsError, match="pip install"):
        search.open_engine(dataclasses.replace(settings, search="tantivy", home=settings.home / "other"))
