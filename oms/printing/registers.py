"""The bound registers on their side: HS08a (dossiers), HS08b (hand-overs), HS08c (consultations), moves of members."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title
from oms.printing.sheet import WIDE, Column, Imprint, Signer, build, line, plain, signatures, table

DOSSIERS = (
    Column("TT", 10, "center"),
    Column("Số hồ sơ", 26),
    Column("Họ và tên", 50),
    Column("Ngày sinh", 24, "center"),
    Column("Loại hồ sơ", 28),
    Column("Ngày nhận", 24, "center"),
    Column("Nơi giao hồ sơ", 52),
    Column("Vị trí lưu", 38),
)
HANDOVERS = (
    Column("TT", 10, "center"),
    Column("Ngày", 23, "center"),
    Column("Giao/Nhận", 19, "center"),
    Column("Số hồ sơ", 24),
    Column("Họ và tên", 46),
    Column("Đơn vị giao hoặc nhận", 54),
    Column("Số lần chuyển", 28),
    Column("Số tài liệu, trang", 24, "center"),
    Column("Ghi chú", 24),
)
CONSULTATIONS = (
    Column("TT", 10, "center"),
    Column("Ngày", 23, "center"),
    Column("Người nghiên cứu, đơn vị", 56),
    Column("Số hồ sơ", 26),
    Column("Nội dung, mục đích", 60),
    Column("Người duyệt", 37),
    Column("Ngày trả", 20, "center"),
    Column("Ghi chú", 20),
)
MEMBERSHIPS = (
    Column("TT", 10, "center"),
    Column("Ngày cấp giấy", 23, "center"),
    Column("Chiều", 17, "center"),
    Column("Số lần chuyển", 28),
    Column("Họ và tên", 40),
    Column("Loại", 22, "center"),
    Column("Nơi đi", 42),
    Column("Nơi đến", 42),
    Column("Kết quả", 28),
)
"""Columns add up to the 252 mm between the margins."""

# Rows of one table: a longer one is laid out again for each of its pages, which takes the square of its length.
_ROWS = 250


@dataclass(frozen=True)
class Register:
    """A register, or any table that is printed on its side: columns and rows in their order."""

    body: Body
    imprint: Imprint
    day: date | None
    name: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    form: str = ""
    closing: str = ""
    maker: str = "NGƯỜI LẬP SỔ"
    # Lines below the table: what it does not tell.
    notes: tuple[str, ...] = ()


def draw_register(register: Register) -> bytes:
    """The register as a PDF; its head row stands again on every page."""
    closing = register.closing or f"Cộng: {len(register.rows):02} dòng."
    story = [
        *head(register.body, register.imprint, register.day, form=register.form, width=WIDE),
        *title(register.name, register.about),
        *(
            table(register.columns, register.rows[start : start + _ROWS])
            for start in range(0, max(len(register.rows), 1), _ROWS)
        ),
        line(plain(closing), above=5),
        *(line(plain(note), 11) for note in register.notes),
        signatures(
            Signer(register.maker), Signer("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, ghi rõ họ tên, đóng dấu)"), width=WIDE
        ),
    ]
    return build(story, register.imprint, title=f"{register.name} {register.about}", wide=True)
