"""Accounts by the page: only technical administrators, a first password once, closing that is felt at once."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import db
from oms.models import Account, AuditEntry, Role, Unit
from oms.permissions import Action, Actor
from oms.settings import Settings
from tests.factories import PASSWORD, World, make_account
from tests.test_second_factor import set_up

Browser = Callable[[str], FlaskClient]


def actions(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def password_on(page: str) -> str:
    found = re.search(r'<code class="[^"]*user-select-all">([^<]+)</code>', page)
    assert found
    return found[1]


@pytest.mark.parametrize("username", ["canbo.khoi", "truongban.khoi", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_nobody_else_gets_in(client_as: Browser, world: World, engine: Engine, username: str) -> None:
    client, id = client_as(username), world.accounts["canbo.sonv"]
    for path in ("/accounts", "/accounts/new", f"/accounts/{id}"):
        answer = client.get(path)
        assert answer.status_code in (403, 404) and "canbo.sonv" not in answer.text
    for path in ("/accounts/new", f"/accounts/{id}/disable", f"/accounts/{id}/password"):
        assert client.post(path).status_code in (403, 404)
    with db.reading(engine) as session:
        assert not session.get_one(Account, id).disabled


def test_the_list_and_one_account_leave_one_entry_each(client_as: Browser, world: World, engine: Engine) -> None:
    client = client_as("quantri")
    assert "canbo.sonv" in client.get("/accounts").text
    assert "Đảng bộ cơ sở Sở Nội vụ" in client.get(f"/accounts/{world.accounts['canbo.sonv']}").text
    assert actions(engine)[-2:] == ["account:list", "account:view"]


def test_a_new_account_signs_in_with_its_first_password(client_as: Browser, world: World, engine: Engine) -> None:
    form = {"full_name": "Lý Thị Sáu", "username": "bithu.soyt", "role": "head", "unit": world.units["soyt"]}
    answer = client_as("quantri").post("/accounts/new", data=form)
    assert answer.status_code == 201 and answer.headers["Cache-Control"] == "no-store"
    password = password_on(answer.text)
    newcomer = client_as("")
    assert newcomer.post("/sign-in", data={"username": "bithu.soyt", "password": password}).status_code == 302
    assert newcomer.get("/").location == "/account/password"
    with db.reading(engine) as session:
        assert all(password not in body for body in session.scalars(select(AuditEntry.body)))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("username", "canbo.sonv", "The user name canbo.sonv is taken"),
        ("username", "có dấu", "A user name has only letters"),
        ("role", "king", "Choose what this person is"),
        ("unit", "nowhere", "Choose the unit"),
    ],
)
def test_what_is_wrong_is_said_and_no_account_made(
    client_as: Browser, world: World, engine: Engine, field: str, value: str, sentence: str
) -> None:
    form = {"full_name": "Lý Thị Sáu", "username": "moi", "role": "head", "unit": world.units["soyt"]} | {field: value}
    answer = client_as("quantri").post("/accounts/new", data=form)
    assert answer.status_code == 422 and sentence in answer.text and "Lý Thị Sáu" in answer.text
    with db.reading(engine) as session:
        assert session.scalar(select(Account.id).where(Account.full_name == "Lý Thị Sáu")) is None


def test_closing_is_felt_at_once_and_can_be_undone(client_as: Browser, world: World) -> None:
    administrator, officer = client_as("quantri"), client_as("canbo.sonv")
    id = world.accounts["canbo.sonv"]
    administrator.post(f"/accounts/{id}/disable")
    assert officer.get("/").status_code == 302
    data = {"username": "canbo.sonv", "password": PASSWORD}
    assert client_as("").post("/sign-in", data=data).status_code == 401
    administrator.post(f"/accounts/{id}/enable")
    assert client_as("").post("/sign-in", data=data).status_code == 302


def test_the_own_account_is_not_closed(client_as: Browser, world: World) -> None:
    client, id = client_as("quantri"), world.accounts["quantri"]
    assert client.post(f"/accounts/{id}/disable").status_code == 422
    assert client.get(f"/accounts/{id}").status_code == 200


def test_a_reset_password_is_shown_once_and_the_old_one_is_dead(client_as: Browser, world: World) -> None:
    client, id = client_as("quantri"), world.accounts["canbo.sonv"]
    password = password_on(client.post(f"/accounts/{id}/password").text)
    assert password not in client.get(f"/accounts/{id}").text
    assert client_as("").post("/sign-in", data={"username": "canbo.sonv", "password": PASSWORD}).status_code == 401
    assert client_as("").post("/sign-in", data={"username": "canbo.sonv", "password": password}).status_code == 302


def test_a_role_is_given_and_ended_by_the_page(
    client_as: Browser, world: World, engine: Engine, actor: Callable[[str], Actor]
) -> None:
    client, id, officer = client_as("quantri"), world.accounts["canbo.sonv"], client_as("canbo.sonv")
    form = {"role": "head", "unit": world.units["soyt"], "valid_from": "01/03/2020", "valid_to": ""}
    assert client.post(f"/accounts/{id}/roles", data=form).status_code == 302
    assert officer.get("/").status_code == 302, "signed out: the next page shows the new rights"
    assert actor("canbo.sonv").units[Action.TRANSFER_APPROVE] == {world.units["soyt"]}
    again = client.post(f"/accounts/{id}/roles", data=form)
    assert again.status_code == 422 and "has this role in" in again.text
    page = client.get(f"/accounts/{id}").text
    ends = re.findall(rf'action="(/accounts/{id}/roles/[0-9a-f]+/end)"', page)
    assert len(ends) == 2
    assert client.post(ends[1], data={"last_day": "31/02/2026"}).status_code == 422
    assert client.post(ends[1], data={"last_day": ""}).status_code == 302
    assert Action.TRANSFER_APPROVE not in actor("canbo.sonv").units
    foreign = ends[0].replace(id, world.accounts["canbo.sotc"])
    assert client.post(foreign).status_code == 404, "a role is ended at its own account"
    assert [name for name in actions(engine) if "role" in name or "assign" in name] == [
        "account:assign",
        "account:end_role",
    ]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("role", "king", "Choose what this person is"),
        ("unit", "nowhere", "Choose the unit"),
        ("valid_from", "tomorrow", "Write the day as"),
        ("valid_to", "01/01/2020", "The last day lies before"),
    ],
)
def test_a_wrong_role_form_keeps_what_was_typed(
    client_as: Browser, world: World, field: str, value: str, sentence: str
) -> None:
    form = {"role": "head", "unit": world.units["soyt"], "valid_from": "01/03/2026", "valid_to": "02/03/2026"}
    answer = client_as("quantri").post(f"/accounts/{world.accounts['canbo.sonv']}/roles", data=form | {field: value})
    assert answer.status_code == 422 and sentence in answer.text
    assert all(kept in answer.text for name, kept in form.items() if name.startswith("valid") and name != field)


def test_nobody_gives_themselves_a_role(client_as: Browser, world: World) -> None:
    client, id = client_as("quantri"), world.accounts["quantri"]
    assert f"/accounts/{id}/roles" not in client.get(f"/accounts/{id}").text
    form = {"role": "head", "unit": world.units["soyt"]}
    assert client.post(f"/accounts/{id}/roles", data=form).status_code == 403


def test_an_administrator_signs_somebody_out_everywhere(client_as: Browser, world: World, engine: Engine) -> None:
    client, officer, id = client_as("quantri"), client_as("canbo.sonv"), world.accounts["canbo.sonv"]
    assert "Sign out everywhere" in client.get(f"/accounts/{id}").text
    client.post(f"/accounts/{id}/sessions/end")
    assert officer.get("/").status_code == 302
    assert actions(engine)[-1] == "account:end_sessions"


def test_two_administrators_take_a_second_factor_away_by_the_page(
    client_as: Browser, world: World, engine: Engine, settings: Settings, actor: Callable[[str], Actor]
) -> None:
    set_up(engine, settings, actor("canbo.sonv"))
    with db.writing(engine) as session:
        make_account(session, "quantri2", Role.ADMINISTRATOR, session.get_one(Unit, world.units["khoi"]))
    path = f"/accounts/{world.accounts['canbo.sonv']}/second-factor/remove"
    first, second = client_as("quantri"), client_as("quantri2")
    assert "A second administrator" in first.post(path, follow_redirects=True).text
    assert "one of two agrees" in second.get(path.removesuffix("/second-factor/remove")).text
    assert "was taken away" in second.post(path, follow_redirects=True).text


def test_a_new_first_password_says_which_factors_stay_and_offers_to_take_them_away(
    client_as: Browser, world: World, engine: Engine, settings: Settings, actor: Callable[[str], Actor]
) -> None:
    path = f"/accounts/{world.accounts['canbo.sonv']}"
    client = client_as("quantri")
    assert "second factor" not in client.post(f"{path}/password").text
    set_up(engine, settings, actor("canbo.sonv"))
    page = client.post(f"{path}/password").text
    assert "still asked for: app" in page and f"{path}/second-factor/remove" in page
    password = password_on(page)
    half = client_as("").post("/sign-in", data={"username": "canbo.sonv", "password": password})
    assert half.location.startswith("/sign-in/code"), "the first password alone opens nothing"
    client.post(f"{path}/second-factor/remove")
    assert "a second administrator has to agree" in client.post(f"{path}/password").text


@pytest.mark.parametrize("username", ["canbo.sonv", "kiemtra.khoi", "nguoilaodong.sonv", "quantri"])
def test_the_policy_is_for_everybody_to_read(client_as: Browser, username: str) -> None:
    page = client_as(username).get("/accounts/policy").text
    assert "Upload a scan" in page and "Nobody changes their own roles" in page
