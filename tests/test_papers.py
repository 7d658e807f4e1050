"""Papers of the house: who may print which, their numbers, what the registers say, and what leaves as a file."""

import dataclasses
import io
import subprocess
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import openpyxl
import pikepdf
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import custody, db, organisation, papers, storage
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, Refused
from oms.models import AuditEntry, AuditWords, CheckOutcome, Dossier, PaperIssue, PaperKind, Transfer, Unit
from oms.papers import Printing, registers, whole_dossier
from oms.papers.issuing import body_of, check_code, committee_name
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
NAME = "K' Brõi Thị Hòa"
ADDRESS = "https://oms.example/"


def unconfirmed(actor: Actor) -> Actor:
    return dataclasses.replace(actor, confirmed=False)


def printed_by(actor: Actor, purpose: str = "handover") -> Printing:
    return Printing(actor, purpose, ADDRESS)


def text_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def entries(session: Session, action: str) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq)))


@pytest.fixture
def dossier(session: Session, world: World, actor: Find) -> Dossier:
    made = factories.make_dossier(session, world.units["sonv"], NAME)
    officer = actor("canbo.sonv")
    scan = factories.make_scan(session, made, officer.account_id, ("một", "hai"))
    factories.make_document(session, made, scan, title="Quyết định tuyển dụng", actor=officer)
    return made


def move(session: Session, transfer: Transfer, *steps: tuple[str, Actor], reason: str = "") -> None:
    for name, who in steps:
        step = custody.choose_step(transfer, name, actor=who)
        custody.take(session, step, transfer, actor=who, reason=reason if step.needs_reason else "")


@pytest.fixture
def transfer(session: Session, world: World, dossier: Dossier, actor: Find) -> Transfer:
    receiver = session.get_one(Unit, world.units["sotc"])
    return custody.prepare(
        session, dossier, receiver, "Quyết định số 12", actor=actor("canbo.sonv"), proof=factories.PROOF
    )


def approve(session: Session, transfer: Transfer, actor: Find) -> None:
    move(session, transfer, ("submit", actor("canbo.sonv")), ("approve", actor("truongban.khoi")))


def send(session: Session, transfer: Transfer, actor: Find) -> None:
    approve(session, transfer, actor)
    move(session, transfer, ("dispatch", actor("canbo.sonv")))


def test_there_is_no_slip_before_the_list_is_sealed(session: Session, transfer: Transfer, actor: Find) -> None:
    with pytest.raises(Conflict, match="sealed"):
        papers.transfer_slip(session, transfer, printing=printed_by(actor("canbo.sonv")))


def test_a_slip_has_its_list_its_number_and_its_check_code(session: Session, transfer: Transfer, actor: Find) -> None:
    approve(session, transfer, actor)
    paper = papers.transfer_slip(session, transfer, printing=printed_by(actor("canbo.sonv")))
    text = text_of(paper.body)
    assert paper.number.startswith("01-PC") and paper.file_name == f"phieu-chuyen-{transfer.number}.pdf"
    assert "PHIẾU CHUYỂN HỒ SƠ" in text and "ĐẢNG ỦY SỞ NỘI VỤ" in text and "Đảng ủy Sở Tài chính" in text
    assert NAME in text and "Quyết định tuyển dụng" in text and "01 tài liệu, 02 tờ, 02 trang" in text
    assert f"Mã kiểm tra: {check_code(transfer.manifest_sha256)}" in text
    entry = entries(session, "paper:print")[-1]
    assert (entry.object_id, entry.outcome) == (transfer.id, "done") and paper.number in entry.body
    assert session.get_one(AuditWords, entry.seq).words == "Giao nhận hồ sơ"


def test_printed_again_a_paper_keeps_its_number(session: Session, transfer: Transfer, actor: Find) -> None:
    approve(session, transfer, actor)
    first = papers.transfer_slip(session, transfer, printing=printed_by(actor("canbo.sonv")))
    again = papers.transfer_slip(session, transfer, printing=printed_by(actor("canbo2.sonv")))
    assert first.number == again.number
    assert "In lần 2" in text_of(again.body) and "In lần" not in text_of(first.body)
    assert session.scalars(select(PaperIssue)).one().times == 2


