"""AZ-5: a right that ends between page and submit, between order and job, or with everything warm, is gone at once."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from oms import db, intake, stacks, storage
from oms.models import Account, Assignment, AuditEntry, Document, Dossier, Job, JobState, Page, Scan, Stack, StackState
from oms.organisation import today
from oms.permissions import Actor
from oms.settings import Settings
from oms.stacks.codes import key_of
from oms.worker import Worker
from tests import factories
from tests import stacks as made
from tests.api.conftest import Caller, caller  # noqa: F401 - a fixture
from tests.factories import World
from tests.test_folder_archives import zip_of

OFFICER = "canbo.sonv"
PICTURE = factories.png_of(factories.draw_page("QUYẾT ĐỊNH", size=(310, 440)))
Change = Callable[[Session, World], object]


def end_role(session: Session, world: World) -> None:
    """The only role ended yesterday; nobody ended the sessions."""
    mine = Assignment.account_id == world.accounts[OFFICER]
    yesterday = today() - timedelta(days=1)
    session.execute(update(Assignment).where(mine).values(valid_from=yesterday, valid_to=yesterday))


def move_away(session: Session, world: World) -> None:
    """The same role in another unit."""
    mine = Assignment.account_id == world.accounts[OFFICER]
    session.execute(update(Assignment).where(mine).values(unit_id=world.units["sotc"]))


def hand_over(session: Session, world: World) -> None:
    """The other unit has accepted the dossier."""
    session.execute(update(Dossier).values(custodian_id=world.units["sotc"]))


def close_account(session: Session, world: World) -> None:
    session.execute(update(Account).where(Account.id == world.accounts[OFFICER]).values(disabled=True))


CHANGES = [end_role, move_away, hand_over, close_account]


@pytest.fixture(autouse=True)
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look for marks of secrecy has tests of its own."""
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))


@pytest.fixture
def scan(engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]) -> dict[str, str]:
    """Ids of a dossier with a filed page and one that waits."""
    sha256, size = storage.put(settings.scans, [PICTURE])
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        dossier.person.personal_id = "068085001234"
        filed = factories.make_scan(session, dossier, world.accounts[OFFICER], ("trang một",))
        document = factories.make_document(session, dossier, filed, actor=actor(OFFICER))
        waiting = factories.make_scan(session, dossier, world.accounts[OFFICER], ("trang hai",))
        waiting.sha256, waiting.size, waiting.media_type = sha256, size, "image/png"
        session.execute(update(Page).values(image_sha256=sha256))
        page = session.scalars(select(Page).where(Page.scan_id == waiting.id)).one()
        ids = {"dossier": dossier.id, "number": dossier.number, "scan": waiting.id, "page": page.id}
        return ids | {"document": document.id}


