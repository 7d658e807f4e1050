"""`oms transfer`: the whole way of a dossier by commands."""

import json

from sqlalchemy import select

from oms import db
from oms.models import AuditEntry, Dossier
from tests import factories

PROOF = ("--basis", "12-QĐ/TU", "--basis-date", "03/02/2026")


def test_a_dossier_goes_from_one_unit_to_the_next(oms, world, engine):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    new = oms(
        "transfer", "new", number, "--to", "sotc", "--reason", "Quyết định 12", *PROOF, "--as", "canbo.sonv", "--json"
    )
    assert new.code == 0 and new.documents[0]["state"] == "draft"
    transfer = new.documents[0]["transfer"]
    assert oms("transfer", "show", transfer, "--as", "canbo.sotc").code == 1, "not sent yet: it does not exist for them"
    for step, username, state in (
        ("submit", "canbo.sonv", "submitted"),
        ("approve", "truongban.khoi", "approved"),
        ("dispatch", "canbo.sonv", "in_transit"),
        ("accept", "bithu.sotc", "accepted"),
    ):
        taken = oms("transfer", step, transfer, "--as", username, "--json")
        assert taken.code == 0, taken.err
        assert taken.documents[0]["state"] == state
    shown = oms("transfer", "show", transfer, "--json").documents[0]
    assert [event["step"] for event in shown["events"]] == ["new", "submit", "approve", "dispatch", "accept"]
    assert all(event["reason"] is None for event in shown["events"]), "free words only to those who may read them"
    with db.reading(engine) as session:
        assert session.scalars(select(Dossier)).one().custodian_id == world.units["sotc"]


def test_a_refusal_is_one_sentence_and_one_entry(oms, world, engine):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    made = oms(
        "transfer", "new", number, "--to", "sotc", "--reason", "QĐ 12", *PROOF, "--as", "canbo.sonv", "--json"
    ).documents
    transfer = made[0]["transfer"]
    oms("transfer", "submit", transfer, "--as", "canbo.sonv")
    answer = oms("transfer", "approve", transfer, "--as", "canbo.sonv")
    assert (answer.code, answer.out) == (1, "")
    assert len(answer.err.strip().splitlines()) == 1
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "transfer:approve")).one()
        assert entry.outcome == "refused" and json.loads(entry.body)["via"] == "cli"
        assert entry.account_id == world.accounts["canbo.sonv"]
    assert oms("transfer", "reject", transfer, "--as", "truongban.khoi").code == 1, "a reason is needed"
    assert oms("transfer", "fly", transfer, "--as", "canbo.sonv").code == 2
    assert oms("transfer", "submit", transfer).code == 2, "whose act is it?"


def test_an_unknown_account_acts_for_nobody(oms, world):
    answer = oms("transfer", "show", "CH-2026-0001", "--as", "nobody")
    assert answer.code == 1 and "oms user list" in answer.err


def test_papers_from_outside_are_entered_and_confirmed(oms, world, engine):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    slip = ("--from", "Ban Tổ chức Tỉnh ủy Giả định", "--slip", "07-PC", "--slip-date", "03/02/2026")
    assert oms("transfer", "receive", number, *slip, "--paper", "Lý lịch", "--as", "canbo.sonv").code == 1
    made = oms("transfer", "receive", number, *slip, "--paper", "Lý lịch; 4", "--as", "canbo.sonv", "--json")
    assert made.code == 0 and made.documents[0]["state"] == "arrived"
    transfer = made.documents[0]["transfer"]
    assert oms("transfer", "check", transfer, "--as", "canbo.sonv").code == 0
    assert oms("transfer", "confirm", transfer, "--as", "canbo.sonv").code == 1
    done = oms("transfer", "confirm", transfer, "--as", "bithu.sonv", "--json")
    assert done.documents[0]["state"] == "accepted"
