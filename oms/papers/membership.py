"""The letter of introduction of a member, and the lines of the register of membership moves."""

from datetime import date

from sqlalchemy.orm import Session

from oms import membership
from oms.errors import N_, Conflict
from oms.models import (
    MembershipBox,
    MembershipKind,
    MembershipState,
    MembershipTransfer,
    PaperKind,
    Unit,
    UnitKind,
)
from oms.papers.issuing import PDF, Paper, Printing, body_of, check_code, committee_name, issue, write_date
from oms.permissions import Action, require
from oms.printing import Box, TransferLetter, draw_transfer_letter
from oms.spreadsheets import Value

_BOXES = 10
_KINDS = {
    MembershipKind.OFFICIAL: "Chính thức",
    MembershipKind.TEMPORARY: "Tạm thời",
    MembershipKind.INTERNAL: "Nội bộ",
}
# In whose name a body signs its box; a board signs by its head.
_ROLES = {
    UnitKind.CELL: "T/M CHI BỘ",
    UnitKind.GRASSROOTS_CELL: "T/M CHI BỘ",
    UnitKind.BOARD: "TRƯỞNG BAN",
    UnitKind.SUB_COMMITTEE: "T/M ĐẢNG ỦY BỘ PHẬN",
    UnitKind.GRASSROOTS_COMMITTEE: "T/M ĐẢNG ỦY",
}


def transfer_letter(session: Session, move: MembershipTransfer, *, printing: Printing) -> Paper:
    """Giấy giới thiệu sinh hoạt đảng of ten boxes, as it is signed so far; `Conflict` before it is submitted."""
    require(printing.actor, Action.MEMBERSHIP_READ, move)
    said = move.letter
    if said is None:
        raise Conflict(N_("The letter is fixed when the move is submitted. Print it after that."))
    if move.from_unit.kind == UnitKind.OUTSIDE_BODY:
        raise Conflict(N_("This letter came on paper from outside. The signatures here are printed from the page."))
    body, code = body_of(move.unit), check_code(move.letter_sha256)
    address = printing.address.rstrip("/")
    imprint = issue(
        session,
        PaperKind.TRANSFER_LETTER,
        move,
        move.unit,
        body,
        printing=printing,
        check=move.letter_sha256 or "",
        address=f"{address}/membership/{move.id}?check={code.replace(' ', '')}" if address else "",
        request=move.number,
    )
    letter = TransferLetter(
        body=body,
        imprint=imprint,
        day=move.issued_on,
        kind=f"Chuyển sinh hoạt đảng {_KINDS[move.kind].lower()}",
        full_name=said["full_name"],
        birth=write_date(_day(said["birth_date"]), said["birth_precision"]),
        joined=write_date(_day(said["joined"])),
        official=write_date(_day(said["official"])),
        card_number=said["card_number"] or "",
        position=", ".join(part for part in (said["position"], said["workplace"]) if part),
        start=said["from"],
        destination=said["to"],
        basis=f"{move.basis_number}, ngày {write_date(move.basis_on)}",
        fees_until=write_date(_day(said["fees_until"]), "month"),
        enclosed=_enclosed(move),
        until=write_date(_day(said["ends_on"])),
        again=f"Cấp lại lần {move.copy - 1}, thay giấy giới thiệu đã mất" if move.copy > 1 else "",
        boxes=_boxes(move),
    )
    return Paper(f"giay-gioi-thieu-{move.number}.pdf", PDF, draw_transfer_letter(letter), imprint.number)


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None


def _enclosed(move: MembershipTransfer) -> str:
    """The dossier that goes with the letter: an official one names the sealed list with its check code."""
    if move.kind != MembershipKind.OFFICIAL:
        return "Không chuyển hồ sơ đảng viên"
    manifest = move.transfer.manifest if move.transfer is not None else None
    if move.transfer is None or manifest is None:
        return f"Hồ sơ đảng viên số {move.dossier.number}"
    documents = manifest["documents"]
    pages = sum(document.get("pages", 0) for document in documents)
    return (
        f"Hồ sơ đảng viên số {move.dossier.number}, niêm phong gồm {len(documents):02} tài liệu, {pages:02} trang "
        f"(lần chuyển {move.transfer.number}, mã danh mục {check_code(move.transfer.manifest_sha256)})"
    )


def _boxes(move: MembershipTransfer) -> tuple[Box, ...]:
    """The boxes of the way; what is left is struck out, but to a body outside, which may have more levels."""
    drawn = [_box(move, place, box) for place, box in enumerate(move.boxes)]
    leaves = move.to_unit.kind == UnitKind.OUTSIDE_BODY
    return (*drawn, *[Box(unused=not leaves)] * (_BOXES - len(drawn)))


def _box(move: MembershipTransfer, place: int, box: MembershipBox) -> Box:
    last = box is move.boxes[-1]
    return Box(
        body=committee_name(box.unit.name),
        role=_ROLES.get(box.unit.kind, "T/M CẤP ỦY"),
        receiver="" if last else committee_name(move.boxes[place + 1].unit.name),
        last=last,
        number=box.number,
        day=box.signed_on,
        signer=box.signer or "",
        note=box.note,
        seal=box.unit.kind not in (UnitKind.CELL, UnitKind.SUB_COMMITTEE),
    )


_RESULTS = {
    MembershipState.TAKEN_UP: "Đã tiếp nhận",
    MembershipState.AWAY: "Đang tạm thời",
    MembershipState.ENDED: "Đã trở về",
    MembershipState.CANCELLED: "Đã hủy",
    MembershipState.LOST: "Mất giấy",
}


def register_rows(session: Session, unit: Unit, year: int) -> tuple[tuple[Value, ...], ...]:
    """The lines of the register of a body: who left, who came, who moved inside, whose letter it passed on."""
    rows: list[tuple[Value, ...]] = []
    for move in membership.register(session, unit, year):
        result = _RESULTS.get(move.state, "Đang chuyển")
        if move.taken_up_on and move.state == MembershipState.TAKEN_UP:
            result = f"{result} {write_date(move.taken_up_on)}"
        rows.append(
            (
                len(rows) + 1,
                move.issued_on,
                _way(move, unit),
                move.number,
                move.person.full_name,
                _KINDS[move.kind],
                move.from_unit.name,
                move.to_unit.name,
                result,
            )
        )
    return tuple(rows)


def _way(move: MembershipTransfer, unit: Unit) -> str:
    if move.kind == MembershipKind.INTERNAL:
        return "Nội bộ"
    sides = {box.receiving for box in move.boxes if box.unit_id == unit.id}
    if unit.kind == UnitKind.BOARD:
        return "Qua ban"
    return "Đến" if sides == {True} or unit.id == move.to_unit_id else "Đi"
