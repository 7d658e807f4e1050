"""The canary organisation, built once for the tests of this folder."""

from collections.abc import Iterator

import pytest

from oms import search
from tests.conftest import POSTGRESQL
from tests.oracle.asking import Cell, House, cells, open_house, sample
from tests.oracle.oracle import BARRED, IN


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


@pytest.fixture(scope="session")
def pages(house: House) -> dict[str, list[Cell]]:
    """By address, the pages that are open to officers, heads and others, about two things each."""
    every = [
        cell
        for cell in cells(house.app, house.organisation, nothing=False)
        if cell.method == "GET" and cell.expected in (IN, BARRED) and not cell.address.startswith(("/api", "/static"))
    ]
    found: dict[str, list[Cell]] = {}
    for cell in sample(every, 2, "buttons"):
        found.setdefault(cell.endpoint, []).append(cell)
    return found
