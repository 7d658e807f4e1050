"""A broken log goes on in a new segment: every forgery is found there again, and the old break is told of for ever."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from oms import audit, backup, db, drill, fixity, health, log_standing, overview
from oms.audit import extracts, proof, sealing, segments
from oms.audit.proof import Verdict
from oms.errors import BadInput, Conflict, Refused
from oms.models import AuditEntry, AuditWords, Dossier
from oms.papers.seal_slip import seal_slip
from oms.permissions import Actor
from oms.settings import Settings
from oms.words import translate
from tests.factories import World
from tests.printing.test_papers_as_drawn import text_of
from tests.test_audit import without_triggers
from tests.test_audit_seal import (
    FORGERIES,
    a_dossier,  # noqa: F401 - fixture
    a_house,  # noqa: F401 - fixture
    a_sealed_log,  # noqa: F401 - fixture
    cut,
    delete,
    edit,
    found,
    insert,
    nothing,
    recompute,
    rewrite,
    swap,
    write,
)

Find = Callable[[str], Actor]
Forge = Callable[..., None]
WHY = "Sửa cơ sở dữ liệu ngoài chương trình"
BASE = 12
"""Entries before the marker, where nothing was added or taken away."""


def forge(engine: Engine, change: Forge, base: int = 0) -> None:
    with without_triggers(engine) as session:
        change(session, base)


def look(engine: Engine, house: Settings) -> Verdict:
    with db.reading(engine) as session:
        return sealing.verify_log(session, house)


def begin(engine: Engine, house: Settings, actor: Find) -> segments.Begun:
    return segments.begin(engine, house, WHY, actor=actor("kiemtra.khoi"))


def last_action(engine: Engine) -> str:
    with db.reading(engine) as session:
        return session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq.desc()).limit(1)).one()


@pytest.fixture
def begun(sealed: Engine, house: Settings, actor: Find, dossier: Dossier) -> Engine:
    """The log rewritten from entry 3 on, and beside it a segment of twelve entries under checkpoints of 1, 7 and 12."""
    forge(sealed, recompute)
    begin(sealed, house, actor)
    write(sealed, actor("canbo.sonv"), 1)
    write(sealed, actor("canbo.sonv"), 5, dossier)
    sealing.seal(sealed, house)
    write(sealed, actor("canbo.sotc"), 5)
    sealing.seal(sealed, house)
    return sealed


def is_told(verdict: Verdict, number: int = 2) -> bool:
    """Whether the old break stands in the verdict as it was signed."""
    return [(one.number, one.finding, one.seq) for one in verdict.older][:1] == [(2, "contradicts-checkpoint", 7)] and (
        verdict.older[-1].number == number
    )


def test_the_new_segment_holds_and_the_old_break_is_told(begun: Engine, house: Settings) -> None:
    verdict = look(begun, house)
    assert (verdict.finding, verdict.entries, verdict.checkpoints) == ("", BASE + 12, 3)
    assert is_told(verdict)
    with db.reading(begun) as session:
        marker = session.get_one(AuditEntry, BASE + 1)
        words = session.get_one(AuditWords, BASE + 1).words
    detail = json.loads(marker.body)["detail"]
    assert (marker.action, words, marker.account_id is not None) == ("audit:segment", WHY, True)
    assert (detail["segment"], detail["finding"], detail["broken_at"]) == (2, "contradicts-checkpoint", 7)
    assert (detail["stored"], detail["head"]) == (BASE, marker.previous)
    assert detail["signed"][0] == 12 and detail["signed"][1] != marker.previous
    assert detail["machine_user"]


def test_the_table_goes_on_refusing_changes_of_both_segments(
    sealed: Engine,
    house: Settings,
    actor: Find,
) -> None:
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_text(path.read_text("utf-8").replace("\\n7\\n", "\\n8\\n"), "utf-8")
    begin(sealed, house, actor)
    for seq in (3, BASE + 1):
        with pytest.raises(DatabaseError, match="append-only"), db.writing(sealed) as session:
            session.execute(text("UPDATE audit_entries SET outcome = 'refused' WHERE seq = :seq"), {"seq": seq})
    assert not look(sealed, house).finding


@pytest.mark.parametrize(("change", "finding"), FORGERIES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_forger_of_the_new_segment_is_found(
    begun: Engine,
    house: Settings,
    change: Forge,
    finding: tuple[str, int],
) -> None:
    forge_again(begun, change)
    verdict = look(begun, house)
    assert (verdict.finding, verdict.seq) == (finding[0], finding[1] + BASE)
    assert is_told(verdict)


def forge_again(engine: Engine, change: Forge) -> None:
    """The triggers are away since the first forgery."""
    with db.writing(engine) as session:
        change(session, BASE)


def test_the_new_segment_cut_off_and_filled_again_is_found(
    begun: Engine,
    house: Settings,
    actor: Find,
) -> None:
    forge_again(begun, cut)
    write(begun, actor("canbo.sonv"), 4)
    verdict = look(begun, house)
    assert (verdict.finding, verdict.seq) == ("contradicts-checkpoint", BASE + 12) and is_told(verdict)


def test_whoever_signs_the_new_segment_with_another_key_is_found(
    begun: Engine,
    house: Settings,
    actor: Find,
) -> None:
    forge_again(begun, recompute)
    shutil.rmtree(sealing.folder(house))
    sealing.seal(begun, replace(house, seal_anchors=""))
    assert look(begun, house).finding == "bad-signature", "the anchor still holds what the first key signed"


def test_an_edited_checkpoint_of_the_new_segment_is_found(begun: Engine, house: Settings) -> None:
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_text(path.read_text("utf-8").replace("/2\\n7\\n", "/2\\n8\\n"), "utf-8")
    verdict = look(begun, house)
    assert verdict.finding == "bad-signature" and is_told(verdict)


def test_the_new_segment_rolled_back_with_its_checkpoints_is_found(begun: Engine, house: Settings) -> None:
    with db.writing(begun) as session:
        for table in ("audit_words", "audit_entries"):
            session.execute(text(f"DELETE FROM {table} WHERE seq > :seq"), {"seq": BASE + 7})
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    alone = look(begun, replace(house, seal_anchors=""))
    assert not alone.finding and is_told(alone), "by themselves they agree"
    verdict = look(begun, house)
    assert (verdict.finding, verdict.seq) == ("truncated", BASE + 8) and is_told(verdict)


def without_marker(session: Session) -> None:
    for table in ("audit_words", "audit_entries"):
        session.execute(text(f"DELETE FROM {table} WHERE seq = :seq"), {"seq": BASE + 1})


def other_reason(session: Session) -> None:
    session.execute(text("UPDATE audit_words SET words = 'anders' WHERE seq = :seq"), {"seq": BASE + 1})


def other_marker(session: Session) -> None:
    rewrite(session, BASE + 1, nothing)
    session.execute(text("UPDATE audit_entries SET previous = :p WHERE seq = :seq"), {"p": "z" * 64, "seq": BASE + 1})


def rewritten_marker(session: Session) -> None:
    def lesser(seq: int, body: dict[str, object]) -> None:
        if seq == BASE + 1:
            body["detail"] = None

    rewrite(session, BASE + 1, lesser)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (without_marker, "truncated"),
        (other_reason, "contradicts-body"),
        (other_marker, "chain-broken"),
        (rewritten_marker, "truncated"),
    ],
)
def test_the_entry_that_begins_a_segment_cannot_be_changed(
    begun: Engine,
    house: Settings,
    change: Callable[[Session], None],
    finding: str,
) -> None:
    with db.writing(begun) as session:
        change(session)
    verdict = look(begun, house)
    assert (verdict.finding, verdict.seq) == (finding, BASE + 1) and is_told(verdict)


def restored(session: Session) -> None:
    rewrite(session, 3, lambda _seq, body: body.update(outcome="done") if body["seq"] == 3 else None)


def emptied(session: Session) -> None:
    session.execute(text("UPDATE audit_entries SET unit_id = NULL WHERE seq = 5"))


def without_words(session: Session) -> None:
    session.execute(text("DELETE FROM audit_words WHERE seq = 9"))


@pytest.mark.parametrize("change", [restored, emptied, without_words], ids=lambda value: value.__name__)
def test_the_segment_left_behind_is_neither_repaired_nor_changed_again(
    begun: Engine,
    house: Settings,
    actor: Find,
    change: Callable[[Session], None],
) -> None:
    """Put back as it was it would look whole: it is what was frozen or it is told."""
    with db.writing(begun) as session:
        if change is restored:
            kept = session.execute(select(AuditEntry.seq, AuditEntry.hash, AuditEntry.body, AuditEntry.previous)).all()
            change(session)
            for row in kept[BASE:]:  # the chain behind the marker as it was
                session.execute(
                    text("UPDATE audit_entries SET hash=:h, body=:b, previous=:p WHERE seq=:s"),
                    {"h": row.hash, "b": row.body, "p": row.previous, "s": row.seq},
                )
        else:
            change(session)
    verdict = look(begun, house)
    assert (verdict.finding, verdict.seq) == ("frozen-changed", 1) and is_told(verdict)
    with pytest.raises(Conflict, match="no new segment mends that"):
        begin(begun, house, actor)
    with db.reading(begun) as session:
        kinds = [one.kind for one in fixity._check_audit(session, house, False)]
    assert kinds == ["audit-frozen", "audit-segment"] and not set(kinds) & set(fixity.OF_LOSS)


def test_no_segment_is_begun_while_the_log_holds(sealed: Engine, house: Settings, actor: Find) -> None:
    with pytest.raises(Conflict, match="beside a broken one only"):
        begin(sealed, house, actor)
    forge(sealed, recompute)
    for who, reason, refusal in (("canbo.sonv", WHY, Refused), ("kiemtra.khoi", "  ", BadInput)):
        with pytest.raises(refusal):
            segments.begin(sealed, house, reason, actor=actor(who))
    assert last_action(sealed) == "search:find" and look(sealed, house).older == ()
    begin(sealed, house, actor)
    with pytest.raises(Conflict, match="beside a broken one only"):
        begin(sealed, house, actor)
    assert last_action(sealed) == "audit:segment" and is_told(look(sealed, house))


def test_who_does_not_sign_begins_nothing(sealed: Engine, house: Settings, actor: Find) -> None:
    forge(sealed, recompute)
    with pytest.raises(Refused, match="another user"):
        begin(sealed, replace(house, seal_folder=str(house.home / "of-root")), actor)
    assert look(sealed, house).older == ()


def test_an_entry_nobody_signed_begins_nothing(sealed: Engine, house: Settings, actor: Find) -> None:
    """The owner of the database can write the entry; without the key no chain begins there."""
    forge(sealed, recompute)
    with db.writing(sealed) as session:
        audit.record(session, "audit:segment", actor=actor("kiemtra.khoi"), words=WHY, segment=2)
    assert found(sealed, house) == ("contradicts-checkpoint", 7)
    with pytest.raises(Conflict, match="does not go on"):
        sealing.seal(sealed, house)


def lost_checkpoints(house: Settings) -> None:
    (sealing.folder(house) / proof.NOTES_FILE).unlink()
    (sealing.folder(house) / sealing.STATE).unlink()


def edited_checkpoint(house: Settings) -> None:
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_text(path.read_text("utf-8").replace("\\n7\\n", "\\n8\\n") + "junk\n", "utf-8")


@pytest.mark.parametrize(
    "broken",
    [edit, delete, swap, insert, cut, recompute, lost_checkpoints, edited_checkpoint],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("anchored", [True, False])
def test_after_every_kind_of_break_the_log_goes_on(
    sealed: Engine,
    house: Settings,
    actor: Find,
    broken: Forge,
    anchored: bool,
) -> None:
    house = house if anchored else replace(house, seal_anchors="")
    if broken in (lost_checkpoints, edited_checkpoint):
        broken(house)
    else:
        forge(sealed, broken)
    made = begin(sealed, house, actor)
    write(sealed, actor("canbo.sonv"), 3)
    checkpoint = sealing.seal(sealed, house)
    assert checkpoint is not None and (checkpoint.size, checkpoint.first) == (4, made.broken.first)
    verdict = look(sealed, house)
    assert (verdict.finding, len(verdict.older)) == ("", 1) and verdict.older[0].finding
    assert sealing.state_of(house).refused is None
    assert made.frozen is not None and made.frozen.stat().st_mode & 0o077 == 0
    assert hashlib.sha256(made.frozen.read_bytes()).hexdigest() == made.broken.frozen
    assert len(made.frozen.read_text("utf-8").splitlines()) == made.broken.first - 1 - (broken is delete)


def test_a_second_break_begins_a_third_segment(begun: Engine, house: Settings, actor: Find) -> None:
    forge_again(begun, recompute)
    with pytest.raises(Conflict, match="does not go on"):
        write(begun, actor("canbo.sonv"), 1)
        (sealing.folder(house) / sealing.STATE).unlink()
        sealing.seal(begun, house)
    made = begin(begun, house, actor)
    assert (made.broken.number, made.broken.finding, made.broken.seq) == (3, "contradicts-checkpoint", BASE + 7)
    write(begun, actor("canbo.sonv"), 2)
    sealing.seal(begun, house)
    verdict = look(begun, house)
    assert not verdict.finding and is_told(verdict, number=3)
    with db.reading(begun) as session:
        assert not sealing.verify_log(session, house, first=made.broken.first + 1).finding
        assert not sealing.verify_log(session, house, first=made.broken.first).finding


def rewritten(engine: Engine, _house: Settings) -> None:
    forge(engine, recompute)


def spoilt(_engine: Engine, house: Settings) -> None:
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_text(path.read_text("utf-8") + '{"note": "spoilt"}\n', "utf-8")


def spoilt_breaks(engine: Engine, house: Settings) -> None:
    path = sealing.folder(house) / sealing.BREAKS
    path.write_text('{"note": "spoilt"}\n', "utf-8")


@pytest.mark.parametrize("break_it", [rewritten, spoilt, spoilt_breaks], ids=lambda f: f.__name__)
def test_what_was_killed_half_way_is_begun_once_more(
    sealed: Engine,
    house: Settings,
    actor: Find,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    break_it: Callable[[Engine, Settings], None],
) -> None:
    """Killed before each step onto the disk: what was broken is still found or already told of, and goes on once more."""
    house = replace(house, seal_anchors="")
    break_it(sealed, house)
    place, kept = sealing.folder(house), tmp_path / "kept"
    shutil.copytree(place, kept)
    steps = [(os, "fsync"), (os, "link"), (Path, "rename")]
    for allowed in range(100):
        left = iter(range(allowed))

        def dying(done: Callable[..., object], left: Iterator[int] = left) -> Callable[..., object]:
            def step(*given: object) -> object:
                if next(left, None) is None:
                    raise KeyboardInterrupt
                return done(*given)

            return step

        with monkeypatch.context() as patch:
            for of, name in steps:
                patch.setattr(of, name, dying(getattr(of, name)))
            try:
                begin(sealed, house, actor)
            except KeyboardInterrupt:
                pass
            else:
                break
        verdict = look(sealed, house)
        assert verdict.finding or verdict.older, f"after {allowed} steps nobody knows"
        if verdict.finding:
            begin(sealed, house, actor)
        verdict = look(sealed, house)
        assert not verdict.finding and verdict.older[-1].finding
        aside = [path.read_bytes() for path in place.glob("spoilt-before-*")]
        assert break_it is rewritten or any(b'"spoilt"' in one for one in aside), "as it was found"
        shutil.rmtree(place)
        shutil.copytree(kept, place)
    assert allowed > 5


def test_what_was_set_aside_is_never_written_over(sealed: Engine, house: Settings, actor: Find) -> None:
    spoilt(sealed, house)
    first = sealing.folder(house) / f"spoilt-before-2-{proof.NOTES_FILE}"
    first.write_text("of an earlier day", "utf-8")
    begin(sealed, house, actor)
    assert first.read_text("utf-8") == "of an earlier day"
    assert "spoilt" in (sealing.folder(house) / f"spoilt-before-2-1-{proof.NOTES_FILE}").read_text("utf-8")


def test_a_last_hash_that_is_none_stops_nobody(sealed: Engine, house: Settings, actor: Find) -> None:
    with without_triggers(sealed) as session:
        session.execute(text("UPDATE audit_entries SET hash = 'q' || substr(hash, 2) WHERE seq = 12"))
    write(sealed, actor("canbo.sonv"), 1)
    assert found(sealed, house) == ("chain-broken", 12)
    made = begin(sealed, house, actor)
    with db.reading(sealed) as session:
        assert session.get_one(AuditEntry, made.broken.first).previous == made.broken.head
    assert not look(sealed, house).finding


def test_a_marker_behind_a_last_hash_that_is_none(sealed: Engine, house: Settings, actor: Find) -> None:
    with without_triggers(sealed) as session:
        session.execute(text("UPDATE audit_entries SET hash = 'q' || substr(hash, 2) WHERE seq = 12"))
    made = begin(sealed, house, actor)
    with db.reading(sealed) as session:
        assert session.get_one(AuditEntry, made.broken.first).previous == made.broken.head
    assert not look(sealed, house).finding


@pytest.mark.parametrize("previous", ["zz", "z" * 64])
def test_a_previous_that_is_no_hash_is_a_finding_and_no_fault(
    begun: Engine, house: Settings, actor: Find, previous: str
) -> None:
    with db.writing(begun) as session:
        session.execute(
            text("UPDATE audit_entries SET previous = :p WHERE seq = :seq"), {"p": previous, "seq": BASE + 1}
        )
    with db.reading(begun) as session:
        assert audit.verify_newest(session, 12).finding == "chain-broken"
        assert sealing.verify_log(session, house, first=BASE + 1).finding == "chain-broken"
        assert [one.kind for one in fixity._check_audit(session, house, True)] == ["audit-broken", "audit-segment"]
        assert overview.log_state(session, house, actor=actor("kiemtra.khoi")).broken_at == BASE + 1


def test_two_segments_that_began_at_the_same_entry(begun: Engine, house: Settings, actor: Find) -> None:
    """After a restore the number of a marker comes again: checkpoints of the first one are not held against the second."""
    with db.writing(begun) as session:
        for table in ("audit_words", "audit_entries"):
            session.execute(text(f"DELETE FROM {table} WHERE seq > :seq"), {"seq": BASE})
    assert found(begun, house) == ("truncated", BASE + 1)
    made = begin(begun, house, actor)
    assert (made.broken.number, made.broken.first) == (3, BASE + 1)
    write(begun, actor("canbo.sonv"), 20)
    assert sealing.seal(begun, house)
    verdict = look(begun, house)
    assert (verdict.finding, [one.number for one in verdict.older]) == ("", [2, 3])


def test_spoilt_checkpoints_beside_a_changed_old_segment_are_no_dead_end(
    begun: Engine, house: Settings, actor: Find
) -> None:
    with db.writing(begun) as session:
        emptied(session)
    (sealing.folder(house) / proof.NOTES_FILE).unlink()
    with pytest.raises(Conflict, match="does not go on"):
        sealing.seal(begun, house)
    made = begin(begun, house, actor)
    assert (made.broken.finding, made.broken.seq) == ("bad-signature", 0)
    with db.writing(begun) as session:
        told = [translate(sentence, values) for _tone, sentence, values in log_standing.broken(house)]
        slip = text_of(seal_slip(session, house, actor=actor("kiemtra.khoi")).body)
    assert "mục 7" in told[0] and "điểm xác nhận" in told[1]
    assert not any("mục 0" in one or "signature" in one for one in [*told, slip])
    write(begun, actor("canbo.sonv"), 1)
    assert sealing.seal(begun, house)
    assert look(begun, house).finding == "frozen-changed", "that is told for ever"


def test_where_nothing_was_signed_nothing_is_begun(sealed: Engine, house: Settings, actor: Find) -> None:
    """The command without `OMS_SEAL_FOLDER` where root signs elsewhere: no second key, and no answer of a log."""
    signs = house.home / "of-root"
    sealing.folder(house).rename(signs)
    forge(sealed, recompute)
    with pytest.raises(Conflict, match="OMS_SEAL_FOLDER"):
        begin(sealed, house, actor)
    assert not sealing.folder(house).exists() and last_action(sealed) == "search:find"
    begin(sealed, replace(house, seal_folder=str(signs)), actor)


def test_a_lost_file_of_breaks_comes_back_from_the_anchors(begun: Engine, house: Settings, actor: Find) -> None:
    (sealing.folder(house) / sealing.BREAKS).unlink()
    assert sealing.state_of(house).breaks == ()
    begin(begun, house, actor)
    assert [one.number for one in sealing.state_of(house).breaks] == [2, 3]
    assert not look(begun, house).finding


def test_health_alarms_check_and_start_page_go_on_telling(
    begun: Engine,
    house: Settings,
    actor: Find,
) -> None:
    with db.writing(begun) as session:
        rows = health.examine(session, house, actor=actor("quantri")).findings
        assert [row.tone for row in rows if row.name == "Broken segment of the audit log"] == ["warning"]
        assert [row.tone for row in rows if row.name == "Seal of the audit log"] == ["success"]
        state = overview.log_state(session, house, actor=actor("kiemtra.khoi"))
        assert (state.broken_at, state.checked, len(state.breaks)) == (None, 12, 1)
    for fast in (True, False):
        with db.reading(begun) as session:
            problems = list(fixity._check_audit(session, house, fast))
        assert [problem.kind for problem in problems] == ["audit-segment"]
    with db.writing(begun) as session:
        session.execute(text("UPDATE audit_entries SET outcome = 'refused' WHERE seq = :seq"), {"seq": BASE + 3})
    with db.reading(begun) as session:
        assert [one.kind for one in fixity._check_audit(session, house, True)] == ["audit-broken", "audit-segment"]


def test_an_extract_proves_what_stands_in_the_new_segment(
    begun: Engine,
    house: Settings,
    actor: Find,
    dossier: Dossier,
) -> None:
    with db.writing(begun) as session:
        document = json.loads(extracts.extract(session, house, dossier.number, actor=actor("kiemtra.khoi")))
        slip = text_of(seal_slip(session, house, actor=actor("kiemtra.khoi")).body)
    assert "đoạn 2, từ mục 13 (trước mục 13 phát hiện sai lệch tại mục 7)" in " ".join(slip.split())
    checkpoint, bodies = proof.check_extract(document, sealing.keys(house))
    assert (checkpoint.first, [body["seq"] for body in bodies]) == (BASE + 1, list(range(BASE + 3, BASE + 8)))
    assert document["unproved"] == 7
    document["entries"][1]["body"] = document["entries"][1]["body"].replace("done", "known")
    with pytest.raises(ValueError, match=f"entry {BASE + 4} is not under"):
        proof.check_extract(document, sealing.keys(house))


def test_the_program_by_itself_knows_segments_and_is_small(
    begun: Engine,
    house: Settings,
    tmp_path: Path,
) -> None:
    program, lines = tmp_path / "proof.py", tmp_path / "log.jsonl"
    shutil.copy(proof.__file__, program)
    assert sum(bool(line.strip()) for line in program.read_text("utf-8").splitlines()) <= 300
    with db.reading(begun) as session:
        lines.write_bytes(b"".join(proof.line(row) for row in audit.verifying.rows(session)))

    def run() -> tuple[int, dict[str, object]]:
        command = [sys.executable, "-I", str(program), "verify", str(lines), "--json", "--anchors", house.seal_anchors]
        command += ["--key", str(sealing.folder(house) / sealing.KEYS)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert not done.stderr, done.stderr
        return done.returncode, json.loads(done.stdout)

    code, said = run()
    assert (code, said["finding"], [one["seq"] for one in said["older"]]) == (3, "", [7])  # type: ignore[attr-defined]
    kept = lines.read_text("utf-8").splitlines(keepends=True)
    lines.write_text("".join([*kept[: BASE + 3], *kept[BASE + 4 :]]), "utf-8")
    code, said = run()
    assert (code, said["finding"], said["seq"]) == (1, "gap", BASE + 4)
    lines.write_text("".join([*kept[:4], *kept[5:]]), "utf-8")
    code, said = run()
    assert (code, said["finding"], said["seq"]) == (1, "frozen-changed", 1)


def test_in_a_protection_installation_the_log_does_not_leave_its_table(
    sealed: Engine,
    house: Settings,
    actor: Find,
) -> None:
    forge(sealed, recompute)
    closed = replace(house, profile="protection")
    made = begin(sealed, closed, actor)
    assert made.frozen is None and len(made.broken.frozen) == 64
    assert not list(sealing.folder(house).glob("before-segment-*"))
    assert not look(sealed, closed).finding


def test_the_page_tells_of_the_old_segment(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    settings: Settings,
    actor: Find,
    dossier: Dossier,
) -> None:
    write(engine, actor("canbo.sonv"), 12)
    sealing.seal(engine, settings)
    forge(engine, recompute)
    begin(engine, settings, actor)
    with db.reading(engine) as session:
        marker = sealing.state_of(settings).first
        assert session.get_one(AuditEntry, marker).action == "audit:segment"
    page = client_as("kiemtra.khoi").get("/audit/verify").text
    assert f"/audit/{marker}" in page and "notice-danger" in page and "notice-success" in page
    assert "notice-danger" in client_as("kiemtra.khoi").get("/").text
    with db.writing(engine) as session:
        session.execute(text("UPDATE audit_entries SET unit_id = NULL WHERE seq = 5"))
    page = client_as("kiemtra.khoi").get("/audit/verify").text
    assert "Một đoạn nhật ký cũ đã bị sửa thêm" in page and "new-segment" not in page


def test_a_backup_brings_the_segments_back_and_an_older_one_needs_a_reason(
    engine: Engine, settings: Settings, actor: Find, world: World, tmp_path: Path
) -> None:
    write(engine, actor("canbo.sonv"), 12)
    sealing.seal(engine, settings)
    before = backup.make(engine, settings, tmp_path / "backups").archive
    forge(engine, recompute)
    begun = begin(engine, settings, actor)
    after = backup.make(engine, settings, tmp_path / "backups").archive
    made = drill.drill(engine, settings, after)
    assert made.problems == () and made.entries > begun.broken.first
    verdict = look(engine, settings)
    assert not verdict.finding and verdict.older == (begun.broken,)
    with pytest.raises(Refused, match="begun again"):
        backup.restore(settings, before, replace=True)
    engine.dispose()
    backup.restore(settings, before, replace=True, reason="thử")
    assert sealing.state_of(settings).breaks == (begun.broken,), "the break is told of after it, too"
    engine = db.connect(settings.database)
    assert look(engine, settings).finding == "truncated"
    with pytest.raises(Conflict, match="does not go on"):
        sealing.seal(engine, settings)
    refused = sealing.state_of(settings).refused
    assert refused is not None and (refused.finding, refused.seq) == ("truncated", begun.broken.first)
    begin(engine, settings, actor)
    assert not look(engine, settings).finding
    assert [one.number for one in sealing.state_of(settings).breaks] == [2, 3]
    engine.dispose()
