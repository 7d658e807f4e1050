"""Phiếu ghi trạng thái nhật ký: the last checkpoint on paper, for the register nobody can rewrite."""

from dataclasses import dataclass
from datetime import date

from reportlab.lib.units import mm

from oms.printing.heads import Body, head, title
from oms.printing.sheet import Code, Imprint, Signer, build, entry, running, signatures, space


@dataclass(frozen=True)
class SealSlip:
    """What the slip says; `note` is the signed checkpoint, as the code holds it."""

    body: Body
    imprint: Imprint
    day: date
    installation: str
    entries: str
    signed_at: str
    root: str
    head: str
    key: str
    note: str
    segment: str = ""


def draw_seal_slip(slip: SealSlip) -> bytes:
    """The slip as a PDF."""
    story = [
        *head(slip.body, slip.imprint, slip.day),
        *title("Phiếu ghi trạng thái nhật ký hệ thống"),
        entry("Nơi vận hành", slip.installation),
        entry("Số mục nhật ký đã ký xác nhận", slip.entries),
        *([entry("Đoạn nhật ký", slip.segment)] if slip.segment else []),
        entry("Thời điểm ký", slip.signed_at),
        entry("Mã tổng hợp (gốc cây Merkle)", slip.root),
        entry("Mã của mục cuối cùng", slip.head),
        entry("Khóa ký", slip.key),
        running(
            "Mã ô vuông dưới đây chứa nguyên văn điểm xác nhận đã ký. Khi cần kiểm tra, quét mã, ghép vào tệp điểm xác "
            "nhận rồi chạy lệnh “oms audit verify”: nhật ký bị sửa, xóa hoặc thay bằng bản cũ sẽ không khớp với phiếu."
        ),
        space(6),
        Code(slip.note, 52 * mm, error="m"),
        space(6),
        running("Phiếu được dán hoặc ghi vào sổ theo dõi, lưu tại nơi không thuộc quyền của người quản trị máy chủ."),
        signatures(Signer("NGƯỜI IN PHIẾU", "(Ký, ghi rõ họ tên)"), Signer("NGƯỜI GIỮ SỔ", "(Ký, ghi rõ họ tên)")),
    ]
    return build(story, slip.imprint, title="Phiếu ghi trạng thái nhật ký")
