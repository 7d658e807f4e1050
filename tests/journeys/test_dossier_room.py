"""The journey of the dossier room in a real browser: people from Excel, cover sheets, a stack divided by them, reading,
review by keys, completeness that rises, a contradiction settled, and the short CV printed and read beside the record.
"""

import random
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import Image
from playwright.sync_api import expect

from oms.catalogue import demo_units
from oms.specimens import SyntheticPerson, make_people, seats_of
from oms.specimens.forms import draw_certificate, draw_short_cv
from oms.specimens.layout import Paper
from tests.factories import World
from tests.journeys.conftest import PATIENCE, Desk, wait_for
from tests.printing.test_short_cv import text_of, word_text, words

pytestmark = pytest.mark.browser

DPI = 200
CV, DIPLOMA = "cs_short_cv", "cs_diploma"


@pytest.fixture
def person() -> SyntheticPerson:
    """A synthetic civil servant whose birth date is known to the day."""
    people = make_people(40, 777, seats_of(demo_units()))
    return next(one for one in people if one.birth_precision == "day" and one.categories[0] == "civil_servant")


@pytest.fixture
def other_self(person: SyntheticPerson) -> SyntheticPerson:
    """The same person as a certificate has it, born on another day."""
    return replace(person, birth_date=person.birth_date + timedelta(days=400))


def test_from_the_excel_file_to_the_printed_short_cv(
    desk_of: Callable[..., Desk], world: World, person: SyntheticPerson, other_self: SyntheticPerson, tmp_path: Path
) -> None:
    officer = desk_of("canbo.sonv")
    assert whole_menu(officer)
    dossier = enter_by_excel(officer, person, tmp_path)
    assert missing(officer, dossier) == (7, 7)

    sheets = print_cover_sheets(officer, dossier, CV, DIPLOMA)
    assert len(sheets) == 2
    cv = draw_short_cv(person, random.Random(4), "civil_servant")
    diploma = draw_certificate(other_self, random.Random(5))
    stack = pile(tmp_path / "chong-ho-so.pdf", sheets[0], *images_of(cv)[:2], sheets[1], *images_of(diploma))
    take_in(officer, stack, pieces=[(2, 3), (5, 5)])

    review_by_keys(officer, dossier, ["(2–3)", "(5–5)"])
    assert missing(officer, dossier) == (5, 7)

    born, other = person.birth_date.strftime("%d/%m/%Y"), other_self.birth_date.strftime("%d/%m/%Y")
    settle_contradiction(officer, dossier, born, other)
    kept = take_over_record(officer, dossier)
    assert len(kept) >= 15
    read_beside_the_record(word_text(print_short_cv(officer, dossier, "docx")), kept, person)
    read_beside_the_record(words(text_of(print_short_cv(officer, dossier, "pdf"))), kept, person)


def whole_menu(officer: Desk) -> bool:
    """The menu of an officer needs no scrolling on an old screen."""
    return bool(officer.page.evaluate("document.querySelector('.sidebar').scrollHeight <= innerHeight"))


def enter_by_excel(officer: Desk, person: SyntheticPerson, folder: Path) -> str:
    """Fill in the template, look, enter; return the id of the dossier."""
    officer.go("/people/load")
    with officer.page.expect_download() as template:
        officer.page.locator("a[href*='template']").first.click()
    file = folder / "can-bo.xlsx"
    template.value.save_as(file)
    book = load_workbook(file)
    sheet = book.worksheets[0]
    rows = {row: [str(cell.value or "").rstrip(" *") for cell in sheet[row]] for row in range(1, 8)}
    heads = next(row for row, texts in rows.items() if "Họ và tên" in texts)
    sheet.delete_rows(heads + 1, sheet.max_row)
    values = {
        "Họ và tên": person.full_name,
        "Ngày sinh": person.birth_date.strftime("%d/%m/%Y"),
        "Loại hồ sơ": "Công chức",
        "Giới tính": "Nam" if person.gender == "male" else "Nữ",
    }
    for head, text in values.items():
        sheet.cell(heads + 1, rows[heads].index(head) + 1).value = text
    book.save(file)
    officer.page.set_input_files("#file", file)
    officer.page.click("button[value=check]")
    expect(officer.page.locator("#load-result .figure-card").nth(1)).to_contain_text("1")
    officer.page.click("button[value=load]")
    expect(officer.page.locator("#load-result")).to_contain_text("1 hồ sơ")
    officer.go("/people")
    officer.page.locator("main tbody a", has_text=person.full_name).click()
    link = officer.page.locator("main a[href^='/dossiers/']:not([href*='new'])").first
    return (link.get_attribute("href") or "").rsplit("/", 1)[-1]


