"""What paper, copiers, fax machines and scanners do to a page: eighteen conditions, each the same for the same seed.

For measuring how well pages are read; `scan_page` in `scanner` is the ordinary careless scanner of the demo. A page comes
as RGB at 200 dpi and leaves as grey, RGB or two tones with its resolution.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Light = npt.NDArray[np.float32]
"""A page as numbers from 0 to 255 that may leave this range for a moment."""

DPI = 200


@dataclass(frozen=True)
class SpoiltPage:
    """A page as it lies in a file: `quality` is that of the JPEG, None for two tones in fax compression."""

    pixels: Pixels
    dpi: int
    quality: int | None


def spoil(page: Pixels, condition: str, numbers: np.random.Generator, other: Pixels | None = None) -> SpoiltPage:
    """The page in this condition (a key of CONDITIONS); `other` is what shows through from the back."""
    light = CONDITIONS[condition](page.astype(np.float32), numbers, page if other is None else other)
    if light.ndim == 3 and condition in _TWO_TONES:
        light = light.mean(axis=2)
    pixels = np.clip(light, 0, 255).astype(np.uint8)
    if condition in _TWO_TONES:
        return SpoiltPage(np.where(pixels < _TWO_TONES[condition], 0, 255).astype(np.uint8), DPI, None)
    return SpoiltPage(pixels, 150 if condition == "low150" else DPI, _QUALITY.get(condition, 75))


def _soft(page: Light, radius: float) -> Light:
    return np.asarray(cv2.GaussianBlur(page, (0, 0), radius), dtype=np.float32)


def _grain(page: Light, numbers: np.random.Generator, strength: float) -> Light:
    return page + numbers.normal(0, strength, (*page.shape[:2], 1)).astype(np.float32)


def _clouds(page: Light, numbers: np.random.Generator, low: float, high: float, cells: int = 5) -> Light:
    """A value from `low` to `high` for each pixel, changing slowly over the page."""
    field = numbers.uniform(low, high, (cells, cells)).astype(np.float32)
    grown = cv2.resize(field, (page.shape[1], page.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(grown, low, high)[:, :, None], dtype=np.float32)


def _dust(page: Light, numbers: np.random.Generator, share: float) -> Light:
    """Black and white specks, each one pixel, and a few blots."""
    chance = numbers.random(page.shape[:2])
    dusty = page.copy()
    dusty[chance < share / 2] = 15
    dusty[chance > 1 - share / 2] = 250
    for _ in range(30):
        place = (int(numbers.integers(page.shape[1])), int(numbers.integers(page.shape[0])))
        cv2.circle(dusty, place, int(numbers.integers(1, 4)), (30, 30, 30), -1)
    return dusty


def _lean(page: Light, degrees: float) -> Light:
    height, width = page.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    paper = (247, 247, 245)
    return np.asarray(cv2.warpAffine(page, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=paper), np.float32)


def _show_through(page: Light, other: Pixels, strength: float) -> Light:
    back = _soft(other[:, ::-1].astype(np.float32).mean(axis=2), 1.2)
    back = np.asarray(cv2.resize(back, (page.shape[1], page.shape[0])), np.float32)
    return np.asarray(page * (1 - (255 - back[:, :, None]) / 255 * strength), np.float32)


def _aged(page: Light, numbers: np.random.Generator) -> Light:
    """Yellow paper with two folds and brown ink that faded."""
    tint = np.array([231, 212, 170], np.float32) / 255 * _clouds(page, numbers, 0.86, 1.0)
    old = (255 - (255 - page) * 0.74) * tint
    rows, columns = np.indices(page.shape[:2], dtype=np.float32)
    for away in (
        rows - page.shape[0] * float(numbers.uniform(0.3, 0.6)),
        columns - page.shape[1] * float(numbers.uniform(0.4, 0.6)),
    ):
        old = old * (1 - 0.4 * np.exp(-((away / 1.6) ** 2)) - 0.1 * np.exp(-((away / 12) ** 2)))[:, :, None]
    return np.asarray(old, np.float32)


def _faxed(page: Light, numbers: np.random.Generator) -> Light:
    """Half the rows, grain, and a line or two that the roller drew."""
    grey = _grain(_lean(_soft(page, 0.7), float(numbers.uniform(-1, 1))), numbers, 24)
    height, width = page.shape[:2]
    half = cv2.resize(grey, (width, height // 2), interpolation=cv2.INTER_AREA)
    faxed = np.asarray(cv2.resize(half, (width, height)), np.float32)
    for _ in range(int(numbers.integers(1, 3))):
        faxed[int(numbers.integers(height))] = 0
    return faxed


def _copied(page: Light, numbers: np.random.Generator) -> Light:
    """A copy of a copy: hard, fat letters, dust, a black edge."""
    hard = 255 / (1 + np.exp(-(_soft(page, 0.9) - 155) / 16))
    hard[-26:] = 30
    hard[:, :22] = 30
    return _lean(_dust(hard.astype(np.float32), numbers, 0.002), float(numbers.uniform(-1, 1)))


def _worst(page: Light, numbers: np.random.Generator, other: Pixels) -> Light:
    bad = _lean(_aged(_show_through(page, other, 0.28), numbers), float(numbers.uniform(1, 3)))
    return _dust(_grain(bad, numbers, 11), numbers, 0.003)


def _stamped(page: Light) -> Light:
    """Two red seals over the text."""
    layer = np.full(page.shape, 255, np.float32)
    for centre in ((700, 900), (1150, 1500)):
        for radius, width in ((140, 8), (122, 3), (80, 4), (34, 20)):
            cv2.circle(layer, centre, radius, (206, 40, 50), width)
    return np.minimum(page, layer)


def _shadowed(page: Light, numbers: np.random.Generator) -> Light:
    """The photograph of a page under a lamp."""
    tint = np.array([1.0, 0.97, 0.9], np.float32)
    return _grain(_soft(page, 0.7) * _clouds(page, numbers, 0.45, 1.0, 3) * tint, numbers, 5)


def _faded(page: Light, numbers: np.random.Generator) -> Light:
    return _grain(255 - (255 - _soft(page, 0.6)) * _clouds(page, numbers, 0.25, 0.6, 9) - 15, numbers, 6)


def _shrunk(page: Light) -> Light:
    size = (round(page.shape[1] * 0.75), round(page.shape[0] * 0.75))
    return np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.float32)


CONDITIONS: dict[str, Callable[[Light, np.random.Generator, Pixels], Light]] = {
    "clean": lambda page, _numbers, _other: page,
    "office": lambda page, numbers, _other: _lean(
        _grain(_soft(page, 0.5), numbers, 2), float(numbers.uniform(-0.5, 0.5))
    ),
    "ccitt": lambda page, numbers, _other: _grain(_soft(page, 0.5), numbers, 8),
    "low150": lambda page, numbers, _other: _shrunk(_grain(_soft(page, 0.5), numbers, 2)),
    "skew": lambda page, numbers, _other: _lean(page, float(numbers.choice([-1, 1]) * numbers.uniform(1.5, 5))),
    "rot90": lambda page, numbers, _other: np.ascontiguousarray(
        np.rot90(_soft(page, 0.5), int(numbers.integers(1, 4)))
    ),
    "noise": lambda page, numbers, _other: _grain(_soft(page, 0.5), numbers, float(numbers.uniform(20, 32))),
    "jpegq": lambda page, _numbers, _other: _soft(page, 0.5),
    "blur": lambda page, numbers, _other: _soft(page, float(numbers.uniform(1.5, 2.0))),
    "lighting": lambda page, numbers, _other: _shadowed(page, numbers),
    "bleed": lambda page, numbers, other: _show_through(_soft(page, 0.5), other, float(numbers.uniform(0.28, 0.42))),
    "saltpepper": lambda page, numbers, _other: _dust(_soft(page, 0.5), numbers, float(numbers.uniform(0.01, 0.03))),
    "yellowfold": lambda page, numbers, _other: _aged(_soft(page, 0.6), numbers),
    "fax": lambda page, numbers, _other: _faxed(page, numbers),
    "stamp": lambda page, _numbers, _other: _stamped(_soft(page, 0.5)),
    "fade": lambda page, numbers, _other: _faded(page, numbers),
    "copier": lambda page, numbers, _other: _copied(page, numbers),
    "worst": _worst,
}
"""What may have happened to a page, from nothing to everything at once."""

_TWO_TONES = {"ccitt": 165, "fax": 150, "copier": 128}
"""Conditions scanned in black and white, and the grey that divides the two."""

_QUALITY = {"clean": 90, "jpegq": 22, "worst": 45}
