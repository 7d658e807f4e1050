"""The closed installation put to the test, beyond what the suite has time for (ER-1 to ER-8 of docs/security.md).

    python bench/vault.py [kills]

A scan with canary words goes through the gate, is read, indexed, found and shown, a backup is made, and everything the
run wrote to a disk is searched for the words, for pictures, PDFs and open databases; every file it opened for writing is
noted, too. Then the change of the key file is killed in its middle again and again, and so is the bringing over of all
data under new keys; a million chunks are looked at for a nonce used twice under one key, and the speed is measured. Ends
with 1 at the first thing that does not hold.
"""

import io
import logging
import os
import random
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from oms import (
    accounts,
    backup,
    box,
    db,
    fixity,
    installation,
    intake,
    reading,
    rekeying,
    search,
    staging,
    storage,
    streams,
    vault,
)
from oms.models import Page, PageState, Scan, ScanState
from oms.recognition.thumbnails import shrink
from oms.settings import Settings
from oms.vault import key_files, objects, rotating

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests import factories

CANARY = "Đoàn Thị Hoàng Yến"
WORDS = (CANARY, "Hoàng Yến", "hoang yen", "cải chính", "cai chinh", "canbo.sonv")
HEADS = (b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"SQLite format 3")
NAMELESS = ("queue.sqlite3", "limits.sqlite3")
"""Open databases that hold ids and counts only; their words are looked for like everybody's."""
CHUNKS, PIECE = 1_000_000, 64
FILES = 100
"""Of a megabyte each, to be brought under new keys."""


def make_house(work: Path) -> Settings:
    """An empty protection installation with its organisation."""
    settings = Settings(home=work / "home", profile="protection", vault_key=str(work / "safe" / "kek"))
    (work / "safe").mkdir(mode=0o700)
    vault.create(settings, key_files.write(work / "safe" / "kek"))
    installation.unlock(settings)
    installation.prepare_folders(settings)
    return settings


def run_through(settings: Settings, work: Path) -> tuple[int, set[str]]:
    """Take in, read, index, find, show, back up; hits of the search, and where this process wrote."""
    written: set[str] = set()

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if (
            event == "open"
            and isinstance(arguments[0], str | bytes | Path)
            and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        ):
            written.add(os.fsdecode(arguments[0]))

    sys.addaudithook(note)
    box.permit(lambda: True)  # containers forbid the full walls; what is written is the same
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    with db.writing(engine) as session:
        world = factories.make_world(session)
    with db.reading(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], CANARY)
        page = factories.draw_page(f"Cải chính của {CANARY}", "Sinh ngày 02/03/1985", "Bí danh: Hoàng Yến")
        arrival = intake.examine(settings, [factories.pdf_of(page)], f"{CANARY}.pdf")
        intake.keep(settings, arrival)
        scan, _new = intake.receive(session, dossier, arrival, actor=officer)
        intake.discard(arrival)
        scan_id, pages = scan.id, [one.id for one in scan.pages]
    reading.start_scan(engine, settings, scan_id, actor=officer)
    for page_id in pages:
        reading.read_one_page(engine, settings, page_id, actor=officer)
    reading.finish_scan(engine, settings, scan_id, actor=officer)
    search.rebuild(engine, settings)
    with db.writing(engine) as session:
        total = search.find(session, search.open_engine(settings), "hoang yen", actor=officer).total
        scan, read = session.get_one(Scan, scan_id), session.get_one(Page, pages[0])
        assert "Hoàng Yến" in (read.text or ""), "the page was read"
        assert read.image_sha256 and scan.pdf_sha256
        with storage.opened(settings.scans, read.image_sha256) as path:
            shrink(path)
    backup.make(engine, settings, work / "night.tar")
    logging.getLogger("oms").warning("written in the log: %s", scan_id)
    bad = open_words(work)  # while the log of the database still lies beside it
    assert (settings.home / "oms.sqlite3-wal").exists()
    engine.dispose()
    if bad:
        sys.exit(f"in the open: {bad}")
    return total, written