def missing(officer: Desk, dossier: str) -> tuple[int, int]:
    """How many papers of the original set the dossier lacks, of how many."""
    officer.go(f"/dossiers/{dossier}")
    found = re.findall(r"\d+", officer.page.locator(".checklist-head .status").inner_text())
    return int(found[0]), int(found[1])


def print_cover_sheets(officer: Desk, dossier: str, *components: str) -> list[Image.Image]:
    """Sheets for the chosen components, printed and as the scanner sees them: not quite straight."""
    officer.go(f"/cover-sheets?dossier={dossier}")
    officer.page.locator("input[name=what][value=chosen]").check()
    for component in components:
        officer.page.locator(f"input[name=component][value={component}]").check()
    officer.page.select_option("select[name=purpose]", index=1)
    with officer.page.expect_download() as printed:
        officer.page.locator("main form button.btn-primary").click()
    folder = Path(printed.value.path()).parent
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", printed.value.path(), folder / "sheet"], check=True)
    drawn = [Image.open(path).convert("L") for path in sorted(folder.glob("sheet-*.png"))]
    return [page.rotate(1.2, fillcolor=255) for page in drawn]


def images_of(paper: Paper) -> list[Image.Image]:
    """The sheets of a paper as an office scans them."""
    return [sheet.image.convert("L").resize((1654, 2339)) for sheet in paper.sheets]


def pile(path: Path, *pages: Image.Image) -> Path:
    """All pages as one scan."""
    pages[0].save(path, "PDF", resolution=DPI, save_all=True, append_images=pages[1:])
    return path


def take_in(officer: Desk, stack: Path, pieces: Sequence[tuple[int, int]]) -> None:
    """Give the stack in, see it divided into pieces of these pages, take everything in."""
    officer.go("/stacks")
    officer.page.set_input_files("input[type=file]", stack)
    if officer.page.locator("[data-upload-button]").is_visible():
        officer.page.locator("[data-upload-button]").click()
    expect(officer.page.locator("[data-upload-list] a")).to_have_count(1, timeout=PATIENCE)
    officer.page.locator("[data-upload-list] a").click()
    found = officer.page.locator("section[id^=piece-]")
    whole = officer.page.locator("#stack a.btn")  # comes with the page that asks for itself, when all was looked at
    expect(found.or_(whole).first).to_be_visible(timeout=PATIENCE)
    if whole.is_visible():
        whole.click()
    expect(found.first).to_be_visible()
    titles = [re.findall(r"\d+", text) for text in found.locator("h2").all_inner_texts()]
    assert [(int(numbers[0]), int(numbers[-1])) for numbers in titles] == list(pieces)
    officer.keep_picture("room-1-divided")
    officer.page.locator(".steps summary, .steps button").first.click()
    officer.page.locator("form[action$='/take-in'] button[type=submit], form[action$='/take-in'] button").first.click()
    officer.page.wait_for_load_state()


