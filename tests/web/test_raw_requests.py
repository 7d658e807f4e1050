"""What lies about its own length and shape, sent to the running server: 4xx soon, nothing stored, and it goes on.

`OMS_TEST_LONG=1` sends two gigabytes in chunks as well; with `-s` it prints every answer, its seconds and bytes.
"""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select

from oms import accounts, db, staging
from oms.models import Dossier, Scan
from oms.settings import Settings
from tests import factories
from tests.factories import World
from tests.raw_requests import (
    GIGABYTES_2,
    MARK,
    MEGABYTE,
    PNG,
    TRICKS,
    Answer,
    ask,
    chunked,
    endless,
    file_part,
    form,
    say,
    serving,
    text_part,
)

LONG = bool(os.environ.get("OMS_TEST_LONG"))
SOON = 10.0
"""Seconds by the clock, on a machine that has more to do."""


@pytest.fixture
def served(settings: Settings, engine: Engine, world: World) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Port, address of an upload, and the headers of an officer's program."""
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
        secret, _ = accounts.sign_in(session, world.accounts["canbo.sonv"], kind="api")
    with serving(settings) as port:
        yield port, f"/api/v1/dossiers/{number}/scans", {"Authorization": f"Bearer {secret}", "Connection": "close"}


def test_the_running_server_is_not_deceived(
    served: tuple[int, str, dict[str, str]], engine: Engine, settings: Settings
) -> None:
    port, path, headers = served
    kind = {"Content-Type": f"multipart/form-data; boundary={MARK.decode()}"}

    def send(body: bytes, **more: str) -> Answer:
        length = {} if "Transfer-Encoding" in more else {"Content-Length": str(len(body))}
        return ask(port, path, {**headers, **kind, **length, **more}, [body])

    told = {
        name: send(body, **{"Content-Type": f"multipart/form-data; boundary={said}"})
        for name, (body, said) in TRICKS.items()
    }
    begun = form(text_part(b""), end=b"")[:-2]
    told["2 GiB and a byte, by length"] = send(b"", **{"Content-Length": str(GIGABYTES_2 + 1)})
    told["600 MB by length"] = send(b"", **{"Content-Length": str(600 * MEGABYTE)})
    told["a length that is not kept"] = send(form(file_part(PNG)), **{"Content-Length": str(300 * MEGABYTE)})
    told["no number"] = send(b"", **{"Content-Length": "many"})
    told["less than nothing"] = send(b"", **{"Content-Length": "-1"})
    long = {**headers, **kind, "Content-Length": str(400 * MEGABYTE)}
    told["400 MB in a text field"] = ask(port, path, long, endless(begun, 400 * MEGABYTE))
    told["a text field in chunks"] = ask(
        port, path, {**headers, **kind, "Transfer-Encoding": "chunked"}, chunked(endless(begun, 40 * MEGABYTE))
    )
    wrong = {name: answer for name, answer in told.items() if not 400 <= answer.status < 500 or answer.seconds > SOON}
    assert wrong == {}
    assert told["2 GiB and a byte, by length"].status == told["600 MB by length"].status == 413
    assert told["400 MB in a text field"].status == 413 and told["400 MB in a text field"].sent < 20 * MEGABYTE
    if LONG:
        start = form(file_part(PNG), end=b"")[:-2]
        most = ask(
            port, path, {**headers, **kind, "Transfer-Encoding": "chunked"}, chunked(endless(start, GIGABYTES_2))
        )
        print(told, most)
        assert most.status == 413 and most.sent <= 510 * MEGABYTE, "500 are read, the rest lies in sockets"
    good = send(form(file_part(factories.png_of(factories.draw_page("x", size=(310, 440))))))
    assert good.status == 202, "a good file is served next"
    with db.reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Scan)) == 1
    assert [place for place in staging.folder(settings).iterdir() if place.is_dir()] == []


def test_no_way_to_write_a_request_opens_what_is_closed(
    served: tuple[int, str, dict[str, str]], engine: Engine, world: World
) -> None:
    """AZ-8 by the wire: what no client library writes. The control is the same dossier asked rightly."""
    port, mine, officer = served
    with db.writing(engine) as session:
        of_others = factories.make_dossier(session, world.units["sotc"], "Trần Văn Kín")
        foreign, person = of_others.number, of_others.person_id
    host, token = "Host: 127.0.0.1", f"Authorization: {officer['Authorization']}"
    close, theirs, ours = "Connection: close", f"/api/v1/dossiers/{foreign}", mine.removesuffix("/scans")
    status, said = say(port, [f"GET {ours} HTTP/1.1", host, token, close])
    with db.reading(engine) as session:
        own = session.scalars(select(Dossier.person_id).where(Dossier.number == ours.rsplit("/", 1)[-1])).one()
    assert status == 200 and own in said
    asked = {
        "Host twice": [f"GET {theirs} HTTP/1.1", host, "Host: localhost", token, close],
        "no Host": [f"GET {theirs} HTTP/1.1", token, close],
        "HTTP/1.0": [f"GET {theirs} HTTP/1.0", token],
        "whole address": [f"GET http://127.0.0.1{theirs} HTTP/1.1", host, token, close],
        "another house in the address": [f"GET http://localhost{theirs} HTTP/1.1", host, token, close],
        "small letters": [f"get {theirs} HTTP/1.1", host, token, close],
        "two slashes": [f"GET /{theirs} HTTP/1.1", host, token, close],
        "dots": [f"GET {ours}/../{foreign} HTTP/1.1", host, token, close],
        "dots as code": [f"GET {ours}/%2e%2e/{foreign} HTTP/1.1", host, token, close],
        "a slash as code": [f"GET {ours}%2f..%2f{foreign} HTTP/1.1", host, token, close],
        "semicolon": [f"GET {ours};/../{foreign} HTTP/1.1", host, token, close],
        "backslash": [f"GET {ours}\\..\\{foreign} HTTP/1.1", host, token, close],
        "a blank in the address": [f"GET {ours} {theirs} HTTP/1.1", host, token, close],
        "a fragment": [f"GET {theirs}#{ours} HTTP/1.1", host, token, close],
        "X-Original-URL": [f"GET {ours}/scans HTTP/1.1", host, token, f"X-Original-URL: {theirs}", close],
        "X_Original_URL": ["GET /healthz HTTP/1.1", host, token, f"X_Original_URL: {theirs}", close],
        "SCRIPT_NAME": [f"GET {theirs} HTTP/1.1", host, token, "SCRIPT-NAME: /static", "PATH-INFO: /healthz", close],
        "a folded header": [f"GET {theirs} HTTP/1.1", host, "X-A: b", f" {token}", close],
        "a blank before the colon": [f"GET {theirs} HTTP/1.1", host, "X-Forwarded-User : quantri", token, close],
        "the override": [
            f"POST {theirs} HTTP/1.1",
            host,
            token,
            "X-HTTP-Method-Override: GET",
            "Content-Length: 0",
            close,
        ],
        "nobody, and a token in the address": [
            f"GET {ours}?access_token={token.rsplit(maxsplit=1)[-1]} HTTP/1.1",
            host,
            close,
        ],
        "nobody, and two tokens": [f"GET {ours} HTTP/1.1", host, "Authorization: Bearer x", token, close],
    }
    opened = {}
    for name, lines in asked.items():
        status, said = say(port, lines)
        if status >= 500 or person in said or ("nobody" in name and own in said):
            opened[name] = status
        # These two ask for an open page, and for one of their own: it is that page that comes.
        if status < 300 and name not in ("X_Original_URL", "X-Original-URL"):
            opened[name] = status
    assert opened == {}
