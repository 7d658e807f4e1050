"""No page shows a button or a link that may not be pressed: what the oracle refuses is not offered either."""

import pytest

from tests.oracle.addresses import RULES
from tests.oracle.asking import Cell, House
from tests.oracle.buttons import closed_buttons


@pytest.mark.parametrize("endpoint", sorted(name for name in RULES if not name.startswith(("api", "static"))))
def test_what_may_not_be_pressed_is_not_shown(house: House, pages: dict[str, list[Cell]], endpoint: str) -> None:
    wrong = []
    for cell in pages.get(endpoint, ()):
        answer = house.ask(cell.who, "GET", cell.address)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            shown = closed_buttons(house, cell.who, answer.get_data(as_text=True))
            wrong += [f"{cell.who} {cell.address} [{cell.kind}/{cell.corner}] shows {one}" for one in shown]
    assert wrong == []
