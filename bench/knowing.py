"""How well pages are known: their kind, what their head says, and the values of CV forms; each bar reached or not.

    python bench/knowing.py [--people N] [--seed S] [--conditions office,fax]
    python bench/knowing.py --folder FOLDER   # pages that somebody else drew: pages/NAME.*, gt/NAME.json, gt/NAME.txt

Draws papers of invented people, each in another of the conditions of `oms.specimens.faults` (nothing is stored), or takes
the pages of a folder, NAME being condition_number_kind; reads them as a worker does and compares with what was drawn.
Prints by condition, kind, form and field the shares right, wrong and wrong without a flag. Of a value nothing was found
for, nothing is wrong; a value counts as right only when every letter is.
"""

import argparse
import json
import random
import re
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms.catalogue import demo_units
from oms.recognition import open_scan, read_page
from oms.recognition.pages import PageReading
from oms.specimens import PaperKind, SyntheticPerson, draw_paper, kinds_for, make_people, seats_of
from oms.specimens.faults import CONDITIONS, spoil
from oms.specimens.layout import in_figures
from oms.vietnamese.text import nfc

CLEAN = ("clean", "office", "ccitt", "skew", "rot", "noise", "jpegq", "blur", "lighting", "bleed", "stamp")
"""Conditions that count as clean, by their names without figures."""

KINDS = {
    PaperKind.SHORT_CV: "cv",
    PaperKind.REVIEW: "assessment",
    PaperKind.CERTIFICATE: "certificate",
    PaperKind.ADMISSION_RESOLUTION: "resolution",
    PaperKind.VERIFICATION_LETTER: "letter",
}
"""The kind of the first page; every other paper is a decision."""

FOREIGN_KINDS = {
    "letter": "letter", "party_letter": "letter", "decision": "decision", "certificate": "certificate",
    "staff_table": "table", "form2c_1": "cv", "form2c_2": "cv",
}  # fmt: skip
FOREIGN_FIELDS = {
    "co_quan_quan_ly": "managing_agency", "co_quan_su_dung": "using_agency", "ho_ten": "full_name",
    "ten_goi_khac": "other_names", "gioi_tinh": "gender", "noi_sinh": "birth_place", "que_quan": "home_town",
    "dan_toc": "ethnicity", "ton_giao": "religion", "ho_khau": "permanent_address", "noi_o": "current_address",
    "nghe_nghiep": "occupation_at_recruitment", "ngay_tuyen_dung": "recruitment_date",
    "co_quan_tuyen_dung": "recruiting_agency", "chuc_vu": "current_position", "cong_viec": "main_duty",
    "ngach": "rank_name", "ma_ngach": "rank_code", "bac_luong": "salary_step", "he_so": "salary_coefficient",
    "ngay_huong": "salary_from", "phu_cap": "position_allowance", "gdpt": "general_education",
    "chuyen_mon": "highest_qualification", "ly_luan": "political_theory", "qlnn": "state_management",
    "ngoai_ngu": "foreign_language", "tin_hoc": "it_skill", "ngay_vao_dang": "party_join_date",
    "ngay_chinh_thuc": "party_official_date", "ngay_tctxh": "mass_org_date", "ngay_nhap_ngu": "enlist_date",
    "ngay_xuat_ngu": "discharge_date", "quan_ham": "highest_military_rank", "danh_hieu": "highest_title",
    "so_truong": "work_strength", "khen_thuong": "awards_summary", "ky_luat": "discipline_summary",
    "suc_khoe": "health", "chieu_cao": "height_cm", "can_nang": "weight_kg", "nhom_mau": "blood_group",
    "thuong_binh": "war_invalid_class", "con_gdcs": "policy_family", "so_cccd": "id_number",
    "ngay_cap": "id_issue_date", "so_bhxh": "social_insurance_no",
}  # fmt: skip
"""How the pages of a folder name the values, and we."""


