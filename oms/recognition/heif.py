"""Photographs of telephones: HEIC, read by pillow-heif, in the box alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image

MEDIA_TYPE = "image/heic"

IMAGE_LIMIT = 50
"""Most images of one file: a telephone writes one, a burst of photographs twenty."""

_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def is_heif(start: bytes) -> bool:
    """Whether a file begins as such a photograph does."""
    return start[4:8] == b"ftyp" and start[8:12] in _BRANDS


@contextmanager
def open_heif(file: BinaryIO) -> Iterator[Image.Image]:
    """Open the photograph; its images are frames, turned as the telephone was held."""
    import pillow_heif  # in the box, and only for such a file: no other process ever loads the decoder

    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    with Image.open(file, formats=("HEIF",)) as image:
        yield image