def test_numbers_run_by_body_and_kind(session: Session, world: World, actor: Find) -> None:
    numbers = []
    for unit, who in (("sonv", "canbo.sonv"), ("sonv", "canbo.sonv"), ("sotc", "canbo.sotc")):
        made = factories.make_dossier(session, world.units[unit], NAME)
        numbers.append(papers.control_sheet(session, made, printing=printed_by(actor(who))).number)
        numbers.append(papers.contents_list(session, made, printing=printed_by(actor(who))).number)
    assert [number.split("-")[0] for number in numbers] == ["01", "01", "02", "02", "01", "01"]


def test_only_the_body_itself_takes_a_number(session: Session, transfer: Transfer, actor: Find) -> None:
    send(session, transfer, actor)
    receiver = printed_by(actor("canbo.sotc"))
    with pytest.raises(Refused, match="has not issued"):
        papers.handover_slip(session, transfer, printing=receiver)
    issued = papers.handover_slip(session, transfer, printing=printed_by(actor("canbo.sonv")))
    assert papers.handover_slip(session, transfer, printing=receiver).number == issued.number


def test_who_may_not_see_a_transfer_prints_nothing_of_it(session: Session, transfer: Transfer, actor: Find) -> None:
    send(session, transfer, actor)
    before = len(entries(session, "paper:print"))
    for username in ("canbo.soyt", "kiemtra.khoi", "quantri"):
        with pytest.raises(Refused):
            papers.transfer_slip(session, transfer, printing=printed_by(actor(username)))
    assert len(entries(session, "paper:print")) == before and not session.scalars(select(PaperIssue)).all()


def test_minutes_carry_the_reservations(session: Session, transfer: Transfer, actor: Find) -> None:
    send(session, transfer, actor)
    receiver = actor("canbo.sotc")
    open_minutes = text_of(papers.handover_minutes(session, transfer, printing=printed_by(receiver)).body)
    assert "không có ý kiến khác" not in open_minutes
    custody.tick(session, transfer, 1, CheckOutcome.DAMAGED, "Trang 2 bị rách", actor=receiver)
    move(session, transfer, ("accept-with-reservations", receiver), reason="Thiếu trang 2 của quyết định")
    text = text_of(papers.handover_minutes(session, transfer, printing=printed_by(receiver)).body)
    assert "Hư hỏng" in text and "Trang 2 bị rách" in text
    assert "Thiếu trang 2 của quyết định" in text and "ĐẢNG ỦY SỞ TÀI CHÍNH" in text and "In lần 2" in text


def test_after_the_hand_over_the_sender_learns_nothing_new(session: Session, transfer: Transfer, actor: Find) -> None:
    send(session, transfer, actor)
    sender = printed_by(actor("canbo.sonv"))
    assert "02/03/1985" in text_of(papers.transfer_slip(session, transfer, printing=sender).body)
    custody.tick_rest(session, transfer, actor=actor("canbo.sotc"))
    move(session, transfer, ("accept", actor("canbo.sotc")))
    with pytest.raises(Refused):
        papers.transfer_slip(session, transfer, printing=sender)
    assert NAME in text_of(papers.transfer_slip(session, transfer, printing=printed_by(actor("canbo.sotc"))).body)


def test_a_dossier_of_another_unit_is_not_printed(session: Session, dossier: Dossier, actor: Find) -> None:
    stranger = printed_by(actor("canbo.sotc"))
    for gather in (papers.contents_list, papers.control_sheet, papers.envelope, papers.dossier_label):
        with pytest.raises(Refused):
            gather(session, dossier, printing=stranger)
    assert not entries(session, "paper:print")


def test_an_envelope_and_a_label_are_written_down_without_a_number(
    session: Session, dossier: Dossier, actor: Find
) -> None:
    officer = printed_by(actor("canbo.sonv"), "filing")
    for gather in (papers.envelope, papers.dossier_label):
        paper = gather(session, dossier, printing=officer)
        assert paper.number == "" and dossier.number in text_of(paper.body)
    assert len(entries(session, "paper:print")) == 2


def test_a_purpose_is_one_of_the_list(actor: Find) -> None:
    with pytest.raises(BadInput, match="what the paper is for"):
        Printing(actor("canbo.sonv"), "tò mò")


@pytest.mark.parametrize(
    ("name", "signs_as"),
    [
        ("Đảng bộ tỉnh Lâm Đồng", "Tỉnh ủy Lâm Đồng"),
        ("Đảng bộ cơ sở Sở Y tế", "Đảng ủy Sở Y tế"),
        ("Đảng bộ Khối các cơ quan tỉnh", "Đảng ủy Khối các cơ quan tỉnh"),
        ("Chi bộ cơ sở Cục Thống kê tỉnh", "Chi bộ Cục Thống kê tỉnh"),
        ("Ban Tổ chức Đảng ủy Khối", "Ban Tổ chức Đảng ủy Khối"),
    ],
)
def test_an_organisation_signs_as_its_committee(name: str, signs_as: str) -> None:
    assert committee_name(name) == signs_as


