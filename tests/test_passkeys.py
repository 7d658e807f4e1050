"""Passkeys: a device signs one challenge for one address and one account, or nothing happens and the log says why."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from oms import accounts, db
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, TooManyTries, Unavailable
from oms.models import Account, AuditEntry, Passkey, PasskeyChallenge
from oms.permissions import Actor
from oms.settings import Settings, SettingsError
from tests.authenticator import PRESENT, Device
from tests.factories import World
from tests.test_second_factor import code_of, set_up

Find = Callable[[str], Actor]
NAME, OTHER = "canbo.sonv", "canbo.sotc"


def add(engine: Engine, settings: Settings, actor: Actor, device: Device | None = None) -> tuple[Device, list[str]]:
    """A device whose passkey the actor's account has, and the recovery codes that came with it."""
    device = device or Device()
    with db.writing(engine) as session:
        challenge, options = accounts.ask_to_register(session, settings, actor=actor)
    return device, accounts.register(engine, settings, challenge, device.make(options), "Máy phòng 204", actor=actor)


def ask(
    engine: Engine, settings: Settings, account_id: str | None = None, purpose: str = accounts.SIGN_IN
) -> tuple[str, str]:
    with db.writing(engine) as session:
        return accounts.ask_for_proof(session, settings, purpose, account_id=account_id)


def prove(
    engine: Engine, settings: Settings, challenge: str, answer: str, account_id: str | None = None, **more: str
) -> Account:
    purpose = more.get("purpose", accounts.SIGN_IN)
    return accounts.prove_passkey(
        engine, settings, challenge, answer, purpose, address="10.0.0.9", account_id=account_id
    )


def entries(engine: Engine) -> list[tuple[str, str, object]]:
    with db.reading(engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
    return [(row.action, row.outcome, (json.loads(row.body)["detail"] or {}).get("reason")) for row in rows]


def test_a_device_signs_in_by_itself(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    device, codes = add(engine, settings, actor(NAME))
    assert len(codes) == 10
    challenge, options = ask(engine, settings)
    asked = json.loads(options)
    assert asked["allowCredentials"] == [] and asked["userVerification"] == "required", "nobody's passkeys are told"
    assert prove(engine, settings, challenge, device.show(options)).username == NAME
    with db.reading(engine) as session:
        kept = session.scalars(select(Passkey)).one()
        assert (kept.name, kept.sign_count, kept.used_at is None) == ("Máy phòng 204", 1, False)
        assert session.scalar(select(func.count(PasskeyChallenge.id))) == 0
    assert entries(engine)[-1] == ("account:passkey_add", "done", None)


def test_a_challenge_is_answered_once_and_soon(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    device, _ = add(engine, settings, actor(NAME))
    challenge, options = ask(engine, settings)
    answer = device.show(options)
    prove(engine, settings, challenge, answer)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, answer)
    with pytest.raises(accounts.SignInFailed):  # the right answer to a challenge of another browser
        prove(engine, settings, ask(engine, settings)[0], device.show(options))
    challenge, options = ask(engine, settings)
    with db.writing(engine) as session:
        for one in session.scalars(select(PasskeyChallenge)):
            one.made_at -= timedelta(minutes=4)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options))
    reasons = [reason for action, outcome, reason in entries(engine) if outcome == "refused"]
    assert reasons == ["passkey: challenge", "passkey: no proof", "passkey: challenge"]


@pytest.mark.parametrize("wrong", ["origin", "host", "unverified", "signature", "kind", "key", "counter"])
def test_what_is_not_right_opens_nothing(
    engine: Engine, settings: Settings, world: World, actor: Find, wrong: str
) -> None:
    device, _ = add(engine, settings, actor(NAME))
    challenge, options = ask(engine, settings)
    prove(engine, settings, challenge, device.show(options, counter=7))
    challenge, options = ask(engine, settings)
    lies: dict[str, object] = {}
    if wrong == "origin":
        device.origin = "http://localhost:8001"
    elif wrong == "host":
        device.host = "localhost.example.org"
    elif wrong == "unverified":
        device.flags = PRESENT
    elif wrong == "key":
        device.key = Device().key
    else:
        lies = {wrong: {"signature": b"no", "kind": "webauthn.create", "counter": 7}[wrong]}
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options, **lies))
    reason = "passkey: counter went back" if wrong == "counter" else "passkey: no proof"
    assert entries(engine)[-1] == ("account:sign_in", "refused", reason)
    with db.reading(engine) as session:
        assert session.scalars(select(Passkey.sign_count)).one() == 7


