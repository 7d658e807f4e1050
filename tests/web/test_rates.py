"""How often an account may look at images, take files and lists, and somebody who is nobody may ask at all."""

from collections.abc import Callable

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from limits import parse
from sqlalchemy import Engine, update

from oms import db, limits, storage, web
from oms.models import Page, Scan
from oms.settings import Settings
from oms.web.access import COUNTED
from tests import factories
from tests.api.conftest import Caller, caller  # noqa: F401 - a fixture
from tests.factories import World

Browser = Callable[[str], FlaskClient]
pytestmark = pytest.mark.usefixtures("one_moment")
NOBODYS = "0123456789abcdef"


@pytest.fixture
def scan(app: Flask, engine: Engine, settings: Settings, world: World) -> tuple[str, str, str]:
    """A scan, its page and its dossier, with an original, a searchable copy and an image."""
    app.config["RATELIMIT_ENABLED"] = True
    sha256, size = storage.put(settings.scans, [factories.png_of(factories.draw_page("x", size=(310, 440)))])
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        made = factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
        made.sha256, made.size, made.pdf_sha256, made.media_type = sha256, size, sha256, "image/png"
        session.execute(update(Page).values(image_sha256=sha256))
        return made.id, session.query(Page).one().id, dossier.id


def test_the_limits_are_those_people_are_told() -> None:
    told = {name: f"{item.amount} in {item.get_expiry()}" for name, item in limits.LIMITS.items()}
    assert told["search:find"] == "60 in 60" and told["search:suggest"] == "120 in 60"
    assert told["search:export"] == told["dossier:export"] == "10 in 3600"
    assert told["page:image"] == "600 in 600" and told["page:line"] == "1200 in 600"
    assert told["scan:download"] == "100 in 3600"


def test_every_address_that_is_counted_exists(app: Flask) -> None:
    assert set(COUNTED) <= set(app.view_functions) and set(COUNTED.values()) <= set(limits.LIMITS)


def test_images_and_files_end_at_the_limit_of_the_account(
    scan: tuple[str, str, str], client_as: Browser, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for action in ("page:image", "scan:download", "dossier:export", "search:export"):
        monkeypatch.setitem(limits.LIMITS, action, parse("2 per hour"))
    scan_id, page_id, dossier_id = scan
    officer, colleague = client_as("canbo.sonv"), client_as("canbo2.sonv")

    def ask(client: FlaskClient, *addresses: str) -> list[int]:
        return [client.get(address).status_code for address in addresses]

    image, original = f"/pages/{page_id}/image.jpg", f"/scans/{scan_id}/original"
    assert ask(officer, image, image, image) == [200, 200, 429]
    assert ask(officer, f"/pages/{page_id}/thumbnail.jpg") == [200], "lists of small images are no copying"
    refused = officer.get(image)
    assert 0 < int(refused.headers["Retry-After"]) <= 3600 and "Too many requests" in refused.text
    assert ask(officer, original, f"/scans/{scan_id}/searchable.pdf", original) == [200, 200, 429]
    assert ask(colleague, image, original) == [200, 200], "everybody has an own count"
    assert ask(officer, "/scans/0123456789abcdef/original") == [429], "the same for what is not there"
    lists = [officer.post("/checks/findings.xlsx").status_code for _ in range(3)]
    assert lists[2] == 429 and 429 not in lists[:2]
    taken = [officer.post(f"/papers/dossier/{dossier_id}").status_code for _ in range(3)]
    assert taken[2] == 429 and 429 not in taken[:2]
    with db.reading(engine) as session:
        assert session.get_one(Scan, scan_id).sha256


def test_what_a_program_changes_is_counted_and_what_it_reads_or_a_person_changes_is_not(
    app: Flask,
    client_as: Browser,
    caller: Callable[[str], Caller],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert str(limits.LIMITS["api:write"]) == "120 per 1 minute"
    app.config["RATELIMIT_ENABLED"] = True
    monkeypatch.setitem(limits.LIMITS, "api:write", parse("2 per hour"))
    program, other = caller("canbo.sonv"), caller("canbo2.sonv")
    program.get("people")
    told = [program.post(path, {}) for path in ("dossiers", f"documents/{NOBODYS}/order", "transfers")]
    assert [answer.status_code == 429 for answer in told] == [False, False, True]
    assert 0 < int(told[2].headers["Retry-After"]) <= 3600 and told[2].mimetype == "application/problem+json"
    assert program.get("people").status_code == 200 and other.post("transfers", {}).status_code == 422
    assert client_as("canbo.sonv").post("/people/new", data={}).status_code == 422


@pytest.mark.parametrize(
    ("endpoint", "of_it", "posted"),
    [
        ("search.line", {"id": NOBODYS, "number": 0}, False),
        ("milestones.paper", {"what": "retirement"}, True),
        ("papers.draw_register", {}, True),
        ("stocktaking.export", {"id": NOBODYS}, False),
        ("reading_room.take_copy", {"id": NOBODYS, "copy": NOBODYS}, True),
        ("packages.file", {"id": NOBODYS}, False),
    ],
)
def test_what_leaves_by_other_doors_is_counted_too(
    app: Flask,
    client_as: Browser,
    monkeypatch: pytest.MonkeyPatch,
    endpoint: str,
    of_it: dict[str, str | int],
    posted: bool,
) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    monkeypatch.setitem(limits.LIMITS, COUNTED[endpoint], parse("2 per hour"))
    with app.test_request_context():
        address = url_for(endpoint, **of_it)
    client = client_as("canbo.sonv")
    got = [client.open(address, method="POST" if posted else "GET").status_code for _ in range(3)]
    assert got[2] == 429 and 429 not in got[:2]


def test_who_is_nobody_asks_little_and_holds_up_nobody_else(
    app: Flask, client_as: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (web.OF_NOBODY, web.OF_SOMEBODY) == ("60 per minute", "1200 per minute")
    monkeypatch.setattr(web, "OF_NOBODY", "3 per hour")
    app.config["RATELIMIT_ENABLED"] = True
    stranger = client_as("")

    def ask(client: FlaskClient, path: str = "/sign-in", address: str = "10.0.0.7") -> int:
        return client.get(path, environ_base={"REMOTE_ADDR": address}).status_code

    assert [ask(stranger) for _ in range(4)] == [200, 200, 200, 429]
    assert ask(stranger, "/people") == 429, "all addresses count together"
    refused = stranger.get("/people", environ_base={"REMOTE_ADDR": "10.0.0.7"})
    assert refused.headers["Retry-After"] == "60"
    assert ask(stranger, "/healthz") == 200 and ask(stranger, f"{app.static_url_path}/js/main.js") == 200
    assert ask(stranger, address="10.0.0.8") == 200
    officer = client_as("canbo.sonv")
    monkeypatch.setattr(web, "OF_SOMEBODY", "2 per hour")
    assert [ask(officer, path) for path in ("/people", "/search", "/account")] == [200, 200, 429]
    program = [stranger.get("/api/v1/openapi.json") for _ in range(3)]
    assert [answer.status_code for answer in program][2] == 429 and program[2].headers["Retry-After"] == "60"
    assert ask(client_as("canbo2.sonv"), "/people") == 200, "each account by itself, behind one address"
