"""The door of the API: tokens, refusals as problem documents, the description."""

import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import db
from oms.models import AuditEntry, Dossier, SignIn
from tests import factories
from tests.api.conftest import Caller
from tests.factories import PASSWORD, World

Callers = Callable[[str], Caller]

# The addresses the contract promises, as OpenAPI writes them.
PROMISED = {
    "/tokens": {"post"},
    "/tokens/current": {"delete"},
    "/me": {"get"},
    "/units": {"get"},
    "/people": {"get"},
    "/dossiers": {"get", "post"},
    "/dossiers/{number}": {"get"},
    "/dossiers/{number}/scans": {"get", "post"},
    "/documents/{id}/order": {"post"},
    "/documents/{id}/split": {"post"},
    "/documents/{id}/join": {"post"},
    "/documents/{id}/move": {"post"},
    "/documents/{id}/pages": {"get"},
    "/pages/{id}/turn": {"post"},
    "/dossiers/{number}/order": {"post"},
    "/dossiers/{number}/undo": {"post"},
    "/dossiers/{number}/record": {"get"},
    "/dossiers/{number}/record/{key}": {"post"},
    "/dossiers/{number}/record/{key}/settle": {"post"},
    "/scans/{id}": {"get"},
    "/scans/{id}/pages/{number}": {"get"},
    "/scans/{id}/pages/{number}/image": {"get"},
    "/scans/{id}/original": {"get"},
    "/scans/{id}/pdf": {"get"},
    "/scans/{id}/verify": {"post"},
    "/arrivals": {"post"},
    "/transfers/{number}/proofs": {"post"},
    "/transfers/{number}/proofs/{proof}": {"get"},
    "/attestations": {"get"},
    "/attestations/{number}": {"get"},
    "/attestations/{number}/attest": {"post"},
    "/attestations/{number}/refuse": {"post"},
    "/stacks": {"get", "post"},
    "/stacks/{id}": {"get"},
    "/stacks/{id}/pieces/{piece}/assign": {"post"},
    "/stacks/{id}/pieces/{piece}/leave-out": {"post"},
    "/stacks/{id}/take-in": {"post"},
    "/dossiers/{number}/cover-sheets": {"post"},
    "/dossiers/{number}/verifications": {"post"},
    "/verifications/{number}/conclude": {"post"},
    "/verifications/{number}/give-up": {"post"},
    "/subject-requests/{number}/extend": {"post"},
    "/subject-requests/{number}/forward": {"post"},
    "/subject-requests/{number}/grant": {"post"},
    "/paper-losses": {"get"},
    "/paper-losses/{number}": {"get"},
    "/paper-losses/{number}/make-anew": {"post"},
    "/paper-losses/{number}/find-again": {"post"},
    "/paper-losses/{number}/give-up": {"post"},
    "/leavings": {"get"},
    "/leavings/{number}": {"get"},
    "/leavings/{number}/annul": {"post"},
    "/leavings/{number}/consent": {"post"},
    "/leavings/{number}/keep-closed": {"post"},
    "/leavings/{number}/report-mistake": {"post"},
    "/campaigns": {"get"},
    "/campaigns/{number}": {"get"},
    "/campaigns/{number}/declarations": {"get"},
    "/corrections": {"get"},
    "/corrections/{number}": {"get"},
    "/corrections/{number}/decide": {"post"},
    "/corrections/{number}/refuse": {"post"},
    "/verifications": {"get"},
    "/verifications/{number}": {"get"},
    "/verifications/{number}/extend": {"post"},
    "/verifications/{number}/end": {"post"},
    "/subject-requests": {"get"},
    "/subject-requests/{number}": {"get"},
    "/subject-requests/{number}/acknowledge": {"post"},
    "/subject-requests/{number}/refuse": {"post"},
    "/membership-moves": {"get", "post"},
    "/membership-moves/{number}": {"get"},
    "/membership-moves/{number}/{step}": {"post"},
    "/reorganisations": {"get"},
    "/reorganisations/{number}": {"get"},
    "/reorganisations/{number}/try": {"post"},
    "/reorganisations/{number}/{step}": {"post"},
    "/search": {"get"},
    "/search/suggest": {"get"},
    "/search/export": {"get"},
    "/transfers": {"get", "post"},
    "/transfers/{number}": {"get"},
    "/transfers/{number}/checks": {"post"},
    "/transfers/{number}/{step}": {"post"},
    "/consultations": {"get", "post"},
    "/audit": {"get"},
    "/jobs/{id}": {"get"},
}


