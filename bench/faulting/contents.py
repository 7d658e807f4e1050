"""CR-5: a folder copied while people work in it; CR-7: bytes of a file and of the database that the disk has spoilt."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import household
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

from faulting.drill import House, Told, house
from oms import search, storage
from oms.settings import Settings

COPIES = 4
SPOILT = 3
WORDS = "copied-folder"


def _check(settings: Settings) -> tuple[int, str]:
    """Exit code and words of `oms check` on a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}
    chosen = {**kept, "OMS_HOME": str(settings.home), "OMS_LANGUAGE": "en"}
    program = [sys.executable, "-m", "oms.cli", "check"]
    done = subprocess.run(program, env=chosen, capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, done.stdout + done.stderr


def copies() -> tuple[list[str], list[str]]:
    """`cp -r` of the folder while officers work; what a copy lacks, and what `oms check` says of it."""
    lacking = named = damaged = 0
    with house() as at, tempfile.TemporaryDirectory(prefix="oms-copies-") as folder:
        officers = household.Officers(at.place, household.Promises())
        officers.begin(at.programs.port)
        homes = []
        for number in range(COPIES):
            officers.wait_for_more(officers.told())
            home = Path(folder) / f"copy{number}"
            subprocess.run(["cp", "-r", str(at.settings.home), str(home)], check=False, stderr=subprocess.DEVNULL)
            homes.append((replace(at.settings, home=home), officers.told()))
        officers.end()
        for settings, told in homes:
            broken, unreadable = _lost(settings, told)
            lacking, damaged = lacking + bool(broken), damaged + unreadable
            code, said = _check(settings)
            in_words = WORDS in said or "database" in said.lower()
            named += code != 0 and in_words
            at.expect(f"copy: code {code}, {len(broken)} promises lost, {said[-300:]!r}", code != 0 and in_words)
        code, said = _check(at.settings)
        at.expect(f"copy: the folder itself: code {code}, {said[-300:]!r}", code == 0)
        at.faults += officers.faults
        lines = Told()
        lines.append(
            f"copies: {named} of {COPIES} named by oms check, {lacking} lacked what was acknowledged, {damaged} could not be "
            "opened; the folder itself clean"
        )
        return lines, at.faults


def _lost(settings: Settings, told: household.Promises) -> tuple[list[str], bool]:
    """Promises a copy does not keep, by a program that knows nothing of copies; and whether it cannot be read at all."""
    engine = create_engine(f"sqlite:///{settings.home / 'oms.sqlite3'}")
    try:
        return household.broken(engine, settings, told), False
    except SQLAlchemyError as error:
        return [type(error).__name__], True
    finally:
        engine.dispose()
        search._engine_at.cache_clear()


def spoilt() -> tuple[list[str], list[str]]:
    """One byte of some files, then a page of the database: these are named and not shown, all others are."""
    with house() as at:
        for _ in range(8):
            at.expect("bytes: an upload", at.upload().status == 202)
        at.wait_until("bytes: all are read", at.are_read)
        scans = list(at.promises.scans.items())
        for sha256, _id in scans[:SPOILT]:
            _flip(storage.path_of(at.settings.scans, sha256))
        refused = served = 0
        for place, (_sha256, id) in enumerate(scans):
            answer = at.caller.ask("GET", f"/api/v1/scans/{id}/original")
            good = b"damaged" in answer.content if place < SPOILT else answer.status == 200
            at.expect(f"bytes: original {place}: {answer.status}", good and (answer.status == 503) == (place < SPOILT))
            refused, served = refused + (answer.status == 503), served + (answer.status == 200)
            at.expect("bytes: what is known of it", at.caller.ask("GET", f"/api/v1/scans/{id}").status == 200)
        code, said = _check(at.settings)
        at.expect(f"bytes: oms check: code {code}", code == 1 and said.count("damaged-file") == SPOILT)
        line = f"bytes: {refused} of {SPOILT} spoilt files refused in words, {served} of {len(scans) - SPOILT} others served"
        lines = Told([f"{line}; oms check names {said.count('damaged-file')}"])
        lines.append(_spoilt_page(at, scans[-1][1]))
        return lines, at.faults


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _spoilt_page(at: House, scan: str) -> str:
    at.programs.kill()
    _overwrite(at.settings, "pages")
    at.start()
    asked: list[tuple[str, Callable[[int], bool]]] = [
        (f"/scans/{scan}", lambda status: status == 503),
        ("/api/v1/dossiers", lambda status: status == 200),
        ("/api/v1/transfers", lambda status: status == 200),
        ("/people", lambda status: status == 200),
        ("/readyz", lambda status: status == 200),
    ]
    told = []
    for path, holds in asked:
        answer = at.caller.ask("GET", path)
        told.append(answer.status)
        at.expect(f"database: {path}: {answer.status}", holds(answer.status))
        at.expect(f"database: {path} in words", answer.status == 200 or b"damaged" in answer.content)
    code, said = _check(at.settings)
    at.expect(f"database: oms check: code {code}, {said[-300:]!r}", code == 1 and "database-damaged" in said)
    return f"database: what stands on the spoilt page 503 in words, others {told[1:]}; oms check names it"


def _overwrite(settings: Settings, table: str) -> None:
    engine = create_engine(f"sqlite:///{settings.home / 'oms.sqlite3'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).one()
        (size,) = connection.exec_driver_sql("PRAGMA page_size").one()
    engine.dispose()
    with (settings.home / "oms.sqlite3").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
