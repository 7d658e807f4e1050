"""Suspected marks of a secrecy level: the words of the stamp standing alone, in text or in red ink.

Levels are those of Luật 29/2018/QH14; the stamps of TT 24/2020/TT-BCA are red capitals in a frame. A word inside a
sentence ("bí mật", "bảo mật") is no mark, marks of urgency (HOẢ TỐC, KHẨN) are none, and GIẢI MẬT ends a level.
Any doubt is reported: a person decides, and a miss costs far more than a false alarm.
"""

import re
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from oms.recognition import frames
from oms.recognition.pages import Word
from oms.recognition.pictures import Picture, Pixels, has_colour
from oms.recognition.separators import find_code_places
from oms.vietnamese.text import fold, nfc

LEVELS = ("TUYỆT MẬT", "TỐI MẬT", "MẬT")
"""From the highest to the lowest."""

_MARK = re.compile(r"(?:do mat)?(tuyet|toi)?mat")
_STAMP = re.compile(r"(tuyet|toi|oi|giai)?mat$")
_TORN_STAMP = re.compile(r"(\w{0,6}?)(?:M[ẬÂ]|(?<![UH])[ẬÂ]T)\w{0,2}")
_OF_URGENCY = re.compile(r"toc?$")
"""HOẢ TỐC, whose letters look like torn ones of a level where its hook is read as a hat: no level ends so."""
_LABELLED = re.compile(r"(?:độ|mức độ) mật\s*:\s*(tuyệt mật|tối mật|mật)\b", re.IGNORECASE)
_BEFORE = {"bi", "bao", "giai", "co"}
"""A line that ends in one of these goes on with MẬT on the next: BẢO VỆ BÍ / MẬT."""

_BESIDE_A_CODE = 3.0
"""Millimetres a frame made of squares of a code reaches out of it at most: its margin, leaning."""

_LEAST_RED = 150
"""Pixels of red ink at 100 dpi: less than the frame of the smallest stamp."""


def find_marks(words: Sequence[Word]) -> tuple[str, ...]:
    """The levels that stand alone among the words of a page, highest first."""
    found: set[str] = set()
    before = ""
    for piece in _pieces(words):
        text = " ".join(word.text for word in piece)
        level = _level_of(text)
        if level and before not in _BEFORE:
            found.add(level)
        found.update(match[1].upper() for match in _LABELLED.finditer(text))
        before = fold(piece[-1].text)
    return tuple(level for level in LEVELS if level in found)


def find_stamps(picture: Picture, read: Callable[[Picture], str]) -> tuple[str, ...]:
    """The levels read in red ink alone, stamp by stamp; `read` reads one line. Grey scans have none."""
    if picture.pixels.ndim == 2 or not has_colour(picture.pixels):
        return ()
    found = {_stamped_level(read(stamp)) for stamp in _cut_stamps(picture)}
    return tuple(level for level in LEVELS if level in found)


def find_frames(picture: Picture, read: Callable[[Picture], str]) -> tuple[tuple[str, ...], bool]:
    """The levels read in frames of the size of a stamp, in ink of any colour; and whether a frame is double.

    Only marks of secrecy have a double frame (urgency has a single one), so one whose word is hidden is a doubt.
    """
    found_frames = list(_outside_codes(picture, list(frames.find(_find_darkness(picture), picture.dpi))))
    if picture.pixels.ndim == 3 and has_colour(picture.pixels):
        found_frames = [*frames.find(_find_redness(picture), picture.dpi), *found_frames]
    found = {_stamped_level(read(_draw_stamp(frame.ink, picture.dpi))) for frame in found_frames}
    double = any(frame.double for frame in found_frames)
    return tuple(level for level in LEVELS if level in found), double


def _outside_codes(picture: Picture, found: Sequence[frames.Frame]) -> Iterator[frames.Frame]:
    """The frames that are not made of the squares of a code: a cover sheet has up to seventeen, and each would be read.
    Only a code that can be read counts, a stamp that reaches out of it stays a frame, and a red one is looked for apart."""
    codes = find_code_places(picture) if found else ()
    room = picture.dpi / 25.4 * _BESIDE_A_CODE
    return (frame for frame in found if not any(frame.lies_in(code, room) for code in codes))


def join_levels(*groups: Sequence[str]) -> tuple[str, ...]:
    """All levels of the groups, each once, highest first."""
    return tuple(level for level in LEVELS if any(level in group for group in groups))