def open_words(folder: Path) -> list[str]:
    """Files that bear a canary word, or are a picture, a PDF or an open database."""
    spellings = {form for word in WORDS for form in (word, word.lower(), word.upper())}
    looked_for = [form.encode(code) for form in spellings for code in ("utf-8", "utf-16-le")]
    bad = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if any(word in content for word in looked_for) or (
            content.startswith(HEADS) and not path.name.startswith(NAMELESS)
        ):
            bad.append(str(path.relative_to(folder)))
    return bad


def kill_changes(settings: Settings, kills: int) -> int:
    """Kill changes of the key file in their middle; how many tries it took."""
    tries, done, name = 0, 0, storage.put(settings.scans, [CANARY.encode()])[0]
    while done < kills:
        tries += 1
        act = rotating.retire if tries % 2 else rotating.rotate
        child = os.fork()
        if not child:
            try:
                act(settings)
            finally:
                os._exit(0)
        time.sleep(random.random() * 0.02)
        os.kill(child, signal.SIGKILL)
        _pid, status = os.waitpid(child, 0)
        done += os.WIFSIGNALED(status)
        vault.try_key(settings.home, key_files.read(key_files.path_of(settings)))
        try:
            rotating.rotate(settings)
        except vault.VaultClosed:
            raise
        except Exception as waits:  # an earlier key waits to be retired: that is a state, not a loss
            assert "retire" in str(waits)
        rotating.retire(settings)
        vault.lock(settings)
        vault.unlock(settings)
        assert storage.read(settings.scans, name) == CANARY.encode()
    return tries


def kill_rekeying(settings: Settings, kills: int) -> str:
    """Bring all data under new keys, both steps killed in their middle again and again; what it took."""
    engine = db.connect(settings.database)
    add_files(settings, engine)
    engine.dispose()
    begun = killed = 0
    while killed < kills // 2:
        if rekeying.is_under_way(settings):
            finish_rekeying(settings)
        killed += die(lambda: rekeying.begin(settings), 0.4)
        begun += 1
        prove(settings)
    if not rekeying.is_under_way(settings):
        rekeying.begin(settings)
    tries = 0
    while killed < kills:
        engine = db.connect(settings.database)
        rounds = die(lambda engine=engine: rekeying.go_on(engine, settings, grace=0), 0.6)
        engine.dispose()
        killed, tries = killed + rounds, tries + 1
        prove(settings)
        if not rekeying.is_under_way(settings):
            rekeying.begin(settings)
    finish_rekeying(settings)
    rekeying.begin(settings)
    size = sum(storage.path_of(settings.scans, name).stat().st_size for name in storage.names(settings.scans))
    took = finish_rekeying(settings)
    return (
        f"{killed} of {begun + tries} tries to bring all data under new keys killed in their middle: each time every file "
        f"was read; {FILES} files, {size / 1e6:.0f} MB brought over in {took:.1f} s ({size / took / 1e6:.0f} MB/s), check clean"
    )


def add_files(settings: Settings, engine: Any) -> None:
    """Files with rows that name them."""
    with db.writing(engine) as session:
        scan = session.scalars(select(Scan)).first()
        for number in range(FILES):
            name, size = storage.put(settings.scans, [secrets.token_bytes(1_000_000)])
            about = {"file_name": f"{number}.pdf", "media_type": "application/pdf", "state": ScanState.FAILED}
            more = {"dossier_id": scan.dossier_id, "received_by_id": scan.received_by_id}
            one = Scan(sha256=name, size=size, page_count=1, **about, **more)
            session.add(one)
            session.flush()
            session.add(Page(scan_id=one.id, number=1, state=PageState.FAILED))


def die(act: Any, most: float) -> int:
    """Do it in a process of its own and kill that within so many seconds; 1 when it had not ended before."""
    child = os.fork()
    if not child:
        try:
            act()
        finally:
            os._exit(0)
    time.sleep(random.random() * most)
    os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    return int(os.WIFSIGNALED(status))


