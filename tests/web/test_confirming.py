"""The password once more: asked when it is needed, once in five minutes, and the interrupted form goes on."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from werkzeug.datastructures import MultiDict

from oms import db
from oms.models import Account, AuditEntry, SignIn, TransferState, now
from tests.api.conftest import Caller, caller
from tests.factories import PASSWORD, World
from tests.test_guessing import fail_often
from tests.web.test_transfers import state_of, transfer_in

__all__ = ["caller", "transfer_in"]
Browser = Callable[[str], FlaskClient]


def grow_old(engine: Engine) -> None:
    """As if every password had been given six minutes ago."""
    with db.writing(engine) as session:
        session.execute(update(SignIn).values(confirmed_at=now() - timedelta(minutes=6)))


def fields_of(page: str) -> list[tuple[str, str]]:
    form = re.search(r"<main.*?<form.*?</form>", page, re.S)
    assert form
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[0])
    return [(name, html.unescape(value)) for name, value in found]


def actions(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(one.action, one.outcome) for one in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


def test_an_officer_is_asked_once_for_many_transfers_and_no_form_is_lost(
    client_as: Browser, engine: Engine, transfer_in: Callable[[str], str]
) -> None:
    first, second = transfer_in("draft"), transfer_in("draft")
    client = client_as("canbo.sonv")
    grow_old(engine)
    asked = client.post(
        f"/transfers/{first}/submit",
        data={"reason": "Lý do “dài” & <lạ>", "version": "1", "password": "Mat-khau-nguoi-thu-hai"},
    )
    assert "Mat-khau-nguoi-thu-hai" not in asked.text
    assert asked.status_code == 401 and "Your password once more" in asked.text
    assert state_of(engine, first) == TransferState.DRAFT
    carried = fields_of(asked.text)
    assert [pair for pair in carried if pair[0] != "csrf_token"] == [("reason", "Lý do “dài” & <lạ>"), ("version", "1")]
    target = re.search(r'<form method="post" action="(/transfers/[^"]*)"', asked.text)
    assert target and target[1] == f"/transfers/{first}/submit"
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    done = client.post(target[1], data=MultiDict([*carried, ("confirm_password", PASSWORD)]))
    assert done.status_code == 302 and state_of(engine, first) == TransferState.SUBMITTED
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert client.post(f"/transfers/{second}/submit").status_code == 302
    assert state_of(engine, second) == TransferState.SUBMITTED
    assert actions(engine)[-3:] == [
        ("account:confirm", "done"),
        ("transfer:submit", "done"),
        ("transfer:submit", "done"),
    ]


def test_a_wrong_password_keeps_the_form_is_logged_and_slows_down(
    client_as: Browser, engine: Engine, transfer_in: Callable[[str], str]
) -> None:
    transfer = transfer_in("draft")
    client = client_as("canbo.sonv")
    grow_old(engine)
    form = {"reason": "vì", "confirm_password": "wrong"}
    wrong = client.post(f"/transfers/{transfer}/submit", data=form)
    assert wrong.status_code == 401 and "This is not right" in wrong.text
    assert actions(engine)[-1] == ("account:confirm", "refused")
    fail_often(engine)
    slow = client.post(f"/transfers/{transfer}/submit", data=form | {"confirm_password": PASSWORD})
    assert slow.status_code == 429 and int(slow.headers["Retry-After"]) >= 1
    assert fields_of(wrong.text)[-1] == fields_of(slow.text)[-1] == ("reason", "vì")
    assert state_of(engine, transfer) == TransferState.DRAFT
    assert client.get("/").status_code == 200, "the session itself goes on"


def test_what_binds_nobody_is_not_asked_about(
    client_as: Browser, engine: Engine, transfer_in: Callable[[str], str]
) -> None:
    transfer = transfer_in("draft")
    client = client_as("canbo.sonv")
    grow_old(engine)
    assert client.post(f"/transfers/{transfer}/cancel", data={"reason": "nhầm"}).status_code == 302
    assert state_of(engine, transfer) == TransferState.CANCELLED


def test_what_is_not_yours_is_not_asked_about_either(
    client_as: Browser, engine: Engine, transfer_in: Callable[[str], str]
) -> None:
    transfer = transfer_in("draft")
    client = client_as("canbo.soyt")
    grow_old(engine)
    assert client.post(f"/transfers/{transfer}/submit").status_code == 404


@pytest.mark.parametrize("act", ["disable", "password", "sessions/end"])
def test_an_administrator_is_asked_before_an_account_is_touched(
    client_as: Browser, engine: Engine, world: World, act: str
) -> None:
    client, id = client_as("quantri"), world.accounts["canbo.sonv"]
    grow_old(engine)
    assert client.post(f"/accounts/{id}/{act}").status_code == 401
    with db.reading(engine) as session:
        account = session.get_one(Account, id)
        assert not account.disabled and not account.must_change_password
    assert client.post(f"/accounts/{id}/{act}", data={"confirm_password": PASSWORD}).status_code in (200, 302)


def test_without_the_token_of_the_form_no_password_is_looked_at(app: Flask, client_as: Browser, engine: Engine) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client = client_as("canbo.sonv")
    before = actions(engine)
    assert client.post("/transfers/new", data={"confirm_password": "wrong"}).status_code == 400
    assert actions(engine) == before


def test_a_program_is_told_to_ask_for_a_new_token(
    caller: Callable[[str], Caller], engine: Engine, transfer_in: Callable[[str], str]
) -> None:
    transfer = transfer_in("draft")
    program = caller("canbo.sonv")
    grow_old(engine)
    number = program.get("transfers").json["items"][0]["number"]
    asked = program.post(f"transfers/{number}/submit", {})
    assert (asked.status_code, asked.json["code"]) == (401, "confirmation_required")
    assert asked.content_type == "application/problem+json"
    assert "insufficient_user_authentication" in asked.headers["WWW-Authenticate"]
    program.token = program.post("tokens", {"username": "canbo.sonv", "password": PASSWORD}).json["token"]
    assert program.post(f"transfers/{number}/submit", {}).status_code == 200
    assert state_of(engine, transfer) == TransferState.SUBMITTED
