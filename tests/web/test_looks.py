"""No view forgets its entry: forms, refused forms, images and boxes asked for by themselves (AT-2)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import audit, db
from oms.models import AuditEntry, Page
from tests import factories
from tests.factories import World

FORMS = ("attestations/dossiers/{}/new", "corrections/dossiers/{}/new", "leavings/dossiers/{}/new")
FORMS += ("paper-losses/dossiers/{}/new", "verifications/dossiers/{}/new", "record/{}/numbers")


@pytest.fixture
def ids(engine: Engine, world: World) -> dict[str, str]:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("trang một",))
        page = session.scalars(select(Page).where(Page.scan_id == scan.id)).one()
        return {"dossier": dossier.id, "page": page.id}


@pytest.fixture
def officer(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_as("canbo.sonv")


def looks(engine: Engine) -> list[tuple[str, str, str | None]]:
    """Everything since the sign-in: action, outcome, dossier."""
    with db.reading(engine) as session:
        found = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action.not_in(["account:sign_in", "document:file"]))
            .order_by(AuditEntry.seq)
        )
        return [(one.action, one.outcome, one.dossier_id) for one in found]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_with_values_of_a_dossier_is_a_look(
    officer: FlaskClient, ids: dict[str, str], engine: Engine, form: str
) -> None:
    answer = officer.get("/" + form.format(ids["dossier"]))
    assert answer.status_code == 200 and "Vàng A Páo" in answer.text
    assert looks(engine) == [("dossier:view", "done", ids["dossier"])]


def test_a_refused_form_shows_again_what_its_sender_saw_or_is_a_look(
    officer: FlaskClient, ids: dict[str, str], engine: Engine
) -> None:
    address = "/" + FORMS[1].format(ids["dossier"])
    for _time in range(2):
        answer = officer.post(address, data={"field": "home_town"})
        assert answer.status_code == 422 and "Vàng A Páo" in answer.text
        assert looks(engine) == [("dossier:view", "done", ids["dossier"])]


def test_the_entry_of_a_list_is_not_lost_with_a_refused_form(
    officer: FlaskClient, engine: Engine, world: World
) -> None:
    assert officer.post("/locating", data={"full_name": "", "birth_year": "x"}).status_code == 422
    assert looks(engine) == [("consultation:list", "done", None)]


def test_parts_of_a_page_need_no_second_entry_and_by_themselves_one(
    officer: FlaskClient, ids: dict[str, str], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, one = f"/pages/{ids['page']}", ("page:view", "done", ids["dossier"])
    assert officer.get(f"{address}/words").status_code == 200
    assert looks(engine) == [one]
    officer.get(f"{address}/words")
    officer.get(address)
    officer.get(f"{address}/words")
    assert looks(engine) == [one, one]
    monkeypatch.setattr(audit, "LATELY", timedelta())
    officer.get(f"{address}/words")
    assert looks(engine) == [one, one, one], "what was shown long ago tells of nothing"


def test_the_look_of_somebody_else_tells_of_nothing(
    officer: FlaskClient, client_as: Callable[[str], FlaskClient], ids: dict[str, str], engine: Engine
) -> None:
    officer.get(f"/pages/{ids['page']}")
    client_as("bithu.sonv").get(f"/pages/{ids['page']}/words")
    assert len(looks(engine)) == 2


def test_a_refusal_is_no_look(client_as: Callable[[str], FlaskClient], ids: dict[str, str], engine: Engine) -> None:
    assert client_as("kiemtra.khoi").get("/" + FORMS[0].format(ids["dossier"])).status_code in (403, 404)
    assert [outcome for _action, outcome, _dossier in looks(engine)] == ["refused"]
