"""CR-10: boxes that come to their limits or are killed, a hundred times in a row; HU-13: nothing of a stamped page stays."""

import logging
import os
import secrets as chance
import signal
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import household
from sqlalchemy import func, select

from faulting.drill import Caller, House, Told, house
from oms import box, db, staging
from oms.box import probing
from oms.models import AuditEntry, Job, JobState, Page, PageState
from oms.specimens.ink import level_stamp
from tests import factories

TIMES = 100
TRIES = 2
SWEPT = 30.0
"""Seconds after a start in which what a killed look left has gone."""


def _below(pid: int) -> list[int]:
    """All processes that come from one, the nearest first."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    return [*found, *(one for child in found for one in _below(child))]


def _zombies(session: int) -> list[int]:
    """Processes of the session that have ended and that nobody has taken notice of."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            if entry.name.isdecimal():
                state, _parent, _group, of = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:4]
                if int(of) == session and state == "Z":
                    found.append(int(entry.name))
    return found


def killed() -> tuple[list[str], list[str]]:
    """Limits of memory here, then kills of whatever the worker's boxes do while pages are read."""
    faults: list[str] = []
    logging.getLogger("oms.box").setLevel(logging.ERROR)  # each of them warns
    began, limited = time.monotonic(), 0
    for _ in range(TIMES):
        try:
            box.call(probing.exhaust, b"")
        except box.Broke as broke:
            limited += broke.limit
    after = box.call(probing.echo, b"well", most=10)[1]
    left = len(_zombies(os.getsid(0)))
    here = len(_below(os.getpid()))
    box.close_all()
    faults += [f"box: {limited} of {TIMES} ended by their limit"] * (limited != TIMES)
    faults += ["box: the next document"] * (bytes(after) != b"well") + [f"box: {left} zombies"] * bool(left)
    faults += [f"box: {here} processes"] * (here > 4 * box.AT_ONCE)
    lines = Told()
    lines.append(
        f"box: {limited} of {TIMES} came to the limit of memory in a row, {time.monotonic() - began:.0f} s, {left} zombies"
    )
    with house() as at:
        lines.append(_killed_while_reading(at))
        return lines, faults + at.faults


def _killed_while_reading(at: House) -> str:
    kills, over = list[int](), threading.Event()

    def kill() -> None:
        while not over.wait(0.02) and len(kills) < TIMES:
            for worker in [pid for pid, name in at.programs.members().items() if name == "oms-worker"]:
                for leaf in [pid for pid in _below(worker) if not _below(pid) and _box_depth(pid, worker) >= 3]:
                    with suppress(ProcessLookupError):
                        os.kill(leaf, signal.SIGKILL)
                        kills.append(leaf)

    killer = threading.Thread(target=kill)
    killer.start()
    sent = 0
    until = time.monotonic() + 900
    while len(kills) < TIMES and time.monotonic() < until:
        at.expect("boxes: an upload", at.upload().status == 202)
        sent += 1
    over.set()
    killer.join()
    at.wait_until("boxes: the queue goes on", at.are_read)
    at.expect("boxes: an upload afterwards", at.upload().status == 202)
    at.wait_until("boxes: it is read", at.are_read)
    with household.opened(at.settings) as engine, db.reading(engine) as session:
        states = dict(session.execute(select(Page.state, func.count()).group_by(Page.state)).tuples().all())
        most = session.scalar(select(func.max(Job.attempts)).where(Job.kind == "read_page")) or 0
        stuck = session.scalar(select(func.count(Job.id)).where(Job.state == JobState.RUNNING)) or 0
        last = session.scalars(select(Page).order_by(Page.id)).all()
    zombies = len(_zombies(at.programs.process.pid))
    read, failed = states.get(PageState.READ, 0), states.get(PageState.FAILED, 0)
    at.expect(f"boxes: {most} tries of one page", most <= TRIES)
    at.expect(f"boxes: {zombies} zombies", not zombies)
    at.expect(f"boxes: {stuck} jobs stuck", not stuck)
    at.expect("boxes: a failed page says why", all(page.error for page in last if page.state == PageState.FAILED))
    at.expect(f"boxes: {len(kills)} kills only", len(kills) >= TIMES)
    return (
        f"boxes: {len(kills)} kills while {sent} pages were read: {failed} failed in words, {read} read, {most} tries of one "
        f"page at most, {zombies} zombies"
    )


