"""What a page is asked about by its query and not by its address is asked about all the same."""

import pytest

from tests.oracle.asking import House

# who asks which page about what: they may read it, and may not do there what the page is for
ASKED = [
    ("canbo.sonv", "cover_sheets.ask", "dossier", "held"),
    ("canbo.sonv", "cover_sheets.ask", "dossier", "closed"),
    ("canbo.sonv", "transfers.new", "dossier", "held"),
    ("canbo.sonv", "transfers.new", "dossier", "under_way"),
    ("canbo.sotc", "packages.new", "transfer", "under_way"),
    ("bithu.sotc", "packages.new", "transfer", "under_way"),
]


@pytest.mark.parametrize(("who", "endpoint", "kind", "corner"), ASKED)
def test_what_is_named_in_the_query_is_asked_about(
    house: House, who: str, endpoint: str, kind: str, corner: str
) -> None:
    page = house.app.url_map.bind("localhost").build(endpoint)
    id, other = (house.organisation.things[kind][one] for one in (corner, "other"))
    assert house.ask(who, "GET", f"{page}?{kind}={id}").status_code == 403
    stranger = "canbo.soyt"
    assert house.ask(stranger, "GET", f"{page}?{kind}={other}").status_code == 404
