"""Pay rises, posts, contracts and disciplines by the calendar: from the record, else from papers and marked as read only;
what is not known is named with its reason."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from oms import checks, db, inserts, milestones, record
from oms.errors import BadInput
from oms.milestones import Asked, Milestones
from oms.models import AuditEntry, Category, Dossier, StandingFact
from oms.organisation import today
from oms.permissions import Actor
from tests import factories
from tests.factories import World
from tests.test_checks import put
from tests.test_papers import text_of

Find = Callable[[str], Actor]
YEAR_2026 = Asked(date(2026, 1, 1), date(2026, 12, 31))
PAY = {"rank_code": "01.003", "salary_step": "3/9", "salary_coefficient": "3,00", "salary_from": "01/03/2023"}


def say(message: str) -> str:
    return message


def dossier_of(session: Session, world: World, name: str, category: Category = Category.CIVIL_SERVANT) -> Dossier:
    return factories.make_dossier(session, world.units["sonv"], name, category=category)


def look(session: Session, dossier: Dossier) -> None:
    checks.check(session, dossier, actor=None)


def told(found: Milestones) -> list[tuple[str, date, str, str, bool]]:
    return [
        (
            row.person.full_name,
            row.day,
            row.now.words(say) if row.now else "",
            row.then.words(say) if row.then else "",
            row.read,
        )
        for row in found.rows
    ]


def untold(found: Milestones) -> dict[str, str]:
    return {one.person.full_name: one.why.words(say) for one in found.unknown}


def pay_of(session: Session, actor: Actor, asked: Asked = YEAR_2026) -> Milestones:
    return milestones.find(session, "pay", asked, actor=actor)


def test_a_rise_is_due_after_the_months_of_the_group_and_says_whether_anybody_verified_it(
    session, world, actor
) -> None:
    read, verified = dossier_of(session, world, "Trần Văn An"), dossier_of(session, world, "Lê Thị Bình")
    put(session, read, {**PAY, "salary_from": "03/2023"})
    put(session, verified, {**PAY, "salary_step": "2/9"})
    for key, text in PAY.items():
        for who in ("canbo.sonv", "canbo2.sonv"):
            record.key_value(session, verified, key, text, actor=actor(who))
    for dossier in (read, verified):
        look(session, dossier)
    found = pay_of(session, actor("canbo.sonv"))
    step = "step 3, coefficient 3,00 since"
    assert told(found) == [
        ("Trần Văn An", date(2026, 3, 1), f"{step} 03/2023", "step 4, coefficient 3,33", True),
        ("Lê Thị Bình", date(2026, 3, 1), f"{step} 01/03/2023", "step 4, coefficient 3,33", False),
    ]
    assert found.unknown == () and "TT 08/2013" in found.basis
    assert pay_of(session, actor("canbo.sotc")) == Milestones((), (), found.basis)
    acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("milestones:%"))).all()
    assert acts == ["milestones:list"] * 2


def test_what_one_officer_keyed_waits_for_the_second_and_what_was_read_stands(session, world, actor) -> None:
    dossier = dossier_of(session, world, "Trần Văn An")
    put(session, dossier, PAY)
    record.key_value(session, dossier, "salary_from", "01/03/2024", actor=actor("canbo.sonv"))
    look(session, dossier)
    (row,) = pay_of(session, actor("canbo.sonv")).rows
    assert (row.day, row.read) == (date(2026, 3, 1), True)


@pytest.mark.parametrize(
    ("changes", "day", "then"),
    [
        ({"salary_step": "9/9", "salary_coefficient": "4,98"}, date(2026, 3, 1), "5% beyond the last step"),
        ({"salary_step": "VK 5%", "salary_from": "01/06/2025"}, date(2026, 6, 1), "6% beyond the last step"),
        (
            {"seniority_allowance": "7%", "seniority_allowance_from": "01/06/2025", "salary_step": "9"},
            date(2026, 6, 1),
            "8% beyond the last step",
        ),
        ({"rank_code": "06.033", "salary_coefficient": "2,26", "salary_from": "01/05/2024"}, date(2026, 5, 1), "step 4, coefficient 2,46"),
    ],
)  # fmt: skip
def test_beyond_the_last_step_and_ranks_the_catalogue_does_not_know(
    session, world, actor, changes: dict[str, str], day: date, then: str
) -> None:
    dossier = dossier_of(session, world, "Trần Văn An")
    put(session, dossier, {**PAY, **changes})
    look(session, dossier)
    (row,) = pay_of(session, actor("canbo.sonv")).rows
    assert (row.day, row.then.words(say) if row.then else "") == (day, then)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"salary_step": ""}, "the step is not known"),
        ({"salary_from": ""}, "the day since when the pay holds is not known"),
        ({"salary_from": "2023"}, "of the day since when the pay holds only the year is known"),
        ({"rank_code": "99.999", "salary_coefficient": ""}, "the pay group of the rank is not known"),
        ({"rank_code": "99.999", "salary_coefficient": "3,11"}, "the pay group of the rank is not known"),
        (dict.fromkeys(PAY, ""), "no paper and no record says the pay"),
    ],
)
def test_what_is_not_known_is_named_and_not_guessed(session, world, actor, changes: dict[str, str], why: str) -> None:
    dossier = dossier_of(session, world, "Trần Văn An")
    dossier_of(session, world, "Đảng Viên Chỉ Có Thẻ", Category.PARTY_MEMBER)
    put(session, dossier, {key: text for key, text in {**PAY, **changes}.items() if text})
    look(session, dossier)
    found = pay_of(session, actor("canbo.sonv"))
    assert found.rows == () and untold(found) == {"Trần Văn An": why}


def test_papers_are_never_mixed_and_the_newest_counts(session, world, actor) -> None:
    dossier = dossier_of(session, world, "Trần Văn An")
    put(session, dossier, {"salary_step": "5/9", "salary_coefficient": "3,66", "rank_code": "01.003"})
    put(session, dossier, PAY)
    put(session, dossier, {**PAY, "salary_step": "2/9", "salary_from": "01/03/2020"})
    look(session, dossier)
    (row,) = pay_of(session, actor("canbo.sonv")).rows
    assert row.now is not None and row.now.words(say) == "step 3, coefficient 3,00 since 01/03/2023"
    (fact,) = session.scalars(select(StandingFact)).all()
    look(session, dossier)
    assert session.scalars(select(StandingFact.id)).all() == [fact.id], "nothing new is not written again"


def test_a_discipline_puts_the_rise_off_and_one_nobody_can_tell_makes_it_unknown(session, world, actor) -> None:
    officer = actor("canbo.sonv")
    late = dossier_of(session, world, "Trần Văn An")
    put(session, late, PAY)
    for cells in (["05/2024", "", "Cảnh cáo", "", ""], ["02/2020", "", "Cách chức", "", ""]):
        record.write_row(session, late, "discipline", cells, actor=officer, form_id="SYLL-TT06-2023")
    vague = dossier_of(session, world, "Lê Thị Bình")
    put(session, vague, {**PAY, "discipline_summary": "Có bị kỷ luật năm 2024"})
    never = dossier_of(session, world, "Hà Văn Tư")
    put(session, never, {**PAY, "discipline_summary": "Không"})
    for dossier in (late, vague, never):
        look(session, dossier)
    found = pay_of(session, officer)
    assert [(row.person.full_name, row.day, row.note.words(say) if row.note else "") for row in found.rows] == [
        ("Hà Văn Tư", date(2026, 3, 1), ""),
        ("Trần Văn An", date(2026, 9, 1), "put off by 6 months after a discipline"),
    ]
    assert "discipline" in untold(found)["Lê Thị Bình"]
    missed = pay_of(session, officer, Asked(date(2026, 6, 1), date(2026, 12, 31)))
    assert (len(missed.rows), missed.earlier) == (1, 1)


def test_posts_end_five_years_after_the_last_appointment(session, world, actor) -> None:
    officer = actor("canbo.sonv")
    by_form, by_paper, unsaid = (
        dossier_of(session, world, name) for name in ("Trần Văn An", "Lê Thị Bình", "Hà Văn Tư")
    )
    put(
        session,
        by_form,
        {"appointment_date": "01/06/2016", "reappointment_date": "01/06/2021", "current_position": "Chánh Văn phòng"},
    )
    for title, day in (
        ("Quyết định bổ nhiệm Trưởng phòng", date(2021, 9, 1)),
        ("Quyết định bổ nhiệm ngạch chuyên viên", date(2023, 1, 1)),
    ):
        page = put(session, by_paper, {}, component="cs_appointment_file", issued=day)
        page.document.title = title
    put(session, unsaid, {"position_allowance": "0,6"})
    for dossier in (by_form, by_paper, unsaid):
        look(session, dossier)
    found = milestones.find(session, "posts", YEAR_2026, actor=officer)
    assert told(found) == [
        ("Trần Văn An", date(2026, 6, 1), "Chánh Văn phòng, appointed on 01/06/2021", "", True),
        ("Lê Thị Bình", date(2026, 9, 1), "appointed on 01/09/2021", "", False),
    ]
    assert list(untold(found)) == ["Hà Văn Tư"]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("Thời hạn: từ ngày 01 tháng 7 năm 2025 đến hết ngày 30 tháng 6 năm 2026.", date(2026, 6, 30)),
        ("từ 01/07/2025 đến 30/06/2026; phụ cấp chi đến ngày 31/12/2025", date(2026, 6, 30)),
        ("Hợp đồng lao động không xác định thời hạn, từ ngày 01/07/2025", None),
        ("từ ngày 01/07/2025 đến ngày 31/06/2026", "unknown"),
        ("có hiệu lực đến ngày 30/06/2026", "unknown"),
    ],
)
def test_a_contract_ends_when_its_text_says_so(session, world, actor, text: str, end: date | str | None) -> None:
    dossier = dossier_of(session, world, "Trần Văn An", Category.CONTRACT_WORKER)
    page = put(session, dossier, {}, component="cw_labour_contract", issued=date(2025, 6, 20))
    page.text = page.text_read = text
    look(session, dossier)
    found = milestones.find(session, "contracts", YEAR_2026, actor=actor("canbo.sonv"))
    assert [row.day for row in found.rows] == ([end] if isinstance(end, date) else [])
    assert list(untold(found)) == (["Trần Văn An"] if end == "unknown" else [])
    put(session, dossier, {}, component="cw_termination", issued=date(2025, 12, 1))
    look(session, dossier)
    after = milestones.find(session, "contracts", YEAR_2026, actor=actor("canbo.sonv"))
    assert (after.rows, after.unknown) == ((), ())


def test_disciplines_are_in_force_for_twelve_months_and_sealed_ones_are_told_to_nobody(session, world, actor) -> None:
    officer, second = actor("canbo.sonv"), actor("canbo2.sonv")
    dossier = dossier_of(session, world, "Trần Văn An", Category.PARTY_MEMBER)
    page = put(
        session,
        dossier,
        {},
        component="pm_22",
        issued=date(2026, 2, 10),
        tables={"discipline": [["2026", "ĐUCS", "Khiển trách", "x"]]},
    )
    page.document.title = "Quyết định kỷ luật khiển trách"
    old = put(session, dossier, {}, component="pm_36", issued=date(2019, 2, 10))
    old.document.title = "Quyết định kỷ luật cảnh cáo"
    look(session, dossier)
    now = Asked(date(2026, 11, 1), date(2026, 11, 30))
    find = lambda asked: milestones.find(session, "disciplines", asked, actor=officer)  # noqa: E731
    assert told(find(now)) == [
        ("Trần Văn An", date(2027, 2, 10), "Quyết định kỷ luật khiển trách, decision of 10/02/2026", "", False)
    ], "the row and the decision are one"
    assert told(find(Asked(date(2027, 3, 1), date(2027, 12, 31)))) == []
    inserts.seal(session, page.document, "Tài liệu kỷ luật cần giữ riêng", second=second, actor=officer)
    assert find(now).rows == (), "at once, before the job has run"
    look(session, dossier)
    assert find(now).rows == ()


def test_lists_cost_the_same_number_of_queries_for_many_people(session, world, actor, engine: Engine) -> None:
    officer = actor("canbo.sonv")

    def ask() -> int:
        session.flush()
        session.expire_all()
        seen: list[str] = []
        listen = lambda *given: seen.append(given[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listen)
        for what in milestones.LISTS:
            milestones.LISTS[what].gather(session, YEAR_2026, actor=officer)
        milestones.ahead(session, actor=officer)
        event.remove(engine, "before_cursor_execute", listen)
        return len(seen)

    def add(name: str) -> None:
        for category in (Category.CIVIL_SERVANT, Category.CONTRACT_WORKER):
            dossier = dossier_of(session, world, name, category)
            put(
                session,
                dossier,
                {
                    **PAY,
                    "salary_from": f"{today() - timedelta(days=1085):%d/%m/%Y}",
                    "appointment_date": "01/06/2021",
                    "discipline_summary": "Khiển trách 01/06/2026",
                },
            )
            look(session, dossier)

    add("Người Một")
    few = ask()
    for number in range(4):
        add(f"Người {number}")
    assert ask() == few


def test_the_pages_the_file_and_the_paper(
    client_as: Callable[[str], FlaskClient], engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        dossier = dossier_of(session, world, "Trần Văn <An>")
        put(session, dossier, {**PAY, "salary_from": f"{today() - timedelta(days=1085):%d/%m/%Y}"})
        look(session, dossier)
        dossier_of(session, world, "Lê Thị Không")
    client = client_as("canbo.sonv")
    client.set_cookie("language", "en")
    span = f"from={today():%d/%m/%Y}&until={today() + timedelta(days=60):%d/%m/%Y}"
    page = client.get(f"/milestones/pay?{span}").text
    assert "Trần Văn &lt;An&gt;" in page and "not verified" in page and "Lê Thị Không" in page
    start = client.get("/").text
    assert "Pay rises due" in start and "1 in 30 days, 1 in 90 days" in start
    for what in milestones.LISTS:
        assert client.get(f"/milestones/{what}").status_code == 200
    given = {
        "purpose": "trình hội đồng lương",
        "confirm_password": factories.PASSWORD,
        "column": ["name", "day", "then"],
    }
    sheet = load_workbook(io.BytesIO(client.post(f"/milestones/pay.xlsx?{span}", data=given).data)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("No.", "Full name", "Due on", "Then", "What is not known")
    assert [row[1] for row in rows[1:]] == ["Trần Văn <An>", "Lê Thị Không"] and rows[2][4]
    assert client.post(f"/milestones/pay.pdf?{span}", data={"purpose": ""}).status_code == 422
    answer = client.post(f"/milestones/pay.pdf?{span}", data={"purpose": "filing"})
    text = text_of(answer.data)
    assert "Trần Văn <An>" in text and "Lê Thị Không" in text
    with db.reading(engine) as session:
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("milestones:%"))).all()
    assert set(acts) == {"milestones:list", "milestones:export", "milestones:print"}
    assert client_as("quantri").post(f"/milestones/pay.pdf?{span}", data={"purpose": "filing"}).status_code == 403


def test_at_least_one_column_is_chosen() -> None:
    with pytest.raises(BadInput):
        milestones.choose(milestones.LISTS["pay"], ["nothing"])
