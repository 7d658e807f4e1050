"""QR codes on a page: what separator sheets and cover sheets carry. Knows nothing of what the text means.

They are decoded in the box: whoever prints one chooses every bit that the decoder sees.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np

from oms import box
from oms.errors import N_, FileTooLarge, UnsupportedFile
from oms.recognition.pictures import PIXEL_LIMIT, Picture, Pixels, load_frame, open_raster

_PAGE_SIDES = (1000, 1754)
"""Pixels of the long side at which a scanned page is looked at. On 58 scans of a cover sheet (18 conditions, crooked,
upside down) the first finds every code in 50 ms; the second is for codes of 20 mm."""

_PHOTOGRAPH_SIDES = (700, 1400, 2800)

_LONGEST_CODE = 7_089
"""Characters of the largest QR code (ISO/IEC 18004)."""


def find_codes(picture: Picture) -> tuple[str, ...]:
    """The texts of the QR codes of a page, without repetition, in the order they are found."""
    return _believe(_ask(picture, _PAGE_SIDES, enough=1))


def find_codes_on_photograph(path: Path) -> tuple[str, ...]:
    """The texts of the QR codes a telephone took, aslant and of any size: looked for at three sizes.

    `UnsupportedFile` when it is no picture, `FileTooLarge` when it has too many pixels.
    """
    try:
        return _believe(box.call(read_photograph, path)[0])
    except box.Said as said:
        if said.word == "pixels":
            raise FileTooLarge(N_("The photograph is too large. Take it with fewer pixels.")) from None
    except box.Broke:
        pass
    raise UnsupportedFile(N_("This file is no photograph (JPEG or PNG). Take the picture again."))


def read_photograph(file: BinaryIO) -> tuple[list[str], bytes]:
    """In the box: the codes of a picture file."""
    with open_raster(file) as image:
        if image.width * image.height > PIXEL_LIMIT // 4:
            raise box.Said("pixels")
    return _look_for_codes(_grey(load_frame(file, 1)), _PHOTOGRAPH_SIDES), b""


def decode(file: BinaryIO, shape: list[int], sides: list[int], enough: int) -> tuple[list[str], bytes]:
    """In the box: the codes of the grey pixels of a page."""
    return _look_for_codes(np.frombuffer(file.read(), np.uint8).reshape(shape), sides, enough), b""


def find_code_places(picture: Picture) -> tuple[Pixels, ...]:
    """Where the codes of a page that can be read lie: four corners each, in pixels of the page."""
    grey = np.ascontiguousarray(_grey(picture))
    try:
        places = box.call(locate, grey.data, shape=list(grey.shape))[0]
    except (box.Said, box.Broke):
        return ()
    try:
        found = [np.asarray(place, dtype=float) for place in places]
    except (
        TypeError,
        ValueError,
        OverflowError,
    ):  # what comes out of the box is believed only as far as it has the shape
        return ()
    return tuple(place for place in found if place.shape == (4, 2) and np.isfinite(place).all())


def locate(file: BinaryIO, shape: list[int]) -> tuple[list[list[list[float]]], bytes]:
    """In the box: the corners of the codes on the grey pixels of a page."""
    grey = np.frombuffer(file.read(), np.uint8).reshape(shape)
    detector = cv2.QRCodeDetectorAruco()
    for side in _PAGE_SIDES:
        factor = min(1.0, side / max(grey.shape))
        small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else grey
        try:
            found, texts, corners, _straight = detector.detectAndDecodeMulti(small)
        except cv2.error:  # a pattern that looks like a code and is none
            continue
        if found and any(texts):
            places = zip(texts, corners, strict=True)
            return [(np.asarray(place, dtype=float) / factor).tolist() for text, place in places if text], b""
    return [], b""


def _ask(picture: Picture, sides: Sequence[int], *, enough: int) -> Any:
    grey = np.ascontiguousarray(_grey(picture))
    try:
        return box.call(decode, grey.data, shape=list(grey.shape), sides=list(sides), enough=enough)[0]
    except (box.Said, box.Broke):  # a pattern that ends the decoder is no code of ours
        return []


def _believe(texts: Any) -> tuple[str, ...]:
    """What came out of the box, if it is texts as long as a QR code can be."""
    if not isinstance(texts, list):
        return ()
    return tuple(text for text in texts if isinstance(text, str) and 0 < len(text) <= _LONGEST_CODE)


def _grey(picture: Picture) -> Pixels:
    return picture.pixels if picture.pixels.ndim == 2 else cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)


def _look_for_codes(grey: Pixels, sides: Sequence[int], enough: int | None = None) -> list[str]:
    """The codes found with the long side at each of these lengths; with `enough` of them no more is looked for."""
    # Not QRCodeDetector: it misses one code in three of scans turned by a few degrees, whatever the resolution.
    detector, found = cv2.QRCodeDetectorAruco(), dict[str, None]()
    for side in sides:
        factor = min(1.0, side / max(grey.shape))
        small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else grey
        try:
            _any, texts, _corners, _straight = detector.detectAndDecodeMulti(small)
        except cv2.error:  # a pattern that looks like a code and is none
            continue
        found.update(dict.fromkeys(text for text in texts if text))
        if factor == 1 or (enough is not None and len(found) >= enough):
            break
    return list(found)


def share_of_photographs(picture: Picture) -> float:
    """The share of a page that solid dark patches take, 0 to 1: photographs, not letters."""
    grey = _grey(picture)
    factor = 40 / picture.dpi
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    dark = (small < float(np.median(small)) * 0.8).astype(np.uint8)
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((13, 13), np.uint8))
    return float(solid.mean())