@pytest.mark.parametrize(
    "given",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"id": 7, "response": []}',
        "\x00",
        '{"id": "a\\u0000", "response": {}}',
        "{" * 900,
        "ü" * 50,
    ],
)
def test_nonsense_is_a_refusal(engine: Engine, settings: Settings, world: World, actor: Find, given: str) -> None:
    challenge, _ = ask(engine, settings)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, given)
    assert entries(engine)[-1] == ("account:sign_in", "refused", "passkey: unknown")
    with db.writing(engine) as session:
        challenge, _ = accounts.ask_to_register(session, settings, actor=actor(NAME))
    with pytest.raises(BadInput):
        accounts.register(engine, settings, challenge, given, "Máy", actor=actor(NAME))


def test_the_passkey_of_somebody_else_is_no_proof(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, _ = add(engine, settings, actor(NAME))
    other = world.accounts[OTHER]
    challenge, options = ask(engine, settings, other)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options), other)
    device.owner = "Zm9yZ2Vk"  # a device that says the passkey is of another account
    challenge, options = ask(engine, settings)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options))
    assert [reason for _a, _o, reason in entries(engine)[-2:]] == ["passkey: of another account"] * 2


def test_a_challenge_is_for_one_purpose_and_one_account(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, _ = add(engine, settings, actor(NAME))
    own = world.accounts[NAME]
    challenge, options = ask(engine, settings, own)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options), own, purpose=accounts.CONFIRM)
    assert entries(engine)[-1][:2] == ("account:confirm", "refused")
    challenge, options = ask(engine, settings)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options), own)
    challenge, options = ask(engine, settings, own, accounts.CONFIRM)
    assert prove(engine, settings, challenge, device.show(options), own, purpose=accounts.CONFIRM).id == own


def test_a_closed_account_stays_closed(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    device, _ = add(engine, settings, actor(NAME))
    with db.writing(engine) as session:
        accounts.set_disabled(session, session.get_one(Account, world.accounts[NAME]), True, actor=None)
    challenge, options = ask(engine, settings)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options))
    assert entries(engine)[-1] == ("account:sign_in", "refused", "passkey: account closed")


