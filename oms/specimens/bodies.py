"""How the bodies that issue papers write themselves: heading, post of the head, symbol, seal, an invented signer."""

import random
import unicodedata
from dataclasses import dataclass
from datetime import date

from oms.specimens.names import FAMILY_NAMES, GIVEN_NAMES, MIDDLE_NAMES
from oms.specimens.people import SyntheticPerson

BLOC = ("Đảng ủy Khối các cơ quan tỉnh", "ĐUK")
"""Name and symbol of the Party Bloc Committee of the demonstration organisation."""

HEADS = (
    ("chi cục", "CHI CỤC TRƯỞNG"),
    ("văn phòng", "CHÁNH VĂN PHÒNG"),
    ("thanh tra", "CHÁNH THANH TRA"),
    ("cục", "CỤC TRƯỞNG"),
    ("trường", "HIỆU TRƯỞNG"),
    ("tòa án", "CHÁNH ÁN"),
    ("viện kiểm sát", "VIỆN TRƯỞNG"),
    ("báo ", "TỔNG BIÊN TẬP"),
    ("tỉnh đoàn", "BÍ THƯ"),
    ("cơ quan đảng ủy", "BÍ THƯ"),
    ("cơ quan ủy ban kiểm tra", "CHỦ NHIỆM"),
    ("cơ quan ủy ban mặt trận", "CHỦ TỊCH"),
    ("liên ", "CHỦ TỊCH"),
    ("hội ", "CHỦ TỊCH"),
    ("ban quản lý dự án", "GIÁM ĐỐC"),
    ("ban ", "TRƯỞNG BAN"),
)
"""Beginning of the body's name → the post that signs for it; everywhere else GIÁM ĐỐC."""

UNDER_THE_PEOPLES_COMMITTEE = (
    "Sở",
    "Thanh tra",
    "Ban Dân tộc",
    "Ban Quản lý",
    "Văn phòng Ủy ban",
    "Trường",
    "Vườn",
    "Đài",
)


@dataclass(frozen=True)
class Body:
    """An issuing body: `upper` and `own` are the lines of the heading, `symbol` the end of its document numbers.

    `spoken` is its name inside a sentence; `party` whether it heads its papers as Party bodies do.
    """

    upper: tuple[str, ...]
    own: tuple[str, ...]
    head: str
    symbol: str
    signer: str
    place: str
    seal_around: str
    seal_inside: tuple[str, ...]
    spoken: str
    party: bool = True

    @property
    def who_decides(self) -> tuple[str, ...]:
        """The post with the body, as it stands above the grounds of a decision, without saying words twice."""
        post, name = self.head.split(), " ".join(self.own).split()
        said = next(length for length in range(len(post), -1, -1) if post[len(post) - length :] == name[:length])
        return split_lines(" ".join([*post, *name[said:]]), 50)


def state_body(person: SyntheticPerson) -> Body:
    """The body a person works in, as it heads state papers (NĐ 30/2020/NĐ-CP, Phụ lục I)."""
    host = person.host
    head = next((post for start, post in HEADS if host.lower().startswith(start)), "GIÁM ĐỐC")
    upper: tuple[str, ...] = ()
    if host.startswith(("Bệnh viện", "Trung tâm")):
        upper = ("SỞ Y TẾ LÂM ĐỒNG",)
    elif host.startswith(UNDER_THE_PEOPLES_COMMITTEE):
        upper = ("ỦY BAN NHÂN DÂN", "TỈNH LÂM ĐỒNG")
    party = "Tỉnh ủy" in host or host.startswith(("Cơ quan Đảng ủy", "Trường Chính trị"))
    if party:
        upper = ("TỈNH ỦY LÂM ĐỒNG",)
    around = "UBND TỈNH LÂM ĐỒNG" if len(upper) == 2 else " ".join(upper) or "TỈNH LÂM ĐỒNG"
    return Body(
        upper=upper,
        own=split_lines(host.upper(), 26),
        head=head,
        symbol=initials(host),
        signer=invent_signer(host),
        place="Đà Lạt" if party else "Lâm Đồng",
        seal_around=around,
        seal_inside=split_lines(host.upper(), 15),
        spoken=host,
        party=party,
    )


