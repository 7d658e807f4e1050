"""A dossier of many pages out of one installation and into another: time, size and memory.

    python bench/packages.py [--pages 500] [--scan 25]

Reference: the same bytes by the tools of the machine, `tar c | openssl enc -aes-256-ctr` with `sha256sum` of every file,
out and in again. OMS does more: it looks at every page for marks of state secrets on the way in (the line "looking").
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import select

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from oms import accounts, custody, db, installation, packages, reading, staging, storage  # noqa: E402
from oms.models import Page, PageState, Quality, Scan, ScanState, Unit  # noqa: E402
from oms.packages import importing  # noqa: E402
from oms.recognition import Word  # noqa: E402
from oms.settings import Settings  # noqa: E402
from tests import factories  # noqa: E402


def house(home: Path):
    home.mkdir()
    settings = Settings(home=home)
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    with db.writing(engine) as session:
        world = factories.make_world(session)
    return settings, engine, world


def draw_scan(pages: int, seed: int) -> bytes:
    """Pages of text lines and the noise of a scanner, about 150 KB each."""
    random = np.random.default_rng(seed)
    drawn = []
    for number in range(pages):
        page = factories.draw_page(*(f"Dòng {line} của trang {number}, quyển {seed}" for line in range(20)))
        noisy = np.asarray(page).astype(np.int16) + random.normal(0, 2, (page.height, page.width)).astype(np.int16)
        drawn.append(Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)))
    out = io.BytesIO()
    drawn[0].save(out, "PDF", resolution=150, save_all=True, append_images=drawn[1:], quality=60)
    return out.getvalue()


def fill(settings: Settings, engine, world, pages: int, per_scan: int) -> str:
    words = [Word(f"chữ{place}", 50 + place, 60, 90, 20, 93.5, place // 8) for place in range(250)]
    with db.writing(engine) as session:
        actor = accounts.get_actor(session, "canbo.sonv", via="cli")
        dossier = factories.make_dossier(session, world.units["sonv"])
        for start in range(0, pages, per_scan):
            count = min(per_scan, pages - start)
            sha256, size = storage.put(settings.scans, [draw_scan(count, start)])
            scan = Scan(
                dossier_id=dossier.id,
                sha256=sha256,
                file_name=f"lô {start}.pdf",
                media_type="application/pdf",
                size=size,
                page_count=count,
                received_by_id=actor.account_id,
                state=ScanState.READ,
            )
            session.add(scan)
            session.flush()
            for number in range(1, count + 1):
                page = Page(scan_id=scan.id, number=number, state=PageState.READ, quality=Quality.GOOD, confidence=93.5)
                page.text = page.text_read = " ".join(word.text for word in words)
                page.words, page.width, page.height = reading.pack_words(words), 1240, 1754
                session.add(page)
            session.flush()
            factories.make_document(session, dossier, scan, title=f"Tài liệu {start}", actor=actor)
        transfer = custody.prepare(session, dossier, session.get_one(Unit, world.units["sotc"]), "QĐ 1", actor=actor)
        for name, username in (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv")):
            somebody = accounts.get_actor(session, username, via="cli")
            custody.take(session, custody.choose_step(transfer, name, actor=somebody), transfer, actor=somebody)
        return transfer.id


def measured(act):
    """Seconds and the highest memory (MB above the start) of an act, in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        answer = act()
        seconds = time.perf_counter() - started
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        os.write(writer, json.dumps([seconds, more, answer]).encode())
        os._exit(0)
    os.close(writer)
    data = b""
    while piece := os.read(reader, 65536):
        data += piece
    os.waitpid(child, 0)
    return json.loads(data)


def plain_copy(folder: Path, work: Path) -> tuple[float, float]:
    """The same files by tar, openssl and sha256sum: seconds out and in."""
    script_out = f"cd {folder} && find . -type f -exec sha256sum {{}} + > {work}/sums && tar c . | openssl enc -aes-256-ctr -pbkdf2 -pass pass:x -out {work}/plain.enc && sync {work}/plain.enc"
    script_in = f"mkdir {work}/in && openssl enc -d -aes-256-ctr -pbkdf2 -pass pass:x -in {work}/plain.enc | tar x -C {work}/in && cd {work}/in && sha256sum --quiet -c {work}/sums && sync"
    times = []
    for script in (script_out, script_in):
        started = time.perf_counter()
        subprocess.run(["bash", "-c", script], check=True)
        times.append(time.perf_counter() - started)
    return times[0], times[1]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--pages", type=int, default=500)
    options.add_argument("--scan", type=int, default=25)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        here, engine, world = house(work / "a")
        there, other, far = house(work / "b")
        for one, key, called in ((engine, packages.public_key(there), "B"), (other, packages.public_key(here), "A")):
            with db.writing(one) as session:
                packages.trust(session, key, called, actor=None)
        transfer_id = fill(here, engine, world, given.pages, given.scan)
        engine.dispose()
        other.dispose()

        def out():
            fresh = db.connect(here.database)
            with db.reading(fresh) as session:
                actor = accounts.get_actor(session, "canbo.sonv", via="cli")
            made = packages.export(fresh, here, transfer_id, packages.public_key(there), actor=actor)
            return [str(made.path), made.code, made.size]

        seconds, memory, (path, code, size) = measured(out)
        print(f"out: {given.pages} pages, {size / 1e6:.1f} MB in {seconds:.2f} s, peak memory +{memory:.0f} MB")

        def into():
            fresh = db.connect(there.database)
            with db.reading(fresh) as session:
                actor = accounts.get_actor(session, "canbo.soyt", via="cli")
            spent = {"looking": 0.0}
            look = importing._look_at_scans

            def timed(*arguments):
                started = time.perf_counter()
                look(*arguments)
                spent["looking"] = time.perf_counter() - started

            importing._look_at_scans = timed
            with staging.for_temporary_files(there), path.open("rb") as stream:
                packages.take_in(fresh, there, stream, code, far.units["soyt"], actor=actor)
            return spent["looking"]

        seconds, memory, looking = measured(into)
        print(f"in: {seconds:.2f} s, of these looking at the pages {looking:.2f} s, peak memory +{memory:.0f} MB")
        with db.reading(db.connect(there.database)) as session:
            arrived = len(session.scalars(select(Page.id)).all())
        assert arrived == given.pages, arrived
        out_plain, in_plain = plain_copy(here.scans, work)
        print(f"reference tar | openssl + sha256sum of the same originals: out {out_plain:.2f} s, in {in_plain:.2f} s")
        staging.wipe(staging.folder(there))


if __name__ == "__main__":
    main()
