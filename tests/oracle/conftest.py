"""The canary organisation, built once for the tests of this folder."""

from collections.abc import Iterator

import pytest

from oms import search
from tests.conftest import POSTGRESQL
from tests.oracle.asking import Cell, House, cells, open_house, sample


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The whole program on the canary organisation."""
    if POSTGRESQL:
        pytest.skip("a database file is put back after each question: SQLite only")
    opened = open_house(tmp_path_factory.mktemp("oracle"))
    yield opened
    opened.engine.dispose()
    search._engine_at.cache_clear()


@pytest.fixture(scope="session")
def asked(house: House) -> dict[str, list[Cell]]:
    """By address, for each role one of its things: the same questions in each run."""
    found: dict[str, list[Cell]] = {}
    for cell in sample(list(cells(house.app, house.organisation)), 1, "1"):
        found.setdefault(cell.endpoint, []).append(cell)
    return found