def test_wrong_tries_wait_and_wrong_passwords_do_not_stand_in_the_way(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, _ = add(engine, settings, actor(NAME))
    for _ in range(6):
        with pytest.raises((accounts.SignInFailed, TooManyTries)):
            accounts.prove_password(engine, NAME, "wrong", settings=settings, address="10.0.0.1")
    challenge, options = ask(engine, settings)
    prove(engine, settings, challenge, device.show(options))
    for _ in range(5):
        with pytest.raises(accounts.SignInFailed):
            prove(engine, settings, "none", device.show(options))
    with pytest.raises(TooManyTries):
        prove(engine, settings, *_right(engine, settings, device))


def test_a_passkey_called_like_an_account_touches_no_counter_of_it(
    engine: Engine, settings: Settings, world: World
) -> None:
    for _ in range(4):
        with pytest.raises(accounts.SignInFailed):
            accounts.prove_password(engine, "quantri", "wrong", settings=settings, address="10.0.0.1")
    for _ in range(4):
        with pytest.raises(accounts.SignInFailed):
            prove(engine, settings, "none", json.dumps({"id": "quantrI", "response": {}}))
    with db.reading(engine) as session:
        assert accounts.wrong_tries(session, "quantri")[0] == 4


def test_a_name_a_device_made_up_is_not_kept(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    chosen = Device()
    chosen.id = base64.urlsafe_b64decode("quantrI=")
    with pytest.raises(BadInput):
        add(engine, settings, actor(NAME), chosen)
    chosen.id = bytes(15)
    with pytest.raises(BadInput):
        add(engine, settings, actor(NAME), chosen)
    assert entries(engine) == []
    chosen.id = bytes(16)
    add(engine, settings, actor(NAME), chosen)


def test_of_two_windows_the_second_adds_no_passkey_too_many(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    officer, device = actor(NAME), Device()
    with db.writing(engine) as session:
        session.add_all(
            Passkey(account_id=officer.account_id, name="Máy", credential_id=f"AAA{number}", public_key="")
            for number in range(9)
        )
    with db.writing(engine) as session:
        challenge, options = accounts.ask_to_register(session, settings, actor=officer)
    add(engine, settings, officer)
    with pytest.raises(Conflict, match="as many"):
        accounts.register(engine, settings, challenge, device.make(options), "Máy", actor=officer)
    assert [action for action, _o, _r in entries(engine)] == ["account:passkey_add"]


def test_an_app_that_was_never_confirmed_opens_nothing(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    officer = actor(NAME)
    add(engine, settings, officer)
    with db.writing(engine) as session:
        accounts.begin(session, settings, actor=officer)
        secret = base64.b32decode(accounts.waiting_secret(session, settings, actor=officer))
        account = session.get_one(Account, officer.account_id)
    with pytest.raises(accounts.SignInFailed):
        accounts.prove_code(engine, settings, account, code_of(secret, -1), address=None)
    with db.writing(engine) as session:
        accounts.activate(session, settings, code_of(secret), actor=officer)
    accounts.prove_code(engine, settings, account, code_of(secret, 1), address=None)


def _right(engine: Engine, settings: Settings, device: Device) -> tuple[str, str]:
    challenge, options = ask(engine, settings)
    return challenge, device.show(options)


def test_adding_needs_a_fresh_password_a_name_and_the_own_challenge(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    officer = actor(NAME)
    with db.writing(engine) as session:
        with pytest.raises(ConfirmationNeeded):
            accounts.ask_to_register(session, settings, actor=replace(officer, confirmed=False))
        challenge, options = accounts.ask_to_register(session, settings, actor=officer)
    made = Device().make(options)
    with pytest.raises(ConfirmationNeeded):
        accounts.register(engine, settings, challenge, made, "Máy", actor=replace(officer, confirmed=False))
    with pytest.raises(BadInput, match="name"):
        accounts.register(engine, settings, challenge, made, " ", actor=officer)
    with pytest.raises(BadInput, match="too long"):
        accounts.register(engine, settings, challenge, made, "Máy", actor=actor(OTHER))
    with pytest.raises(BadInput, match="too long"):  # that try has used it up
        accounts.register(engine, settings, challenge, made, "Máy", actor=officer)
    device, _ = add(engine, settings, officer)
    with pytest.raises(BadInput):  # the same passkey twice, for another account too
        add(engine, settings, actor(OTHER), device)
    foreign = Device(origin="https://hoso.example.org")
    with pytest.raises(BadInput):
        add(engine, settings, officer, foreign)
    weak = Device()
    weak.flags = PRESENT
    with pytest.raises(BadInput):
        add(engine, settings, officer, weak)
    assert [action for action, _o, _r in entries(engine)] == ["account:passkey_add"]
    with db.writing(engine) as session:
        session.add_all(
            Passkey(account_id=officer.account_id, name="Máy", credential_id=str(number), public_key="")
            for number in range(9)
        )
    with db.writing(engine) as session, pytest.raises(Conflict):
        accounts.ask_to_register(session, settings, actor=officer)


def test_the_last_one_goes_with_a_recovery_code_only(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    _, codes = add(engine, settings, actor(NAME))
    assert add(engine, settings, actor(NAME))[1] == [], "recovery codes come once"
    add(engine, settings, actor(OTHER))
    with db.writing(engine) as session:
        first, second = [one.id for one in accounts.passkeys_of(session, world.accounts[NAME])]
        (foreign,) = [one.id for one in accounts.passkeys_of(session, world.accounts[OTHER])]
        opened, _ = accounts.sign_in(session, world.accounts[NAME])
    with pytest.raises(NotFound):
        accounts.remove_passkey(engine, settings, foreign, actor=actor(NAME))
    with pytest.raises(ConfirmationNeeded):
        accounts.remove_passkey(engine, settings, first, actor=replace(actor(NAME), confirmed=False))
    accounts.remove_passkey(engine, settings, first, actor=actor(NAME))
    with pytest.raises(BadInput):
        accounts.remove_passkey(engine, settings, second, actor=actor(NAME))
    with pytest.raises(accounts.SignInFailed):
        accounts.remove_passkey(engine, settings, second, "AAAA-AAAA-AAAA-AAAA", actor=actor(NAME))
    with db.reading(engine) as session:
        assert accounts.has_second_factor(session, world.accounts[NAME])
        assert accounts.find_sign_in(session, opened, settings, kind="web") is None
    accounts.remove_passkey(engine, settings, second, codes[0], actor=actor(NAME))
    with db.reading(engine) as session:
        assert not accounts.has_second_factor(session, world.accounts[NAME])
        assert accounts.codes_left(session, world.accounts[NAME]) == 0


def test_app_and_passkeys_stand_beside_each_other(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    secret, codes = set_up(engine, settings, actor(NAME))
    _, more = add(engine, settings, actor(NAME))
    account_id = world.accounts[NAME]
    with db.reading(engine) as session:
        account = session.get_one(Account, account_id)
        (passkey,) = accounts.passkeys_of(session, account_id)
    assert more == [], "the codes of the app are good for both"
    accounts.prove_code(engine, settings, account, code_of(secret), address=None)
    accounts.remove_own(engine, settings, codes[0], actor=actor(NAME))
    with db.reading(engine) as session:
        assert accounts.has_second_factor(session, account_id) and not accounts.has_app(session, account_id)
        assert accounts.codes_left(session, account_id) == 9
    accounts.prove_code(engine, settings, account, codes[1], address=None)
    set_up(engine, settings, actor(NAME))
    accounts.remove_passkey(engine, settings, passkey.id, actor=actor(NAME))
    with db.writing(engine) as session:
        accounts.reset_second_factor(session, session.get_one(Account, account_id))
        assert not accounts.has_second_factor(session, account_id) and accounts.codes_left(session, account_id) == 0


def test_two_administrators_take_all_of_it_away(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    from oms.models import Role, Unit
    from tests.factories import make_account

    add(engine, settings, actor(NAME))
    with db.writing(engine) as session:
        make_account(session, "quantri2", Role.ADMINISTRATOR, session.get_one(Unit, world.units["khoi"]))
    with db.writing(engine) as session:
        account = session.get_one(Account, world.accounts[NAME])
        assert not accounts.ask_removal(session, account, actor=actor("quantri"))
        assert not accounts.ask_removal(session, account, actor=actor("quantri"))
        assert accounts.ask_removal(session, account, actor=actor("quantri2"))
        assert accounts.passkeys_of(session, account.id) == [] and accounts.codes_left(session, account.id) == 0


def test_after_a_new_first_password_a_passkey_opens_nothing_alone(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    """Who lost everything asks for a new password: until they have replaced it, the lost key is worth nothing alone."""
    device, _ = add(engine, settings, actor(NAME))
    own, first = world.accounts[NAME], ""
    with db.writing(engine) as session:
        first = accounts.reset_password(session, session.get_one(Account, own), actor=actor("quantri"))
        assert accounts.count_passkeys(session, own) == 1, "one administrator alone takes no factor away"
    challenge, options = ask(engine, settings)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options))
    assert entries(engine)[-1] == ("account:sign_in", "refused", "passkey: first password waits")
    accounts.prove_password(engine, NAME, first, settings=settings, address=None)
    challenge, options = ask(engine, settings, own)
    prove(engine, settings, challenge, device.show(options), own)  # after the password it is what it was
    new = "Một câu dài khác 58!"
    accounts.change_password(engine, NAME, first, new, settings=settings, actor=actor(NAME))
    challenge, options = ask(engine, settings)
    assert prove(engine, settings, challenge, device.show(options)).id == own


def test_a_passkey_whose_removal_was_asked_for_opens_nothing_alone(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, _ = add(engine, settings, actor(NAME))
    with db.writing(engine) as session:
        accounts.ask_removal(session, session.get_one(Account, world.accounts[NAME]), actor=actor("quantri"))
    challenge, options = ask(engine, settings)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, challenge, device.show(options))
    assert entries(engine)[-1] == ("account:sign_in", "refused", "passkey: removal asked for")


@pytest.mark.parametrize(("username", "needed"), [("quantri", 2), ("kiemtra.khoi", 1)])
def test_where_a_second_factor_is_a_must_administrators_have_two_passkeys(
    engine: Engine, settings: Settings, world: World, actor: Find, username: str, needed: int
) -> None:
    strict = replace(settings, second_factor="administrator inspector")
    for count in range(needed + 1):
        with db.reading(engine) as session:
            account = session.get_one(Account, world.accounts[username])
            assert accounts.must_set_up(session, account, strict) is (count < needed)
        add(engine, settings, actor(username))


@pytest.mark.parametrize(
    ("address", "origin", "host"),
    [
        ("", "http://localhost:8000", "localhost"),
        ("https://hoso.example.gov.vn", "https://hoso.example.gov.vn", "hoso.example.gov.vn"),
        ("https://HoSo.example.gov.vn:443/", "https://hoso.example.gov.vn", "hoso.example.gov.vn"),
        ("https://hoso:8443", "https://hoso:8443", "hoso"),
        ("http://localhost:5000", "http://localhost:5000", "localhost"),
    ],
)
def test_the_address_of_passkeys(settings: Settings, address: str, origin: str, host: str) -> None:
    home = accounts.home_of(replace(settings, address=address))
    assert home is not None and (home.origin, home.host) == (origin, host)


@pytest.mark.parametrize(
    "address",
    [
        "http://hoso.example.gov.vn",
        "https://192.168.1.5",
        "https://[fe80::1]",
        "https://hoso.example.gov.vn/oms",
        "https://a@b.vn",
        "hoso.example.gov.vn",
        "https://",
        "https://x:y",
        "https://hồsơ.vn",
        "ftp://localhost",
    ],
)
def test_an_address_no_browser_gives_passkeys_to_stops_the_start(settings: Settings, address: str) -> None:
    with pytest.raises(SettingsError, match="OMS_ADDRESS"):
        accounts.home_of(replace(settings, address=address))


def test_behind_tls_without_an_address_there_are_none(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    with pytest.raises(Unavailable):
        ask(engine, replace(settings, https=True))
