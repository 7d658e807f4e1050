"""Pages are asked for in English, the language of the messages in the source: sentences can be checked as written."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def client_as(client_as: Callable[[str], FlaskClient]) -> Callable[[str], FlaskClient]:
    """As everywhere, with a browser set to English."""

    def open_client(username: str) -> FlaskClient:
        client = client_as(username)
        client.set_cookie("language", "en")
        return client

    return open_client
