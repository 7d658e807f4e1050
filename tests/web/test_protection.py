"""The closed installation over HTTP: every address is classified, nothing of a closed file by any of them, no way out."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from html.parser import HTMLParser
from itertools import islice

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from oms import accounts, audit, db, protection
from oms.models import Account, AuditEntry, Document, Dossier, InsertOpening, Page, Purge, Scan, now
from oms.permissions import NEEDS_OPENING
from oms.web.closed import ABSENT_ROOMS, TABLE, Door, door_of, exists
from tests import factories
from tests.protecting import CANARIES, NAME, TOGETHER, File, entries
from tests.web.test_routes import addresses, rules

Clients = Callable[[str], FlaskClient]


@pytest.fixture
def clients(closed_app: Flask, client_as: Clients) -> Clients:
    """Browsers signed in to the closed installation."""
    return client_as


def asked(app: Flask, ids: dict[str, str], *, absent: bool) -> Iterator[tuple[str, str]]:
    """Method and address of what is absent (one of each), or of what exists, with every id that could mean something."""
    for rule in rules(app):
        gone = door_of(rule.endpoint) == Door.ABSENT
        if gone != absent or rule.endpoint in ("static", "account.sign_out", "account.sign_in", "health.searchz"):
            continue
        found = addresses(app, rule, ids)
        for address in islice(found, 1) if absent else found:
            methods = [method for method in ("GET", "POST", "DELETE") if method in (rule.methods or ())]
            yield from ((method, address) for method in (methods[:1] if absent else methods))


def assert_silent(body: str, what: str) -> None:
    for word in CANARIES:
        assert word not in body, f"{what} tells of a closed file: {word}"


def open_it(client: FlaskClient, protection_file: File, **more: str) -> int:
    return client.post(f"/dossiers/{protection_file.dossier}/open", data=TOGETHER | more).status_code


def test_every_address_is_classified_and_the_table_names_no_other(app: Flask):
    there = {rule.endpoint for rule in rules(app)}
    assert [endpoint for endpoint in there if door_of(endpoint) is None] == []
    assert set(TABLE) <= there
    assert {endpoint.partition(".")[0] for endpoint in TABLE} & ABSENT_ROOMS == set()
    assert door_of("rooms.of_tomorrow") is None and not exists("rooms.of_tomorrow", protected=True)


def test_what_is_absent_answers_like_what_never_was(
    clients: Clients, closed_app: Flask, protection_file: File, engine: Engine
):
    client, before, count = clients("canbo.sonv"), entries(engine), 0
    for method, address in asked(closed_app, protection_file.ids, absent=True):
        answer = client.open(address, method=method, headers={"X-Requested-With": "fetch"})
        assert answer.status_code == 404, f"{method} {address}"
        count += 1
    assert count > 200
    for address in ("/api/v1/openapi.json", "/api/v1/tokens", "/api/v1/search", "/api/v1", "/api/"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert client.open(address, method=method).status_code == 404
    assert entries(engine) == before, "what does not exist leaves no look"


@pytest.mark.parametrize("username", ["canbo.sonv", "quantri", "kiemtra.khoi"])
def test_no_address_tells_what_lies_in_a_closed_file(
    clients: Clients, closed_app: Flask, protection_file: File, username: str, engine: Engine
):
    client = clients(username)
    for method, address in asked(closed_app, protection_file.ids, absent=False):
        answer = client.open(address, method=method)
        assert answer.status_code < 500, f"{method} {address}"
        assert_silent(answer.get_data().decode("utf-8", "replace"), f"{method} {address}")
    for words in CANARIES:
        assert_silent(client.get("/search", query_string={"q": words[:-1]}).get_data(as_text=True), "search")


def test_the_two_who_opened_it_read_it_and_nobody_else(clients: Clients, protection_file: File, engine: Engine):
    one, other, third = (clients(name) for name in ("canbo.sonv", "canbo2.sonv", "bithu.sonv"))
    page = one.get(f"/dossiers/{protection_file.dossier}")
    assert (page.status_code, page.location) == (302, f"/dossiers/{protection_file.dossier}/open")
    form = one.get(page.location).get_data(as_text=True)
    assert NAME in form and "30 minutes" in form
    assert open_it(one, protection_file) == 302
    for client in (one, other):
        text = client.get(f"/dossiers/{protection_file.dossier}").get_data(as_text=True)
        assert CANARIES[1] in text and "open with" in text and 'http-equiv="refresh"' in text
        assert CANARIES[0] in client.get(f"/pages/{protection_file.page}").get_data(as_text=True)
        assert client.get(f"/scans/{protection_file.scan}/original").status_code == 404
    assert third.get(f"/dossiers/{protection_file.dossier}").location == f"/dossiers/{protection_file.dossier}/open"
    assert third.get(f"/pages/{protection_file.page}").location == f"/dossiers/{protection_file.dossier}/open"
    assert third.post(f"/intake/{protection_file.dossier}/scans").status_code == 403
    assert clients("canbo.sotc").get(f"/pages/{protection_file.page}").status_code == 404
    assert one.post(f"/dossiers/{protection_file.dossier}/close").status_code == 302
    assert other.get(f"/pages/{protection_file.page}").location == f"/dossiers/{protection_file.dossier}/open"
    told = [action for action, outcome in entries(engine) if outcome == "done" and action.startswith("file:")]
    assert told == ["file:open", "file:close"]


def test_time_closes_it(clients: Clients, protection_file: File, engine: Engine):
    client = clients("canbo.sonv")
    open_it(client, protection_file)
    with db.writing(engine) as session:
        session.execute(update(InsertOpening).values(ends_at=now() - timedelta(seconds=1)))
    assert client.get(f"/dossiers/{protection_file.dossier}").status_code == 302
    assert client.get(f"/pages/{protection_file.page}/image.jpg").status_code == 302


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"password": "sai-mat-khau-2026"}, 422),
        ({"second": "canbo.sonv"}, 403),
        ({"second": "canbo.sotc"}, 403),
        ({"reason": "xem"}, 422),
    ],
)
def test_what_is_no_opening_opens_nothing(
    clients: Clients, protection_file: File, engine: Engine, more: dict[str, str], status: int
):
    client = clients("canbo.sonv")
    assert open_it(client, protection_file, **more) == status
    assert client.get(f"/dossiers/{protection_file.dossier}").status_code == 302
    assert ("file:open", "done") not in entries(engine)


def test_the_first_one_gives_the_own_password_too(clients: Clients, protection_file: File, engine: Engine):
    client = clients("canbo.sonv")
    with db.writing(engine) as session:  # the sign-in of an hour ago
        from oms.models import SignIn

        session.execute(update(SignIn).values(confirmed_at=now() - timedelta(hours=1)))
    answer = client.post(f"/dossiers/{protection_file.dossier}/open", data=TOGETHER)
    assert answer.status_code == 401 and TOGETHER["password"] not in answer.get_data(as_text=True)
    assert ("file:open", "done") not in entries(engine)


class Links(HTMLParser):
    """Where a page leads, and what its forms do."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Keep the addresses of links, forms and pictures, and what scripts of ours fetch."""
        given = dict(attributes)
        method = (given.get("method") or "get").upper() if tag == "form" else "GET"
        for name, value in given.items():
            if value and value.startswith("/") and (name in ("href", "src", "action") or name.startswith("data-")):
                how = method if name == "action" else "any" if name.startswith("data-") else "GET"
                self.found.add((how, value.partition("?")[0].partition("#")[0]))


