"""A caller of the API with the token of an account."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from oms import accounts, db
from oms.models import Account


class Caller:
    """Somebody who talks to `/api/v1` in English; `get`, `post` and `delete` take the rest of the address."""

    def __init__(self, client: FlaskClient, token: str = "") -> None:
        self.client, self.token = client, token

    def _send(self, method: str, address: str, **more: Any) -> TestResponse:
        headers = {"Accept-Language": "en", **more.pop("headers", {})}
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.open(f"/api/v1/{address}", method=method, headers=headers, **more)

    def get(self, address: str, **more: Any) -> TestResponse:
        """GET, with `query_string` and `headers` where needed."""
        return self._send("GET", address, **more)

    def post(self, address: str, json: Any = None, **more: Any) -> TestResponse:
        """POST JSON, or a form by `data`."""
        return self._send("POST", address, **({} if json is None else {"json": json}), **more)

    def delete(self, address: str, **more: Any) -> TestResponse:
        """DELETE."""
        return self._send("DELETE", address, **more)


@pytest.fixture
def caller(app: Flask, engine: Engine) -> Callable[[str], Caller]:
    """`caller("canbo.sonv")`: a caller with a token of that account; "" for one without."""

    def open_caller(username: str) -> Caller:
        if not username:
            return Caller(app.test_client())
        with db.writing(engine) as session:
            account = session.query(Account).filter_by(username=username).one()
            secret, _ = accounts.sign_in(session, account.id, kind="api")
        return Caller(app.test_client(), secret)

    return open_caller
