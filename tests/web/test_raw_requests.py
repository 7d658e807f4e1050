"""What lies about its own length and shape, sent to the running server: 4xx soon, nothing stored, and it goes on.

`OMS_TEST_LONG=1` sends two gigabytes in chunks as well; with `-s` it prints every answer, its seconds and bytes.
"""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, func, select

from oms import accounts, db, staging
from oms.models import Scan
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
