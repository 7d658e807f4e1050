"""Checking and filing by the page: the queue, corrections, what was typed stays when something is refused."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, event, select

from oms import db, dossiers
from oms.models import AuditEntry, DeskLease, Document, Dossier, Original, Page, Precision, Scan, ScanState
from oms.reading import pack_words
from oms.recognition import Word
from tests import factories
from tests.factories import World

DECISION = """SỞ NỘI VỤ
Số: 15/QĐ-SNV Sơn La, ngày 12 tháng 3 năm 2015
QUYẾT ĐỊNH
Về việc bổ nhiệm công chức"""


@pytest.fixture
def ids(engine: Engine, world: World) -> dict[str, str]:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (DECISION, "trang hai"))
        one, two = session.scalars(select(Page).order_by(Page.number)).all()
        return {
            "scan": scan.id,
            "one": one.id,
            "two": two.id,
            "dossier": dossier.id,
            "component": dossiers.components_of(dossier)[0].id,
        }


@pytest.fixture
def officer(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_as("canbo.sonv")


def entries(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [
            (e.action, e.outcome)
            for e in session.scalars(
                select(AuditEntry).where(AuditEntry.action != "account:sign_in").order_by(AuditEntry.seq)
            )
        ]


def give_all_back(engine: Engine) -> None:
    """Every lease of the desk runs out."""
    with db.writing(engine) as session:
        session.execute(delete(DeskLease))


def filing(ids: dict[str, str], **changes: object) -> dict[str, object]:
    return {
        "pages": [ids["one"], ids["two"]],
        "page": "1",
        "component": ids["component"],
        "title": "Quyết định bổ nhiệm",
        "number": "15/QĐ-SNV",
        "issued_on": "03/2015",
        "issuing_body": "Sở Nội vụ",
        "signer": "Lò Văn Inh",
        "original": "copy",
        **changes,
    }


def test_the_queue_shows_what_waits_and_leaves_one_entry(officer: FlaskClient, ids, engine: Engine) -> None:
    page = officer.get("/review").get_data(as_text=True)
    assert "Vàng A Páo" in page and f"/review/{ids['scan']}" in page
    assert entries(engine) == [("scan:list", "done")]


def test_an_empty_queue_says_what_to_do(client_as, ids) -> None:
    page = client_as("canbo.sotc").get("/review").get_data(as_text=True)
    assert "Nothing waits for a check" in page and "Páo" not in page


def test_image_side_and_text_side_share_their_words(officer: FlaskClient, ids, engine: Engine) -> None:
    page = officer.get(f"/review/{ids['scan']}").get_data(as_text=True)
    assert '<span data-word="0">SỞ</span>' in page and "Text of page 1" in page
    assert officer.get(f"/review/{ids['scan']}?page=2").get_data(as_text=True).count("Text of page 2") == 1
    assert officer.get(f"/review/{ids['scan']}?page=9").status_code == 404
    assert entries(engine) == [("page:view", "done"), ("page:view", "done"), ("scan:read", "refused")]


def test_proposals_are_marked_and_stored_only_by_the_click(officer: FlaskClient, ids, engine: Engine) -> None:
    page = officer.get(f"/review/{ids['scan']}").get_data(as_text=True)
    assert 'value="15/QĐ-SNV"' in page and 'value="12/03/2015"' in page
    assert 'value="Quyết định về việc bổ nhiệm công chức"' in page and page.count("Proposed") == 4
    with db.reading(engine) as session:
        assert session.scalars(select(Document)).all() == []


def test_a_correction_is_saved_with_its_history(officer: FlaskClient, ids, engine: Engine) -> None:
    answer = officer.post(f"/review/pages/{ids['two']}", data={"text": "trang thứ hai", "version": "1"})
    assert answer.location == f"/review/{ids['scan']}?page=2"
    page = officer.get(answer.location).get_data(as_text=True)
    assert "trang thứ hai" in page and "History of this text (1)" in page and "Tài khoản canbo.sonv" in page
    assert entries(engine)[0] == ("page:correct", "done")


def test_two_people_at_once_the_typed_text_stays(officer: FlaskClient, client_as, ids, engine: Engine) -> None:
    client_as("canbo2.sonv").post(f"/review/pages/{ids['two']}", data={"text": "của người kia", "version": "1"})
    give_all_back(engine)
    answer = officer.post(f"/review/pages/{ids['two']}", data={"text": "của tôi", "version": "1"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "Somebody else just changed this page" in page
    assert (
        "This is what you typed" in page
        and "của tôi" in page
        and "kia</span>" in page
        and 'name="version" value="2"' in page
    )
    assert entries(engine) == [("page:correct", "done"), ("page:review", "refused"), ("page:view", "done")]
    with db.reading(engine) as session:
        assert session.get_one(Page, ids["two"]).text == "của người kia"


def test_filing_stores_what_was_confirmed_and_goes_on(officer: FlaskClient, ids, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = session.get_one(Dossier, ids["dossier"])
        following = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("tiếp",)).id
    answer = officer.post(f"/review/{ids['scan']}/file", data=filing(ids))
    assert answer.location == f"/review/{following}"
    with db.reading(engine) as session:
        document = session.scalars(select(Document)).one()
        assert (document.title, document.number, document.signer) == ("Quyết định bổ nhiệm", "15/QĐ-SNV", "Lò Văn Inh")
        assert (document.issued_precision, document.original) == (Precision.MONTH, Original.COPY)
        assert session.get_one(Scan, ids["scan"]).state == ScanState.FILED
    assert entries(engine) == [("document:file", "done")]


def test_the_last_scan_leads_back_to_the_queue(officer: FlaskClient, ids) -> None:
    assert officer.post(f"/review/{ids['scan']}/file", data=filing(ids)).location == "/review"


def test_a_scan_with_pages_left_is_shown_again(officer: FlaskClient, ids) -> None:
    answer = officer.post(f"/review/{ids['scan']}/file", data=filing(ids, pages=[ids["one"]]))
    assert answer.location == f"/review/{ids['scan']}"
    page = officer.get(answer.location).get_data(as_text=True)
    assert "Take apart" in page and "Text of page 2" in page and f'value="{ids["one"]}"' not in page


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"issued_on": "31/02/2015"}, "Date of the document: 31/02/2015 is not a day"),
        ({"issued_on": "hôm qua"}, "Date of the document: “hôm qua” is not a date"),
        ({"issued_on": "01/01/2150"}, "lies in the future"),
        ({"title": "  "}, "Enter the title"),
        ({"component": ""}, "Choose what the document is"),
        ({"component": "no_such"}, "no component"),
        ({"original": "x"}, "Choose what kind of copy"),
        ({"pages": []}, "Choose the pages"),
    ],
)
def test_a_refused_form_comes_back_with_everything_typed(
    officer: FlaskClient, ids, engine: Engine, change: dict, word: str
) -> None:
    form = filing(ids, **change)
    answer = officer.post(f"/review/{ids['scan']}/file", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code in (404, 422) and word in page
    for name in ("number", "issued_on", "issuing_body", "signer"):
        assert f'value="{form[name]}"' in page, name
    assert page.count('name="pages"') == 2 and page.count(" checked") == len(form["pages"]) + (
        form["original"] == "copy"
    )
    assert "Proposed" not in page
    with db.reading(engine) as session:
        assert session.scalars(select(Document)).all() == []


def test_a_date_problem_stands_at_the_date(officer: FlaskClient, ids) -> None:
    page = officer.post(f"/review/{ids['scan']}/file", data=filing(ids, issued_on="31/02/2015")).get_data(as_text=True)
    assert 'href="#issued_on"' in page and 'id="issued_on-error"' in page


def test_filing_twice_is_a_conflict_and_the_second_is_told(officer: FlaskClient, ids, engine: Engine) -> None:
    officer.post(f"/review/{ids['scan']}/file", data=filing(ids, pages=[ids["one"]]))
    answer = officer.post(f"/review/{ids['scan']}/file", data=filing(ids))
    assert answer.status_code == 409 and "filed already" in answer.get_data(as_text=True)
    assert entries(engine) == [("document:file", "done"), ("document:file", "refused"), ("page:view", "done")]


def test_taking_apart_brings_the_pages_back(officer: FlaskClient, ids, engine: Engine) -> None:
    officer.post(f"/review/{ids['scan']}/file", data=filing(ids))
    with db.reading(engine) as session:
        document_id = session.scalars(select(Document.id)).one()
    answer = officer.post(f"/review/documents/{document_id}/take-apart")
    assert answer.location == f"/review/{ids['scan']}"
    with db.reading(engine) as session:
        assert session.scalars(select(Document)).all() == []
        assert session.get_one(Scan, ids["scan"]).state == ScanState.READ
    assert entries(engine)[-1] == ("document:take_apart", "done")


def test_a_dossier_held_still_is_read_not_changed(officer: FlaskClient, ids, engine: Engine) -> None:
    officer.post(f"/review/{ids['scan']}/file", data=filing(ids, pages=[ids["one"]]))
    with db.writing(engine) as session:
        session.get_one(Dossier, ids["dossier"]).frozen = True
        document_id = session.scalars(select(Document.id)).one()
    page = officer.get(f"/review/{ids['scan']}").get_data(as_text=True)
    assert "held still" in page and 'id="filing"' not in page and "Take apart" not in page
    for address, data in [
        (f"/review/pages/{ids['two']}", {"text": "x"}),
        (f"/review/{ids['scan']}/file", filing(ids, pages=[ids["two"]])),
        (f"/review/documents/{document_id}/take-apart", {}),
    ]:
        assert officer.post(address, data=data).status_code == 403, address


@pytest.mark.parametrize("username", ["canbo.sotc", "bithu.sotc", "quantri", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_another_unit_gets_404_by_every_route(officer, client_as, ids, engine: Engine, username: str) -> None:
    officer.post(f"/review/{ids['scan']}/file", data=filing(ids, pages=[ids["one"]]))
    with db.reading(engine) as session:
        document_id = session.scalars(select(Document.id)).one()
    client = client_as(username)
    for method, address in [
        ("GET", f"/review/{ids['scan']}"),
        ("POST", f"/review/{ids['scan']}/file"),
        ("POST", f"/review/pages/{ids['two']}"),
        ("POST", f"/review/documents/{document_id}/take-apart"),
    ]:
        answer = client.open(address, method=method, data=filing(ids) if method == "POST" else None)
        assert answer.status_code == 404, address
        assert "Páo" not in answer.get_data(as_text=True)
    assert [outcome for _action, outcome in entries(engine)] == ["done"] + ["refused"] * 4


def test_the_head_compares_but_changes_nothing(client_as, ids) -> None:
    head = client_as("bithu.sonv")
    page = head.get(f"/review/{ids['scan']}").get_data(as_text=True)
    assert "Text of page 1" in page and "data-correct-form" not in page and 'id="filing"' not in page
    assert head.post(f"/review/{ids['scan']}/file", data=filing(ids)).status_code == 403


def _find_on(engine: Engine, page_id: str, kind: str, **findings: object) -> None:
    with db.writing(engine) as session:
        page = session.get_one(Page, page_id)
        page.kind = kind
        page.findings = {"head": {}, "form": None, "fields": {}, "tables": {}, "codes": [], **findings}


def _value(value: str, flag: str | None = None) -> dict[str, object]:
    return {"value": value, "box": [10, 20, 30, 40], "confidence": 90.0, "flag": flag}


def test_a_form_of_somebody_else_is_shown_with_its_values_and_a_warning(
    officer: FlaskClient, ids, engine: Engine
) -> None:
    fields = {
        "full_name": _value("THÁI KIM KHANH"),
        "religion": _value("Không"),
        "birth_date": _value("1/1", "This date lies in the future."),
    }
    _find_on(engine, ids["one"], "cv", form="2C-BNV/2008", fields=fields)
    page = officer.get(f"/review/{ids['scan']}").get_data(as_text=True)
    assert "Page 1 names THÁI KIM KHANH, but this dossier is that of Vàng A Páo." in page
    assert (
        "Họ và tên khai sinh" in page and 'data-crop="10,20,30,40"' in page and "This date lies in the future." in page
    )
    assert "Sơ yếu lý lịch cán bộ, công chức" in page


def test_the_next_proposed_document_is_chosen_and_the_others_are_offered(officer, ids, engine: Engine) -> None:
    _find_on(engine, ids["one"], "decision", head={"number": _value("15/QĐ-SNV", "Read with little certainty.")})
    _find_on(engine, ids["two"], "letter", head={"number": _value("16/SNV")})
    page = officer.get(f"/review/{ids['scan']}").get_data(as_text=True)
    assert f'value="{ids["one"]}" checked' in page and f'value="{ids["two"]}" checked' not in page
    assert "Proposed documents of this scan" in page and "Read with little certainty." in page
    page = officer.get(f"/review/{ids['scan']}?page=2&document=2").get_data(as_text=True)
    assert f'value="{ids["two"]}" checked' in page and 'value="16/SNV"' in page and 'aria-current="true"' in page
    assert officer.get(f"/review/{ids['scan']}?document=99").status_code == 200


def test_doubtful_words_are_listed_until_somebody_corrected_them(officer, ids, engine: Engine) -> None:
    with db.writing(engine) as session:
        page = session.get_one(Page, ids["two"])
        words = [
            Word("trang", 1, 2, 3, 4, 95.0, 0),
            Word("dịnhx", 5, 6, 7, 8, 20.0, 0),
            Word("quyêt", 9, 6, 7, 8, 20.0, 0),
        ]
        page.words, page.text, page.text_read = pack_words(words), "trang dịnhx quyêt", "trang dịnhx quyêt"
        version = page.version
    page = officer.get(f"/review/{ids['scan']}?page=2").get_data(as_text=True)
    assert [word["d"] for word in officer.get(f"/pages/{ids['two']}/words").json] == [0, 1, 1]
    assert "Words to look at (2)" in page and 'data-reading="quyết"' in page and 'data-crop="5,6,7,8"' in page
    officer.post(f"/review/pages/{ids['two']}", data={"text": "trang định quyết", "version": str(version + 1)})
    assert "Words to look at" not in officer.get(f"/review/{ids['scan']}?page=2").get_data(as_text=True)
    assert [word["d"] for word in officer.get(f"/pages/{ids['two']}/words").json] == [0, 0, 0], "nor on the image"


def test_the_queue_has_pages_and_asks_as_much_for_each(client_as, engine: Engine, world: World, monkeypatch) -> None:
    with db.writing(engine) as session:
        for name in ("Lê An", "Lê Ba", "Lê Cư"):
            dossier = factories.make_dossier(session, world.units["sonv"], name)
            factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"QUYẾT ĐỊNH {name}",))
    client = client_as("canbo.sonv")
    client.get("/review")  # what a house asks once
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *found: asked.append(found[2]))
    whole = client.get("/review").text
    once = len(asked)
    assert [name in whole for name in ("Lê An", "Lê Ba", "Lê Cư")] == [True] * 3
    monkeypatch.setattr("oms.web.review.QUEUE", 2)
    asked.clear()
    first, last = client.get("/review").text, client.get("/review?page=2").text
    assert len(asked) <= 2 * once, "a page of the queue asks no more than the whole"
    assert [name in first for name in ("Lê An", "Lê Ba", "Lê Cư")] == [True, True, False]
    assert [name in last for name in ("Lê An", "Lê Ba", "Lê Cư")] == [False, False, True]
    assert "Lê Cư" in client.get("/review?page=9").text, "a page that is gone shows the last one"
