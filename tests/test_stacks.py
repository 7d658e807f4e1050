"""Stacks: divided by cover sheets, corrected by people, taken in whole or not at all, and nothing of them left behind."""

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from oms import db, dossiers, intake, purging, review, stacks, storage
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import (
    AuditEntry,
    Dossier,
    DossierStatus,
    Job,
    Page,
    Scan,
    SecrecyClearance,
    Stack,
    StackPage,
    StackPageKind,
    StackPiece,
    StackState,
)
from oms.proposals import propose
from oms.stacks import dividing
from oms.stacks.codes import key_of
from oms.stacks.dividing import Seen, arrange
from tests import factories
from tests import stacks as made


@pytest.fixture
def two(engine, world) -> tuple[str, str]:
    """Numbers of two dossiers of Sở Nội vụ."""
    with db.writing(engine) as session:
        return tuple(factories.make_dossier(session, world.units["sonv"], name).number for name in ("An", "Bình"))


@pytest.fixture
def officer(actor, world):
    return actor("canbo.sonv")


def component_of(number: str, engine) -> str:
    with db.reading(engine) as session:
        dossier = session.scalar(select(Dossier).where(Dossier.number == number))
        return dossiers.components_of(dossier)[1].id


def usual(settings, engine, two) -> list:
    """A two-sided stack: a sheet with its blank back and two pages, then a sheet for a component and one page."""
    first, second = two
    return [
        made.sheet(made.code_for(settings, first)),
        made.BLANK,
        made.paper("Một"),
        made.paper("Hai"),
        made.sheet(made.code_for(settings, second, component_of(second, engine))),
        made.paper("Ba"),
    ]


def acts(engine, word="stack:") -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq))
        return [tuple(row) for row in rows if row.action.startswith(word)]


def order(engine, settings, id, actor, version=None):
    with db.writing(engine) as session:
        return stacks.order(session, session.get_one(Stack, id), key_of(settings), actor=actor, version=version)


def change(engine, id, act, *arguments, actor, **more):
    with db.writing(engine) as session:
        act(session, session.get_one(Stack, id), *arguments, actor=actor, **more)


def pieces(engine, id) -> list[str]:
    with db.reading(engine) as session:
        return [piece.id for piece in stacks.pieces_of(session, session.get_one(Stack, id))]


def seen(pattern: str) -> list[Seen]:
    """S, T: sheets with codes of their own · p: a page · b: a blank one."""
    return [Seen(sign if sign in "ST" else "", sign == "b") for sign in pattern]


@pytest.mark.parametrize(
    ("pattern", "kinds", "parts"),
    [
        ("SppTp", "sppsp", [("S", [2, 3]), ("T", [5])]),
        ("SbppTbp", "sbppsbp", [("S", [3, 4]), ("T", [7])]),
        ("ppSp", "ppsp", [("", [1, 2]), ("S", [4])]),
        ("SSTp", "sssp", [("T", [4])]),
        ("SpbT", "spps", [("S", [2, 3])]),
        ("Sbbp", "sbpp", [("S", [3, 4])]),
        ("bSp", "psp", [("", [1]), ("S", [3])]),
        ("", "", []),
    ],
)
def test_pages_go_to_the_sheet_before_them_and_its_blank_back_to_none(pattern, kinds, parts):
    words = {"s": StackPageKind.SHEET, "p": StackPageKind.PAGE, "b": StackPageKind.BACK}
    found, pieces = arrange(seen(pattern))
    assert found == [words[sign] for sign in kinds]
    assert [(part.code, part.numbers) for part in pieces] == parts


