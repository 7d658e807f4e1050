"""The second factor by the pages: setting up, signing in with it, what a half sign-in may do, and where it is a must."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import accounts, db
from oms.models import Account, Fact
from oms.permissions import Actor
from oms.settings import Settings
from oms.web import create_app
from tests.api.conftest import Caller, caller
from tests.factories import PASSWORD, World
from tests.test_second_factor import code_of, set_up
from tests.web.test_account import NEW, sign_in

__all__ = ["caller"]
Browser = Callable[[str], FlaskClient]
NAME = "canbo.sonv"


def test_setting_up_by_the_pages(client_as: Browser, engine: Engine, world: World) -> None:
    import base64

    client = client_as(NAME)
    assert "Set it up" in client.get("/account/second-factor").text
    assert client.get("/account/second-factor/code.svg").status_code == 404
    assert client.post("/account/second-factor/begin").status_code == 302
    page = client.get("/account/second-factor").text
    shown = re.search(r'<code class="user-select-all[^"]*">([A-Z2-7 ]+)</code>', page)
    assert shown
    picture = client.get("/account/second-factor/code.svg")
    assert picture.mimetype == "image/svg+xml" and picture.headers["Cache-Control"] == "no-store"
    assert client.post("/account/second-factor/activate", data={"code": "000000"}).status_code == 422
    code = code_of(base64.b32decode(shown[1].replace(" ", "")))
    done = client.post("/account/second-factor/activate", data={"code": code})
    assert done.status_code == 200 and len(re.findall("data-recovery-code", done.text)) == 10
    assert "The app is on" in client.get("/account/second-factor").text
    assert client.get("/account/second-factor/code.svg").status_code == 404


def test_a_password_alone_opens_nothing(
    client_as: Browser, engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]
) -> None:
    secret, codes = set_up(engine, settings, actor(NAME))
    client = client_as("")
    half = sign_in(client, next="/people")
    assert (half.status_code, half.location) == (302, "/sign-in/code?next=/people")
    for path in ("/", "/people", "/account/second-factor", "/account/password"):
        assert "/sign-in" in client.get(path).location
    assert client.get("/sign-in/code").status_code == 200
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 401
    done = client.post("/sign-in/code", data={"code": code_of(secret), "next": "/people"})
    assert (done.status_code, done.location) == (302, "/people")
    assert client.get("/people").status_code == 200
    again = client_as("")
    sign_in(again)
    assert again.post("/sign-in/code", data={"code": codes[0]}).status_code == 302
    assert again.get("/").status_code == 200


def test_half_a_sign_in_dies_when_the_password_changes(
    client_as: Browser, engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]
) -> None:
    secret, _ = set_up(engine, settings, actor(NAME))
    client = client_as("")
    sign_in(client)
    accounts.change_password(engine, NAME, PASSWORD, NEW, settings=settings, actor=actor(NAME))
    answer = client.post("/sign-in/code", data={"code": code_of(secret)})
    assert answer.location.startswith("/sign-in") and client.get("/").status_code == 302


def test_a_code_confirms_as_well_as_the_password(
    client_as: Browser, engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]
) -> None:
    from tests.web.test_confirming import grow_old

    secret, _ = set_up(engine, settings, actor("quantri"))
    client, id = client_as("quantri"), world.accounts[NAME]
    grow_old(engine)
    asked = client.post(f"/accounts/{id}/disable")
    assert asked.status_code == 401 and "or the code of the app" in asked.text
    assert client.post(f"/accounts/{id}/disable", data={"confirm_password": code_of(secret)}).status_code == 302
    with db.reading(engine) as session:
        assert session.get_one(Account, id).disabled


def test_a_program_sends_the_code_along(
    caller: Callable[[str], Caller], engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]
) -> None:
    secret, _ = set_up(engine, settings, actor(NAME))
    given = {"username": NAME, "password": PASSWORD}
    program = caller("")
    refused = program.post("tokens", given)
    assert (refused.status_code, refused.json["code"]) == (401, "otp_required")
    assert program.post("tokens", given | {"otp": "000000"}).status_code == 401
    assert program.post("tokens", given | {"otp": code_of(secret)}).status_code == 201
    assert program.post("tokens", given | {"otp": code_of(secret)}).status_code == 401, "a code is good once"
    assert program.post("tokens", {"username": "canbo.sotc", "password": PASSWORD, "otp": "1"}).status_code == 422


@pytest.mark.parametrize("demo", [False, True])
def test_where_it_is_a_must_it_comes_first(engine: Engine, settings: Settings, world: World, demo: bool) -> None:
    if demo:
        with db.writing(engine) as session:
            session.add(Fact(key="demo", value="yes"))
    program = create_app(replace(settings, second_factor="administrator board"), engine)
    program.config.update(WTF_CSRF_ENABLED=False)
    client = program.test_client()
    sign_in(client, "canbo.khoi")
    answer = client.get("/people")
    assert answer.status_code == (200 if demo else 302)
    if not demo:
        assert answer.location == "/account/second-factor"
        assert client.get("/account/second-factor").status_code == 200
        token = client.post("/api/v1/tokens", json={"username": "canbo.khoi", "password": PASSWORD}).json["token"]
        asked = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert asked.status_code == 403
