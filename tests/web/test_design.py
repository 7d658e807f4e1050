"""The style page: open on a demonstration, unknown elsewhere."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import db
from oms.models import Fact


def test_the_style_page_is_for_demonstrations(client_as: Callable[..., FlaskClient], engine: Engine) -> None:
    client = client_as("canbo.sonv")
    assert client.get("/design").status_code == 404
    with db.writing(engine) as session:
        session.add(Fact(key="demo", value="yes"))
    assert client.get("/design").status_code == 200