@pytest.mark.parametrize("make", [made.pdf_of, made.tiff_of])
def test_a_stack_becomes_scans_with_every_page_in_its_place(engine, settings, world, two, officer, make):
    content = make(usual(settings, engine, two))
    id = made.divided(engine, settings, world.units["sonv"], content, actor=officer)
    component = component_of(two[1], engine)
    assert made.told(engine, settings, id) == [([3, 4], two[0], None, ""), ([6], two[1], component, "")]
    assert order(engine, settings, id, officer) == 2
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 0, "nothing is in a dossier before the job"
        original = session.get_one(Stack, id).sha256
    stacks.take_in(engine, settings, id, actor=officer)
    with db.reading(engine) as session:
        stack = session.get_one(Stack, id)
        assert stack.state == StackState.TAKEN_IN and stack.ended_at
        scans = session.scalars(select(Scan).join(Scan.dossier).order_by(Dossier.number)).all()
        assert [(scan.dossier.number, scan.page_count, scan.component_id) for scan in scans] == [
            (two[0], 2, None),
            (two[1], 1, component),
        ]
        pages = session.scalars(select(StackPage).order_by(StackPage.number)).all()
        assert [page.number for page in pages if page.kind != StackPageKind.PAGE] == [1, 2, 5]
        assert {page.piece.scan_id for page in pages if page.piece_id} == {scan.id for scan in scans}
        assert session.scalar(select(func.count(Page.id))) == 3
        assert not session.scalar(select(StackPage.picture).where(StackPage.picture.is_not(None)).limit(1))
        for scan in scans:
            assert storage.path_of(settings.scans, scan.sha256).stat().st_size == scan.size
            assert session.scalar(select(Job.kind).where(Job.subject_id == scan.id)) == "read_scan"
    assert not storage.path_of(settings.scans, original).exists(), "no file with pages of several people is left"
    assert acts(engine) == [(f"stack:{act}", "done") for act in ("give", "divide", "order", "take_in")]


def test_the_same_stack_again_brings_nothing_twice(engine, settings, world, two, officer):
    content = made.pdf_of(usual(settings, engine, two))
    unit = world.units["sonv"]
    first = made.give(engine, settings, unit, content, actor=officer)
    assert made.give(engine, settings, unit, content, actor=officer) == first
    assert acts(engine)[-1] == ("stack:give", "known")
    for begun in (first, ""):
        id = begun or made.give(engine, settings, unit, content, actor=officer)
        stacks.divide(engine, settings, id, actor=officer)
        order(engine, settings, id, officer)
        stacks.take_in(engine, settings, id, actor=officer)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 2
    assert acts(engine, "scan:") == [("scan:upload", "done")] * 2 + [("scan:upload", "known")] * 2


def test_every_job_may_run_twice_and_may_have_been_killed(engine, settings, world, two, officer, monkeypatch):
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(usual(settings, engine, two)), actor=officer)
    stacks.divide(engine, settings, id, actor=officer)
    assert len(made.told(engine, settings, id)) == 2
    order(engine, settings, id, officer)
    enter = intake.enter

    def killed(session, dossier, kept, *, actor):
        if dossier.number == two[1]:
            raise RuntimeError("the power went")
        return enter(session, dossier, kept, actor=actor)

    with monkeypatch.context() as patch:
        patch.setattr(intake, "enter", killed)
        with pytest.raises(RuntimeError):
            stacks.take_in(engine, settings, id, actor=officer)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 0, "all of it or nothing"
        original = session.get_one(Stack, id).sha256
        assert storage.path_of(settings.scans, original).exists()
    with monkeypatch.context() as patch:
        patch.setattr(storage, "remove_old", lambda *_: False)  # killed right after the commit
        stacks.take_in(engine, settings, id, actor=officer)
    assert storage.path_of(settings.scans, original).exists()
    stacks.take_in(engine, settings, id, actor=officer)
    assert not storage.path_of(settings.scans, original).exists()
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 2


