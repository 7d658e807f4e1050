"""The strip around one word: its line, its word, and no more of the page than that."""

import io
from pathlib import Path

import pytest
from PIL import Image

from oms.recognition import Word
from oms.recognition.strips import STRIP_SHARE, STRIP_WIDTH, cut_line
from tests import factories

WORDS = [Word(f"w{n}", 100 + 300 * n, 140, 200, 40, 90.0, 0) for n in range(3)]
WORDS.append(Word("below", 1000, 900, 200, 40, 90.0, 1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    page = factories.draw_page("Nguyễn Thị Hòa", size=(1240, 1754))
    page.save(tmp_path / "page.jpg", "JPEG")
    return tmp_path / "page.jpg"


@pytest.mark.parametrize("number", range(4))
def test_a_strip_is_one_line_around_the_word(path: Path, number: int) -> None:
    with Image.open(io.BytesIO(cut_line(path, WORDS, number))) as strip:
        assert strip.format == "JPEG" and strip.width <= STRIP_WIDTH
        assert strip.width / strip.height == pytest.approx(1240 * STRIP_SHARE / 80, rel=0.1)


def test_a_word_that_is_not_there_has_no_strip(path: Path) -> None:
    with pytest.raises(IndexError):
        cut_line(path, WORDS, 4)