@dataclass(frozen=True)
class Page:
    """A scanned page and what is true of it: kind, form, what its head says and the values of the form."""

    path: Path
    condition: str
    kind: str
    paper: str
    head: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether its condition counts as clean."""
        return re.sub(r"\d", "", self.condition) in CLEAN


class Score:
    """Counts of right, wrong, flagged and wrong without a flag, by name."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {}

    def count(self, names: tuple[str, ...], wanted: str, found: str, *, flagged: bool) -> None:
        """One value compared, under each of the names."""
        right = nfc(found).casefold() == nfc(wanted).casefold()
        for name in names:
            counts = self.counts.setdefault(name, Counter())
            counts["all"] += 1
            counts["right"] += right
            counts["flagged"] += right and flagged
            counts["silent"] += not right and bool(found) and not flagged

    def share(self, name: str, what: str = "right") -> float | None:
        """The share of the values of a name, None without any."""
        counts = self.counts.get(name)
        return counts[what] / counts["all"] if counts else None

    def show(self) -> None:
        """The shares, one name a line."""
        print(f"{'':42} {'all':>5} {'right':>7} {'right but flagged':>18} {'wrong unflagged':>16}")
        for name, counts in sorted(self.counts.items()):
            shares = (counts[what] / counts["all"] for what in ("right", "flagged", "silent"))
            print(f"{name:42} {counts['all']:5} {{:7.3f}} {{:18.3f}} {{:16.3f}}".format(*shares))


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


def drawn_pages(people: int, seed: int, conditions: list[str], folder: Path) -> Iterator[Page]:
    """The first pages of the papers of invented people, the conditions by turns."""
    turn = 0
    for person in make_people(people, seed, seats_of(demo_units())):
        for kind in kinds_for(person):
            condition, turn = conditions[turn % len(conditions)], turn + 1
            yield _draw(person, kind, seed, condition, folder)


def _draw(person: SyntheticPerson, kind: PaperKind, seed: int, condition: str, folder: Path) -> Page:
    paper, back = draw_paper(person, kind, seed), draw_paper(person, kind, seed + 1).sheets[-1]
    numbers = np.random.default_rng(random.Random(f"{seed}/{person.personal_id}/{kind}").getrandbits(64))
    page = spoil(np.asarray(paper.sheets[0].image), condition, numbers, np.asarray(back.image))
    image, path = Image.fromarray(page.pixels), folder / ("page.jpg" if page.quality else "page.tif")
    if page.quality is None:
        image.convert("1").save(path, compression="group4", dpi=(page.dpi, page.dpi))
    else:
        image.save(path, quality=page.quality, dpi=(page.dpi, page.dpi))
    head: dict[str, str] = {}
    if kind not in (PaperKind.SHORT_CV, PaperKind.REVIEW):
        head = {"number": paper.number or "", "date": f"{paper.day:%d/%m/%Y}" if paper.day else ""}
    if kind != PaperKind.SHORT_CV:
        head |= {"person": person.full_name, "birth_date": f"{person.birth_date:%d/%m/%Y}"}
    form = kind == PaperKind.SHORT_CV and person.categories[0] in ("civil_servant", "public_employee")
    fields = truth_of(person) if form else {}
    return Page(path, condition, KINDS.get(kind, "decision"), str(kind), head, fields)


def stored_pages(folder: Path) -> Iterator[Page]:
    """The pages of a folder."""
    for path in sorted((folder / "pages").iterdir()):
        condition, _, paper = path.stem.split("_", 2)
        truth = json.loads((folder / "gt" / f"{path.stem}.json").read_text())["fields"]
        text = nfc((folder / "gt" / f"{path.stem}.txt").read_text())
        kind = FOREIGN_KINDS.get(paper) or ("certificate" if "GIẤY CHỨNG NHẬN" in text else "assessment")
        form = paper == "form2c_1"
        yield Page(
            path, condition, kind, paper, _foreign_head(paper, truth, text), _foreign_form(truth) if form else {}
        )


def _foreign_form(truth: Mapping[str, str]) -> dict[str, str]:
    birth = "/".join(truth[key] for key in ("sinh_ngay", "sinh_thang", "sinh_nam"))
    return {"birth_date": birth} | {FOREIGN_FIELDS[key]: value for key, value in truth.items() if key in FOREIGN_FIELDS}


