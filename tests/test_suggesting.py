"""Suggestions: from the second letter, with or without marks, and not a letter of another unit."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, func, select

from oms import audit, db, search
from oms.models import AuditEntry, AuditWords, Dossier, PersonAlias
from oms.permissions import Actor
from oms.search.records import component_label
from oms.search.suggesting import suggest
from oms.settings import Settings
from tests import factories
from tests.factories import World

FOREIGN = ("Canarius Hồ Sơn Ca", "Bídanh Canari")


@pytest.fixture
def dossier_id(engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]) -> str:
    officer, stranger = actor("canbo.sonv"), actor("canbo.sotc")
    with db.writing(engine) as session:
        hoa = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        scan = factories.make_scan(session, hoa, officer.account_id)
        factories.make_document(session, hoa, scan, actor=officer).number = "123-QĐ/TW"
        foreign = factories.make_dossier(session, world.units["sotc"], FOREIGN[0])
        session.add(PersonAlias(person_id=foreign.person_id, name=FOREIGN[1]))
        scan = factories.make_scan(session, foreign, stranger.account_id)
        factories.make_document(session, foreign, scan, actor=stranger).number = "987-QĐ/CANARI"
        made = hoa.id
    search.rebuild(engine, settings)
    return made


def ask(engine: Engine, settings: Settings, typed: str, actor: Actor) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        found = suggest(session, search.open_engine(settings), typed, actor=actor)
        return [(each.kind, each.text) for each in found]


def test_half_a_name_in_any_way_of_writing(engine, settings, dossier_id, actor) -> None:
    for typed in ("ng", "nguyen ho", "Nguyễn Thị H", "hoà", "HOA NGUYEN", "hs-000001"):
        assert ("person", "Nguyễn Thị Hòa") in ask(engine, settings, typed, actor("canbo.sonv")), typed
    assert ask(engine, settings, "n", actor("canbo.sonv")) == []


def test_numbers_components_and_units(engine, settings, dossier_id, actor, world) -> None:
    officer = actor("canbo.sonv")
    assert ("document", "123-QĐ/TW") in ask(engine, settings, "123-q", officer)
    with db.reading(engine) as session:
        component = search.find(session, search.open_engine(settings), "", actor=officer).facets["component"]
        (id,) = component
        title = component_label(id, session.get_one(Dossier, dossier_id).category.value)
    assert ("component", title) in ask(engine, settings, title[:9], officer)
    assert [kind for kind, _text in ask(engine, settings, "so noi", officer)] == [], "only one unit: no choice"


def test_every_beginning_of_what_is_foreign_brings_nothing(engine, settings, dossier_id, actor) -> None:
    officer = actor("canbo.sonv")
    foreign = [*FOREIGN, "987-QĐ/CANARI", "Sở Tài chính", "HS-000002"]
    for words in foreign:
        for end in range(2, len(words) + 1):
            for _kind, text in ask(engine, settings, words[:end], officer):
                assert text == "Nguyễn Thị Hòa" or "CANARI" not in text.upper(), (words[:end], text)
                assert text not in foreign
    assert ("person", FOREIGN[0]) in ask(engine, settings, "canari", actor("canbo.sotc"))


def test_custody_decides_at_once(engine, settings, dossier_id, actor, world) -> None:
    with db.writing(engine) as session:
        session.get_one(Dossier, dossier_id).custodian_id = world.units["sotc"]
    assert ask(engine, settings, "nguyen", actor("canbo.sonv")) == []
    assert ask(engine, settings, "nguyen", actor("canbo.sotc")) == [("person", "Nguyễn Thị Hòa")]


def test_typing_leaves_one_entry_a_minute_with_the_letters(engine, settings, dossier_id, actor) -> None:
    with db.reading(engine) as session:
        for typed in ("zzz", "ng", "ngu", "nguy"):
            suggest(session, search.open_engine(settings), typed, actor=actor("canbo.sonv"))
            audit.write_looks(session)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "search:suggest")) == 1
        assert session.scalars(select(AuditWords.words)).all() == ["ng"]
