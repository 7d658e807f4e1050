"""The tree of units and one unit: for staff, with the numbers of dossiers each may see."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from oms import db
from oms.models import AuditEntry, Unit, UnitKind
from tests import factories
from tests.factories import World

Browser = Callable[[str], FlaskClient]


def actions(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


@pytest.fixture
def two(engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"], "Lò Văn Một")
        factories.make_dossier(session, world.units["sonv"], "Lò Văn Hai")


def test_the_tree_counts_only_what_one_may_see(client_as: Browser, two, engine: Engine) -> None:
    page = client_as("canbo.sonv").get("/units").text
    assert "Chi bộ Văn phòng Sở" in page and "2 dossiers" in page
    assert actions(engine)[-1] == "unit:list"
    assert "2 dossiers" not in client_as("canbo.sotc").get("/units").text
    assert "2 dossiers" not in client_as("quantri").get("/units").text


def test_a_unit_tells_whom_to_ask(client_as: Browser, two, engine: Engine, world: World) -> None:
    page = client_as("canbo.sotc").get(f"/units/{world.units['sonv']}").text
    assert "Tài khoản canbo.sonv, Tài khoản canbo2.sonv" in page and "Tài khoản bithu.sonv" in page
    assert "Chi bộ Văn phòng Sở" in page and "/people?unit=" not in page
    assert f"/people?unit={world.units['sonv']}" in client_as("canbo.sonv").get(f"/units/{world.units['sonv']}").text
    assert actions(engine)[-1] == "unit:view"


def test_the_person_concerned_has_no_business_here(client_as: Browser, world: World) -> None:
    client = client_as("nguoilaodong.sonv")
    assert client.get("/units").status_code == 403
    assert client.get(f"/units/{world.units['sonv']}").status_code in (403, 404)


def test_a_large_tree_asks_no_more_questions(client_as: Browser, engine: Engine, world: World) -> None:
    client, asked = client_as("canbo.sonv"), []
    client.get("/units")  # the first request of a house does a little more
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    client.get("/units")
    few = len(asked)
    with db.writing(engine) as session:
        parent = session.get_one(Unit, world.units["sotc"])
        for number in range(40):
            factories.make_unit(session, f"cell{number}", UnitKind.CELL, f"Chi bộ {number}", parent)
    asked.clear()
    assert "Chi bộ 39" in client.get("/units").text
    assert len(asked) == few
