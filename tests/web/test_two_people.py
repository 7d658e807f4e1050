"""Two people at one screen: what the form asks of the second one, and what stays in it after a refusal."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db, review
from oms.models import AuditEntry, PasskeyChallenge
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.authenticator import Device
from tests.factories import PASSWORD, World
from tests.test_passkeys import add
from tests.test_second_factor import code_of, set_up
from tests.test_second_person import count_tries
from tests.web.test_confirming import grow_old

Browser = Callable[[str], FlaskClient]
Find = Callable[[str], Actor]
REASON = "Theo công văn số 5 ngày 24/11/2026"
TOGETHER = {"second": "canbo2.sonv", "password": PASSWORD, "reason": REASON}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """OMS is opened at http://localhost, as the test client does."""
    return replace(settings, address="http://localhost")


@pytest.fixture
def door(engine: Engine, world: World) -> str:
    """The address at which two people seal a document."""
    with db.writing(engine) as session:
        one = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"], "Người Bình Thường")
        scan = factories.make_scan(session, dossier, one.account_id, ("một trang",))
        pages = [page.id for page in review.pages_with_text(session, scan)]
        filing = review.Filing("cs_verified_complaint", "Kết luận", "88", issuing_body="Thanh tra")
        document = review.file_pages(session, scan, pages, filing, actor=one)
        return f"/documents/{document.id}/seal"


def sealed(engine: Engine) -> int:
    with db.reading(engine) as session:
        return len(session.scalars(select(AuditEntry).where(AuditEntry.action == "insert:seal")).all())


def test_the_code_of_the_second_person(
    client_as: Browser, door: str, engine: Engine, settings: Settings, actor: Find
) -> None:
    secret, _ = set_up(engine, settings, actor("canbo2.sonv"))
    client = client_as("canbo.sonv")
    assert 'name="second_code"' in client.get(door).text
    asked = client.post(door, data=TOGETHER)
    assert asked.status_code == 422 and "code of the app" in asked.text and REASON in asked.text
    wrong = client.post(door, data=TOGETHER | {"second_code": "000000"})
    assert wrong.status_code == 422 and "000000" not in wrong.text and PASSWORD not in wrong.text
    assert client.get("/people").status_code == 200, "the first person stays signed in"
    assert sealed(engine) == 0
    assert client.post(door, data=TOGETHER | {"second_code": code_of(secret)}).status_code == 302
    assert sealed(engine) == 1


def test_the_second_person_shows_a_passkey_in_place_of_all_of_it(
    client_as: Browser, door: str, engine: Engine, settings: Settings, actor: Find
) -> None:
    device, _ = add(engine, settings, actor("canbo2.sonv"), Device("http://localhost"))
    own, _ = add(engine, settings, actor("canbo.sonv"), Device("http://localhost"))
    client = client_as("canbo.sonv")
    page = client.get(door)
    assert "shows a passkey instead" in page.text
    assert "publickey-credentials-get=(self)" in page.headers["Permissions-Policy"]

    def post(by: Device) -> int:
        answer = by.show(client.post("/second-person/passkey/options").text)
        return client.post(
            door, data={"reason": REASON, "second": "", "password": "", "second_passkey": answer}
        ).status_code

    assert post(own) == 403, "nobody is the second person of their own act"
    assert sealed(engine) == 0
    assert post(device) == 302
    assert sealed(engine) == 1


def test_nothing_the_second_person_typed_is_carried_over(client_as: Browser, world: World, engine: Engine) -> None:
    client = client_as("quantri")
    grow_old(engine)
    secrets = {"password": "mat-khau-kin", "second_code": "482913", "second_passkey": "khoa-kin", "reason": REASON}
    asked = client.post(f"/accounts/{world.accounts['canbo.sotc']}/disable", data=secrets)
    assert asked.status_code == 401 and REASON in asked.text
    assert not any(secrets[name] in asked.text for name in ("password", "second_code", "second_passkey"))


def test_after_five_minutes_both_are_asked_on_one_page_and_the_first_one_is_proved_first(
    client_as: Browser, door: str, engine: Engine, settings: Settings, actor: Find
) -> None:
    device, _ = add(engine, settings, actor("canbo2.sonv"), Device("http://localhost"))
    client = client_as("canbo.sonv")
    assert 'name="confirm_password"' not in client.get(door).text
    grow_old(engine)
    assert 'name="confirm_password"' in client.get(door).text
    before = told(engine)
    shown = device.show(client.post("/second-person/passkey/options").text)
    asked = client.post(door, data={"reason": REASON, "second_passkey": shown, "confirm_password": ""})
    assert asked.status_code == 401 and "Your password once more" in asked.text and shown not in asked.text
    assert client.post(door, data=TOGETHER | {"password": "wrong"}).status_code == 401
    assert told(engine) == before, "nobody was proved, and nothing counted"
    with db.reading(engine) as session:
        assert session.scalars(select(PasskeyChallenge.purpose)).all() == [accounts.SECOND], "it is good still"
    done = client.post(door, data={"reason": REASON, "second_passkey": shown, "confirm_password": PASSWORD})
    assert done.status_code == 302 and sealed(engine) == 1


def told(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(one.action, one.outcome) for one in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


def test_too_many_wrong_tries_keep_the_form(client_as: Browser, door: str, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    count_tries(engine, accounts.FREE_FAILURES + 1, code=False)
    waits = client.post(door, data=TOGETHER)
    assert waits.status_code == 429 and REASON in waits.text and "Wait" in waits.text
    assert sealed(engine) == 0
