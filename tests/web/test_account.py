"""Signing in and out by the page: what opens, what stays closed, what is left behind."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import Engine, select, update

from oms import accounts, db, installation
from oms.accounts import passwords
from oms.accounts.guessing import digest
from oms.models import Account, Attempt, AuditEntry, Fact, SignIn, now
from tests.factories import PASSWORD, World
from tests.journeys.conftest import Desk, desk_of, running
from tests.test_guessing import fail_often

__all__ = ["desk_of", "running"]
Browser = Callable[[str], FlaskClient]
NEW = "Câu mới đủ dài 2027"


def log(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(entry.action, entry.outcome) for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


def sign_in(client: FlaskClient, username: str = "canbo.sonv", password: str = PASSWORD, **more: str):
    return client.post("/sign-in", data={"username": username, "password": password, **more})


def test_the_right_password_opens_and_is_logged(client_as: Browser, engine: Engine) -> None:
    client = client_as("")
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (302, "/")
    assert log(engine) == [("account:sign_in", "done")]
    assert client.get("/").status_code == 200
    assert PASSWORD not in str(answer.headers)


def test_a_wrong_password_stays_out_counts_and_is_logged(client_as: Browser, engine: Engine) -> None:
    client = client_as("")
    for username in ("canbo.sonv", "nobody.here"):
        answer = sign_in(client, username, "wrong")
        assert answer.status_code == 401
        assert "User name or password is not right." in answer.text
    assert log(engine) == [("account:sign_in", "refused")] * 2
    with db.reading(engine) as session:
        assert accounts.wrong_tries(session, "canbo.sonv")[0] == 1
    assert client.get("/").status_code == 302


def test_many_wrong_passwords_make_the_account_wait(client_as: Browser, engine: Engine) -> None:
    client = client_as("")
    assert [sign_in(client, password="wrong").status_code for _ in range(5)] == [401] * 5
    fail_often(engine, times=7)
    late = sign_in(client)
    assert late.status_code == 429 and int(late.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/people?page=2", "/people?page=2"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("people", "/"),
        ("", "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_server(client_as: Browser, asked: str, sent: str) -> None:
    assert sign_in(client_as(""), next=asked).location == sent


def test_the_cookie_is_a_new_one_after_signing_in(client_as: Browser) -> None:
    client = client_as("")
    with client.session_transaction() as cookie:
        cookie["planted"] = "before"
    sign_in(client)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie and cookie["_user_id"]


def test_signing_out_ends_it_on_the_server_and_clears_the_browser(client_as: Browser, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    with client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    answer = client.post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    with client.session_transaction() as cookie:
        cookie["_user_id"] = secret  # a copy of the cookie that somebody kept
    assert client.get("/").status_code == 302
    assert ("account:sign_out", "done") in log(engine)
    assert client.get("/sign-out").status_code == 405


def test_a_first_password_is_replaced_before_anything_else(client_as: Browser, engine: Engine, world: World) -> None:
    client = client_as("canbo.sonv")
    with db.writing(engine) as session:
        session.get_one(Account, world.accounts["canbo.sonv"]).must_change_password = True
    for path in ("/", "/people", "/account"):
        assert client.get(path).location == "/account/password"
    assert client.get("/account/password").status_code == 200
    answer = client.post("/account/password", data={"old": PASSWORD, "new": NEW, "again": NEW})
    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/").status_code == 200


def test_a_new_password_ends_the_other_sessions_and_goes_on_here(client_as: Browser, engine: Engine) -> None:
    here, elsewhere = client_as("canbo.sonv"), client_as("canbo.sonv")
    assert here.post("/account/password", data={"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 302
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
    assert sign_in(client_as("")).status_code == 401
    assert ("account:change_password", "done") in log(engine)


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("wrong", NEW, NEW, "The present password is not right."),
        (PASSWORD, NEW, NEW + "x", "was not typed the same way twice"),
        (PASSWORD, "short", "short", "A password needs 12 to 128 characters."),
    ],
)
def test_a_refused_password_says_why_and_changes_nothing(
    client_as: Browser, old: str, new: str, again: str, sentence: str
) -> None:
    client = client_as("canbo.sonv")
    answer = client.post("/account/password", data={"old": old, "new": new, "again": again})
    assert answer.status_code == 422 and sentence in answer.text
    assert sign_in(client_as("")).status_code == 302


def test_the_own_page_lists_sessions_and_ends_one(client_as: Browser, engine: Engine, world: World) -> None:
    here, elsewhere = client_as("canbo.sonv"), client_as("canbo.sonv")
    other = client_as("canbo.sotc")
    page = here.get("/account").text
    ends = re.findall(r'action="(/account/sessions/[0-9a-f]+/end)"', page)
    assert len(ends) == 1 and "This one" in page
    other.post(ends[0])
    assert elsewhere.get("/").status_code == 200
    here.post(ends[0])
    assert elsewhere.get("/").status_code == 302
    assert here.get("/").status_code == 200


def test_the_language_is_a_cookie_and_stays_with_the_account(client_as: Browser, engine: Engine, world: World) -> None:
    client = client_as("canbo.sonv")
    assert client.get("/").text.count('lang="en"') >= 1
    answer = client.post("/language", data={"language": "vi", "next": "/people"})
    assert answer.location == "/people" and '<html lang="vi"' in client.get("/").text
    client.post("/language", data={"language": "en", "next": "//evil.example"})
    with db.reading(engine) as session:
        assert session.get_one(Account, world.accounts["canbo.sonv"]).language == "en"
    assert client.post("/language", data={"language": "xx", "next": "/"}).status_code == 404


@pytest.fixture
def demo(engine: Engine) -> Iterator[None]:
    with db.writing(engine) as session:
        session.add(Fact(key="demo", value="yes"))
    yield
    installation._demo.clear()


def test_demo_accounts_are_shown_on_a_demonstration_only(client_as: Browser, engine: Engine) -> None:
    page = client_as("").get("/sign-in").text
    assert accounts.DEMO_PASSWORD not in page and "canbo.sonv" not in page


def test_a_demonstration_shows_its_accounts(client_as: Browser, demo: None) -> None:
    page = client_as("").get("/sign-in").text
    assert accounts.DEMO_PASSWORD in page and "canbo.sonv" in page and "Dossier officer" in page
    assert "canbo2.sonv" not in page


def test_a_form_without_its_token_is_refused(app: Flask, client_as: Browser, engine: Engine) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    assert sign_in(client_as("")).status_code == 400
    assert client_as("canbo.sonv").post("/sign-out").status_code == 400
    with db.reading(engine) as session:
        assert session.scalar(select(SignIn.id).where(SignIn.ended_at.is_not(None))) is None


def test_the_device_is_told_in_two_words(client_as: Browser, engine: Engine) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0"
    client_as("").post("/sign-in", data={"username": "canbo.sonv", "password": PASSWORD}, headers={"User-Agent": agent})
    with db.reading(engine) as session:
        assert session.scalars(select(SignIn.device)).all() == ["Edge · Windows"]


def test_a_stranger_keeps_nobody_out_of_the_own_browser(engine: Engine, app: Flask) -> None:
    own, stranger = app.test_client(), app.test_client()
    assert sign_in(own).status_code == 302
    mark = own.get_cookie("oms-browser")
    assert mark is not None and mark.http_only and mark.same_site == "Lax" and len(mark.value) == 43
    own.post("/sign-out")
    assert own.get_cookie("oms-browser") is not None, "signing out leaves the mark, and nothing else"
    fail_often(engine)
    assert sign_in(stranger).status_code == 429
    assert sign_in(own).status_code == 302


def test_a_fault_of_ours_is_no_wrong_try(client_as: Browser, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHING_PATIENCE", 0.01)
    with passwords._one_at_a_time:
        assert [sign_in(client_as("")).status_code for _ in range(8)] == [503] * 8
    assert sign_in(client_as("")).status_code == 302


def test_after_many_wrong_tries_the_owner_is_told(client_as: Browser, engine: Engine) -> None:
    with db.writing(engine) as session:
        for _ in range(accounts.WORTH_TELLING):
            session.add(Attempt(who=digest("canbo.sonv"), source="", address="", at=now() - timedelta(hours=5)))
    client = client_as("")
    sign_in(client)
    assert "20 wrong passwords were tried" in client.get("/").text
    sign_in(other := client_as(""))
    assert "wrong passwords were tried" not in other.get("/").text


def test_the_page_knows_how_long_the_session_lasts(client_as: Browser, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    assert 'data-session-ends="900"' in client.get("/account").text
    with db.writing(engine) as session:
        session.execute(update(SignIn).values(seen_at=now() - timedelta(minutes=14)))
    asked = client.get("/account/session", headers={"X-Requested-With": "poll"})
    assert 50 < asked.json["seconds"] <= 60, "asking keeps nothing alive"
    assert client.post("/account/session", headers={"X-Requested-With": "fetch"}).json["seconds"] == 900


@pytest.mark.browser
@pytest.mark.slow
def test_a_minute_before_the_end_the_page_warns_and_afterwards_it_is_covered(
    desk_of: Callable[..., Desk], engine: Engine
) -> None:
    desk = desk_of("")
    desk.page.clock.install()
    desk.sign_in("canbo.sonv")
    desk.go("/account")
    warning = desk.page.locator("dialog[data-session]")

    def let_pass(minutes: float) -> None:
        with db.writing(engine) as session:
            for opened in session.scalars(select(SignIn)):
                opened.seen_at -= timedelta(minutes=minutes)
        desk.page.clock.fast_forward(int(minutes * 60_000))

    let_pass(13)
    expect(warning).to_be_hidden()
    let_pass(1.5)
    expect(warning).to_be_visible()
    desk.keep_picture("session-warning")
    warning.locator("button").click()
    expect(warning).to_be_hidden()
    let_pass(14.5)
    expect(warning).to_be_visible()
    let_pass(1)
    expect(warning.locator("[data-session-over]")).to_be_visible()
    desk.keep_picture("session-over")
    warning.locator("a").click()
    desk.page.wait_for_url(re.compile(r"/sign-in\?next=/account$"))