def review_by_keys(officer: Desk, dossier: str, pieces: Sequence[str]) -> None:
    """File the pieces by Ctrl+Enter alone; a page that seems to be about somebody else asks for a reason."""
    for piece in pieces:
        link = officer.page.locator("main tr", has_text=piece).locator("a[href^='/review/'][aria-label^='Đối chiếu']")
        wait_for(lambda link=link: officer.go(f"/dossiers/{dossier}") and link.count(), f"the reading of {piece}")
        link.click()
        filing = officer.page.locator("form#filing")
        expect(filing.locator("input[name=pages]:checked").first).to_be_visible()
        officer.page.wait_for_load_state()  # the whole form is there, and the keys are listened to
        officer.keep_picture(f"room-2-desk-{piece}")
        reason = filing.locator("textarea[name=despite]")
        if reason.count():
            reason.fill("Cùng một người: họ tên trùng, ngày sinh trên văn bằng ghi khác")
        with officer.page.expect_navigation():
            officer.page.keyboard.press("Control+Enter")


def settle_contradiction(officer: Desk, dossier: str, born: str, other: str) -> None:
    """Both dates stand beside each other with their images; the officer explains, and it is settled."""
    finding = officer.page.locator("section[id^=finding-]", has_text="Ngày sinh không thống nhất")
    wait_for(lambda: officer.go(f"/checks/dossiers/{dossier}") and finding.count(), "the contradiction")
    drawn = "piece => piece.getContext('2d').getImageData(0, 0, piece.width, piece.height).data.some(part => part > 0)"
    expect(finding.locator("canvas.piece")).to_have_count(2)
    officer.page.wait_for_function(f"[...document.querySelectorAll('canvas.piece')].every({drawn})")
    said = finding.locator("figcaption strong").all_inner_texts()
    assert {born, other} <= set(said)
    officer.keep_picture("room-3-contradiction")
    finding.locator(".steps summary", has_text="Giải trình").click()
    form = officer.page.locator("form[action$='/explain']")
    form.locator("textarea[name=reason]").fill("Đã đối chiếu bản chính: văn bằng ghi nhầm năm sinh")
    form.locator("button").first.click()
    expect(finding.locator(".status").first).to_have_text("Đã giải trình")
    expect(finding).to_contain_text("Đã đối chiếu bản chính")


def take_over_record(officer: Desk, dossier: str) -> dict[str, str]:
    """Take over what was read without a doubt; what the record now holds as verified, by the label of the form."""
    officer.go(f"/record/{dossier}?form=2C-BNV/2008")
    officer.page.locator("form[action*='/take'] button").click()
    officer.page.wait_for_load_state()
    officer.keep_picture("room-4-record")
    rows = officer.page.locator("#values tbody tr", has_text="Đã xác nhận")
    return {row.locator("th").inner_text(): row.locator("td").nth(1).inner_text().split("\n")[0] for row in rows.all()}


def print_short_cv(officer: Desk, dossier: str, kind: str) -> bytes:
    """The filled form, with what the machine read marked."""
    officer.go(f"/short-cvs/{dossier}")
    officer.page.locator("input[name=form][value='2C-BNV/2008']").check()
    officer.page.locator(f"input[name=kind][value={kind}]").check()
    officer.page.locator("input[name=unverified]").check()
    officer.page.fill("input[name=purpose]", "Bổ nhiệm lại")
    with officer.page.expect_download() as printed:
        officer.page.locator("main form button.btn-primary").click()
    return Path(printed.value.path()).read_bytes()


def read_beside_the_record(said: str, kept: dict[str, str], person: SyntheticPerson) -> None:
    """Every value the record holds stands behind its label on the form, and the tables that were read below."""
    for label, value in kept.items():
        assert re.search(rf"{re.escape(label)}[^:]*: {re.escape(value)}", said, re.IGNORECASE), f"{label}: {value}"
    born = person.birth_date
    assert f"1) Họ và tên khai sinh (viết chữ in hoa): {person.full_name.upper()}" in said
    assert f"3) Sinh ngày: {born:%d} tháng {born:%m} năm {born:%Y}, Giới tính" in said
    assert said.count("(*)") > 1, "what nobody verified is marked"
