"""Headers: on every answer of the program, and of the running server for what never reaches the program."""

import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from oms.web import headers
from tests.journeys.conftest import running

__all__ = ["running"]
Browser = Callable[[str], FlaskClient]
EXPECTED = {
    "content-security-policy": headers.CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=(), "
    "publickey-credentials-create=(), publickey-credentials-get=()",
    "cache-control": "no-store",
}


def test_a_static_file_is_kept_for_ever_under_the_name_of_its_content(app: Flask, client_as: Browser) -> None:
    page = client_as("").get("/sign-in").text
    addresses = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page))
    assert len(addresses) > 8
    for address in addresses:
        answer = client_as("").get(address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    missing = client_as("").get("/static/js/main.js")
    assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")
    again = client_as("").get(f"{app.static_url_path}/js/nothing.js")
    assert (again.status_code, again.headers["Cache-Control"]) == (404, "no-store")


def test_modules_and_style_sheets_name_their_neighbours_by_relative_addresses() -> None:
    """Or a changed neighbour would be taken from the cache of the old version."""
    folder = Path(headers.__file__).parent / "static"
    for path in (*folder.glob("js/*.js"), *folder.glob("css/*.css"), *folder.glob("vendor/*.css")):
        for address in re.findall(
            r"""(?:from|import|url\()\s*\(?["']?([^"')\s]+\.(?:js|css|svg|woff2))""", path.read_text()
        ):
            assert address.startswith(("./", "../", "fonts/")), f"{path.name}: {address}"


def test_the_version_is_that_of_the_contents(tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text("1")
    first = headers.version_of.__wrapped__(tmp_path)
    (tmp_path / "one.js").write_text("2")
    second = headers.version_of.__wrapped__(tmp_path)
    (tmp_path / "one.js").rename(tmp_path / "two.js")
    assert len({first, second, headers.version_of.__wrapped__(tmp_path)}) == 3


@pytest.fixture
def ask(running: str) -> Iterator[Callable[[bytes], tuple[int, dict[str, str], bytes]]]:
    """Send raw bytes to the running server; status, headers in lower case, body."""
    host, port = running.removeprefix("http://").split(":")

    def send(request: bytes) -> tuple[int, dict[str, str], bytes]:
        with socket.create_connection((host, int(port)), timeout=20) as line:
            line.sendall(request)
            answer = b""
            while part := line.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        return (
            int(first.split()[1]),
            {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)},
            body,
        )

    yield send


@pytest.mark.slow
def test_every_answer_of_the_running_server_has_the_headers(
    ask: Callable[[bytes], tuple[int, dict[str, str], bytes]],
) -> None:
    end = b"HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    requests = {
        b"GET /sign-in " + end + b"\r\n": 200,
        b"GET /nosuch " + end + b"\r\n": 404,
        b"GET /dossiers " + end + b"\r\n": None,
        b"GET /healthz " + end + b"\r\n": 200,
        b"GET /api/v1/me " + end + b"\r\n": 401,
        b"GET /api/v1/nosuch " + end + b"\r\n": 404,
        b"TRACE / " + end + b"\r\n": 405,
        b"POST /sign-in " + end + b"Content-Length: 0\r\n\r\n": 400,
        b"GET /static/js/main.js " + end + b"\r\n": 404,
        # Below, gunicorn answers by itself.
        b"GET /" + b"a" * 9000 + b" " + end + b"\r\n": 414,
        b"no such thing <script>\r\n\r\n": 400,
        b"GET / HTTP/9.9\r\n\r\n": 400,
        b"GET / " + end + b"Bad Header: x\r\n\r\n": 400,
        b"GET / " + end + b"X: " + b"a" * 9000 + b"\r\n\r\n": 431,
    }
    for request, status in requests.items():
        got, found, body = ask(request)
        assert status in (None, got), f"{request[:40]!r}: {got}"
        assert {name: found.get(name) for name in EXPECTED} == EXPECTED, request[:40]
        assert "server" not in found, request[:40]
        assert b"<script>" not in body and b"gunicorn" not in body.lower()
