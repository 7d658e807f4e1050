"""Kept searches: only the own ones, counted with the rights of now; recent ones go with the sign-in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from oms import accounts, db, saved_searches, search
from oms.errors import BadInput, NotFound
from oms.models import AuditEntry, Dossier, RecentSearch, SavedSearch, now
from oms.permissions import Actor
from oms.search import Filters
from oms.settings import Settings
from tests import factories
from tests.factories import World


def test_a_search_is_kept_renamed_and_dropped_by_its_owner_only(session, actor: Callable[[str], Actor]) -> None:
    mine, other = actor("canbo.sonv"), actor("canbo2.sonv")
    saved = saved_searches.save(session, "  Nâng   lương ", "q=n%C3%A2ng+l%C6%B0%C6%A1ng", actor=mine)
    assert saved.name == "Nâng lương" and saved_searches.list_saved(session, actor=other) == []
    with pytest.raises(NotFound):
        saved_searches.get_saved(session, saved.id, actor=other)
    with pytest.raises(BadInput, match="already keep"):
        saved_searches.save(session, "Nâng lương", "q=x", actor=mine)
    saved_searches.save(session, "Nâng lương", "q=x", actor=other)
    saved_searches.rename(session, saved, "Lương", actor=mine)
    assert [each.name for each in saved_searches.list_saved(session, actor=mine)] == ["Lương"]
    saved_searches.delete_saved(session, saved, actor=mine)
    session.flush()
    assert saved_searches.list_saved(session, actor=mine) == []
    acts = session.scalars(select(AuditEntry.action).where(AuditEntry.account_id == mine.account_id)).all()
    assert acts == ["search:save", "search:rename", "search:delete"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_search_without_a_proper_name_is_not_kept(session, actor, name: str) -> None:
    with pytest.raises(BadInput):
        saved_searches.save(session, name, "q=x", actor=actor("canbo.sonv"))


def test_there_is_an_end_to_what_is_kept(session, actor) -> None:
    for number in range(saved_searches.MOST_SAVED):
        saved_searches.save(session, f"Tìm {number}", "q=x", actor=actor("canbo.sonv"))
    with pytest.raises(BadInput, match="At most"):
        saved_searches.save(session, "Một nữa", "q=x", actor=actor("canbo.sonv"))


def test_the_counter_tells_what_came_in_with_the_rights_of_now(
    engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]
) -> None:
    mine = actor("canbo.sonv")
    with db.writing(engine) as session:
        old = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        old.created_at = now() - timedelta(days=3)
        new = factories.make_dossier(session, world.units["sonv"], "Lê Thị Hòa")
        factories.make_scan(session, new, mine.account_id, ("bà Hòa",))
        foreign = factories.make_dossier(session, world.units["sotc"], "Trần Văn Hòa")
    search.rebuild(engine, settings)

    def count(who: Actor, days: int) -> tuple[int, int]:
        with db.reading(engine) as session:
            index, since = search.open_engine(settings), now() - timedelta(days=days)
            return saved_searches.count_new(session, index, "hòa", Filters(), since, actor=who)

    assert count(mine, 1) == (3, 2) and count(mine, 7) == (3, 3) and count(mine, -1) == (3, 0)
    assert count(actor("canbo.sotc"), 7) == (1, 1)
    with db.writing(engine) as session:
        session.get_one(Dossier, new.id).custodian_id = world.units["sotc"]
    assert count(mine, 7) == (1, 1), "what went to another unit is counted no longer"
    assert count(actor("canbo.sotc"), 7) == (3, 3) and foreign.id != new.id
    with db.reading(engine) as session:
        assert not session.scalar(select(func.count()).where(AuditEntry.action == "search:find"))


def test_recent_searches_belong_to_one_sign_in_and_end_with_it(
    engine: Engine, world: World, settings: Settings
) -> None:
    def sign_in() -> Actor:
        with db.writing(engine) as session:
            _secret, signed_in = accounts.sign_in(session, world.accounts["canbo.sonv"])
            account = signed_in.account
            return accounts.actor_of(session, account, via="web", session_id=signed_in.id)

    first, second = sign_in(), sign_in()
    with db.writing(engine) as session:
        for number in range(saved_searches.MOST_RECENT + 3):
            saved_searches.remember(session, f"q=so+{number}", actor=first)
        saved_searches.remember(session, "q=so+5", actor=first)
        saved_searches.remember(session, "q=khac", actor=second)
    with db.reading(engine) as session:
        recent = saved_searches.list_recent(session, actor=first)
        assert recent[:2] == ["q=so+5", "q=so+10"] and len(recent) == saved_searches.MOST_RECENT
        assert saved_searches.list_recent(session, actor=second) == ["q=khac"]
    with db.writing(engine) as session:
        accounts.sign_out(session, first.session_id or "", actor=first)
        saved_searches.remember(session, "q=khac", actor=second)
    with db.reading(engine) as session:
        assert session.scalars(select(RecentSearch.address)).all() == ["q=khac"]
        assert session.scalars(select(SavedSearch)).all() == []
