"""Corrections by API: the list, deciding and refusing; what another unit has does not exist."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from oms import accounts, db, procedures
from tests import factories
from tests.api.conftest import Caller
from tests.api.test_contract import entries_of
from tests.factories import World

Callers = Callable[[str], Caller]
DECISION = {"decision_number": "15-QĐ/ĐU", "decision_on": "2026-02-01"}


@pytest.fixture
def number(engine: Engine, world: World) -> str:
    """The number of a correction that waits for the head of Sở Nội vụ."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("GIẤY KHAI SINH",))
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        document = factories.make_document(session, dossier, scan, actor=officer)
        proposal = procedures.Proposal("home_town", "xã Hiệp Thạnh", "Giấy khai sinh ghi khác", document.id)
        return procedures.propose(session, dossier, proposal, actor=officer).number


def test_the_head_decides_by_api(caller: Callers, engine: Engine, number: str) -> None:
    officer, head = caller("canbo.sonv"), caller("bithu.sonv")
    (line,) = head.get("corrections?state=proposed").get_json()["items"]
    assert (line["number"], line["new_value"], line["decider"]) == (number, "xã Hiệp Thạnh", "managing_body")
    address = f"corrections/{number}"
    assert officer.get(address).get_json()["state"] == "proposed"
    assert entries_of(engine, lambda: officer.post(f"{address}/decide", DECISION)) == [("correction:decide", "refused")]
    assert entries_of(engine, lambda: head.post(f"{address}/decide", DECISION)) == [("correction:decide", "done")]
    assert officer.get(address).get_json()["decision_number"] == "15-QĐ/ĐU"
    assert head.post(f"{address}/refuse", {"reason": "Đã có quyết định"}).status_code == 409
    assert head.get("corrections?state=proposed").get_json() == {"items": [], "next": None}


def test_a_correction_of_another_unit_is_not_there(caller: Callers, number: str) -> None:
    stranger = caller("bithu.sotc")
    missing = stranger.get("corrections/DC-2026-9999")
    assert stranger.get(f"corrections/{number}").data == missing.data and missing.status_code == 404
    assert stranger.post(f"corrections/{number}/decide", DECISION).status_code == 404
    assert stranger.get("corrections").get_json()["items"] == []
    assert caller("bithu.sonv").post(f"corrections/{number}/decide", {"decision_number": ""}).status_code in (400, 422)
