"""The pages of a reorganisation: a plan in forms, tried out, approved by another, carried out, undone; nobody else."""

import html
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import yaml
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from oms import accounts, db, jobs
from oms import reorganisation as reorganising
from oms.models import AuditEntry, Dossier, Job, Reorganisation, ReorganisationState, Unit
from oms.organisation import today
from oms.settings import Settings
from oms.worker import Worker
from tests import factories
from tests.factories import PASSWORD, World
from tests.web.test_confirming import grow_old

Browser = Callable[[str], FlaskClient]
DECISION = {
    "decision_number": "12-QĐ/TU",
    "decided_on": "20/02/2025",
    "decision_body": "Ban Thường vụ Tỉnh ủy",
    "effective_on": "01/03/2025",
}
MERGER = {"from": "sonv", "to": "sotc"}
OFFICER, HEAD = "canbo.khoi", "truongban.khoi"


@pytest.fixture
def officer(client_as: Browser) -> FlaskClient:
    return client_as(OFFICER)


@pytest.fixture
def plan(officer: FlaskClient) -> str:
    """The address of a plan without changes."""
    answer = officer.post("/reorganisations/new", data=DECISION)
    assert answer.status_code == 302
    return answer.location


@pytest.fixture
def merging(officer: FlaskClient, plan: str, engine: Engine, world: World) -> str:
    """The address of a plan that merges Sở Nội vụ, with a dossier, into Sở Tài chính."""
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
    add(officer, plan, "merge", MERGER)
    return plan


def add(client: FlaskClient, plan: str, kind: str, form: dict[str, object]) -> None:
    answer = client.post(f"{plan}/changes/{kind}", data=form)
    assert answer.status_code == 302, text_of(answer.text)


def text_of(page: str) -> str:
    """What a reader sees of a page."""
    main = re.search(r"<main.*</main>", page, re.S)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", main[0] if main else page).split()))


def acts(engine: Engine) -> list[tuple[str, str]]:
    """What the log tells of reorganisations, looks apart."""
    query = select(AuditEntry).where(AuditEntry.action.like("reorganisation:%")).order_by(AuditEntry.seq)
    with db.reading(engine) as session:
        told = [(entry.action.removeprefix("reorganisation:"), entry.outcome) for entry in session.scalars(query)]
    return [act for act in told if act[0] not in ("view", "list")]


def state_of(engine: Engine, plan: str) -> ReorganisationState:
    with db.reading(engine) as session:
        return session.get_one(Reorganisation, plan.rpartition("/")[2]).state


def rows_of(engine: Engine, plan: str) -> list[dict[str, object]]:
    with db.reading(engine) as session:
        rows: list[dict[str, object]] = session.get_one(Reorganisation, plan.rpartition("/")[2]).plan["changes"]
        return rows


def submitted(officer: FlaskClient, plan: str) -> None:
    assert officer.post(f"{plan}/submit").status_code == 302


def approved(officer: FlaskClient, plan: str, client_as: Browser) -> FlaskClient:
    """Submit the plan and have it approved; the browser of the head."""
    submitted(officer, plan)
    head = client_as(HEAD)
    assert head.post(f"{plan}/approve").status_code == 302
    return head


def work(engine: Engine, settings: Settings) -> None:
    """Do what waits for the worker."""
    with db.reading(engine) as session:
        waiting = jobs.waiting(session, ["reorganise"])
    for job_id in waiting:
        Worker(engine, settings).run(job_id)