def _box_depth(pid: int, worker: int) -> int:
    """How many processes stand between one and the worker, itself counted: bubblewrap, the box's program, its child."""
    depth = 0
    while pid not in (worker, 0, 1):
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            return 0
        depth += 1
    return depth


def secrets() -> tuple[list[str], list[str]]:
    """Stamped pages: refused at the look, held as doubtful and refused, killed in the middle of the look."""
    with house() as at:
        word = f"VEDETTE{chance.token_hex(4).upper()}"
        stamped, doubtful = _stamped(word, "TUYỆT MẬT"), _stamped(word, "####")
        needles = _needles(word, stamped, doubtful)
        for content in (stamped, doubtful):
            answer = at.caller.send(at.place.desks[0], content, f"{word}.png")
            at.expect(f"secret: answered {answer.status}", answer.status == 422)
        refused = _hits(at, needles)
        at.expect(f"secret: after the refusals in {refused}", not refused)
        found = _killed_in_the_look(at, _many(word), needles)
        at.expect("secret: the search finds nothing even while it is looked at", bool(found))
        at.start()
        took = at.wait_until("secret: all of it is gone", lambda: not _hits(at, needles), SWEPT)
        hits = _hits(at, needles)
        at.expect(f"secret: found in {hits}", not hits)
        names = [path for path in at.settings.scans.rglob("*") if path.is_file()]
        with household.opened(at.settings) as engine, db.reading(engine) as session:
            told = session.scalar(select(func.count(AuditEntry.seq)).where(AuditEntry.outcome == "refused"))
        at.expect(f"secret: {told} entries of refusals", told == 2)
        at.kept("secret: afterwards")
        lines = Told()
        lines.append(
            f"secret: {len(needles)} canaries in {len(names)} stored files, database, log, index, run, staging, temporary files "
            f"and logs: {len(hits)} hits; in memory while it was looked at: {len(found)} file(s), gone {took:.0f} s after the "
            "next start"
        )
        return lines, at.faults


def _stamped(word: str, level: str) -> bytes:
    return factories.stamped_png(level) + word.encode()  # behind the picture, where no reader looks


def _many(word: str) -> bytes:
    """A long scan with the mark on its last page: the look takes a while."""
    page = factories.draw_page(word, size=(1654, 1400)).convert("RGB")
    last = page.copy()
    last.paste(level_stamp("MẬT"), (200, 400))
    return factories.pdf_of(*([page] * 20), last) + b"\n%" + word.encode()


def _needles(word: str, *contents: bytes) -> list[bytes]:
    """What must be nowhere: the word in several encodings, and stretches of the pictures themselves."""
    words = [form.encode(code) for form in (word, word.lower()) for code in ("utf-8", "utf-16-le", "utf-32-le")]
    return words + [content[len(content) // 2 :][:40] for content in contents]


def _hits(at: House, needles: list[bytes]) -> list[str]:
    """Files in which one of them stands."""
    places = [at.settings.home, at.log.parent, staging.folder(at.settings), *Path("/dev/shm").glob("oms-*")]
    places += [path for path in Path(tempfile.gettempdir()).iterdir() if path.stat().st_mtime >= at.began]
    found = set[str]()
    for place in places:
        for path in (one for one in place.rglob("*") if one.is_file()) if place.is_dir() else (place,):
            with suppress(OSError):
                content = path.read_bytes()
                if any(needle in content for needle in needles):
                    found.add(str(path))
    return sorted(found)


def _killed_in_the_look(at: House, content: bytes, needles: list[bytes]) -> list[str]:
    """Everything ended by SIGKILL while the file is being looked at; where it was found at that moment."""
    caller = Caller(at.caller.port, at.caller.token)

    def send() -> None:
        with suppress(OSError):
            caller.send(at.place.desks[0], content, "a.pdf")

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    found: list[str] = []
    until = time.monotonic() + 60
    while not found and time.monotonic() < until:
        found = [path for path in _hits(at, needles) if path.startswith("/dev/shm")]
    at.programs.kill()
    sending.join(60)
    return found
