"""The check of AT-2 is checked: what has no entry, two, one in another transaction or one too late is found."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine

from oms import audit, db
from oms.models import Dossier
from oms.permissions import Actor
from tests import factories
from tests.accounting import faults, unseen
from tests.conftest import POSTGRESQL
from tests.factories import World
from tests.hostile_bodies import FORM, spoil_form, spoil_json
from tests.recording import Act, Recorder

pytestmark = pytest.mark.skipif(bool(POSTGRESQL), reason="rows are noted by triggers of SQLite: SQLite only")


@pytest.fixture
def recorder(engine: Engine) -> Iterator[Recorder]:
    made = Recorder()
    engine.dispose()
    made.start()
    yield made
    made.stop()
    engine.dispose()


@pytest.fixture
def ids(engine: Engine, world: World) -> list[str]:
    """Two dossiers."""
    with db.writing(engine) as session:
        return [factories.make_dossier(session, world.units["sonv"], f"Người {n}").id for n in range(2)]


Made = Callable[..., Act]


@pytest.fixture
def moved(recorder: Recorder, engine: Engine, ids: list[str], actor: Callable[[str], Actor]) -> Made:
    """An act that puts dossiers on a shelf, with entries of some of them, in the same transaction or the next."""

    def move(shelved: int, told: list[int], *, apart: bool = False) -> Act:
        by = actor("canbo.sonv")
        with recorder.act("POST /shelf", "request") as act:
            with db.writing(engine) as session:
                for id in ids[:shelved]:
                    session.get_one(Dossier, id).shelf_box = "7"
                if not apart:
                    for place in told:
                        audit.record(session, "dossier:place", session.get_one(Dossier, ids[place]), actor=by)
            if apart:
                with db.writing(engine) as session:
                    audit.record(session, "dossier:place", session.get_one(Dossier, ids[0]), actor=by)
        return act

    return move


def test_a_change_with_its_entry_is_right(moved: Made) -> None:
    act = moved(2, [0, 1])
    assert faults(act) == [] and len(act.changes) == 2 and act.changes[0].columns == {"shelf_box"}


@pytest.mark.parametrize(
    ("shelved", "told", "apart", "said"),
    [
        (1, [], False, "no entry tells of update dossiers(shelf_box)"),
        (1, [1], False, "no entry tells of update dossiers(shelf_box)"),
        (2, [0], False, "no entry tells of update dossiers(shelf_box)"),
        (1, [0], True, "no entry tells of update dossiers(shelf_box)"),
        (1, [0, 0], False, "said 2 times dossier:place/done"),
    ],
)
def test_what_is_wrong_is_found(moved: Made, shelved: int, told: list[int], apart: bool, said: str) -> None:
    found = faults(moved(shelved, told, apart=apart))
    assert len(found) == 1 and found[0].startswith(said)


def test_a_change_in_a_refused_request_is_found(moved: Made) -> None:
    act = moved(1, [0])
    act.status = 422
    assert faults(act) == ["refused with 422, and yet: update dossiers(shelf_box)"]


def test_what_was_rolled_back_did_not_happen(recorder: Recorder, engine: Engine, ids: list[str]) -> None:
    with recorder.act("POST /shelf", "request") as act, pytest.raises(RuntimeError), db.writing(engine) as session:
        session.get_one(Dossier, ids[0]).shelf_box = "7"
        session.flush()
        raise RuntimeError("given up")
    assert act.transactions == []


@pytest.mark.parametrize("is_late", [False, True])
def test_an_entry_after_the_first_byte_is_found(
    recorder: Recorder, engine: Engine, ids: list[str], actor: Callable[[str], Actor], is_late: bool
) -> None:
    by, app, acts = actor("canbo.sonv"), Flask("bare"), []
    recorder.over = acts.append

    def look() -> None:
        with db.writing(engine) as session:
            audit.record(session, "dossier:view", session.get_one(Dossier, ids[0]), actor=by)

    @app.get("/")
    def show() -> Iterator[bytes]:
        if not is_late:
            look()

        def pieces() -> Iterator[bytes]:
            yield b"content"
            if is_late:
                look()
            yield b"more"

        return pieces()

    assert app.test_client().get("/").data == b"contentmore"
    assert faults(acts[0]) == (["after the first byte: dossier:view/done"] if is_late else [])
    assert unseen(acts[0], [], shown=True, dossier=ids[0]) == []
    assert unseen(acts[0], [], shown=True, dossier=ids[1]) == ["shown with 0 entries of its dossier"]


def test_a_file_without_an_entry_is_found() -> None:
    act = Act("GET /packages/x/file", "request", "packages.file", status=200)
    act.headers = {"content-type": "application/zip"}
    assert unseen(act, []) == ["shown without an entry"]


def test_bodies_are_spoilt_where_people_write() -> None:
    assert spoil_form(b"reason=theo+quy+dinh&version=1&id=abc") == b"reason=theo+quy+dinh" + FORM + b"&version=1&id=abc"
    assert spoil_json(b'{"reason": "theo quy dinh", "id": "abc"}') == (
        b'{"reason": "theo quy dinh\\u0000\\ud800x", "id": "abc"}'
    )
