"""Accounts: passwords, roles with dates, sessions that end when we say so, whom to ask."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import accounts, db
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import Account, Assignment, AuditEntry, Role, SignIn, Unit, now
from oms.organisation import today
from oms.permissions import Action, Actor
from oms.settings import Settings
from tests.factories import PASSWORD, World

Find = Callable[[str], Actor]
# Without a directory: passwords are those kept here.
LOCAL = Settings()
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


def test_a_new_password_ends_every_session(engine: Engine, world: World, actor: Find) -> None:
    with db.writing(engine) as session:
        secret, _ = accounts.sign_in(session, world.accounts["canbo.sonv"])
        half = accounts.sign_in_half(session, world.accounts["canbo.sonv"])
    accounts.change_password(engine, "canbo.sonv", PASSWORD, NEW, settings=LOCAL, actor=actor("canbo.sonv"))
    with db.reading(engine) as session:
        assert accounts.find_sign_in(session, secret, Settings(), kind="web") is None
        assert accounts.find_sign_in(session, half, Settings(), kind="half") is None
        assert accounts.check_credentials(session, "canbo.sonv", NEW) is not None
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
        (PASSWORD, "password1234"),
        (PASSWORD, "Qwertyuiop123"),
        (PASSWORD, "hồ sơ cán bộ"),
        (PASSWORD, "Đảng bộ cơ sở Sở Nội vụ"),
    ],
)
def test_a_bad_new_password_changes_nothing(engine: Engine, world: World, actor: Find, old: str, new: str) -> None:
    with pytest.raises(BadInput):
        accounts.change_password(engine, "canbo.sonv", old, new, settings=LOCAL, actor=actor("canbo.sonv"))
    with db.reading(engine) as session:
        assert accounts.check_credentials(session, "canbo.sonv", PASSWORD) is not None


def test_administrators_need_a_longer_password(engine: Engine, world: World, actor: Find) -> None:
    with pytest.raises(BadInput, match="15 to 128"):
        accounts.change_password(engine, "quantri", PASSWORD, "mưa rào 47ză!", settings=LOCAL, actor=actor("quantri"))
    accounts.change_password(engine, "canbo.sonv", PASSWORD, "mưa rào 47ză!", settings=LOCAL, actor=actor("canbo.sonv"))


def test_a_first_password_must_be_changed(session: Session, world: World, actor: Find) -> None:
    unit = session.get_one(Unit, world.units["soyt"])
    account, first = accounts.create_account(
        session, username="Bithu.SoYT", full_name="Lý Thị Sáu", role=Role.HEAD, unit=unit, actor=actor("quantri")
    )
    assert account.username == "bithu.soyt" and account.must_change_password
    assert accounts.check_credentials(session, "bithu.soyt", first) is account
    assert last(session).action == "account:create" and first not in last(session).body
    assert account.password_expires_at is not None
    assert timedelta(hours=71) < account.password_expires_at - now() <= timedelta(hours=72)
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


def test_every_dangerous_act_asks_for_the_password_again(
    session: Session, account: Account, world: World, actor: Find
) -> None:
    late = replace(actor("quantri"), confirmed=False)
    unit = session.get_one(Unit, world.units["soyt"])
    acts: tuple[Callable[[], object], ...] = (
        lambda: accounts.create_account(session, username="moi", full_name="", role=Role.HEAD, unit=unit, actor=late),
        lambda: accounts.reset_password(session, account, actor=late),
        lambda: accounts.set_disabled(session, account, True, actor=late),
        lambda: accounts.assign(session, account, Role.HEAD, unit, actor=late),
        lambda: accounts.end_assignment(session, account.assignments[0], actor=late),
        lambda: accounts.sign_out_everywhere(session, account, actor=late),
    )
    for act in acts:
        with pytest.raises(ConfirmationNeeded):
            act()


def test_a_role_is_given_for_days_and_ends_sessions(
    session: Session, account: Account, world: World, actor: Find
) -> None:
    secret, _ = accounts.sign_in(session, account.id)
    unit, day = session.get_one(Unit, world.units["soyt"]), today()
    given = accounts.assign(
        session, account, Role.HEAD, unit, actor=actor("quantri"), with_units_below=False, valid_to=day
    )
    assert last(session).action == "account:assign"
    assert accounts.find_sign_in(session, secret, Settings(), kind="web") is None
    session.commit()
    assert actor("canbo.sonv").units[Action.TRANSFER_APPROVE] == {unit.id}
    with pytest.raises(Conflict):
        accounts.assign(session, account, Role.HEAD, unit, actor=actor("quantri"))
    later = accounts.assign(session, account, Role.HEAD, unit, actor=actor("quantri"), valid_from=day + timedelta(1))
    accounts.end_assignment(session, later, actor=actor("quantri"))
    accounts.end_assignment(session, given, actor=actor("quantri"))
    assert last(session).action == "account:end_role"
    session.commit()
    assert Action.TRANSFER_APPROVE not in actor("canbo.sonv").units
    assert [one.role for one in account.assignments] == [Role.OFFICER], "nothing is left of what had not begun"


def test_a_role_that_was_held_keeps_its_days(session: Session, account: Account, actor: Find) -> None:
    accounts.end_assignment(session, account.assignments[0], actor=actor("quantri"))
    assert account.assignments[0].valid_to == today() - timedelta(days=1)


def test_nobody_changes_the_own_roles_nor_does_anybody_else(session: Session, world: World, actor: Find) -> None:
    own = session.get_one(Account, world.accounts["quantri"])
    unit = session.get_one(Unit, world.units["btc"])
    for username in ("quantri", "canbo.khoi", "truongban.khoi", "kiemtra.khoi"):
        with pytest.raises(Refused):
            accounts.assign(session, own, Role.HEAD, unit, actor=actor(username))
        with pytest.raises(Refused):
            accounts.end_assignment(session, own.assignments[0], actor=actor(username))
    with pytest.raises(BadInput, match="last day"):
        accounts.assign(session, own, Role.HEAD, unit, actor=None, valid_to=date(2020, 1, 1))


def test_a_fourth_session_ends_the_one_unused_longest(session: Session, account: Account) -> None:
    opened = [accounts.sign_in(session, account.id) for _ in range(3)]
    token, _ = accounts.sign_in(session, account.id, kind="api")
    opened[1][1].seen_at = now() - timedelta(minutes=3)
    accounts.sign_in(session, account.id)
    alive = [accounts.find_sign_in(session, secret, Settings(), kind="web") is not None for secret, _ in opened]
    assert alive == [True, False, True]
    assert accounts.find_sign_in(session, token, Settings(), kind="api") is not None


@pytest.mark.parametrize(
    ("username", "minutes", "hours"),
    [("quantri", 10, 4), ("kiemtra.khoi", 10, 4), ("canbo.sonv", 15, 9), ("nguoilaodong.sonv", 15, 9)],
)
def test_how_long_a_session_lasts(session: Session, world: World, username: str, minutes: int, hours: int) -> None:
    secret, opened = accounts.sign_in(session, world.accounts[username])

    def is_open() -> bool:
        session.flush()
        return accounts.find_sign_in(session, secret, Settings(), kind="web") is not None

    opened.seen_at = now() - timedelta(minutes=minutes, seconds=-5)
    assert is_open()
    opened.seen_at = now() - timedelta(minutes=minutes, seconds=1)
    assert not is_open()
    opened.seen_at, opened.created_at = now(), now() - timedelta(hours=hours, seconds=-5)
    assert is_open()
    opened.created_at = now() - timedelta(hours=hours, seconds=1)
    assert not is_open()


def test_the_password_is_fresh_for_five_minutes_and_a_confirmation_makes_a_new_session(
    session: Session, account: Account, actor: Find
) -> None:
    secret, opened = accounts.sign_in(session, account.id)
    assert accounts.is_confirmed(opened)
    opened.confirmed_at = now() - timedelta(minutes=5, seconds=1)
    assert not accounts.is_confirmed(opened)
    fresh = accounts.confirm(session, opened.id, actor=actor("canbo.sonv"))
    assert accounts.is_confirmed(opened) and last(session).action == "account:confirm"
    assert accounts.find_sign_in(session, secret, Settings(), kind="web") is None
    assert accounts.find_sign_in(session, fresh, Settings(), kind="web") is opened