def prove(settings: Settings) -> None:
    """As after a start: every file a row names is read whole."""
    vault.lock(settings)
    vault.unlock(settings)
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    with db.reading(engine) as session:
        named = {name for name, _owner, _size in fixity.named_files(session)}
    engine.dispose()
    assert len(named) > FILES and all(storage.is_sound(settings.scans, name) for name in named)


def finish_rekeying(settings: Settings) -> float:
    """To its end, in so many seconds, and all is as it should be, without the former keys."""
    engine = db.connect(settings.database)
    began = time.perf_counter()
    done = rekeying.go_on(engine, settings, grace=0)
    took = time.perf_counter() - began
    assert done is not None and done.ended
    search._engine_at.cache_clear()
    search.rebuild(engine, settings)
    problems = [row for row in fixity.check(engine, settings) if row.kind not in ("box-open", "job-stuck", "leftover")]
    assert problems == [], problems
    engine.dispose()
    prove(settings)
    return took


def look_at_nonces(settings: Settings) -> int:
    """Chunks written whose pair of key and nonce was new, all of them."""
    seen: set[bytes] = set()
    keys = vault.keys_of(settings.scans)
    assert keys is not None

    class Noting:
        def __init__(self, key: bytes) -> None:
            self.key, self.real = key, AESGCM(key)

        def encrypt(self, nonce: bytes, data: bytes, bound: bytes | None) -> bytes:
            pair = self.key + nonce
            if pair in seen:
                sys.exit("a nonce was used twice under one key")
            seen.add(pair)
            return self.real.encrypt(nonce, data, bound)

    kept = streams.AESGCM, objects.AESGCM, streams.CHUNK
    streams.AESGCM = objects.AESGCM = Noting
    streams.CHUNK = PIECE
    try:
        while len(seen) < CHUNKS:
            with vault.spool(keys, [secrets.token_bytes(PIECE * 500)]) as spooled:
                vault.seal(keys, spooled, io.BytesIO())
    finally:
        streams.AESGCM, objects.AESGCM, streams.CHUNK = kept
    return len(seen)


def measure(settings: Settings) -> str:
    """Speed of taking in and giving out, and of a change of the key."""
    content = [secrets.token_bytes(streams.CHUNK) for _ in range(64)]
    began = time.perf_counter()
    name, size = storage.put(settings.scans, content)
    put = size / (time.perf_counter() - began) / 1e6
    began = time.perf_counter()
    with storage.opened(settings.scans, name):
        given = size / (time.perf_counter() - began) / 1e6
    began = time.perf_counter()
    rotating.rotate(settings)
    changed = (time.perf_counter() - began) * 1000
    rotating.retire(settings)
    return f"stored at {put:.0f} MB/s, given out at {given:.0f} MB/s, key changed in {changed:.0f} ms"


def main() -> int:
    """Everything, in a folder on the disk that goes afterwards."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    work = Path(tempfile.mkdtemp(prefix="oms-vault-", dir="/var/tmp"))
    os.environ["TMPDIR"] = tempfile.tempdir = str(work)  # what escapes the program's own choice is seen
    logging.basicConfig(filename=work / "oms.log", level=logging.INFO)
    settings = make_house(work)
    try:
        total, written = run_through(settings, work)
        astray = sorted(path for path in written if not path.startswith(("/dev/", str(work), "/proc/")))
        print(f"found {total} times; words, pictures, PDFs, open databases on the disk: 0; written elsewhere: {astray}")
        tries = kill_changes(settings, kills)
        print(
            f"{kills} changes of the key killed in their middle ({tries} tries): each time a key opened and it went on"
        )
        print(kill_rekeying(settings, kills))
        print(f"{look_at_nonces(settings):,} chunks, no nonce twice under a key")
        print(measure(settings))
        left = open_words(work)
        print(f"on the disk in the open after all: {len(left)}")
        return int(bool(left or astray or not total))
    finally:
        staging.forget(settings)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
