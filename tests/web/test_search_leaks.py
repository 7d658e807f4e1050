"""The rules SL-1 to SL-9 over HTTP, on the pages and the API: counts, facets, suggestions, files and headers too."""

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, event, select, update

from oms import accounts, db, search
from oms.models import Account, Assignment, AuditEntry, AuditWords, Dossier, RecentSearch
from oms.organisation import today
from oms.settings import Settings
from tests import leaks
from tests.factories import World
from tests.leaks import CANARIES, SEALED, Ids

Clients = Callable[[str], FlaskClient]


@pytest.fixture
def ids(engine: Engine, settings: Settings, world: World) -> Ids:
    with db.writing(engine) as session:
        made = leaks.furnish(session, world)
    search.rebuild(engine, settings)
    return made


@dataclass
class Visitor:
    """An account with its browser and its token."""

    client: FlaskClient
    token: str

    def page(self, address: str, **query: object) -> str:
        """A page, as text."""
        answer = self.client.get(address, query_string=query)
        assert answer.status_code < 500, (address, query)
        return answer.get_data(as_text=True)

    def api(self, address: str, **query: object) -> dict:
        """An answer of the API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.get(f"/api/v1/{address}", query_string=query, headers=headers)
        assert answer.status_code < 500, (address, query)
        return answer.get_json()

    def all(self, words: str) -> str:
        """Everything there is to ask about search, in one text."""
        parts = [self.page("/search", q=words), self.page("/search/suggestions", q=words)]
        parts += [str(self.api("search", q=words)), str(self.api("search/suggest", q=words))]
        return "\n".join(parts)


@pytest.fixture
def visitor(client_as: Clients, engine: Engine, ids: Ids) -> Callable[[str], Visitor]:
    def open_visitor(username: str) -> Visitor:
        with db.writing(engine) as session:
            account = session.query(Account).filter_by(username=username).one()
            secret, _ = accounts.sign_in(session, account.id, kind="api")
        return Visitor(client_as(username), secret)

    return open_visitor


@pytest.fixture
def officer(visitor: Callable[[str], Visitor]) -> Visitor:
    return visitor("canbo.sonv")


def test_sl_1_no_page_answer_or_file_has_a_word_of_another_unit(officer: Visitor, ids: Ids) -> None:
    for words in ("quyet dinh", "nang bac luong", *CANARIES, ids.foreign_number):
        text = officer.all(words)
        assert not leaks.told(text, asked=words) and ids.foreign not in text and ids.foreign_document not in text, words
    answer = officer.client.post("/search/export?q=nang+bac+luong", data={"purpose": "báo cáo"})
    sheets = load_workbook(io.BytesIO(answer.data)).worksheets
    cells = " ".join(str(cell) for sheet in sheets for row in sheet.values for cell in row)
    assert ids.own_number in cells and not leaks.told(cells)


def test_sl_2_no_beginning_of_a_foreign_word_is_completed(officer: Visitor, ids: Ids) -> None:
    for word in (*CANARIES, SEALED):
        for end in range(3, len(word) + 1, 2):
            typed = word[:end]
            told = [one["text"] + one["note"] for one in officer.client.get(f"/search/suggestions?q={typed}").json]
            told += [one["text"] + one["note"] for one in officer.api("search/suggest", q=typed)["items"]]
            assert not leaks.told(" ".join(told)), typed
        assert not leaks.told(officer.api("search", q=f"{word}x")["respelled"])


def test_sl_3_counts_and_facets_are_of_what_may_be_seen(officer: Visitor, visitor, ids: Ids) -> None:
    found = officer.api("search", q="")
    assert found["total"] == 4 == sum(found["facets"]["kind"].values()) == sum(found["facets"]["unit"].values())
    assert "4 results" in officer.page("/search", category="civil_servant")
    for kind, count in found["facets"]["kind"].items():
        assert officer.api("search", q="", kind=kind)["total"] == count
    nothing = visitor("canbo.soyt").api("search", q="")
    assert (nothing["total"], nothing["hits"], nothing["respelled"]) == (0, [], "")
    assert not any(nothing["facets"].values())


@pytest.mark.parametrize(
    "typed", ['"canarius"', "-hòa canarius", "tên:canarius", "số:987-QĐ/CANARI", "canarius " * 1200]
)
def test_sl_4_no_operator_and_no_length_opens_a_way(officer: Visitor, ids: Ids, typed: str) -> None:
    text = officer.page("/search", q=typed) + str(officer.api("search", q=typed))
    assert ids.foreign not in text and ids.foreign_number not in text and CANARIES[1] not in text


def test_sl_5_what_changes_hands_or_ends_counts_in_the_next_request(
    officer: Visitor, visitor, ids: Ids, engine: Engine, world: World
) -> None:
    stranger = visitor("canbo.sotc")
    assert (
        officer.api("search", q="nguyen thi hoa")["total"] and not stranger.api("search", q="nguyen thi hoa")["total"]
    )
    with db.writing(engine) as session:
        session.get_one(Dossier, ids.own).custodian_id = world.units["sotc"]
    assert officer.api("search", q="nguyen thi hoa")["total"] == 0 and "0 results" in officer.page("/search", q="hoa")
    assert ids.own not in officer.all("nguyen thi hoa") and ids.own in stranger.all("nguyen thi hoa")
    with db.writing(engine) as session:
        ended = update(Assignment).where(Assignment.account_id == world.accounts["canbo.sotc"])
        session.execute(ended.values(valid_to=today() - timedelta(1)))
    assert stranger.client.get("/search?q=hoa").status_code == 403
    assert stranger.api("search/suggest", q="hoa")["status"] == 403


def test_sl_6_a_foreign_crowd_changes_no_byte_of_an_answer(
    officer: Visitor, ids: Ids, engine: Engine, settings: Settings, world: World
) -> None:
    questions = ("nang bac luong", "hoa", "dieu khoan", "thuong xuyem")
    before = [officer.api("search", q=words) for words in questions]
    with db.writing(engine) as session:
        leaks.crowd(session, world, "lương thường xuyêm điều", 200)
    search.rebuild(engine, settings)
    assert [officer.api("search", q=words) for words in questions] == before


def test_sl_7_a_foreign_word_makes_no_other_work(officer: Visitor, ids: Ids, engine: Engine) -> None:
    """Statements to the database stand for time: measured times differ with the weather of the machine."""
    work: Counter[str] = Counter()

    @event.listens_for(engine, "before_cursor_execute")
    def _count(_connection, _cursor, statement: str, *_rest: object) -> None:
        values = re.sub(r"%\(\w+\)s(::[A-Z ]*[A-Z])?", "?", statement)  # PostgreSQL's way, with its types
        work[re.sub(r"\?(, \?)*", "…", values)] += 1  # however many values stand in a list

    def cost(words: str) -> Counter[str]:
        work.clear()
        officer.all(words)
        return Counter(work)

    cost("warming up")
    nowhere = cost("zyxwvutsrq")
    for word in ("canarius", "mậtcanarikín", SEALED):
        assert cost(word) == nowhere, word


def test_sl_8_a_foreign_number_is_answered_like_one_that_nobody_has(officer: Visitor, ids: Ids) -> None:
    def normal(words: str) -> str:
        told = officer.page("/search", q=words) + str(officer.api("search", q=words))
        for spelt in {words, words.replace(":", "%3A").replace("/", "%2F")}:
            told = told.replace(spelt, "…")
        return re.sub(r"q=[^\"&]*", "q=…", re.sub(r'(value|data-session-\w+)="[^"]*"', "", told))

    assert normal(f"so:{ids.foreign_number}") == normal("so:HS-009999")
    assert officer.page("/search", q="hoa", dossier=ids.foreign) == officer.page("/search", q="hoa", dossier="f" * 16)
    assert officer.client.get(f"/search?q=hoa&dossier={ids.foreign}").status_code == 404


def test_sl_9_a_sealed_paper_is_nowhere(officer: Visitor, visitor, ids: Ids) -> None:
    for who in (officer, visitor("canbo2.sonv"), visitor("bithu.sonv")):
        text = who.all(SEALED)
        assert ids.sealed_document not in text and "cs_verified_complaint" not in who.page("/search", q="", kind="page")
        assert not leaks.told(text, asked=SEALED)
        assert who.api("search", q="")["total"] == 4


def test_each_way_of_searching_is_in_the_log(officer: Visitor, ids: Ids, engine: Engine) -> None:
    officer.page("/search", q="Canarius")
    officer.api("search", q="Sơncanari")
    with db.reading(engine) as session:
        rows = session.execute(
            select(AuditWords.words, AuditEntry.body)
            .join(AuditEntry, AuditEntry.seq == AuditWords.seq)
            .where(AuditEntry.action == "search:find")
            .order_by(AuditEntry.seq)
        ).all()
    assert [row.words for row in rows] == ["Canarius", "Sơncanari"]
    assert not any(leaks.told(row.body) for row in rows), "words stand apart, for auditors only"


def test_recent_searches_are_of_one_sign_in_and_gone_after_it(
    officer: Visitor, client_as: Clients, ids: Ids, engine: Engine, app: Flask
) -> None:
    officer.page("/search", q="nâng bậc lương")
    assert "nâng bậc lương" in officer.page("/search")
    assert "nâng bậc lương" not in client_as("canbo.sonv").get("/search").get_data(as_text=True)
    officer.client.post("/sign-out")
    with db.reading(engine) as session:
        assert session.scalars(select(RecentSearch)).all() == []
