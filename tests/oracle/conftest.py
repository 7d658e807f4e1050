"""The canary organisation, built once for the tests of this folder."""

from collections.abc import Iterator

import pytest

from oms import search
from tests.conftest import POSTGRESQL
from tests.oracle.asking import House, open_house


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The whole program on the canary organisation."""
    if POSTGRESQL:
        pytest.skip("a database file is put back after each question: SQLite only")
    opened = open_house(tmp_path_factory.mktemp("oracle"))
    yield opened
    opened.engine.dispose()
    search._engine_at.cache_clear()