def test_what_is_wrong_is_said_before_anything_comes_in(engine, settings, world, two, officer):
    with db.writing(engine) as session:
        theirs = factories.make_dossier(session, world.units["sotc"], "Của người khác").number
        frozen = session.scalar(select(Dossier).where(Dossier.number == two[1]))
        frozen.frozen = True
    mine = made.code_for(settings, two[0])
    pages = [made.paper("trước"), made.sheet(mine.replace(two[0], two[1])), made.paper("giả"), made.sheet(mine)]
    pages += [made.sheet(made.code_for(settings, theirs)), made.paper("lạ")]
    pages += [made.sheet(made.code_for(settings, "HS-999999")), made.paper("không có")]
    pages += [made.sheet(made.code_for(settings, two[1])), made.paper("đang chuyển"), made.sheet(mine)]
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(pages), actor=officer)
    told = made.told(engine, settings, id)
    assert [(row[0], row[1]) for row in told] == [([1], None), ([3], None), ([6], None), ([8], None), ([10], two[1])]
    before, forged, foreign, unknown, still = (row[3] for row in told)
    assert "no cover sheet" in before and "not made here" in forged and "held still" in still
    assert foreign.replace(theirs, "HS-999999").replace("page 6", "page 8") == unknown, "theirs is like none"
    with db.reading(engine) as session:
        assert stacks.sheets_without_pages(stacks.pages_of(session, session.get_one(Stack, id))) == [4, 11]
    with pytest.raises(Conflict, match="no cover sheet"):
        order(engine, settings, id, officer)
    first, second, third, fourth, fifth = pieces(engine, id)
    change(engine, id, stacks.assign, first, two[0].lower(), actor=officer)
    for piece in (second, third, fourth, fifth):
        change(engine, id, stacks.leave_out, piece, actor=officer)
    assert order(engine, settings, id, officer) == 1
    stacks.take_in(engine, settings, id, actor=officer)
    with db.reading(engine) as session:
        (scan,) = session.scalars(select(Scan))
        assert (scan.dossier.number, scan.page_count) == (two[0], 1)


def test_an_officer_joins_splits_and_names_a_sheet_that_was_not_seen(engine, settings, world, two, officer):
    pages = [made.sheet(made.code_for(settings, two[0])), *(made.paper(f"Tờ {n}") for n in range(2, 7))]
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(pages), actor=officer)
    change(engine, id, stacks.split, 4, actor=officer, is_sheet=True)
    change(engine, id, stacks.split, 6, actor=officer)
    numbers = [row[0] for row in made.told(engine, settings, id)]
    assert numbers == [[2, 3], [5], [6]]
    last = pieces(engine, id)[2]
    change(engine, id, stacks.join, last, actor=officer)
    assert [row[0] for row in made.told(engine, settings, id)] == [[2, 3], [5, 6]]
    change(engine, id, stacks.split, 2, actor=officer, is_sheet=True)
    assert [row[0] for row in made.told(engine, settings, id)] == [[3], [5, 6]]
    first = pieces(engine, id)[0]
    for wrong in (
        lambda: change(engine, id, stacks.join, first, actor=officer),
        lambda: change(engine, id, stacks.split, 3, actor=officer),
        lambda: change(engine, id, stacks.split, 1, actor=officer),
        lambda: change(engine, id, stacks.assign, first, "HS-999999", actor=officer),
        lambda: change(engine, id, stacks.assign, first, two[0], "nothing", actor=officer),
    ):
        before = acts(engine)
        with pytest.raises(BadInput):
            wrong()
        assert acts(engine) == before
    with db.reading(engine) as session:
        kinds = session.execute(select(StackPage.number, StackPage.kind).order_by(StackPage.number)).all()
        assert [number for number, kind in kinds if kind == StackPageKind.SHEET] == [1, 2, 4]


def test_a_page_lies_in_a_piece_or_is_a_sheet_and_never_both(engine, settings, world, two, officer):
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(usual(settings, engine, two)), actor=officer)
    for kind, piece in ((StackPageKind.PAGE, None), (StackPageKind.SHEET, pieces(engine, id)[0])):
        with pytest.raises(IntegrityError), db.writing(engine) as session:
            page = session.scalar(select(StackPage).where(StackPage.number == 3))
            page.kind, page.piece_id = kind, piece


def test_two_officers_do_not_write_over_each_other(engine, settings, world, two, officer, actor):
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(usual(settings, engine, two)), actor=officer)
    with db.reading(engine) as session:
        version = session.get_one(Stack, id).version
    first, _second = pieces(engine, id)
    change(engine, id, stacks.leave_out, first, actor=actor("canbo2.sonv"), version=version)
    with pytest.raises(Conflict):
        change(engine, id, stacks.assign, first, two[0], actor=officer, version=version)
    with pytest.raises(Conflict):
        order(engine, settings, id, officer, version)


