"""A dossier changes hands before four people at four windows: who prepares, who approves, who receives, who sees nothing."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, select

from oms import accounts, db, search
from oms.models import Dossier, Page, Transfer, TransferState
from oms.settings import Settings
from tests import factories
from tests.factories import World
from tests.journeys.conftest import Desk
from tests.journeys.test_main_job import file_pages, label_of

pytestmark = pytest.mark.browser

NAME = "Nguyễn Thị Hòa"


@pytest.fixture
def dossier(engine: Engine, settings: Settings, world: World) -> Dossier:
    """The dossier of Nguyễn Thị Hòa with Sở Nội vụ: two documents, and a scan that nobody has filed yet."""
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        made = factories.make_dossier(session, world.units["sonv"], NAME)
        for title in ("Quyết định bổ nhiệm", "Bằng tốt nghiệp"):
            scan = factories.make_scan(session, made, officer.account_id, (f"{title} trang một", "trang hai"))
            factories.make_document(session, made, scan, title=title, actor=officer)
        factories.make_scan(session, made, officer.account_id, ("GIẤY KHAI SINH",))
    search.rebuild(engine, settings)
    return made


def assert_sees_nothing(desk: Desk, dossier: Dossier, path: str, page_id: str) -> None:
    """Not by an address that was copied, not by searching: every answer is the one of what does not exist."""
    for address in (f"/dossiers/{dossier.id}", f"/people/{dossier.person_id}", f"/pages/{page_id}", path):
        assert not address or desk.go(address) == 404, address
    desk.go("/")
    assert desk.search("nguyen thi hoa").count() == 0


def test_a_dossier_changes_hands_before_four_windows(
    desk_of: Callable[..., Desk], engine: Engine, dossier: Dossier
) -> None:
    officer, head = desk_of("canbo.sonv"), desk_of("bithu.sonv")
    receiver, stranger = desk_of("canbo.khoi"), desk_of("canbo.sotc")
    with db.reading(engine) as session:
        page_id = str(session.scalars(select(Page.id)).first())

    # Prepared without proof, with a page in no document: two red lines, each with its cure.
    officer.go(f"/transfers/new?dossier={dossier.id}")
    officer.page.select_option("select[name=unit]", label=label_of(officer, "Ban Tổ chức"))
    officer.page.fill("textarea[name=reason]", "Điều động theo Quyết định số 214-QĐ/ĐUK")
    officer.page.locator("main form button[type=submit], main form button:not([type])").last.click()
    officer.page.wait_for_url(re.compile(r"/transfers/[0-9a-f]{16}"))
    path = officer.page.url.removeprefix(officer.address)
    red = officer.page.locator(".readiness li", has_text="Chưa đạt")
    expect(red).to_have_count(2)
    officer.keep_picture("four-1-red")
    red.locator("a").first.click()
    officer.page.wait_for_url(re.compile(r"/review"))
    officer.page.locator("main a[href*='/review/']").first.click()
    file_pages(officer, "Giấy khai sinh", "02/03/1985")
    officer.go(path)
    officer.page.locator("details", has=officer.page.locator("input[name=basis_number]")).locator("summary").click()
    officer.page.fill("input[name=basis_number]", "214-QĐ/ĐUK")
    officer.page.fill("input[name=basis_on]", "20/11/2026")
    officer.page.locator("form[action$='/proof'] button").last.click()
    officer.page.wait_for_load_state()
    expect(red).to_have_count(0)
    officer.keep_picture("four-2-cured")

    # Approved by another person; on its way the receiver sees the list only, the stranger nothing.
    officer.take_step(path, "submit")
    assert receiver.go(path) == 404, "not before it is sent"
    head.take_step(path, "approve")
    officer.take_step(path, "dispatch")
    assert receiver.go(f"/dossiers/{dossier.id}") == 404
    assert_sees_nothing(stranger, dossier, path, page_id)

    # Checked line by line: one document did not come.
    receiver.go(path)
    missing = receiver.page.locator("form.check-line").nth(1)
    missing.locator("select[name=outcome]").select_option("missing")
    missing.locator("input[name=note]").fill("không thấy trong bì")
    missing.locator("button").click()
    receiver.page.wait_for_load_state()
    receiver.page.locator("form[action$='/checks/rest'] button").click()
    receiver.page.wait_for_load_state()
    receiver.keep_picture("four-3-checked")

    # The old window stands on the open dossier while the other side accepts.
    assert officer.go(f"/dossiers/{dossier.id}") == 200
    receiver.take_step(path, "accept-with-reservations", "Thiếu 01 tài liệu so với danh mục")
    answer = officer.page.reload()
    assert answer is not None and answer.status == 404, "in the same second"
    assert_sees_nothing(officer, dossier, "", page_id)
    assert_sees_nothing(head, dossier, "", page_id)
    assert_sees_nothing(stranger, dossier, path, page_id)
    assert receiver.go(f"/dossiers/{dossier.id}") == 200
    assert receiver.search("nguyen thi hoa").count() >= 1

    # Who sent it settles what was missing; both sides read how.
    officer.go(path)
    settling = officer.page.locator("form[action*='/discrepancies/']")
    officer.page.locator("details", has=settling).locator("summary").click()
    settling.locator("input[name=how]").fill("Đã gửi bổ sung kèm công văn số 31-CV/ĐU")
    settling.locator("button").last.click()
    officer.page.wait_for_load_state()
    receiver.go(path)
    expect(receiver.page.locator("main")).to_contain_text("Đã gửi bổ sung kèm công văn số 31-CV/ĐU")
    receiver.keep_picture("four-4-settled")
    with db.reading(engine) as session:
        transfer = session.scalars(select(Transfer)).one()
        assert transfer.state == TransferState.ACCEPTED_WITH_RESERVATIONS
        assert transfer.dossier.custodian_id == transfer.to_unit_id
