"""The conditions a page is put through for measuring."""

import numpy as np
import pytest

from oms.specimens.faults import CONDITIONS, spoil

PAGE = np.full((400, 300, 3), 250, np.uint8)
PAGE[100:110, 50:250] = PAGE[150:160, 50:250] = 20


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_is_the_same_for_the_same_seed_and_keeps_the_page_readable(condition):
    first, second = (spoil(PAGE, condition, np.random.default_rng(5)) for _ in range(2))
    assert (first.pixels == second.pixels).all()
    assert first.pixels.dtype == np.uint8
    assert max(first.pixels.shape) == (300 if first.dpi == 150 else 400)
    assert first.pixels.min() < 150 < 200 < first.pixels.max()
    assert (first.quality is None) == (set(np.unique(first.pixels)) == {0, 255})


def test_the_back_shows_through_mirrored():
    back = np.full_like(PAGE, 250)
    back[300:320, 20:100] = 0
    seen = spoil(PAGE, "bleed", np.random.default_rng(5), back).pixels.mean(axis=2)
    assert seen[310, 240] < 200 < seen[310, 60]
