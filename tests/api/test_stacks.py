"""Stacks, cover sheets and lost papers by API: a program of a unit feeds its scanner in; nothing of it for another unit."""

import io
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select

from oms import accounts, db, intake, stacks
from oms.models import AuditEntry, Document, PaperLossKind, Scan
from oms.organisation import today
from oms.procedures import paper_losses
from oms.recognition import Suspicion
from tests import factories
from tests import stacks as made
from tests.api.conftest import Caller
from tests.api.test_contract import entries_of
from tests.factories import World

Callers = Callable[[str], Caller]


@pytest.fixture
def number(engine: Engine, world: World) -> str:
    with db.writing(engine) as session:
        return factories.make_dossier(session, world.units["sonv"]).number


def send(caller: Caller, content: bytes, **more: str):
    return caller.post("stacks", data={"file": (io.BytesIO(content), "tập quét.pdf"), **more})


def test_a_program_gives_a_stack_in_assigns_and_takes_it_in(
    caller: Callers, engine: Engine, settings, actor, number: str, monkeypatch
) -> None:
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))
    program, officer = caller("canbo.sonv"), actor("canbo.sonv")
    content = made.pdf_of([made.paper("trước"), made.sheet(made.code_for(settings, number)), made.paper("một")])
    answer = send(program, content)
    assert answer.status_code == 202 and answer.get_json()["state"] == "received"
    id = answer.get_json()["id"]
    assert answer.headers["Location"].endswith(f"/stacks/{id}") and send(program, content).get_json()["id"] == id
    stacks.divide(engine, settings, id, actor=officer)
    shown = program.get(f"stacks/{id}").get_json()
    assert (shown["sheets"], [one["pages"] for one in shown["pieces"]]) == ([2], [[1], [3]])
    first, second = shown["pieces"]
    assert "no cover sheet" in first["trouble"] and (second["dossier"], second["trouble"]) == (number, None)
    assert program.post(f"stacks/{id}/take-in", {}).status_code == 409
    assert program.post(f"stacks/{id}/pieces/{first['id']}/assign", {"dossier": "HS-999999"}).status_code == 422
    address = f"stacks/{id}/pieces/{first['id']}"
    assert program.post(f"{address}/leave-out", {"left_out": True}).get_json()["pieces"][0]["left_out"]
    program.post(f"{address}/leave-out", {"left_out": False})
    told = entries_of(engine, lambda: program.post(f"{address}/assign", {"dossier": number}))
    assert told == [("stack:assign", "done")]
    assert program.post(f"stacks/{id}/take-in", {"version": 1}).status_code == 409
    assert program.post(f"stacks/{id}/take-in", {}).status_code == 202
    stacks.take_in(engine, settings, id, actor=officer)
    with db.reading(engine) as session:
        assert len(session.scalars(select(Scan)).all()) == 2
    (line,) = program.get("stacks").get_json()
    assert line["state"] == "taken_in" and all(one["scan"] for one in program.get(f"stacks/{id}").get_json()["pieces"])


def test_what_is_refused_and_what_another_unit_sees(
    caller: Callers, engine: Engine, world: World, number: str, monkeypatch
) -> None:
    program, stranger = caller("canbo.sonv"), caller("canbo.sotc")
    doubt = Suspicion(1, ("Mật",), False, b"")
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in (doubt,)))
    assert send(program, made.pdf_of([made.paper("mật")])).status_code in (409, 422)
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))
    assert program.post("stacks", data={}).status_code == 422
    content = made.pdf_of([made.paper("một")])
    assert send(stranger, content, unit=world.units["sonv"]).status_code == 404
    assert caller("bithu.sonv").get("stacks").status_code == 403
    id = send(program, content).get_json()["id"]
    missing = stranger.get("stacks/0000000000000000")
    assert stranger.get(f"stacks/{id}").get_json() == missing.get_json() and missing.status_code == 404
    for act in ("take-in", "pieces/x/assign"):
        assert stranger.post(f"stacks/{id}/{act}", {"dossier": number}).status_code in (404, 422)
    assert stranger.get("stacks").get_json() == []


def test_cover_sheets_of_a_dossier(caller: Callers, engine: Engine, number: str) -> None:
    program, address = caller("canbo.sonv"), f"dossiers/{number}/cover-sheets"
    assert program.post(address, {"what": "chosen", "components": ["nothing"], "purpose": "filing"}).status_code in (
        404,
        422,
    )
    assert program.post(address, {"what": "whole"}).status_code == 422, "a purpose is said"
    answer = program.post(address, {"what": "whole", "purpose": "filing"})
    assert (
        answer.data.startswith(b"%PDF") and caller("canbo.sotc").post(address, {"purpose": "filing"}).status_code == 404
    )
    with db.reading(engine) as session:
        entries = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("paper:%"))).all()
    assert len(entries) == 1


@pytest.fixture
def loss(engine: Engine, world: World) -> tuple[str, str]:
    """The number of a lost paper, and the id of one filed anew."""
    with db.writing(engine) as session:
        officer, head = (accounts.get_actor(session, name, via="job") for name in ("canbo.sonv", "bithu.sonv"))
        dossier = factories.make_dossier(session, world.units["sonv"])
        ids = []
        for place in (1, 2):
            scan = factories.make_scan(session, dossier, officer.account_id, (f"tờ {place}",))
            ids.append(factories.make_document(session, dossier, scan, actor=officer).id)
        said = paper_losses.Declaration(PaperLossKind.LOST, today(), "Không thấy khi kiểm kê kho", document_id=ids[0])
        return paper_losses.declare(session, dossier, said, second=head, actor=officer).number, ids[1]


def test_a_lost_paper_is_made_anew_and_found_again(caller: Callers, engine: Engine, loss: tuple[str, str]) -> None:
    number, new = loss
    program, address = caller("canbo.sonv"), f"paper-losses/{number}"
    (line,) = program.get("paper-losses?state=open").get_json()["items"]
    assert (line["number"], line["kind"], line["state"]) == (number, "lost", "open")
    given = {"document": new, "issued_by": "Sở Nội vụ", "on": f"{today()}"}
    assert program.post(f"{address}/make-anew", {**given, "document": "nothing"}).status_code == 422
    told = entries_of(engine, lambda: program.post(f"{address}/make-anew", given))
    assert told == [("paper_loss:make_anew", "done")]
    assert program.post(f"{address}/give-up", {"reason": "Không còn nơi nào lưu"}).status_code == 409
    found = program.post(f"{address}/find-again", {"note": "Kẹp nhầm hồ sơ bên", "on": f"{today()}"}).get_json()
    assert (found["state"], found["remade_document"]) == ("found", new)
    with db.reading(engine) as session:
        assert session.get(Document, new) is not None


def test_a_lost_paper_of_another_unit_is_not_there(caller: Callers, engine: Engine, loss: tuple[str, str]) -> None:
    stranger, head = caller("canbo.sotc"), caller("bithu.sonv")
    reason = {"reason": "Không còn nơi nào lưu"}
    assert stranger.get("paper-losses").get_json()["items"] == []
    assert stranger.get(f"paper-losses/{loss[0]}").status_code == 404
    assert stranger.post(f"paper-losses/{loss[0]}/give-up", reason).status_code == 404
    assert head.get(f"paper-losses/{loss[0]}").status_code == 200
    assert head.post(f"paper-losses/{loss[0]}/give-up", reason).status_code == 403
