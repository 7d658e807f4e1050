"""Every page and every form with what no honest browser sends: refused or shown as text, never a fault.

All answers, errors too, carry the headers that keep foreign scripts out.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.datastructures import MultiDict

from oms import db
from tests import factories
from tests.factories import World

Clients = Callable[[str], FlaskClient]

HOSTILE = (
    "x" * 3000,
    "😀",
    "a\x00b",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "%s%n%(name)s",
    "' OR 1=1--",
    "-1",
    "9" * 19,
    "9" * 40,
    "1e9",
    "٣",
    "\r\nX-Evil: 1",
    "../../etc/passwd",
)
PARAMETERS = {
    "canbo.sonv": {
        "/people": ("name", "unit", "page", "sort"),
        "/people/new": ("name", "category"),
        "/dossiers/new": ("person", "category"),
        "/intake": ("dossier",),
        "/intake/progress": ("scan",),
        "/review": ("page", "dossier"),
        "/search": ("q", "page", "unit", "kind", "component", "category", "year"),
        "/transfers": ("tab", "page"),
        "/transfers/new": ("dossier", "unit"),
        "/units": ("on",),
        "/sign-in": ("next",),
    },
    "kiemtra.khoi": {"/audit": ("username", "action", "dossier", "outcome", "first", "last", "before", "page")},
    "quantri": {"/accounts": ("q", "page"), "/system": ("page",)},
}
PLACES = [
    (who, address, name) for who, pages in PARAMETERS.items() for address, names in pages.items() for name in names
]
KEPT_OUT = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Cache-Control",
)


@pytest.mark.parametrize(("who", "address", "name"), PLACES, ids=str)
def test_no_parameter_of_a_page_is_a_fault(client_as: Clients, who: str, address: str, name: str) -> None:
    client = client_as(who)
    for value in HOSTILE:
        answer = client.get(address, query_string={name: value})
        assert answer.status_code < 500, value
        assert "<script>alert" not in answer.text and "X-Evil" not in answer.headers
        assert all(header in answer.headers for header in KEPT_OUT), value


@pytest.fixture
def forms(client_as: Clients, engine: Engine, world: World) -> Iterator[list[tuple[FlaskClient, str, set[str]]]]:
    """Every form an officer or an administrator is shown on the pages that write: where it goes, its fields."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Trần Canh Nông")
    officer, administrator = client_as("canbo.sonv"), client_as("quantri")
    pages = (
        (officer, "/people/new"),
        (officer, f"/dossiers/{dossier.id}/shelf"),
        (officer, f"/transfers/new?dossier={dossier.id}"),
        (officer, "/account/password"),
        (administrator, "/accounts/new"),
    )
    found = []
    for client, address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        for form in re.findall(r'<form[^>]*method="post".*?</form>', answer.text, re.S):
            action = re.search(r'<form[^>]*action="([^"]+)"', form)
            target = action[1] if action else address
            if target not in ("/sign-out", "/language"):
                found.append((client, target, set(re.findall(r'name="([^"]+)"', form))))
    yield found


def test_no_field_of_a_form_is_a_fault(forms: list[tuple[FlaskClient, str, set[str]]]) -> None:
    assert len(forms) >= 5
    for client, target, names in forms:
        for name in sorted(names):
            for value in HOSTILE:
                answer = client.post(target, data={**dict.fromkeys(names, "x"), name: value})
                assert answer.status_code < 500, (target, name, value)
                assert "<script>alert" not in answer.text and "X-Evil" not in answer.headers
        assert client.post(target, data={}).status_code < 500
        assert client.post(target, data=MultiDict([(name, "x") for name in names for _ in "12"])).status_code < 500


def test_no_form_is_taken_without_its_token(app: Flask, forms: list[tuple[FlaskClient, str, set[str]]]) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    for client, target, names in forms:
        for data in (dict.fromkeys(names, "x"), {"csrf_token": "AAAA"}):
            assert client.post(target, data=data).status_code == 400, target


def test_wrong_methods_and_addresses_are_answered_with_all_headers(app: Flask, client_as: Clients) -> None:
    client = client_as("canbo.sonv")
    addresses = {rule.rule.replace("<id>", "0123456789abcdef") for rule in app.url_map.iter_rules()}
    plain = sorted(address for address in addresses if "<" not in address and address != "/sign-out")
    odd = ["/nosuch", "//people", "/people/", "/%2e%2e/etc/passwd", "/static/..%2f__init__.py", "/api/v1/nosuch"]
    for address in (*plain, *odd):
        for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "FOO"):
            answer = client.open(address, method=method)
            # What is not measured yet is not said to be complete.
            assert answer.status_code < 500 or (answer.status_code, address) == (503, "/searchz"), (method, address)
            assert all(header in answer.headers for header in KEPT_OUT), (method, address)


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil", "/\t/evil", "javascript:alert(1)", "///evil", "\\\\evil"],
)
def test_signing_in_sends_nobody_away_from_here(client_as: Clients, target: str) -> None:
    answer = client_as("canbo.sonv").get("/sign-in", query_string={"next": target})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