def _foreign_head(paper: str, truth: Mapping[str, str], text: str) -> dict[str, str]:
    if paper.startswith("form2c"):
        return {}
    head = {
        "number": truth.get("so_ky_hieu", ""),
        "date": truth.get("ngay", ""),
        "issuer": truth.get("co_quan", "").upper(),
        "signer": truth.get("nguoi_ky", ""),
    }
    dates = re.findall(r", ngày (\d\d) tháng (\d\d) năm (\d{4})", text)
    if paper in ("typewritten", "certificate") and dates:
        head["date"] = "/".join(dates[0 if paper == "typewritten" else -1])
    if paper == "typewritten" and (number := re.search(r"Số: (\d+ \S+)", text)):
        head |= {"number": number[1], "signer": text.strip().splitlines()[-1]}
    if paper in ("decision", "certificate"):
        head |= {"person": truth["ho_ten"], "birth_date": truth["ngay_sinh"]}
    if paper == "decision":
        subject = re.search(r"^Về việc .*", text, re.MULTILINE)
        head["issuer"] = "ỦY BAN NHÂN DÂN " + head["issuer"]
        head["title"] = f"Quyết định {subject[0]}" if subject else ""
    if paper == "letter" and (subject := re.search(r"^V/v ((?:.+\n)(?:[^A-ZĐÁẢÂĂ\n].*\n)*)", text, re.MULTILINE)):
        head["title"] = "Công văn về việc " + " ".join(subject[1].split())
    return head


def compare(score: Score, truth: Page, page: PageReading) -> None:
    """Put one page read into the score."""
    classes = ("clean", "all") if truth.clean else ("all",)
    names = ("kind all", f"kind of {truth.paper}", *(f"kind {name}" for name in classes[:-1]))
    score.count(names, truth.kind, page.kind, flagged=False)
    for key, wanted in truth.head.items():
        if wanted:
            found = page.head.get(key)
            names = (*(f"head {key} {name}" for name in classes), f"head {key} of {truth.paper}")
            score.count(names, wanted, found.value if found else "", flagged=bool(found and found.flag))
    for key, wanted in truth.fields.items():
        found = page.fields.get(key)
        names = (f"field {key}", f"fields in {truth.condition}", *(f"fields {name}" for name in classes))
        score.count(names, wanted, found.value if found else "", flagged=bool(found and found.flag))


def print_bars(score: Score) -> None:
    """What was asked for against what was measured on these pages."""
    in_conditions = [score.share(name) or 0.0 for name in score.counts if name.startswith("fields in ")]
    even = sum(in_conditions) / len(in_conditions) if in_conditions else None
    bars: tuple[tuple[str, float | None, float, bool], ...] = (
        ("page kind", score.share("kind all"), 0.95, True),
        ("document number, clean", score.share("head number clean"), 0.97, True),
        ("document date, clean", score.share("head date clean"), 0.97, True),
        ("fields exact, clean", score.share("fields clean"), 0.95, True),
        ("fields exact, mean of conditions", even, 0.85, True),
        ("fields wrong without a flag", score.share("fields all", "silent"), 0.01, False),
    )
    print()
    for name, value, bar, least in bars:
        if value is None:
            print(f"{name:34} not measured")
            continue
        reached = value >= bar if least else value <= bar
        print(f"{name:34} {value:8.3f}  bar {'≥' if least else '≤'} {bar:g}  {'reached' if reached else 'NOT REACHED'}")


def cpu_seconds() -> float:
    """CPU time of this process and of the programs it has called."""
    return time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def main() -> None:
    """Draw or take, read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--conditions", default=",".join(CONDITIONS))
    parser.add_argument("--folder", type=Path, help="pages that somebody else drew")
    given = parser.parse_args()
    score, seconds, pages = Score(), 0.0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = drawn_pages(given.people, given.seed, given.conditions.split(","), folder)
        for truth in stored_pages(given.folder) if given.folder else drawn:
            started = cpu_seconds()
            page = read_page(open_scan(truth.path), 1, folder / "read").reading
            seconds, pages = seconds + cpu_seconds() - started, pages + 1
            compare(score, truth, page)
    score.show()
    print_bars(score)
    print(f"\n{pages} pages, {seconds / max(1, pages):.1f} CPU seconds a page, reading included")


if __name__ == "__main__":
    main()
