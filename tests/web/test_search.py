"""The search page: what is found, how it is told, filters in the address, nothing of another unit."""

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from limits import parse
from sqlalchemy import Engine, select

from oms import accounts, db, limits, search, storage
from oms.models import AuditEntry, AuditWords, Category, Dossier, Page, RecentSearch, SavedSearch
from oms.reading import pack_words
from oms.recognition import Word
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
    assert (
        "Nothing found" in page
        and "Type fewer words" in page
        and "may lie in another unit" in page
        and "/consultations/why" in page
    )


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


def test_results_are_sorted_as_asked_and_grouped_only_by_relevance(officer: FlaskClient, ids) -> None:
    best, by_name = find(officer, q="nguyen", kind="dossier"), find(officer, q="nguyen", kind="dossier", sort="name")
    assert "Without regard to marks" in best and "Without regard to marks" not in by_name
    assert by_name.index(ids["hoa"]) < by_name.index(ids["party"]), "Hòa before Nam: the given name first"
    assert "sort=name" in by_name and 'aria-current="true">By name' in by_name


def test_a_question_nobody_can_mean_is_explained_beside_the_card(officer: FlaskClient, ids) -> None:
    answer = officer.get("/search", query_string={"q": "nam:abc"})
    page = answer.get_data(as_text=True)
    assert (
        answer.status_code == 422
        and "After năm: comes a year" in page
        and "<details" in page
        and 'value="nam:abc"' in page
    )


def test_the_query_language_narrows(officer: FlaskClient, ids) -> None:
    assert "1 results" in find(officer, q='tên:"Nguyễn Văn Nam"')
    assert "1 results" in find(officer, q="nguyen -hoa", kind="dossier")
    assert ids["hoa"] in find(officer, q=f"so:{ids['number']}", kind="dossier")


def test_every_value_of_every_facet_narrows_to_its_count(officer: FlaskClient, ids) -> None:
    page = find(officer, q="nguyen")
    links = re.findall(r'<li><a href="(/search\?[^"]+)"><span>([^<]+)</span><span class="facet-count">(\d+)<', page)
    assert {re.split("[?&;]", url)[-1].split("=")[0] for url, *_ in links} >= {"kind", "category", "state"}
    for url, label, count in links:
        assert f"{count} results" in officer.get(url.replace("&amp;", "&")).get_data(as_text=True), label
        assert label not in ("filed", "waiting", "original", "open")


def test_only_one_dossier_is_searched(officer: FlaskClient, ids) -> None:
    page = find(officer, q="nguyen", dossier=ids["hoa"])
    assert "Only in dossier" in page and ids["party"] not in page and ids["hoa"] in page
    assert officer.get(f"/search?q=nguyen&dossier={ids['foreign']}").status_code == 404
    assert f'name="dossier" value="{ids["hoa"]}"' in officer.get(f"/dossiers/{ids['hoa']}").get_data(as_text=True)


def test_what_the_database_no_longer_has_is_not_counted(
    officer: FlaskClient, ids, engine: Engine, settings: Settings, world: World
) -> None:
    before = find(officer, q="nguyen", sort="name")
    with db.writing(engine) as session:
        gone = [factories.make_dossier(session, world.units["sonv"], f"Nguyễn Văn Bỏ {n}") for n in range(30)]
        numbers = [dossier.id for dossier in gone]
    search.rebuild(engine, settings)
    with db.writing(engine) as session:
        for id in numbers:
            session.delete(session.get_one(Dossier, id))
    after = find(officer, q="nguyen", sort="name")
    total = re.search(r"(\d+) results", before)
    assert total and total[0] in after and "page 1 of" not in after and "Văn Bỏ" not in after


def test_suggestions_are_of_what_may_be_seen(officer: FlaskClient, client_as, ids) -> None:
    answer = officer.get("/search/suggestions?q=nguyen th")
    assert answer.status_code == 200 and answer.is_json
    assert {"kind": "person", "text": "Nguyễn Thị Hòa", "url": f"/dossiers/{ids['hoa']}"}.items() <= answer.json[
        0
    ].items()
    assert [one["text"] for one in client_as("canbo.sotc").get("/search/suggestions?q=nguyen th").json] == [
        "Nguyễn Thị Khác"
    ]
    assert client_as("quantri").get("/search/suggestions?q=nguyen").status_code == 403
    assert client_as("").get("/search/suggestions?q=ng", headers={"X-Requested-With": "fetch"}).status_code == 401


