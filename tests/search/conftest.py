"""An engine in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oms.search.whoosh_engine import WhooshEngine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[WhooshEngine]:
    """An empty index."""
    engine = WhooshEngine(tmp_path / "index")
    engine.rebuild([])
    yield engine
    engine.close()