def test_state_dossiers_of_a_state_body_have_the_state_head(session: Session, world: World, dossier: Dossier) -> None:
    unit = session.get_one(Unit, world.units["sonv"])
    unit.host_name, unit.org_type = "Sở Nội vụ", "state_agency"
    state, party = body_of(unit, dossier.category), body_of(unit)
    assert (state.party, state.name, state.symbol) == (False, "Sở Nội vụ", "SNV")
    assert (party.party, party.name) == (True, "Đảng ủy Sở Nội vụ")


def test_the_registers_say_what_came_and_went(session: Session, world: World, transfer: Transfer, actor: Find) -> None:
    send(session, transfer, actor)
    custody.tick_rest(session, transfer, actor=actor("canbo.sotc"))
    move(session, transfer, ("accept", actor("canbo.sotc")))
    session.flush()
    year = organisation.today().year
    sent = _lines(session, PaperKind.HANDOVER_REGISTER, world.units["sonv"], year, actor("canbo.sonv"))
    came = _lines(session, PaperKind.HANDOVER_REGISTER, world.units["sotc"], year, actor("canbo.sotc"))
    held = _lines(session, PaperKind.DOSSIER_REGISTER, world.units["sotc"], year, actor("canbo.sotc"))
    assert [(row[2], row[3], row[5], row[7]) for row in sent] == [
        ("Giao", transfer.dossier.number, "Đảng ủy Sở Tài chính", "1 / 2")
    ]
    assert [(row[2], row[5]) for row in came] == [("Nhận", "Đảng ủy Sở Nội vụ")]
    assert [(row[1], row[5], row[6]) for row in held] == [
        (transfer.dossier.number, organisation.today(), "Đảng ủy Sở Nội vụ")
    ]
    assert not _lines(session, PaperKind.DOSSIER_REGISTER, world.units["sonv"], year, actor("canbo.sonv"))
    assert not _lines(session, PaperKind.HANDOVER_REGISTER, world.units["sonv"], year - 1, actor("canbo.sonv"))


def _lines(session: Session, kind: PaperKind, unit_id: str, year: int, who: Actor) -> tuple[tuple[object, ...], ...]:
    return registers.read_register(session, kind, session.get_one(Unit, unit_id), year, actor=who).rows


def test_the_register_of_another_unit_does_not_exist(session: Session, world: World, actor: Find) -> None:
    year = organisation.today().year
    for username in ("canbo.sotc", "kiemtra.khoi", "quantri"):
        with pytest.raises(NotFound):
            _lines(session, PaperKind.DOSSIER_REGISTER, world.units["sonv"], year, actor(username))
    with pytest.raises(BadInput):
        _lines(session, PaperKind.DOSSIER_REGISTER, world.units["sonv"], year + 1, actor("canbo.sonv"))


def test_a_register_has_one_number_a_year(session: Session, world: World, dossier: Dossier, actor: Find) -> None:
    unit = session.get_one(Unit, world.units["sonv"])
    year = organisation.today().year
    made = [
        registers.draw(session, PaperKind.DOSSIER_REGISTER, unit, one, printing=printed_by(actor("canbo.sonv")))
        for one in (year, year, year - 1)
    ]
    assert made[0].number == made[1].number
    assert NAME in text_of(made[0].body) and NAME not in text_of(made[2].body)
    assert {(issue.year, issue.times) for issue in session.scalars(select(PaperIssue))} == {(year, 2), (year - 1, 1)}


def test_a_register_as_excel_holds_dates_and_no_formula(session: Session, world: World, actor: Find) -> None:
    factories.make_dossier(session, world.units["sonv"], "=HYPERLINK('x')")
    unit = session.get_one(Unit, world.units["sonv"])
    year, kind = organisation.today().year, PaperKind.DOSSIER_REGISTER
    with pytest.raises(ConfirmationNeeded):
        registers.write_excel(session, kind, unit, year, printing=printed_by(unconfirmed(actor("canbo.sonv"))))
    paper = registers.write_excel(session, kind, unit, year, printing=printed_by(actor("canbo.sonv")))
    sheet = openpyxl.load_workbook(io.BytesIO(paper.body)).worksheets[0]
    assert [cell.value for cell in sheet[1]][:3] == ["TT", "Số hồ sơ", "Họ và tên"]
    assert sheet["C2"].data_type == "s" and sheet["C2"].quotePrefix
    assert isinstance(sheet["F2"].value, datetime | date) and sheet["F2"].number_format == "dd/mm/yyyy"
    assert entries(session, "paper:export")[-1].object_id == unit.id


