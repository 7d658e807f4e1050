"""A name is a label and nothing else, by whichever way it comes: no header splits, no path is made, no page runs it."""

import io
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.http import parse_options_header

from oms import db, intake, storage
from oms.models import Scan
from oms.recognition import OpenedScan
from oms.scan_folders import Archive, ArchiveRefused
from oms.settings import Settings
from tests import factories
from tests.factories import World
from tests.names import HOSTILE

MARK = "oms-boundary"
SOME = HOSTILE if os.environ.get("OMS_TEST_LONG") else HOSTILE[::4]
"""Where each name is a question to the box or to the index."""
STRANGE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069/\\]")


@pytest.fixture(autouse=True)
def unopened(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in the files is no matter here."""
    monkeypatch.setattr(intake, "open_scan", lambda path, name: OpenedScan(path, "application/pdf", 1, False, name))
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))


@pytest.fixture
def dossier_id(engine: Engine, world: World) -> str:
    with db.writing(engine) as session:
        return factories.make_dossier(session, world.units["sonv"]).id


def raw(name: str) -> bytes:
    """As a hostile program writes it: no letter escaped."""
    return b'; filename="' + name.encode() + b'"'


def escaped(name: str) -> bytes:
    """As browsers write it."""
    marks = {'"': "%22", "\r": "%0D", "\n": "%0A"}
    return b'; filename="' + "".join(marks.get(letter, letter) for letter in name).encode() + b'"'


def extended(name: str) -> bytes:
    """By RFC 5987."""
    return b"; filename*=UTF-8''" + quote(name, safe="").encode()


def send(client: FlaskClient, id: str, written: Sequence[bytes], way: str) -> Any:
    parts = [
        f'--{MARK}\r\nContent-Disposition: form-data; name="file"'.encode()
        + name
        + f"\r\nContent-Type: application/pdf\r\n\r\n%PDF {way} {place}\r\n".encode()
        for place, name in enumerate(written)
    ]
    body = b"".join(parts) + f"--{MARK}--\r\n".encode()
    headers = {"X-Requested-With": "fetch"}
    return client.post(
        f"/intake/{id}/scans", data=body, content_type=f"multipart/form-data; boundary={MARK}", headers=headers
    )


@pytest.mark.parametrize("way", [raw, escaped, extended], ids=["raw", "as browsers", "RFC 5987"])
def test_in_a_form_it_is_a_label(
    client_as: Callable[[str], FlaskClient], engine: Engine, settings: Settings, dossier_id: str, way: Any
) -> None:
    client = client_as("canbo.sonv")
    answer = send(client, dossier_id, [way(name) for name in HOSTILE], way.__name__)
    assert answer.status_code in (202, 400), answer.status_code
    if answer.status_code == 400:  # a part that cannot be read at all spoils its request
        assert way is raw
        singles = [send(client, dossier_id, [way(name)], f"{place}") for place, name in enumerate(HOSTILE)]
        assert {one.status_code for one in singles} <= {202, 400, 422}
    with db.reading(engine) as session:
        labels = list(session.scalars(select(Scan.file_name)))
    assert len(labels) > 40 and not [one for one in labels if STRANGE.search(one) or not one.strip() or len(one) > 200]
    assert {path.name for path in settings.scans.rglob("*") if path.is_file()} == set(storage.names(settings.scans))
    page = client.get(f"/intake?dossier={dossier_id}").text
    assert "<script>alert" not in page and "<img src=x" not in page


def test_a_label_stays_the_label_it_is() -> None:
    labels = [intake.label_of(name) for name in HOSTILE]
    assert [intake.label_of(label) for label in labels] == labels
    assert len(HOSTILE) >= 69


@pytest.fixture
def stored(engine: Engine, settings: Settings, world: World, dossier_id: str) -> Iterator[str]:
    """The id of a scan whose row says whatever a test writes into it."""
    sha256, size = storage.put(settings.scans, [b"%PDF-1.7"])
    with db.writing(engine) as session:
        scan = factories.make_scan(
            session, session.get_one(factories.Dossier, dossier_id), world.accounts["canbo.sonv"], ("một",)
        )
        scan.sha256, scan.size, scan.media_type = sha256, size, "application/pdf"
        id = scan.id
    yield id


def test_on_the_way_out_it_splits_no_header(
    client_as: Callable[[str], FlaskClient], engine: Engine, stored: str
) -> None:
    """Also where a row holds a name that no way in would have let pass."""
    client = client_as("canbo.sonv")
    for name in HOSTILE:
        if "\x00" in name and engine.dialect.name == "postgresql":
            continue  # it keeps none
        with db.writing(engine) as session:
            session.get_one(Scan, stored).file_name = name
        answer = client.get(f"/scans/{stored}/original")
        assert answer.status_code == 200
        said = answer.headers["Content-Disposition"]
        kind, values = parse_options_header(said)
        assert kind == "attachment" and said.isascii() and not re.search(r"[\x00-\x1f]", said)
        assert set(values) <= {"filename", "filename*"} and values["filename"].endswith(".pdf")
        assert not STRANGE.search(values["filename"]) and "x=1" not in str(answer.headers.getlist("Set-Cookie"))


def test_in_a_zip_it_is_a_plain_path_or_the_zip_is_refused_whole(settings: Settings) -> None:
    plain, refused = 0, 0
    for name in SOME:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            entry = zipfile.ZipInfo("x")
            entry.filename = name  # as it is, without what the library would do to it
            try:
                packed.writestr(entry, b"%PDF-1.7")
            except (UnicodeEncodeError, ValueError):
                continue
        try:
            files = Archive(out.getvalue()).files
        except ArchiveRefused:
            refused += 1
            continue
        plain += 1
        for path in files:
            assert not path.is_absolute() and ".." not in path.parts and not re.search(r"[\x00-\x1f]", str(path))
    assert plain > 1 and refused > 3


@pytest.mark.parametrize("address", ["/people/new", "/search"])
def test_in_a_field_of_a_form_it_is_text(client_as: Callable[[str], FlaskClient], address: str) -> None:
    client = client_as("canbo.sonv")
    for name in SOME:
        given = {"full_name": name, "name": name, "q": name}
        answer = (
            client.post(address, data=given) if address.endswith("new") else client.get(address, query_string=given)
        )
        assert answer.status_code < 500 and "Set-Cookie: x" not in str(answer.headers), name
        assert "<script>alert(1)" not in answer.text and "<img src=x" not in answer.text, name


def test_a_name_never_reaches_a_path(settings: Settings, tmp_path: Path) -> None:
    for name in HOSTILE:
        arrival = intake.arrive(settings, [b"%PDF-1.7"], name)
        assert arrival.path.name == "file"
        intake.discard(arrival)
    assert not list(tmp_path.glob("*.pdf"))
