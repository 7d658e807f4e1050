"""A recorded run held against the audit log: nothing changed and nothing shown without its one entry (AT-2, AT-3).

    python bench/audit_run.py [--share N] [--parts NAMES]

Parts: `addresses` asks the canary house (`tests/oracle/`) every address in everybody's name, once as it is and, of what
is open, once with a log that cannot be written; `forms` sends every form and body that is no text (invalid UTF-8, halves
of characters, NUL); `journeys` runs the tests of pages, API, commands and jobs, in which everything is done that people
do, and `spoilt` once more with such texts in each field. Each request, command and job is judged by
`tests/accounting.py`: rows as triggers of SQLite saw them, against entries as they were committed. `--share 1` asks one
thing of each address and role. Prints one line of figures a part, and ends with 1 where something has no entry, or two.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.authorisation import form_fields
from tests.hostile_bodies import FORM
from tests.oracle.accounted import Account, ask_all, ask_with_a_full_log, hold, recorded
from tests.oracle.asking import Cell, House, cells, open_house, sample
from tests.oracle.oracle import BARRED, IN
from tests.recording import Recorder

ROOT = Path(__file__).resolve().parent.parent
# Tests in which people do what people do; those in a browser reach another process.
JOURNEYS = (
    "tests/web",
    "tests/api",
    "tests/cli",
    "tests/packages",
    "tests/campaigns",
    "tests/alarms",
    "tests/test_worker.py",
)
FEWEST = {"addresses": 4_000, "forms": 400, "journeys": 3_000, "spoilt": 1_000}
"""Acts of a part with which it proves something."""


def addresses(recorder: Recorder, house: House, asked: list[Cell]) -> Account:
    """As they are, and with a full log."""
    account = Account()
    ask_all(recorder, house, asked, account)
    ask_with_a_full_log(recorder, house, [cell for cell in asked if cell.expected in (IN, BARRED)], account)
    return account


def forms(recorder: Recorder, house: House, asked: list[Cell]) -> Account:
    """Bodies that are no text, to whatever takes a body."""
    account = Account()
    fields = "&".join(f"{name}=a+b{FORM.decode()}" for name in form_fields())
    for cell in asked:
        if cell.method == "GET" or cell.expected not in (IN, BARRED) or cell.endpoint == "account.sign_out":
            continue
        bodies = [
            (fields.encode(), "application/x-www-form-urlencoded"),
            (b'{"reason": "\\ud800\\u0000"}', "application/json"),
        ]
        if cell.address.startswith("/api/"):
            bodies = [*bodies[1:], (b'{"reason": "\xff\xed\xa0\x80"}', "application/json")]
        for body, kind in bodies:
            act, met = recorded(recorder, house, cell, body=body, kind=kind)
            hold(cell, act, met, house, account)
            if act.status >= 500:
                account.found.append(f"{cell.endpoint} {act.name}: answered {act.status}")
    return account


def run_of_tests(hostile: bool) -> tuple[Counter[str], list[str]]:
    """The tests in a process of their own, each act of which is judged."""
    with tempfile.TemporaryDirectory(prefix="oms-audit-run-") as folder:
        kept = Path(folder) / "found"
        more = {"AT2_KEPT": str(kept)} | ({"AT2_HOSTILE": "1"} if hostile else {})
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.recorded_run", "-m", "not browser", *JOURNEYS]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **more}, stdout=subprocess.DEVNULL, check=False)
        told = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {"counted": {}, "found": ["no run"]}
    return Counter(told["counted"]), told["found"]


def say(name: str, counted: str, acts: int, found: list[str], began: float, *, whole: bool) -> bool:
    """One line, and what is wrong; whether the part holds."""
    print(f"{name}: {counted}, {len(found)} without their one entry ({time.monotonic() - began:.0f} s)", flush=True)
    for line, count in Counter(found).most_common(60):
        print(f"    {count} times {line[:300]}" if count > 1 else f"    {line[:300]}")
    if few := whole and acts < FEWEST[name]:
        print(f"    too little was asked: {acts} of {FEWEST[name]}")
    return not found and not few


def main() -> int:
    """Run the parts; 1 where one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=int, default=0, help="things of each address and role that are asked about")
    parser.add_argument("--parts", default=",".join(FEWEST), help="only these, by commas")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    chosen, holds, total = given.parts.split(","), True, Counter[str]()
    in_house: dict[str, Callable[[Recorder, House, list[Cell]], Account]] = {"addresses": addresses, "forms": forms}
    if set(chosen) & set(in_house):
        recorder = Recorder()
        recorder.start()
        with tempfile.TemporaryDirectory(prefix="oms-audit-run-") as folder:
            house = open_house(Path(folder))
            every = list(cells(house.app, house.organisation))
            asked = sample(every, given.share, "bench") if given.share else every
            for name, part in in_house.items():
                if name in chosen:
                    began, account = time.monotonic(), part(recorder, house, asked)
                    said = (
                        f"{account.asked} asked, {account.shown} showed something, {account.changed} changed something"
                    )
                    holds &= say(name, said, account.asked, account.found, began, whole=not given.share)
                    total.update(asked=account.asked, found=len(account.found))
            house.engine.dispose()
        recorder.stop()
    for name in ("journeys", "spoilt"):
        if name in chosen:
            began, (counted, found) = time.monotonic(), run_of_tests(name == "spoilt")
            acts = counted["request"] + counted["command"] + counted["job"]
            said = ", ".join(f"{counted[what]} {what}" for what in ("request", "command", "job", "changing", "looks"))
            holds &= say(name, said, acts, found, began, whole=True)
            total.update(asked=acts, found=len(found))
    print(f"all: {total['asked']} acts, {total['found']} without their one entry")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
