"""Campaigns by API: how far each unit is, whose supplement stands where, nothing of what others hold."""

from collections.abc import Callable

from oms import accounts, campaigns, db
from tests import factories
from tests.api.conftest import Caller
from tests.campaigns.acts import opening


def test_progress_and_declarations_by_api(engine, world, caller: Callable[[str], Caller]) -> None:
    with db.writing(engine) as session:
        for name in ("Hà Thị Mai", "Đỗ Văn Nam"):
            factories.make_dossier(session, world.units["sonv"], name)
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        number = campaigns.open_campaign(session, opening(world), actor=officer).number
    mine, stranger = caller("canbo.sonv"), caller("canbo.sotc")
    (line,) = mine.get("campaigns").get_json()["items"]
    assert (line["number"], line["progress"]["total"], line["progress"]["no_account"]) == (number, 2, 2)
    whole = mine.get(f"campaigns/{number}").get_json()
    assert [(row["unit"]["code"], row["states"]["not_started"]) for row in whole["units"]] == [("sonv", 2)]
    found = mine.get(f"campaigns/{number}/declarations?state=not_started&limit=1").get_json()
    assert [one["person"] for one in found["items"]] == ["Hà Thị Mai"] and found["next"]
    assert mine.get(f"campaigns/{number}/declarations?state=attested").get_json() == {"items": [], "next": None}
    assert stranger.get("campaigns").get_json()["items"] == []
    missing = stranger.get("campaigns/BS-1999-0001")
    assert missing.status_code == 404 and stranger.get(f"campaigns/{number}").data == missing.data
    assert stranger.get(f"campaigns/{number}/declarations").status_code == 404