def endpoint_of(adapter: MapAdapter, method: str, target: str) -> str:
    """What answers there; scripts of ours get or post."""
    for one in ("GET", "POST") if method == "any" else (method,):
        with suppress(HTTPException):
            return str(adapter.match(target, method=one)[0])
    return ""


@pytest.mark.parametrize("username", ["canbo.sonv", "quantri"])
def test_no_page_leads_to_what_does_not_exist(
    clients: Clients, closed_app: Flask, protection_file: File, username: str
):
    client = clients(username)
    if username == "canbo.sonv":
        assert open_it(client, protection_file) == 302
    adapter, seen, waiting = closed_app.url_map.bind("localhost"), set(), ["/"]
    while waiting:
        address = waiting.pop()
        answer = client.get(address)
        if not (answer.content_type or "").startswith("text/html"):
            continue
        links = Links()
        links.feed(answer.get_data(as_text=True))
        for method, target in links.found:
            endpoint = endpoint_of(adapter, method, target)
            assert endpoint, f"{address} leads to {method} {target}, which is no address"
            assert exists(endpoint, protected=True), f"{address} leads to {method} {target}"
            if method == "GET" and target not in seen and endpoint not in ("static", "account.sign_out"):
                seen.add(target)
                waiting.append(target)
    assert len(seen) >= 6


def test_the_two_kinds_do_not_look_alike_and_share_no_cookie(
    clients: Clients, client_as: Clients, protection_file: File
):
    page = clients("canbo.sonv").get("/").get_data(as_text=True)
    assert "INTERNAL POLITICAL PROTECTION FILES" in page and 'class="closed-house"' in page
    assert clients("canbo.sonv").get_cookie("oms") is None
    assert clients("canbo.sonv").get_cookie("oms-protection") is not None


def test_a_general_house_has_none_of_it(app: Flask, client_as: Clients, world, engine: Engine):
    client = client_as("canbo.sonv")
    page = client.get("/").get_data(as_text=True)
    assert "PROTECTION" not in page and "closed-house" not in page
    with db.writing(engine) as session:
        id = factories.make_dossier(session, world.units["sonv"]).id
    assert client.get(f"/dossiers/{id}").status_code == 200
    for address in (f"/dossiers/{id}/open", f"/dossiers/{id}/marked-print", "/prints"):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code in (404, 405)


