"""The search page: what is found, how it is told, filters in the address, nothing of another unit."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db, search
from oms.models import AuditEntry, AuditWords, Category, Page
from oms.settings import Settings
from tests import factories
from tests.factories import World


@pytest.fixture
def ids(engine: Engine, world: World, settings: Settings) -> dict[str, str]:
    with db.writing(engine) as session:
        actor = accounts.get_actor(session, "canbo.sonv", via="web")
        hoa = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        scan = factories.make_scan(session, hoa, actor.account_id, ("nâng bậc lương thường xuyên", "điều khoản"))
        factories.make_document(session, hoa, scan, title="Quyết định nâng lương", actor=actor)
        party = factories.make_dossier(session, world.units["sonv"], "Nguyễn Văn Nam", category=Category.PARTY_MEMBER)
        foreign = factories.make_dossier(session, world.units["sotc"], "Nguyễn Thị Khác")
        page = session.scalars(select(Page).where(Page.number == 1)).one()
        made = {"hoa": hoa.id, "party": party.id, "foreign": foreign.id, "page": page.id, "number": hoa.number}
    search.rebuild(engine, settings)
    return made


@pytest.fixture
def officer(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_as("canbo.sonv")


def find(client: FlaskClient, **query: object) -> str:
    return client.get("/search", query_string=query).get_data(as_text=True)


def test_a_name_without_marks_is_found_and_the_tier_is_said(officer: FlaskClient, ids) -> None:
    page = find(officer, q="nguyen thi hoa")
    assert f"/dossiers/{ids['hoa']}" in page and "<mark>Nguyễn Thị Hòa</mark>" in page
    assert "Without regard to marks" in page and "As typed" not in page
    assert "As typed" in find(officer, q="Hòa")


def test_words_of_a_page_lead_to_the_page_with_the_words(officer: FlaskClient, ids) -> None:
    page = find(officer, q="thường xuyên", kind="page")
    assert f"/pages/{ids['page']}?q=th%C6%B0%E1%BB%9Dng+xuy%C3%AAn" in page.replace("%20", "+")
    assert "<mark>thường xuyên</mark>" in page and "page 1" in page


def test_a_document_leads_to_its_first_page(officer: FlaskClient, ids) -> None:
    page = find(officer, q="nâng lương", kind="document")
    assert "Quyết định" in page and f"/pages/{ids['page']}?q=" in page


def test_filters_keep_the_question_in_the_address(officer: FlaskClient, ids) -> None:
    page = find(officer, q="nguyen")
    assert "category=party_member" in page and "q=nguyen" in page
    narrowed = find(officer, q="nguyen", category="party_member")
    assert f"/dossiers/{ids['party']}" in narrowed and f"/dossiers/{ids['hoa']}" not in narrowed
    assert "1 results" in narrowed and 'aria-current="true"' in narrowed


def test_counts_are_of_what_may_be_seen(officer: FlaskClient, client_as, ids) -> None:
    mine, theirs = find(officer, q="nguyen", kind="dossier"), find(client_as("canbo.sotc"), q="nguyen", kind="dossier")
    assert "2 results" in mine and "1 results" in theirs
    assert ids["foreign"] not in mine and ids["hoa"] not in theirs


def test_a_foreign_unit_as_filter_shows_nothing(officer: FlaskClient, ids, world: World) -> None:
    page = find(officer, q="nguyen", unit=world.units["sotc"])
    assert "0 results" in page and "Nothing found" in page and ids["foreign"] not in page


def test_nothing_asked_nothing_searched(officer: FlaskClient, ids, engine: Engine) -> None:
    assert "How to type a search" in find(officer)
    with db.reading(engine) as session:
        assert "search:find" not in session.scalars(select(AuditEntry.action)).all()


def test_nothing_found_helps(officer: FlaskClient, ids) -> None:
    page = find(officer, q="zzzzqqq")
    assert "Nothing found" in page and "Type fewer words" in page and "Organisation Board" in page


def test_each_search_leaves_its_words_in_the_log(officer: FlaskClient, ids, engine: Engine) -> None:
    find(officer, q="nguyen thi hoa")
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        assert (entry.action, entry.outcome) == ("search:find", "done")
        assert session.scalars(select(AuditWords.words)).one() == "nguyen thi hoa"


def test_a_damaged_index_is_a_sentence_not_a_fault(officer: FlaskClient, ids, settings: Settings) -> None:
    search._engine_at.cache_clear()
    for file in settings.index.rglob("*"):
        if file.is_file():
            file.write_bytes(b"nothing")
    answer = officer.get("/search?q=hoa")
    assert answer.status_code == 503 and "oms reindex" in answer.get_data(as_text=True)
    assert 'id="words"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("query", ["kind=x", "category=x", "year=abcd", "year=20155", "year=²⁰¹⁵"])
def test_a_filter_that_does_not_exist_is_said(officer: FlaskClient, ids, query: str) -> None:
    answer = officer.get(f"/search?q=hoa&{query}")
    assert answer.status_code == 422 and "This filter does not exist" in answer.get_data(as_text=True)


def test_too_many_words_are_said_beside_the_box(officer: FlaskClient, ids) -> None:
    answer = officer.get("/search", query_string={"q": "lương " * 80})
    assert answer.status_code == 422 and "at most 300 characters" in answer.get_data(as_text=True)


@pytest.mark.parametrize("page", ["0", "-3", "abc", "99999999999"])
def test_odd_page_numbers_do_no_harm(officer: FlaskClient, ids, page: str) -> None:
    assert officer.get("/search", query_string={"q": "nguyen", "page": page}).status_code == 200


@pytest.mark.parametrize("username", ["quantri", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_who_may_not_search_cannot(client_as, ids, username: str) -> None:
    answer = client_as(username).get("/search?q=hoa")
    assert answer.status_code == 403 and "Hòa" not in answer.get_data(as_text=True)


def test_many_results_are_told_page_by_page(officer: FlaskClient, engine: Engine, world: World, settings) -> None:
    with db.writing(engine) as session:
        for number in range(45):
            factories.make_dossier(session, world.units["sonv"], f"Trần Văn Số {number}", birth_date=None)
    search.rebuild(engine, settings)
    page = find(officer, q="tran van so", page=3)
    assert "45 results" in page and "page 3 of 3" in page and page.count('class="hit"') == 5
    assert "?q=tran%20van%20so&amp;page=2" in page or "page=2" in page
