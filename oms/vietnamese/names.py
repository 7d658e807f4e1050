"""Personal names: the order of lists and the key by which the same name is recognised.

People are sorted and addressed by the given name, the last word. Names of minorities are written as they are
(K'Bris, Y Thông, H'Hen Niê); a name may have one word. Nothing here corrects a name.
"""

import re

from oms.vietnamese.text import fold, nfc, split_tone, tone_key, words

_FAMILY_NAMES = frozenset(
    (
        "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ hồ ngô dương lý lí đinh đoàn lâm mai trịnh trương cao đào hà "
        "lương lưu phùng quách tạ tô thái tôn tống triệu từ văn vương vi viên ân âu bá bạch bạc bàn bành bế biện bồ ca cái "
        "cam can cầm cấn châu chế chiêm chu chúc chương chử công cù cung cự dã danh diêm diệp doãn du dư đàm đan đàng đái đậu "
        "đèo điền điêu điểu đồng đổng đới đường giang giáp hàn hàng hạ hạp hán hầu hình hoa hồng hứa hướng hữu kha khâu "
        "khổng khuất khúc khương kiều kim kiên kông la lã lại lạc lã lành lầu lò lỗ lộ lôi lục lữ lường ma mã mạc mạch mang mẫn "
        "mâu mẫu mộc mùa nghiêm ngụy ngũ nhan nhâm nhữ ninh nông ong ông ô ổn phi phí phó phù phú phương quan quang quảng quản "
        "quàng sa sầm sần sùng sử sơn tăng tào tăng tấn tất thạch thẩm thân thập thi thiều thào tiêu tiết tiền tòng tri trang "
        "tráng trà trác tu tưởng tướng uông ung ứng vàng vạn vừ viễn vòng xa xuân yên y h k cà chẩu chang giàng hạng hoàn khà "
        "lèng lồ lù ly mè pờ pơ quán sìn sùng tẩn thò thung tráng vù vầy bờ hồ rơ alăng bling a đinh ksor nay rmah siu rah kpă "
        "niê mlô byă hdrung ayun ktla kbuôr bkrông hmok buôn phạn bh'riu zơrâm coor briu pơloong arất hôih lơ mu cil kra kơ ka "
        "bon krajan bơ dagout đa jrang liêng pang rơông chamaléa katơr pinăng patâu mang kator"
    ).split()
)
"""First words of names as registers have them, those of the minorities that are most frequent included."""

_ALPHABET = "0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")  # dictionary order: ngang huyền hỏi ngã sắc nặng
_CODES = {letter: f"{place:02d}" for place, letter in enumerate(_ALPHABET, start=1)}
_END = "00"
"""Closes the letters of a word: lower than any letter, so An stands before Anh."""


def given_name(full_name: str) -> str:
    """The word by which a person is sorted and addressed: the last one, in NFC; nothing for an empty name."""
    return (words(full_name) or [""])[-1]


def sort_key(full_name: str) -> str:
    """Key of `full_name` for sorting: given name first, then the other words; digits only, so that SQLite,
    PostgreSQL with any collation and Python sort it alike."""
    parts = words(tone_key(full_name))
    return "".join(_word_key(part) for part in parts[-1:] + parts[:-1])


def name_key(full_name: str) -> str:
    """Key under which spellings of one name meet: without marks, y as i, apostrophes and blanks alike."""
    return " ".join(words(fold(full_name).replace("y", "i")))


def _word_key(word: str) -> str:
    letters, tones = "", ""
    for letter in word:
        plain, tone = split_tone(letter)
        letters += "".join(_letter_code(part) for part in (plain if plain in _CODES else fold(plain)))
        tones += str(_TONES.index(tone)) if tone in _TONES else "0"
    return letters + _END + tones


def _letter_code(letter: str) -> str:
    """Two digits for a Vietnamese letter, a longer code behind them all for any other."""
    return _CODES.get(letter) or f"99{ord(letter):07d}"


def may_be_person(full_name: str) -> bool:
    """Whether the first word is a family name that is known: another one may be right, or a mark of it was misread."""
    first = full_name.split(maxsplit=1)[:1]
    return bool(first) and re.split("['’]", nfc(first[0]).lower())[0] in _FAMILY_NAMES
