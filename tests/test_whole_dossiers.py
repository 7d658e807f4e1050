"""A member's dossier leaves in the layout of the 104 types, as ZIP or one PDF; older papers renumber the later ones."""

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pikepdf
import pytest
from sqlalchemy.orm import Session

from oms import review, storage
from oms.models import Category, Dossier, Precision
from oms.papers import Printing, whole_dossier
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]


def file_paper(session: Session, settings: Settings, dossier: Dossier, code: str, day: date, actor: Actor) -> None:
    scan = factories.make_scan(session, dossier, actor.account_id, (f"{code} {day}", "hai"))
    out = io.BytesIO()
    with pikepdf.new() as document:
        for _page in range(2):
            document.add_blank_page(page_size=(day.year - 1000, 300))
        document.save(out)
    scan.pdf_sha256 = storage.put(settings.scans, [out.getvalue()])[0]
    filing = review.Filing(f"pm_{code}", f"Giấy {code}", issued_on=day, issued_precision=Precision.DAY)
    review.file_pages(session, scan, [page.id for page in scan.pages], filing, actor=actor)


@pytest.fixture
def dossier(session: Session, settings: Settings, world: World, actor: Find) -> Dossier:
    made = factories.make_dossier(session, world.units["sonv"], "Nguyễn Đức Hòa", category=Category.PARTY_MEMBER)
    made.person.personal_id = "068085000123"
    made.custodian.party_code = "42100200300000"
    for code, year in (("04", 2020), ("04", 2018), ("02", 2010)):
        file_paper(session, settings, made, code, date(year, 3, 2), actor("canbo.sonv"))
    return made


def names_of(session: Session, settings: Settings, dossier: Dossier, actor: Actor) -> dict[str, int]:
    """Every document in the ZIP by its name, with the width of its pages, which tells its year."""
    bundle = whole_dossier.take(session, dossier, printing=Printing(actor, "filing"), home=settings.home)
    found = {}
    with zipfile.ZipFile(io.BytesIO(b"".join(whole_dossier.stream(bundle, settings.scans)))) as packed:
        for name in packed.namelist()[1:]:
            with pikepdf.open(io.BytesIO(packed.read(name))) as document:
                found[name] = int(document.pages[0].mediabox[2]) + 1000
    return found


def test_the_layout_is_that_of_the_catalogue_and_an_older_paper_renumbers(
    session: Session, settings: Settings, dossier: Dossier, actor: Find
) -> None:
    officer, folder = actor("canbo.sonv"), "42.100.200.300.000/068085000123_NguyenDucHoa"
    cv, supplement = f"{folder}/02.Ly lich dang vien.pdf", f"{folder}/04.Phieu bo sung ho so dang vien"
    assert names_of(session, settings, dossier, officer) == {
        cv: 2010,
        f"{supplement}.1.pdf": 2018,
        f"{supplement}.2.pdf": 2020,
    }
    file_paper(session, settings, dossier, "04", date(2015, 1, 1), officer)
    assert names_of(session, settings, dossier, officer) == {
        cv: 2010,
        f"{supplement}.1.pdf": 2015,
        f"{supplement}.2.pdf": 2018,
        f"{supplement}.3.pdf": 2020,
    }
    assert not whole_dossier.lacks_id(dossier, settings.home)
    dossier.person.personal_id = None
    assert whole_dossier.lacks_id(dossier, settings.home)
    assert next(iter(names_of(session, settings, dossier, officer))).startswith("42.100.200.300.000/NguyenDucHoa/")


def test_one_pdf_has_the_list_in_front_and_leaves_nothing_behind(
    session: Session, settings: Settings, dossier: Dossier, actor: Find
) -> None:
    printing = Printing(actor("canbo.sonv"), "filing")
    bundle = whole_dossier.take(session, dossier, printing=printing, home=settings.home)
    pieces = whole_dossier.stream_pdf(bundle, settings)
    with pikepdf.open(io.BytesIO(b"".join(pieces))) as document:
        widths = [int(page.mediabox[2]) + 1000 for page in document.pages][-6:]
        with document.open_outline() as outline:
            titles = [item.title for item in outline.root]
    assert widths == [2010, 2010, 2018, 2018, 2020, 2020]
    assert [title.split(".")[0] for title in titles] == ["02", "04", "04"]
    assert not list((settings.home / "run" / "reading").iterdir())
