"""The page of the installation, and the two answers for those who watch from outside."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text

from oms import db, search
from oms.models import AuditEntry, Job, JobState, now
from oms.settings import Settings
from tests.factories import World

Browser = Callable[[str], FlaskClient]


def test_the_administrator_sees_parts_versions_and_failed_jobs(client_as: Browser, engine: Engine) -> None:
    with db.writing(engine) as session:
        session.add(
            Job(
                kind="read_scan",
                subject_id="c" * 16,
                state=JobState.FAILED,
                error="%(name)s is damaged.",
                error_values={"name": "ly-lich-Hoa.pdf"},
                finished_at=now(),
            )
        )
    client = client_as("quantri")
    page = client.get("/system").text
    for part in ("Database", "Disk", "Search index", "Last check", "Tesseract", "Prepare a scan", "c" * 16):
        assert part in page
    assert "ly-lich-Hoa" not in page and 'data-poll="/system"' in page
    client.get("/system", headers={"X-Requested-With": "poll"})
    with db.reading(engine) as session:
        looks = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "system:view")).all()
    assert len(looks) == 1


@pytest.mark.parametrize("username", ["canbo.sonv", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_nobody_else_does(client_as: Browser, username: str) -> None:
    answer = client_as(username).get("/system")
    assert answer.status_code == 403 and "Tesseract" not in answer.text


def test_healthy_and_ready_without_signing_in_and_without_details(client_as: Browser) -> None:
    client = client_as("")
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (200, "ok")


def test_whether_search_is_complete_is_told_without_details(
    client_as: Browser, engine: Engine, settings: Settings
) -> None:
    client = client_as("")
    assert (client.get("/searchz").status_code, client.get("/searchz").text) == (503, "not complete")
    search.rebuild(engine, settings)
    search.measure_index(engine, settings, "index", actor=None)
    assert (client.get("/searchz").status_code, client.get("/searchz").text) == (200, "ok")
    page = client_as("quantri").get("/system").text
    assert "0 of 0 pages missing from search" in page and "whoosh" in page


def test_a_database_of_another_version_is_not_ready(client_as: Browser, engine: Engine) -> None:
    client = client_as("")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 503)
    assert client.get("/readyz").text == "not ready"


def test_a_database_out_of_reach_is_not_ready(app: Flask, world: World, tmp_path) -> None:
    house = app.extensions["oms"]
    house.engine = db.connect(f"sqlite:///{tmp_path}/no/such/folder.sqlite3")
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready")
    assert app.test_client().get("/healthz").text == "ok"
