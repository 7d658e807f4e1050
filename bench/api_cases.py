"""Cases that a stranger's program makes up from the description of the API, against a running server.

    python bench/api_cases.py [--cases N] [--every]

Serves the canary organisation (`tests/oracle/`) on a port of this machine and lets schemathesis, in an environment of
its own (`deploy/scan`), draw from `/api/v1/openapi.json` what fits the description and what does not: with the token of
an officer, of a head and of an inspector, at least N cases in all, half of them about things that are there. No answer
may be a fault of the server. Prints one line; ends with 1 when there was a fault or too few cases.
"""

import argparse
import json
import logging
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from sqlalchemy import update
from werkzeug.serving import WSGIRequestHandler, make_server

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms import db
from oms.models import SignIn, now
from tests.oracle.asking import House, open_house

ROOT = Path(__file__).resolve().parent.parent
TOOL = (str(ROOT / "deploy" / "scan"), "schemathesis", "run")
WHO = ("canbo.sonv", "bithu.sonv", "kiemtra.khoi")
# Which things the addresses below a word name.
KINDS = {
    "dossiers": "dossier", "documents": "document", "pages": "page", "scans": "scan", "stacks": "stack",
    "transfers": "transfer", "membership-moves": "move", "campaigns": "campaign", "corrections": "correction",
    "verifications": "verification", "subject-requests": "subject_request", "attestations": "attestation",
    "leavings": "leaving", "paper-losses": "paper_loss", "reorganisations": "plan", "jobs": "job",
}  # fmt: skip
OPERATIONS = 30
"""Far fewer than there are: many are exhausted after a few cases."""


def things(house: House, kind: str) -> list[str]:
    """Numbers and ids of what there is."""
    ids = list(house.organisation.things.get(kind, {}).values())
    return sorted({*ids, *(house.organisation.numbers[id] for id in ids if id in house.organisation.numbers)})


def written(house: House, cases: int) -> Iterator[str]:
    """The settings of schemathesis: what addresses may name, half of the time."""
    yield f"seed = 7\ncolor = false\n[generation]\nmax-examples = {cases}\n"
    known = {word: found for word, kind in KINDS.items() if (found := things(house, kind))}
    for word, found in known.items():
        yield f"[dictionaries.{word}]\nvalues = {json.dumps(found)}\n"
    for word in known:
        bound = '{ dictionary = "' + word + '", probability = 0.5 }'
        yield f'[[operations]]\ninclude-path-regex = "/api/v1/{word}/"\nparameters."path.id" = {bound}\n'
        yield f'parameters."path.number" = {bound}\n'


class Counting(WSGIRequestHandler):
    """Counts answers by their status."""

    answers: ClassVar[Counter[int]] = Counter()

    def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
        """One more."""
        self.answers[int(str(code).split()[0])] += 1


def ask(house: House, address: str, cases: int, phases: str) -> list[str]:
    """Let them be asked in everybody's name; where the server was at fault."""
    said = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "schemathesis.toml"
        settings.write_text("".join(written(house, cases)))
        for who in WHO:
            command = [*TOOL, f"{address}/api/v1/openapi.json", "--checks", "not_a_server_error"]
            command += [
                "--header",
                f"Authorization: Bearer {house.tokens[who]}",
                "--phases",
                phases,
            ]
            # The own token ends there, and with it all that is asked afterwards.
            command += ["--exclude-path", "/api/v1/tokens/current", "--continue-on-failure", "--request-timeout", "60"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                said.append(f"{who}: {done.stdout[-6000:]}{done.stderr[-1000:]}")
    return said


def main() -> int:
    """Serve, ask, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=2_000, help="cases there must be at least")
    parser.add_argument("--every", action="store_true", help="also every odd value of every field by itself")
    given = parser.parse_args()
    cases = -(-given.cases // (OPERATIONS * len(WHO)))
    # Each value of each field by itself is thousands of cases more.
    phases = "examples,coverage,fuzzing" if given.every else "examples,fuzzing"
    logging.getLogger("oms").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="oms-api-cases-") as folder:
        house = open_house(Path(folder))
        with db.writing(house.engine) as session:  # nobody is asked for the password in the middle
            session.execute(update(SignIn).values(confirmed_at=now() + timedelta(days=1)))
        server = make_server("127.0.0.1", 0, house.app, threaded=True, request_handler=Counting)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = ask(house, f"http://127.0.0.1:{server.server_port}", cases, phases)
        server.shutdown()
        house.engine.dispose()
    answers = Counting.answers
    faults = sum(count for status, count in answers.items() if status >= 500)
    for line in said:
        print(re.sub(r"Bearer [\w-]+", "Bearer …", line))
    by_status = ", ".join(f"{count} × {status}" for status, count in sorted(answers.items()))
    print(f"{answers.total()} cases, {faults} faults of the server ({by_status})")
    return int(bool(said) or faults > 0 or answers.total() < given.cases)


if __name__ == "__main__":
    sys.exit(main())
