"""Pages of the audit log: for inspectors only, narrow, and never a way into a dossier."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import audit, db
from oms.models import AuditEntry
from tests import factories
from tests.factories import World
from tests.test_audit import without_triggers

ClientAs = Callable[[str], FlaskClient]


@pytest.fixture
def log(engine: Engine, world: World, actor) -> str:
    """Some acts on a dossier of Sở Nội vụ and one search; the number of the dossier."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Trần Bí Danh")
        audit.record(session, "dossier:view", dossier, actor=actor("canbo.sonv"))
        audit.record(session, "search:find", actor=actor("canbo.sotc"), words="tran bi <danh>", total=0)
        audit.record(session, "dossier:read", dossier, actor=actor("canbo.soyt"), outcome="refused")
        return dossier.number


def entries(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        return [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.seq)]


def test_the_inspector_reads_words_and_numbers_but_no_content(log: str, client_as: ClientAs, engine: Engine) -> None:
    client = client_as("kiemtra.khoi")
    before = entries(engine)
    page = client.get("/audit").get_data(as_text=True)
    assert log in page and "canbo.sonv" in page and "tran bi &lt;danh&gt;" in page
    assert "Trần Bí Danh" not in page
    assert entries(engine) == [*before, "audit:list"]
    entry = client.get("/audit/1").get_data(as_text=True)
    assert log in entry and "dossier:view" in entry and "Trần Bí Danh" not in entry
    assert entries(engine)[-1] == "audit:view"
    assert client.get(f"/dossiers/{log}").status_code == 404


@pytest.mark.parametrize(
    ("query", "found", "not_found"),
    [
        ({"dossier": "{number}"}, "canbo.sonv", "canbo.sotc"),
        ({"username": "canbo.sotc"}, "tran bi", "canbo.soyt"),
        ({"action": "search:find"}, "tran bi", "canbo.soyt"),
        ({"outcome": "refused"}, "canbo.soyt", "canbo.sotc"),
    ],
)
def test_filters(log: str, client_as: ClientAs, query: dict[str, str], found: str, not_found: str) -> None:
    asked = {key: value.format(number=log) for key, value in query.items()}
    rows = client_as("kiemtra.khoi").get("/audit", query_string=asked).get_data(as_text=True).split("<tbody>")[1]
    assert found in rows and not_found not in rows


def test_a_day_that_is_none_is_told_and_does_not_hide_entries(log: str, client_as: ClientAs) -> None:
    page = client_as("kiemtra.khoi").get("/audit?first=31/02/2026&last=2026").get_data(as_text=True)
    assert page.count('aria-invalid="true"') == 2
    assert log in page
    assert "<tbody>" not in client_as("kiemtra.khoi").get("/audit?last=01/01/2020").get_data(as_text=True)


def test_older_entries_are_one_click_away(log: str, client_as: ClientAs, engine: Engine) -> None:
    with db.writing(engine) as session:
        for number in range(60):
            audit.record(session, "dossier:list", actor=None, total=number)
    client = client_as("kiemtra.khoi")
    page = client.get("/audit").get_data(as_text=True)
    older = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert log not in page.split("<tbody>")[1]
    assert log in client.get("/audit" + older).get_data(as_text=True)


def test_the_chain_on_demand(log: str, client_as: ClientAs, engine: Engine) -> None:
    client = client_as("kiemtra.khoi")
    assert "notice-success" in client.get("/audit/verify").get_data(as_text=True)
    assert entries(engine)[-1] == "audit:verify"
    with without_triggers(engine) as session:
        session.get_one(AuditEntry, 2).outcome = "refused"
    page = client.get("/audit/verify").get_data(as_text=True)
    assert "notice-danger" in page and "2" in page.split("notice-danger")[1]


@pytest.mark.parametrize("username", ["canbo.sonv", "truongban.khoi", "quantri", "nguoilaodong.sonv"])
def test_nobody_else_reads_the_log(log: str, client_as: ClientAs, engine: Engine, username: str) -> None:
    client = client_as(username)
    for address in ("/audit", "/audit/1", "/audit/verify"):
        answer = client.get(address)
        assert answer.status_code == 403 and log not in answer.get_data(as_text=True)
    with db.reading(engine) as session:
        last = session.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
        assert last is not None and (last.action, last.outcome) == ("audit:read", "refused")


def test_an_entry_that_is_not_there(log: str, client_as: ClientAs) -> None:
    assert client_as("kiemtra.khoi").get("/audit/999999").status_code == 404
    assert client_as("kiemtra.khoi").get(f"/audit/{10**30}").status_code == 404
    assert client_as("kiemtra.khoi").get(f"/audit?before={10**30}").status_code == 200
    assert client_as("kiemtra.khoi").get("/audit?before=x&dossier=%00").status_code == 200
