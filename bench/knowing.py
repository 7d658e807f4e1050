"""How well pages are known: their kind, what their head says, and the values of CV forms.

    python bench/knowing.py [--people N] [--seed S]

Draws papers of invented people with `oms.specimens`, puts them through its scanner, reads them as a worker does and
compares with what was drawn. Prints shares found, wrong and wrong without a flag; nothing is stored.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms.catalogue import demo_units
from oms.recognition import open_scan, read_page
from oms.recognition.pages import PageReading
from oms.specimens import PaperKind, SyntheticPerson, SyntheticScan, kinds_for, make_people, make_scan, seats_of
from oms.specimens.layout import in_figures
from oms.vietnamese.text import nfc

KINDS = {
    PaperKind.SHORT_CV: "cv",
    PaperKind.REVIEW: "assessment",
    PaperKind.CERTIFICATE: "certificate",
    PaperKind.ADMISSION_RESOLUTION: "resolution",
    PaperKind.VERIFICATION_LETTER: "letter",
}
"""The kind of the first page; every other paper is a decision."""


def truth_of(person: SyntheticPerson) -> dict[str, str]:
    """The values of a CV form that are the person's own."""
    joined, official = person.party_join_date, person.party_official_date
    return {
        "full_name": person.full_name.upper(),
        "ethnicity": person.ethnicity,
        "religion": person.religion,
        "home_town": person.home_town,
        "permanent_address": person.residence,
        "current_position": person.position,
        "rank_name": person.grade.title,
        "rank_code": person.grade.code,
        "id_number": person.personal_id,
        "recruiting_agency": person.host,
        "party_join_date": in_figures(joined) if joined else "",
        "party_official_date": in_figures(official) if official else "",
    }


class Score:
    """Counts of right, wrong and wrong without a flag, by name."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)

    def count(self, name: str, wanted: str, found: str | None, flagged: bool) -> None:
        """One value compared; nothing found counts as missing."""
        right = found is not None and nfc(found).casefold() == nfc(wanted).casefold()
        self.counts[name]["all"] += 1
        self.counts[name]["right"] += right
        self.counts[name]["silent"] += not right and bool(found) and not flagged

    def show(self) -> None:
        """The shares, one name a line."""
        for name, counts in sorted(self.counts.items()):
            total = counts["all"]
            print(
                f"{name:22} {total:4}  right {counts['right'] / total:.3f}  wrong unflagged {counts['silent'] / total:.3f}"
            )


def compare(score: Score, person: SyntheticPerson, scan: SyntheticScan, page: PageReading) -> None:
    """Put one page read into the score."""
    score.count("kind", KINDS.get(scan.kind, "decision"), page.kind, False)
    dated = f"{scan.date:%d/%m/%Y}" if scan.date else None
    for key, wanted in (("number", scan.number), ("date", dated)):
        if wanted and scan.kind not in (PaperKind.SHORT_CV, PaperKind.REVIEW):
            found = page.head.get(key)
            score.count(f"head {key}", wanted, found and found.value, bool(found and found.flag))
    about = {"person": person.full_name, "birth_date": f"{person.birth_date:%d/%m/%Y}"}
    for key, wanted in about.items() if scan.kind != PaperKind.SHORT_CV else ():
        found = page.head.get(key)
        score.count(f"head {key}", wanted, found and found.value, bool(found and found.flag))
    if scan.kind == PaperKind.SHORT_CV and scan.category in ("civil_servant", "public_employee"):
        for key, wanted in truth_of(person).items():
            found = page.fields.get(key)
            for name in (f"field {key}", "fields"):
                score.count(name, wanted, found.value if found else "", bool(found and found.flag))


def main() -> None:
    """Draw, scan, read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    score, seconds, pages = Score(), 0.0, 0
    for person in make_people(given.people, given.seed, seats_of(demo_units())):
        for kind in kinds_for(person):
            scan = make_scan(person, kind, given.seed, pages=1, file_type="jpeg")
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / scan.file_name
                path.write_bytes(scan.data)
                started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime + time.process_time()
                page = read_page(open_scan(path), 1, Path(folder)).reading
                seconds += resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime + time.process_time() - started
            pages += 1
            compare(score, person, scan, page)
    score.show()
    print(f"{pages} pages, {seconds / pages:.1f} CPU seconds a page, reading included")


if __name__ == "__main__":
    main()
