"""`oms reorganise`: the whole way of a merger by commands, and back."""

from oms import db
from oms.models import Dossier
from tests import factories

PLAN = """
decision_number: 12-QĐ/TU
decided_on: 2025-02-20
decision_body: Ban Thường vụ Tỉnh ủy
effective_on: 2025-03-01
changes:
  - {kind: merge, from: [sonv], to: [sotc]}
"""


def test_a_merger_by_commands_and_back(oms, world, engine, tmp_path):
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"]).id
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN, "utf-8")
    made = oms("reorganise", "plan", str(file), "--as", "canbo.khoi", "--json")
    assert made.code == 0, made.err
    number = made.documents[0]["reorganisation"]
    tried = oms("reorganise", "try", number, "--as", "canbo.khoi", "--json").documents[0]
    assert tried["blockers"] == [] and tried["rights"]["canbo.sotc"][0] == 1
    assert _custodian(engine, dossier) == world.units["sonv"], "a dry run changes nothing"
    assert oms("reorganise", "submit", number, "--as", "canbo.khoi").code == 0
    assert oms("reorganise", "approve", number, "--as", "canbo.khoi").code == 1, "whoever prepared it does not approve"
    for step, state in (("approve", "approved"), ("execute", "executed")):
        taken = oms("reorganise", step, number, "--as", "truongban.khoi", "--json")
        assert taken.code == 0 and taken.documents[0]["state"] == state, taken.err
    assert _custodian(engine, dossier) == world.units["sotc"]
    listed = oms("reorganise", "list", "--as", "truongban.khoi", "--json").documents[0]["reorganisations"]
    assert [(row["reorganisation"], row["state"]) for row in listed] == [(number, "executed")]
    shown = oms("reorganise", "show", number, "--as", "truongban.khoi", "--json").documents[0]
    moved = {"kind": "dossiers", "start": "sonv", "end": "sotc", "number": 1, "names": []}
    assert moved in shown["outcome"]["landings"] and shown["undo_until"]
    for command in (["list"], ["show", number]):
        assert oms("reorganise", *command, "--as", "truongban.khoi").code == 0
    assert oms("reorganise", "show", number, "--as", "bithu.sonv").code == 1, "of another board"
    assert oms("reorganise", "undo", number, "--reason", "Quyết định bị thu hồi", "--as", "truongban.khoi").code == 0
    assert _custodian(engine, dossier) == world.units["sonv"]


def test_a_plan_that_lacks_something_says_what(oms, world, tmp_path):
    file = tmp_path / "plan.yaml"
    for wrong, word in (
        (PLAN.replace("to: [sotc]", "x: 1"), "to"),
        (PLAN.replace("decision_body", "body"), "body"),
        ("{", "YAML"),
    ):
        file.write_text(wrong, "utf-8")
        answer = oms("reorganise", "plan", str(file), "--as", "canbo.khoi")
        assert answer.code == 1 and word in answer.err, answer.err
    file.write_text(PLAN, "utf-8")
    assert oms("reorganise", "plan", str(file), "--as", "canbo.sonv").code == 1
    assert oms("reorganise", "try", "SX-2026-999", "--as", "canbo.khoi").code == 1


def _custodian(engine, dossier):
    with db.reading(engine) as session:
        return session.get_one(Dossier, dossier).custodian_id
