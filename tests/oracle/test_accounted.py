"""AT-2 and AT-3 over a share of all addresses; the whole is `python bench/audit_run.py`."""

from collections.abc import Iterator

import pytest

from tests.oracle.accounted import Account, ask_all, ask_with_a_full_log
from tests.oracle.asking import Cell, House, cells, sample
from tests.oracle.oracle import BARRED, IN
from tests.recording import Recorder

WHO = ("canbo.sonv", "bithu.sonv", "kiemtra.khoi", "nguoilaodong.sonv", "quantri")


@pytest.fixture(scope="module")
def recorder(house: House) -> Iterator[Recorder]:
    made = Recorder()
    house.engine.dispose()  # connections opened before would not be listened to
    made.start()
    yield made
    made.stop()
    house.engine.dispose()


@pytest.fixture(scope="module")
def open_to(house: House, asked: dict[str, list[Cell]]) -> list[Cell]:
    """Of each address one thing that is let in, in the names of five people; and a part of what is refused."""
    every = cells(house.app, house.organisation, nothing=False)
    let_in = [cell for cell in every if cell.who in WHO and cell.expected in (IN, BARRED)]
    refused = [cell for some in asked.values() for cell in some if cell.expected not in (IN, BARRED)]
    changing = [cell for cell in let_in if cell.method != "GET" and cell.who == WHO[0]]
    return [
        *sample([cell for cell in let_in if cell.method == "GET"], 1, "at2"),
        *sample(changing, 1, "at2"),
        *refused[::40],
    ]


def test_what_is_shown_or_changed_has_its_entry(recorder: Recorder, house: House, open_to: list[Cell]) -> None:
    account = Account()
    ask_all(recorder, house, open_to, account)
    assert account.found == []
    assert account.shown > 150 and account.changed > 5, "too little happened to prove anything"


def test_with_a_full_log_nothing_is_shown_and_nothing_is_done(
    recorder: Recorder, house: House, open_to: list[Cell]
) -> None:
    account = Account()
    ask_with_a_full_log(recorder, house, open_to[::3], account)
    assert account.found == []
