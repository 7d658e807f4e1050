"""Phần khóa: one of three papers that hold a key together, of backups or of the protection installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reportlab.lib.units import mm
from reportlab.platypus import PageBreak

from oms.printing.heads import title
from oms.printing.sheet import Code, Imprint, Signer, build, entry, line, plain, running, signatures, space


@dataclass(frozen=True)
class KeyShare:
    """What one paper says; `lines` are the share as it is typed, `of` tells papers of one key from those of another."""

    number: int
    papers: int
    enough: int
    of: str
    public: str
    day: date
    lines: Sequence[str]
    vault: bool = False
    """The key of a protection installation, not of backups."""


def draw_key_shares(shares: Sequence[KeyShare], imprint: Imprint) -> bytes:
    """One page for each."""
    story = []
    vault = shares[0].vault
    kind = "khóa hồ sơ bảo vệ" if vault else "khóa sao lưu"
    opens = "khóa và mở hệ thống hồ sơ bảo vệ chính trị nội bộ" if vault else "khóa riêng và mở bản sao lưu"
    command = "oms keys join" if vault else "oms key-join TỆP-KHÓA-MỚI"
    for share in shares:
        story += [
            *title(f"Phần {kind} {share.number}/{share.papers}", f"Bộ khóa {share.of}"),
            entry("Mã nhận dạng khóa" if vault else "Khóa công khai", share.public),
            entry("Ngày lập", f"{share.day:%d/%m/%Y}"),
            running(
                f"Cần {share.enough} trong {share.papers} phần cùng bộ để khôi phục {opens}. Một phần "
                "đứng riêng không cho biết điều gì về khóa."
            ),
            space(4),
            *(
                line(f"{place}.&nbsp;&nbsp;{plain(text)}", 15, below=6)
                for place, text in enumerate(share.lines, start=1)
            ),
            space(4),
            Code("\n".join(share.lines), 48 * mm),
            space(4),
            running(
                f"Khi mất khóa: trên máy đang khôi phục, chạy lệnh “{command}” rồi gõ các dòng trên của hai "
                "phần; phân biệt chữ hoa, chữ thường và dấu cách là không cần thiết. Hai ký tự sau dấu gạch kiểm tra dòng."
            ),
            running(
                "Mỗi phần bỏ một phong bì niêm phong, giao một người giữ, cất ở nơi khác nhau; không chụp ảnh, không gửi "
                "qua thư điện tử hoặc ứng dụng nhắn tin. Khi mở phong bì phải lập biên bản và làm lại bộ khóa."
            ),
            signatures(
                Signer("NGƯỜI LẬP", "(Ký, ghi rõ họ tên)"),
                Signer("NGƯỜI GIỮ PHẦN KHÓA", "(Ký, ghi rõ họ tên, ngày nhận)"),
            ),
            PageBreak(),
        ]
    return build(story[:-1], imprint, title=f"Các phần {kind}")
