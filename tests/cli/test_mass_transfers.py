"""`oms transfer mass`: a batch from the list to the receiver by commands alone."""

from sqlalchemy import select

from oms import db
from oms.models import AuditEntry, Dossier
from tests import factories

NEW = ("transfer", "mass", "new", "--to", "sotc", "--reason", "Sáp nhập", "--basis", "45-QĐ/TU")


def test_many_dossiers_go_by_one_list(oms, world, engine, tmp_path):
    with db.writing(engine) as session:
        numbers = [factories.make_dossier(session, world.units["sonv"], f"Lê Văn {n}").number for n in range(3)]
    begun = oms(*NEW, "--basis-date", "03/02/2026", "--as", "canbo.sonv", "--json")
    assert begun.code == 0, begun.err
    batch = begun.documents[0]["batch"]
    table = tmp_path / "danh sach.csv"
    table.write_text("\n".join(["Số hồ sơ", *numbers, "HS-999999"]), "utf-8")
    refused = oms("transfer", "mass", "add", batch, str(table), "--as", "canbo.sonv")
    assert refused.code == 1 and "5: HS-999999" in refused.err
    added = oms("transfer", "mass", "add", batch, str(table), "--leave-faults", "--as", "canbo.sonv", "--json")
    assert added.code == 0 and added.documents[0]["states"] == {"draft": 3}
    assert oms("transfer", "mass", "show", batch, "--as", "canbo.sotc").code == 1, "not sent yet"
    for act, username, state in (
        ("submit", "canbo.sonv", "submitted"),
        ("approve", "truongban.khoi", "approved"),
        ("dispatch", "canbo.sonv", "in_transit"),
        ("check", "canbo.sotc", "in_transit"),
        ("accept", "bithu.sotc", "accepted"),
    ):
        taken = oms("transfer", "mass", "take", batch, act, "--as", username, "--json")
        assert taken.code == 0 and taken.documents[0]["states"] == {state: 3}, taken.err
    assert not taken.documents[0]["open"]
    assert [run["moved"] for run in taken.documents[0]["runs"]] == [3] * 6
    with db.reading(engine) as session:
        assert set(session.scalars(select(Dossier.custodian_id))) == {world.units["sotc"]}
    assert batch in oms("transfer", "mass", "list", "--as", "canbo.sonv").out


def test_what_is_sent_back_is_seen_no_more(oms, world, engine, tmp_path):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    batch = oms(*NEW, "--basis-date", "03/02/2026", "--as", "canbo.sonv", "--json").documents[0]["batch"]
    (tmp_path / "a.csv").write_text(number)
    oms("transfer", "mass", "add", batch, str(tmp_path / "a.csv"), "--as", "canbo.sonv")
    for act, username in (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv")):
        assert oms("transfer", "mass", "take", batch, act, "--as", username).code == 0
    assert oms("transfer", "mass", "take", batch, "send-back", "--as", "canbo.sotc").code == 1, "a reason is needed"
    back = oms("transfer", "mass", "take", batch, "send-back", "--reason", "Nhầm nơi", "--as", "canbo.sotc")
    assert (back.code, back.out) == (0, "") and batch in back.err
    assert oms("transfer", "mass", "take", batch, "accept", "--as", "canbo.soyt").code == 1
    with db.reading(engine) as session:
        refused = session.scalars(select(AuditEntry.action).where(AuditEntry.outcome == "refused")).all()
    assert refused == ["mass_transfer:send-back", "mass_transfer:accept"]
