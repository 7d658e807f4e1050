"""Passkeys by the pages: what each page offers, what an answer opens, and the whole way in Chromium."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, func, select

from oms import db, limits
from oms.models import Account, AuditEntry, PasskeyChallenge
from oms.permissions import Actor
from oms.settings import Settings
from tests.api.conftest import Caller, caller
from tests.authenticator import Device
from tests.factories import PASSWORD, World
from tests.test_passkeys import add
from tests.test_second_factor import code_of, set_up
from tests.web.conftest import served
from tests.web.test_account import sign_in
from tests.web.test_confirming import grow_old

__all__ = ["caller"]
Browser = Callable[[str], FlaskClient]
Find = Callable[[str], Actor]
NAME = "canbo.sonv"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """OMS is opened at http://localhost, as the test client does."""
    return replace(settings, address="http://localhost")


def device_of(engine: Engine, settings: Settings, actor: Actor) -> tuple[Device, list[str]]:
    return add(engine, settings, actor, Device("http://localhost"))


def log(engine: Engine) -> list[tuple[str, str, str]]:
    with db.reading(engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
    told = [(row.action, row.outcome, json.loads(row.body)["detail"] or {}) for row in rows]
    return [(action, outcome, detail.get("how") or detail.get("reason") or "") for action, outcome, detail in told]


def test_a_passkey_signs_in_without_a_name(
    client_as: Browser, engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, _ = device_of(engine, settings, actor(NAME))
    client = client_as("")
    page = client.get("/sign-in?next=/people")
    assert "Sign in with a passkey" in page.text
    assert "publickey-credentials-get=(self)" in page.headers["Permissions-Policy"]
    assert "publickey-credentials-create=()" in page.headers["Permissions-Policy"]
    answer = device.show(client.post("/sign-in/passkey/options").text)
    done = client.post("/sign-in/passkey", data={"passkey": answer, "next": "/people"})
    assert (done.status_code, done.location) == (302, "/people")
    assert client.get("/people").status_code == 200
    assert ("account:sign_in", "done", "passkey") in log(engine)
    other = client_as("")
    again = other.post("/sign-in/passkey", data={"passkey": answer})
    assert again.status_code == 401 and "was not accepted" in again.text
    assert other.get("/people").status_code == 302


def test_after_the_password_only_the_own_passkey_or_a_recovery_code_opens(
    client_as: Browser, engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, codes = device_of(engine, settings, actor(NAME))
    foreign, _ = device_of(engine, settings, actor("canbo.sotc"))
    client = client_as("")
    assert sign_in(client, next="/people").location == "/sign-in/code?next=/people"
    assert client.get("/people").status_code == 302
    page = client.get("/sign-in/code").text
    assert "Show a passkey" in page and "Recovery code" in page and "Code of six digits" not in page
    options = client.post("/sign-in/passkey/options").text
    assert len(json.loads(options)["allowCredentials"]) == 1
    wrong = client.post("/sign-in/code", data={"passkey": foreign.show(options)})
    assert wrong.status_code == 401 and client.get("/people").status_code == 302
    answer = device.show(client.post("/sign-in/passkey/options").text)
    assert client.post("/sign-in/code", data={"passkey": answer}).status_code == 302
    assert client.get("/people").status_code == 200
    assert log(engine)[-3:-1] == [
        ("account:sign_in", "refused", "passkey: of another account"),
        ("account:sign_in", "done", "password and passkey"),
    ]
    again = client_as("")
    sign_in(again)
    assert again.post("/sign-in/code", data={"code": codes[0]}).status_code == 302


def test_who_signs_in_as_somebody_else_after_the_password_is_asked_for_any_passkey(
    client_as: Browser, engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device_of(engine, settings, actor(NAME))
    other, _ = device_of(engine, settings, actor("canbo.sotc"))
    client = client_as("")
    sign_in(client)
    client.get("/sign-in")
    options = client.post("/sign-in/passkey/options").text
    assert json.loads(options)["allowCredentials"] == []
    assert client.post("/sign-in/passkey", data={"passkey": other.show(options)}).status_code == 302
    assert "canbo.sotc" in client.get("/account").text
    again = client_as("")
    sign_in(again)
    again.get("/sign-in")
    assert again.get("/sign-in/code").location == "/sign-in?next=/", "the password is asked for anew"


def test_a_passkey_confirms_as_well_as_the_password(
    client_as: Browser, engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, _ = device_of(engine, settings, actor("quantri"))
    foreign, _ = device_of(engine, settings, actor(NAME))
    client, path = client_as("quantri"), f"/accounts/{world.accounts['canbo.sotc']}/disable"
    grow_old(engine)
    asked = client.post(path)
    assert asked.status_code == 401 and "Go on with a passkey" in asked.text
    assert "publickey-credentials-get=(self)" in asked.headers["Permissions-Policy"]
    options = client.post("/account/passkeys/proof").text
    wrong = client.post(path, data={"confirm_password": "", "confirm_passkey": foreign.show(options)})
    assert wrong.status_code == 401 and "was not accepted" in wrong.text
    answer = device.show(client.post("/account/passkeys/proof").text)
    assert client.post(path, data={"confirm_password": "", "confirm_passkey": answer}).status_code == 302
    with db.reading(engine) as session:
        assert session.get_one(Account, world.accounts["canbo.sotc"]).disabled
    assert log(engine)[-3:] == [
        ("account:confirm", "refused", "passkey: of another account"),
        ("account:confirm", "done", "passkey"),
        ("account:disable", "done", ""),
    ]
    grow_old(engine)
    assert client.post(path, data={"confirm_passkey": answer}).status_code == 401, "it was good once"


def test_adding_and_removing_by_the_pages(client_as: Browser, engine: Engine, world: World) -> None:
    client, device = client_as(NAME), Device("http://localhost")
    grow_old(engine)
    assert "Add the passkey of this device" not in client.get("/account/passkeys").text
    assert client.post("/account/passkeys/begin").status_code == 401
    refused = client.post("/account/passkeys/options", headers={"X-Requested-With": "fetch"})
    assert (refused.status_code, "password" in refused.json["message"]) == (401, True)
    begun = client.post("/account/passkeys/begin", data={"confirm_password": PASSWORD})
    assert begun.location == "/account/passkeys"
    page = client.get("/account/passkeys")
    assert "Add the passkey of this device" in page.text
    assert "publickey-credentials-create=(self)" in page.headers["Permissions-Policy"]
    made = device.make(client.post("/account/passkeys/options").text)
    nameless = client.post("/account/passkeys/add", data={"passkey": made, "name": ""})
    assert nameless.status_code == 422 and "Give the passkey a name" in nameless.text
    made = device.make(client.post("/account/passkeys/options").text)
    done = client.post("/account/passkeys/add", data={"passkey": made, "name": "Máy phòng 204"})
    codes = re.findall(r"data-recovery-code>([^<]+)<", done.text)
    assert done.status_code == 200 and len(codes) == 10
    page = client.get("/account/passkeys").text
    found = re.search(r"/account/passkeys/([0-9a-f]{16})/remove", page)
    assert found and "Máy phòng 204" in page and "One of your recovery codes" in page
    assert client.post(f"/account/passkeys/{found[1]}/remove").status_code == 422
    assert client_as("canbo.sotc").post(f"/account/passkeys/{found[1]}/remove").status_code == 404
    gone = client.post(f"/account/passkeys/{found[1]}/remove", data={"recovery": codes[1]})
    assert gone.location == "/sign-in" and client.get("/people").status_code == 302


@pytest.mark.parametrize(("address", "says"), [("https://hoso.example.gov.vn", "Open OMS there"), ("", "OMS_ADDRESS")])
def test_at_another_address_the_password_remains(
    app: Flask,
    client_as: Browser,
    engine: Engine,
    settings: Settings,
    world: World,
    actor: Find,
    address: str,
    says: str,
) -> None:
    _, codes = device_of(engine, settings, actor(NAME))
    client = client_as("canbo.sotc")
    app.extensions["oms"].settings = replace(settings, address=address, https=not address)
    assert says in client.get("/account/passkeys").text
    stranger = client_as("")
    page = stranger.get("/sign-in")
    assert "passkey" not in page.text and "publickey-credentials-get=()" in page.headers["Permissions-Policy"]
    app.extensions["oms"].settings = replace(settings, address=address)
    sign_in(stranger)
    assert "Show a passkey" not in stranger.get("/sign-in/code").text
    assert stranger.post("/sign-in/code", data={"code": codes[0]}).status_code == 302


def test_an_address_asks_for_so_many_challenges_a_minute(
    client_as: Browser, engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.LIMITS, "passkey:ask", parse("3 per hour"))
    client, other = client_as(""), client_as("")
    assert [client.post("/sign-in/passkey/options").status_code for _ in range(2)] == [200, 200]
    assert [other.post("/sign-in/passkey/options").status_code for _ in range(2)] == [200, 429], (
        "by address, not browser"
    )
    elsewhere = other.post("/sign-in/passkey/options", environ_base={"REMOTE_ADDR": "10.0.0.8"})
    assert elsewhere.status_code == 200
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(PasskeyChallenge.id))) == 4, "what was refused leaves no row"
    assert sign_in(client).status_code == 302, "the password is not counted there"


def test_a_program_shows_no_passkey(
    caller: Callable[[str], Caller], engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    _, codes = device_of(engine, settings, actor(NAME))
    program, given = caller(""), {"username": NAME, "password": PASSWORD}
    refused = program.post("tokens", given)
    assert (refused.status_code, refused.json["code"]) == (401, "otp_required") and "passkeys" in refused.json["detail"]
    assert program.post("tokens", given | {"otp": codes[0]}).status_code == 201
    secret, _ = set_up(engine, settings, actor(NAME))
    assert program.post("tokens", given | {"otp": code_of(secret)}).status_code == 201


@pytest.fixture
def desk(app: Flask, settings: Settings, browser: Chromium) -> Iterator[Page]:
    """Chromium at http://localhost with a device that keeps passkeys and knows its owner's finger."""
    with served(app) as here:
        address = here.replace("127.0.0.1", "localhost")
        app.extensions["oms"].settings = replace(settings, address=address)
        faults: list[str] = []
        context = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=address)
        context.add_cookies([{"name": "language", "value": "en", "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
        yield page
        context.close()
    assert [fault for fault in faults if "401" not in fault] == []


@pytest.mark.browser
def test_the_whole_way_in_chromium(desk: Page, engine: Engine, world: World) -> None:
    devices = desk.context.new_cdp_session(desk)
    devices.send("WebAuthn.enable")
    device = devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )["authenticatorId"]
    desk.goto("/sign-in?next=/account/passkeys")
    desk.fill("input[name=username]", NAME)
    desk.fill("input[name=password]", PASSWORD)
    desk.locator("#sign-in button").click()
    desk.fill("input[name=name]", "Máy phòng 204")
    desk.get_by_role("button", name="Add the passkey of this device").click()
    expect(desk.locator("[data-recovery-code]")).to_have_count(10)
    desk.goto("/account/passkeys")
    desk.fill("input[name=name]", "Máy khác")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("alert")).to_contain_text("has a passkey of your account already")
    desk.context.clear_cookies(name="oms")
    desk.goto("/sign-in")
    desk.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk).to_have_url(re.compile(r":\d+/$"))
    grow_old(engine)
    desk.goto("/account/passkeys")
    desk.get_by_role("button", name="Add a passkey").click()
    desk.get_by_role("button", name="Go on with a passkey").click()
    expect(desk.get_by_role("button", name="Add the passkey of this device")).to_be_visible()
    desk.context.clear_cookies(name="oms")
    devices.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    desk.goto("/sign-in")
    desk.get_by_role("button", name="Sign in with a passkey").click()
    expect(desk.get_by_role("alert")).to_contain_text("Nothing came of it")
    assert [how for action, outcome, how in log(engine) if action in ("account:sign_in", "account:confirm")] == [
        "",
        "passkey",
        "passkey",
    ]
