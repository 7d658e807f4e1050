"""A sealed data folder, and a whole sealed house to copy; and how to die before a change of the disk."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from oms import accounts, db, installation, search, staging, storage, vault
from oms.settings import Settings
from oms.vault import key_files
from tests import factories

CANARY = "Đoàn Thị Hoàng Yến"


@pytest.fixture
def sealed(tmp_path, monkeypatch):
    """The settings of an empty protection installation whose vault is open."""
    settings = Settings(home=tmp_path / "home", profile="protection", vault_key=str(tmp_path / "safe" / "kek"))
    (tmp_path / "safe").mkdir(mode=0o700)
    vault.create(settings, key_files.write(tmp_path / "safe" / "kek"))
    vault.unlock(settings)
    yield settings
    staging.forget(settings)
    vault.lock(settings)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A sealed installation with a world, a dossier and a filed, indexed page, to copy."""
    place = tmp_path_factory.mktemp("model")
    settings = Settings(home=place / "home", profile="protection", vault_key=str(place / "safe" / "kek"))
    (place / "safe").mkdir(mode=0o700)
    vault.create(settings, key_files.write(place / "safe" / "kek"))
    vault.unlock(settings)
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    fill(settings, engine)
    search.rebuild(engine, settings)
    engine.dispose()
    search._engine_at.cache_clear()
    staging.forget(settings)
    vault.lock(settings)
    return place


def fill(settings, engine):
    """A person with one scan of one page, and all its files."""
    with db.writing(engine) as session:
        world = factories.make_world(session)
    actor = named(engine, "canbo.sonv")
    picture = factories.png_of(factories.draw_page(f"Cải chính {CANARY}", size=(300, 200)))
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], CANARY)
        scan = factories.make_scan(session, dossier, actor.account_id, (f"Cải chính bí danh {CANARY}",))
        scan.sha256, scan.size = storage.put(settings.scans, [b"%PDF-1.7 " + CANARY.encode()])
        scan.pdf_sha256 = storage.put(settings.scans, [b"%PDF-1.7 searchable " + CANARY.encode()])[0]
        scan.pages[0].image_sha256 = storage.put(settings.scans, [picture])[0]
        session.flush()
        factories.make_document(session, dossier, scan, title=f"Cải chính {CANARY}", actor=actor)


@pytest.fixture
def house(model, tmp_path, monkeypatch):
    """Settings and engine of a copy of the model, its vault open."""
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    for name in ("home", "safe"):
        shutil.copytree(model / name, tmp_path / name)
    settings = Settings(home=tmp_path / "home", profile="protection", vault_key=str(tmp_path / "safe" / "kek"))
    vault.unlock(settings)
    engine = db.connect(settings.database)
    yield settings, engine
    engine.dispose()
    search._engine_at.cache_clear()
    staging.forget(settings)
    vault.lock(settings)
    tempfile.tempdir = None


def named(engine, username):
    """An account as an actor."""
    with db.reading(engine) as session:
        return accounts.get_actor(session, username, via="web")


def found(house, words="hoang yen"):
    """Hits of a search."""
    settings, engine = house
    with db.writing(engine) as session:
        return search.find(session, search.open_engine(settings), words, actor=named(engine, "canbo.sonv")).total


class Killed(BaseException):
    """The power went."""


CHANGES = (
    *((os, name) for name in ("link", "fsync", "open", "utime")),
    *((Path, name) for name in ("rename", "unlink", "chmod")),
)
"""What changes the disk, or is about to."""


def dies_before(stop_at, act, monkeypatch, more=()):
    """Do `act` and die before the change of the disk number `stop_at`; True when it got to its end."""
    seen = 0

    def dying(real):
        def step(*args, **options):
            nonlocal seen
            seen += 1
            if seen > stop_at:
                raise Killed
            return real(*args, **options)

        return step

    with monkeypatch.context() as patch:
        for owner, name in (*CHANGES, *more):
            patch.setattr(owner, name, dying(getattr(owner, name)))
        try:
            act()
        except Killed:
            return False
    return True