def test_every_address_into_a_file_takes_an_opening(app: Flask):
    """Its right does, or what it names is loaded from what is open; the others show rows of such rights only."""
    by_rows = {
        "intake.index",  # scans the actor may read
        "search.show",  # what the index finds, narrowed to what is open
        "gate.minutes",  # purging.find_minutes asks what is open
    }
    found = set()
    for rule in rules(app):
        view = app.view_functions[rule.endpoint]
        if door_of(rule.endpoint) != Door.OPENED or view.guard in NEEDS_OPENING:
            continue
        if view.subject in (Dossier, Scan, Page, Document) and "id" in rule.arguments:
            continue
        found.add(rule.endpoint)
    assert found <= by_rows, found - by_rows


def test_minutes_of_a_closed_file_are_for_nobody(clients: Clients, protection_file: File, engine: Engine):
    client, reason = clients("canbo.sonv"), "Dấu mật trên trang hai canari"
    with db.writing(engine) as session:
        two = [accounts.get_actor(session, name, via="web").account_id for name in ("canbo.sonv", "canbo2.sonv")]
        purge = Purge(
            dossier_id=protection_file.dossier,
            pages=1,
            documents=0,
            reason=reason,
            purged_by_id=two[0],
            confirmed_by_id=two[1],
        )
        session.add(purge)
        session.flush()
        id = purge.id
    answer = client.get(f"/purges/{id}")
    assert answer.status_code == 404 and reason not in answer.get_data(as_text=True)
    assert ("secrecy:minutes", "done") not in entries(engine)
    open_it(client, protection_file)
    assert reason in client.get(f"/purges/{id}").get_data(as_text=True)


def newest(engine: Engine, action: str) -> AuditEntry:
    with db.reading(engine) as session:
        return session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq)).all()[-1]


def test_every_entry_within_an_opening_names_the_other_one(clients: Clients, protection_file: File, engine: Engine):
    client = clients("canbo.sonv")
    assert client.get(f"/pages/{protection_file.page}").status_code == 302
    refused = newest(engine, "page:read")
    assert (refused.outcome, refused.dossier_id) == ("refused", protection_file.dossier)
    open_it(client, protection_file)
    assert client.get("/search", query_string={"q": CANARIES[0]}).status_code == 200
    with db.reading(engine) as session:
        other = accounts.get_actor(session, "canbo2.sonv", via="web").account_id
    assert f"{protection_file.dossier}:{other}" in newest(engine, "search:find").body


def test_a_page_without_a_file_of_its_own_closes_too(clients: Clients, protection_file: File):
    one, other = clients("canbo.sonv"), clients("canbo2.sonv")
    search = "/search?q=" + CANARIES[0]
    assert 'http-equiv="refresh"' not in one.get(search).get_data(as_text=True)
    open_it(one, protection_file)
    for address in (search, "/review", f"/pages/{protection_file.page}"):
        text = other.get(address, follow_redirects=True).get_data(as_text=True)
        assert 'http-equiv="refresh"' in text and f'data-closes="{protection_file.dossier}"' in text
    assert 'http-equiv="refresh"' not in other.get("/people").get_data(as_text=True)
    assert other.get("/account/session").get_json()["open"] == [protection_file.dossier]
    one.post(f"/dossiers/{protection_file.dossier}/close")
    assert other.get("/account/session").get_json()["open"] == [], "the page of the other one asks and goes"


@pytest.mark.parametrize("username", ["canbo.sonv", "canbo2.sonv"])
def test_whom_an_administrator_just_let_in_opens_nothing(
    clients: Clients, protection_file: File, engine: Engine, username: str
):
    client, head = clients("canbo.sonv"), clients("bithu.sonv")
    with db.writing(engine) as session:
        account = session.scalars(select(Account).where(Account.username == username)).one()
        administrator = accounts.get_actor(session, "quantri", via="web")
        audit.record(session, "account:reset_password", account, actor=administrator)
        name = account.full_name
    assert open_it(client, protection_file) == 403
    assert ("file:open", "done") not in entries(engine)
    page = head.get("/").get_data(as_text=True)
    assert "Accounts administrators changed" in page and name in page and "Reset a password" in page
    assert "Accounts administrators changed" not in client.get("/").get_data(as_text=True)
    later = now() + protection.SETTLES_IN
    with db.reading(engine) as session:
        actor = accounts.get_actor(session, username, via="web")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(protection, "now", lambda: later)
            protection._refuse_just_let_in(session, actor)


def test_an_account_has_no_token_there(clients: Clients, protection_file: File, engine: Engine):
    """A token of the same account opens no door: the addresses for programs are not there."""
    with db.writing(engine) as session:
        account = session.scalars(select(Account).where(Account.username == "canbo.sonv")).one()
        assert accounts.actor_of(session, account, via="api").opened == {}
    client = clients("canbo.sonv")
    open_it(client, protection_file)
    for header in ({}, {"Authorization": "Bearer oms_0000000000000000000000000000000000000000"}):
        for address in ("/api/v1/dossiers", f"/api/v1/dossiers/{protection_file.number}", "/api/v1/tokens"):
            answer = client.get(address, headers=header)
            assert answer.status_code == 404
            assert_silent(answer.get_data(as_text=True), address)
