"""Figures of a unit and of a committee: exact of what one reads, of others never a small group, unknown always said."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from oms import catalogue, db, figures, people
from oms.errors import NotFound, Refused
from oms.figures.protecting import SMALLEST, Group, protect
from oms.models import (
    AuditEntry,
    Category,
    Document,
    Dossier,
    DossierStatus,
    Gender,
    Precision,
    RecordStatement,
    Scan,
    ScanState,
    StatementKind,
    Unit,
)
from oms.people import NewPerson
from oms.permissions import Actor
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
DAY = date(2026, 11, 29)


def add(session: Session, unit_id: str, name: str = "Lò Văn Ba", *, at: str = "", **facts: object) -> Dossier:
    """A person of a unit with a dossier; `at` is the unit that holds it, when it is another one."""
    unit = session.get_one(Unit, unit_id)
    person = people.add_person(session, NewPerson(full_name=name, **facts), unit)  # type: ignore[arg-type]
    return factories.make_dossier(session, at or unit_id, person=person)


def say(session: Session, dossier: Dossier, key: str, text: str, by: str, place: int = 1, **more: str) -> None:
    facts = {"dossier_id": dossier.id, "key": key, "text": text, "account_id": by, **more}
    session.add(RecordStatement(kind=StatementKind.KEYED, place=place, **facts))
    session.flush()


def told(board: figures.Dashboard, id: str) -> dict[str, int | None]:
    """The groups of a distribution that are not empty."""
    assert board.people is not None
    (found,) = [one for one in board.people.distributions if one.id == id]
    return {cell.id: cell.count for cell in found.cells if cell.count != 0}


def look(session: Session, actor: Actor, unit_id: str = "") -> figures.Dashboard:
    unit = session.get_one(Unit, unit_id) if unit_id else None
    return figures.look(session, unit, actor=actor, on=DAY)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Đại học Luật", "university"),
        ("Thạc sĩ Quản lý công; cử nhân luật", "master"),
        ("TIẾN SỸ", "doctor"),
        ("Cử nhân cao đẳng", "college"),
        ("Cao đẳng Đại học", None),
        ("Nghiên cứu sinh tiến sĩ", None),
        ("Bác sĩ chuyên khoa I", None),
        ("12/12", None),
    ],
)
def test_a_level_is_told_by_words_and_never_guessed(text: str, level: str | None) -> None:
    scale = catalogue.scale("highest_qualification", DAY)
    assert scale is not None and scale.level_of(text) == level


def test_ages_are_told_only_where_all_of_the_date_fits(session: Session, world: World, actor: Find) -> None:
    sonv = world.units["sonv"]
    born = [
        (date(1995, 11, 30), Precision.DAY),  # 30 until tomorrow
        (date(1995, 11, 29), Precision.DAY),  # 31 today
        (date(1996, 1, 1), Precision.YEAR),
        (date(1995, 1, 1), Precision.YEAR),  # 30 or 31
        (date(1995, 11, 1), Precision.MONTH),  # 30 or 31
        (date(1995, 12, 1), Precision.MONTH),
        (date(1960, 2, 29), None),
        (None, None),
    ]
    for number, (day, precision) in enumerate(born):
        add(session, sonv, f"Lò Văn {number}", birth_date=day, birth_precision=precision)
    assert told(look(session, actor("canbo.sonv")), "age") == {"to_30": 3, "31_40": 1, "from_61": 1, "unknown": 3}


def test_an_officer_counts_exactly_what_the_unit_holds(session: Session, world: World, actor: Find) -> None:
    officer, sonv = actor("canbo.sonv"), world.units["sonv"]
    one = add(session, sonv, gender=Gender.FEMALE, party_official_date=date(2010, 1, 1))
    cell = add(session, world.units["sonv_c1"], at=sonv, gender=Gender.MALE, party_join_date=date(2026, 1, 1))
    factories.make_dossier(session, sonv, category=Category.PARTY_MEMBER, person=cell.person)
    add(session, world.units["sotc"], gender=Gender.MALE)
    add(session, sonv).status = DossierStatus.CLOSED
    say(session, one, "highest_qualification", "Trung cấp", officer.account_id)
    say(session, one, "highest_qualification", "Thạc sĩ", officer.account_id, place=2)
    say(session, one, "highest_academic", "Cử nhân", officer.account_id)
    say(session, cell, "highest_qualification", "lớp tập huấn", officer.account_id)
    board = look(session, officer)
    assert board.scope.unit.id == sonv and not board.scope.beyond
    assert board.people is not None and (board.people.total, board.people.of_others) == (2, 0)
    assert told(board, "gender") == {"female": 1, "male": 1}
    assert told(board, "membership") == {"full": 1, "joined": 1}
    assert told(board, "highest_qualification") == {"master": 1, "otherwise": 1}
    assert told(board, "political_theory") == {"unknown": 2}
    assert told(board, "category") == {"civil_servant": 2, "party_member": 1}
    assert board.dossiers == 4, "a closed dossier is still one that must be whole"
    below = look(session, officer, world.units["sonv_c1"])
    assert below.people is not None and below.people.total == 1 and below.dossiers == 2


def test_a_value_of_two_officers_counts_when_they_agree(session: Session, world: World, actor: Find) -> None:
    from oms import record

    sonv = world.units["sonv"]
    agreed, disputed = add(session, sonv), add(session, sonv)
    for place, (name, text) in enumerate([("canbo.sonv", "4/9"), ("canbo2.sonv", "4/9")], start=1):
        say(session, agreed, "salary_step", text, world.accounts[name], place)
        say(session, disputed, "salary_step", text if place == 1 else "5/9", world.accounts[name], place)
    here = Dossier.custodian_id == sonv
    assert record.newest_verified(session, ["salary_step"], here) == {"salary_step": {agreed.person_id: "4/9"}}
    counted = list(record.count_verified(session, ["salary_step"], here, here))
    assert counted == [(("4/9",), True, 1)]


def test_the_board_counts_the_committee_and_hides_small_groups_of_others(
    session: Session, world: World, actor: Find
) -> None:
    for number in range(7):
        add(session, world.units["sonv"], gender=Gender.FEMALE, birth_date=date(1970 + number % 2, 1, 1))
    for _ in range(2):
        add(session, world.units["sotc"], gender=Gender.MALE, birth_date=date(1999, 1, 1))
    add(session, world.units["sonv"], at=world.units["btc"], gender=Gender.MALE, birth_date=date(1999, 1, 1))
    board = look(session, actor("canbo.khoi"))
    assert board.scope.unit.id == world.units["khoi"] and board.scope.beyond
    assert board.people is not None and (board.people.total, board.people.of_others) == (10, 9)
    assert told(board, "gender") == {"female": None, "male": None}, "two men of others, and who is left"
    assert told(board, "age")["to_30"] is None
    assert told(board, "membership") == {"unknown": 10}
    assert {state.unit.id: state.dossiers for state in board.states} == {
        world.units["sonv"]: 7,
        world.units["sotc"]: 2,
        world.units["btc"]: 1,
    }
    own = look(session, actor("canbo.khoi"), world.units["btc"])
    assert own.people is not None and own.people.total == 1 and told(own, "gender") == {"male": 1}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6))
def test_nobody_works_out_a_hidden_group(drawn: list[tuple[int, int]]) -> None:
    groups = [Group(str(place), own + other, other) for place, (own, other) in enumerate(drawn)]
    shown = protect(groups)
    hidden = [group for group in groups if shown[group.id] is None]
    for group in groups:
        assert shown[group.id] in (None, group.count)
        assert shown[group.id] is None or not 0 < group.of_others < SMALLEST
    if hidden and len(hidden) < len(groups):
        assert len(hidden) > 1 and sum(group.of_others for group in hidden) >= SMALLEST


def test_what_is_not_the_actors_does_not_exist(session: Session, world: World, actor: Find) -> None:
    add(session, world.units["sonv"])
    for username, code in (
        ("canbo.sonv", "sotc"),
        ("canbo.sonv", "khoi"),
        ("canbo.khoi", "sonv"),
        ("kiemtra.khoi", "sonv"),
    ):
        with pytest.raises(NotFound):
            look(session, actor(username), world.units[code])
    for username in ("quantri", "nguoilaodong.sonv"):
        with pytest.raises(Refused):
            look(session, actor(username))


def test_an_inspector_learns_how_the_work_stands_and_nothing_of_people(
    session: Session, world: World, actor: Find
) -> None:
    add(session, world.units["sonv"], gender=Gender.FEMALE)
    board = look(session, actor("kiemtra.khoi"))
    assert board.people is None and board.dossiers == 1 and board.missing_by_priority


def test_pages_and_months(session: Session, world: World, actor: Find) -> None:
    officer, sonv = actor("canbo.sonv"), world.units["sonv"]
    dossier = add(session, sonv)
    filed = factories.make_scan(session, dossier, officer.account_id, ("a", "b"))
    document = factories.make_document(session, dossier, filed, actor=officer)
    factories.make_scan(session, dossier, officer.account_id, ("c",))
    old = factories.make_scan(session, dossier, officer.account_id, ("d",), read=False)
    failed = factories.make_scan(session, dossier, officer.account_id, ("e",), read=False)
    failed.state, sealed = ScanState.FAILED, factories.make_scan(session, dossier, officer.account_id, ("f",))
    sealed.sealed = True
    sealed.pages[0].document_id, sealed.pages[0].document_position = document.id, 9
    for scan in (filed, sealed, failed):
        scan.received_at = datetime(2026, 10, 31, 16, 59, tzinfo=UTC)  # the last minute of October in Vietnam
    document.filed_at = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
    old.received_at = datetime(2025, 11, 30, 16, 59, tzinfo=UTC)
    session.flush()
    for username, unit in (("canbo.sonv", sonv), ("canbo.khoi", world.units["khoi"])):
        if username == "canbo.khoi":
            add(session, world.units["sotc"])
        work = look(session, actor(username), unit).digitising
        assert (work.pages, work.checked, work.waiting, work.unread, work.failed) == (5, 2, 1, 1, 1)
        assert (work.documents, work.dossiers_begun) == (1, 1)
        months = {month.first: (month.pages, month.documents) for month in work.months}
        assert len(months) == 12 and min(months) == date(2025, 12, 1)
        assert months[date(2026, 10, 1)] == (3, 0) and months[date(2026, 11, 1)][1] == 1
    assert look(session, actor("canbo.sotc")).digitising.pages == 0


def test_a_sealed_paper_counts_for_nothing(session: Session, world: World, actor: Find) -> None:
    officer = actor("canbo.sonv")
    dossier = add(session, world.units["sonv"])
    scan = factories.make_scan(session, dossier, officer.account_id, ("a",))
    document = factories.make_document(session, dossier, scan, actor=officer)
    say(session, dossier, "political_theory", "Cao cấp", officer.account_id, page_id=scan.pages[0].id)
    before = look(session, officer)
    assert told(before, "political_theory") == {"advanced": 1}
    document.sealed = scan.sealed = True
    session.flush()
    after = look(session, officer)
    assert told(after, "political_theory") == {"unknown": 1} and after.digitising.documents == 0
    assert sum(number for _, number in after.gaps) == sum(number for _, number in before.gaps) + 1


def test_the_page_and_its_log(client_as: Callable[[str], FlaskClient], engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = add(session, world.units["sonv"], gender=Gender.FEMALE, birth_date=date(1985, 1, 1))
        say(session, dossier, "highest_qualification", "Thạc sĩ", world.accounts["canbo.sonv"])
    client = client_as("canbo.sonv")
    client.set_cookie("language", "en")
    page = client.get("/figures").text
    assert "Master" in page and "31 to 40" in page and f"/people?unit={world.units['sonv']}" in page
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        assert entry is not None and (entry.action, entry.object_id) == ("figures:view", world.units["sonv"])
    assert "/figures?unit=" in client.get(f"/units/{world.units['sonv']}").text
    assert "/figures?unit=" not in client.get(f"/units/{world.units['sotc']}").text
    assert client.get(f"/figures?unit={world.units['sotc']}").status_code == 404
    assert client.get("/figures?unit=nothing").status_code == 404
    board = client_as("canbo.khoi")
    board.set_cookie("language", "en")
    assert "not told" in board.get("/figures").text
    inspector = client_as("kiemtra.khoi").get("/figures")
    assert inspector.status_code == 200 and "chart-gender" not in inspector.text
    assert client_as("quantri").get("/figures").status_code == 403


def test_the_number_of_queries_does_not_grow(engine: Engine, world: World, actor: Find) -> None:
    def count() -> int:
        asked: list[str] = []
        with db.reading(engine) as session:
            event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
            board = look(session, actor("canbo.khoi"))
            assert board.people is not None
        return len(asked)

    with db.writing(engine) as session:
        add(session, world.units["sonv"])
        add(session, world.units["btc"])
    first = count()
    with db.writing(engine) as session:
        for code in ("sonv", "sotc", "soyt", "btc"):
            for number in range(4):
                dossier = add(session, world.units[code], f"Lò Văn {number}")
                scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("a", "b"))
                session.add(
                    Document(
                        dossier_id=dossier.id,
                        component_id="cs_diploma",
                        title="Bằng",
                        position=1,
                        filed_by_id=scan.received_by_id,
                    )
                )
    assert count() == first
    with db.reading(engine) as session:
        assert session.scalars(select(Scan)).first() is not None
