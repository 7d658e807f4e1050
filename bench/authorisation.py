"""Who gets to see what: every address in everybody's name against the oracle, and a crawl for words of others.

    python bench/authorisation.py [--share N] [--parts NAMES] [--kept FILE]

Builds the canary organisation (`tests/oracle/`) and asks, on SQLite: every address with everything it can name (AZ-1
to AZ-3, SL-1); ids that are none and ids of other kinds (AZ-4); every form and body filled with ids of another unit,
foreign word (SL-2); and every link that pages show, from the start page on. `--share 3` asks the matrix about three things of each address and role only.
while nothing of theirs may change (AZ-3, AZ-6, AZ-7); each foreign word and its beginnings in search (SL-2); and every link that
pages show, from the start page on. `--share 3` asks the matrix about three things of each address and role only.
Prints one line a part and ends with 1 where something is not as the oracle says, or a whole run asked too little.
"""

import argparse
import json
import logging
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.oracle import oracle
from tests.oracle.addresses import RULES
from tests.oracle.asking import NOTHING, Cell, Findings, House, cells, leaks_in, open_house, run, sample
from tests.oracle.buttons import closed_buttons
from tests.oracle.bypassing import put, refused, tricks
from tests.oracle.planting import ENCODINGS, plant, writing

WHO = (
    "canbo.sonv",
    "bithu.sonv",
    "canbo.sotc",
    "bithu.sotc",
    "canbo.soyt",
    "kiemtra.khoi",
    "nguoilaodong.sonv",
    "quantri",
)
SEARCHING = ("canbo.sonv", "bithu.sonv", "canbo.sotc", "bithu.sotc", "canbo.soyt")
STRANGE = (
    "-1",
    "9" * 40,
    "1.5",
    "1 OR 1=1",
    "a\x00b",
    "0",
    "null",
    "[]",
    "{'$ne':0}",
    "../../etc/passwd",
    "%2e%2e",
    "",
)
OTHERS = 6
"""Ids of other kinds of things each address is asked about; all of them come up in turn."""
SLICE = 200
"""Questions of the matrix after which what was found is written down."""
LONGEST_CRAWL = 1_500
"""Pages looked at in one person's name, at most."""
FEWEST_CELLS, FEWEST_ANSWERS = 10_000, 100_000
"""Questions of the matrix and answers in all of a whole run: with fewer it proves nothing."""
# What may be written about a dossier of others: that somebody asked for it, and that something happened.
ASKED_FOR = {"consultations", "transfer_requests", "audit_entries", "jobs", "paper_issues"}


def look(house: House, findings: Findings, who: str, method: str, address: str, **more: Any) -> Any:
    """One question of which only this is known: no fault, and no word of anybody else."""
    answer = house.ask(who, method, address, **more)
    findings.answers += 1
    if answer.status_code >= 500:
        findings.mismatches.append(f"{who} {method} {address}: {answer.status_code}")
    asked = f"{address} {more.get('data', '')}"
    in_log = "/audit" in address
    for told in leaks_in(who, answer, house.organisation, asked, in_log=in_log):
        findings.leaks.append(f"{who} {method} {address} {answer.status_code}: {told}")
    return answer


def strange_ids(house: House, findings: Findings) -> None:
    """Ids that are none, and ids of things of other kinds: each is answered as what is not there."""
    ids = [next(iter(things.values())) for things in house.organisation.things.values()]
    for place, cell in enumerate(named(house)):
        others = [ids[(place * OTHERS + one) % len(ids)] for one in range(OTHERS)]
        for strange in (*STRANGE, *others):
            meant = house.organisation.ids.get(strange)
            address = cell.address.replace(NOTHING, strange or "%20", 1)
            if strange not in ids or (meant is not None and not oracle.may_meet(cell.who, meant.room, meant.of)):
                answer = look(house, findings, cell.who, cell.method, address)
                if answer.status_code not in (400, 404, 405, 308) and strange not in ids:
                    findings.mismatches.append(f"{cell.who} {cell.method} {address}: {answer.status_code}")


def named(house: House) -> Iterator[Cell]:
    """The addresses that name a thing, with one that is not there, in two names each."""
    for cell in cells(house.app, house.organisation):
        if cell.corner == "nothing" and cell.who in ("canbo.sonv", "bithu.sotc") and RULES[cell.endpoint].kind != "own":
            yield cell