def test_an_officer_writes_a_plan_in_forms_and_reads_it_in_sentences(
    officer: FlaskClient, plan: str, engine: Engine
) -> None:
    new = {"name": "Đảng bộ cơ sở  Sở Kinh tế", "host_name": "Sở Kinh tế", "unit_kind": "grassroots_committee"}
    add(officer, plan, "create", {**new, "parent": "khoi"})
    add(officer, plan, "merge", {"from": ["sonv", "sotc"], "to": "so_kinh_te"})
    add(officer, plan, "rename", {"unit": "soyt", "name": "Đảng bộ cơ sở Sở Y tế và Dân số"})
    assert rows_of(engine, plan)[:2] == [
        {
            "kind": "create",
            "name": "Đảng bộ cơ sở Sở Kinh tế",
            "unit_kind": "grassroots_committee",
            "parent": "khoi",
            "host_name": "Sở Kinh tế",
            "code": "so_kinh_te",
        },
        {"kind": "merge", "from": ["sonv", "sotc"], "to": ["so_kinh_te"]},
    ]
    page = text_of(officer.get(plan).text)
    assert "Đảng bộ cơ sở Sở Kinh tế begins (Grassroots committee), below Đảng bộ Khối các cơ quan tỉnh." in page
    assert "Đảng bộ cơ sở Sở Nội vụ, Đảng bộ cơ sở Sở Tài chính: joined to form Đảng bộ cơ sở Sở Kinh tế." in page
    assert "Đảng bộ cơ sở Sở Y tế is now called Đảng bộ cơ sở Sở Y tế và Dân số." in page
    assert acts(engine) == [("draft", "done")] + [("revise", "done")] * 3


def test_two_new_units_of_one_name_get_two_codes(officer: FlaskClient, plan: str, engine: Engine) -> None:
    form = {"name": "Chi bộ Văn phòng", "unit_kind": "cell", "parent": "sotc"}
    for _time in range(2):
        add(officer, plan, "create", form)
    assert [row["code"] for row in rows_of(engine, plan)] == ["van_phong", "van_phong_2"]


def test_what_the_plan_does_is_read_before_it_is_submitted(officer: FlaskClient, merging: str, engine: Engine) -> None:
    page = officer.get(merging).text
    assert "Đảng bộ cơ sở Sở Nội vụ: merged into Đảng bộ cơ sở Sở Tài chính." in text_of(page)
    assert f'action="{merging}/submit"' not in page, "nothing is submitted that was not tried out"
    assert officer.post(f"{merging}/try").status_code == 302
    page = officer.get(merging).text
    read = text_of(page)
    assert "Nothing stands in the way." in read and "canbo.sotc +1" in read
    assert f'action="{merging}/submit"' in page
    with db.reading(engine) as session:
        assert session.scalars(select(Unit.valid_to).where(Unit.code == "sonv")).one() is None
    submitted(officer, merging)
    assert state_of(engine, merging) == ReorganisationState.SUBMITTED
    assert acts(engine) == [("draft", "done"), ("revise", "done"), ("dry_run", "done"), ("submit", "done")]


def test_each_obstacle_leads_to_its_cure(officer: FlaskClient, plan: str, engine: Engine) -> None:
    add(officer, plan, "split", {"from": "sonv", "to": ["sotc", "soyt"]})
    officer.post(f"{plan}/try")
    page = officer.get(plan).text
    assert "Chi bộ Văn phòng Sở lies below a unit that ends" in text_of(page)
    assert f'href="{plan}/changes/reparent"' in page and f'action="{plan}/submit"' not in page
    cure = officer.get(f"{plan}/changes/reparent").text
    assert re.search(r'name="units" value="sonv_c1" checked', cure), "what has no place yet is ticked"
    add(officer, plan, "reparent", {"units": "sonv_c1", "parent": "soyt"})
    officer.post(f"{plan}/try")
    assert "Nothing stands in the way." in text_of(officer.get(plan).text)


def test_a_dissolution_asks_for_everybody_and_leads_to_the_list(
    officer: FlaskClient, plan: str, engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["soyt"], "Nguyễn Thị Hòa")
    add(officer, plan, "dissolve", {"from": "soyt", "to": ["sonv", "sotc"]})
    officer.post(f"{plan}/try")
    page = officer.get(plan).text
    assert "Say for 1 more people where they go" in text_of(page) and f'href="{plan}/changes/1/people"' in page
    officer.post(f"{plan}/changes/1/everybody", data={"everybody": "sotc"})
    officer.post(f"{plan}/try")
    assert "Nothing stands in the way." in text_of(officer.get(plan).text)


