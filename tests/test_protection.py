"""Protection files: nothing of one without an opening by two officers, for a purpose, until it closes by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from oms import catalogue, inserts, protection, review, search
from oms.errors import BadInput, ConfirmationNeeded, NotFound, Refused
from oms.models import AuditEntry, Document, Dossier, InsertOpening, Page, Role, Scan, now
from oms.organisation import today
from oms.permissions import IN_CLOSED, NEEDS_OPENING, ROLE_ACTIONS, Action, allowed, can, require
from tests import factories
from tests.protecting import CANARIES, PURPOSE

MODELS = {Scan: Action.SCAN_READ, Page: Action.PAGE_READ, Document: Action.DOCUMENT_READ}


@pytest.fixture
def confirmed(actor):
    """`confirmed("canbo.sonv")`: that account of now, its password given a moment ago."""
    return lambda name: replace(actor(name), confirmed=True)


@pytest.fixture
def two(confirmed):
    """The two officers as they are now."""
    return lambda: (confirmed("canbo.sonv"), confirmed("canbo2.sonv"))


def seen(session, somebody) -> dict[type, int]:
    return {
        model: len(session.scalars(select(model).where(allowed(somebody, action))).all())
        for model, action in MODELS.items()
    }


def test_nothing_of_a_closed_file_and_all_of_an_open_one(protection_file, session, two, confirmed):
    one, other = two()
    dossier = session.get_one(Dossier, protection_file.dossier)
    assert can(one, Action.DOSSIER_READ, dossier), "who has a file is told"
    assert seen(session, one) == dict.fromkeys(MODELS, 0)
    with pytest.raises(Refused, match="closed"):
        require(one, Action.SCAN_UPLOAD, dossier)
    protection.open_together(session, dossier, PURPOSE, second=other, actor=one)
    assert seen(session, one) == dict.fromkeys(MODELS, 0), "an actor is what it was when it came in"
    one, other = two()
    session.flush()
    session.commit()
    one, other = two()
    for somebody in (one, other):
        assert seen(session, somebody) == {Scan: 1, Page: 2, Document: 1}
        assert can(somebody, Action.SCAN_READ, session.get_one(Scan, protection_file.scan))
        assert can(somebody, Action.PAGE_READ, session.get_one(Page, protection_file.page))
    require(one, Action.SCAN_UPLOAD, dossier)
    for third in ("bithu.sonv", "canbo.sotc", "quantri", "kiemtra.khoi"):
        assert seen(session, confirmed(third)) == dict.fromkeys(MODELS, 0)


def test_it_closes_by_itself_and_by_hand_for_both(protection_file, session, two):
    one, other = two()
    dossier = session.get_one(Dossier, protection_file.dossier)
    opening = protection.open_together(session, dossier, PURPOSE, second=other, actor=one)
    minutes = catalogue.opening_rule(today()).minutes
    assert timedelta(minutes=minutes - 1) < opening.ends_at - now() <= timedelta(minutes=minutes)
    opening.ends_at = now() - timedelta(seconds=1)
    session.commit()
    assert seen(session, two()[0]) == dict.fromkeys(MODELS, 0)
    one, other = two()
    protection.open_together(session, dossier, PURPOSE, second=other, actor=one)
    protection.open_together(session, dossier, PURPOSE, second=one, actor=other)
    session.commit()
    protection.close(session, dossier, actor=two()[1])
    session.commit()
    assert [seen(session, somebody) for somebody in two()] == [dict.fromkeys(MODELS, 0)] * 2
    with pytest.raises(NotFound, match="closed already"):
        protection.close(session, dossier, actor=two()[0])


def test_who_opens_gave_the_password_a_purpose_and_a_second_entitled_officer(protection_file, session, two, confirmed):
    one, other = two()
    dossier = session.get_one(Dossier, protection_file.dossier)
    with pytest.raises(ConfirmationNeeded):
        protection.open_together(session, dossier, PURPOSE, second=other, actor=replace(one, confirmed=False))
    with pytest.raises(BadInput):
        protection.open_together(session, dossier, "xem", second=other, actor=one)
    for second in ("canbo.sonv", "canbo.sotc", "quantri", "kiemtra.khoi", "truongban.khoi"):
        with pytest.raises(Refused):
            protection.open_together(session, dossier, PURPOSE, second=confirmed(second), actor=one)
    for first in ("canbo.sotc", "quantri", "kiemtra.khoi"):
        with pytest.raises(Refused):
            protection.open_together(session, dossier, PURPOSE, second=other, actor=confirmed(first))
    assert session.scalars(select(InsertOpening)).all() == []
    protection.open_together(session, dossier, PURPOSE, second=confirmed("bithu.sonv"), actor=one)


def test_every_entry_within_an_opening_names_both(protection_file, session, two):
    one, other = two()
    dossier = session.get_one(Dossier, protection_file.dossier)
    protection.open_together(session, dossier, PURPOSE, second=other, actor=one)
    session.commit()
    review.look_at(session, session.get_one(Page, protection_file.page), "", actor=two()[1])
    bodies = {entry.action: entry.body for entry in session.scalars(select(AuditEntry))}
    assert {"file:open", "page:view"} <= bodies.keys()
    for action in ("file:open", "page:view"):
        assert one.account_id in bodies[action] and other.account_id in bodies[action]


def test_search_finds_nothing_of_what_is_closed(protection_file, session, two, settings):
    one, other = two()
    engine = search.open_engine(settings)
    for words in (*CANARIES, "canari", "Thử Nghiệm"):
        found = search.find(session, engine, words, actor=one)
        assert (found.total, found.hits) == (0, [])
    protection.open_together(
        session, session.get_one(Dossier, protection_file.dossier), PURPOSE, second=other, actor=one
    )
    session.commit()
    assert search.find(session, engine, CANARIES[0], actor=two()[0]).total
    search._engine_at.cache_clear()


def test_the_rights_left_there_are_those_of_the_table(closed, session, actor, world):
    for name, role in (("canbo.sonv", Role.OFFICER), ("bithu.sonv", Role.HEAD), ("quantri", Role.ADMINISTRATOR)):
        assert set(actor(name).units) == ROLE_ACTIONS[role] & IN_CLOSED
    assert NEEDS_OPENING <= IN_CLOSED
    for right in (Action.SCAN_DOWNLOAD, Action.PACKAGE_READ, Action.TRANSFER_PREPARE, Action.STACK_DIVIDE):
        assert not actor("canbo.sonv").has(right)
    assert actor("nguoilaodong.sonv").person_id is None


def test_in_a_general_installation_there_is_nothing_to_open(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, other = (replace(actor(name), confirmed=True) for name in ("canbo.sonv", "canbo2.sonv"))
    assert one.opened is None
    with pytest.raises(NotFound):
        protection.open_together(session, dossier, PURPOSE, second=other, actor=one)
    with pytest.raises(NotFound):
        inserts.open_together(session, dossier, PURPOSE, second=other, actor=one)
    assert session.scalars(select(InsertOpening)).all() == []
