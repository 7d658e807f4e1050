"""Packages and answers carry the newest checkpoint of the log: what one house rewrites, the other one knows."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from oms import audit, db, packages
from oms.audit import exchanging, sealing
from oms.audit.keeping import append
from oms.audit.notes import sign
from oms.audit.proof import NOTES_FILE, Checkpoint, Tree
from oms.errors import NotFound, Refused
from oms.models import AuditEntry, Package, now
from tests.packages.conftest import House, dispatch, fill
from tests.packages.test_packages import Files, _close, rebuild
from tests.test_audit import without_triggers
from tests.test_audit_seal import rewrite


@pytest.fixture
def sealed_there(here: House, there: House, friends: None) -> packages.Sealed:
    """A package of a house whose log was signed."""
    transfer_id = dispatch(here, fill(here))
    assert sealing.seal(here.engine, here.settings)
    return packages.export(here.engine, here.settings, transfer_id, there.key, actor=here.actor("canbo.sonv"))


def row_of(house: House) -> Package:
    with db.reading(house.engine) as session:
        return session.scalars(select(Package)).one()


def detail(house: House, action: str) -> dict[str, object]:
    with db.reading(house.engine) as session:
        body = session.scalars(select(AuditEntry.body).where(AuditEntry.action == action)).one()
    found: dict[str, object] = json.loads(body)["detail"]
    return found


def anchor(house: House, of: House, path: Path) -> Path:
    """What `house` keeps of the log of another one, as the file it hands over."""
    with db.writing(house.engine) as session:
        path.write_bytes(packages.checkpoints_of(session, of.key, actor=house.actor("kiemtra.khoi")))
    return path


def finding(house: House, *anchors: Path) -> tuple[str, int]:
    with db.reading(house.engine) as session:
        verdict = sealing.verify_log(session, house.settings, anchors)
    return verdict.finding, verdict.checkpoints


def answer_of(there: House, row_id: str) -> bytes:
    with db.writing(there.engine) as session:
        package = session.get_one(Package, row_id)
        return packages.acknowledge(session, there.settings, package, actor=there.actor("canbo.soyt"))


def test_both_sides_keep_the_checkpoint_of_the_other(
    here: House, there: House, sealed_there: packages.Sealed, tmp_path: Path
) -> None:
    row_id = there.take_in(sealed_there.path, sealed_there.code)
    kept, last = row_of(there).log_received, sealing.state_of(here.settings).last
    assert kept is not None and last is not None
    assert (kept["origin"], kept["entries"], kept["at"]) == (last.origin, last.size, last.at)
    told = {"origin": last.origin, "entries": last.size, "at": last.at}
    assert detail(there, "package:import")["log"] == detail(here, "package:export")["log"] == told

    sealing.seal(there.engine, there.settings)
    answer = answer_of(there, row_id)
    with db.writing(there.engine) as session:
        audit.record(session, "audit:read", actor=None)
    sealing.seal(there.engine, there.settings)
    assert answer_of(there, row_id) == answer, "an answer that was given stays as it was"
    _close(here, answer)
    back, given = row_of(here).log_received, row_of(there).log_sent
    assert back is not None and given is not None and back["notes"] == given["notes"]
    assert detail(here, "package:close")["log"] == detail(there, "package:acknowledge")["log"]

    assert finding(here, anchor(there, here, tmp_path / "of-here.jsonl")) == ("", 1)
    assert finding(there, anchor(here, there, tmp_path / "of-there.jsonl")) == ("", 2)


def with_another_key(house: House) -> None:
    shutil.rmtree(sealing.folder(house.settings))
    assert sealing.seal(house.engine, house.settings)


def with_the_stolen_key(house: House) -> None:
    """Somebody who has database and key signs the rewritten log as if nothing else had ever been signed."""
    key, name = sealing.signing_key(house.settings)
    tree = Tree()
    with db.reading(house.engine) as session:
        hashes = session.scalars(select(AuditEntry.hash).order_by(AuditEntry.seq)).all()
    for digest in hashes:
        tree.add(bytes.fromhex(digest))
    moment = (now() - timedelta(days=1)).isoformat(timespec="seconds")
    note = sign(Checkpoint(name, tree.size, tree.root(), hashes[-1], moment), name, key)
    (sealing.folder(house.settings) / NOTES_FILE).unlink()
    (sealing.folder(house.settings) / sealing.STATE).unlink()
    append(sealing.folder(house.settings) / NOTES_FILE, note)
    assert sealing.seal(house.engine, house.settings)


@pytest.mark.parametrize(
    ("again", "found"), [(with_another_key, "bad-signature"), (with_the_stolen_key, "contradicts-checkpoint")]
)
def test_a_rewritten_log_is_noticed_through_the_partner(
    here: House,
    there: House,
    sealed_there: packages.Sealed,
    tmp_path: Path,
    again: Callable[[House], None],
    found: str,
) -> None:
    there.take_in(sealed_there.path, sealed_there.code)

    def other_outcome(seq: int, body: dict[str, object]) -> None:
        if seq == 2:
            body["outcome"] = "refused"

    with without_triggers(here.engine) as session:
        rewrite(session, 2, other_outcome)
    again(here)
    assert finding(here)[0] == "", "by itself the house looks whole"
    assert finding(here, anchor(there, here, tmp_path / "kept.jsonl"))[0] == found


def test_a_log_put_back_to_an_earlier_day_is_noticed_through_the_partner(
    here: House, there: House, sealed_there: packages.Sealed, tmp_path: Path
) -> None:
    there.take_in(sealed_there.path, sealed_there.code)
    with without_triggers(here.engine) as session:
        for table in ("audit_words", "audit_entries"):
            session.execute(text(f"DELETE FROM {table} WHERE seq > 3"))
    with_the_stolen_key(here)
    assert finding(here)[0] == ""
    assert finding(here, anchor(there, here, tmp_path / "kept.jsonl"))[0] == "truncated"


def test_packages_without_a_checkpoint_are_read_as_before(here: House, there: House, sealed: packages.Sealed) -> None:
    row_id = there.take_in(sealed.path, sealed.code)
    answer = answer_of(there, row_id)
    assert "log" not in json.loads(answer)
    _close(here, answer)
    for house in (here, there):
        assert (row_of(house).log_sent, row_of(house).log_received) == (None, None)
        with db.writing(house.engine) as session, pytest.raises(NotFound):
            packages.checkpoints_of(session, row_of(house).peer_key, actor=house.actor("kiemtra.khoi"))


@pytest.mark.parametrize("what", ["other key", "changed note", "no notes", "no list"])
def test_what_proves_nothing_is_not_kept(here: House, there: House, sealed_there: packages.Sealed, what: str) -> None:
    def change(files: Files) -> None:
        said = json.loads(files["data/log.json"])
        if what == "other key":
            sealing.seal(there.engine, there.settings)
            other = exchanging.newest(there.settings)
            said["keys"] = other["keys"] if other else []
        elif what == "changed note":
            said["notes"] = [note.replace("head ", "head 0") for note in said["notes"]]
        else:
            said["notes"] = [] if what == "no notes" else 7
        files["data/log.json"] = json.dumps(said).encode()

    with db.writing(there.engine) as session:
        audit.record(session, "audit:read", actor=None)
    there.take_in(rebuild(here, sealed_there, change, honest=True), sealed_there.code)
    assert row_of(there).log_received is None and detail(there, "package:import")["log"] is None


@pytest.mark.parametrize(
    "odd",
    [
        {"at": "hom qua"},
        {"at": "2026-11-30T01:00:00"},
        {"at": "9999-12-31T23:59:59+00:00"},
        {"size": 10**30},
        {"size": -3},
        {"first": 10**30},
        {"head": "zz"},
        {"origin": "x"},
    ],
    ids=str,
)
def test_a_checkpoint_that_says_nonsense_is_not_kept(here: House, odd: dict[str, object]) -> None:
    """Signed with the key of that house: its page could not be shown any more."""
    with db.writing(here.engine) as session:
        audit.record(session, "audit:read", actor=None)
    assert sealing.seal(here.engine, here.settings)
    given, last = exchanging.newest(here.settings), sealing.state_of(here.settings).last
    assert given is not None and last is not None and exchanging.proved(given)
    key, name = sealing.signing_key(here.settings)
    changed = {name: f"{last.origin}/{value}" if name == "origin" else value for name, value in odd.items()}
    note = sign(last._replace(**changed), name, key)  # type: ignore[arg-type]
    assert exchanging.proved({**given, "notes": [note]}) is None


def test_only_who_reads_the_log_takes_out_what_is_kept(
    here: House, there: House, sealed_there: packages.Sealed
) -> None:
    there.take_in(sealed_there.path, sealed_there.code)
    with db.writing(there.engine) as session:
        with pytest.raises(Refused):
            packages.checkpoints_of(session, here.key, actor=there.actor("canbo.soyt"))
        assert packages.checkpoints_of(session, here.key, actor=there.actor("kiemtra.khoi"))
    assert detail(there, "package:checkpoints") == {"packages": 1, "peer": here.key}
