"""What a hostile caller sends: every answer is a problem document in words, and nobody else has to wait for it."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine

from oms import accounts, db
from oms.api import door
from oms.models import Account
from tests.api.conftest import Caller
from tests.factories import World

Callers = Callable[[str], Caller]

ADDRESSES = ("tokens", "dossiers", "transfers", "transfers/CH-2026-0001/accept", "scans/0123456789abcdef/verify")
BROKEN = {
    "half of a character": json.dumps({"username": "a\ud800", "reason": "\ud800", "to": "\udfff"}).encode(),
    "a number of five thousand digits": b"1" * 5000,
    "brackets without end": b"[" * 100_000,
    "cut off": b'{"reason": "',
    "no UTF-8": b'{"reason": "\xff\xfe"}',
    "not JSON": b"reason=x",
}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_a_body_nobody_can_read_is_refused_in_words(caller: Callers, world: World, address: str, body: bytes) -> None:
    answer = caller("canbo.sonv").post(address, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert "description of the API" in answer.get_json()["detail"]


def test_a_body_too_long_is_refused(caller: Callers, world: World) -> None:
    body = b'{"reason": "' + b"x" * door.LONGEST_BODY + b'"}'
    answer = caller("canbo.sonv").post("transfers", data=body, content_type="application/json")
    assert answer.status_code == 413 and answer.content_type == "application/problem+json"


def test_a_body_is_read_before_the_place_of_the_writer_is_taken(app: Flask, caller: Callers, world: World) -> None:
    """Else one caller on a slow line would hold everybody: looks are written down too."""
    free = []

    class SlowLine:
        """A body that looks, while it is being read, whether others could write."""

        def read(self, _size: int = -1) -> bytes:
            taken = not db._writer.acquire(blocking=False)
            if not taken:
                db._writer.release()
            free.append(not taken)
            return b""

    officer = caller("canbo.sonv")
    officer.client.open(
        "/api/v1/transfers",
        method="POST",
        headers={"Authorization": f"Bearer {officer.token}", "Content-Type": "application/json"},
        environ_overrides={"wsgi.input": SlowLine(), "CONTENT_LENGTH": "10"},
    )
    assert free and all(free)


@pytest.mark.parametrize("number", [0, -1, 100_000, 2**63, 10**30])
def test_no_number_of_a_page_is_too_large_to_be_refused(
    caller: Callers, engine: Engine, world: World, number: int
) -> None:
    answer = caller("canbo.sonv").post(
        "scans/0123456789abcdef/verify",
        {"component": "x", "title": "t", "pages": [number], "texts": [{"page": number, "text": "t"}]},
    )
    assert answer.status_code in (404, 422)


def test_a_first_password_opens_nothing_over_the_api(caller: Callers, engine: Engine, world: World) -> None:
    officer = caller("canbo.sonv")
    assert officer.get("me").status_code == 200
    with db.writing(engine) as session:
        session.query(Account).filter_by(username="canbo.sonv").one().must_change_password = True
    for answer in (officer.get("me"), officer.get("dossiers"), officer.post("transfers", {})):
        assert answer.status_code == 403
        assert answer.get_json()["detail"].startswith("Choose an own password first")
    assert officer.delete("tokens/current").status_code == 204


def test_a_right_taken_away_is_gone_on_the_next_request(caller: Callers, engine: Engine, world: World) -> None:
    officer = caller("canbo.sonv")
    assert officer.get("dossiers").status_code == 200
    with db.writing(engine) as session:
        account = session.query(Account).filter_by(username="canbo.sonv").one()
        for assignment in account.assignments:
            session.delete(assignment)
    assert officer.get("dossiers").status_code == 403
    with db.writing(engine) as session:
        account = session.query(Account).filter_by(username="canbo.sonv").one()
        accounts.set_disabled(session, account, True, actor=None)
    assert officer.get("me").status_code == 401


def test_guessing_from_one_address_is_slowed_down_for_all_names(app: Flask, caller: Callers, world: World) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    app.extensions["limiter"].copy().pop().enabled = True
    stranger = caller("")
    statuses = [
        stranger.post("tokens", {"username": f"nobody.{n}", "password": "falsch-geraten-12"}).status_code
        for n in range(32)
    ]
    assert statuses[:30] == [401] * 30
    assert statuses[30:] == [429] * 2
