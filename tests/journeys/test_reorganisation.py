"""A decision merges one unit and splits another, in a real browser: written, tried out, approved, carried out, undone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from oms import db
from oms.models import Dossier, UnitKind
from tests import factories
from tests.factories import PASSWORD, World
from tests.journeys.conftest import PATIENCE, TELEPHONE, Desk
from tests.web.test_confirming import grow_old

pytestmark = pytest.mark.browser


@pytest.fixture
def bloc(engine: Engine, world: World) -> str:
    """Sixty more units to choose from, and a dossier of Sở Nội vụ; its id."""
    with db.writing(engine) as session:
        for number in range(1, 61):
            unit = factories.make_unit(
                session, f"co_quan_{number}", UnitKind.GRASSROOTS_CELL, f"Chi bộ Cơ quan {number}"
            )
            unit.parent_id = world.units["khoi"]
        return factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa").id


def tick(desk: Desk, field: str, words: str, code: str) -> None:
    """Type without marks, tick the unit among the few that are left."""
    desk.page.locator(f"input[data-choices='{field}-choices']").fill(words)
    assert desk.page.locator(f"#{field}-choices li:visible").count() < 5
    desk.page.locator(f"#{field}-choices li:visible input[value={code}]").check()


def choose(desk: Desk, field: str, words: str) -> None:
    """Narrow a long list by typing without marks; the first that fits is chosen."""
    desk.page.locator(f"select[name={field}]").locator("xpath=preceding-sibling::input[1]").fill(words)


def save(desk: Desk) -> None:
    desk.page.locator("main form .form-actions button").last.click()
    desk.page.wait_for_load_state()


def press(desk: Desk, step: str, reason: str = "") -> None:
    """Take a step by its button; the password where it is asked."""
    form = desk.page.locator(f"form[action$='/{step}']").first
    if label := form.get_attribute("aria-label"):
        desk.page.locator(".steps summary").get_by_text(label, exact=True).click()
    if reason:
        form.locator("textarea[name=reason]").fill(reason)
    desk.keep_picture(f"reorganisation-{step}")
    form.locator("button").first.click()
    desk.page.wait_for_load_state()
    if desk.page.locator("[name=confirm_password]").count():
        desk.page.fill("[name=confirm_password]", PASSWORD)
        desk.page.locator("main form button").first.click()
        desk.page.wait_for_load_state()
    # The page that asks for the password, and the one that refuses an older page, are no faults of a script.
    desk.complaints[:] = [line for line in desk.complaints if "401" not in line and "409" not in line]


def test_a_decision_is_carried_out_in_the_browser_and_undone(
    desk_of: Callable[..., Desk], engine: Engine, bloc: str, world: World
) -> None:
    officer = desk_of("canbo.khoi")
    officer.page.get_by_role("link", name="Sắp xếp tổ chức").first.click()
    officer.page.get_by_role("link", name="Phương án mới").first.click()
    for field, value in (
        ("decision_number", "12-QĐ/TU"),
        ("decided_on", "20/02/2025"),
        ("decision_body", "Ban Thường vụ Tỉnh ủy"),
        ("effective_on", "01/03/2025"),
    ):
        officer.page.fill(f"[name={field}]", value)
    save(officer)
    officer.page.wait_for_url(re.compile(r"/reorganisations/[0-9a-f]{16}"))
    path = officer.page.url.removeprefix(officer.address).split("#")[0]

    officer.page.get_by_role("link", name="Thành lập đơn vị").click()
    officer.page.fill("[name=name]", "Đảng bộ cơ sở Sở Nội vụ và Tài chính")
    choose(officer, "parent", "dang bo khoi cap tren")
    save(officer)
    officer.page.get_by_role("link", name="Sáp nhập đơn vị").click()
    tick(officer, "from", "so noi vu", "sonv")
    tick(officer, "from", "so tai chinh", "sotc")
    expect(officer.page.locator("#from-choices-count")).to_have_text("Đã chọn 2")
    choose(officer, "to", "noi vu va tai chinh")
    officer.keep_picture("reorganisation-merge")
    save(officer)
    expect(officer.page.locator("#changes")).to_contain_text(
        "Hợp nhất Đảng bộ cơ sở Sở Nội vụ, Đảng bộ cơ sở Sở Tài chính"
    )

    officer.page.locator("form[action$='/try'] button").click()
    expect(officer.page.locator("#told")).to_contain_text("Không có gì vướng mắc")
    officer.keep_picture("reorganisation-tried")
    press(officer, "submit")

    head = desk_of("truongban.khoi")
    expect(head.page.locator("main")).to_contain_text("Phê duyệt phương án sắp xếp tổ chức")
    head.go(path)
    grow_old(engine)
    press(head, "approve")
    head.go(path)
    officer.go(path)
    press(head, "execute")
    expect(head.page.locator("#order")).to_contain_text("Đã thực hiện xong", timeout=PATIENCE)
    head.page.get_by_role("link", name="Xem báo cáo").click()
    expect(head.page.locator("#told")).to_contain_text("Ai, gì đã chuyển về đâu")
    head.keep_picture("reorganisation-report")
    with db.reading(engine) as session:
        assert session.get_one(Dossier, bloc).custodian_id not in set(world.units.values())

    # The officer's page is older than the execution: its button says so and does nothing.
    press(officer, "reopen", "Sửa lại tên")
    expect(officer.page.locator("main")).to_contain_text("Người khác vừa sửa nội dung này")

    telephone = desk_of("truongban.khoi", size=TELEPHONE)
    for address in ("/reorganisations", path):
        telephone.go(address)
        assert telephone.page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
    press(telephone, "undo", "Quyết định bị thu hồi")
    expect(telephone.page.locator("main")).to_contain_text("Đã hoàn nguyên")
    with db.reading(engine) as session:
        assert session.get_one(Dossier, bloc).custodian_id == world.units["sonv"]