def _level_of(text: str) -> str | None:
    """The level when `text` is its name in capitals and nothing else; lost marks and frame lines are forgiven."""
    letters = "".join(character for character in text if character.isalpha() or character.isspace())
    if not letters.strip() or letters != letters.upper():
        return None
    match = _MARK.fullmatch(fold(letters).replace(" ", "").replace("\n", ""))
    if not match:
        return None
    return {"tuyet": "TUYỆT MẬT", "toi": "TỐI MẬT", None: "MẬT"}[match[1]]


def _stamped_level(text: str) -> str | None:
    """The level a framed red stamp names, by its capitals; small letters are what its frame was read as.

    Half over a photograph or over letters, the word is rarely read whole: its middle letter with either neighbour is
    enough, since few words have it (NHẬT and LUẬT do).
    """
    capitals = "".join(character for character in nfc(text) if character.isupper())
    match = _STAMP.search(fold(capitals))
    if match and len(capitals) <= 12 and match[1] != "giai":
        return {"tuyet": "TUYỆT MẬT", "toi": "TỐI MẬT", "oi": "TỐI MẬT"}.get(match[1] or "", "MẬT")
    torn = _TORN_STAMP.fullmatch(capitals)
    if not torn or fold(torn[1]).endswith("giai") or _OF_URGENCY.search(fold(capitals)):
        return None
    before = fold(text)
    return "TUYỆT MẬT" if "tuyet" in before else "TỐI MẬT" if "toi" in before else "MẬT"


def _pieces(words: Sequence[Word]) -> Iterator[list[Word]]:
    """The words of each line, split where a stamp may stand beside a text: at a gap wider than two letters are high,
    and where capitals end and small letters begin."""
    piece: list[Word] = []
    for word in words:
        if piece:
            last = piece[-1]
            gap = word.left - (last.left + last.width)
            ends = last.text.isupper() and any(character.islower() for character in word.text)
            if word.line != last.line or gap > 2 * max(last.height, word.height) or ends:
                yield piece
                piece = []
        piece.append(word)
    if piece:
        yield piece


def _cut_stamps(picture: Picture) -> Iterator[Picture]:
    """Each flat patch of red ink of the size of a stamp (11–70 mm × 4–25 mm), as grey on white at 300 dpi."""
    redness = _find_redness(picture)
    factor = 100 / picture.dpi
    small = cv2.resize(redness, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    red = (small > 28).astype(np.uint8)
    if int(red.sum()) < _LEAST_RED:
        return
    joined = cv2.morphologyEx(red, cv2.MORPH_CLOSE, np.ones((9, 15), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for left, top, width, height, _ in stats[1:count].tolist():
        if not (45 <= width <= 280 and 14 <= height <= 100 and 1.3 * height <= width):
            continue
        margin = 6
        sides = (left - margin, top - margin, left + width + margin, top + height + margin)
        box = [round(max(0, side) / factor) for side in sides]
        yield _draw_stamp(redness[box[1] : box[3], box[0] : box[2]], picture.dpi)


def _find_darkness(picture: Picture) -> Pixels:
    """How much darker each pixel is than the paper around it, 0 to 255."""
    grey = picture.pixels if picture.pixels.ndim == 2 else cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), 15)
    paper = cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.subtract(paper, grey))


def _find_redness(picture: Picture) -> Pixels:
    """How much redder each pixel is than the paper, 0 to 255."""
    pixels = picture.pixels
    redness = cv2.subtract(pixels[:, :, 0], np.maximum(pixels[:, :, 1], pixels[:, :, 2]))
    redness = cv2.GaussianBlur(redness, (0, 0), picture.dpi / 200)
    paper = int(np.median(redness[::8, ::8]))  # old paper is a little red itself
    return np.asarray(np.maximum(redness, paper) - paper)


def _draw_stamp(redness: Pixels, dpi: float) -> Picture:
    """The letters of a stamp as dark on white: strokes much longer than letters are its frame and are left out."""
    full = max(1.0, float(np.percentile(redness, 97)))
    grey = (255 - np.clip(redness.astype(np.float32) / full * 255, 0, 255)).astype(np.uint8)
    ink = (grey < 150).astype(np.uint8)
    along = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, max(3, round(dpi * 0.45))), np.uint8))
    down = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((max(3, round(len(ink) * 0.45)), 1), np.uint8))
    frame = cv2.dilate(cv2.bitwise_or(along, down), np.ones((5, 5), np.uint8))
    letters: Pixels = np.where(frame > 0, 255, grey).astype(np.uint8)
    size = (round(letters.shape[1] * 300 / dpi), round(letters.shape[0] * 300 / dpi))
    letters = cv2.resize(letters, size, interpolation=cv2.INTER_CUBIC)
    return Picture(cv2.copyMakeBorder(letters, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=(255,)), 300.0)
