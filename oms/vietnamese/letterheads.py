"""What the head and foot of a paper say about itself: number, date, issuer, title, signer.

Layout: Nghị định 30/2020/NĐ-CP, Phụ lục I (issuing bodies and number at the left, country, place and date at the right,
kind of paper in capitals, "Về việc …" under it, `V/v …` under the number of a letter; office and name of the signer at
the lower right); Party papers alike with a star before the number. Only what stands where it belongs is taken: a number
the paper merely refers to, or a second date, is none of its own. Nothing here is a fact until a person has confirmed it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from oms.vietnamese.dates import Precision, WrittenDate, find_date
from oms.vietnamese.numbers import find_numbers
from oms.vietnamese.syllables import is_syllable
from oms.vietnamese.text import fold, nfc

HEAD_LINES = 14
"""Lines with text: both columns of a head under each other, and the title."""
_OWN_NUMBER = re.compile(r"\W*[Ss5][ốôỐÔóòỏõồổỗọộoO6]\s*[:;.]?\s*\d")
_NUMBER_LINE = re.compile(r"\W*[Ss5][ốôỐÔóòỏõồổỗọộ]\s*[:;.]?\s*\S")
_DATED = re.compile(r"(?:^|,|\.)\s*ngày\b", re.IGNORECASE)
_SUBJECT = re.compile(r"\s*(?:về\s|v/v)", re.IGNORECASE)
_LETTER_SUBJECT = re.compile(r"\W{0,2}[VvYy]\s?[/⁄lI1]\s?[vVyY]\b[.:]?\s*(.*)")
_LONGEST_TITLE = 300
_KINDS = {
    fold(kind): kind
    for kind in (
        "Quyết định", "Nghị quyết", "Thông báo", "Kết luận", "Quy định", "Biên bản", "Báo cáo", "Tờ trình",
        "Giấy chứng nhận", "Giấy giới thiệu", "Sơ yếu lý lịch", "Đơn xin vào Đảng", "Lý lịch của người xin vào Đảng",
        "Bản tự kiểm điểm", "Bản kiểm điểm cá nhân", "Hợp đồng lao động", "Hợp đồng làm việc", "Kế hoạch", "Hướng dẫn",
        "Công văn", "Chỉ thị", "Chương trình", "Phiếu đảng viên", "Lý lịch đảng viên", "Bản nhận xét cán bộ",
        "Sơ yếu lý lịch cán bộ, công chức", "Sơ yếu lý lịch viên chức", "Tiểu sử tóm tắt", "Giấy khai sinh",
        "Bản kê khai tài sản, thu nhập", "Phiếu đánh giá, xếp loại chất lượng công chức",
        "Phiếu đánh giá, xếp loại chất lượng viên chức", "Phiếu đánh giá, xếp loại chất lượng cán bộ",
        "Bản tự đánh giá của người lao động", "Phiếu bổ sung hồ sơ đảng viên", "Danh sách",
    )
}  # fmt: skip
_SQUEEZED_KINDS = {"".join(letter for letter in kind if letter.isalnum()): name for kind, name in _KINDS.items()}
"""Without spaces and marks, where specks of a copy add some: QUYE.T ĐỊNH."""
_ALONE = ("uy ban nhan dan", "hoi dong nhan dan", "uy ban mat tran to quoc", "ban chap hanh")
"""Bodies whose name goes on in the next line."""

_OFFICE = re.compile(
    r"^\W*(?:(?:tm|kt|tl|tuq|q|t/m|t/l|k/t|tim)\b\W|(?:(?:pho|quyen)\W{1,2})?(?:giam doc|chu tich|bi thu|truong|chanh|hieu truong|"
    r"thu truong|tong giam doc|vien truong|cuc truong|vu truong|bo truong|thu truong)\b|ban thuong vu|dang uy\b|chi bo\b)"
)
AROUND_NAMES = " .,;:-–_'*`´“”\"‘’~|°^=<>«»"
"""What specks and the tail of a signature leave around a name."""
_NOT_A_NAME = (
    "noi nhan",
    "nhu tren",
    "kinh gui",
    "ghi ro",
    "dong dau",
    "ky ten",
    "da ky",
    "van phong",
    "xac nhan",
    "chu tich",
    "giam doc",
    "bi thu",
    "truong phong",
    "hieu truong",
    "chanh van",
)


@dataclass(frozen=True)
class Head:
    """What was surely found; None for what was not."""

    number: str | None = None
    dated: WrittenDate | None = None
    title: str | None = None
    issuer: str | None = None


def read_head(text: str) -> Head:
    """The number, date, title and issuer that the head of a page gives the paper."""
    lines = [line.strip() for line in nfc(text).splitlines() if line.strip()][:HEAD_LINES]
    return Head(_only(own_number(line) for line in lines), _date(lines), find_title(lines), find_issuer(lines))


def _only(found: Iterable[str | None]) -> str | None:
    """The one answer; two answers are none."""
    answers = {answer for answer in found if answer}
    return str(answers.pop()) if len(answers) == 1 else None


def own_number(line: str) -> str | None:
    """The number a line gives the paper itself (`Số: 15/QĐ-SNV`), None for a number merely mentioned."""
    if not _OWN_NUMBER.match(line):
        return None
    found = find_numbers(line) or find_numbers(re.sub(r"^\W*\w{2}\s*[:;.]?\s*", "Số: ", line))
    return str(found[0]) if found else None


def is_number_line(line: str) -> bool:
    """Whether a line begins as the number of a paper does, readable or not."""
    return _NUMBER_LINE.match(line) is not None and ("/" in line or own_number(line) is not None)


def has_date_line(line: str) -> bool:
    """Whether a line dates the paper: place and date, or the date alone."""
    return _DATED.search(line) is not None


def own_date(line: str) -> WrittenDate | None:
    """The day a line gives the paper itself, None for other dates and for less than a day."""
    found = find_date(line) if has_date_line(line) else None
    return found if found is not None and found.precision == Precision.DAY else None


def _date(lines: Sequence[str]) -> WrittenDate | None:
    found = {date for line in lines if (date := own_date(line)) is not None}
    return found.pop() if len(found) == 1 else None


def kind_of_title(line: str) -> str | None:
    """The kind of paper a line in capitals names (QUYẾT ĐỊNH), None for other lines."""
    if not line.isupper():
        return None
    letters = "".join(letter for letter in fold(line) if letter.isalnum())
    return _SQUEEZED_KINDS.get(letters)


def find_title(lines: Sequence[str]) -> str | None:
    """The kind of paper and what it is about; for a letter its subject."""
    for place, line in enumerate(lines):
        kind = kind_of_title(line)
        if kind is None:
            continue
        subject: list[str] = []
        for following in lines[place + 1 : place + 4]:
            if following.isupper() or (not subject and not _SUBJECT.match(following)) or _is_reason(following):
                break
            subject.append(following)
        return join_title(kind, subject)
    subject = letter_subject(lines)
    return join_title("Công văn về việc", subject) if subject else None


def join_title(kind: str, subject: Sequence[str]) -> str:
    """Kind and subject as one title, the kind alone when both are too long."""
    words = " ".join(subject)
    title = f"{kind} {words[:1].lower()}{words[1:]}".strip(" .-_–")
    return title if len(title) <= _LONGEST_TITLE else kind


def letter_subject(lines: Sequence[str]) -> list[str]:
    """The lines of the subject of a letter (`V/v …`), without the V/v."""
    for place, line in enumerate(lines):
        match = _LETTER_SUBJECT.match(line)
        if match is None:
            continue
        subject = [match[1]] if match[1] else []
        for following in lines[place + 1 : place + 4]:
            if following.isupper() or following[:1].isupper() or has_date_line(following) or _is_reason(following):
                break
            subject.append(following)
        return subject
    return []


def _is_reason(line: str) -> bool:
    return fold(line).startswith(("can cu", "kinh gui", "xet ", "theo "))


def find_issuer(lines: Sequence[str]) -> str | None:
    """The body that issued the paper: the lines in capitals over its number, without the body above it."""
    number = next((place for place, line in enumerate(lines) if is_number_line(line)), None)
    if number is None:
        return None
    bodies = [line.strip(" *.-–_|:;,'") for line in lines[:number]]
    bodies = [line for line in bodies if len(line) > 2 and line.isupper() and not _is_country(line)]
    if not bodies or len(bodies) > 4 or len(bodies) != sum(bool(line) for line in bodies):
        return None
    if len(bodies) == 1 or fold(bodies[0]) in _ALONE:
        return " ".join(bodies)
    return " ".join(bodies[1:])


def _is_country(line: str) -> bool:
    plain = fold(line)
    return any(part in plain for part in ("cong hoa xa hoi", "doc lap", "dang cong san", "chu nghia viet"))


def is_office(line: str) -> bool:
    """Whether a line names the office of a signer or in whose name it is signed (KT. GIÁM ĐỐC, T/M CHI BỘ)."""
    letters = [letter for letter in line if letter.isalpha()]
    capital = sum(letter.isupper() for letter in letters) >= 0.7 * max(1, len(letters))
    return capital and _OFFICE.match(fold(line)) is not None


def is_person_name(line: str) -> bool:
    """Whether a line is a person's name and nothing else: two to five capitalised syllables."""
    parts = nfc(line).strip(AROUND_NAMES).split()
    if not 2 <= len(parts) <= 5 or any(other in fold(line) for other in _NOT_A_NAME):
        return False
    return all(part[:1].isupper() and (is_syllable(part) or "'" in part) for part in parts)
