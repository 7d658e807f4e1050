"""Personal names: the order of lists and the key by which the same name is recognised.

People are sorted and addressed by the given name, the last word. Names of minorities are written as they are
(K'Bris, Y Thông, H'Hen Niê); a name may have one word. Nothing here corrects a name.
"""

import re

from oms.vietnamese.text import fold, nfc, split_tone, tone_key, words

_REGISTERED = """
    a alăng arất ayun bh'riu biện bkrông bling bon briu buôn byă bàn bành bá bùi bơ bạc bạch bế bồ bờ ca cam can
    cao chamaléa chang chiêm chu châu chúc chương chẩu chế chử cil coor cung cà cái công cù cấn cầm cự dagout
    danh diêm diệp doãn du dã dư dương giang giàng giáp h hdrung hmok hoa hoàn hoàng huỳnh hà hàn hàng hán hình
    hôih hướng hạ hạng hạp hầu hồ hồng hứa hữu jrang k ka kator katơr kbuôr kha khuất khà khâu khúc khương khổng
    kim kiên kiều kpă kra krajan ksor ktla kông kơ la liêng ly lành lâm lã lèng lê lí lò lôi lù lý lơ lưu lương
    lường lạc lại lầu lồ lỗ lộ lục lữ ma mai mang mlô mu mâu mã mè mùa mạc mạch mẫn mẫu mộc nay nghiêm nguyễn
    ngô ngũ ngụy nhan nhâm nhữ ninh niê nông ong pang patâu phan phi phí phó phù phùng phú phương phạm phạn
    pinăng pơ pơloong pờ quan quang quàng quách quán quản quảng rah rmah rơ rơông sa siu sìn sùng sơn sầm sần sử
    thi thiều thung thào thái thân thò thạch thẩm thập tiêu tiết tiền trang tri triệu trà trác tráng trương trần
    trịnh tu tào tòng tô tôn tăng tướng tưởng tạ tấn tất tẩn tống từ ung uông vi viên viễn vàng vòng võ vù văn
    vũ vương vạn vầy vừ xa xuân y yên zơrâm ân âu ô ông đa đan đinh điêu điền điểu đoàn đàm đàng đào đái đèo
    đường đậu đặng đồng đổng đỗ đới ổn ứng
"""
"""First words of names as registers have them, those of the minorities that are most frequent included."""

_FAMILY_NAMES = frozenset(_REGISTERED.split())

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