def store_pdf(settings: Settings, pages: int) -> str:
    out = io.BytesIO()
    with pikepdf.new() as document:
        for width in range(pages):
            document.add_blank_page(page_size=(200 + width, 300))
        document.save(out)
    return storage.put(settings.scans, [out.getvalue()])[0]


def test_a_whole_dossier_leaves_in_the_order_of_the_list(
    session: Session, settings: Settings, dossier: Dossier, actor: Find
) -> None:
    officer = actor("canbo.sonv")
    scan = factories.make_scan(session, dossier, officer.account_id, ("ba", "bốn", "năm"))
    factories.make_document(session, dossier, scan, title='Bằng / "tốt nghiệp"', actor=officer)
    for one in (scan, *[page.scan for page in _pages(session, dossier)]):
        one.pdf_sha256 = store_pdf(settings, 3)
    bundle = whole_dossier.take(session, dossier, printing=printed_by(officer))
    pieces = list(whole_dossier.stream(bundle, settings.scans))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["00.Mục lục.pdf", "01.Quyết định tuyển dụng.pdf", "02.Bằng tốt nghiệp.pdf"]
        with pikepdf.open(io.BytesIO(packed.read("02.Bằng tốt nghiệp.pdf"))) as document:
            assert [int(page.mediabox[2]) for page in document.pages] == [200, 201, 202]
    assert len(pieces) > 3, "sent document by document"
    assert entries(session, "dossier:export")[-1].dossier_id == dossier.id


def _pages(session: Session, dossier: Dossier):
    from oms import dossiers

    documents = dossiers.contents(session, dossier)
    return [page for rows in dossiers.pages_of(session, [one.id for one in documents]).values() for page in rows]


def test_a_whole_dossier_needs_the_right_and_the_password(session: Session, dossier: Dossier, actor: Find) -> None:
    with pytest.raises(ConfirmationNeeded):
        whole_dossier.take(session, dossier, printing=printed_by(unconfirmed(actor("canbo.sonv"))))
    for username in ("canbo.sotc", "bithu.sonv"):
        with pytest.raises(Refused):
            whole_dossier.take(session, dossier, printing=printed_by(actor(username)))
    with pytest.raises(Conflict, match="still being read"):
        whole_dossier.take(session, dossier, printing=printed_by(actor("canbo.sonv")))
    assert not entries(session, "dossier:export")


def test_a_document_in_a_sealed_insert_stays(
    session: Session, settings: Settings, dossier: Dossier, actor: Find
) -> None:
    officer = actor("canbo.sonv")
    scan = factories.make_scan(session, dossier, officer.account_id, ("mật",))
    factories.make_document(session, dossier, scan, title="Đơn tố cáo", actor=officer).sealed = True
    for page in _pages(session, dossier):
        page.scan.pdf_sha256 = store_pdf(settings, 2)
    bundle = whole_dossier.take(session, dossier, printing=printed_by(officer))
    assert [piece.name for piece in bundle.pieces] == ["01.Quyết định tuyển dụng.pdf"]
    assert "Đơn tố cáo" not in text_of(bundle.contents.body)


def test_many_who_print_at_once_take_each_number_once(engine: Engine, world: World, actor: Find) -> None:
    with db.writing(engine) as session:
        ids = [factories.make_dossier(session, world.units["sonv"], f"Người {n}").id for n in range(3)]
    officer = printed_by(actor("canbo.sonv"))

    def print_one(dossier_id: str) -> str:
        with db.writing(engine) as session:
            return papers.control_sheet(session, session.get_one(Dossier, dossier_id), printing=officer).number

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(print_one, ids * 2))
    assert numbers[:3] == numbers[3:] and len(set(numbers)) == 3
    with db.reading(engine) as session:
        issued = session.scalars(select(PaperIssue)).all()
    assert sorted(issue.number for issue in issued) == [1, 2, 3] and [issue.times for issue in issued] == [2, 2, 2]
