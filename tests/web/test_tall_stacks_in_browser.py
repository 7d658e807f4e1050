"""A stack of more files than the hour allows goes in by itself: the page waits, says how long, and loses nothing."""

from collections.abc import Iterator

import pytest
from flask import Flask
from limits import parse
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect
from sqlalchemy import Engine, func, select

from oms import db, intake, limits
from oms.models import Dossier, Scan
from oms.permissions import Actor
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.browser
FILES = [
    {
        "name": f"tờ {number}.png",
        "mimeType": "image/png",
        "buffer": factories.png_of(factories.draw_page(f"TỜ {number}", size=(310, 440))),
    }
    for number in range(6)
]


@pytest.fixture
def intake_tab(tab: Tab, engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    """The upload page of a dossier; the look for marks of secrecy has tests of its own."""
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))
    with db.writing(engine) as session:
        dossier_id = factories.make_dossier(session, world.units["sonv"]).id
    tab.clock.install()
    tab.goto(f"/intake?dossier={dossier_id}")
    return tab


def scans(engine: Engine) -> int:
    with db.reading(engine) as session:
        return session.scalar(select(func.count()).select_from(Scan).join(Dossier)) or 0


def test_a_tall_stack_waits_in_words_and_goes_on_by_itself(
    intake_tab: Tab, app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["RATELIMIT_ENABLED"] = True

    def take_of(database: Engine, action: str, _an_hour: int, *, actor: Actor) -> None:
        limits.take_at(database, action, actor.account_id, parse("2 per 2 seconds"))

    monkeypatch.setattr(limits, "take_of", take_of)
    refused = []
    intake_tab.on("response", lambda answer: refused.append(answer.status) if answer.status == 429 else None)
    intake_tab.set_input_files("input[type=file]", FILES)
    expect(intake_tab.locator("[data-upload-wait]")).to_contain_text("by itself; leave this page open", timeout=60_000)
    for _ in range(90):
        intake_tab.clock.run_for(1000)
        if "0 to go" in intake_tab.locator(".upload-summary").inner_text():
            break
        intake_tab.wait_for_timeout(200)  # as long as an answer of the server takes
    expect(intake_tab.locator(".upload-summary")).to_have_text(
        "6 received, 0 already here, 0 refused, 0 to be decided, 0 to go"
    )
    assert refused and scans(engine) == len(FILES)
    expect(intake_tab.locator("[data-upload-wait]")).to_be_hidden()


def test_while_it_waits_for_long_the_session_stays_and_a_day_is_not_waited_for(intake_tab: Tab, engine: Engine) -> None:
    answers = [1805, 20_000]

    def refuse(route: Route) -> None:
        if not answers:
            route.continue_()
            return
        detail = '{"state": "refused", "message": "The limit is reached."}'
        route.fulfill(status=429, headers={"Retry-After": str(answers.pop(0))}, body=detail)

    kept: list[str] = []
    intake_tab.on("request", lambda asked: kept.append(asked.url) if asked.method == "POST" else None)
    intake_tab.route("**/scans", refuse)
    intake_tab.set_input_files("input[type=file]", FILES[:1])
    waiting = intake_tab.locator("[data-upload-wait]")
    expect(waiting).to_contain_text("30 minutes 5 seconds")
    expect(intake_tab.locator(".upload-file .status")).to_have_text("waiting")
    intake_tab.clock.run_for(1200 * 1000)
    expect(waiting).to_contain_text("10 minutes 5 seconds")
    assert sum("/account/session" in url for url in kept) >= 4, "idle sessions end after fifteen minutes"
    intake_tab.clock.run_for(606 * 1000)
    expect(intake_tab.locator(".upload-summary")).to_contain_text("1 refused, 0 to be decided, 0 to go")
    expect(intake_tab.locator(".upload-message")).to_contain_text("The limit is reached.")
    expect(waiting).to_be_hidden()
    intake_tab.set_input_files("input[type=file]", FILES[1:2])
    expect(intake_tab.locator(".upload-summary")).to_contain_text("1 received", timeout=60_000)
    assert scans(engine) == 1
