"""Biên bản giao nhận hồ sơ: what both sides found, with every reservation; two originals."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title, write_day
from oms.printing.sheet import DOTS, Column, Imprint, Signer, build, entry, line, plain, running, signatures, table
from oms.printing.subjects import Listed, Subject, list_documents, tell_subject


@dataclass(frozen=True)
class Discrepancy:
    """One difference found on arrival."""

    document: str
    finding: str
    note: str = ""


@dataclass(frozen=True)
class HandoverMinutes:
    """What the minutes say; `accepted` None while the papers are still being checked."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    sender: str
    receiver: str
    transfer_number: str
    slip: str = ""
    sender_person: str = ""
    receiver_person: str = ""
    documents: tuple[Listed, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()
    accepted: bool | None = None
    reservations: str = ""


def draw_handover_minutes(minutes: HandoverMinutes) -> bytes:
    """The minutes as a PDF."""
    story = [
        *head(minutes.body, minutes.imprint, minutes.day),
        *title("Biên bản giao nhận hồ sơ", f"Lần chuyển {minutes.transfer_number}", imprint=minutes.imprint),
        running(f"Hôm nay, {plain(write_day(minutes.day))}, tại {DOTS * 2}, hai bên gồm có:"),
        line("<b>I. Bên giao</b>", above=3),
        entry("Cơ quan, đơn vị", minutes.sender),
        entry("Đại diện", minutes.sender_person),
        line("<b>II. Bên nhận</b>", above=3),
        entry("Cơ quan, đơn vị", minutes.receiver),
        entry("Đại diện", minutes.receiver_person),
        *([entry("Phiếu chuyển của bên giao", minutes.slip)] if minutes.slip else []),
        running("Hai bên đã kiểm tra, đối chiếu và thống nhất giao nhận hồ sơ sau:"),
        *tell_subject(minutes.subject),
        *list_documents(minutes.documents),
        line("<b>III. Kết quả đối chiếu</b>", above=3),
    ]
    if minutes.discrepancies:
        columns = (Column("TT", 10, "center"), Column("Tài liệu", 70), Column("Sai lệch", 45), Column("Ghi chú", 40))
        story.append(
            table(columns, [(n, one.document, one.finding, one.note) for n, one in enumerate(minutes.discrepancies, 1)])
        )
    if minutes.reservations:
        story.append(running(f"Ý kiến bảo lưu của bên nhận: {plain(minutes.reservations)}"))
    elif minutes.accepted and not minutes.discrepancies:
        story.append(running("Hồ sơ đủ thành phần và số trang theo danh mục; hai bên không có ý kiến khác."))
    elif minutes.accepted is None and not minutes.discrepancies:
        story += [line(DOTS * 4), line(DOTS * 4)]
    story.append(running("Biên bản được lập thành 02 bản có giá trị như nhau, mỗi bên giữ 01 bản."))
    story.append(
        signatures(
            Signer("ĐẠI DIỆN BÊN GIAO", name=minutes.sender_person),
            Signer("ĐẠI DIỆN BÊN NHẬN", name=minutes.receiver_person),
        )
    )
    return build(story, minutes.imprint, title=f"Biên bản giao nhận hồ sơ {minutes.imprint.number}")
