"""The gate: a doubtful file waits in memory, two people decide, and a mark found late ends in a purge with minutes."""

import io
import os
import time
from collections.abc import Callable

import pytest
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import db, gate, intake, purging, review, search, staging, storage, worker
from oms.errors import BadInput, Conflict, NotFound, PageNotShown, Refused, SecretFile
from oms.models import AuditEntry, Document, Job, Page, PageCorrection, Purge, Scan, SecrecyClearance
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import World

REASON = "Khung kép của sổ văn thư, không phải dấu mật"
Actors = Callable[[str], Actor]


@pytest.fixture
def dossier(session: Session, world: World):
    made = factories.make_dossier(session, world.units["sonv"])
    session.commit()
    return made


@pytest.fixture
def officer(actor: Actors) -> Actor:
    return actor("canbo.sonv")


@pytest.fixture
def head(actor: Actors) -> Actor:
    return actor("bithu.sonv")


def actions(session: Session) -> list[tuple[str, str]]:
    return [(e.action, e.outcome) for e in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


def hold(session: Session, settings: Settings, dossier, officer: Actor) -> gate.Held:
    arrival = intake.examine(settings, [factories.stamped_png("####")], "bìa hồ sơ.png")
    assert [page.clear for page in arrival.suspicions] == [False]
    token = gate.hold(session, settings, dossier, arrival, actor=officer)
    session.commit()
    return gate.find(settings, token, actor=officer)


def test_a_clear_mark_is_refused_and_nothing_of_it_stays(settings: Settings) -> None:
    with pytest.raises(SecretFile, match="MẬT"):
        intake.examine(settings, [factories.stamped_png("TỐI MẬT")], "mật.png")
    assert list(staging.folder(settings).iterdir()) == []
    assert not settings.scans.exists() or list(storage.names(settings.scans)) == []


def test_what_lies_in_staging_lies_in_memory(settings: Settings) -> None:
    assert staging.in_memory() and staging.folder(settings).is_relative_to(staging.MEMORY)
    assert staging.folder(settings).stat().st_mode & 0o777 == 0o700


def test_a_page_nobody_can_look_at_is_refused(settings: Settings) -> None:
    whole = factories.png_of(factories.draw_page("QUYẾT ĐỊNH"))
    broken = factories.tiff_with_unreadable_page(factories.draw_page("QUYẾT ĐỊNH"))
    intake.discard(intake.examine(settings, [whole], "a.png"))
    with pytest.raises(PageNotShown, match="Page 2"):
        intake.examine(settings, [broken], "b.tif")
    assert list(staging.folder(settings).iterdir()) == []


def test_nothing_is_kept_that_was_not_looked_at(settings: Settings) -> None:
    arrival = intake.arrive(settings, [factories.png_of(factories.draw_page("QUYẾT ĐỊNH"))], "a.png")
    with pytest.raises(SecretFile, match="was not checked"):
        intake.keep(settings, arrival)
    intake.discard(arrival)


def test_a_doubt_waits_for_its_officer_alone_and_not_for_long(
    session: Session, settings: Settings, dossier, officer: Actor, actor: Actors
) -> None:
    held = hold(session, settings, dossier, officer)
    assert held.pages == (gate.HeldPage(1, ()),) and gate.page_image(held, 1).startswith(b"\xff\xd8")
    with pytest.raises(NotFound):
        gate.page_image(held, 2)
    for other in ("bithu.sonv", "canbo.sotc"):
        with pytest.raises(NotFound):
            gate.find(settings, held.token, actor=actor(other))
    with pytest.raises(NotFound):
        gate.find(settings, "../" + held.token, actor=officer)
    os.utime(held.folder, (time.time() - staging.SECONDS - 1,) * 2)
    with pytest.raises(NotFound, match="wiped"):
        gate.find(settings, held.token, actor=officer)
    staging.wipe_old(settings)
    assert not held.folder.exists()
    assert actions(session) == [("secrecy:doubt", "held")]


def test_refused_by_the_officer_nothing_stays_but_the_entry(
    session: Session, settings: Settings, dossier, officer: Actor
) -> None:
    held = hold(session, settings, dossier, officer)
    gate.refuse(session, held, dossier, actor=officer)
    assert not held.folder.exists()
    assert actions(session)[-1] == ("secrecy:refuse", "refused")
    bodies = " ".join(session.scalars(select(AuditEntry.body)))
    assert "bìa" not in bodies and "sha256" not in bodies


def test_two_people_let_a_doubtful_file_in(
    session: Session, settings: Settings, dossier, officer: Actor, head: Actor
) -> None:
    arrival = gate.release(hold(session, settings, dossier, officer))
    intake.keep(settings, arrival)
    scan, is_new = gate.receive(session, dossier, arrival, REASON, second=head, actor=officer)
    assert is_new
    clearance = session.scalars(select(SecrecyClearance)).one()
    assert (clearance.scan_id, clearance.cleared_by_id, clearance.confirmed_by_id) == (
        scan.id,
        officer.account_id,
        head.account_id,
    )
    assert actions(session)[-2:] == [("scan:upload", "done"), ("secrecy:clear", "done")]
    scan.pages[0].secrecy = ["MẬT"]
    assert gate.suspected(scan, scan.pages) == []


@pytest.mark.parametrize("username", ["canbo.sonv", "canbo.sotc", "quantri", "kiemtra.khoi"])
def test_the_second_person_is_another_one_who_may_read_the_dossier(
    dossier, officer: Actor, actor: Actors, username: str
) -> None:
    with pytest.raises(Refused, match="second person"):
        gate.check_second(actor(username), dossier, actor=officer)


@pytest.mark.parametrize("reason", ["", "   ok   ", "x" * 501])
def test_a_reason_says_something(reason: str) -> None:
    with pytest.raises(BadInput):
        gate.check_reason(reason)


def test_a_marked_page_is_not_filed_until_two_people_cleared_it(
    session: Session, dossier, officer: Actor, head: Actor
) -> None:
    scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai"))
    review.pages_with_text(session, scan)[0].secrecy = ["MẬT"]
    session.flush()
    with pytest.raises(Conflict, match="Two people must decide"):
        factories.make_document(session, dossier, scan, actor=officer)
    gate.clear_scan(session, scan, REASON, second=head, actor=officer)
    session.expire_all()
    assert factories.make_document(session, dossier, scan, actor=officer).title


def test_a_purge_leaves_minutes_and_nothing_else(
    session: Session, engine: Engine, settings: Settings, world: World, dossier, officer: Actor, head: Actor
) -> None:
    sha256, _ = storage.put(settings.scans, [b"the stamped file"])
    image, _ = storage.put(settings.scans, [b"the stamped page"])
    other = factories.make_dossier(session, world.units["sotc"], "Vàng A Páo")
    for place, about in enumerate((dossier, other)):
        scan = factories.make_scan(session, about, officer.account_id, (f"nội dung kín {place}", "hai"))
        scan.sha256 = sha256
        pages = review.pages_with_text(session, scan)
        pages[0].image_sha256 = image
    scan = session.scalars(select(Scan).where(Scan.dossier_id == dossier.id)).one()
    plain = factories.make_scan(session, dossier, officer.account_id, ("trang thường",))
    factories.make_document(session, dossier, scan, title="Chỉ từ bản quét này", actor=officer)
    kept = factories.make_document(session, dossier, plain, title="Còn lại", actor=officer)
    review.correct(session, scan.pages[1], "hai sửa", actor=officer)
    session.commit()
    minutes, remove_files = purging.purge(session, settings, scan, REASON, second=head, actor=officer)
    session.commit()
    assert list(storage.names(settings.scans)), "files go after the commit only"
    session.rollback()
    remove_files()
    assert list(storage.names(settings.scans)) == []
    assert session.scalars(select(Scan.id)).all() == [plain.id], "the same bytes in another dossier go too"
    assert session.scalars(select(Document.title)).all() == [kept.title]
    assert session.scalars(select(PageCorrection)).all() == []
    assert {page.scan_id for page in session.scalars(select(Page))} == {plain.id}
    assert {job.kind for job in session.scalars(select(Job))} >= {"renew_index"}
    assert (minutes.dossier_id, minutes.pages, minutes.documents) == (dossier.id, 2, 1)
    assert {purge.dossier_id for purge in session.scalars(select(Purge))} == {dossier.id, other.id}
    if db.is_sqlite(session):
        for path in settings.home.glob("oms.sqlite3*"):
            assert "nội dung kín".encode() not in path.read_bytes(), path.name


def test_minutes_are_for_those_who_may_read_the_dossier(
    session: Session, settings: Settings, dossier, officer: Actor, head: Actor, actor: Actors
) -> None:
    scan = factories.make_scan(session, dossier, officer.account_id)
    minutes, _ = purging.purge(session, settings, scan, REASON, second=head, actor=officer)
    assert purging.find_minutes(session, minutes.id, actor=head) is minutes
    with pytest.raises(NotFound):
        purging.find_minutes(session, minutes.id, actor=actor("canbo.sotc"))


def test_after_a_purge_no_word_stays_in_the_files_of_the_index(
    session: Session, engine: Engine, settings: Settings, dossier, officer: Actor, head: Actor
) -> None:
    scan = factories.make_scan(session, dossier, officer.account_id, ("zunguvôxitkín",))
    session.commit()
    search.rebuild(engine, settings)
    words = [path for path in settings.index.rglob("*") if path.is_file() and b"zunguvo" in path.read_bytes()]
    assert words, "the word is in the index before"
    purging.purge(session, settings, scan, REASON, second=head, actor=officer)
    session.commit()
    for job in session.scalars(select(Job).where(Job.kind == "renew_index")).all():
        worker.HANDLERS[job.kind](engine, settings, job.subject_id, actor=officer)
    assert [path for path in settings.index.rglob("*") if path.is_file() and b"zunguvo" in path.read_bytes()] == []


def test_a_file_of_nothing_but_doubts_is_refused_before_it_fills_the_memory(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_DOUBTS", 1)
    pages = Image.open(io.BytesIO(factories.stamped_png("####")))
    out = io.BytesIO()
    pages.save(out, "PDF", resolution=200, save_all=True, append_images=[pages, pages])
    with pytest.raises(SecretFile, match="More than 1 pages"):
        intake.examine(settings, [out.getvalue()], "a.pdf")
    assert list(staging.folder(settings).iterdir()) == []