@pytest.mark.parametrize(
    ("action", "address"),
    [("search:suggest", "/search/suggestions?q=ng"), ("search:find", "/search?q=ng"), ("search:export", "")],
)
def test_searching_suggesting_and_exporting_are_limited(
    app, officer: FlaskClient, client_as, ids, action: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config.update(RATELIMIT_ENABLED=True)
    monkeypatch.setitem(limits.LIMITS, action, parse("3 per hour"))

    def ask(client: FlaskClient) -> tuple[int, str]:
        if address:
            answer = client.get(address)
            return answer.status_code, answer.headers.get("Retry-After", "")
        answer = client.post("/search/export?q=nguyen", data={"purpose": "báo cáo"})
        return (200, "") if answer.mimetype.endswith("sheet") else (429, "1")

    answers = [ask(officer) for _ in range(4)]
    assert [status for status, _ in answers] == [200, 200, 200, 429] and int(answers[3][1]) >= 1
    assert ask(client_as("bithu.sonv"))[0] == 200, "each account for itself"


def test_searches_of_this_sign_in_are_offered_and_go_with_it(officer: FlaskClient, client_as, ids, engine) -> None:
    find(officer, q="nâng lương", kind="page")
    assert "nâng lương" in find(officer) and "Searched since signing in" in find(officer)
    assert officer.get("/search/suggestions?q=").json[0]["text"] == "nâng lương"
    assert "Searched since signing in" not in find(client_as("canbo.sonv")), "another browser of the same account"
    officer.post("/sign-out")
    with db.reading(engine) as session:
        assert session.scalars(select(RecentSearch)).all() == []


def test_a_kept_search_counts_on_the_start_page(
    officer: FlaskClient, client_as, ids, engine: Engine, world, settings
) -> None:
    kept = officer.post("/search/saved?q=nguyen&kind=dossier&page=2", data={"name": "Họ Nguyễn"}, follow_redirects=True)
    assert "The search is kept" in kept.get_data(as_text=True) and "2 results" in kept.get_data(as_text=True)
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"], "Nguyễn Văn Mới")
        factories.make_dossier(session, world.units["sotc"], "Nguyễn Văn Lạ")
        saved = session.scalars(select(SavedSearch)).one()
        assert saved.address == "q=nguyen&kind=dossier"
    search.rebuild(engine, settings)
    start = officer.get("/").get_data(as_text=True)
    assert "Họ Nguyễn" in start and "3 results" in start and "1 new" in start
    assert "Họ Nguyễn" not in client_as("canbo2.sonv").get("/").get_data(as_text=True)
    opened = officer.get(f"/search/saved/{saved.id}")
    assert opened.status_code == 302 and opened.location == "/search?q=nguyen&kind=dossier"
    assert "1 new" not in officer.get("/").get_data(as_text=True)


@pytest.mark.parametrize("way", ["get ", "post /name", "post /delete"])
def test_a_kept_search_of_somebody_else_does_not_exist(officer: FlaskClient, client_as, ids, engine, way: str) -> None:
    officer.post("/search/saved?q=nguyen", data={"name": "Riêng tư"})
    with db.reading(engine) as session:
        id = session.scalars(select(SavedSearch.id)).one()
    verb, _, rest = way.partition(" ")
    answer = getattr(client_as("canbo2.sonv"), verb)(f"/search/saved/{id}{rest}", data={"name": "x"})
    assert answer.status_code == 404 and "Riêng tư" not in answer.get_data(as_text=True)


def test_results_leave_as_a_file_with_their_purpose(officer: FlaskClient, ids) -> None:
    answer = officer.post("/search/export?q=nguyen", data={"purpose": "Rà soát"})
    assert (
        answer.status_code == 200 and answer.data.startswith(b"PK") and ".xlsx" in answer.headers["Content-Disposition"]
    )
    refused = officer.post("/search/export?q=nguyen", data={"purpose": " "}, follow_redirects=True)
    assert "Say what the file is for" in refused.get_data(as_text=True)


def test_a_doubtful_word_is_shown_on_its_line(officer: FlaskClient, client_as, ids, engine: Engine, settings) -> None:
    picture = io.BytesIO()
    factories.draw_page("nâng bậc lương", size=(1000, 1400)).save(picture, "JPEG")
    with db.writing(engine) as session:
        page = session.get_one(Page, ids["page"])
        page.image_sha256 = storage.put(settings.scans, [picture.getvalue()])[0]
    assert "/lines/" not in find(officer, q="lương", kind="page"), "sure of every word"
    with db.writing(engine) as session:
        page = session.get_one(Page, ids["page"])
        words = ["nâng", "bậc", "luơng"]
        page.words = pack_words([Word(w, 50 + 90 * n, 60, 80, 30, 40.0, 0) for n, w in enumerate(words)])
    shown = re.search(rf"/pages/{ids['page']}/lines/2\.jpg", find(officer, q="lương", kind="page"))
    assert shown is not None
    answer = officer.get(shown[0])
    assert answer.mimetype == "image/jpeg" and "sandbox" in answer.headers["Content-Security-Policy"]
    assert officer.get(f"/pages/{ids['page']}/lines/3.jpg").status_code == 404
    foreign = client_as("canbo.sotc").get(shown[0])
    assert foreign.status_code == 404 and not foreign.data.startswith(b"\xff\xd8")


def test_pages_with_the_words_are_named_beside_the_page(officer: FlaskClient, ids, engine: Engine) -> None:
    page = officer.get(f"/pages/{ids['page']}?q=dieu+khoan").get_data(as_text=True)
    assert "2 places on 1 pages" in page and "data-find-next" in page and "page 2 (2)" in page
    with db.reading(engine) as session:
        last = select(AuditEntry.action, AuditWords.words).join(AuditWords, AuditWords.seq == AuditEntry.seq)
        assert session.execute(last.order_by(AuditEntry.seq.desc())).first() == ("page:view", "dieu khoan")
