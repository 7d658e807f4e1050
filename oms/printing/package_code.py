"""The opening code of a sealed package: on a slip of its own, never in the same envelope as the package."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title
from oms.printing.sheet import Imprint, build, entry, line, plain, running


@dataclass(frozen=True)
class PackageCode:
    """The code in groups of four and the package it opens."""

    body: Body
    imprint: Imprint
    day: date | None
    code: str
    package: str
    receiver: str
    transfer_number: str = ""
    sha256: str = ""


def draw_package_code(slip: PackageCode) -> bytes:
    """The slip as a PDF."""
    bare = "".join(slip.code.split())
    grouped = (
        slip.code if " " in slip.code or "-" in slip.code else " ".join(bare[n : n + 4] for n in range(0, len(bare), 4))
    )
    story = [
        *head(slip.body, slip.imprint, slip.day),
        *title("Phiếu mã mở gói hồ sơ"),
        entry("Nơi nhận", slip.receiver, bold=True),
        entry("Gói hồ sơ", slip.package),
        entry("Lần chuyển", slip.transfer_number),
        *([entry("Mã kiểm tra của gói (SHA-256)", slip.sha256)] if slip.sha256 else []),
        line("Mã mở gói:", above=14, below=8),
        line(f"<b>{plain(grouped)}</b>", 22, "center", below=16),
        running(
            "Gửi phiếu này riêng với gói hồ sơ, bằng đường khác hoặc giao tận tay. Sau khi gói đã được mở và xác nhận đủ, hủy phiếu."
        ),
    ]
    return build(story, slip.imprint, title="Phiếu mã mở gói hồ sơ")
