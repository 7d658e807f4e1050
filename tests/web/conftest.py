"""Pages are asked for in English, the language of the messages in the source: sentences can be checked as written."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import strategies
from playwright.sync_api import Browser, Page
from werkzeug.serving import WSGIRequestHandler, make_server

from oms import limits


@pytest.fixture
def client_as(client_as: Callable[[str], FlaskClient]) -> Callable[[str], FlaskClient]:
    """As everywhere, with a browser set to English."""

    def open_client(username: str) -> FlaskClient:
        client = client_as(username)
        client.set_cookie("language", "en")
        return client

    return open_client


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted in a test falls into one window of the limits, however long the test takes and when it begins."""
    moment = time.time()
    for module in (limits, strategies):
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: moment))


@pytest.fixture
def tab(app: Flask, client_as: Callable[[str], FlaskClient], browser: Browser) -> Iterator[Page]:
    """A tab of Chromium in which the officer of Sở Nội vụ has signed in; faults and reports of the policy fail the test."""
    cookie = client_as("canbo.sonv").get_cookie("oms")
    assert cookie is not None
    with served(app) as address:
        yield from _tab_at(address, cookie.value, browser)


class _Handler(WSGIRequestHandler):
    timeout = 30  # a connection the browser opened and did not use ends with the browser, or now


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The program behind an address, until its last request is answered: one that goes on in the background would find
    the house of the next test behind the program."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Handler)
    server.daemon_threads = False  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()  # waits for the requests


def _tab_at(address: str, cookie: str, browser: Browser) -> Iterator[Page]:
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=address)
    context.add_cookies(
        [
            {"name": "oms", "value": cookie, "url": address},
            {"name": "language", "value": "en", "url": address},
        ]
    )
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
    yield opened
    context.close()
    assert [fault for fault in faults if not any(told in fault for told in ("409", "422", "429"))] == []
