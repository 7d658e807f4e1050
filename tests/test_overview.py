"""What the start page counts is what the actor may read, and nothing else."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from oms import audit, dossiers, overview
from oms.errors import Refused
from oms.models import AuditEntry, ScanState
from oms.overview import Figures
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]


def test_figures_and_scans_are_those_of_the_own_unit(session: Session, world: World, actor: Find) -> None:
    officer = actor("canbo.sonv")
    mine = factories.make_dossier(session, world.units["sonv"], "Lò Văn Một")
    factories.make_dossier(session, world.units["sotc"], "Lò Văn Hai")
    filed = factories.make_scan(session, mine, officer.account_id, ("a",))
    factories.make_document(session, mine, filed, actor=officer)
    factories.make_scan(session, mine, officer.account_id, ("b", "c"))
    factories.make_scan(session, mine, officer.account_id, ("d",), read=False)
    session.flush()
    assert overview.count_figures(session, actor=officer) == Figures(1, 1, 1, 2)
    assert overview.count_scans(session, actor=officer) == {
        ScanState.FILED: 1,
        ScanState.READ: 1,
        ScanState.RECEIVED: 1,
    }
    assert overview.count_figures(session, actor=actor("canbo.soyt")) == Figures(0, 0, 0, 0)


def test_changes_are_told_to_the_holder_counted_and_newest_first(session: Session, world: World, actor: Find) -> None:
    officer = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"])
    for letter in "ab":
        scan = factories.make_scan(session, dossier, officer.account_id, (letter,))
        factories.make_document(session, dossier, scan, actor=officer)
    dossiers.view(session, dossier, actor=officer)
    dossiers.place(session, dossier, room="1", shelf="", box="", actor=officer)
    changes = overview.latest_changes(session, actor=officer)
    assert [(change.label, change.times) for change in changes] == [
        ("Place on the shelf written down", 1),
        ("Document filed", 2),
    ]
    assert overview.latest_changes(session, actor=actor("canbo.sotc")) == []


def test_the_state_of_the_log_is_for_inspectors(
    session: Session, settings: Settings, world: World, actor: Find
) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    dossiers.view(session, dossier, actor=actor("canbo.sonv"))
    audit.record(session, "dossier:read", dossier, actor=actor("canbo.sotc"), outcome="refused")
    state = overview.log_state(session, settings, actor=actor("kiemtra.khoi"))
    assert (state.entries, state.refused, state.broken_at, state.checked) == (2, 1, None, 2)
    with pytest.raises(Refused):
        overview.log_state(session, settings, actor=actor("canbo.sonv"))


def test_the_newest_entries_alone_can_be_checked(session: Session, world: World, actor: Find) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    for _ in range(5):
        dossiers.view(session, dossier, actor=actor("canbo.sonv"))
    assert not audit.verify_newest(session, 3).finding
    session.commit()
    with pytest.raises(DBAPIError):  # the database refuses an alteration; what follows is done by its owner
        session.execute(text("UPDATE audit_entries SET body = '{}' WHERE seq = 4"))
    session.rollback()
    entry = session.get_one(AuditEntry, 4)
    session.expunge(entry)
    _disarm(session)
    session.execute(text("UPDATE audit_entries SET body = '{}' WHERE seq = 4"))
    found = audit.verify_newest(session, 3)
    assert (found.finding, found.seq) == ("chain-broken", 4)
    assert not audit.verify_newest(session, 1).finding
    session.rollback()


def _disarm(session: Session) -> None:
    """What an intruder with the rights of the database's owner would do first."""
    if session.get_bind().dialect.name == "sqlite":
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
    else:
        session.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER ALL"))