def picture_of(engine: Engine) -> list[object]:
    """What the officer could have changed."""
    with db.reading(engine) as session:
        rows = [session.execute(select(model.id, model.version)).all() for model in (Page, Document)]
        return [*rows, session.scalar(select(func.count(Scan.id))), session.scalar(select(func.count(Job.id)))]


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_open_on_the_screen_is_refused_when_it_is_sent(
    change: Change,
    client_as: Callable[[str], FlaskClient],
    caller: Callable[[str], Caller],  # noqa: F811
    engine: Engine,
    world: World,
    scan: dict[str, str],
) -> None:
    client, program = client_as(OFFICER), caller(OFFICER)
    looks = [f"/scans/{scan['scan']}", f"/pages/{scan['page']}/image.jpg", f"/scans/{scan['scan']}/original"]
    looks += [f"/dossiers/{scan['dossier']}", f"/intake?dossier={scan['dossier']}"]
    warm = [client.get(path) for path in looks]
    assert [answer.status_code for answer in warm] == [200] * len(looks)
    assert program.get(f"dossiers/{scan['number']}").status_code == 200
    before = picture_of(engine)
    with db.writing(engine) as session:
        change(session, world)

    def file() -> dict[str, object]:
        return {"file": (io.BytesIO(PICTURE + b"more"), "a.png")}

    sent = [
        client.post(f"/intake/{scan['dossier']}/scans", data=file()),
        client.post(f"/pages/{scan['page']}/turn", data={"rotation": "90", "version": "1"}),
        client.post(f"/scans/{scan['scan']}/read-again"),
        client.post(f"/documents/{scan['document']}/describe", data={"title": "Của tôi", "version": "1"}),
        program.post(f"dossiers/{scan['number']}/scans", data=file()),
        program.post(f"scans/{scan['scan']}/verify", {"component": "1", "title": "Của tôi"}),
    ]
    for answer in sent:
        is_sent_away = answer.status_code == 302 and "/sign-in" in answer.headers["Location"]
        assert answer.status_code in (401, 403, 404) or is_sent_away, (change.__name__, answer.request.path)
    assert picture_of(engine) == before
    for path, was in zip(looks, warm, strict=True):
        known = {"If-None-Match": was.headers.get("ETag", "*"), "If-Modified-Since": was.headers.get("Date", "")}
        again = [client.get(path, headers=one) for one in ({}, known, {"Range": "bytes=0-9"})]
        assert all(answer.status_code in (302, 401, 403, 404) for answer in again), (change.__name__, path)
    assert program.get(f"dossiers/{scan['number']}").status_code in (401, 403, 404)


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_that_was_ordered_is_not_taken_in(
    change: Change,
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    settings: Settings,
    world: World,
    scan: dict[str, str],
) -> None:
    content = zip_of(("068085001234_NGUYEN_THI_HOA/01.Giấy.png", PICTURE + b"other"))
    client, worker = client_as(OFFICER), Worker(engine, settings)
    address = client.post("/scan-folders", data={"file": (io.BytesIO(content), "a.zip")}).location
    run_waiting(engine, worker)
    client.post(f"{address}/take-in")
    with db.writing(engine) as session:
        change(session, world)
        scans = session.scalar(select(func.count(Scan.id)))
    run_waiting(engine, worker)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == scans
        done = select(AuditEntry).where(AuditEntry.action == "scan:upload", AuditEntry.outcome == "done")
        assert session.scalars(done).all() == []


def test_a_folder_is_taken_in_while_nothing_changed(
    client_as: Callable[[str], FlaskClient], engine: Engine, settings: Settings, world: World, scan: dict[str, str]
) -> None:
    content = zip_of(("068085001234_NGUYEN_THI_HOA/01.Giấy.png", PICTURE + b"other"))
    client, worker = client_as(OFFICER), Worker(engine, settings)
    address = client.post("/scan-folders", data={"file": (io.BytesIO(content), "a.zip")}).location
    run_waiting(engine, worker)
    client.post(f"{address}/take-in")
    run_waiting(engine, worker)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 3


@pytest.mark.parametrize("change", [None, *CHANGES])
def test_a_stack_that_was_ordered_is_not_taken_in(
    change: Change | None,
    engine: Engine,
    settings: Settings,
    world: World,
    actor: Callable[[str], Actor],
    scan: dict[str, str],
) -> None:
    officer, worker = actor(OFFICER), Worker(engine, settings)
    content = made.pdf_of([made.sheet(made.code_for(settings, scan["number"])), made.paper("Một")])
    id = made.divided(engine, settings, world.units["sonv"], content, actor=officer)
    with db.writing(engine) as session:
        assert stacks.order(session, session.get_one(Stack, id), key_of(settings), actor=officer, version=None) == 1
    with db.writing(engine) as session:
        if change is not None:
            change(session, world)
        scans = session.scalar(select(func.count(Scan.id))) or 0
    run_waiting(engine, worker)
    with db.reading(engine) as session:
        stack = session.get_one(Stack, id)
        assert session.scalar(select(func.count(Scan.id))) == scans + (change is None)
        assert (stack.state == StackState.TAKEN_IN) == (change is None)


def run_waiting(engine: Engine, worker: Worker) -> None:
    """What a worker does with the jobs that wait for it now, in the name of who ordered them."""
    with db.reading(engine) as session:
        kinds = ("import_folder", "take_in_stack")
        waiting = session.scalars(select(Job.id).where(Job.state == JobState.QUEUED, Job.kind.in_(kinds))).all()
    assert waiting
    for job_id in waiting:
        worker.run(job_id)
