"""Paper and file belong together; where they part both units are told, and each may say what it knows."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from oms import whereabouts
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, Dossier, PaperMove, PaperState, Unit
from oms.permissions import Actor
from oms.whereabouts import Way
from tests import factories

Actors = Callable[[str], Actor]


@pytest.fixture
def apart(session, world, actor: Actors) -> Dossier:
    """Sở Nội vụ has the file, the paper stayed with Sở Tài chính."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    stayed = session.get_one(Unit, world.units["sotc"])
    whereabouts.follow(session, dossier, stayed, actor=actor("canbo.sonv"), note="Còn ở Sở Tài chính")
    return dossier


def test_a_new_dossier_has_its_paper(session, world) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    session.refresh(dossier)
    assert not whereabouts.differs(dossier)
    assert whereabouts.unit_of(dossier).id == world.units["sonv"]


def test_every_move_is_written_down(session, apart, actor: Actors) -> None:
    assert whereabouts.differs(apart)
    move = session.scalars(select(PaperMove)).one()
    assert (move.from_unit_id, move.to_unit_id) == (apart.custodian_id, apart.paper_unit_id)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "paper:move")).one()
    assert entry.dossier_id == apart.id
    whereabouts.follow(session, apart, apart.paper_unit, actor=actor("canbo.sonv"))
    assert len(session.scalars(select(PaperMove)).all()) == 1, "nothing moved, nothing is written"


@pytest.mark.parametrize(
    ("username", "seen"), [("canbo.sonv", 1), ("bithu.sonv", 1), ("canbo.sotc", 1), ("canbo.soyt", 0)]
)
def test_both_units_are_told_and_no_other(session, apart, actor: Actors, username: str, seen: int) -> None:
    somebody = actor(username)
    assert len(whereabouts.list_differences(session, actor=somebody)) == seen
    if not seen:
        with pytest.raises(NotFound):
            whereabouts.find_difference(session, apart.id, actor=somebody)


def test_the_paper_follows_and_is_found(session, apart, actor: Actors) -> None:
    with pytest.raises(Refused):
        whereabouts.settle(session, apart, Way.PAPER_FOLLOWS, actor=actor("canbo.sonv"))
    whereabouts.settle(session, apart, Way.PAPER_FOLLOWS, actor=actor("canbo.sotc"))
    assert apart.paper_state == PaperState.IN_TRANSIT
    assert whereabouts.differs(apart)
    with pytest.raises(Refused):
        whereabouts.settle(session, apart, Way.FOUND_HERE, actor=actor("canbo.sotc"))
    whereabouts.settle(session, apart, Way.FOUND_HERE, actor=actor("canbo.sonv"))
    assert not whereabouts.differs(apart)
    assert apart.paper_unit_id is None
    with pytest.raises(Conflict):
        whereabouts.settle(session, apart, Way.FOUND_HERE, actor=actor("canbo.sonv"))


def test_not_found_needs_a_word_and_stays_an_alarm(session, apart, actor: Actors) -> None:
    with pytest.raises(BadInput):
        whereabouts.settle(session, apart, Way.NOT_FOUND, actor=actor("canbo.sotc"))
    whereabouts.settle(session, apart, Way.NOT_FOUND, actor=actor("canbo.sotc"), note="Đã tìm hai kho")
    assert apart.paper_state == PaperState.UNKNOWN
    assert whereabouts.list_differences(session, actor=actor("canbo.sonv")) == [apart]
    with pytest.raises(BadInput):
        whereabouts.settle(session, apart, "lost", actor=actor("canbo.sotc"))


def test_the_page_settles_it_and_others_find_nothing(engine, world, client_as) -> None:
    from oms import accounts, db

    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Giấu Tên")
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        whereabouts.follow(session, dossier, session.get_one(Unit, world.units["sotc"]), actor=officer)
        id, number = dossier.id, dossier.number
    holder = client_as("canbo.sotc")
    page = holder.get(f"/papers-apart/{id}").get_data(as_text=True)
    assert number in page and "Giấu Tên" not in page, "who has the paper learns the number alone"
    assert f"/papers-apart/{id}" in holder.get("/").get_data(as_text=True)
    assert f"/papers-apart/{id}" in client_as("canbo.sonv").get(f"/dossiers/{id}").get_data(as_text=True)
    for method in ("get", "post"):
        assert getattr(client_as("canbo.soyt"), method)(f"/papers-apart/{id}").status_code == 404
    assert client_as("bithu.sonv").post(f"/papers-apart/{id}", data={"way": "found_here"}).status_code == 403
    assert client_as("canbo.sonv").post(f"/papers-apart/{id}", data={"way": "found_here"}).status_code == 302
    assert client_as("canbo.sonv").get("/papers-apart").status_code == 200
    with db.reading(engine) as session:
        assert not whereabouts.differs(session.get_one(Dossier, id))
