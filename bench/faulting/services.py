"""CR-8: another program holds the database; CR-11: the services are told to stop in the middle of everything."""

import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import household
from sqlalchemy import select

from faulting.drill import RECOVERED, Answer, Caller, House, Told, form, house
from oms import db, staging, storage
from oms.models import Job, JobState, Scan
from tests import factories

HELD, LONGEST = 60, 30.0
"""Seconds for which somebody else holds the database, and seconds after which whoever waits is told."""
WRITERS, LOOKERS = 12, 4
PAUSE = 5
"""Seconds after which whoever was told tries again, though they were told to wait for thirty."""
SLOWEST = 10.0
"""Seconds in which a page that writes nothing is there, on a machine that does other things, too."""
HOLD = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
held.execute("ROLLBACK")
"""
LARGE = 200 * 1000 * 1000
STOPPED = 30.0


def lock() -> tuple[list[str], list[str]]:
    """Somebody holds the database for a minute while a crowd writes and looks; then a VACUUM among people at work."""
    with house() as at:
        at.expect("an upload before", at.upload().status == 202)
        at.wait_until("what came in is read", at.are_read)
        lines = Told([_held(at)])
        at.kept("after the lock")
        lines.append(_vacuum(at))
        at.kept("after VACUUM")
        return lines, at.faults


def _held(at: House) -> str:
    before = at.entries()
    path = str(at.settings.home / "oms.sqlite3")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path, str(HELD)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    began, told, idle = time.monotonic(), list[Answer](), list[Answer]()

    def still() -> bool:
        return time.monotonic() - began < HELD - LONGEST - 1

    def write(_number: int) -> None:
        while still():
            told.append(at.upload())
            time.sleep(PAUSE)

    def look(_number: int) -> None:
        while still():
            told.append(at.look())
            time.sleep(PAUSE)

    def idle_look() -> None:
        while holder.poll() is None:
            idle.extend(at.idle_look())
            time.sleep(0.2)

    watching = threading.Thread(target=idle_look)
    watching.start()
    with ThreadPoolExecutor(WRITERS + LOOKERS) as crowd:
        list(crowd.map(lambda number: (write if number < WRITERS else look)(number), range(WRITERS + LOOKERS)))
    during = at.entries()
    still_held = holder.poll() is None
    holder.wait()
    watching.join()
    at.expect("lock: the crowd was answered only when the lock was gone", still_held)
    at.expect(f"lock: {during} entries and scans, before {before}", during == before or not still_held)
    for answer in told:
        at.expect(f"lock: answered {answer.status} {answer.again!r}", answer.told)
        at.expect(f"lock: told after {answer.seconds:.1f} s", answer.seconds <= LONGEST + 1)
    for answer in idle:
        at.expect(f"lock: reading answered {answer.status}", answer.status == 200)
    slowest = max(answer.seconds for answer in idle)
    at.expect(f"lock: reading took {slowest:.1f} s", slowest <= SLOWEST)
    took = at.wait_until("lock: works again", lambda: at.look().status == 200 and at.upload().status == 202)
    at.expect(f"lock: {took:.0f} s to work again", took <= RECOVERED)
    at.wait_until("lock: what came in is read", at.are_read)
    return (
        f"lock: {len(told)} told with Retry-After after {max(a.seconds for a in told):.1f} s at most, {len(idle)} pages "
        f"that write nothing meanwhile in {slowest:.1f} s at most, works again after {took:.1f} s"
    )


def _vacuum(at: House) -> str:
    over, answers = threading.Event(), list[Answer]()

    def work() -> None:
        while not over.is_set():
            answers.extend((at.look(), at.upload(), *at.idle_look()))

    crowd = [threading.Thread(target=work) for _ in range(3)]
    for thread in crowd:
        thread.start()
    done = 0
    for _ in range(5):
        connection = sqlite3.connect(at.settings.home / "oms.sqlite3", timeout=60, isolation_level=None)
        with suppress(sqlite3.OperationalError):
            connection.execute("VACUUM")
            done += 1
        connection.close()
        time.sleep(0.5)
    over.set()
    for thread in crowd:
        thread.join()
    for answer in answers:
        at.expect(f"VACUUM: answered {answer.status}", answer.status in (200, 202) or answer.told)
    at.expect("VACUUM: none came through", done > 0)
    at.wait_until("VACUUM: what came in is read", at.are_read)
    return f"VACUUM: {done} of 5 beside {len(answers)} answers, {sum(a.told for a in answers)} of them told to wait"


def stop() -> tuple[list[str], list[str]]:
    """SIGTERM while 200 MB come in and pages are read: once they go on coming, once the sender falls silent."""
    lines = Told()
    with house() as at:
        for silent in (False, True):
            line = _stopped(at, silent=silent)
            at.start()
            took = at.wait_until("stop: jobs run again", at.are_read)
            lines.append(f"{line}, what was being read was read {took:.0f} s after the next start")
            at.kept("after the stop")
        return lines, at.faults


def _stopped(at: House, *, silent: bool) -> str:
    what = "stop, sender silent" if silent else "stop"
    for _ in range(6):
        at.expect(f"{what}: an upload answered", at.upload().status == 202)
    at.wait_until(f"{what}: pages are being read", lambda: _runs(at))
    before, files = at.entries()[1], set(storage.names(at.settings.scans))
    sending = threading.Thread(target=_send_slowly, args=(at.caller, at.place.desks[0], silent))
    sending.start()
    time.sleep(3)
    began = time.monotonic()
    at.programs.process.terminate()
    while at.programs.members() and time.monotonic() - began < 2 * STOPPED:
        time.sleep(0.05)
    took = time.monotonic() - began
    left = at.programs.members()
    at.expect(f"{what}: {len(left)} processes after {took:.0f} s", not left and took <= STOPPED)
    at.programs.process.wait()
    sending.join()
    at.expect(f"{what}: code {at.programs.process.returncode}", at.programs.process.returncode == 0)
    half = list(at.settings.scans.glob(".part-*"))
    at.expect(f"{what}: half-stored {half}", not half)
    new = set(storage.names(at.settings.scans)) - files
    with household.opened(at.settings) as engine, db.reading(engine) as session:
        scans = session.scalars(select(Scan)).all()
        named = {scan.sha256 for scan in scans} | {page.image_sha256 for scan in scans for page in scan.pages}
        named |= {scan.pdf_sha256 for scan in scans}
    at.expect(f"{what}: {len(scans) - before} scans came out of nothing", len(scans) == before)
    at.expect(f"{what}: files without a row", not new - named)
    waiting = [path.name for path in staging.folder(at.settings).iterdir()]
    at.expect(f"{what}: in staging {waiting}", not waiting)
    return f"{what}: all processes gone after {took:.1f} s, nothing half-stored"


def _runs(at: House) -> bool:
    with household.opened(at.settings) as engine, db.reading(engine) as session:
        query = select(Job.id).where(Job.kind == "read_page", Job.state == JobState.RUNNING)
        return session.scalar(query.limit(1)) is not None


def _send_slowly(caller: Caller, number: str, silent: bool) -> None:
    """A PDF of 200 MB, a piece at a time; silent: half of it, then nothing."""
    page = factories.pdf_of(factories.draw_page("LON"))
    kind, body = form(page + b"%" + b" " * (LARGE - len(page)), "lon.pdf")
    head = (
        f"POST /api/v1/dossiers/{number}/scans HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {caller.token}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with suppress(OSError), socket.create_connection(("127.0.0.1", caller.port), 60) as line:
        line.sendall(head.encode())
        for start in range(0, len(body), 1 << 20):
            if silent and start > len(body) // 2:
                time.sleep(2 * STOPPED)
                return
            line.sendall(body[start : start + (1 << 20)])
            time.sleep(0.02 if silent else 0.05)
        line.recv(1000)
