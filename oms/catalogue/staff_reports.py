"""Reports on the number and quality of staff: dated forms with their columns, and what stands in each.

Knows forms; does not know people.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, read_labels, read_validity, refuse_repeated
from oms.errors import N_

COUNT, PEOPLE = "count", "people"
_WIDTH = 12
_MEASURES = ("total", "member", "women", "minority", "religion", "retired", "level", "rank", "age")


@dataclass(frozen=True)
class ReportColumn:
    """A column: its headings from above down, and what it says (empty: nobody here knows it); width in characters."""

    heads: tuple[str, ...]
    says: tuple[str, ...]
    width: int


@dataclass(frozen=True, kw_only=True)
class StaffReport(Labelled, Dated):
    """A form; `kind` is a row for each unit ("count") or for each person ("people")."""

    code: str
    category: str
    kind: str
    note_vi: str
    note_en: str
    columns: tuple[ReportColumn, ...]

    def note(self, lang: str = "vi") -> str:
        """What is to be confirmed, in the language of the page."""
        return self.note_en if lang[:2].lower() == "en" else self.note_vi


def read_staff_reports(path: Path) -> dict[str, StaffReport]:
    """The forms of a file by id; raises `CatalogueError`."""
    top = open_file(path)
    found: dict[str, StaffReport] = {}
    for entry in top.entries("reports"):
        refuse_repeated(entry, entry.text("id"), found)
        kind = entry.choice("kind", (COUNT, PEOPLE))
        report = StaffReport(
            **read_labels(entry),
            **read_validity(entry),
            code=entry.text("code"),
            category=entry.text("category"),
            kind=kind,
            note_vi=entry.text("note_vi"),
            note_en=entry.text("note_en"),
            columns=tuple(_read_column(column, kind) for column in entry.entries("columns")),
        )
        entry.finish()
        found[report.id] = report
    top.finish()
    return found


def _read_column(entry: Entry, kind: str) -> ReportColumn:
    says = tuple((entry.text_or_none("says") or "").split("/")) if entry.has("says") else ()
    heads = entry.texts("heads")
    if not heads or (kind == COUNT and says and says[0] not in _MEASURES):
        raise entry.mistake_at("says", N_("%(file)s, line %(line)s: a column needs headings and a known measure."))
    column = ReportColumn(heads, says, entry.number_or_none("width") or _WIDTH)
    entry.finish()
    return column


@cache
def _reports() -> dict[str, StaffReport]:
    return read_staff_reports(FOLDER / "staff_reports.yaml")


def staff_reports(on: date) -> tuple[StaffReport, ...]:
    """The forms in force on a day, in the order of the file."""
    return tuple(report for report in _reports().values() if report.in_force(on))
