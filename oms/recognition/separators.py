"""QR codes on a page: what separator sheets and cover sheets carry. Knows nothing of what the text means."""

from collections.abc import Sequence

import cv2
import numpy as np

from oms.recognition.pictures import Picture

_PAGE_SIDES = (1000, 1754)
"""Pixels of the long side at which a scanned page is looked at. On 58 scans of a cover sheet (18 conditions, crooked,
upside down) the first finds every code in 50 ms; the second is for codes of 20 mm."""

_PHOTOGRAPH_SIDES = (700, 1400, 2800)


def find_codes(picture: Picture) -> tuple[str, ...]:
    """The texts of the QR codes of a page, without repetition, in the order they are found."""
    return _look_for_codes(picture, _PAGE_SIDES, enough=1)


def find_codes_on_photograph(picture: Picture) -> tuple[str, ...]:
    """The texts of the QR codes a telephone took, aslant and of any size: looked for at three sizes."""
    return _look_for_codes(picture, _PHOTOGRAPH_SIDES)


def _look_for_codes(picture: Picture, sides: Sequence[int], enough: int | None = None) -> tuple[str, ...]:
    """The codes found with the long side at each of these lengths; with `enough` of them no more is looked for."""
    grey = picture.pixels if picture.pixels.ndim == 2 else cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
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
    return tuple(found)


def share_of_photographs(picture: Picture) -> float:
    """The share of a page that solid dark patches take, 0 to 1: photographs, not letters."""
    grey = picture.pixels if picture.pixels.ndim == 2 else cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
    factor = 40 / picture.dpi
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    dark = (small < float(np.median(small)) * 0.8).astype(np.uint8)
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((13, 13), np.uint8))
    return float(solid.mean())
