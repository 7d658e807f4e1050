"""What a sign-in and a session must not do, point by point (AU-N and SE), where no other test says it yet."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.accounts import passwords
from oms.models import Account, AuditEntry, Role, SignIn, Unit
from oms.permissions import Actor
from oms.settings import Settings
from tests.factories import PASSWORD, World
from tests.test_second_factor import set_up
from tests.web.test_account import NEW, sign_in
from tests.web.test_confirming import grow_old

Browser = Callable[[str], FlaskClient]
Find = Callable[[str], Actor]
NAME = "canbo.sonv"


def token_of(client: FlaskClient) -> str:
    with client.session_transaction() as cookie:
        return str(cookie["_user_id"])


def test_an_unknown_name_costs_the_same_hash_and_gets_the_same_answer(
    engine: Engine, settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of an answer is that of its one hash, with the same parameters: it tells nobody which names there are."""
    hashed: list[str] = []
    verify = passwords._hasher.verify

    class Counting:
        def verify(self, password_hash: str, password: str) -> bool:
            hashed.append(password_hash.rsplit("$", 2)[0])
            return verify(password_hash, password)

        def __getattr__(self, name: str) -> object:
            return getattr(type(self), name)

    passwords._hash_of_nobody()
    monkeypatch.setattr(passwords, "_hasher", Counting())
    said = []
    for name in (NAME, "khong.co"):
        with pytest.raises(accounts.SignInFailed) as refusal:
            accounts.prove_password(engine, name, "wrong", settings=settings, address=None)
        said.append(str(refusal.value))
    assert said[0] == said[1]
    assert len(hashed) == 2 and hashed[0] == hashed[1], "one hash each, of the same cost"


def test_a_wrong_code_is_a_failed_sign_in_and_opens_no_session(
    client_as: Browser, engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    set_up(engine, settings, actor(NAME))
    client = client_as("")
    sign_in(client)
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 401
    with db.reading(engine) as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        assert last is not None and (last.action, last.outcome) == ("account:sign_in", "refused")
        assert session.scalars(select(SignIn.kind)).all() == ["half"]


def test_the_session_gets_a_new_name_at_sign_in_at_confirming_and_with_a_new_password(
    client_as: Browser, engine: Engine
) -> None:
    client, names = client_as(""), []
    sign_in(client)
    names.append(token_of(client))
    grow_old(engine)
    client.post("/account/passkeys/begin", data={"confirm_password": PASSWORD})
    names.append(token_of(client))
    client.post("/account/password", data={"old": PASSWORD, "new": NEW, "again": NEW})
    names.append(token_of(client))
    assert len(set(names)) == 3
    for old in names[:2]:
        with client.session_transaction() as cookie:
            cookie["_user_id"] = old
        assert client.get("/people").status_code == 302, "a name of before opens nothing"


@pytest.mark.parametrize("how", ["sign out", "close", "role", "new password"])
def test_an_end_is_felt_by_the_next_request_in_every_process(
    engine: Engine, settings: Settings, world: World, actor: Find, how: str
) -> None:
    other = db.connect(settings.database)  # as another worker has it
    with db.writing(engine) as session:
        secret, signed_in = accounts.sign_in(session, world.accounts[NAME])

    def is_open() -> bool:
        with db.reading(other) as session:
            return accounts.find_sign_in(session, secret, settings, kind="web") is not None

    assert is_open()
    with db.writing(engine) as session:
        account = session.get_one(Account, world.accounts[NAME])
        if how == "sign out":
            accounts.sign_out(session, signed_in.id, actor=actor(NAME))
        elif how == "close":
            accounts.set_disabled(session, account, True, actor=None)
        elif how == "role":
            accounts.assign(session, account, Role.HEAD, session.get_one(Unit, world.units["sotc"]), actor=None)
        else:
            accounts.reset_password(session, account, actor=None)
    assert not is_open()
    other.dispose()


def test_no_token_stands_in_an_address_or_a_page(client_as: Browser, engine: Engine) -> None:
    client = client_as("")
    answer = sign_in(client, next="/account")
    secret = token_of(client)
    pages = [client.get(path) for path in ("/", "/account", "/people", "/account/passkeys")]
    assert secret not in answer.location and not any(secret in page.text for page in pages)
    assert {page.headers["Referrer-Policy"] for page in pages} == {"same-origin"}
