"""What browsers report about pages, and the names the server answers to."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from oms import web
from oms.web import headers, open_house
from tests.factories import World

Browser = Callable[[str], FlaskClient]
KIND = "application/csp-report"


def told(**more: object) -> str:
    return json.dumps({"csp-report": {"effective-directive": "script-src-elem", **more}})


def test_a_report_names_the_rule_and_the_page_and_nothing_of_the_report(
    client_as: Browser, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    body = told(
        **{
            "document-uri": f"http://localhost/dossiers/{world.units['sonv']}?q=Nguyễn",
            "blocked-uri": "inline",
            "script-sample": "alert('Nguyễn Văn Mật')\nWARNING forged",
            "source-file": "http://localhost/x\r\nforged",
        }
    )
    with caplog.at_level(logging.WARNING):
        answer = client_as("canbo.sonv").post("/csp-report", data=body, content_type=KIND)
    assert (answer.status_code, answer.data) == (204, b"")
    lines = [line for line in caplog.messages if "conflict" in line]
    assert lines == ["a page came into conflict with its rules: script-src-elem at dossiers.show"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("x" * 4097, KIND, 413),
        (told(), "text/plain", 400),
        ("{", KIND, 400),
        ("[1]", KIND, 400),
        ("[" * 2000, KIND, 400),
        ("[" * 4000, KIND, 400),
        (json.dumps({"csp-report": "no"}), KIND, 400),
        (told(**{"effective-directive": "script\nforged"}), KIND, 400),
        (told(**{"effective-directive": 7}), KIND, 400),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), KIND, 400),
    ],
)
def test_what_is_no_report_is_refused_and_not_logged(
    client_as: Browser, caplog: pytest.LogCaptureFixture, body: str, kind: str, status: int
) -> None:
    with caplog.at_level(logging.WARNING):
        assert client_as("").post("/csp-report", data=body, content_type=kind).status_code == status
    assert not [line for line in caplog.messages if "conflict" in line]


@pytest.mark.usefixtures("one_moment")
def test_of_one_address_ten_a_minute_are_taken_and_shut_nobody_out(
    app: Flask, client_as: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    monkeypatch.setattr(web, "OF_NOBODY", "3 per minute")
    client = client_as("")
    got = [client.post("/csp-report", data=told(), content_type=KIND).status_code for _ in range(12)]
    assert got == [204] * 10 + [429] * 2
    assert [client.get("/sign-in").status_code for _ in range(4)] == [200] * 3 + [429]


def test_every_page_says_where_to_report(client_as: Browser) -> None:
    assert "report-uri /csp-report" in client_as("").get("/sign-in").headers["Content-Security-Policy"]


def test_another_name_than_that_of_the_address_is_refused(
    app: Flask, client_as: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    headers._warn.cache_clear()
    house = app.extensions["oms"]
    open_house(app, replace(house.settings, address="https://hoso.example.gov.vn"), house.engine)
    client = client_as("")
    for host, status in {
        "hoso.example.gov.vn": 200,
        "HOSO.example.gov.vn:443": 200,
        "hoso.example.gov.vn.": 200,
        "hoso.example.gov.vn.:443": 200,
        "localhost": 200,
        "127.0.0.1:8000": 200,
        "evil.example": 400,
        "hoso.example.gov.vn.evil.example": 400,
        "hoso.example.gov.vn@evil.example": 400,
    }.items():
        answer = client.get("/sign-in", headers={"Host": host})
        assert answer.status_code == status, host
        assert "evil" not in answer.text
        assert "X-Frame-Options" in answer.headers
    refused = client.get("/sign-in", headers={"Host": "evil.example"})
    assert "<h1" in refused.text and "OMS được mở tại địa chỉ https://hoso.example.gov.vn." in refused.text
    told = client.get("/api/v1/openapi.json", headers={"Host": "evil.example"})
    assert told.status_code == 400 and "https://hoso.example.gov.vn" in told.text
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"Host": "10.0.0.5"}).status_code == 200, "whoever watches the server may"
    (line,) = [line for line in caplog.messages if "another name" in line]
    assert "https://hoso.example.gov.vn (OMS_ADDRESS)" in line and "evil" not in line, "said once, in our words"
