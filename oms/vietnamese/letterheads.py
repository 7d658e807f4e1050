"""What the head of a paper says about itself: its own number, its date, its title.

Layout: Nghị định 30/2020/NĐ-CP, Phụ lục I (number at the left, place and date at the right, kind of paper in
capitals, "Về việc …" under it); Party papers alike. Only what stands where it belongs is taken: a number the paper
merely refers to, or a second date, is none of its own. Nothing here is a fact until a person has confirmed it.
"""

import re
from dataclasses import dataclass

from oms.vietnamese.dates import Precision, WrittenDate, find_date
from oms.vietnamese.numbers import find_numbers
from oms.vietnamese.text import fold, nfc

_HEAD_LINES = 14
"""Lines with text: both columns of a head under each other, and the title."""
_OWN_NUMBER = re.compile(r"\W*[Ss][ốôỐÔ]\s*:?\s*\d")
_DATED = re.compile(r"(?:^|,)\s*ngày\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\s*(?:về\s|v/v)", re.IGNORECASE)
_LONGEST_TITLE = 300
_KINDS = {
    fold(kind): kind
    for kind in (
        "Quyết định", "Nghị quyết", "Thông báo", "Kết luận", "Quy định", "Biên bản", "Báo cáo", "Tờ trình",
        "Giấy chứng nhận", "Giấy giới thiệu", "Sơ yếu lý lịch", "Đơn xin vào Đảng", "Lý lịch của người xin vào Đảng",
        "Bản tự kiểm điểm", "Bản kiểm điểm cá nhân", "Hợp đồng lao động", "Hợp đồng làm việc",
    )
}  # fmt: skip


@dataclass(frozen=True)
class Head:
    """What was surely found; None for what was not."""

    number: str | None = None
    dated: WrittenDate | None = None
    title: str | None = None


def read_head(text: str) -> Head:
    """The number, date and title that the head of a page gives the paper."""
    lines = [line.strip() for line in nfc(text).splitlines() if line.strip()][:_HEAD_LINES]
    return Head(_number(lines), _date(lines), _title(lines))


def _number(lines: list[str]) -> str | None:
    found = {str(find_numbers(line)[0]) for line in lines if _OWN_NUMBER.match(line) and find_numbers(line)}
    return found.pop() if len(found) == 1 else None


def _date(lines: list[str]) -> WrittenDate | None:
    written = {find_date(line) for line in lines if _DATED.search(line)}
    found = {date for date in written if date is not None and date.precision == Precision.DAY}
    return found.pop() if len(found) == 1 else None


def _title(lines: list[str]) -> str | None:
    for place, line in enumerate(lines):
        kind = _KINDS.get(" ".join(fold(line).split()))
        if kind is None or not line.isupper():
            continue
        subject: list[str] = []
        for following in lines[place + 1 : place + 4]:
            if following.isupper() or (not subject and not _SUBJECT.match(following)) or _is_reason(following):
                break
            subject.append(following)
        words = " ".join(subject)
        title = f"{kind} {words[:1].lower()}{words[1:]}".strip(" .-_–")
        return title if len(title) <= _LONGEST_TITLE else kind
    return None


def _is_reason(line: str) -> bool:
    return fold(line).startswith(("can cu", "kinh gui", "xet ", "theo "))
