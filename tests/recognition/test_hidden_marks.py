"""Hidden marks: seen by nobody, read back from copies, and never read where none is. All pages: `python bench/marks.py`."""

import hashlib
import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from oms.leaks import CHANCE
from oms.recognition.hidden_marks import Pattern, hide, hide_in, take_apart
from oms.recognition.leaked import Rest, chance_of, lay_onto
from oms.recognition.marking import mark
from oms.recognition.pictures import Picture, Pixels
from oms.recognition.screen import write_screen
from oms.specimens.scanner import scan_page
from tests import factories

TEXT = [f"Quyết định số {number}/QĐ-UBND về việc bổ nhiệm cán bộ" for number in range(3, 27)]
KINDS = ("clean", "grey", "colour", "two tones")


def pattern_of(name: str, page: str = "page") -> Pattern:
    return Pattern(hashlib.sha256(f"{name} {page}".encode()).digest(), page.encode())


OTHERS = [pattern_of(f"other {number}") for number in range(20)]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Page images as the worker writes them."""
    drawn, folder = factories.draw_page(*TEXT), tmp_path_factory.mktemp("pages")
    seen = scan_page(drawn.convert("RGB"), np.random.default_rng(7))
    kinds = {
        "clean": np.asarray(drawn),
        "grey": np.asarray(Image.fromarray(seen).convert("L")),
        "colour": np.minimum(seen, np.array([255, 235, 200], np.uint8)),
        "two tones": np.where(np.asarray(drawn) > 128, 255, 0).astype(np.uint8),
    }
    return {name: write_screen(Picture(one, 150), folder / f"{name}.jpg").read_bytes() for name, one in kinds.items()}


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def grey(content: bytes) -> Pixels:
    return np.array(opened(content).convert("L"))


def copy_of(content: bytes, share: float = 0.5, quality: int = 60, box: tuple[float, ...] = (0, 0, 1, 1)) -> Pixels:
    """As somebody passes the page on: cut, smaller, worse."""
    page = opened(content)
    cut = page.crop(tuple(round(side * edge) for side, edge in zip(box, 2 * page.size, strict=True)))  # type: ignore[arg-type]
    cut.resize((round(cut.width * share), round(cut.height * share)), Image.Resampling.BILINEAR).save(
        out := io.BytesIO(), "JPEG", quality=quality
    )
    return grey(out.getvalue())


def named(rest: Rest | None, tried: list[Pattern]) -> list[int]:
    assert rest is not None
    return [place for place, one in enumerate(tried) if chance_of(rest.height(one), len(tried)) <= CHANCE]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mark_is_read_from_half_the_size_and_nobody_else_is_named(pages: dict[str, bytes], kind: str) -> None:
    original, mine = grey(pages[kind]), pattern_of("me")
    found = lay_onto(copy_of(hide(pages[kind], mine)), original)
    assert named(found, [*OTHERS, mine]) == [len(OTHERS)]
    assert named(found, OTHERS) == [], "whoever it was made for is not among them"
    assert named(lay_onto(copy_of(pages[kind]), original), [*OTHERS, mine]) == [], "there is no mark in it"


@pytest.mark.parametrize("kind", KINDS)
def test_the_mark_is_not_seen(pages: dict[str, bytes], kind: str) -> None:
    before, after = grey(pages[kind]).astype(float), grey(hide(pages[kind], pattern_of("me"))).astype(float)
    assert before.shape == after.shape
    assert 10 * np.log10(255**2 / np.square(before - after).mean()) > 45
    unmarked = np.all(before == after, axis=1).mean()
    assert 0.85 < unmarked < 0.96, "eleven rows of twelve are not touched"


def test_cut_and_turned_copies_are_read(pages: dict[str, bytes]) -> None:
    original, mine = grey(pages["grey"]), pattern_of("me")
    marked = hide(pages["grey"], mine)
    assert named(lay_onto(copy_of(marked, 0.7, 60, (0.06, 0.04, 0.97, 0.98)), original), [*OTHERS, mine]) == [20]
    turned = opened(marked).rotate(1, Image.Resampling.BICUBIC, fillcolor=255).rotate(90, expand=True)
    turned.save(out := io.BytesIO(), "JPEG", quality=75)
    assert named(lay_onto(copy_of(out.getvalue(), 0.6), original), [*OTHERS, mine]) == [20]


def test_a_photograph_in_uneven_light_is_read(pages: dict[str, bytes]) -> None:
    original, mine = grey(pages["grey"]), pattern_of("me")
    marked = grey(hide(pages["grey"], mine))
    high, wide = marked.shape
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    seen = corners * 0.9 + np.array([[40, 55], [70, 20], [35, 60], [20, 35]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    sheet = cv2.warpPerspective(marked, matrix, (wide, high), borderValue=(60,))
    light = cv2.GaussianBlur(sheet, (0, 0), 0.7) * np.linspace(1, 0.7, wide)
    noise = np.random.default_rng(1).normal(0, 2, light.shape)
    Image.fromarray(np.clip(light + noise, 0, 255).astype(np.uint8)).save(out := io.BytesIO(), "JPEG", quality=75)
    assert named(lay_onto(grey(out.getvalue()), original), [*OTHERS, mine]) == [20]


def test_a_picture_of_another_page_is_none_of_this_one(pages: dict[str, bytes], tmp_path: Path) -> None:
    other = factories.draw_page(*(f"Lý lịch của người thứ {number}, sinh năm 19{60 + number}" for number in range(9)))
    content = write_screen(Picture(np.asarray(other), 150), tmp_path / "other.jpg").read_bytes()
    assert lay_onto(copy_of(content), grey(pages["clean"])) is None


def test_images_of_other_writers_are_marked_whole(pages: dict[str, bytes]) -> None:
    mine, page = pattern_of("me"), opened(pages["colour"])
    for how in ({"optimize": True}, {"progressive": True}, {"subsampling": 0, "restart_marker_rows": 1}):
        page.save(out := io.BytesIO(), "JPEG", quality=80, **how)
        marked = hide(out.getvalue(), mine)
        assert opened(marked).size == page.size
        assert named(lay_onto(copy_of(marked), grey(out.getvalue())), [*OTHERS, mine]) == [20], how
    for mode in ("1", "L", "P", "RGBA"):
        page.convert("L").convert(mode, dither=Image.Dither.NONE).save(out := io.BytesIO(), "PNG")
        assert named(lay_onto(copy_of(hide(out.getvalue(), mine)), grey(out.getvalue())), [*OTHERS, mine]) == [20], mode


def test_rows_stand_apart_only_where_each_is_there(pages: dict[str, bytes]) -> None:
    whole = pages["clean"]
    apart = take_apart(whole)
    assert apart is not None and len(apart.rows) == -(-1754 // 8)
    opened(whole).save(plain := io.BytesIO(), "JPEG")
    first = whole.index(b"\xff\xd3", len(apart.head))
    for spoilt in (plain.getvalue(), whole[:-2], whole[:first] + whole[first + 2 :], whole[:300], b"\xff\xd8", b""):
        assert take_apart(spoilt) is None


@pytest.mark.parametrize("size", [(1241, 1755), (640, 333), (97, 531), (16, 16)])
def test_pages_of_any_size_are_marked_and_stay_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    for mode in ("L", "RGB"):
        page = Image.new("L", size, 200) if mode == "L" else Image.new("RGB", size, (240, 200, 120))
        content = write_screen(Picture(np.asarray(page), 150), tmp_path / "page.jpg").read_bytes()
        for number in range(60 if size[0] < 100 else 3):
            marked = opened(hide(content, pattern_of("me", f"page {number}")))
            assert marked.size == size and marked.mode == mode
            assert np.abs(np.asarray(marked).astype(int) - np.asarray(opened(content))).max() <= 4


def test_the_visible_mark_does_not_cover_the_hidden_one(pages: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_bytes(pages["grey"])
    mine, lines = pattern_of("me"), ["Nguyễn Văn Mẫu (mau.nv)", "TC-0001 · 30/11/2026 09:00:00"]
    shown = mark(tmp_path / "page.jpg", lines, mine)
    assert named(lay_onto(copy_of(shown), grey(pages["grey"])), [*OTHERS, mine]) == [20]
    assert named(lay_onto(copy_of(mark(tmp_path / "page.jpg", lines)), grey(pages["grey"])), [*OTHERS, mine]) == []


def test_patterns_stay_what_they_are() -> None:
    """Marks that went out would not be read any more after a change of these."""
    signs = Pattern(b"seed", b"place").signs((1654, 2339))
    assert signs.shape == (147, 104)
    assert hashlib.sha256(signs.tobytes()).hexdigest()[:16] == "b2fafc30c02e80c0"
    page = Image.new("L", (64, 800), 200)
    drawn = np.array(hide_in(page, Pattern(b"seed", b"place"), page.size)).astype(int) - 200
    assert drawn.min() == -2 and drawn.max() == 2 and (drawn != 0).any(axis=1).mean() < 0.15


def test_chance_is_bounded_for_all_that_was_tried() -> None:
    assert chance_of(-9, 5) == chance_of(0, 5) == chance_of(0.1, 5) == 1
    assert chance_of(5.2, 1) > CHANCE > chance_of(5.3, 1)
    assert chance_of(5.3, 1000) > CHANCE > chance_of(6.5, 1000)
