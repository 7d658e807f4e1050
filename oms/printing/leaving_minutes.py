"""Biên bản xử lý hồ sơ khi nghỉ hưu, thôi việc, từ trần: copies that were given, the dossier that is closed."""

from dataclasses import dataclass
from datetime import date

from reportlab.platypus import Flowable

from oms.printing.heads import Body, head, title
from oms.printing.sheet import Imprint, Signer, build, entry, line, plain, running, signatures
from oms.printing.subjects import Subject, tell_subject


@dataclass(frozen=True)
class CopyGiven:
    """Copies of some papers, who received them, and what the receiver was to the person."""

    receiver: str
    relation: str
    day: str
    by: str
    titles: tuple[str, ...]


@dataclass(frozen=True)
class LeavingMinutes:
    """What the minutes say."""

    body: Body
    imprint: Imprint
    day: date | None
    subject: Subject
    number: str
    way: str
    decision: str
    leaves_on: str
    due: str
    basis: str
    consented_by: str
    copies: tuple[CopyGiven, ...]
    without_copy: str
    documents: int
    pages: int
    place: str
    closed_by: str
    receiver: str = ""
    annulled: str = ""


def draw_leaving_minutes(minutes: LeavingMinutes) -> bytes:
    """The minutes as a PDF."""
    story: list[Flowable] = [
        *head(minutes.body, minutes.imprint, minutes.day),
        *title("Biên bản xử lý hồ sơ", f"{minutes.way} – số {minutes.number}", imprint=minutes.imprint),
        *tell_subject(minutes.subject),
        *([line(f"<b>{plain(minutes.annulled)}</b>", above=4)] if minutes.annulled else []),
        entry("Quyết định", minutes.decision),
        entry("Thời điểm", minutes.leaves_on),
        entry("Thời hạn xử lý hồ sơ", f"{minutes.due} ({minutes.basis})"),
        entry("Người đồng ý cho sao và đóng hồ sơ", minutes.consented_by),
        line("<b>1. Bản sao đã giao</b>", above=4),
        *(part for copy in minutes.copies for part in _given(copy)),
        *([running(f"Không giao bản sao: {plain(minutes.without_copy)}")] if minutes.without_copy else []),
        line("<b>2. Hồ sơ gốc</b>", above=4),
        running(
            f"Hồ sơ gồm {minutes.documents:02} tài liệu, {minutes.pages:02} trang theo mục lục đã khóa, được lưu tại nhóm "
            "hồ sơ thôi việc và bảo quản theo quy định."
        ),
        entry("Nơi lưu", minutes.place),
        signatures(
            Signer("NGƯỜI NHẬN BẢN SAO", name=minutes.receiver),
            Signer("CÁN BỘ HỒ SƠ", name=minutes.closed_by),
        ),
    ]
    return build(story, minutes.imprint, title=f"Biên bản xử lý hồ sơ {minutes.imprint.number}")


def _given(copy: CopyGiven) -> list[Flowable]:
    who = f"{copy.receiver} ({copy.relation})" if copy.relation else copy.receiver
    return [
        running(f"Ngày {plain(copy.day)}, {plain(copy.by)} đã giao cho {plain(who)} bản sao:"),
        *(line(f"{place}. {plain(one)}") for place, one in enumerate(copy.titles, 1)),
    ]
