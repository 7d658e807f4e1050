"""An engine in a folder of its own: every acceptance test asks all of them."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from oms.search.interface import Engine
from oms.search.postings import Snapshot
from oms.search.whoosh_engine import WhooshEngine


def open_engine(name: str, folder: Path) -> Engine:
    """The engine of that name; a test is skipped where its package is not installed."""
    if name == "whoosh":
        return WhooshEngine(folder)
    pytest.importorskip("tantivy")
    from oms.search.tantivy_engine import TantivyEngine

    return TantivyEngine(folder)


def opened(engine: Engine) -> AbstractContextManager[Snapshot]:
    """The newest state of either engine."""
    snapshot = engine._snapshot()  # type: ignore[attr-defined]
    return snapshot if hasattr(snapshot, "__exit__") else nullcontext(snapshot)


@pytest.fixture(params=["whoosh", "tantivy"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty index, by each engine."""
    engine = open_engine(request.param, tmp_path / "index")
    engine.rebuild([])
    yield engine
    engine.close()


@pytest.fixture
def whoosh(tmp_path: Path) -> Iterator[WhooshEngine]:
    """An empty index by Whoosh."""
    engine = WhooshEngine(tmp_path / "index")
    engine.rebuild([])
    yield engine
    engine.close()


@pytest.fixture
def hurried() -> Iterator[None]:
    """Threads take turns 500 times as often as usual, so that a reader meets writers at every step."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 500)
    yield
    sys.setswitchinterval(usual)
