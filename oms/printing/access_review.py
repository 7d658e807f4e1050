"""Biên bản rà soát quyền truy cập: each account of a unit, what it could do, and what the head said of it."""

from dataclasses import dataclass
from datetime import date

from oms.printing.heads import Body, head, title, write_day
from oms.printing.sheet import Column, Imprint, Signer, build, entry, line, plain, running, signatures, table


@dataclass(frozen=True)
class ReviewedAccount:
    """One row: who, what they could do, when they last came, what was noticed, and the verdict with its reason."""

    name: str
    rights: str
    last_sign_in: str
    noticed: str
    verdict: str


@dataclass(frozen=True)
class AccessReviewMinutes:
    """What the minutes say."""

    body: Body
    imprint: Imprint
    day: date | None
    number: str
    unit: str
    basis: str
    accounts: tuple[ReviewedAccount, ...]
    revoked: int
    signed_by: str


def draw_access_review(minutes: AccessReviewMinutes) -> bytes:
    """The minutes as a PDF."""
    columns = (
        Column("TT", 10, "center"),
        Column("Tài khoản", 38),
        Column("Quyền đang có", 52),
        Column("Đăng nhập lần cuối", 25, "center"),
        Column("Kết luận", 40),
    )
    rows = [
        (n, one.name, one.rights, "; ".join(part for part in (one.last_sign_in, one.noticed) if part), one.verdict)
        for n, one in enumerate(minutes.accounts, 1)
    ]
    story = [
        *head(minutes.body, minutes.imprint, minutes.day),
        *title("Biên bản rà soát quyền truy cập", f"số {minutes.number}", imprint=minutes.imprint),
        running(
            f"Hôm nay, {plain(write_day(minutes.day))}, người đứng đầu đã rà soát quyền truy cập hệ thống quản lý hồ sơ "
            f"của các tài khoản thuộc {plain(minutes.unit)}."
        ),
        entry("Căn cứ", minutes.basis),
        entry("Kết quả", f"{len(minutes.accounts):02} tài khoản, thu hồi quyền của {minutes.revoked:02} tài khoản"),
        line("Danh sách tài khoản:", above=4),
        table(columns, rows),
        running("Quyền bị thu hồi đã chấm dứt ngay khi ký biên bản này."),
        signatures(Signer("NGƯỜI ĐỨNG ĐẦU", name=minutes.signed_by)),
    ]
    return build(story, minutes.imprint, title=f"Biên bản rà soát quyền truy cập {minutes.imprint.number}")
