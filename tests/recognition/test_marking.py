"""Copies with marks carry pixels and nothing else of the file they were made from."""

import io
from pathlib import Path

from PIL import Image

from oms.recognition.marking import mark


def test_what_a_file_says_of_itself_does_not_reach_the_copy(tmp_path: Path) -> None:
    said, exif = b"zqsaidbesidethepicture", Image.Exif()
    exif[0x010E] = said.decode()
    Image.new("L", (300, 400), "white").save(tmp_path / "page.jpg", comment=said, exif=exif)
    assert said in (tmp_path / "page.jpg").read_bytes()
    copy = mark(tmp_path / "page.jpg", ["Nguyễn Văn Mẫu"])
    assert said not in copy and not Image.open(io.BytesIO(copy)).getexif()
