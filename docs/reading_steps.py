"""Draws the pictures of `docs/reading.md`: one invented page, spoilt, after each step of reading.

    python docs/reading_steps.py

The same pictures each time, each the lower half of the page as a JPEG under 40 KB.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from oms.catalogue import demo_units
from oms.recognition import cleaning, orientation, tables
from oms.recognition.pictures import Picture
from oms.specimens import draw_paper, make_people, seats_of
from oms.specimens.faults import spoil

OUT = Path(__file__).parent / "pictures"


def main() -> None:
    """Write them."""
    person = make_people(1, 12, seats_of(demo_units()[:40]))[0]
    front, back = (draw_paper(person, kind, 1).sheets[0].image for kind in ("appointment", "pay_rise"))
    spoilt = spoil(np.asarray(front), "worst", np.random.default_rng(4), np.asarray(back))
    page = Picture(np.ascontiguousarray(np.rot90(spoilt.pixels)), float(spoilt.dpi))
    save(page, "reading-1-scan")
    rotation, skew = orientation.find_stance(page, lambda _sample: 1.0)
    page = orientation.deskew(orientation.rotate(page, rotation), skew)
    save(page, "reading-2-upright")
    page = cleaning.drop_red_ink(cleaning.drop_frame(page))
    save(page, "reading-3-without-red-ink")
    page = cleaning.level_paper(cleaning.drop_photographs(page))
    save(page, "reading-4-white-paper")
    page = cleaning.drop_grain(cleaning.drop_specks(page))
    save(page, "reading-5-without-dust-and-grain")
    page, _ = tables.drop_rules(page)
    page = cleaning.sharpen_ink(cleaning.drop_leaders(cleaning.fit_letters(page)))
    save(page, "reading-6-ink-and-paper")


def save(page: Picture, name: str) -> None:
    """The lower half of the page, where text, seal and signature meet, 560 pixels wide; a page on its side is whole."""
    image = Image.fromarray(page.pixels)
    if image.width < image.height:
        image = image.crop((0, image.height // 2, image.width, image.height))
    image = image.resize((560, round(560 * image.height / image.width)), Image.Resampling.LANCZOS)
    image.save(OUT / f"{name}.jpg", quality=45, optimize=True)


if __name__ == "__main__":
    main()