def test_another_unit_gives_nothing_in_and_changes_nothing(engine, settings, world, two, officer, actor):
    stranger = actor("canbo.sotc")
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(usual(settings, engine, two)), actor=officer)
    before = acts(engine)
    piece = pieces(engine, id)[0]
    for wrong, error in (
        (lambda: made.give(engine, settings, world.units["sonv"], made.pdf_of([made.BLANK]), actor=stranger), NotFound),
        (lambda: change(engine, id, stacks.leave_out, piece, actor=stranger), Refused),
        (lambda: order(engine, settings, id, stranger), Refused),
        (lambda: change(engine, id, stacks.withdraw, actor=stranger), TypeError),
    ):
        with pytest.raises(error):
            wrong()
    with db.writing(engine) as session, pytest.raises(Refused):
        stacks.withdraw(session, settings, session.get_one(Stack, id), actor=stranger)
    assert acts(engine) == before


def test_a_dossier_that_left_meanwhile_gets_nothing_and_the_stack_waits_again(engine, settings, world, two, officer):
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(usual(settings, engine, two)), actor=officer)
    order(engine, settings, id, officer)
    with db.writing(engine) as session:
        session.scalar(select(Dossier).where(Dossier.number == two[1])).custodian_id = world.units["sotc"]
    with pytest.raises(Conflict) as refused:
        stacks.take_in(engine, settings, id, actor=officer)
    with db.writing(engine) as session:
        stacks.give_up(session, "take_in_stack", id, refused.value)
        stack = session.get_one(Stack, id)
        assert stack.state == StackState.DIVIDED and two[1] in str(stack.error_values)
        assert session.scalar(select(func.count(Scan.id))) == 0
    assert [row[1] for row in made.told(engine, settings, id)] == [two[0], None]


def test_a_withdrawn_stack_leaves_nothing_and_one_on_its_way_stays(engine, settings, world, two, officer):
    content = made.pdf_of(usual(settings, engine, two))
    id = made.divided(engine, settings, world.units["sonv"], content, actor=officer)
    with db.writing(engine) as session:
        remove = stacks.withdraw(session, settings, session.get_one(Stack, id), actor=officer)
    remove()
    with db.reading(engine) as session:
        assert not any(session.scalar(select(func.count(model.id))) for model in (Stack, StackPage, StackPiece, Job))
    assert list(storage.names(settings.scans)) == []
    stacks.divide(engine, settings, id, actor=officer)  # its job may still come
    id = made.divided(engine, settings, world.units["sonv"], content, actor=officer)
    order(engine, settings, id, officer)
    with db.writing(engine) as session, pytest.raises(Conflict):
        stacks.withdraw(session, settings, session.get_one(Stack, id), actor=officer)


def test_a_secret_page_found_late_takes_its_piece_and_every_trace_of_the_stack(
    engine, settings, world, two, officer, actor
):
    content = made.pdf_of(usual(settings, engine, two))
    id = made.divided(engine, settings, world.units["sonv"], content, actor=officer)
    order(engine, settings, id, officer)
    stacks.take_in(engine, settings, id, actor=officer)
    waiting = made.give(engine, settings, world.units["sonv"], content, actor=officer)
    with db.writing(engine) as session:
        scan = session.scalar(select(Scan).join(Scan.dossier).where(Dossier.number == two[0]))
        reason = "Trang hai mang dấu độ mật"
        _minutes, remove = purging.purge(session, settings, scan, reason, second=actor("bithu.sonv"), actor=officer)
    remove()
    with db.writing(engine) as session:
        stack = session.get_one(Stack, id)
        assert (stack.sha256, stack.file_name) == ("", "")
        assert sorted(bool(piece.scan_id) for piece in stacks.pieces_of(session, stack)) == [False, True]
        (other,) = session.scalars(select(Scan))
        assert other.dossier.number == two[1] and storage.has(settings.scans, other.sha256)
        # A stack of the same bytes that waits is of no dossier yet: whoever destroys those bytes ends it, too.
        purging.forget_stacks(session, session.get_one(Stack, waiting).sha256)
        assert session.get(Stack, waiting, populate_existing=True) is None