def test_the_description_is_served_to_everybody_and_names_every_address(caller: Callers) -> None:
    answer = caller("").get("openapi.json")
    assert answer.status_code == 200 and answer.content_type == "application/json"
    description = json.loads(answer.data)
    assert description["openapi"].startswith("3.")
    methods = {
        path.removeprefix("/api/v1"): {m for m in operations if m in ("get", "post", "put", "patch", "delete")}
        for path, operations in description["paths"].items()
    }
    assert methods == PROMISED
    for path, operations in description["paths"].items():
        for method in methods[path.removeprefix("/api/v1")]:
            assert operations[method]["summary"], (method, path)
            assert any(status.startswith("2") for status in operations[method]["responses"]), (method, path)
    assert description["paths"]["/api/v1/tokens"]["post"]["security"] == []


def _references(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(_references(value) for value in node))
    return set()


def test_every_reference_of_the_description_leads_somewhere(caller: Callers) -> None:
    description = json.loads(caller("").get("openapi.json").data)
    references = _references(description)
    assert len(references) > 10
    for reference in references:
        node = description
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_signing_in_and_out(caller: Callers, engine: Engine, world: World) -> None:
    stranger = caller("")
    answer = stranger.post("tokens", {"username": "canbo.sonv", "password": PASSWORD})
    assert answer.status_code == 201
    token = answer.get_json()["token"]
    known = Caller(stranger.client, token)
    me = known.get("me").get_json()
    assert (me["username"], me["role"], me["unit"]["code"]) == ("canbo.sonv", "officer", "sonv")
    assert "dossier:read" in me["actions"] and "account:manage" not in me["actions"]
    with db.reading(engine) as session:
        assert [row.kind for row in session.query(SignIn)] == ["api"]
        assert token not in str([row.token_sha256 for row in session.query(SignIn)])
    assert known.delete("tokens/current").status_code == 204
    assert known.get("me").status_code == 401
    with db.reading(engine) as session:
        actions = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.seq)]
    assert actions == ["account:sign_in", "account:sign_out"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"username": "canbo.sonv", "password": "falsch-geraten-12"}, 401),
        ({"username": "niemand", "password": PASSWORD}, 401),
        ({"username": "canbo.sonv", "password": PASSWORD, "otp": "123456"}, 422),
        ({"username": "canbo.sonv", "password": PASSWORD, "otp": ""}, 201),
        ({"username": "canbo.sonv"}, 422),
        ({"username": "canbo.sonv", "password": PASSWORD, "admin": True}, 422),
        ({"username": ["canbo.sonv"], "password": {"$ne": ""}}, 422),
        ([], 422),
    ],
)
def test_wrong_credentials(caller: Callers, world: World, given: object, status: int) -> None:
    answer = caller("").post("tokens", given)
    assert answer.status_code == status
    if status != 201:
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["status"] == status and answer.get_json()["detail"]
        assert PASSWORD not in answer.get_data(as_text=True)