def forms(house: House, findings: Findings) -> None:
    """Everything one may write, filled with ids of another unit: nothing of theirs is told, and nothing changes."""
    before = theirs(house)

    def compare(said: str) -> None:
        if (
            said.split(maxsplit=1)[0] in ("canbo.sonv", "bithu.sonv", "nguoilaodong.sonv", "canbo.soyt")
            and theirs(house) != before
        ):
            findings.leaks.append(f"{said}: changed what belongs to another unit")

    house.changed = compare
    fields = form_fields()
    schema = house.client.get("/api/v1/openapi.json").get_json()
    seen = set()
    for cell in cells(house.app, house.organisation, nothing=False):
        if (
            cell.method != "POST"
            or cell.who not in WHO
            or cell.expected != oracle.IN
            or cell.endpoint == "account.sign_out"
        ):
            continue
        if (cell.who, cell.endpoint, cell.corner in oracle.KEEPER) in seen:
            continue
        seen.add((cell.who, cell.endpoint, cell.corner in oracle.KEEPER))
        for kind in ("dossier", "document", "page", "person", "scan", "transfer", "finding", "stack_piece"):
            foreign = house.organisation.things[kind].get("other" if cell.who != "canbo.sotc" else "own") or NOTHING
            data = body(schema, cell, foreign) if cell.address.startswith("/api/") else dict.fromkeys(fields, foreign)
            look(house, findings, cell.who, "POST", cell.address, data=data)
    house.changed = lambda _said: None


def form_fields() -> list[str]:
    """The names of all fields that pages read."""
    found = set()
    for path in (Path(__file__).resolve().parent.parent / "oms" / "web").glob("*.py"):
        found |= set(
            re.findall(r"""(?:form|args|values)(?:\.get|\.getlist)?[\(\[]["']([a-z_]+)["']""", path.read_text())
        )
    return sorted(found)


def body(schema: dict[str, Any], cell: Cell, foreign: str) -> dict[str, Any]:
    """The body an address of the API takes, with the foreign id wherever a text may stand."""
    parts = cell.address.split("/")
    for address, methods in schema["paths"].items():
        shape = address.split("/")
        fits = len(shape) == len(parts) and all(a == b or a.startswith("{") for a, b in zip(shape, parts, strict=True))
        if fits and "post" in methods:
            content = methods["post"].get("requestBody", {}).get("content", {}).get("application/json", {})
            name = content.get("schema", {}).get("$ref", "").split("/")[-1]
            fields = schema["components"]["schemas"].get(name, {}).get("properties", {})
            given = {"array": [foreign], "integer": 1, "boolean": True}
            return {key: given.get(str(one.get("type")), foreign) for key, one in fields.items()}
    return {}


def theirs(house: House) -> list[Any]:
    """All rows about the dossier of Sở Tài chính."""
    opened, dossier = sqlite3.connect(house.path), house.organisation.things["dossier"]["other"]
    names = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    found = []
    for name in names:
        columns = [row[1] for row in opened.execute(f"PRAGMA table_info({name})")]
        if name not in ASKED_FOR and (name == "dossiers" or "dossier_id" in columns):
            key = "id" if name == "dossiers" else "dossier_id"
            found.append((name, sorted(map(str, opened.execute(f"SELECT * FROM {name} WHERE {key} = ?", (dossier,))))))
    person = house.organisation.things["person"]["other"]
    found.append(("people", opened.execute("SELECT * FROM people WHERE id = ?", (person,)).fetchall()))
    scans = "SELECT id FROM scans WHERE dossier_id = ?"
    found.append(("pages", opened.execute(f"SELECT * FROM pages WHERE scan_id IN ({scans})", (dossier,)).fetchall()))
    opened.close()
    return found


def suggestions(house: House, findings: Findings) -> None:
    """Nobody's foreign word, nor any beginning of one, is completed, corrected or found."""
    for who in SEARCHING:
        foreign = sorted(
            word for word, whose in house.organisation.words.items() if not oracle.may_meet(who, whose.room, whose.of)
        )
        for beginning in sorted({word[:length] for word in foreign for length in range(2, len(word) + 1)}):
            look(house, findings, who, "GET", f"/search/suggestions?q={beginning}")
            look(house, findings, who, "GET", f"/api/v1/search/suggest?q={beginning}")
        for word in foreign:
            look(house, findings, who, "GET", f"/search?q={word}")
            look(house, findings, who, "GET", f"/api/v1/search?q={word}x")