def test_what_two_people_said_goes_with_the_pages_it_was_said_of(engine, settings, world, two, officer):
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(usual(settings, engine, two)), actor=officer)
    with db.writing(engine) as session:
        stack = session.get_one(Stack, id)
        stack.doubtful, stack.clearance = [6], "Chữ trong bảng, không phải dấu"
        stack.cleared_by_id, stack.confirmed_by_id = officer.account_id, world.accounts["bithu.sonv"]
    order(engine, settings, id, officer)
    stacks.take_in(engine, settings, id, actor=officer)
    with db.reading(engine) as session:
        (clearance,) = session.scalars(select(SecrecyClearance))
        assert session.get_one(Scan, clearance.scan_id).dossier.number == two[1]


def test_the_check_proposes_what_the_sheet_said(engine, settings, world, two, officer):
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(usual(settings, engine, two)), actor=officer)
    order(engine, settings, id, officer)
    stacks.take_in(engine, settings, id, actor=officer)
    with db.reading(engine) as session:
        scan = session.scalar(select(Scan).join(Scan.dossier).where(Dossier.number == two[1]))
        components = dossiers.components_of(scan.dossier)
        (proposal,) = propose(review.list_pages(session, scan), components, scan.file_name)
        said = next(row for row in components if row.id == scan.component_id)
        assert (proposal.values["component"], proposal.values["title"]) == (said.id, said.label_vi)


def test_notes_are_no_trouble(engine, settings, world, two, officer):
    pages = [made.sheet(made.code_for(settings, two[0], "no_such")), made.paper("x"), made.BLANK]
    pages += [made.sheet(made.code_for(settings, two[1])), made.BLANK, made.BLANK]
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(pages), actor=officer)
    with db.reading(engine) as session:
        stack = session.get_one(Stack, id)
        looks = [stacks.look_at(stack, piece, key_of(settings)) for piece in stacks.pieces_of(session, stack)]
        assert [look.notes for look in looks] == [
            (stacks.finding.COMPONENT_UNKNOWN,),
            (stacks.finding.ALL_BLANK,),
        ]
        assert not any(look.trouble for look in looks)


def test_a_dossier_that_was_closed_since_printing_gets_nothing(engine, settings, world, two, officer):
    id = made.divided(engine, settings, world.units["sonv"], made.pdf_of(usual(settings, engine, two)), actor=officer)
    with db.writing(engine) as session:
        session.scalar(select(Dossier).where(Dossier.number == two[1])).status = DossierStatus.CLOSED
    assert "closed" in made.told(engine, settings, id)[1][3]
    with pytest.raises(Conflict, match="closed"):
        order(engine, settings, id, officer)


def test_many_pieces_ask_the_same_questions_and_one_picture_is_in_memory(
    engine, settings, world, two, officer, monkeypatch
):
    asked, at_once = [], []
    event.listen(engine, "before_cursor_execute", lambda *found: asked.append(found[2]))
    monkeypatch.setattr(dividing, "_look", lambda scan: iter(at_once))
    counts = []
    for size in (2, 30):
        at_once[:] = [Seen(made.code_for(settings, two[n % 2]) if n % 2 else "", False) for n in range(1, 2 * size + 1)]
        content = made.pdf_of([made.paper(f"cỡ {size}")])
        id = made.divided(engine, settings, world.units["sonv"], content, actor=officer)
        asked.clear()
        assert len(made.told(engine, settings, id)) == size
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_same_file_sent_at_once_is_one_stack(engine, settings, world, two, officer):
    content = made.pdf_of([made.paper("một")])
    id = made.give(engine, settings, world.units["sonv"], content, actor=officer)
    with pytest.raises(IntegrityError), db.writing(engine) as session:
        twin = session.get_one(Stack, id)
        row = {
            key: getattr(twin, key) for key in ("unit_id", "sha256", "file_name", "media_type", "size", "page_count")
        }
        session.add(Stack(doubtful=[], given_by_id=officer.account_id, **row))
