"""Cover sheets: who may print which, what their codes say, and that no other installation can sign them."""

import numpy as np
import pytest
from pdf2image import convert_from_bytes
from sqlalchemy import select

from oms import catalogue, completeness, db
from oms.completeness import Wish
from oms.errors import BadInput, Refused
from oms.models import AuditEntry, Category, Dossier
from oms.papers import Printing, cover_sheets
from oms.papers.cover_sheets import MOST_SHEETS, Covered, For
from oms.recognition.pictures import Picture
from oms.recognition.separators import find_codes
from oms.specimens.faults import spoil
from oms.stacks.codes import Sheet, key_of, read_code, write_code
from tests import factories

KEY = b"k" * 48


@pytest.fixture
def dossier(session, world) -> Dossier:
    return factories.make_dossier(session, world.units["sonv"], "K' Brõi Thị Hòa")


def printed(session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action == "paper:print").order_by(AuditEntry.seq)))


def codes_of(pdf: bytes) -> list[Sheet | None]:
    found = []
    for page in convert_from_bytes(pdf, dpi=100):
        (text,) = find_codes(Picture(np.array(page), 100.0))
        found.append(read_code(KEY, text))
    return found


def test_a_code_says_what_was_signed_and_nothing_else_is_believed():
    for component in ["", *(row.id for kind in Category for row in catalogue.components(kind.value))]:
        code = write_code(KEY, Sheet("HS-000123", component))
        assert read_code(KEY, code) == Sheet("HS-000123", component)
    assert set(code) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.:-"), "the letters QR codes store in least room"
    assert read_code(b"x" * 48, code) is None, "signed by another installation"
    assert read_code(KEY, code.replace("HS-000123", "HS-000124")) is None
    assert read_code(KEY, code[:-1]) is None and read_code(KEY, "OMS:HS-000123") is None


def test_the_key_is_the_installations_own_and_stays(settings):
    assert key_of(settings) == key_of(settings)
    assert (settings.home / "cover-sheets.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("condition", ["clean", "ccitt", "skew", "fax", "worst"])
def test_the_codes_survive_scanner_and_fax(dossier, condition):
    sheet = cover_sheets._sheet(dossier, None, KEY)
    imprint = cover_sheets.Imprint("Tờ bìa quét", "x", dossier.created_at)
    (page,) = convert_from_bytes(cover_sheets.draw_cover_sheets([sheet], imprint), dpi=200)
    spoilt = spoil(np.array(page), condition, np.random.default_rng(7))
    upside_down = np.ascontiguousarray(np.rot90(spoilt.pixels, 2))
    for pixels in (spoilt.pixels, upside_down):
        (text,) = find_codes(Picture(pixels, float(spoilt.dpi)))
        assert read_code(KEY, text) == Sheet(dossier.number, "")


def test_what_is_missing_gets_a_sheet_each_and_one_entry(session, dossier, actor):
    officer = actor("canbo.sonv")
    scan = factories.make_scan(session, dossier, officer.account_id)
    lies_there = factories.make_document(session, dossier, scan, actor=officer).component_id
    covered = cover_sheets.cover_dossier(session, dossier, For.MISSING)
    paper = cover_sheets.cover_sheets(session, [covered], key=KEY, printing=Printing(officer, "filing"))
    wanted = [row.id for row in completeness.wanted(dossier.category) if row.id != lies_there]
    assert codes_of(paper.body) == [Sheet(dossier.number, id) for id in wanted]
    (entry,) = printed(session)
    assert entry.dossier_id == dossier.id and '"cover-sheets"' in entry.body and f'"sheets":{len(wanted)}' in entry.body


def test_a_unit_gets_one_sheet_for_each_dossier_that_can_be_added_to(session, world, dossier, actor):
    frozen = factories.make_dossier(session, world.units["sonv"], "Lê Văn An")
    frozen.frozen = True
    factories.make_dossier(session, world.units["sotc"], "Trần Thị Bình")
    officer = actor("canbo.sonv")
    covered = cover_sheets.cover_many(session, For.WHOLE, actor=officer, wish=Wish(world.units["sonv"]))
    assert [(one.dossier.id, one.components) for one in covered] == [(dossier.id, (None,))]
    chosen = completeness.wanted(dossier.category)[0].id
    (one,) = cover_sheets.cover_many(session, For.CHOSEN, [chosen], actor=officer)
    assert [row.id for row in one.components] == [chosen]
    (one,) = cover_sheets.cover_many(session, For.MISSING, actor=officer, wish=Wish(component_id=chosen))
    assert [row.id for row in one.components] == [chosen]


def test_no_sheet_and_too_many_are_refused_and_so_is_whose_dossier_it_is_not(session, dossier, actor):
    mine, other = Printing(actor("canbo.sonv"), "filing"), Printing(actor("canbo.sotc"), "filing")
    whole = Covered(dossier, (None,))
    for covered, printing, error in (
        ([Covered(dossier, ())], mine, BadInput),
        ([whole] * (MOST_SHEETS + 1), mine, BadInput),
        ([whole], other, Refused),
    ):
        with pytest.raises(error):
            cover_sheets.cover_sheets(session, covered, key=KEY, printing=printing)
    assert printed(session) == []


def test_the_page_prints_for_the_own_unit_only(client_as, engine, world, settings):
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        id, number = dossier.id, dossier.number
    officer = client_as("canbo.sonv")
    assert number in officer.get(f"/cover-sheets?dossier={id}").text
    assert "Đảng bộ cơ sở Sở Nội vụ" in officer.get(f"/cover-sheets?unit={world.units['sonv']}").text
    answer = officer.post(f"/cover-sheets?dossier={id}", data={"what": "whole", "purpose": "filing"})
    assert answer.mimetype == "application/pdf"
    (page,) = convert_from_bytes(answer.data, dpi=100)
    (text,) = find_codes(Picture(np.array(page), 100.0))
    assert read_code(key_of(settings), text) == Sheet(number, "")
    assert officer.post(f"/cover-sheets?dossier={id}", data={"what": "chosen", "purpose": "filing"}).status_code == 422
    assert officer.post(f"/cover-sheets?dossier={id}", data={"what": "whole", "purpose": ""}).status_code == 422
    stranger = client_as("canbo.sotc")
    assert stranger.get(f"/cover-sheets?dossier={id}").status_code == 404
    assert stranger.get(f"/cover-sheets?unit={world.units['sonv']}").status_code == 404
    assert stranger.get("/cover-sheets?component=nothing").status_code == 404
    assert client_as("kiemtra.khoi").get("/cover-sheets").status_code == 403
    with db.reading(engine) as session:
        assert len(printed(session)) == 1


def test_lists_of_many_dossiers_ask_the_same_questions(session, world, dossier, actor):
    from sqlalchemy import event

    officer, asked = actor("canbo.sonv"), []
    engine = session.info["engine"]
    event.listen(engine, "before_cursor_execute", lambda *found: asked.append(found[2]))

    def count() -> int:
        session.expire_all()
        asked.clear()
        for what in (For.MISSING, For.WHOLE):
            for one in cover_sheets.cover_many(session, what, actor=officer):
                assert one.dossier.person.full_name and one.dossier.custodian.name
        return len(asked)

    few = count()
    for number in range(10):
        factories.make_dossier(session, world.units["sonv"], f"Lê Văn {chr(65 + number)}")
    assert count() == few
