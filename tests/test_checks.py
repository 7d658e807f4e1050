"""Contradictions: found from what the pages say, settled by people, never found twice for the same facts."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from oms import checks, db, jobs, purging, review
from oms.catalogue import time_limit
from oms.checks.making import check_dossier
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import (
    AuditEntry,
    Category,
    Document,
    Dossier,
    Finding,
    FindingKind,
    FindingPlace,
    FindingState,
    Job,
    Page,
    PersonAlias,
    Precision,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, can
from oms.reading import pack_words
from oms.recognition import Word
from oms.recognition.forms import sense
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
NAME = "Vàng A Páo"


def value(text: str, flag: str | None = None, left: int = 100) -> dict[str, object]:
    return {"value": text, "box": [left, 200, 300, 40], "confidence": 90.0, "flag": flag}


def dossier_of(session: Session, world: World, born: date | None = date(1980, 5, 3), **more: object) -> Dossier:
    return factories.make_dossier(session, world.units["sonv"], NAME, birth_date=born, **more)  # type: ignore[arg-type]


def put(
    session: Session,
    dossier: Dossier,
    fields: dict[str, str],
    *,
    component: str = "cs_short_cv",
    tables: dict[str, list[list[str]]] | None = None,
    filed: bool = True,
    issued: date | None = None,
) -> Page:
    """One page with these values on it, filed as a document of its own."""
    by = session.scalars(select(factories.Account.id).where(factories.Account.username == "canbo.sonv")).one()
    number = session.scalar(select(func.count(Page.id))) or 0
    scan = factories.make_scan(session, dossier, by, (f"trang {number}",))
    (page,) = review.pages_with_text(session, scan)
    page.findings = {
        "head": {},
        "form": "2C-BNV/2008",
        "fields": {key: value(text) for key, text in fields.items()},
        "tables": tables or {},
        "codes": [],
    }
    if filed:
        document = Document(
            dossier_id=dossier.id,
            component_id=component,
            title=f"Giấy {number}",
            position=number + 1,
            filed_by_id=by,
            issued_on=issued,
            issued_precision=Precision.DAY if issued else None,
        )
        session.add(document)
        session.flush()
        page.document_id, page.document_position = document.id, 1
    session.flush()
    session.expire_all()
    return page


def kinds(session: Session, dossier: Dossier) -> list[tuple[str, dict[str, object]]]:
    return [(one.kind.value, dict(one.details)) for one in checks.look_for(session, dossier)]


def entries(session: Session, action: str) -> list[AuditEntry]:
    session.flush()
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action.like(action)).order_by(AuditEntry.seq)))


def test_values_that_agree_are_no_contradiction(session: Session, world: World) -> None:
    dossier = dossier_of(session, world)
    put(session, dossier, {"full_name": "VÀNG A PÁO", "birth_date": "03/05/1980", "party_join_date": "03/02/2005"})
    put(session, dossier, {"full_name": "VÁNG A PAO", "birth_date": "05/1980", "party_join_date": "2005"})
    assert kinds(session, dossier) == []


def test_a_date_of_the_register_is_shown_on_a_page_and_stays_settled(session: Session, world: World, actor) -> None:
    dossier, officer = dossier_of(session, world), actor("canbo.sonv")
    put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1981"})
    checks.check(session, dossier, actor=None)
    (finding,) = checks.of_dossier(session, dossier, actor=officer)
    assert [place.page_id is None for place in finding.places].count(True) == 1
    checks.settle(session, finding, "explain", reason="Ghi nhầm", actor=officer, version=finding.version)
    page = put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1980"})
    checks.check(session, dossier, actor=None)
    assert [one.state for one in checks.of_dossier(session, dossier, actor=officer)] == [FindingState.EXPLAINED]
    (found,) = checks.look_for(session, dossier)
    assert {place.page_id for place in found.places} >= {page.id} and None not in {p.page_id for p in found.places}


def test_a_birth_date_that_differs_names_the_one_that_stands_by_law(session: Session, world: World) -> None:
    dossier = dossier_of(session, world)
    put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1981"})
    ((kind, details),) = kinds(session, dossier)
    assert kind == "birth" and (details["one"], details["other"]) == ("03/05/1981", "03/05/1980")
    assert (details["rule"], details["holds"]) == ("other", ""), "the certificate does not lie there"
    put(session, dossier, {"full_name": NAME, "birth_date": "04/05/1980"}, component="cs_birth_certificate")
    found = kinds(session, dossier)
    assert {details["holds"] for _kind, details in found} == {"04/05/1980"}
    assert {details["one"] for _kind, details in found} == {"03/05/1980", "03/05/1981"}, "the register, too, is wrong"


def test_for_a_member_the_original_cv_of_the_member_stands(session: Session, world: World) -> None:
    dossier = dossier_of(session, world, category=Category.PARTY_MEMBER)
    put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1980"}, component="pm_02")
    page = put(session, dossier, {"full_name": NAME, "birth_date": "03/06/1980"}, component="pm_75")
    (found,) = checks.look_for(session, dossier)
    assert found.details["rule"] == "member" and found.details["holds"] == "03/05/1980"
    assert found.places[0].page_id == page.id and found.places[0].box == (100, 200, 300, 40)


def test_what_the_machine_doubts_or_a_person_corrected_away_says_nothing(session: Session, world: World) -> None:
    dossier = dossier_of(session, world)
    page = put(session, dossier, {"full_name": NAME})
    page.findings = {
        "fields": {"birth_date": value("31/02/1981", sense.NO_DAY)},
        "head": {},
        "form": None,
        "tables": {},
    }
    other = put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1981"})
    other.corrected, other.text = True, f"{NAME} sinh ngày 03/05/1980"
    session.flush()
    assert kinds(session, dossier) == []
    other.text = f"{NAME} sinh ngày 03/05/1981"
    session.flush()
    assert [kind for kind, _details in kinds(session, dossier)] == ["birth"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"party_join_date": "03/02/2005", "party_official_date": "03/02/2004"}, "order"),
        ({"party_join_date": "03/02/2005", "party_official_date": "03/10/2005"}, "probation"),
        ({"party_join_date": "03/02/2005", "party_official_date": "03/02/2006"}, None),
        ({"party_join_date": "2005", "party_official_date": "2005"}, "probation"),
        ({"party_join_date": "2005", "party_official_date": "2006"}, None),
        ({"party_join_date": "02/05/1998"}, "age"),
        ({"party_join_date": "03/05/1998"}, None),
        ({"party_join_date": "1998"}, None),
        ({"recruitment_date": "01/06/1979"}, "order"),
        ({"recruitment_date": "01/06/1997"}, None),
        ({"recruitment_date": "01/06/2012"}, None),
        ({"enlist_date": "01/06/2000", "discharge_date": "01/06/1999"}, "order"),
    ],
)
def test_dates_that_cannot_follow_each_other(
    session: Session, world: World, fields: dict[str, str], found: str | None
) -> None:
    dossier = dossier_of(session, world)
    put(session, dossier, {"full_name": NAME, **fields})
    assert [kind for kind, _details in kinds(session, dossier)] == ([found] if found else [])


def test_a_date_of_the_register_is_held_against_the_papers(session: Session, world: World) -> None:
    dossier = dossier_of(session, world)
    dossier.person.party_join_date = date(2005, 2, 3)
    put(session, dossier, {"full_name": NAME, "party_join_date": "03/12/2005", "id_number": "012345678"})
    put(session, dossier, {"full_name": NAME, "id_number": "068080001234"})
    ((kind, details),) = kinds(session, dossier)
    assert kind == "value" and (details["one"], details["other"]) == ("03/12/2005", "03/02/2005")
    assert details["what"] != "party_join_date"


CAREER = [["9/1998 - 8/2003", "Sinh viên"], ["9/2003 - 12/2009", "Chuyên viên"], ["Từ 1/2010 đến nay", "Phó phòng"]]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (CAREER, []),
        ([CAREER[0], CAREER[2]], [("career_gap", 76)]),
        ([CAREER[0], ["không nhớ", "Bộ đội"], CAREER[2]], []),
        ([["1998 - 2003", "a"], ["2004 - 2009", "b"]], []),
        ([["1998 - 2003", "a"], ["2006 - 2009", "b"]], [("career_gap", 24)]),
        ([["1/1998 - 8/2003", "a"], ["8/2003 - 12/2009", "b"]], []),
        ([["1/1998 - 8/2004", "a"], ["8/2003 - 12/2009", "b"]], [("career_overlap", 13)]),
        ([["1998 - 2004", "a"], ["2004 - 2009", "b"]], []),
    ],
)
def test_gaps_and_overlaps_of_a_career(
    session: Session, world: World, rows: list[list[str]], found: list[tuple[str, int]]
) -> None:
    dossier = dossier_of(session, world)
    put(session, dossier, {"full_name": NAME}, tables={"work_history": rows})
    assert [(kind, details["months"]) for kind, details in kinds(session, dossier)] == found


def test_a_row_is_framed_where_its_words_stand(session: Session, world: World, actor: Find) -> None:
    dossier = dossier_of(session, world)
    page = put(session, dossier, {"full_name": NAME}, tables={"work_history": [CAREER[0], CAREER[2]]})
    told = " ".join(cell for row in (["Tóm", "tắt"], *CAREER) for cell in row).split()
    page.words = pack_words([Word(text, 10 * place, 60, 8, 30, 95.0, 0) for place, text in enumerate(told)])
    session.flush()
    checks.check(session, dossier, actor=actor("canbo.sonv"))
    first, second = session.scalars(select(FindingPlace.box).order_by(FindingPlace.place)).all()
    assert first == [20, 60, 48, 30] and second is not None and second[0] > first[0]


def test_two_forms_that_tell_the_same_career_do_not_overlap(session: Session, world: World) -> None:
    dossier = dossier_of(session, world)
    put(session, dossier, {"full_name": NAME}, tables={"work_history": CAREER[:2]})
    put(session, dossier, {"full_name": NAME}, tables={"work_history": CAREER})
    assert kinds(session, dossier) == []


@pytest.mark.parametrize(
    ("fields", "right"),
    [
        ({"salary_step": "3/9", "salary_coefficient": "3,00", "rank_code": "01.003"}, None),
        ({"salary_step": "3/9", "salary_coefficient": "3,33", "rank_code": "01.003"}, "3,00"),
        ({"salary_step": "3/9", "salary_coefficient": "3,34"}, ""),
        ({"salary_step": "3", "salary_coefficient": "2.26"}, None),
        ({"salary_step": "VK 5%", "salary_coefficient": "4,98"}, None),
    ],
)
def test_the_step_has_its_coefficient(
    session: Session, world: World, fields: dict[str, str], right: str | None
) -> None:
    dossier = dossier_of(session, world)
    put(session, dossier, {"full_name": NAME, **fields})
    found = kinds(session, dossier)
    assert [(kind, details.get("right", "")) for kind, details in found] == (
        [] if right is None else [("pay_step", right)]
    )


def test_pay_that_falls(session: Session, world: World) -> None:
    dossier = dossier_of(session, world)
    rows = [["10/2010", "01.003/2", "2,67"], ["10/2013", "01.003/1", "2,34"], ["10/2016", "01.003/3", "3,00"]]
    put(session, dossier, {"full_name": NAME}, tables={"salary_history": rows})
    ((kind, details),) = kinds(session, dossier)
    assert kind == "pay_backwards" and (details["one"], details["other"]) == ("2,67", "2,34")


def test_documents_of_impossible_days(session: Session, world: World) -> None:
    dossier = dossier_of(session, world)
    put(session, dossier, {}, issued=date(1975, 1, 1))
    put(session, dossier, {}, issued=today() + timedelta(days=3))
    put(session, dossier, {}, issued=date(2001, 1, 1))
    assert [kind for kind, _details in kinds(session, dossier)] == ["document_date"] * 2


def test_a_page_of_somebody_else_and_one_with_another_name_of_the_same_birth(session: Session, world: World) -> None:
    dossier = dossier_of(session, world)
    put(session, dossier, {"full_name": "THÁI KIM KHANH", "birth_date": "01/01/1990", "party_join_date": "1/1/1991"})
    put(session, dossier, {"full_name": "GIÀNG SEO PHỬ", "birth_date": "03/05/1980"})
    assert [kind for kind, _details in kinds(session, dossier)] == ["stranger", "name"]
    session.add(PersonAlias(person_id=dossier.person_id, name="Giàng Seo Phử"))
    session.flush()
    session.expire_all()
    assert [kind for kind, _details in kinds(session, dossier)] == ["stranger"]


def test_filing_has_the_dossier_looked_through_and_the_run_may_be_repeated(
    engine: Engine, world: World, actor: Find, settings: object
) -> None:
    with db.writing(engine) as session:
        dossier = dossier_of(session, world)
        page = put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1981"}, filed=False)
        filing = review.Filing("cs_short_cv", "Sơ yếu lý lịch", despite="cùng một người")
        review.file_pages(session, page.scan, [page.id], filing, actor=actor("canbo.sonv"))
        waiting = session.scalars(select(Job.subject_id).where(Job.kind == "check_dossier")).all()
        assert waiting == [dossier.id]
        dossier_id = dossier.id
    for _run in range(2):
        assert check_dossier(engine, settings, dossier_id, actor=None) == []  # type: ignore[arg-type]
        with db.reading(engine) as session:
            found = session.scalars(select(Finding.kind).order_by(Finding.found_at)).all()
            assert found == [FindingKind.STRANGER, FindingKind.BIRTH]
            runs = session.scalars(select(AuditEntry).where(AuditEntry.action == "check:run")).all()
            assert len(runs) == 1, "a run that changes nothing is no event"
    assert check_dossier(engine, settings, "0" * 16, actor=None) == []  # type: ignore[arg-type]


def one_finding(session: Session, world: World, actor: Find) -> tuple[Dossier, Page, Finding]:
    dossier = dossier_of(session, world)
    page = put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1981"})
    assert checks.check(session, dossier, actor=actor("canbo.sonv")) == 1
    return dossier, page, session.scalars(select(Finding)).one()


def test_what_was_settled_does_not_come_back_unless_its_facts_change(
    session: Session, world: World, actor: Find
) -> None:
    dossier, page, finding = one_finding(session, world, actor)
    who = actor("canbo.sonv")
    checks.settle(session, finding, "explain", reason="Khai nhầm, đã đính chính", actor=who)
    assert checks.check(session, dossier, actor=who) == 0
    assert (finding.state, finding.reason) == (FindingState.EXPLAINED, "Khai nhầm, đã đính chính")
    page.findings = {**(page.findings or {}), "fields": {"birth_date": value("03/05/1982")}}
    session.flush()
    assert checks.check(session, dossier, actor=who) == 1
    states = session.scalars(select(Finding.state).order_by(Finding.found_at)).all()
    assert states == [FindingState.EXPLAINED, FindingState.OPEN]


def test_what_is_no_longer_found_says_so_and_comes_back_open(session: Session, world: World, actor: Find) -> None:
    dossier, page, finding = one_finding(session, world, actor)
    who = actor("canbo.sonv")
    checks.settle(session, finding, "send", reason="Xác minh tại nơi sinh", actor=who)
    assert finding.due_on == time_limit("verification").ends(today())
    wrong, page.findings = page.findings, {"fields": {}, "tables": {}, "head": {}}
    session.flush()
    checks.check(session, dossier, actor=who)
    assert (finding.state, finding.due_on, finding.settled_by_id) == (FindingState.GONE, None, None)
    page.findings = wrong
    session.flush()
    assert checks.check(session, dossier, actor=who) == 1 and finding.state == FindingState.OPEN


def test_settling_needs_a_reason_and_the_version_that_was_seen(session: Session, world: World, actor: Find) -> None:
    _dossier, _page, finding = one_finding(session, world, actor)
    who = actor("canbo.sonv")
    with pytest.raises(BadInput, match="Say why"):
        checks.settle(session, finding, "accept", reason="  ", actor=who)
    with pytest.raises(Conflict, match="just settled"):
        checks.settle(session, finding, "accept", reason="đúng", actor=who, version=finding.version - 1)
    with pytest.raises(Conflict, match="not open"):
        checks.settle(session, finding, "reopen", reason="đúng", actor=who)
    assert entries(session, "check:accept") == []
    checks.settle(session, finding, "accept", reason="đúng là mâu thuẫn", actor=who)
    checks.settle(session, finding, "reopen", reason="xem lại", actor=who)
    assert [entry.action for entry in entries(session, "check:%")] == ["check:run", "check:accept", "check:reopen"]


@pytest.mark.parametrize("username", ["canbo.sotc", "bithu.sonv", "kiemtra.khoi", "quantri", "nguoilaodong.sonv"])
def test_only_officers_of_the_holder_settle(session: Session, world: World, actor: Find, username: str) -> None:
    _dossier, _page, finding = one_finding(session, world, actor)
    with pytest.raises(Refused):
        checks.settle(session, finding, "accept", reason="đúng", actor=actor(username))
    assert finding.state == FindingState.OPEN and entries(session, "check:accept") == []


def test_a_dossier_held_still_is_settled_later(session: Session, world: World, actor: Find) -> None:
    dossier, _page, finding = one_finding(session, world, actor)
    dossier.frozen = True
    session.flush()
    with pytest.raises(Refused, match="held still"):
        checks.settle(session, finding, "accept", reason="đúng", actor=actor("canbo.sonv"))


def test_perhaps_one_person_twice_is_told_to_who_holds_both(session: Session, world: World, actor: Find) -> None:
    mine = dossier_of(session, world)
    other = dossier_of(session, world)
    elsewhere = factories.make_dossier(session, world.units["sotc"], NAME, birth_date=date(1980, 5, 3))
    session.flush()
    who = actor("canbo.sonv")
    checks.check(session, mine, actor=who)
    (finding,) = session.scalars(select(Finding)).all()
    assert finding.kind == FindingKind.DOUBLE and finding.other_id == other.id
    assert elsewhere.number not in str(finding.details)
    assert can(who, Action.CHECK_READ, finding)
    other.custodian_id = world.units["soyt"]
    session.flush()
    session.expire_all()
    for username in ("canbo.sonv", "canbo.soyt"):
        rows = session.scalars(select(Finding).where(allowed(actor(username), Action.CHECK_READ))).all()
        assert rows == [] and not can(actor(username), Action.CHECK_READ, finding)


def test_the_number_of_another_person_on_a_paper(session: Session, world: World) -> None:
    mine, other = dossier_of(session, world), factories.make_dossier(session, world.units["sonv"], "Giàng Seo Phử")
    other.person.personal_id = "068080001234"
    put(session, mine, {"full_name": NAME, "id_number": "068080001234"})
    ((kind, details),) = kinds(session, mine)
    assert kind == "double" and details["number"] == other.number


def test_a_sealed_page_shows_nothing_and_a_purged_one_leaves_nothing(
    session: Session, world: World, actor: Find, settings: object
) -> None:
    dossier, page, finding = one_finding(session, world, actor)
    who = actor("canbo.sonv")
    page.scan.sealed = True
    session.flush()
    assert checks.count_open(session, dossier, actor=who) == 0 and not can(who, Action.CHECK_READ, finding)
    page.scan.sealed = False
    session.flush()
    assert checks.count_open(session, dossier, actor=who) == 1
    purging.destroy(session, settings, [page.scan])  # type: ignore[arg-type]
    assert session.scalar(select(func.count(Finding.id))) == session.scalar(select(func.count(FindingPlace.id))) == 0


def test_lists_are_narrowed_counted_and_taken_along(session: Session, world: World, actor: Find) -> None:
    dossier, _page, finding = one_finding(session, world, actor)
    who = actor("canbo.sonv")
    put(session, dossier, {"party_join_date": "03/02/2005", "party_official_date": "03/02/2004"})
    checks.check(session, dossier, actor=who)
    checks.settle(session, finding, "send", reason="Xác minh", actor=who)
    finding.due_on = today() - timedelta(days=1)
    session.flush()

    def found(**filters: object) -> list[str]:
        rows, total = checks.list_findings(session, checks.Filters(**filters), actor=who)  # type: ignore[arg-type]
        assert total == len(rows)
        return [row.kind.value for row in rows]

    assert found() == ["order"] and found(state=None) == ["birth", "order"]
    assert found(late=True) == found(kind=FindingKind.BIRTH, state=None) == ["birth"]
    assert found(unit_id=world.units["sotc"]) == []
    waiting = checks.count_waiting(session, actor=who)
    assert (waiting.open, waiting.late) == (1, 1)
    (state,) = checks.by_unit(session, actor=who)
    assert (state.open, state.sent, state.settled) == (1, 1, 0)
    for username in ("canbo.sotc", "quantri"):
        assert checks.list_findings(session, checks.Filters(), actor=actor(username)) == ([], 0)
        assert checks.count_waiting(session, actor=actor(username)).open == 0


def test_queries_do_not_grow_with_findings(session: Session, world: World, actor: Find) -> None:
    who = actor("canbo.sonv")
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *given: asked.append(given[2]))

    def add(number: int) -> Dossier:
        dossier = factories.make_dossier(session, world.units["sonv"], f"Lê Văn {number}")
        for year in range(number):
            put(session, dossier, {"full_name": f"LÊ VĂN {number}", "birth_date": f"02/03/{1970 + year}"})
        checks.check(session, dossier, actor=who)
        return dossier

    def ask(dossier: Dossier) -> int:
        session.expire_all()
        session.get_one(Dossier, dossier.id)
        asked.clear()
        for row in checks.list_findings(session, checks.Filters(), actor=who)[0]:
            assert row.dossier.person.full_name and row.dossier.custodian.name
        for row in checks.of_dossier(session, dossier, actor=who):
            assert [place.page.document for place in row.places if place.page]
        checks.look_for(session, dossier)
        return len(asked)

    few = ask(add(2))
    assert ask(add(9)) == few
    assert not jobs.is_under_way(session, "check_dossier", "x")


def test_the_list_leaves_as_a_file_with_who_took_it_and_why(session: Session, world: World, actor: Find) -> None:
    dossier, _page, _finding = one_finding(session, world, actor)
    who = replace(actor("canbo.sonv"), confirmed=True)
    with pytest.raises(ConfirmationNeeded):
        checks.export(session, checks.Filters(), purpose="rà soát", actor=replace(who, confirmed=False), translate=str)
    content = checks.export(session, checks.Filters(), purpose="rà soát", actor=who, translate=str)
    sheets = load_workbook(io.BytesIO(content)).worksheets
    row = [cell.value for cell in sheets[0][sheets[0].max_row]]
    assert row[:2] == [NAME, dossier.number] and "03/05/1981" in str(row[4])
    assert "rà soát" in [cell.value for line in sheets[1].iter_rows() for cell in line]
    (entry,) = entries(session, "check:export")
    assert '"rows":1' in entry.body.replace(" ", "")
