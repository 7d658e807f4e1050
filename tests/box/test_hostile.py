"""Files that mean no good: each ends in an answer with words, leaves nothing behind, and a good one is served next."""

from pathlib import Path

import pytest

from oms import intake, staging
from oms.errors import FileRefused, LockedFile
from oms.specimens import hostile

# These keep a processor busy up to the limit: `python bench/hostile.py` gives them in.
SLOW = {"flate bomb.pdf", "endless draws.pdf", "comment bomb.png"}
QUICK = [name for name in hostile._DRAWN if name not in SLOW]


@pytest.mark.parametrize("name", QUICK)
def test_what_becomes_of_it(settings, name: str) -> None:
    fate, draw = hostile._DRAWN[name]
    try:
        arrival = intake.arrive(settings, [draw()], name)
        intake.discard(arrival)
        came = hostile.OK
    except LockedFile:
        came = hostile.LOCKED
    except FileRefused as refusal:
        came = hostile.REFUSED
        assert "%(name)s" in refusal.message, "said in a sentence of ours"
    assert came == fate or fate == hostile.EITHER
    assert list(staging.folder(settings).iterdir()) == [] and not Path(hostile.TRACE).exists()
