"""`oms membership`: the way of a member by commands."""

from sqlalchemy import select

from oms import db
from oms.models import AuditEntry, Category, MembershipTransfer, Unit, UnitKind
from tests import factories

BASIS = ("--basis", "214-QĐ/ĐUK", "--basis-date", "01/06/2026", "--reason", "Điều động")


def test_a_member_moves_inside_and_the_letter_is_printed(oms, world, engine, tmp_path):
    with db.writing(engine) as session:
        above = session.get_one(Unit, world.units["sonv"])
        factories.make_unit(session, "sonv_c2", UnitKind.CELL, "Chi bộ Thanh tra Sở", above)
        dossier = factories.make_dossier(session, above.id, category=Category.PARTY_MEMBER)
        number, person = dossier.number, dossier.person_id
    made = oms(
        "membership", "new", number, "--to", "sonv_c2", "--kind", "internal", *BASIS, "--as", "canbo.sonv", "--json"
    )
    assert made.code == 0 and made.documents[0]["state"] == "draft", made.err
    move = made.documents[0]["move"]
    assert oms("membership", "show", move, "--as", "canbo.sotc").code == 1, "it does not exist for them"
    for step, username, state in (
        ("submit", "canbo.sonv", "introducing"),
        ("sign", "bithu.sonv", "under_way"),
        ("confirm", "bithu.sonv", "taken_up"),
    ):
        taken = oms("membership", step, move, "--as", username, "--json")
        assert taken.code == 0 and taken.documents[0]["state"] == state, taken.err
    paper = tmp_path / "giay.pdf"
    assert oms("print", "transfer-letter", move, "--out", str(paper), "--as", "canbo.sonv").code == 0
    assert paper.read_bytes().startswith(b"%PDF")
    with db.reading(engine) as session:
        moved = session.scalars(select(MembershipTransfer)).one()
        assert moved.person_id == person and moved.person.party_unit is not None
        assert moved.person.party_unit.code == "sonv_c2"


def test_a_refusal_is_one_sentence_and_one_entry(oms, world, engine):
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], category=Category.PARTY_MEMBER)
        number = dossier.number
    made = oms(
        "membership", "new", number, "--to", "sotc", "--kind", "official", *BASIS, "--as", "canbo.sonv", "--json"
    )
    move = made.documents[0]["move"]
    assert oms("membership", "submit", move, "--as", "canbo.sonv").code == 0
    answer = oms("membership", "sign", move, "--as", "canbo.sonv")
    assert (answer.code, answer.out, len(answer.err.strip().splitlines())) == (1, "", 1)
    assert oms("membership", "return", move, "--as", "bithu.sonv").code == 1, "a reason is needed"
    listed = oms("membership", "list", "--as", "bithu.sonv", "--json").documents[0]["moves"]
    assert [one["move"] for one in listed] == [move]
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "membership:sign")).one()
        assert entry.outcome == "refused" and entry.account_id == world.accounts["canbo.sonv"]