def crawl(house: House, findings: Findings) -> None:
    """Every link and picture that a page shows, from the start page on."""
    for who in filter(None, oracle.PEOPLE):
        seen, waiting = {"/"}, ["/"]
        while waiting and len(seen) < LONGEST_CRAWL:
            answer = look(house, findings, who, "GET", waiting.pop(0))
            if not answer.headers["Content-Type"].startswith("text/html"):
                continue
            page = answer.get_data(as_text=True).replace("&amp;", "&")
            for link in re.findall(r'(?:href|src)="(/[^"#]*)', page):
                if link not in seen and not link.startswith("/static"):
                    seen.add(link)
                    waiting.append(link)


def bypasses(house: House, findings: Findings) -> None:
    """Every refusal of somebody without rights, asked for by other paths, methods, headers and parameters (AZ-8)."""
    for cell in refused(house):
        own = house.organisation.things["dossier"]["other" if cell.who == "canbo.sotc" else "own"]
        for trick in tricks(cell, own):
            put(house, cell, trick, findings)


def planted(house: House, findings: Findings) -> None:
    """Fields nobody may set, in nine encodings, beside what every form and body is asked for (AZ-7)."""
    for cell in writing(house):
        for encoding in ENCODINGS:
            plant(house, cell, encoding, findings)


def matrix(share: int, kept: Path | None) -> Callable[[House, Findings], None]:
    """The whole matrix, or a share of it; with a file to keep what was found, it goes on where it was stopped."""

    def ask(house: House, findings: Findings) -> None:
        every = list(cells(house.app, house.organisation))
        chosen = sample(every, share, "bench") if share else every
        # Ids are new in each organisation, the order of the questions is not.
        known = {"questions": len(chosen), "asked": 0, "answers": 0, "mismatches": [], "leaks": [], "offers": []}
        if kept and kept.exists() and (read := json.loads(kept.read_text()))["questions"] == len(chosen):
            known = read
        findings.cells, findings.answers = known["asked"], known["answers"]
        findings.mismatches, findings.leaks, findings.offers = known["mismatches"], known["leaks"], known["offers"]
        for first in range(known["asked"], len(chosen), SLICE):
            run(house, chosen[first : first + SLICE], findings, closed_buttons)
            if kept:
                known = {**known, "asked": findings.cells, "answers": findings.answers}
                known |= {"mismatches": findings.mismatches, "leaks": findings.leaks, "offers": findings.offers}
                kept.write_text(json.dumps(known))

    return ask


def main() -> int:
    """Ask all parts; say what was asked and what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=int, default=0, help="things of each address and role the matrix asks about")
    parser.add_argument("--kept", type=Path, help="file for what the matrix found; a second run goes on there")
    parser.add_argument("--parts", default="", help="only these parts, by their first words")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    parts = {
        "strange ids": strange_ids, "forms with foreign ids": forms, "beginnings of foreign words": suggestions,
        "bypasses": bypasses, "planted": planted, "crawl": crawl, "matrix": matrix(given.share, given.kept),
    }  # fmt: skip
    wrong, answers, asked = 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="oms-authorisation-") as folder:
        house = open_house(Path(folder))
        print(f"{len(house.organisation.words)} canaries; as many ids are watched: {len(house.organisation.ids)}")
        for name, part in parts.items():
            if given.parts and not name.startswith(tuple(given.parts.split(","))):
                continue
            findings, began = Findings(), time.monotonic()
            part(house, findings)
            house.undo()
            found = {"other than the oracle": findings.mismatches, "leaks": findings.leaks, "telling": findings.telling}
            found |= {"buttons that may not be pressed": findings.offers}
            said = ", ".join(f"{len(one)} {what}" for what, one in found.items())
            cells_asked = f"{findings.cells} cells, " if findings.cells else ""
            print(
                f"{name}: {cells_asked}{findings.answers} answers, {said} ({time.monotonic() - began:.0f} s)",
                flush=True,
            )
            for what, one in found.items():
                for line in one[:40]:
                    print(f"    {what}: {line[:400]}")
            answers, asked = answers + findings.answers, asked + findings.cells
            wrong += sum(map(len, found.values()))
        house.engine.dispose()
    print(f"all: {answers} answers, {wrong} wrong")
    too_few = not given.parts and not given.share and (asked < FEWEST_CELLS or answers < FEWEST_ANSWERS)
    return 1 if wrong or too_few else 0


if __name__ == "__main__":
    sys.exit(main())