def test_name_and_password_are_refused_in_the_same_words(caller: Callers, world: World) -> None:
    answers = [
        caller("").post("tokens", {"username": name, "password": "falsch-geraten-12"}).data
        for name in ("canbo.sonv", "nie")
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer falsch", "Basic Y2FuYm8=", "bearer\tx"])
def test_no_token_no_answer(caller: Callers, header: str) -> None:
    answer = caller("").get("dossiers", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_browser_session_opens_nothing(client_as: Callable[[str], FlaskClient], engine: Engine) -> None:
    """Cookies are not looked at, so another site cannot use them; a web secret is no token either."""
    browser = client_as("canbo.sonv")
    assert browser.get("/api/v1/me").status_code == 401
    assert browser.post("/api/v1/dossiers", json={"category": "cadre", "person": {"name": "A"}}).status_code == 401
    with browser.session_transaction() as cookie:
        secret = cookie["_user_id"]
    assert browser.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    with db.reading(engine) as session:
        assert session.query(Dossier).count() == 0


def test_a_token_beside_a_foreign_cookie_is_the_token(client_as: Callable[[str], FlaskClient], caller: Callers) -> None:
    token = caller("canbo.sotc").token
    browser = client_as("canbo.sonv")
    for address in ("me", "me?x"):
        answer = browser.get(f"/api/v1/{address}", headers={"Authorization": f"Bearer {token}"})
        assert answer.get_json()["username"] == "canbo.sotc"
    # The language is chosen in the middle of a request; choosing it must not bring the cookie in.
    answer = browser.get("/api/v1/transfers/CH-0", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404


def test_csrf_protection_does_not_stand_in_the_way(app: Flask, caller: Callers) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    officer = caller("canbo.sonv")
    answer = officer.post("dossiers", {"category": "civil_servant", "person": {"name": "Lê Văn Ba"}})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("address", "method", "status"),
    [("nothing", "GET", 404), ("me", "PUT", 405), ("dossiers/x/y", "GET", 404), ("tokens", "GET", 405)],
)
def test_wrong_addresses_are_problems_too(app: Flask, address: str, method: str, status: int) -> None:
    answer = app.test_client().open(f"/api/v1/{address}", method=method)
    assert answer.status_code == status and answer.content_type == "application/problem+json"
    assert answer.get_json()["status"] == status


def test_the_language_of_a_refusal(caller: Callers) -> None:
    stranger = caller("")
    english = stranger.get("me", headers={"Accept-Language": "en-GB,en;q=0.8"}).get_json()
    vietnamese = stranger.get("me", headers={"Accept-Language": "vi"}).get_json()
    unknown = stranger.get("me", headers={"Accept-Language": "fr"}).get_json()
    assert english["title"] == "Not signed in"
    assert vietnamese == unknown and english["status"] == vietnamese["status"]


def test_wrong_fields_are_named_not_their_library(caller: Callers) -> None:
    answer = caller("canbo.sonv").post("dossiers", {"category": "astronaut", "person": {"names": "x"}})
    body = answer.get_json()
    assert answer.status_code == 422
    assert body["fields"] == ["category", "person.name", "person.names"]
    assert "marshmallow" not in answer.get_data(as_text=True).lower()
    broken = caller("canbo.sonv").post("dossiers", data="{", content_type="application/json")
    assert broken.status_code == 400 and broken.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=5", "cursor=2-7", "cursor=0-50", "cursor=%00"]
)
def test_wrong_pages_of_a_list(caller: Callers, query: str) -> None:
    assert caller("canbo.sonv").get(f"dossiers?{query}").status_code == 422


def test_lists_go_on_with_the_cursor(caller: Callers, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        for number in range(7):
            factories.make_dossier(session, world.units["sonv"], f"Nguyễn Văn {number}")
    officer = caller("canbo.sonv")
    for name in ("dossiers", "people", "units"):
        seen, cursor, pages = [], "", 0
        while cursor is not None:
            page = officer.get(name, query_string={"limit": 3, "cursor": cursor}).get_json()
            seen += [item.get("id") or item["number"] for item in page["items"]]
            cursor, pages = page["next"], pages + 1
        assert len(seen) == len(set(seen)) == page["total"], name
        assert pages == -(-page["total"] // 3)


def test_a_fault_of_ours_says_nothing_about_itself(app: Flask, caller: Callers, engine: Engine, world: World) -> None:
    from sqlalchemy import text

    officer = caller("canbo.sonv")
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE dossiers RENAME TO hidden_dossiers"))
    answer = officer.get("dossiers")
    assert answer.status_code == 500 and answer.content_type == "application/problem+json"
    assert "hidden" not in answer.get_data(as_text=True) and "SELECT" not in answer.get_data(as_text=True)
    assert len(answer.get_json()["reference"]) == 8