def grassroots_body(person: SyntheticPerson, on: date) -> Body:
    """The grassroots Party organisation of a person, as it heads Party papers."""
    cell = person.seat.symbol == "CB"
    spoken = f"{'Chi bộ' if cell else 'Đảng ủy'} {person.host}"
    return Body(
        upper=upper_committee(person, on).own,
        own=split_lines(spoken.upper(), 28),
        head="BÍ THƯ",
        symbol="CB" if cell else "ĐU",
        signer=invent_signer("bí thư " + person.host),
        place="Đà Lạt",
        seal_around="ĐẢNG CỘNG SẢN VIỆT NAM",
        seal_inside=split_lines(spoken.upper(), 15),
        spoken=spoken,
    )


def upper_committee(person: SyntheticPerson, on: date) -> Body:
    """The committee directly above the grassroots on that day: the one of the person's seat, the Bloc before it."""
    seat = person.seat
    spoken, symbol = seat.upper_name, seat.upper_symbol
    if seat.upper_since and on < seat.upper_since:
        spoken, symbol = BLOC
    start = "ĐẢNG ỦY KHỐI" if spoken.startswith("Đảng ủy Khối") else "ĐẢNG ỦY"
    own = (start, spoken.upper().removeprefix(start).strip())
    return Body(
        upper=("TỈNH ỦY LÂM ĐỒNG",),
        own=own,
        head="BÍ THƯ",
        symbol=symbol,
        signer=invent_signer(f"{symbol} {on.year // 5}"),
        place="Đà Lạt",
        seal_around="ĐẢNG CỘNG SẢN VIỆT NAM",
        seal_inside=own,
        spoken=spoken,
    )


def school_body() -> Body:
    """The provincial political school, which issues certificates."""
    own = ("TRƯỜNG CHÍNH TRỊ", "TỈNH LÂM ĐỒNG")
    return Body(
        upper=("TỈNH ỦY LÂM ĐỒNG",),
        own=own,
        head="HIỆU TRƯỞNG",
        symbol="TCT",
        signer=invent_signer("trường"),
        place="Đà Lạt",
        seal_around="TỈNH ỦY LÂM ĐỒNG",
        seal_inside=own,
        spoken="Trường Chính trị tỉnh Lâm Đồng",
    )


def invent_signer(key: str) -> str:
    """A name that belongs to nobody, always the same for the same key."""
    return invent_name(random.Random(f"signer {key}"), None)


def invent_name(source: random.Random, gender: str | None) -> str:
    """An invented name of three or more parts."""
    gender = gender or source.choice(("male", "female"))
    family = source.choices([name for name, _ in FAMILY_NAMES], [weight for _, weight in FAMILY_NAMES])[0]
    return f"{family} {source.choice(MIDDLE_NAMES[gender][:-1])} {source.choice(GIVEN_NAMES[gender])}"


def initials(name: str) -> str:
    """The letters a body is written with in document numbers: Sở Văn hóa, Thể thao và Du lịch → SVHTTDL."""
    words = name.replace(",", " ").replace("-", " ").split()
    letters = [word[0].upper() for word in words if word not in ("và", "các", "tỉnh", "trực", "thuộc")]
    # numbers drop marks from letters (Tỉnh ủy → TU) but keep the bar of Đ, which has no decomposition
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in letters)


def split_lines(text: str, width: int) -> tuple[str, ...]:
    """Break a name into as few lines of at most this many letters as it needs, all about as long."""
    best = _fill_lines(text, width)
    for narrower in range(width - 1, 0, -1):
        tried = _fill_lines(text, narrower)
        if len(tried) > len(best):
            break
        best = tried
    return best


def _fill_lines(text: str, width: int) -> tuple[str, ...]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return tuple(lines)
