"""Find within one document: the pages that have the words, from the text that holds now."""

from sqlalchemy import select

from oms.models import Page
from oms.search.within import find_pages
from tests import factories


def test_all_pages_with_the_words_are_named_with_their_number(session, world) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    texts = ("nâng lương và lương", "không có", "phụ cấp lương", "Lượng nước luông")
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], texts)
    page = session.scalars(select(Page).where(Page.scan_id == scan.id, Page.number == 2)).one()
    assert [(one.number, one.hits) for one in find_pages(session, page, "lương")] == [(1, 2), (3, 1), (4, 2)]
    assert find_pages(session, page, "nghỉ") == []


def test_misreadings_count_only_where_no_page_has_the_words(session, world) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("bổ nhiêm", "nhiệem bổ", "khác"))
    page = session.scalars(select(Page).where(Page.scan_id == scan.id, Page.number == 3)).one()
    assert [(one.number, one.hits) for one in find_pages(session, page, "nhiệm")] == [(1, 1)]
    assert [(one.number, one.hits) for one in find_pages(session, page, "nhieem")] == [(2, 1)]
    assert [(one.number, one.hits) for one in find_pages(session, page, "khacc")] == [(3, 1)]
