"""Paper in: a file is looked at, kept, entered; the same file twice, a bad file, a dossier held still."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import db, intake, jobs, staging, storage
from oms.errors import DamagedFile, EmptyFile, FileTooLarge, NotFound, Refused, UnsupportedFile
from oms.models import AuditEntry, Job, Page, PageState, Scan, ScanState
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import World

ONE_PAGE = factories.pdf_of(factories.draw_page("QUYẾT ĐỊNH"))


@pytest.fixture
def officer(actor: Callable[[str], Actor]) -> Actor:
    return actor("canbo.sonv")


@pytest.fixture
def dossier(session: Session, world: World):
    made = factories.make_dossier(session, world.units["sonv"])
    session.commit()
    return made


def entries(session: Session) -> list[tuple[str, str]]:
    return [(e.action, e.outcome) for e in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


def test_a_good_file_is_examined_and_waits_in_staging(settings: Settings) -> None:
    arrival = intake.examine(settings, [ONE_PAGE[:100], ONE_PAGE[100:]], "quyết định.pdf")
    assert (arrival.size, arrival.opened.pages, arrival.opened.media_type) == (len(ONE_PAGE), 1, "application/pdf")
    assert arrival.path.read_bytes() == ONE_PAGE
    intake.discard(arrival)
    assert not arrival.folder.exists()


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"", EmptyFile), (b"%PDF-1.7\nnothing more", DamagedFile), (b"hello, I am a text", UnsupportedFile)],
)
def test_a_bad_file_is_refused_and_nothing_of_it_stays(settings: Settings, data: bytes, error: type) -> None:
    with pytest.raises(error):
        intake.examine(settings, [data], "bad.pdf")
    assert list(staging.folder(settings).iterdir()) == []
    assert list(storage.names(settings.scans)) == []


@pytest.mark.parametrize("name", ["quyết định.png", "quyết định.JPEG", "quyết định.pdf.docx"])
def test_a_name_that_says_another_kind_than_the_content_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(UnsupportedFile, match="PDF") as refused:
        intake.arrive(settings, [ONE_PAGE], name)
    assert refused.value.values == {"name": name, "kind": "PDF"}
    assert list(staging.folder(settings).iterdir()) == []


@pytest.mark.parametrize("name", ["quyết định.PDF", "quyết định", "quyết định.1", "số 5.2024", ""])
def test_a_name_that_says_no_other_kind_is_a_label(settings: Settings, name: str) -> None:
    arrival = intake.arrive(settings, [ONE_PAGE], name)
    assert arrival.opened.media_type == "application/pdf"
    intake.discard(arrival)


def test_a_file_over_the_limit_is_refused_while_it_arrives(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "LIMITS", {"application/pdf": 1000})
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield b"x" * 600

    with pytest.raises(FileTooLarge):
        intake.examine(settings, endless(), "endless.pdf")
    assert len(taken) == 2


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("C:\\scan\\quyết định.pdf", "quyết định.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\u202egpj.pdf", "agpj.pdf"),
        ("", "khong-ten"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_only_a_label(name: str, label: str) -> None:
    assert intake.label_of(name) == label


def test_received_means_scan_pages_job_and_entry_in_one_commit(
    session: Session, settings: Settings, dossier, officer: Actor
) -> None:
    arrival = intake.examine(settings, [ONE_PAGE], "a.pdf")
    intake.keep(settings, arrival)
    scan, is_new = intake.receive(session, dossier, arrival, actor=officer)
    assert is_new
    session.rollback()
    assert session.scalars(select(Scan)).all() == session.scalars(select(Job)).all() == []
    scan, _ = intake.receive(session, dossier, arrival, actor=officer)
    session.commit()
    assert storage.read(settings.scans, scan.sha256) == ONE_PAGE
    assert [page.number for page in session.scalars(select(Page))] == [1]
    assert [(job.kind, job.subject_id) for job in session.scalars(select(Job))] == [("read_scan", scan.id)]
    assert entries(session) == [("scan:upload", "done")]


def test_the_same_file_twice_is_known_and_read_once(
    session: Session, settings: Settings, dossier, officer: Actor
) -> None:
    arrival = intake.examine(settings, [ONE_PAGE], "a.pdf")
    intake.keep(settings, arrival)
    first, _ = intake.receive(session, dossier, arrival, actor=officer)
    second, is_new = intake.receive(session, dossier, arrival, actor=officer)
    session.commit()
    assert not is_new and second.id == first.id
    assert len(session.scalars(select(Job)).all()) == 1
    assert entries(session) == [("scan:upload", "done"), ("scan:upload", "known")]


def test_the_same_file_may_lie_in_two_dossiers(
    session: Session, settings: Settings, world: World, dossier, officer: Actor
) -> None:
    other = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
    arrival = intake.examine(settings, [ONE_PAGE], "a.pdf")
    intake.keep(settings, arrival)
    assert intake.receive(session, dossier, arrival, actor=officer)[1]
    assert intake.receive(session, other, arrival, actor=officer)[1]


def test_nothing_comes_into_a_frozen_or_a_foreign_dossier(
    session: Session, settings: Settings, dossier, officer: Actor, actor: Callable[[str], Actor]
) -> None:
    arrival = intake.examine(settings, [ONE_PAGE], "a.pdf")
    with pytest.raises(Refused):
        intake.receive(session, dossier, arrival, actor=actor("canbo.sotc"))
    with pytest.raises(Refused):
        intake.receive(session, dossier, arrival, actor=actor("bithu.sonv"))
    dossier.frozen = True
    session.flush()
    with pytest.raises(Refused) as refused:
        intake.receive(session, dossier, arrival, actor=officer)
    assert dossier.number in str(refused.value)
    assert session.scalars(select(Scan)).all() == []


def test_frozen_between_loading_and_receiving_is_seen(
    engine: Engine, world: World, settings: Settings, officer: Actor
) -> None:
    with db.writing(engine) as session:
        dossier_id = factories.make_dossier(session, world.units["sonv"]).id
    arrival = intake.examine(settings, [ONE_PAGE], "a.pdf")
    with db.reading(engine) as early:
        dossier = early.get_one(intake.Dossier, dossier_id)
        early.expunge(dossier)
    with db.writing(engine) as other:
        other.get_one(intake.Dossier, dossier_id).frozen = True
    with pytest.raises(Refused), db.writing(engine) as late:
        late.add(dossier)
        intake.receive(late, dossier, arrival, actor=officer)


def test_failed_pages_are_read_again_and_the_others_stay(
    session: Session, world: World, dossier, officer: Actor
) -> None:
    scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai"))
    good, bad = session.scalars(select(Page).order_by(Page.number)).all()
    bad.state, bad.error = PageState.FAILED, "broken"
    scan.state, scan.error = ScanState.FAILED, "broken"
    session.flush()
    intake.read_again(session, scan, actor=officer)
    assert (good.state, bad.state, bad.error) == (PageState.READ, PageState.WAITING, None)
    assert (scan.state, scan.error) == (ScanState.RECEIVED, None)
    assert session.scalars(select(Job.kind)).all() == ["read_scan"]


def test_progress_counts_pages(session: Session, dossier, officer: Actor) -> None:
    scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai", "ba"), read=False)
    session.scalars(select(Page).where(Page.number == 1)).one().state = PageState.READ
    session.scalars(select(Page).where(Page.number == 2)).one().state = PageState.FAILED
    assert intake.progress_of(session, [scan.id])[scan.id] == intake.Progress(done=2, failed=1, total=3)
    assert jobs.is_idle(session)


def test_lists_hold_only_what_the_actor_may_see(
    session: Session, world: World, dossier, officer: Actor, actor: Callable[[str], Actor]
) -> None:
    foreign = factories.make_dossier(session, world.units["sotc"], "Lò Văn Inh")
    frozen = factories.make_dossier(session, world.units["sonv"], "Hoàng Thị Dơ")
    frozen.frozen = True
    mine = factories.make_scan(session, dossier, officer.account_id)
    theirs = factories.make_scan(session, foreign, officer.account_id)
    assert [row[0] for row in intake.open_dossiers(session, actor=officer)] == [dossier.id]
    assert [scan.id for scan in intake.scans_among(session, [mine.id, theirs.id], actor=officer)] == [mine.id]
    assert intake.open_dossiers(session, actor=actor("bithu.sonv")) == []


def test_a_copy_is_written_down_and_a_missing_one_said(session: Session, dossier, officer: Actor, actor) -> None:
    scan = factories.make_scan(session, dossier, officer.account_id)
    assert intake.take_copy(session, scan, actor=officer) == scan.sha256
    assert entries(session) == [("scan:download", "done")]
    with pytest.raises(NotFound):
        intake.take_copy(session, scan, actor=officer, searchable=True)
    with pytest.raises(Refused):
        intake.take_copy(session, scan, actor=actor("bithu.sonv"))
    assert len(entries(session)) == 1
