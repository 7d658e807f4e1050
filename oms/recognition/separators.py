"""QR codes on a page: what separator sheets and cover sheets carry. Knows nothing of what the text means."""

import cv2
import numpy as np

from oms.recognition.pictures import Picture

_DPI = 150
"""Codes of 20 mm are read from this resolution on."""


def find_codes(picture: Picture) -> tuple[str, ...]:
    """The texts of the QR codes of a page, without repetition, in the order they are found."""
    grey = picture.pixels if picture.pixels.ndim == 2 else cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
    factor = min(1.0, _DPI / picture.dpi)
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else grey
    detector = cv2.QRCodeDetector()
    try:
        found, texts, _corners, _straight = detector.detectAndDecodeMulti(small)
    except cv2.error:  # a pattern that looks like a code and is none
        return ()
    return tuple(dict.fromkeys(text for text in texts if text)) if found else ()


def find_codes_on_photograph(picture: Picture) -> tuple[str, ...]:
    """The texts of the QR codes a telephone took, aslant and of any size: looked for at three sizes."""
    grey = picture.pixels if picture.pixels.ndim == 2 else cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
    detector, found = cv2.QRCodeDetectorAruco(), dict[str, None]()
    for side in (700, 1400, 2800):
        factor = min(1.0, side / max(grey.shape))
        small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else grey
        try:
            _any, texts, _corners, _straight = detector.detectAndDecodeMulti(small)
        except cv2.error:  # a pattern that looks like a code and is none
            continue
        found.update(dict.fromkeys(text for text in texts if text))
        if factor == 1:
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
