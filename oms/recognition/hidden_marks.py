"""Hides a faint pattern in a page image, from which it can be told later for whom the image was made.

The pattern is a field of cells, each a little lighter or darker than the page, as bits of chance say. It lies in bands
over a twelfth of the page: a page image that `write_screen` wrote can be taken apart at its rows, so only the bands are
decoded and written anew. Knows no accounts: it draws the bits it is given. `recognition.leaked` reads them.
"""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from oms.recognition.pictures import Pixels

CELL = 16
"""Pixels of the page image on a side: 8 are left of a cell when the picture is made half as large, a block of a JPEG."""

BAND, PERIOD = 2, 24
"""Rows of cells that bear the pattern, of so many: a row more costs half a millisecond for each picture shown."""

STRENGTH = 1.5
"""Grey levels up and down, of 255: 1.25 is rounded away on white paper by a JPEG of quality 60, 2 may be seen there."""

QUALITY = 82
"""Of the JPEG when the picture was none."""

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# Markers of a JPEG (ITU-T T.81, table B.1).
_FRAME, _CODES, _SCAN, _QUANTISERS, _RESTARTS = 0xC0, 0xC4, 0xDA, 0xDB, 0xDD
_END = b"\xff\xd9"


@dataclass(frozen=True)
class Pattern:
    """What is hidden: `seed` says which cells are lighter, `place` (any bytes, the same for a page) where bands lie."""

    seed: bytes
    place: bytes

    def signs(self, size: tuple[int, int]) -> Pixels:
        """-1 and 1 for each cell of a page of `size` (width, height in pixels), 0 between the bands; rows × columns."""
        columns, rows = -(-size[0] // CELL), -(-size[1] // CELL)
        bits = hashlib.shake_256(self.seed).digest(-(-rows * columns // 8))
        signs = np.unpackbits(np.frombuffer(bits, np.uint8))[: rows * columns].reshape(rows, columns).astype(np.int8)
        signs = signs * 2 - 1
        signs[~self._banded(rows)] = 0
        return signs

    def _banded(self, rows: int) -> Pixels:
        first = int.from_bytes(hashlib.sha256(self.place).digest()[:4]) % PERIOD
        return (np.arange(rows) + first) % PERIOD < BAND

    def bands(self, rows: int) -> list[tuple[int, int]]:
        """First row of cells of each band and the first behind it."""
        edges = np.flatnonzero(np.diff(np.concatenate([[0], self._banded(rows), [0]])))
        return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def hide(content: bytes, pattern: Pattern) -> bytes:
    """The picture as a JPEG with the pattern in it: bands alone written anew where its rows stand apart, else all of it."""
    apart = take_apart(content)
    spliced = _hide_in_bands(apart, pattern) if apart else None
    return spliced if spliced is not None else _hide_in_all(content, pattern)


def hide_in(picture: Image.Image, pattern: Pattern, size: tuple[int, int]) -> Image.Image:
    """A picture (grey, RGB or YCbCr) of a page whose stored image has `size`, with the pattern in it."""
    pixels = np.array(picture)
    across, down = picture.width / size[0], picture.height / size[1]
    signs = pattern.signs(size)
    for first, behind in pattern.bands(len(signs)):
        top, below = round(first * CELL * down), round(behind * CELL * down)
        if below > top:
            field = _field(signs[first:behind], (max(1, round(signs.shape[1] * CELL * across)), below - top))
            _add(pixels[top:below], field, picture.mode)
    return Image.fromarray(pixels, picture.mode)


def _field(signs: Pixels, size: tuple[int, int]) -> Pixels:
    """Grey levels to add, smooth from cell to cell, so that no edge shows."""
    levels = cv2.resize(signs.astype(np.float32) * STRENGTH, size, interpolation=cv2.INTER_LINEAR)
    return np.rint(levels).astype(np.int16)


def _add(pixels: Pixels, field: Pixels, mode: str) -> None:
    """Add grey levels in place: in YCbCr to the lightness alone, in RGB to all three."""
    field = field[: pixels.shape[0], : pixels.shape[1]]
    lightness = pixels[..., 0] if mode == "YCbCr" else pixels
    if lightness.ndim == 3:
        field = field[..., np.newaxis]
    lightness[...] = np.clip(lightness + field, 0, 255)


def _hide_in_all(content: bytes, pattern: Pattern) -> bytes:
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
        how = _as_written(image) | {"dpi": image.info.get("dpi", (0, 0))}
        drawn = hide_in(_without_colours(image), pattern, image.size)
    out = io.BytesIO()
    drawn.save(out, "JPEG", **how)
    return out.getvalue()


def _as_written(image: Image.Image) -> dict[str, Any]:
    """How to write a JPEG as this one was: what is not marked comes out as it was."""
    if not isinstance(image, JpegImageFile):
        return {"quality": QUALITY}
    told: dict[str, Any] = {"qtables": image.quantization}
    return told | ({"subsampling": get_sampling(image)} if image.mode == "RGB" else {})


def _without_colours(image: Image.Image) -> Image.Image:
    """Lightness and colours as the JPEG holds them: turning them into RGB and back would cost time and change them."""
    if image.mode == "RGB":
        image.draft("YCbCr", image.size)
    return image if image.mode in ("L", "YCbCr") else image.convert("YCbCr")


@dataclass(frozen=True)
class Apart:
    """A baseline JPEG whose rows of blocks stand apart: what is before them, and each row as it is coded."""

    head: bytes
    tables: tuple[bytes, ...]
    rows: tuple[bytes, ...]
    height_at: int
    block: int
    """Pixels a row of blocks is high."""


def take_apart(content: bytes) -> Apart | None:
    """The rows of a JPEG that says where each begins; None for any other."""
    tables: list[bytes] = []
    place, height_at, block, every = 2, 0, 0, 0
    while content[place : place + 1] == b"\xff" and place + 4 <= len(content):
        kind, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4])
        body, place = content[place + 4 : place + 2 + length], place + 2 + length
        if kind == _FRAME:
            height_at, block = place - len(body) + 1, 8 * (max(body[7::3]) & 15 if body[5] > 1 else 1)
            across = 8 * (max(body[7::3]) >> 4 if body[5] > 1 else 1)
            every -= -(-int.from_bytes(body[3:5]) // across)
        elif kind in (_QUANTISERS, _CODES):
            tables.append(body)
        elif kind == _RESTARTS:
            every += int.from_bytes(body)
        elif kind == _SCAN:
            break
    if not block or every or not content.endswith(_END):
        return None
    rows = tuple(_RESTART.split(content[place:-2]))
    high = int.from_bytes(content[height_at : height_at + 2])
    return Apart(content[:place], tuple(tables), rows, height_at, block) if len(rows) == -(-high // block) else None


def _hide_in_bands(apart: Apart, pattern: Pattern) -> bytes | None:
    """None when the tables of the JPEG are not those we write."""
    with Image.open(io.BytesIO(apart.head)) as told:
        size = told.size
    signs = pattern.signs(size)
    each = CELL // apart.block
    last = len(apart.rows) // each
    bands = [(first, min(behind, last)) for first, behind in pattern.bands(len(signs)) if first < last]
    chosen = [row for first, behind in bands for row in range(first * each, behind * each)]
    if not chosen:
        return None
    marked = take_apart(_write_rows(apart, chosen, [signs[first:behind] for first, behind in bands]))
    if marked is None or marked.tables != apart.tables:
        return None
    rows = list(apart.rows)
    for row, coded in zip(chosen, marked.rows, strict=True):
        rows[row] = coded
    return apart.head + _join(rows) + _END


def _write_rows(apart: Apart, chosen: Sequence[int], bands: Sequence[Pixels]) -> bytes:
    """The chosen rows as a picture of their own, with the bands of cells in it."""
    high = (len(chosen) * apart.block).to_bytes(2)
    head = apart.head[: apart.height_at] + high + apart.head[apart.height_at + 2 :]
    with Image.open(io.BytesIO(head + _join([apart.rows[row] for row in chosen]) + _END), formats=("JPEG",)) as image:
        how = _as_written(image)
        picture = _without_colours(image)
        pixels, top = np.array(picture), 0
    for signs in bands:
        below = top + len(signs) * CELL
        _add(pixels[top:below], _field(signs, (signs.shape[1] * CELL, below - top)), picture.mode)
        top = below
    out = io.BytesIO()
    Image.fromarray(pixels, picture.mode).save(out, "JPEG", restart_marker_rows=1, **how)
    return out.getvalue()


def _join(rows: Sequence[bytes]) -> bytes:
    """Rows with the marks between them, which count to eight."""
    pieces = [rows[0]]
    for number, row in enumerate(rows[1:]):
        pieces += (b"\xff" + (0xD0 + number % 8).to_bytes(), row)
    return b"".join(pieces)
