"""`oms user` and `oms unit`."""

from oms import accounts, db
from oms.permissions import Action
from tests import factories
from tests.test_second_factor import set_up


def test_add_disable_and_reset(oms, world, engine):
    made = oms("user", "add", "moi.sonv", "--name", "Lê Thị Mới", "--role", "officer", "--unit", "sonv", "--json")
    assert made.code == 0
    password = made.documents[0]["password"]
    with db.reading(engine) as session:
        assert accounts.check_credentials(session, "moi.sonv", password) is not None
    assert oms("user", "disable", "moi.sonv").code == 0
    with db.reading(engine) as session:
        assert accounts.check_credentials(session, "moi.sonv", password) is None
    assert oms("search", "x", "--as", "moi.sonv").code == 1
    assert oms("user", "disable", "moi.sonv", "--again").code == 0
    reset = oms("user", "reset-password", "moi.sonv", "--json").documents[0]["password"]
    with db.reading(engine) as session:
        assert accounts.check_credentials(session, "moi.sonv", password) is None
        assert accounts.check_credentials(session, "moi.sonv", reset) is not None


def test_with_as_only_an_administrator_may(oms, world):
    refused = oms("user", "list", "--as", "canbo.sonv")
    assert refused.code == 1 and refused.out == ""
    allowed = oms("user", "list", "--as", "quantri", "--json")
    assert allowed.code == 0 and {row["username"] for row in allowed.documents} == set(factories.ACCOUNTS)
    assert "argon2" not in allowed.out
    assert oms("user", "add", "x.y", "--role", "officer", "--unit", "sonv", "--as", "canbo.sonv").code == 1


def test_unknown_names_are_refused_in_a_sentence(oms, world):
    assert oms("user", "disable", "nobody").code == 1
    assert "oms unit list" in oms("user", "add", "a.b", "--role", "head", "--unit", "nowhere").err
    assert oms("user", "add", "a.b", "--role", "emperor", "--unit", "sonv").code == 2


def test_units_are_listed(oms, world):
    rows = oms("unit", "list", "--json").documents
    assert {row["unit"] for row in rows} == set(world.units)
    assert "Sở Nội vụ" in oms("unit", "list").out


def test_roles_are_given_and_ended(oms, world, actor):
    given = ("canbo.sonv", "--role", "head", "--unit", "soyt")
    assert oms("user", "assign", *given, "--only-this-unit", "--to", "2099-12-31").code == 0
    assert actor("canbo.sonv").units[Action.TRANSFER_APPROVE] == {world.units["soyt"]}
    assert oms("user", "assign", *given).code == 1
    assert oms("user", "assign", *given, "--from", "tomorrow").code == 2
    assert oms("user", "assign", *given, "--as", "canbo.khoi").code == 1
    assert oms("user", "end-role", *given, "--as", "quantri").code == 0
    assert Action.TRANSFER_APPROVE not in actor("canbo.sonv").units
    assert "oms user list" in oms("user", "end-role", *given).err


def test_sessions_and_second_factor_from_the_machine(oms, world, engine, settings, actor):
    assert oms("user", "second-factor", "canbo.sonv").out == "off\n"
    assert oms("user", "second-factor", "canbo.sonv", "--reset").code == 1
    set_up(engine, settings, actor("canbo.sonv"))
    with db.writing(engine) as session:
        secret, _ = accounts.sign_in(session, world.accounts["canbo.sonv"])
    assert oms("user", "second-factor", "canbo.sonv").out == "on\n"
    assert oms("user", "end-sessions", "canbo.sonv").code == 0
    assert oms("user", "second-factor", "canbo.sonv", "--reset").code == 0
    with db.reading(engine) as session:
        assert accounts.find_sign_in(session, secret, settings, kind="web") is None
        assert not accounts.has_second_factor(session, world.accounts["canbo.sonv"])


def test_the_policy_is_printed(oms, world):
    rows = {row["action"]: row["roles"] for row in oms("user", "policy", "--json").documents}
    assert rows["transfer:approve"] == ["head"] and set(rows) == {action.value for action in Action}
    assert "Technical administrator" in oms("user", "policy").out