def test_whom_a_split_leaves_to_the_first_successor_is_told(
    officer: FlaskClient, plan: str, engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["soyt"], "Nguyễn Thị Hòa")
    add(officer, plan, "split", {"from": "soyt", "to": ["sonv", "sotc"]})
    officer.post(f"{plan}/try")
    read = text_of(officer.get(plan).text)
    assert "Đảng bộ cơ sở Sở Y tế: for 1 people nobody said where they go" in read


def test_a_unit_leaves_the_system(officer: FlaskClient, plan: str, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["soyt"], "Nguyễn Thị Hòa")
    add(officer, plan, "transfer_out", {"from": "soyt", "external": "Sở Y tế tỉnh Bình Thuận"})
    officer.post(f"{plan}/try")
    read = text_of(officer.get(plan).text)
    assert "Đảng bộ cơ sở Sở Y tế: passed to Sở Y tế tỉnh Bình Thuận, outside the system." in read
    assert "Dossiers Đảng bộ cơ sở Sở Y tế Sở Y tế tỉnh Bình Thuận 1" in read
    assert "nowhere: it ends" in read, "the role of its officer"


def test_a_change_is_edited_moved_and_removed(officer: FlaskClient, merging: str, engine: Engine) -> None:
    add(officer, merging, "rename", {"unit": "soyt", "name": "Sở Y tế mới"})
    assert 'value="Sở Y tế mới"' in officer.get(f"{merging}/changes/2").text
    officer.post(f"{merging}/changes/2", data={"unit": "soyt", "name": "Sở Y tế khác"})
    officer.post(f"{merging}/changes/2/up")
    assert [row["kind"] for row in rows_of(engine, merging)] == ["rename", "merge"]
    assert rows_of(engine, merging)[0]["name"] == "Sở Y tế khác"
    assert officer.post(f"{merging}/changes/1/up").status_code == 409
    officer.post(f"{merging}/changes/1/remove")
    assert [row["kind"] for row in rows_of(engine, merging)] == ["merge"]
    assert officer.get(f"{merging}/changes/2").status_code == 404


def test_a_new_unit_that_a_change_names_stays_and_one_named_too_early_is_marked(
    officer: FlaskClient, plan: str, engine: Engine
) -> None:
    add(officer, plan, "create", {"name": "Sở Mới", "unit_kind": "grassroots_committee", "parent": "khoi"})
    add(officer, plan, "merge", {"from": "sonv", "to": "so_moi"})
    answer = officer.post(f"{plan}/changes/1/remove")
    assert answer.status_code == 409 and "Change 2 names this unit" in answer.text
    officer.post(f"{plan}/changes/2/up")
    page = officer.get(plan).text
    assert "begins further down" in text_of(page)
    assert len(rows_of(engine, plan)) == 2


@pytest.mark.parametrize(
    ("kind", "form", "sentence"),
    [
        ("create", {"name": "Sở Mới", "unit_kind": "cell"}, "Choose the unit above."),
        ("merge", {"from": ["sonv", "sotc"], "to": "sotc"}, "cannot take over from itself"),
        ("split", {"from": "sonv", "to": ["sotc"]}, "at least two units"),
        ("rename", {"unit": "sonv", "name": " "}, "Write the new name"),
        ("reparent", {"units": ["sonv"], "parent": "sonv"}, "cannot lie below itself"),
        ("dissolve", {"from": ["sonv"]}, "every dossier needs a keeper"),
        ("transfer_out", {"from": ["sonv"]}, "full name of the body"),
    ],
)
def test_a_form_that_lacks_something_comes_back_filled_in(
    officer: FlaskClient, plan: str, engine: Engine, kind: str, form: dict[str, object], sentence: str
) -> None:
    answer = officer.post(f"{plan}/changes/{kind}", data=form)
    assert answer.status_code == 422 and sentence in text_of(answer.text)
    if "from" in form or "units" in form or "unit" in form:
        assert re.search(r'value="sonv" (checked|selected)', answer.text)
    assert rows_of(engine, plan) == []


