"""Suggestions, "did you mean" and files over the API: the same rights, limits and entries as on the pages."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from limits import parse
from openpyxl import load_workbook
from sqlalchemy import Engine, select

from oms import db, limits, search
from oms.models import AuditEntry, AuditWords
from oms.settings import Settings
from tests import factories
from tests.api.conftest import Caller
from tests.factories import World

Callers = Callable[[str], Caller]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def number(engine: Engine, settings: Settings, world: World) -> str:
    """Number of the dossier of Sở Nội vụ; Sở Tài chính has one with a name of its own."""
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa").number
        factories.make_dossier(session, world.units["sotc"], "Canarius Hồ Sơn Ca")
    search.rebuild(engine, settings)
    return made


def entries(engine: Engine, action: str) -> list[tuple[str, str | None]]:
    with db.reading(engine) as session:
        rows = select(AuditEntry.outcome, AuditWords.words).outerjoin(AuditWords, AuditWords.seq == AuditEntry.seq)
        return [tuple(r) for r in session.execute(rows.where(AuditEntry.action == action).order_by(AuditEntry.seq))]


def test_suggestions_are_of_what_may_be_seen(caller: Callers, number: str, engine: Engine) -> None:
    officer = caller("canbo.sonv")
    answer = officer.get("search/suggest?q=hoa").get_json()
    (found,) = answer["items"]
    assert (found["kind"], found["text"], answer["total"]) == ("person", "Nguyễn Thị Hòa", 1)
    assert number in found["note"]
    assert officer.get("search/suggest?q=canari").get_json()["items"] == []
    assert entries(engine, "search:suggest") == [("done", "hoa")]
    assert caller("canbo.sotc").get("search/suggest?q=canari").get_json()["total"] == 1


def test_did_you_mean(caller: Callers, number: str) -> None:
    assert "nguy" in caller("canbo.sonv").get("search?q=nguyeen").get_json()["respelled"]
    assert caller("canbo.sonv").get("search?q=canariuss").get_json()["respelled"] == ""
    assert caller("canbo.sotc").get("search?q=canariuss").get_json()["respelled"] == "canarius"


def test_a_file_needs_a_purpose_and_is_written_down(caller: Callers, number: str, engine: Engine) -> None:
    officer = caller("canbo.sonv")
    assert officer.get("search/export?q=hoa").get_json()["fields"] == ["purpose"]
    assert officer.get("search/export?q=hoa&purpose=+").status_code == 422
    assert officer.get("search/export?q=canarius&purpose=x").status_code == 422, "nothing found, nothing to take"
    assert entries(engine, "search:export") == []
    answer = officer.get("search/export?q=hoa&purpose=report")
    assert answer.content_type == XLSX and "attachment" in answer.headers["Content-Disposition"]
    assert number in {cell for row in load_workbook(io.BytesIO(answer.data)).worksheets[0].values for cell in row}
    assert entries(engine, "search:export") == [("done", "report · hoa")]


@pytest.mark.parametrize("address", ["search/suggest?q=hoa", "search/export?q=hoa&purpose=x"])
def test_who_may_not_search_cannot(caller: Callers, number: str, address: str) -> None:
    assert caller("").get(address).status_code == 401
    for username in ("quantri", "kiemtra.khoi", "nguoilaodong.sonv"):
        answer = caller(username).get(address)
        assert answer.status_code == 403 and "Hòa" not in answer.text


@pytest.mark.parametrize(
    ("action", "address"),
    [
        ("search:find", "search?q=hoa"),
        ("search:suggest", "search/suggest?q=hoa"),
        ("search:export", "search/export?q=hoa&purpose=x"),
    ],
)
def test_limits_count_pages_and_api_together(
    app: Flask,
    caller: Callers,
    client_as: Callable,
    number: str,
    action: str,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app.config.update(RATELIMIT_ENABLED=True)
    monkeypatch.setitem(limits.LIMITS, action, parse("2 per hour"))
    page = client_as("canbo.sonv")
    if action == "search:export":
        page.post("/search/export?q=hoa", data={"purpose": "x"})
    else:
        page.get("/search?q=hoa" if action == "search:find" else "/search/suggestions?q=hoa")
    officer = caller("canbo.sonv")
    answers = [officer.get(address) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].content_type == "application/problem+json" and int(answers[1].headers["Retry-After"]) >= 1
