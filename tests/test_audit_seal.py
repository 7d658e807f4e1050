"""Signed checkpoints of the audit log: whoever owns the database, but not the key, changes nothing unseen."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from oms import audit, db, health, log_standing
from oms.audit import extracts, proof, sealing
from oms.audit.proof import Checkpoint, Row, Tree, Verdict
from oms.errors import Conflict, NotFound, Refused
from oms.models import AuditEntry, Dossier, now
from oms.papers.seal_slip import seal_slip
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import World
from tests.test_audit import without_triggers

Find = Callable[[str], Actor]
PROOF = Path(proof.__file__)


@pytest.fixture(name="house")
def a_house(tmp_path: Path) -> Settings:
    anchors = tmp_path / "anchors"
    anchors.mkdir()
    return Settings(home=tmp_path / "home", seal_anchors=str(anchors))


@pytest.fixture(name="dossier")
def a_dossier(engine: Engine, world: World) -> Dossier:
    with db.writing(engine) as session:
        return factories.make_dossier(session, world.units["sonv"])


def write(engine: Engine, actor: Actor, number: int, dossier: Dossier | None = None) -> None:
    with db.writing(engine) as session:
        for place in range(number):
            words = f"từ {place}" if place % 2 else ""
            audit.record(session, "search:find", dossier, actor=actor, words=words, n=place)


@pytest.fixture(name="sealed")
def a_sealed_log(engine: Engine, house: Settings, actor: Find, dossier: Dossier) -> Engine:
    """Twelve entries under two checkpoints, of seven and of twelve."""
    write(engine, actor("canbo.sonv"), 7, dossier)
    sealing.seal(engine, house)
    write(engine, actor("canbo.sotc"), 5)
    sealing.seal(engine, house)
    return engine


def found(engine: Engine, house: Settings) -> tuple[str, int]:
    with db.reading(engine) as session:
        verdict = sealing.verify_log(session, house)
    return verdict.finding, verdict.seq


def rewrite(session: Session, first: int, change: Callable[[int, dict[str, object]], None]) -> None:
    """Compute the chain anew from an entry on, as the owner of the database can."""
    previous = session.scalar(select(AuditEntry.hash).where(AuditEntry.seq == first - 1)) or audit.GENESIS
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.seq >= first).order_by(AuditEntry.seq)).all():
        body = json.loads(entry.body)
        change(entry.seq, body)
        written = json.dumps(body, sort_keys=True, separators=(",", ":"))
        digest = audit.chain(previous, entry.seq, written)
        values = {"seq": entry.seq, "body": written, "hash": digest, "previous": previous, "outcome": body["outcome"]}
        statement = (
            "UPDATE audit_entries SET body=:body, hash=:hash, previous=:previous, outcome=:outcome WHERE seq=:seq"
        )
        session.execute(text(statement), values)
        previous = digest


def nothing(_seq: int, _body: dict[str, object]) -> None:
    pass


def as_refused(base: int) -> Callable[[int, dict[str, object]], None]:
    def change(seq: int, body: dict[str, object]) -> None:
        if seq == base + 3:
            body["outcome"] = "refused"

    return change


def edit(session: Session, base: int = 0) -> None:
    session.execute(text("UPDATE audit_entries SET outcome = 'refused' WHERE seq = :seq"), {"seq": base + 3})


def delete(session: Session, base: int = 0) -> None:
    for table in ("audit_words", "audit_entries"):
        session.execute(text(f"DELETE FROM {table} WHERE seq = :seq"), {"seq": base + 4})


def swap(session: Session, base: int = 0) -> None:
    for source, target in ((base + 3, 99), (base + 5, base + 3), (99, base + 5)):
        session.execute(
            text("UPDATE audit_entries SET seq = :target WHERE seq = :source"), {"source": source, "target": target}
        )


def insert(session: Session, base: int = 0) -> None:
    """An entry in the middle, the later ones pushed back and the whole rest computed anew."""
    for seq in range(base + 12, base + 4, -1):
        session.execute(text("UPDATE audit_words SET seq = seq + 1 WHERE seq = :seq"), {"seq": seq})
        session.execute(text("UPDATE audit_entries SET seq = seq + 1 WHERE seq = :seq"), {"seq": seq})
    names = "previous, body, at, account_id, unit_id, action, outcome, object_kind, object_id, dossier_id"
    session.execute(
        text(
            f"INSERT INTO audit_entries (seq, hash, {names}) SELECT seq + 2, 'x', {names} FROM audit_entries WHERE seq = :seq"
        ),
        {"seq": base + 3},
    )

    def renumber(seq: int, body: dict[str, object]) -> None:
        body["seq"] = seq

    rewrite(session, base + 5, renumber)


def cut(session: Session, base: int = 0) -> None:
    for table in ("audit_words", "audit_entries"):
        session.execute(text(f"DELETE FROM {table} WHERE seq > :seq"), {"seq": base + 10})


def recompute(session: Session, base: int = 0) -> None:
    rewrite(session, base + 3, as_refused(base))


# What somebody does who owns the database, and what is found.
FORGERIES = [
    (edit, ("contradicts-body", 3)),
    (delete, ("gap", 4)),
    (swap, ("chain-broken", 3)),
    (insert, ("contradicts-checkpoint", 7)),
    (cut, ("truncated", 11)),
    (recompute, ("contradicts-checkpoint", 7)),
]


@pytest.mark.parametrize(("forge", "finding"), FORGERIES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_forger_of_the_database_is_found(
    sealed: Engine, house: Settings, forge: Callable[[Session], None], finding: tuple[str, int]
) -> None:
    assert found(sealed, house) == ("", 0)
    with without_triggers(sealed) as session:
        forge(session)
    assert found(sealed, house) == finding


def test_a_log_cut_off_and_filled_again_is_found(sealed: Engine, house: Settings, actor: Find) -> None:
    with without_triggers(sealed) as session:
        cut(session)
    write(sealed, actor("canbo.sonv"), 4)
    assert found(sealed, house) == ("contradicts-checkpoint", 12)


def test_a_forged_log_is_not_signed_and_the_alarm_stays(
    sealed: Engine, house: Settings, actor: Find, world: World
) -> None:
    with without_triggers(sealed) as session:
        recompute(session)
    write(sealed, actor("canbo.sonv"), 1)
    for _again in range(2):
        with pytest.raises(Conflict, match="does not go on"):
            sealing.seal(sealed, house)
    state = sealing.state_of(house)
    assert state.refused is not None and state.refused.finding == "contradicts-checkpoint"
    assert sealing.seal_when_due(sealed, house) is None
    with db.reading(sealed) as session:
        tones = {row.name: row.tone for row in health.examine(session, house, actor=actor("quantri")).findings}
    assert tones["Seal of the audit log"] == health.DANGER


def test_whoever_signs_with_another_key_is_found(sealed: Engine, house: Settings, tmp_path: Path) -> None:
    with without_triggers(sealed) as session:
        recompute(session)
    shutil.rmtree(sealing.folder(house))
    sealing.seal(sealed, replace(house, seal_anchors=""))
    assert found(sealed, house) == ("bad-signature", 0), "the anchor still holds checkpoints of the first key"


def test_a_key_whose_checkpoints_are_gone_signs_nothing(sealed: Engine, house: Settings, actor: Find) -> None:
    """Whoever can rename files of the folder cannot make the sealer begin anew over a recomputed log."""
    with without_triggers(sealed) as session:
        recompute(session)
    (sealing.folder(house) / proof.NOTES_FILE).unlink()
    (sealing.folder(house) / sealing.STATE).unlink()
    with pytest.raises(Conflict, match="does not go on"):
        sealing.seal(sealed, replace(house, seal_anchors=""))
    state = sealing.state_of(house)
    assert state.refused is not None and state.refused.finding == "bad-signature"
    write(sealed, actor("canbo.sonv"), sealing.ENTRIES + 1)
    assert sealing.seal_when_due(sealed, house) is None, "what was refused is not looked at again by itself"


def test_what_nobody_signed_in_an_anchor_stops_nothing_and_is_said(
    sealed: Engine, house: Settings, actor: Find
) -> None:
    anchor = Path(house.seal_anchors)
    for junk in ("no json\n", '{"other": 1}\n', '{"note": "nothing"}\n'):
        (anchor / "checkpoints-junk.jsonl").write_text(junk, "utf-8")
        write(sealed, actor("canbo.sonv"), 1)
        assert sealing.seal(sealed, house) is not None
        assert sealing.sealed_until(house) >= (1, 12)
        assert found(sealed, house) == ("bad-signature", 0), junk
    assert sealing.state_of(house).refused is None


def test_an_edited_checkpoint_is_found(sealed: Engine, house: Settings) -> None:
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_text(path.read_text("utf-8").replace("\\n7\\n", "\\n8\\n"), "utf-8")
    assert found(sealed, house) == ("bad-signature", 0)


def test_log_and_checkpoints_rolled_back_together_are_found_by_the_anchor(sealed: Engine, house: Settings) -> None:
    with without_triggers(sealed) as session:
        session.execute(text("DELETE FROM audit_words WHERE seq > 7"))
        session.execute(text("DELETE FROM audit_entries WHERE seq > 7"))
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_text(path.read_text("utf-8").split("\n")[0] + "\n", "utf-8")
    assert found(sealed, replace(house, seal_anchors="")) == ("", 0), "by themselves they agree"
    assert found(sealed, house) == ("truncated", 8)


def test_the_log_goes_on_under_its_checkpoints(sealed: Engine, house: Settings, actor: Find) -> None:
    write(sealed, actor("canbo.sonv"), 3)
    assert found(sealed, house) == ("", 0)
    checkpoint = sealing.seal(sealed, house)
    assert checkpoint is not None and checkpoint.size == 15
    (sealing.folder(house) / sealing.STATE).unlink()
    write(sealed, actor("canbo.sonv"), 1)
    again = sealing.seal(sealed, house)
    assert again is not None and again.size == 16, "without its notes the sealer goes through the whole log"
    with db.reading(sealed) as session:
        assert sealing.verify_log(session, house).checkpoints == 4
        assert sealing.verify_log(session, house, first=10).finding == ""


def test_a_checkpoint_is_due_after_ten_minutes_or_a_thousand_entries(
    sealed: Engine, house: Settings, actor: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sealing.seal_when_due(sealed, house) is None, "nothing new"
    write(sealed, actor("canbo.sonv"), 2)
    assert sealing.seal_when_due(sealed, house) is None, "too soon"
    monkeypatch.setattr(sealing, "ENTRIES", 2)
    many = sealing.seal_when_due(sealed, house)
    assert many is not None and many.size == 14
    write(sealed, actor("canbo.sonv"), 1)
    later = now() + timedelta(minutes=11)
    monkeypatch.setattr(sealing, "now", lambda: later)
    old = sealing.seal_when_due(sealed, house)
    assert old is not None and old.size == 15


def test_a_seal_that_is_late_is_told(
    sealed: Engine, house: Settings, actor: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tone() -> str:
        with db.reading(sealed) as session:
            found = health.examine(session, house, actor=actor("quantri")).findings
        return next(row.tone for row in found if row.name == "Seal of the audit log")

    later = now() + 4 * sealing.EVERY
    monkeypatch.setattr(log_standing, "now", lambda: later)
    assert tone() == health.GOOD, "everything is signed, however long ago"
    write(sealed, actor("canbo.sonv"), 1)
    assert tone() == health.WARNING
    sealing.seal(sealed, house)
    assert tone() == health.GOOD


def test_an_anchor_out_of_reach_gets_its_copies_later(engine: Engine, house: Settings, actor: Find) -> None:
    anchors = Path(house.seal_anchors)
    anchors.rmdir()
    write(engine, actor("canbo.sonv"), 2)
    sealing.seal(engine, house)
    assert sealing.state_of(house).unreached == (str(anchors),)
    anchors.mkdir()
    write(engine, actor("canbo.sonv"), 2)
    sealing.seal(engine, house)
    assert sealing.state_of(house).unreached == ()
    assert len(proof.read_notes(anchors)) == 2


def test_a_line_cut_off_by_a_power_failure_is_written_again(sealed: Engine, house: Settings, actor: Find) -> None:
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_bytes(path.read_bytes()[:-20])
    write(sealed, actor("canbo.sonv"), 1)
    assert (checkpoint := sealing.seal(sealed, house)) and checkpoint.size == 13
    assert [one.size for one in sealing.signed(replace(house, seal_anchors="")) if isinstance(one, Checkpoint)] == [
        7,
        13,
    ]
    assert found(sealed, house) == ("", 0)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13, 21])
def test_every_leaf_is_proved_and_no_other(size: int) -> None:
    leaves = [bytes([number]) * 32 for number in range(size)]
    parts = {part for index in range(size) for part in proof.siblings(index, size)}
    tree = extracts.Watched(parts)
    for leaf in leaves:
        tree.add(leaf)
    for index, leaf in enumerate(leaves):
        path = [tree.root_of(part) for part in proof.siblings(index, size)]
        assert proof.root_by(index, size, leaf, path) == tree.root()
        assert proof.root_by(index, size, b"\xff" * 32, path) != tree.root()


def test_the_roots_are_those_of_rfc_6962() -> None:
    """Known answers for the empty tree and for one and three leaves without content."""
    tree = Tree()
    assert tree.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    tree.add(b"")
    assert tree.root().hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


def test_an_extract_proves_its_entries_and_nothing_else(
    sealed: Engine, house: Settings, actor: Find, dossier: Dossier
) -> None:
    with db.writing(sealed) as session:
        document = json.loads(extracts.extract(session, house, dossier.number, actor=actor("kiemtra.khoi")))
    keys = proof.read_keys((sealing.folder(house) / sealing.KEYS).read_text("ascii"))
    checkpoint, bodies = proof.check_extract(document, keys)
    assert checkpoint.size == 12 and [body["seq"] for body in bodies] == list(range(1, 8))
    assert "từ 1" not in json.dumps(document, ensure_ascii=False), "words do not leave with it"
    document["entries"][2]["body"] = document["entries"][2]["body"].replace("done", "known")
    with pytest.raises(ValueError, match="entry 3 is not under"):
        proof.check_extract(document, keys)
    with db.writing(sealed) as session:
        with pytest.raises(Refused):
            extracts.extract(session, house, dossier.number, actor=actor("canbo.sonv"))
        with pytest.raises(NotFound):
            extracts.extract(session, house, "HS-999999", actor=actor("kiemtra.khoi"))


def test_the_slip_bears_the_checkpoint(sealed: Engine, house: Settings, actor: Find) -> None:
    with db.writing(sealed) as session:
        paper = seal_slip(session, house, actor=actor("kiemtra.khoi"))
        with pytest.raises(Refused):
            seal_slip(session, house, actor=actor("canbo.sonv"))
    assert paper.body.startswith(b"%PDF") and paper.file_name.startswith("phieu-nhat-ky-")


def test_the_program_by_itself_needs_nothing_of_oms(
    sealed: Engine, house: Settings, actor: Find, dossier: Dossier, tmp_path: Path
) -> None:
    """Copied to another machine it checks an export and an extract, and finds what was changed in them."""
    program, lines, cutting = tmp_path / "proof.py", tmp_path / "log.jsonl", tmp_path / "extract.json"
    shutil.copy(PROOF, program)
    with db.writing(sealed) as session:
        cutting.write_bytes(extracts.extract(session, house, dossier.number, actor=actor("kiemtra.khoi")))
        rows = list(session.execute(select(AuditEntry).order_by(AuditEntry.seq)).scalars())
    written = [{"seq": row.seq, "previous": row.previous, "hash": row.hash, "body": row.body} for row in rows]
    lines.write_text("".join(json.dumps(row) + "\n" for row in written), "utf-8")

    def run(*arguments: object) -> tuple[int, str]:
        key = sealing.folder(house) / sealing.KEYS
        command = [sys.executable, "-I", str(program), *map(str, arguments), "--key", str(key)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
        assert not done.stderr, done.stderr
        return done.returncode, done.stdout

    assert "import oms" not in program.read_text("utf-8")
    assert run("extract", cutting)[0] == 0
    code, said = run("verify", lines, "--anchors", house.seal_anchors, "--json")
    assert (code, json.loads(said)["checkpoints"]) == (0, 2)
    written[4]["body"] = written[4]["body"].replace("done", "known")
    lines.write_text("".join(json.dumps(row) + "\n" for row in written), "utf-8")
    code, said = run("verify", lines, "--anchors", house.seal_anchors, "--json")
    assert (code, json.loads(said)["finding"], json.loads(said)["seq"]) == (1, "chain-broken", 5)


def test_the_pages_of_the_inspector(
    client_as: Callable[[str], FlaskClient], engine: Engine, settings: Settings, dossier: Dossier
) -> None:
    client = client_as("kiemtra.khoi")
    assert client.post("/audit/slip", data={}).status_code == 409, "nothing is signed yet"
    sealing.seal(engine, settings)
    page = client.get("/audit/verify").text
    assert "oms-audit/" in page
    answer = client.post("/audit/slip", data={})
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    answer = client.post("/audit/extract", data={"dossier": dossier.number})
    assert answer.status_code == 200 and answer.json is not None and answer.json["number"] == dossier.number
    with db.reading(engine) as session:
        last = session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq.desc()).limit(1)).one()
    assert last == "audit:extract"


def test_only_whole_verdicts_are_told() -> None:
    row = Row(1, audit.GENESIS, audit.chain(audit.GENESIS, 1, '{"seq":1,"words":null}'), '{"seq":1,"words":null}')
    wrong = Checkpoint("oms-audit/x", 1, b"", row.hash, "2026-01-01T00:00:00+00:00")
    assert proof.verify([row]) == Verdict("", 0, 1, row.hash, 0)
    assert proof.verify([row], [wrong]).finding == "contradicts-checkpoint"
    assert proof.verify([row], [wrong._replace(size=2)]).finding == "truncated"
