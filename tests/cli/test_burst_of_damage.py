"""FX-5: when many stored files are damaged at once, no backup leaves, nothing is removed or changed, until they are back."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import db, storage
from oms.backup import folders, rotation
from oms.models import Dossier
from oms.settings import Settings
from tests import factories
from tests.cli.conftest import Answer
from tests.factories import World

Command = Callable[..., Answer]
Browser = Callable[[str], FlaskClient]
FILES = 100


@pytest.fixture
def dossier(engine: Engine, settings: Settings, world: World) -> Dossier:
    """A dossier with a hundred stored files."""
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"])
        for number in range(FILES):
            scan = factories.make_scan(session, made, world.accounts["canbo.sonv"], (f"trang {number}",))
            scan.sha256, scan.size = storage.put(settings.scans, [b"bytes of scan %d" % number])
    return made


def encrypt(settings: Settings, count: int) -> None:
    """What somebody does who asks for money afterwards."""
    for name in list(storage.names(settings.scans))[:count]:
        path = storage.path_of(settings.scans, name)
        path.write_bytes(bytes(byte ^ 0x5A for byte in path.read_bytes()))


def test_a_burst_stops_changes_removal_and_rotation_until_the_files_are_back(
    oms: Command, client_as: Browser, engine: Engine, settings: Settings, dossier: Dossier, tmp_path: Path
) -> None:
    copies, officer = tmp_path / "copies", client_as("canbo.sonv")
    officer.set_cookie("language", "en")
    new = {"full_name": "Lê Thị Mới", "birth_date": "1990-01-02", "category": "civil_servant"}
    assert oms("reindex").code == 0 and oms("backup", copies).code == 0
    encrypt(settings, FILES)
    orphan, _size = storage.put(settings.scans, [b"of nobody, or of a row that somebody took away"])
    os.utime(storage.path_of(settings.scans, orphan), (0, 0))

    told = oms("check", "--repair")
    assert told.code == 1 and f"{FILES} stored files are damaged" in told.err
    assert storage.has(settings.scans, orphan), "nothing is removed"
    for _ in range(2):
        oms("backup", copies, "--keep", "1")
    assert len(folders.listed(copies)) == 3, "no backup leaves"
    page = officer.get("/people")
    assert page.status_code == 200 and "nothing is changed or taken in" in page.text
    assert officer.get(f"/dossiers/{dossier.id}").status_code == 200
    refused = officer.post("/people/new", data=new)
    assert refused.status_code == 503 and "nothing is changed" in refused.text
    assert officer.post("/account/session").status_code == 200, "people sign in, stay and leave"
    assert client_as("quantri").post("/accounts/new", data={}).status_code != 503
    oms("check", "--fast")
    assert officer.post("/people/new", data=new).status_code == 503, "a look that reads no file lifts nothing"

    assert oms("check", "--repair", "--from", copies).code == 1, "what belongs to nothing is still there"
    assert oms("check", "--repair").code == 0 and not storage.has(settings.scans, orphan)
    assert officer.post("/people/new", data=new).status_code != 503
    assert "nothing is changed or taken in" not in officer.get("/people").text


def test_one_bad_sector_stops_nobody(
    oms: Command, client_as: Browser, engine: Engine, settings: Settings, dossier: Dossier
) -> None:
    encrypt(settings, rotation.MOST_BY_ACCIDENT)
    assert oms("check", "--json").code == 1
    assert client_as("canbo.sonv").post("/people/new", data={}).status_code != 503
    with db.reading(engine) as session:
        assert rotation.damaged(session) == rotation.MOST_BY_ACCIDENT and not rotation.burst(session)


def test_many_files_that_a_backup_misses_are_a_burst(
    oms: Command, engine: Engine, settings: Settings, dossier: Dossier, tmp_path: Path
) -> None:
    for name in list(storage.names(settings.scans))[: rotation.MOST_BY_ACCIDENT + 1]:
        storage.path_of(settings.scans, name).unlink()
    oms("backup", tmp_path / "copies")
    with db.reading(engine) as session:
        assert rotation.burst(session) == rotation.MOST_BY_ACCIDENT + 1
