"""Reorganisations by API: list, plan, dry run and steps; the same rules and the same log as on the pages."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from oms import accounts, db, jobs, reorganisation
from oms.models import AuditEntry, Dossier, Reorganisation
from oms.settings import Settings
from oms.worker import Worker
from tests import factories
from tests.api.conftest import Caller
from tests.factories import World
from tests.test_reorganisation import DECISION, MERGER

Callers = Callable[[str], Caller]


@pytest.fixture
def number(engine: Engine, world: World) -> str:
    """A plan that merges Sở Nội vụ, with a dossier, into Sở Tài chính."""
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
        officer = accounts.get_actor(session, "canbo.khoi", via="api")
        return reorganisation.draft(session, MERGER, **DECISION, actor=officer).number


def acts(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        query = select(AuditEntry.action).where(
            AuditEntry.action.like("reorganisation:%"), AuditEntry.outcome == "done"
        )
        return [action.removeprefix("reorganisation:") for action in session.scalars(query.order_by(AuditEntry.seq))]


def test_a_plan_goes_its_way_by_api(
    caller: Callers, engine: Engine, settings: Settings, world: World, number: str
) -> None:
    officer, head, at = caller("canbo.khoi"), caller("truongban.khoi"), f"reorganisations/{number}"
    assert [one["number"] for one in officer.get("reorganisations").get_json()["items"]] == [number]
    told = officer.post(f"{at}/try", {}).get_json()
    assert told["counts"]["dossiers"] == 1 and told["blockers"] == [] and told["rights"]["canbo.sotc"] == [1, 0]
    shown = officer.get(at).get_json()
    assert shown["changes"] == MERGER and shown["tried"] == told and shown["report"] is None
    assert officer.post(f"{at}/submit", {"version": shown["version"]}).status_code == 200
    assert officer.post(f"{at}/submit", {"version": shown["version"]}).status_code == 409
    assert officer.post(f"{at}/approve", {}).status_code == 403
    assert head.post(f"{at}/approve", {}).get_json()["state"] == "approved"
    assert head.post(f"{at}/execute", {}).get_json()["execution"] == "queued"
    with db.reading(engine) as session:
        waiting = jobs.waiting(session, ["reorganise"])
    for job_id in waiting:
        Worker(engine, settings).run(job_id)
    done = head.get(at).get_json()
    assert (done["state"], done["report"]["counts"]["dossiers"], done["execution"]) == ("executed", 1, None)
    assert head.post(f"{at}/undo", {"reason": "Quyết định bị thu hồi"}).get_json()["state"] == "undone"
    with db.reading(engine) as session:
        assert session.scalars(select(Dossier.custodian_id)).one() == world.units["sonv"]
    assert acts(engine) == [
        "draft",
        "list",
        "dry_run",
        "view",
        "submit",
        "approve",
        "order",
        "execute",
        "view",
        "undo",
    ]


@pytest.mark.parametrize("username", ["canbo.sonv", "bithu.sonv"])
def test_other_units_learn_of_nothing(caller: Callers, engine: Engine, number: str, username: str) -> None:
    stranger, at = caller(username), f"reorganisations/{number}"
    assert stranger.get("reorganisations").get_json()["items"] == []
    assert stranger.get(at).status_code == stranger.get("reorganisations/SX-2026-999").status_code == 404
    for step in ("try", "submit", "approve", "execute", "undo", "reopen", "cancel"):
        assert stranger.post(f"{at}/{step}", {"reason": "x"}).status_code in (403, 404)
    assert set(acts(engine)) <= {"draft", "list"}
    with db.reading(engine) as session:
        assert session.scalars(select(Reorganisation.state)).one() == "draft"


def test_there_is_no_other_step(caller: Callers, number: str) -> None:
    assert caller("canbo.khoi").post(f"reorganisations/{number}/dance", {}).status_code == 404
