"""`oms user` and `oms unit`."""

from oms import accounts, db
from tests import factories


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
