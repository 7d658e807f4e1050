"""Draws the pictures of `docs/papers.md`: the papers of a hand-over as they come out of the printer; synthetic data.

Run by `make screenshots`. The same content gives the same bytes, so a picture changes only when its layout does.
"""

import io
import subprocess
from datetime import date, datetime
from pathlib import Path

from PIL import Image

from oms import printing
from oms.printing import Body, Discrepancy, Imprint, Listed, Subject

PICTURES = Path(__file__).parent / "pictures"
WIDTH = 700
"""Pixels of a page: the small print of the foot can still be read."""

SENDER = Body("Đảng ủy Sở Nội vụ", "Đảng ủy Khối các cơ quan tỉnh", True, "SNV", "Lâm Đồng")
RECEIVER = Body("Ban Tổ chức", "Đảng ủy Khối các cơ quan tỉnh", True, "BTC", "Lâm Đồng")
DAY = date(2026, 11, 20)
SUBJECT = Subject(
    "Nguyễn Thị Hòa", "HS-000168", "Công chức", birth="02/03/1985", position="Chuyên viên", unit="Sở Nội vụ"
)
DOCUMENTS = (
    Listed("Quyển lý lịch cán bộ, công chức", "", "12/04/2008", pages=8, group="Lý lịch"),
    Listed("Bằng tốt nghiệp đại học", "B-482913", "30/06/2007", pages=1, group="Văn bằng, chứng chỉ"),
    Listed("Quyết định bổ nhiệm Trưởng phòng", "15/QĐ-SNV", "02/03/2019", pages=2, group="Quyết định"),
)


def _imprint(number: str, address: str = "https://oms.example/transfers/5f2c?check=A1B2C3D4E5F60718") -> Imprint:
    return Imprint(
        number,
        "Trần Thị Ngọc Hân",
        datetime(2026, 11, 20, 14, 3),
        "giao nhận",
        "CH-2026-0007",
        "A1B2 C3D4 E5F6 0718" if address else "",
        address,
    )


def draw() -> dict[str, bytes]:
    """The papers by the name of their picture."""
    return {
        "paper-transfer-slip": printing.draw_transfer_slip(
            printing.TransferSlip(
                SENDER,
                _imprint("05-PC/SNV"),
                DAY,
                SUBJECT,
                "Ban Tổ chức Đảng ủy Khối",
                "Điều động theo Quyết định số 214-QĐ/ĐUK",
                "CH-2026-0007",
                DOCUMENTS,
                files=3,
                due="20/12/2026",
            )
        ),
        "paper-handover-minutes": printing.draw_handover_minutes(
            printing.HandoverMinutes(
                RECEIVER,
                _imprint("11-BB/BTC"),
                DAY,
                SUBJECT,
                "Đảng ủy Sở Nội vụ",
                "Ban Tổ chức Đảng ủy Khối",
                "CH-2026-0007",
                receiver_person="Lê Văn Bình",
                documents=DOCUMENTS,
                discrepancies=(Discrepancy("Bằng tốt nghiệp đại học", "Thiếu", "không thấy trong bì"),),
                accepted=True,
                reservations="Thiếu 01 tài liệu so với danh mục",
            )
        ),
        "paper-opening-slip": printing.draw_opening_slip(
            printing.OpeningSlip(
                SENDER,
                _imprint("", address=""),
                DAY,
                "Ban Tổ chức Đảng ủy Khối",
                "Đảng bộ Khối tỉnh Bình Thuận",
                "CH-2026-0007",
                "3f2a9c81d0b4",
                "08:05 ngày 20/11/2026",
                "1264 2194 8283 4083 1652 7965 1659 1570 5804",
            )
        ),
    }


def main() -> None:
    """Write each paper's first page as a PNG of sixteen greys."""
    PICTURES.mkdir(exist_ok=True)
    for name, pdf in draw().items():
        command = ["pdftoppm", "-png", "-gray", "-singlefile", "-scale-to-x", str(WIDTH), "-scale-to-y", "-1", "-"]
        drawn = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout
        picture = Image.open(io.BytesIO(drawn)).convert("L")
        path = PICTURES / f"{name}.png"
        picture.quantize(16, dither=Image.Dither.NONE).save(path, optimize=True)
        print(path.relative_to(PICTURES.parent.parent), path.stat().st_size)


if __name__ == "__main__":
    main()
