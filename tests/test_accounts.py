"""Accounts: passwords, waiting after failures, sessions that end when we say so, whom to ask."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import accounts
from oms.errors import BadInput, Refused, TooManyTries
from oms.models import Account, Assignment, AuditEntry, Role, SignIn, Unit, now
from oms.permissions import Actor
from oms.settings import Settings
from tests.factories import PASSWORD, World

Find = Callable[[str], Actor]
NEW = "Câu mới đủ dài 2027"


@pytest.fixture
def account(session: Session, world: World) -> Account:
    return session.get_one(Account, world.accounts["canbo.sonv"])


def last(session: Session) -> AuditEntry:
    entry = session.scalar(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1))
    assert entry is not None
    return entry


def test_right_name_and_password_open_the_account(session: Session, account: Account) -> None:
    assert accounts.check_credentials(session, " Canbo.SONV ", PASSWORD) is account
    assert accounts.check_credentials(session, "canbo.sonv", PASSWORD + "x") is None
    assert accounts.check_credentials(session, "nobody", PASSWORD) is None
    account.disabled = True
    assert accounts.check_credentials(session, "canbo.sonv", PASSWORD) is None


def test_letters_typed_in_parts_are_the_same_password(session: Session, account: Account) -> None:
    account.password_hash = accounts.hash_password("Mật khẩu tiếng Việt")
    typed = unicodedata.normalize("NFD", "Mật khẩu tiếng Việt")
    assert accounts.check_credentials(session, "canbo.sonv", typed) is account


def test_after_a_few_failures_the_answer_comes_later_but_never_never(session: Session, account: Account) -> None:
    for _ in range(accounts.FREE_FAILURES):
        accounts.refuse_sign_in(session, "canbo.sonv", address="10.0.0.1")
    assert accounts.check_credentials(session, "canbo.sonv", PASSWORD) is account
    for _ in range(30):
        accounts.refuse_sign_in(session, "canbo.sonv", address="10.0.0.1")
    with pytest.raises(TooManyTries) as refusal:
        accounts.check_credentials(session, "canbo.sonv", PASSWORD)
    assert 0 < int(str(refusal.value.values["seconds"])) <= accounts.FAILURE_WINDOW.total_seconds() + 1
    account.last_failure_at = now() - accounts.FAILURE_WINDOW - timedelta(seconds=1)
    assert accounts.check_credentials(session, "canbo.sonv", PASSWORD) is account
    accounts.sign_in(session, account.id)
    assert (account.failures, account.last_failure_at) == (0, None)


def test_a_failure_is_logged_without_the_password(session: Session, account: Account) -> None:
    accounts.refuse_sign_in(session, "canbo.sonv", address="10.0.0.1")
    entry = last(session)
    assert (entry.action, entry.outcome, entry.object_id) == ("account:sign_in", "refused", account.id)
    assert PASSWORD not in entry.body


def test_a_session_ends_by_sign_out_idling_age_and_closing(session: Session, account: Account, actor: Find) -> None:
    settings = Settings()
    secret, opened = accounts.sign_in(session, account.id)
    assert accounts.find_sign_in(session, secret, settings, kind="web") is opened
    assert accounts.find_sign_in(session, secret, settings, kind="api") is None
    assert accounts.find_sign_in(session, secret + "x", settings, kind="web") is None
    opened.seen_at = now() - timedelta(seconds=settings.session_idle + 1)
    assert accounts.find_sign_in(session, secret, settings, kind="web") is None
    opened.seen_at, opened.created_at = now(), now() - timedelta(seconds=settings.session_absolute + 1)
    assert accounts.find_sign_in(session, secret, settings, kind="web") is None
    opened.created_at = now()
    accounts.sign_out(session, opened.id, actor=actor("canbo.sonv"))
    session.expire_all()
    assert accounts.find_sign_in(session, secret, settings, kind="web") is None


def test_nobody_ends_the_session_of_another(session: Session, account: Account, actor: Find) -> None:
    _, opened = accounts.sign_in(session, account.id)
    accounts.sign_out(session, opened.id, actor=actor("canbo.sotc"))
    session.expire_all()
    assert session.get_one(SignIn, opened.id).ended_at is None


def test_open_sign_ins_are_the_own_live_ones(session: Session, account: Account, world: World, actor: Find) -> None:
    settings = Settings()
    _, mine = accounts.sign_in(session, account.id)
    _, idle = accounts.sign_in(session, account.id)
    idle.seen_at = now() - timedelta(seconds=settings.session_idle + 1)
    accounts.sign_in(session, world.accounts["canbo.sotc"])
    session.flush()
    found = accounts.open_sign_ins(session, actor=actor("canbo.sonv"), settings=settings)
    assert [sign_in.id for sign_in in found] == [mine.id]


def test_a_new_password_ends_every_session(session: Session, account: Account, actor: Find) -> None:
    secret, _ = accounts.sign_in(session, account.id)
    accounts.change_password(session, account, PASSWORD, NEW, actor=actor("canbo.sonv"))
    session.expire_all()
    assert accounts.find_sign_in(session, secret, Settings(), kind="web") is None
    assert accounts.check_credentials(session, "canbo.sonv", NEW) is account
    assert last(session).action == "account:change_password"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wrong", NEW),
        (PASSWORD, PASSWORD),
        (PASSWORD, "too short"),
        (PASSWORD, "x" * 129),
        (PASSWORD, "aaaaaaaaaaaaaaaa"),
        (PASSWORD, "canbo.sonv-2026-11"),
    ],
)
def test_a_bad_new_password_changes_nothing(
    session: Session, account: Account, actor: Find, old: str, new: str
) -> None:
    before = account.password_hash
    with pytest.raises(BadInput):
        accounts.change_password(session, account, old, new, actor=actor("canbo.sonv"))
    assert account.password_hash == before


def test_a_first_password_must_be_changed(session: Session, world: World, actor: Find) -> None:
    unit = session.get_one(Unit, world.units["soyt"])
    account, first = accounts.create_account(
        session, username="Bithu.SoYT", full_name="Lý Thị Sáu", role=Role.HEAD, unit=unit, actor=actor("quantri")
    )
    assert account.username == "bithu.soyt" and account.must_change_password
    assert accounts.check_credentials(session, "bithu.soyt", first) is account
    assert last(session).action == "account:create" and first not in last(session).body
    again = accounts.reset_password(session, account, actor=actor("quantri"))
    assert again != first and accounts.check_credentials(session, "bithu.soyt", first) is None


@pytest.mark.parametrize("username", ["", "có.dấu", "a b", "canbo.sonv", "x;y", ".."])
def test_bad_user_names_are_refused(session: Session, world: World, actor: Find, username: str) -> None:
    unit = session.get_one(Unit, world.units["soyt"])
    with pytest.raises(BadInput):
        accounts.create_account(
            session, username=username, full_name="X", role=Role.HEAD, unit=unit, actor=actor("quantri")
        )


def test_only_administrators_manage_accounts(session: Session, account: Account, actor: Find) -> None:
    for username in ("canbo.khoi", "truongban.khoi", "kiemtra.khoi", "nguoilaodong.sonv"):
        with pytest.raises(Refused):
            accounts.list_accounts(session, actor=actor(username))
        with pytest.raises(Refused):
            accounts.view(session, account, actor=actor(username))
        with pytest.raises(Refused):
            accounts.reset_password(session, account, actor=actor(username))
        with pytest.raises(Refused):
            accounts.set_disabled(session, account, True, actor=actor(username))
    assert not account.disabled


def test_closing_ends_sessions_but_nobody_closes_the_own_account(
    session: Session, account: Account, world: World, actor: Find
) -> None:
    secret, _ = accounts.sign_in(session, account.id)
    accounts.set_disabled(session, account, True, actor=actor("quantri"))
    session.flush()
    assert accounts.find_sign_in(session, secret, Settings(), kind="web") is None
    with pytest.raises(BadInput):
        accounts.set_disabled(
            session, session.get_one(Account, world.accounts["quantri"]), True, actor=actor("quantri")
        )


def test_an_assignment_counts_on_its_days_only(session: Session, account: Account, world: World, actor: Find) -> None:
    assert accounts.holders(session, Role.OFFICER, [world.units["sonv"]])[world.units["sonv"]][0].id == account.id
    assignment = session.scalar(select(Assignment).where(Assignment.account_id == account.id))
    assert assignment is not None
    assignment.valid_to = date(2020, 12, 31)
    session.commit()
    officer = actor("canbo.sonv")
    assert officer.units == {} and officer.unit_id is None
    found = accounts.holders(session, Role.OFFICER, [world.units["sonv"], world.units["btc"]])
    assert [one.username for one in found[world.units["sonv"]]] == ["canbo2.sonv"]
    assert [one.username for one in found[world.units["btc"]]] == ["canbo.khoi"]


def test_the_language_is_kept_and_logged_once(session: Session, account: Account, actor: Find) -> None:
    officer = replace(actor("canbo.sonv"))
    accounts.set_language(session, account, "en", actor=officer)
    before = last(session).seq
    accounts.set_language(session, account, "en", actor=officer)
    assert account.language == "en" and last(session).seq == before


def test_named_accounts_come_in_the_order_asked_for_and_open_only(session: Session, account: Account) -> None:
    account.disabled = True
    session.flush()
    found = accounts.named(session, ("quantri", "canbo.sonv", "canbo.khoi", "nobody"))
    assert [one.username for one in found] == ["quantri", "canbo.khoi"]
