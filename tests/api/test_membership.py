"""Membership moves by API: one entry for each look and change, and nothing for those it does not concern."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from oms import db
from oms.models import Category
from tests import factories
from tests.api.conftest import Caller
from tests.api.test_contract import entries_of
from tests.factories import World

Callers = Callable[[str], Caller]
WISH = {"kind": "official", "basis_number": "214-QĐ/ĐUK", "basis_on": "2026-06-01", "reason": "Điều động"}


@pytest.fixture
def dossier(engine: Engine, world: World) -> str:
    """The number of a member dossier of Sở Nội vụ."""
    with db.writing(engine) as session:
        return factories.make_dossier(session, world.units["sonv"], category=Category.PARTY_MEMBER).number


def test_a_move_by_api_from_start_to_the_issue(caller: Callers, engine: Engine, dossier: str) -> None:
    officer, head, board = caller("canbo.sonv"), caller("bithu.sonv"), caller("truongban.khoi")
    made = officer.post("membership-moves", WISH | {"dossier": dossier, "to": "sotc"})
    assert made.status_code == 201, made.get_json()
    number = made.get_json()["number"]
    address = f"membership-moves/{number}"
    assert made.headers["Location"].endswith(address) and made.get_json()["steps"] == ["submit", "cancel"]
    stranger = caller("canbo.sotc")
    missing = stranger.get("membership-moves/SH-2026-9999")
    assert stranger.get(address).status_code == missing.status_code == 404
    assert stranger.get(address).data == missing.data
    assert entries_of(engine, lambda: officer.post(f"{address}/submit", {})) == [("membership:submit", "done")]
    assert entries_of(engine, lambda: officer.post(f"{address}/sign", {})) == [("membership:read", "refused")]
    assert entries_of(engine, lambda: head.post(f"{address}/sign", {})) == [("membership:sign", "done")]
    assert board.post(f"{address}/sign", {}).get_json()["state"] == "under_way"
    shown = stranger.get(address).get_json()
    assert [box["unit"]["code"] for box in shown["boxes"]] == ["sonv", "btc", "sotc"]
    assert [box["signer"] for box in shown["boxes"]] == ["Tài khoản bithu.sonv", "Tài khoản truongban.khoi", None]
    assert [one["number"] for one in stranger.get("membership-moves?state=open").get_json()["items"]] == [number]
    assert stranger.post(f"{address}/confirm", {}).status_code == 409, "the dossier has not come"


@pytest.mark.parametrize("wrong", [{"kind": "abroad"}, {"to": "sonv"}, {"basis_on": "2099-01-01"}, {"reason": " "}])
def test_a_move_the_rules_do_not_know_is_refused(caller: Callers, engine: Engine, dossier: str, wrong) -> None:
    officer = caller("canbo.sonv")
    assert officer.post("membership-moves", WISH | {"dossier": dossier, "to": "sotc"} | wrong).status_code in (400, 422)
    assert officer.get("membership-moves").get_json()["items"] == []