def test_a_decision_without_a_day_comes_back_with_what_was_typed(officer: FlaskClient, engine: Engine) -> None:
    answer = officer.post("/reorganisations/new", data=DECISION | {"decided_on": "31/02/2025"})
    assert answer.status_code == 422 and 'value="12-QĐ/TU"' in answer.text
    assert acts(engine) == []


def test_a_page_left_open_changes_nothing_that_somebody_else_changed(
    officer: FlaskClient, merging: str, engine: Engine
) -> None:
    seen = re.search(r'name="version" value="(\d+)"', officer.get(merging).text)
    assert seen
    add(officer, merging, "rename", {"unit": "soyt", "name": "Sở Y tế mới", "version": seen[1]})
    for path in ("changes/1/remove", "changes/1/down", "try", "submit"):
        answer = officer.post(f"{merging}/{path}", data={"version": seen[1]})
        assert answer.status_code == 409 and "Somebody else just changed this" in answer.text
    answer = officer.post(f"{merging}/changes/merge", data={**MERGER, "version": seen[1]})
    assert answer.status_code == 409
    assert [row["kind"] for row in rows_of(engine, merging)] == ["merge", "rename"]


def test_a_second_person_approves_with_the_password_and_carries_out(
    officer: FlaskClient, merging: str, engine: Engine, settings: Settings, client_as: Browser, world: World
) -> None:
    submitted(officer, merging)
    assert officer.post(f"{merging}/approve").status_code == 403
    head = client_as(HEAD)
    assert "Decide about reorganisation" in text_of(head.get("/").text)
    grow_old(engine)
    assert head.post(f"{merging}/approve").status_code == 401
    assert head.post(f"{merging}/approve", data={"confirm_password": PASSWORD}).status_code == 302
    assert state_of(engine, merging) == ReorganisationState.APPROVED
    read = text_of(head.get(merging).text)
    assert "1 units end, 0 begin. 1 people, 1 dossiers" in read, "the question names the counts"
    assert "Carry reorganisation" in text_of(head.get("/").text)
    grow_old(engine)
    assert head.post(f"{merging}/execute").status_code == 401
    assert head.post(f"{merging}/execute", data={"confirm_password": PASSWORD}).status_code == 302
    assert "waiting for its turn" in text_of(head.get(merging).text)
    work(engine, settings)
    with db.reading(engine) as session:
        assert session.scalars(select(Dossier.custodian_id)).one() == world.units["sotc"]
    assert "Read the report" in text_of(head.get(f"{merging}/progress").text)
    read = text_of(head.get(merging).text)
    assert "It can be undone until" in read and "What went where" in read
    assert acts(engine) == [
        ("draft", "done"),
        ("revise", "done"),
        ("submit", "done"),
        ("read", "refused"),
        ("approve", "done"),
        ("order", "done"),
        ("execute", "done"),
    ]
    assert head.post(f"{merging}/undo", data={"reason": " "}).status_code == 422
    assert head.post(f"{merging}/undo", data={"reason": "Quyết định bị thu hồi"}).status_code == 302
    with db.reading(engine) as session:
        assert session.scalars(select(Dossier.custodian_id)).one() == world.units["sonv"]
    assert "Quyết định bị thu hồi" in text_of(officer.get(merging).text)


