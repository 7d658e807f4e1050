"""Invented papers of invented people, and questions about them whose right answers are known.

Sentences of possible syllables, a letterhead, a person on each; three words in a hundred are misread the way
recognition misreads (marks, look-alikes, a lost sign, a torn word), a fifth has no title yet, as after scanning.
The same seed gives the same papers and the same questions.
"""

import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from oms.search.interface import Item
from oms.vietnamese.syllables import all_syllables
from oms.vietnamese.text import fold, nfc, words


def _list(names: str) -> list[str]:
    return names.split()


UNITS = 60
PAPERS_EACH = 25
"""Papers of one person."""
MISREAD = 0.03
"""Share of the words of a page that recognition gets wrong."""
UNTITLED = 0.2
"""Share of the pages that nobody has described yet: the name stands in their text only."""
WORDS = 260
"""Words of a page."""

FAMILY = _list("Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đoàn Đinh Trịnh Mai Cao Lương")
COMMON = (30, 11, 9, 6, 4, 3, 3, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
MIDDLE = _list("Thị Văn Thị Văn Thị Hữu Đức Minh Ngọc Thanh Quốc Xuân Kim Thu Công Đình Khánh Hồng Bích Quang")
GIVEN = _list(
    "An Ân Anh Bình Châu Cường Dung Dũng Dương Đường Đạt Giang Hà Hải Hạnh Hằng Hiền Hiếu Hoa Hòa Hoàn Huệ Hùng Hương "
    "Khoa Khuê Lan Lâm Liên Linh Loan Lộc Long Mai Minh Nga Ngân Nhung Oanh Phúc Phượng Quân Quyên Quỳnh Sơn Tâm Tân "
    "Thắng Thành Thảo Thoa Thúy Thủy Tiến Toàn Toản Trang Trinh Trúc Tuấn Tuyết Uyên Vân Vinh Vy Xuân Yến"
)
PAPERS = (
    ("Sơ yếu lý lịch", "sơ yếu lý lịch"),
    ("Quyết định bổ nhiệm", "bổ nhiệm"),
    ("Quyết định nâng bậc lương", "nâng bậc lương"),
    ("Quyết định điều động", "điều động"),
    ("Quyết định kỷ luật", "kỷ luật"),
    ("Bằng tốt nghiệp đại học", "bằng tốt nghiệp"),
    ("Chứng chỉ bồi dưỡng", "chứng chỉ bồi dưỡng"),
    ("Giấy khai sinh", "giấy khai sinh"),
    ("Lý lịch đảng viên", "lý lịch đảng"),
    ("Bản kiểm điểm cá nhân", "kiểm điểm cá nhân"),
    ("Phiếu đánh giá xếp loại", "đánh giá xếp loại"),
    ("Hợp đồng lao động", "hợp đồng lao động"),
    ("Bản kê khai tài sản", "kê khai tài sản"),
    ("Giấy khám sức khỏe", "khám sức khỏe"),
    ("Biên bản họp", "biên bản họp"),
    ("Quyết định nghỉ hưu", "nghỉ hưu"),
)
"""What a paper is called, and what people type for it."""

_OLD = {"oà": "òa", "oá": "óa", "oả": "ỏa", "oã": "õa", "oạ": "ọa", "uý": "úy", "uỷ": "ủy", "uỳ": "ùy", "uỵ": "ụy"}
_NEW = {old: new for new, old in _OLD.items()}
_TONED = re.compile("|".join((*_OLD, *_NEW)), re.IGNORECASE)
_TONES = "\u0300\u0301\u0309\u0303\u0323"
_SHAPES = ("aăâ", "eê", "oôơ", "uư", "dđ")
_LOOK_ALIKE = {"l": "i", "i": "l", "c": "e", "e": "c", "h": "b", "b": "h", "n": "u", "u": "n", "g": "q", "t": "f"}
_LOOK_ALIKE |= {"1": "7", "8": "3", "5": "s", "0": "o", "6": "b"}


@dataclass(frozen=True)
class Person:
    """Somebody invented; `number` counts from 0 and gives unit and dossier."""

    number: int
    name: str

    @property
    def dossier(self) -> str:
        """The dossier of this person."""
        return f"dossier-{self.number}"

    @property
    def staff_code(self) -> str:
        """A number no other person has."""
        return f"CB-{self.number * 7 % 1_000_003:06d}"


@dataclass(frozen=True)
class Paper:
    """One page, with what is known of it."""

    item: Item
    person: Person
    kind: int
    titled: bool
    name_readable: bool


@dataclass(frozen=True)
class Question:
    """What somebody types, and the ids that answer it."""

    way: str
    words: str
    right: frozenset[str]


@dataclass(frozen=True)
class Invented:
    """`count` papers made from a seed; what another source of papers must offer, too."""

    count: int
    seed: int
    length: int = WORDS

    @property
    def key(self) -> str:
        """Tells indexes of different papers apart."""
        return f"{self.count}-{self.seed}-{self.length}"

    def items(self) -> Iterator[Item]:
        """The papers as an engine takes them."""
        return (paper.item for paper in papers(self.count, self.seed, self.length))

    def scopes(self) -> tuple[frozenset[str], list[frozenset[str]]]:
        """All dossiers, and those of each unit."""
        dossiers = [person.dossier for person in people(self.count, self.seed)]
        return frozenset(dossiers), [frozenset(dossiers[unit::UNITS]) for unit in range(UNITS)]

    def known(self, each: int) -> list[Question]:
        """Questions with known answers."""
        return known_items(self.count, self.seed, each)

    def mixed(self, each: int, seed: int) -> list[tuple[str, str, int]]:
        """Questions for timing."""
        drawn = papers(min(self.count, 3000), self.seed, self.length)
        told = [(paper.item.text, paper.person.name, paper.person.staff_code, paper.person.number) for paper in drawn]
        return mixed(told, each, random.Random(seed))


def people(count: int, seed: int) -> list[Person]:
    """Those the `count` papers are about."""
    chance = random.Random(seed)
    wanted = max(count // PAPERS_EACH, UNITS)
    return [Person(number, _name(chance)) for number in range(wanted)]


def papers(count: int, seed: int, length: int = WORDS) -> Iterator[Paper]:
    """`count` pages of about `length` words."""
    everybody = people(count, seed)
    chance = random.Random(seed + 1)
    syllables = chance.sample(sorted(all_syllables()), 4000)
    weights = [1 / (rank + 10) for rank in range(len(syllables))]
    sentences = [" ".join(chance.choices(syllables, weights, k=20)) for _ in range(20_000)]
    for number in range(count):
        person, kind = chance.choice(everybody), chance.randrange(len(PAPERS))
        yield _paper(number, person, kind, chance, sentences, length)


def known_items(count: int, seed: int, each: int) -> list[Question]:
    """Questions for the paper of one kind about one person, typed in seven ways."""
    chance = random.Random(seed + 2)
    all_papers = [replace(paper, item=replace(paper.item, text="")) for paper in papers(count, seed)]
    equal: dict[tuple[str, int], set[str]] = {}
    for paper in all_papers:
        equal.setdefault((paper.person.name, paper.kind), set()).add(paper.item.id)
    chance.shuffle(all_papers)
    questions = []
    for paper in [paper for paper in all_papers if paper.titled][:each]:
        right = frozenset(equal[paper.person.name, paper.kind])
        name, what = paper.person.name, PAPERS[paper.kind][1]
        typed = {
            "as written": f"{what} {name}",
            "without marks": fold(f"{what} {name}"),
            "old tone": f"{_retoned(what, _OLD)} {_retoned(name, _NEW).upper()}",
            "partly marked": " ".join(
                fold(word) if chance.random() < 0.5 else word for word in f"{what} {name}".split()
            ),
            "one letter wrong": f"{fold(what)} {_mistyped(fold(name), chance)}",
        }
        questions += [Question(way, words, right) for way, words in typed.items()]
    untitled = [paper for paper in all_papers if not paper.titled]
    for readable, way in ((True, "name in the text only"), (False, "name misread")):
        for paper in [paper for paper in untitled if paper.name_readable == readable][:each]:
            right = frozenset(equal[paper.person.name, paper.kind]) if readable else frozenset((paper.item.id,))
            questions.append(Question(way, fold(f"{PAPERS[paper.kind][1]} {paper.person.name}"), right))
    return questions


def mixed(papers: Sequence[tuple[str, str, str, int]], each: int, chance: random.Random) -> list[tuple[str, str, int]]:
    """From text, name, number and unit of papers questions as (way, words, unit): one word, several, a phrase, a name, a
    number, half typed, mistyped."""
    asked = []
    for turn, (body, name, number, unit) in enumerate(chance.sample(papers, min(7 * each, len(papers)))):
        text = [word for word in words(body) if word.isalpha()] or [name]
        start = chance.randrange(30, max(31, len(text) - 5))
        *before, given = fold(name).split()
        typed = (
            ("word", chance.choice(text)),
            ("words", " ".join(chance.sample(text, min(2 + turn % 2, len(text))))),
            ("phrase", " ".join(text[start : start + 3 + turn % 3] or text[:3])),
            ("name", name if turn % 2 else fold(name)),
            ("number", number),
            ("half typed", " ".join((*before, given[:-1] or given))),
            ("mistyped", _mistyped(" ".join((*before[-1:], given)), chance)),
        )[turn % 7]
        asked.append((*typed, unit % UNITS))
    return asked


def _name(chance: random.Random) -> str:
    family = chance.choices(FAMILY, COMMON)[0]
    given = chance.sample(GIVEN, 2 if chance.random() < 0.12 else 1)
    return " ".join((family, chance.choice(MIDDLE), *given))


def _paper(number: int, person: Person, kind: int, chance: random.Random, sentences: list[str], length: int) -> Paper:
    titled = chance.random() >= UNTITLED
    title = f"{PAPERS[kind][0]} - {person.name}" if titled else f"Tài liệu quét {chance.randrange(99_999):05d}"
    paper_number = f"{chance.randrange(1, 9999)}-QĐ/TW"
    year = 2025 - int(chance.expovariate(1 / 7)) % 40
    top = (
        f"{PAPERS[kind][0].upper()}\nSố: {paper_number} năm {year}\nÔng (bà) {person.name}, số hiệu {person.staff_code}"
    )
    text = _read(top, chance)
    readable = f" {fold(person.name)} " in f" {' '.join(map(fold, words(text)))} "
    text += "\n" + _read(". ".join(chance.choices(sentences, k=max((length - 20) // 20, 1))), chance)
    if chance.random() < 0.4:
        text = _retoned(text, _OLD)
    told = (person.name, person.staff_code, paper_number) if titled else ()
    item = Item(
        id=f"page:{number:032x}",
        kind="page",
        dossier=person.dossier,
        heading="\n".join((title, *told)),
        text=text,
        component=f"c{kind}",
        category=("party_member", "civil_servant")[person.number % 2],
        year=year,
        order=f"{fold(person.name)} {number:06d}",
        names=person.name if titled else "",
        numbers="\n".join(told[1:]),
    )
    return Paper(item, person, kind, titled, readable)


def _read(text: str, chance: random.Random) -> str:
    """The text as recognition reads it."""
    return " ".join(_misread(word, chance) if chance.random() < MISREAD else word for word in text.split(" "))


def _misread(word: str, chance: random.Random) -> str:
    """What recognition makes of a word: mostly another mark, then a look-alike, a lost sign, a torn word."""
    way, place = chance.random(), chance.randrange(len(word))
    marked = [at for at, letter in enumerate(word) if fold(letter) in "aeiouyd"]
    if way < 0.6 and marked:
        at = chance.choice(marked)
        return word[:at] + _other_mark(word[at], chance) + word[at + 1 :]
    alike = [at for at, letter in enumerate(word) if letter in _LOOK_ALIKE]
    if way < 0.82 and alike:
        at = chance.choice(alike)
        return word[:at] + _LOOK_ALIKE[word[at]] + word[at + 1 :]
    if len(word) < 3:
        return word
    if way < 0.93:
        return word[:place] + word[place + 1 :]
    return f"{word[:place]} {word[place:]}" if place else word


def _other_mark(letter: str, chance: random.Random) -> str:
    base = fold(letter)
    shapes = next((shapes for shapes in _SHAPES if base in shapes), base)
    shape = chance.choice(shapes)
    other = shape if base == "d" else nfc(unicodedata.normalize("NFC", shape + chance.choice(("", *_TONES))))
    return other.upper() if letter.isupper() else other


def _mistyped(name: str, chance: random.Random) -> str:
    """One letter too few, another, two swapped, or one too many in the longest word."""
    split = name.split()
    longest = max(range(len(split)), key=lambda at: (len(split[at]) > 2, chance.random()))
    word = split[longest]
    way, at = chance.random(), chance.randrange(len(word))
    letter = chance.choice("aeiounghtclmp")
    if len(word) > 3 and way < 0.35:
        split[longest] = word[:at] + word[at + 1 :]
    elif way < 0.7:
        split[longest] = word[:at] + letter + word[at + 1 :]
    elif way < 0.85 and at + 1 < len(word):
        split[longest] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    else:
        split[longest] = word[:at] + letter + word[at:]
    return " ".join(split)


def _retoned(text: str, how: dict[str, str]) -> str:
    return _TONED.sub(lambda found: _like(found[0], how.get(found[0].lower(), found[0])), text)


def _like(written: str, other: str) -> str:
    """`other` in capitals where `written` is."""
    return other.upper() if written.isupper() else other.capitalize() if written[0].isupper() else other
