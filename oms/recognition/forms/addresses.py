"""The common words of an address (Số, tổ, Xã, Huyện …): few, small and often misread, and no name ever hangs on them.

A misread one is put as it is written and says so; names and figures stay as they were read.
"""

import re

from oms.vietnamese.text import fold

_BEFORE_FIGURES = ("số", "tổ", "ngõ", "ngách", "hẻm", "khu", "ấp", "thôn", "xóm", "đội", "khóm", "lô")
_BEFORE_NAMES = (
    *("xã", "phường", "huyện", "quận", "tỉnh", "đường", "phố", "thôn", "xóm", "ấp", "bản", "buôn"),
    *("thị trấn", "thị xã", "thành phố"),
)
_TO_FIGURES = {fold(word): word for word in _BEFORE_FIGURES}
_TO_NAMES = {fold(word): word for word in _BEFORE_NAMES}
_TOUCHING = re.compile(rf"(?<!\w)((?:{'|'.join(_BEFORE_FIGURES)}))(\d)", re.IGNORECASE)
_FIRST = re.compile(r"(\s*)([^\W\d_]+(?: (?:trấn|xã|phố|tran|xa|pho|trân|xả|phô|phổ)(?!\w))?)(\s+)(?=(\d)|([^\W\d_]))")
_TO = re.compile(r"[rfl]o")
_XA = re.compile(r"[Xx][^\W\d_]")


def mend_words(address: str) -> tuple[str, bool]:
    """The address with its common words as they are written, and whether one of them had been misread."""
    spaced = _TOUCHING.sub(r"\1 \2", address)
    mended = ",".join(_mend_part(part) for part in spaced.split(","))
    return mended, mended != spaced


def _mend_part(part: str) -> str:
    """What stands between two commas begins with a common word: before figures, or before a name in capitals."""
    match = _FIRST.match(part)
    if match is None or not (match[4] or match[5].isupper()):
        return part
    known = (_TO_FIGURES if match[4] else _TO_NAMES).get(fold(match[2]))
    if known is None and match[5] and _XA.fullmatch(match[2]):
        known = "xã"  # two letters with an X are nothing else there: Xở, Xš
    if known is None and match[4] and _TO.fullmatch(fold(match[2])):
        known = "tổ"  # nor is anything else that short and round before figures: rổ, fổ
    if known is None or known == match[2].lower():
        return part
    word = known.capitalize() if match[2][0].isupper() else known
    return match[1] + word + match[3] + part[match.end() :]
