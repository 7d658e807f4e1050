"""Danh sách giao nhận hồ sơ: all dossiers of one decision on one paper that both sides sign; two originals."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title
from oms.printing.sheet import WIDE, Column, Imprint, Signer, build, line, plain, running, signatures, table

HANDOVER_LIST = (
    Column("TT", 13, "center"),
    Column("Số hồ sơ", 26),
    Column("Họ và tên", 58),
    Column("Loại hồ sơ", 34),
    Column("Số lần chuyển", 32),
    Column("Số tài liệu", 17, "center"),
    Column("Số trang", 17, "center"),
    Column("Mã kiểm tra", 27),
    Column("Kết quả", 28),
)
"""Columns add up to the 252 mm between the margins."""

# Rows of one table: a longer one is laid out again for each of its pages, which takes the square of its length.
_ROWS = 250


@dataclass(frozen=True)
class HandoverList:
    """What the list says; `rows` in the order of the columns without the running number."""

    body: Body
    imprint: Imprint
    day: date | None
    batch_number: str
    basis: str
    sender: str
    receiver: str
    reason: str
    rows: tuple[tuple[object, ...], ...]
    documents: int
    pages: int
    summary: str = ""


def draw_handover_list(listed: HandoverList) -> bytes:
    """The list as a PDF on its side; the head row stands again on every page."""
    numbered = [(place, *row) for place, row in enumerate(listed.rows, 1)]
    story = [
        *head(listed.body, listed.imprint, listed.day, width=WIDE),
        *title("Danh sách giao nhận hồ sơ", f"Đợt chuyển {listed.batch_number}", imprint=listed.imprint),
        running(f"Căn cứ: {plain(listed.basis)}. {plain(listed.reason)}"),
        running(f"Bên giao: {plain(listed.sender)}. Bên nhận: {plain(listed.receiver)}."),
        *(
            table(HANDOVER_LIST, numbered[start : start + _ROWS], size=10)
            for start in range(0, max(len(numbered), 1), _ROWS)
        ),
        line(
            f"Cộng: <b>{len(listed.rows):02}</b> hồ sơ, <b>{listed.documents:02}</b> tài liệu, "
            f"<b>{listed.pages:02}</b> trang. {plain(listed.summary)}",
            above=5,
        ),
        running("Danh sách được lập thành 02 bản có giá trị như nhau, mỗi bên giữ 01 bản."),
        signatures(
            Signer("ĐẠI DIỆN BÊN GIAO", "(Ký, ghi rõ họ tên, đóng dấu)"),
            Signer("ĐẠI DIỆN BÊN NHẬN", "(Ký, ghi rõ họ tên, đóng dấu)"),
            width=WIDE,
        ),
    ]
    return build(story, listed.imprint, title=f"Danh sách giao nhận hồ sơ {listed.batch_number}", wide=True)
