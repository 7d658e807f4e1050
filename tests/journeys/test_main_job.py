"""The main job in a real browser: paper in, record found, dossier handed over, the log tells it all."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, select

from oms import db, search
from oms.models import AuditEntry, Document, Dossier, Page, Scan, ScanState
from oms.settings import Settings
from tests import factories
from tests.factories import World
from tests.journeys.conftest import TELEPHONE, Desk, wait_for

pytestmark = pytest.mark.browser

LINES = (
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Số: 15/QĐ-SNV",
    "QUYẾT ĐỊNH",
    "Về việc bổ nhiệm bà Nguyễn Thị Hòa",
    "giữ chức Trưởng phòng Tổng hợp từ ngày 02 tháng 3 năm 2019",
)


@pytest.fixture
def dossier(engine: Engine, settings: Settings, world: World) -> Dossier:
    """The dossier of Nguyễn Thị Hòa, held by Sở Nội vụ, and findable."""
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        factories.make_dossier(session, world.units["sotc"], "Trần Văn Bình")
    search.rebuild(engine, settings)
    return made


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """A scan of two pages."""
    path = tmp_path / "quyết định bổ nhiệm.pdf"
    path.write_bytes(
        factories.pdf_of(factories.draw_page(*LINES), factories.draw_page("Nơi nhận:", "Như Điều 3", "Lưu hồ sơ"))
    )
    return path


def wait_until_read(engine: Engine, dossier_id: str) -> Scan:
    def read() -> Scan | None:
        with db.reading(engine) as session:
            return session.scalar(select(Scan).where(Scan.dossier_id == dossier_id, Scan.state == ScanState.READ))

    found: Scan = wait_for(read, "the reading of the scan")
    return found


def test_paper_in_record_found_dossier_handed_over(
    desk_of: Callable[..., Desk], engine: Engine, dossier: Dossier, paper: Path, tmp_path: Path
) -> None:
    officer = desk_of("canbo.sonv")
    officer.keep_picture("1-start")

    # Paper in: one good file, the same once more, and one that is no scan at all.
    broken = tmp_path / "hỏng.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing more")
    officer.upload(dossier.id, paper, broken)
    officer.keep_picture("2-received")
    with db.reading(engine) as session:
        assert [scan.file_name for scan in session.scalars(select(Scan))] == [paper.name]
    officer.upload(dossier.id, paper)
    with db.reading(engine) as session:
        assert len(session.scalars(select(Scan)).all()) == 1

    # Read, and watched while it is being read.
    scan = wait_until_read(engine, dossier.id)
    officer.go(f"/scans/{scan.id}")
    officer.keep_picture("3-read")

    # Checked and filed.
    officer.go("/review")
    officer.keep_picture("4-queue")
    officer.page.locator(f"a[href*='/review/{scan.id}']").first.click()
    expect(officer.page.locator("#page-words")).to_contain_text("Nguyễn")
    officer.keep_picture("5-review")
    _correct(officer, "Nguyễn Thị Hòa", "Nguyễn Thị Hòa (đã đối chiếu)")
    file_pages(officer, "Quyết định bổ nhiệm Trưởng phòng", "02/03/2019")
    officer.keep_picture("6-filed")
    with db.reading(engine) as session:
        document = session.scalars(select(Document)).one()
        assert document.title == "Quyết định bổ nhiệm Trưởng phòng"
        assert session.scalars(select(Scan)).one().state == ScanState.FILED
        assert {page.document_id for page in session.scalars(select(Page))} == {document.id}

    # Found by a name typed without marks, on the page and by its number.
    for words in ("nguyen thi hoa", "15/QĐ-SNV", "quyet dinh bo nhiem"):
        wait_for(lambda words=words: officer.go("/") and officer.search(words).count(), f"a hit for {words}")
    officer.search("nguyen thi hoa")
    officer.keep_picture("7-found")
    officer.page.locator("li.hit a.hit-title").first.click()
    officer.page.wait_for_load_state()
    officer.go(f"/dossiers/{dossier.id}")
    expect(officer.page.locator("main")).to_contain_text("Quyết định bổ nhiệm Trưởng phòng")
    officer.keep_picture("8-dossier")

    # Handed over: prepared and sent by Sở Nội vụ, approved by its head, accepted by the Bloc.
    officer.go(f"/transfers/new?dossier={dossier.id}")
    officer.page.select_option("select[name=unit]", label=label_of(officer, "Ban Tổ chức"))
    officer.page.fill("textarea[name=reason]", "Theo Quyết định số 15/QĐ-SNV ngày 02/3/2019")
    officer.page.fill("input[name=basis_number]", "15/QĐ-SNV")
    officer.page.fill("input[name=basis_on]", "02/03/2019")
    officer.page.locator("main form button[type=submit], main form button:not([type])").last.click()
    officer.page.wait_for_url(re.compile(r"/transfers/[0-9a-f]{16}"))
    path = officer.page.url.removeprefix(officer.address)
    officer.take_step(path, "submit")
    head = desk_of("bithu.sonv")
    head.take_step(path, "approve")
    head.keep_picture("9-approved")
    officer.take_step(path, "dispatch")
    receiver = desk_of("canbo.khoi")
    assert receiver.go(f"/dossiers/{dossier.id}") == 404, "the receiver sees the list only"
    receiver.go(path)
    receiver.keep_picture("10-incoming")
    receiver.page.locator("form[action$='/checks/rest'] button").click()
    receiver.page.wait_for_load_state()
    receiver.take_step(path, "accept")
    receiver.keep_picture("11-accepted")

    # The Bloc has it; Sở Nội vụ has not, by any route.
    assert receiver.go(f"/dossiers/{dossier.id}") == 200
    assert receiver.search("nguyen thi hoa").count() >= 1
    with db.reading(engine) as session:
        page_id = session.scalars(select(Page.id)).first()
    for address in (
        f"/dossiers/{dossier.id}",
        f"/people/{dossier.person_id}",
        f"/scans/{scan.id}",
        f"/pages/{page_id}",
    ):
        assert officer.go(address) == 404, address
    officer.go("/")
    assert officer.search("nguyen thi hoa").count() == 0
    officer.keep_picture("12-gone")

    # And the log tells the whole story.
    inspector = desk_of("kiemtra.khoi")
    inspector.go("/audit")
    inspector.keep_picture("13-log")
    told = _story(engine, dossier.id)
    for act in ("scan:upload", "page:correct", "document:file", "transfer:new", "transfer:submit", "transfer:approve"):
        assert act in told
    assert told.index("transfer:dispatch") < told.index("transfer:accept")


def _correct(officer: Desk, before: str, after: str) -> None:
    details = officer.page.locator("details[data-correct]")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    text = officer.page.locator("textarea[name=text]")
    text.fill(text.input_value().replace(before, after))
    officer.page.locator("form[data-correct-form] button").click()
    officer.page.wait_for_load_state()
    expect(officer.page.locator("#page-words")).to_contain_text("đã đối chiếu")


def file_pages(officer: Desk, title: str, day: str) -> None:
    filing = officer.page.locator("form#filing")
    for box in filing.locator("input[name=pages]").all():
        box.check()
    choices = filing.locator("select[name=component] option").evaluate_all("options => options.map(o => o.value)")
    filing.locator("select[name=component]").select_option(next(value for value in choices if value))
    filing.locator("input[name=title]").fill(title)
    filing.locator("input[name=issued_on]").fill(day)
    officer.page.locator("[data-confirm]").click()
    officer.page.wait_for_load_state()


def label_of(officer: Desk, part: str) -> str:
    labels = officer.page.locator("select[name=unit] option").all_inner_texts()
    return next(label.strip() for label in labels if part in label)


def _story(engine: Engine, dossier_id: str) -> list[str]:
    with db.reading(engine) as session:
        return list(
            session.scalars(
                select(AuditEntry.action)
                .where(AuditEntry.dossier_id == dossier_id, AuditEntry.outcome == "done")
                .order_by(AuditEntry.seq)
            )
        )


@pytest.mark.parametrize("size", [TELEPHONE], ids=["telephone"])
def test_every_page_fits_a_telephone(desk_of: Callable[..., Desk], dossier: Dossier, size: dict[str, int]) -> None:
    officer = desk_of("canbo.sonv", size=size)
    for path in (
        "/",
        "/people",
        f"/people/{dossier.person_id}",
        f"/dossiers/{dossier.id}",
        "/intake",
        "/review",
        "/search?q=hoa",
        "/transfers",
        "/units",
        "/account",
    ):
        assert officer.go(path) == 200
        width = officer.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{path} is {width} pixels wide"


def test_the_desk_is_usable_without_a_mouse(desk_of: Callable[..., Desk], dossier: Dossier) -> None:
    officer = desk_of("canbo.sonv")
    officer.go("/")
    officer.page.keyboard.press("Tab")
    assert officer.page.evaluate("document.activeElement.className") == "skip-link"
    officer.page.keyboard.press("/")
    assert officer.page.evaluate("document.activeElement.id") == "topbar-query"
    officer.page.keyboard.type("nguyen thi hoa")
    officer.page.keyboard.press("Enter")
    officer.page.wait_for_url(re.compile(r"/search"))
    expect(officer.page.locator("li.hit").first).to_contain_text("Nguyễn Thị Hòa")


def test_a_stranger_reaches_nothing(desk_of: Callable[..., Desk], dossier: Dossier) -> None:
    nobody = desk_of("")
    nobody.go(f"/dossiers/{dossier.id}")
    assert "/sign-in" in nobody.page.url
    assert "Hòa" not in nobody.page.content()
