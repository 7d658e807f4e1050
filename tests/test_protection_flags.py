"""What a general installation knows of protection files: one flag, told to few, each look written down."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from oms import catalogue, db, protection_flags, review
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, Document, Dossier, Person, ProtectionFlag, now
from oms.organisation import today
from tests import factories
from tests.protecting import CANARIES, File, entries

PLACE = "Phòng Bảo vệ chính trị nội bộ, Ban Tổ chức Tỉnh ủy"


@pytest.fixture
def person(session, world) -> Person:
    return factories.make_dossier(session, world.units["sonv"]).person


def test_the_head_of_the_managing_body_writes_it_down_and_takes_it_away(session, person, actor):
    head = actor("bithu.sonv")
    assert protection_flags.look(session, person, actor=head) is None
    protection_flags.set_flag(session, person, PLACE, actor=head)
    protection_flags.set_flag(session, person, f"  {PLACE}  tầng 2 ", actor=head)
    flag = protection_flags.look(session, person, actor=actor("canbo.sonv"))
    assert (flag.kept_at, flag.set_by_id) == (f"{PLACE} tầng 2", head.account_id)
    protection_flags.clear(session, person, actor=head)
    assert protection_flags.look(session, person, actor=head) is None
    with pytest.raises(Conflict):
        protection_flags.clear(session, person, actor=head)
    written = select(AuditEntry.action).where(AuditEntry.action.startswith("protection_flag:"))
    told = session.scalars(written.order_by(AuditEntry.seq)).all()
    assert [name.partition(":")[2] for name in told] == ["look", "set", "set", "look", "clear", "look"]


def test_the_log_is_no_list_of_flagged_people(session, person, actor):
    head, other = actor("bithu.sonv"), factories.make_dossier(session, person.dossiers[0].custodian_id)
    protection_flags.set_flag(session, person, PLACE, actor=head)
    for dossier in (person.dossiers[0], other):
        protection_flags.look(session, dossier.person, actor=head)
    before = len(session.scalars(select(AuditEntry.seq)).all())
    assert protection_flags.moves_apart(session, person.dossiers[0], actor=head) is not None
    assert protection_flags.moves_apart(session, other, actor=head) is None
    assert len(session.scalars(select(AuditEntry.seq)).all()) == before, "the transfer's own entry says it is looked at"
    protection_flags.clear(session, person, actor=head)
    rows = session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("protection_flag:"))).all()
    looked = [row.object_id for row in rows if row.action.endswith(":look")]
    assert looked == [person.id, other.person_id], "a look says nothing of the answer"
    for row in rows:
        assert row.action.endswith(":look") or person.id not in row.body


def test_who_corrects_the_place_is_named_with_the_day_of_the_correction(session, person, actor):
    flag = protection_flags.set_flag(session, person, PLACE, actor=actor("bithu.sonv"))
    flag.set_at = flag.set_at - timedelta(days=400)
    session.flush()
    again = protection_flags.set_flag(session, person, f"{PLACE} tầng 2", actor=actor("bithu.sonv"))
    assert now() - again.set_at < timedelta(minutes=5)


def test_nobody_else_writes_and_few_look(session, person, actor):
    protection_flags.set_flag(session, person, PLACE, actor=actor("bithu.sonv"))
    for name in ("canbo.sonv", "bithu.sotc", "quantri", "kiemtra.khoi"):
        with pytest.raises(Refused):
            protection_flags.set_flag(session, person, "nơi khác", actor=actor(name))
        with pytest.raises(Refused):
            protection_flags.clear(session, person, actor=actor(name))
    for name in ("bithu.sotc", "canbo.sotc", "quantri", "kiemtra.khoi", "nguoilaodong.sonv"):
        with pytest.raises(Refused):
            protection_flags.look(session, person, actor=actor(name))
        assert protection_flags.moves_apart(session, person.dossiers[0], actor=actor(name)) is None
    assert protection_flags.moves_apart(session, person.dossiers[0], actor=actor("canbo.sonv")).kept_at == PLACE
    with pytest.raises(BadInput):
        protection_flags.set_flag(session, person, "a", actor=actor("bithu.sonv"))


@pytest.mark.parametrize(
    "title", ["Hồ sơ bảo vệ chính trị nội bộ", "Kết luận Bảo vệ chính trị nội bộ, 2019", "Phiếu BVCTNB"]
)
def test_a_paper_of_the_protection_file_is_not_filed_here(session, world, actor, title):
    officer = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"])
    scan = factories.make_scan(session, dossier, officer.account_id)
    with pytest.raises(BadInput, match="protection officer"):
        factories.make_document(session, dossier, scan, title=title, actor=officer)
    assert session.scalars(select(Document)).all() == []
    document = factories.make_document(session, dossier, scan, title="Kết luận kiểm tra chính trị", actor=officer)
    filing = review.Filing(component_id=document.component_id, title=title)
    with pytest.raises(BadInput, match="protection officer"):
        review.describe(session, document, filing, actor=officer)


def test_the_rule_is_dated_and_says_where_it_comes_from():
    rule = catalogue.withheld_papers(today())
    assert rule.basis and rule.names("ho so bao ve chinh tri noi bo") and not rule.names("Sổ bảo hiểm nội bộ")


def test_in_the_closed_installation_there_is_no_flag_and_the_paper_belongs(protection_file: File, session, actor):
    """Nor is one told or touched that was put into its database by another way."""
    dossier, head = session.get_one(Dossier, protection_file.dossier), actor("bithu.sonv")
    astray = ProtectionFlag(person_id=dossier.person.id, kept_at=PLACE, set_by_id=head.account_id)
    session.add(astray)
    session.flush()
    for act in (
        lambda: protection_flags.look(session, dossier.person, actor=head),
        lambda: protection_flags.set_flag(session, dossier.person, "nơi khác", actor=head),
        lambda: protection_flags.clear(session, dossier.person, actor=head),
    ):
        with pytest.raises(NotFound):
            act()
    assert protection_flags.moves_apart(session, dossier, actor=head) is None
    protection_flags.refuse_withheld(session, "Hồ sơ bảo vệ chính trị nội bộ")
    assert [row.kept_at for row in session.scalars(select(ProtectionFlag))] == [PLACE]


def test_a_page_of_its_own_tells_it(app, client_as, engine, world):
    with db.writing(engine) as session:
        person_id = factories.make_dossier(session, world.units["sonv"]).person_id
    head, officer, other = (client_as(name) for name in ("bithu.sonv", "canbo.sonv", "canbo.sotc"))
    address = f"/people/{person_id}/protection-file"
    assert address in officer.get(f"/people/{person_id}").get_data(as_text=True)
    assert other.get(address).status_code == 404
    before = entries(engine)
    assert officer.post(address, data={"kept_at": PLACE}).status_code == 403
    assert [row for row in entries(engine)[len(before) :] if row[1] == "done"] == []
    assert head.post(address, data={"kept_at": "x"}).status_code == 422
    assert head.post(address, data={"kept_at": PLACE}).status_code == 302
    assert PLACE in officer.get(address).get_data(as_text=True)
    assert PLACE not in officer.get(f"/people/{person_id}").get_data(as_text=True)
    assert head.post(f"{address}/clear").status_code == 302
    told = [
        action for action, outcome in entries(engine) if action.startswith("protection_flag:") and outcome == "done"
    ]
    assert told == ["protection_flag:look", "protection_flag:set", "protection_flag:look", "protection_flag:clear"]


def test_a_general_house_holds_no_word_of_the_closed_one(protection_file: File, tmp_path, closed, engine):
    """Two installations on one machine: what lies in the closed one is in no file of the other."""
    from oms.installation import prepare_folders, upgrade
    from oms.settings import Settings

    general = Settings(home=tmp_path / "chung")
    prepare_folders(general)
    other = db.connect(general.database)
    upgrade(general, other)
    with db.writing(other) as session:
        factories.make_world(session)
    other.dispose()
    words = [word.encode() for word in (*CANARIES, protection_file.dossier, protection_file.person)]
    for path in (path for path in general.home.rglob("*") if path.is_file()):
        assert not any(word in path.read_bytes() for word in words), path
    if engine.dialect.name == "sqlite":
        engine.dispose()
        here = b"".join(path.read_bytes() for path in closed.home.glob("oms.sqlite3*"))
        assert all(word in here for word in words), "the words are there to be found"
