"""The main job by the clock: from "received" to searchable, and pages a minute, against Tesseract alone.

    python bench/main_job.py [--pages N] [--seed S]

Draws a scan, takes it in as the upload page does, runs the real worker with its threads, and asks the search until
every page is found. The reference in the same run is bare `tesseract` over the same rendered pages, as many at a time
as the worker reads: the ratio says what cleaning, judging, the PDF, the rows and the index cost.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pdf2image import convert_from_path

from oms import accounts, db, installation, intake, search
from oms.catalogue import demo_units
from oms.models import Dossier, Role, Scan, ScanState, Unit, UnitKind
from oms.settings import Settings
from oms.specimens import make_people, make_scan, seats_of
from oms.worker import Worker


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pages", type=int, default=10)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    person = make_people(1, chosen.seed, seats_of(demo_units()[:40]))[0]
    paper = make_scan(person, "appointment", chosen.seed, pages=chosen.pages, file_type="pdf")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        alone = read_alone(paper.data, Path(folder), settings.workers)
        received_to_read, received_to_found = take_in(settings, paper.file_name, paper.data)
    print(f"pages                         {chosen.pages}, {settings.workers} at a time")
    print(f"tesseract alone               {alone:6.1f} s   {60 * chosen.pages / alone:5.1f} pages a minute")
    print(
        f"received to read              {received_to_read:6.1f} s   {60 * chosen.pages / received_to_read:5.1f} pages a minute"
    )
    print(f"received to searchable        {received_to_found:6.1f} s")
    print(f"ratio read / tesseract alone  {received_to_read / alone:6.2f}")


def read_alone(data: bytes, folder: Path, workers: int) -> float:
    """Seconds bare Tesseract takes for the pages, `workers` at a time, one thread each."""
    path = folder / "alone.pdf"
    path.write_bytes(data)
    pages = convert_from_path(path, dpi=300, output_folder=folder, fmt="ppm", paths_only=True)
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}

    def read(page: str) -> None:
        command = ["tesseract", page, "-", "-l", "vie", "--dpi", "300", "tsv"]
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    started = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(read, pages))
    return time.monotonic() - started


def take_in(settings: Settings, name: str, data: bytes) -> tuple[float, float]:
    """Seconds from the commit of "received" until the scan is read, and until each of its pages is found."""
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    search.rebuild(engine, settings)
    with db.writing(engine) as session:
        unit = Unit(code="sonv", kind=UnitKind.GRASSROOTS_COMMITTEE, name="Sở Nội vụ")
        session.add(unit)
        session.flush()
        accounts.create_account(session, username="canbo", full_name="Cán bộ", role=Role.OFFICER, unit=unit, actor=None)
    with db.writing(engine) as session:
        actor = accounts.get_actor(session, "canbo", via="cli")
        dossier = _open_dossier(session, actor, session.query(Unit).one())
    arrival = intake.examine(settings, [data], name)
    intake.keep(settings, arrival)
    with db.writing(engine) as session:
        scan, _new = intake.receive(session, session.get_one(Dossier, dossier.id), arrival, actor=actor)
    received = time.monotonic()
    worker = Worker(engine, settings)
    watcher = threading.Thread(target=lambda: times.update(_watch(engine, settings, scan.id, received)), daemon=True)
    times: dict[str, float] = {}
    watcher.start()
    worker.serve(until_idle=True)
    watcher.join()
    return times["read"], times["found"]


def _open_dossier(session, actor, unit):
    from oms import dossiers
    from oms.models import Category
    from oms.people import NewPerson

    return dossiers.open_dossier(
        session, actor=actor, category=Category.CIVIL_SERVANT, custodian=unit, new_person=NewPerson("Nguyễn Thị Hòa")
    )


def _watch(engine, settings: Settings, scan_id: str, received: float) -> dict[str, float]:
    seen: dict[str, float] = {}
    while "found" not in seen:
        time.sleep(0.1)
        with db.reading(engine) as session:
            scan = session.get(Scan, scan_id)
            if scan.state == ScanState.READ and "read" not in seen:
                seen["read"] = time.monotonic() - received
            if scan.state == ScanState.FAILED:
                raise SystemExit(f"the scan could not be read: {scan.error}")
            ids = {f"page:{page.id}" for page in scan.pages}
        if "read" in seen and ids <= search.open_engine(settings).ids():
            seen["found"] = time.monotonic() - received
    return seen


if __name__ == "__main__":
    main()