def test_two_browsers_carry_out_at_once_and_it_happens_once(
    officer: FlaskClient, merging: str, engine: Engine, settings: Settings, client_as: Browser
) -> None:
    one, two = approved(officer, merging, client_as), client_as(HEAD)
    assert one.post(f"{merging}/execute").status_code == 302
    late = two.post(f"{merging}/execute")
    assert late.status_code == 409 and "being carried out already" in late.text
    assert "/execute" not in two.get(merging).text, "no button while it is under way"
    with db.reading(engine) as session:
        job_id = session.scalars(select(Job.id).where(Job.kind == "reorganise")).one()
        head = accounts.get_actor(session, HEAD, via="job")
    change_id = merging.rpartition("/")[2]
    Worker(engine, settings).run(job_id)
    assert reorganising.carry_out(engine, settings, change_id, actor=head) == [], "a second worker finds it done"
    assert two.post(f"{merging}/execute").status_code == 409
    assert [act for act, outcome in acts(engine) if outcome == "done"][-2:] == ["order", "execute"]


def test_a_unit_that_changed_meanwhile_stops_the_execution_with_a_sentence(
    officer: FlaskClient, merging: str, engine: Engine, settings: Settings, client_as: Browser, world: World
) -> None:
    head = approved(officer, merging, client_as)
    with db.writing(engine) as session:
        session.get_one(Unit, world.units["sonv"]).valid_to = date(2025, 1, 31)
    assert head.post(f"{merging}/execute").status_code == 302
    work(engine, settings)
    read = text_of(head.get(merging).text)
    assert "It was not carried out; nothing has changed." in read and "has ended already" in read
    assert state_of(engine, merging) == ReorganisationState.APPROVED
    assert head.post(f"{merging}/reopen", data={"reason": "Sở Nội vụ đã kết thúc"}).status_code == 302
    assert "not carried out" not in text_of(officer.get(merging).text)


def test_before_its_day_nothing_is_carried_out(
    officer: FlaskClient, merging: str, engine: Engine, client_as: Browser
) -> None:
    later = (today() + timedelta(days=3)).strftime("%d/%m/%Y")
    officer.post(f"{merging}/decision", data=DECISION | {"effective_on": later})
    head = approved(officer, merging, client_as)
    page = head.get(merging).text
    assert f"It can be carried out from {later} on." in text_of(page) and "/execute" not in page
    assert head.post(f"{merging}/execute").status_code == 409


def test_whoever_may_decide_gives_a_plan_back_with_a_sentence(
    officer: FlaskClient, merging: str, engine: Engine, client_as: Browser
) -> None:
    submitted(officer, merging)
    assert officer.get(f"{merging}/changes/1").status_code == 409, "a form is of no use now"
    assert client_as(HEAD).post(f"{merging}/reopen", data={"reason": "Thiếu Sở Y tế"}).status_code == 302
    read = text_of(officer.get(merging).text)
    assert "Given back to be changed" in read and "Thiếu Sở Y tế" in read
    assert acts(engine)[-1] == ("reopen", "done")


def test_a_plan_is_given_up_with_a_reason(officer: FlaskClient, merging: str, engine: Engine) -> None:
    assert officer.post(f"{merging}/cancel", data={"reason": ""}).status_code == 422
    assert officer.post(f"{merging}/cancel", data={"reason": "Chưa có chủ trương"}).status_code == 302
    assert state_of(engine, merging) == ReorganisationState.CANCELLED
    assert "Chưa có chủ trương" in text_of(officer.get(merging).text)


