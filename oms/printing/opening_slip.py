"""Phiếu mã mở gói hồ sơ: the opening code of a sealed package, on a paper that travels by another way than the file.

It names no person and no dossier: whoever finds it learns which package it opens, and nothing of what lies inside.
"""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title
from oms.printing.sheet import Column, Imprint, Signer, build, entry, line, plain, running, signatures, table

GROUPS_IN_A_ROW = 3


@dataclass(frozen=True)
class OpeningSlip:
    """What the slip says; `code` in groups, as it is read aloud and typed."""

    body: Body
    imprint: Imprint
    day: date | None
    receiver: str
    installation: str
    transfer_number: str
    package: str
    sealed_on: str
    code: str


def draw_opening_slip(slip: OpeningSlip) -> bytes:
    """The slip as a PDF."""
    groups = slip.code.split()
    rows = [groups[start : start + GROUPS_IN_A_ROW] for start in range(0, len(groups), GROUPS_IN_A_ROW)]
    columns = [Column(f"Cột {place}", 40, "center") for place in range(1, GROUPS_IN_A_ROW + 1)]
    story = [
        *head(slip.body, slip.imprint, slip.day),
        *title("Phiếu mã mở gói hồ sơ", f"Lần chuyển {slip.transfer_number}"),
        line(f"Kính gửi: <b>{plain(slip.receiver)}</b>", 14, "center", below=8),
        entry("Nơi mở gói", slip.installation),
        entry("Gói số", slip.package),
        entry("Niêm phong lúc", slip.sealed_on),
        line("Mã mở gói (đọc theo hàng, từ trái sang phải):", above=6, below=4),
        table(columns, rows, size=18),
        running(
            "Phiếu này đi đường khác với gói hồ sơ: không để chung bì, không gửi cùng thiết bị lưu trữ, không chụp ảnh, "
            "không chuyển qua thư điện tử hoặc ứng dụng nhắn tin. Mã chỉ in một lần và không lưu trong phần mềm."
        ),
        running(
            "Nơi nhận nhập mã tại mục “Gói hồ sơ niêm phong”, đối chiếu hồ sơ giấy rồi gửi lại phiếu trả lời. Sau khi mở "
            "được gói, phiếu được hủy theo quy định."
        ),
        signatures(
            Signer("NGƯỜI GIAO MÃ", "(Ký, ghi rõ họ tên)"),
            Signer("NGƯỜI NHẬN MÃ", "(Ký, ghi rõ họ tên, ngày giờ nhận)"),
        ),
    ]
    return build(story, slip.imprint, title=f"Phiếu mã mở gói {slip.transfer_number}")