def test_people_of_a_split_are_placed_page_by_page(
    officer: FlaskClient, plan: str, engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        people = [
            factories.make_dossier(session, world.units["sonv"], f"Nguyễn Văn {name}").person_id
            for name in ("An", "Bình", "Cường")
        ]
    add(officer, plan, "split", {"from": "sonv", "to": ["sotc", "soyt"]})
    page = officer.get(f"{plan}/changes/1/people?name=binh").text
    assert "Nguyễn Văn Bình" in page and "Nguyễn Văn An" not in page
    officer.post(f"{plan}/changes/1/people", data={f"person-{people[1]}": "soyt", f"person-{people[0]}": "khong"})
    officer.post(f"{plan}/changes/1/people", data={f"person-{people[2]}": "soyt"})
    officer.post(f"{plan}/changes/1/people", data={f"person-{people[2]}": ""})
    officer.post(f"{plan}/changes/1/others", data={"first": "soyt", "members-sotc": "8", "members-soyt": ""})
    with db.reading(engine) as session:
        kept = session.scalars(select(Reorganisation)).one().plan
    assert kept["choices"] == {people[1]: "soyt"}
    assert kept["changes"][0] | {"kind": ""} == {
        "kind": "",
        "from": ["sonv"],
        "to": ["soyt", "sotc"],
        "members_to": {"sotc": 8},
    }
    assert "Placed by hand: 1 people" in text_of(officer.get(plan).text)


def test_everybody_whose_name_fits_is_placed_at_once(
    officer: FlaskClient, plan: str, engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        people = [
            factories.make_dossier(session, world.units["sonv"], name).person_id
            for name in ("Nguyễn Văn An", "Trần Thị Hòa", "Lê Thị Hòa")
        ]
    add(officer, plan, "dissolve", {"from": "sonv", "to": ["sotc", "soyt"]})
    at = f"{plan}/changes/1/everybody"
    assert officer.post(at, data={"name": "hoa", "everybody": "soyt"}).status_code == 302
    assert officer.post(at, data={"everybody": "khoi"}).status_code == 422
    with db.reading(engine) as session:
        chosen = session.scalars(select(Reorganisation)).one().plan["choices"]
    assert chosen == dict.fromkeys(people[1:], "soyt")
    assert officer.post(at, data={"everybody": ""}).status_code == 302
    with db.reading(engine) as session:
        assert session.scalars(select(Reorganisation)).one().plan["choices"] == {}


def test_the_downloaded_plan_is_the_one_the_command_reads(officer: FlaskClient, merging: str, engine: Engine) -> None:
    answer = officer.get(f"{merging}/plan.yaml")
    assert "attachment" in answer.headers["Content-Disposition"]
    given = yaml.safe_load(answer.text)
    with db.writing(engine) as session:
        actor = accounts.get_actor(session, OFFICER, via="cli")
        again = reorganising.draft(session, **given, actor=actor)
        assert again.plan == session.get_one(Reorganisation, merging.rpartition("/")[2]).plan


@pytest.mark.parametrize("username", ["canbo.sonv", "bithu.sonv"])
def test_other_units_see_and_do_nothing(client_as: Browser, merging: str, engine: Engine, username: str) -> None:
    stranger = client_as(username)
    assert "/reorganisations" not in stranger.get("/").text
    assert "Not a matter of your unit" in text_of(stranger.get("/reorganisations").text)
    before = acts(engine)
    for path in ("", "/changes/1", "/changes/merge", "/changes/1/people", "/decision", "/plan.yaml"):
        assert stranger.get(merging + path).status_code in (403, 404), path
    for path in ("/try", "/submit", "/approve", "/execute", "/undo", "/cancel", "/reopen", "/changes/1/remove"):
        assert stranger.post(merging + path, data={"reason": "x"}).status_code in (403, 404), path
    assert stranger.post("/reorganisations/new", data=DECISION).status_code == 403
    assert {outcome for _act, outcome in acts(engine)[len(before) :]} == {"refused"}
    with db.reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Reorganisation)) == 1


def test_the_inspector_and_the_person_have_no_such_pages(client_as: Browser, merging: str) -> None:
    for username in ("kiemtra.khoi", "nguoilaodong.sonv"):
        client = client_as(username)
        assert client.get("/reorganisations").status_code == 403
        assert client.get(merging).status_code in (403, 404)


def test_the_decision_is_corrected_and_nothing_tried_out_stays(
    officer: FlaskClient, merging: str, engine: Engine
) -> None:
    officer.post(f"{merging}/try")
    officer.post(f"{merging}/decision", data=DECISION | {"effective_on": today().strftime("%d/%m/%Y")})
    assert "Not tried out yet" in text_of(officer.get(merging).text)
    with db.reading(engine) as session:
        assert session.scalars(select(Reorganisation.effective_on)).one() == today()
