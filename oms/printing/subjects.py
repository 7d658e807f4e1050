"""What several papers say alike: whose dossier it is, and the documents of a list with their sums."""

from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.platypus import Flowable

from oms.printing.sheet import Column, Group, entry, line, table


@dataclass(frozen=True)
class Subject:
    """The person and the dossier; whatever is not known stays empty and is written by hand."""

    full_name: str
    dossier_number: str
    category: str = ""
    other_names: str = ""
    birth: str = ""
    home_town: str = ""
    position: str = ""
    unit: str = ""
    personal_id: str = ""


@dataclass(frozen=True)
class Listed:
    """One document of a list: `sheets` stays None where only pages were counted."""

    title: str
    number: str = ""
    issued: str = ""
    original: str = ""
    pages: int = 0
    group: str = ""
    note: str = ""
    sheets: int | None = None


def tell_subject(subject: Subject) -> list[Flowable]:
    """The lines that open a slip."""
    return [
        entry("Họ và tên", subject.full_name, bold=True),
        entry("Ngày, tháng, năm sinh", subject.birth),
        entry("Chức vụ, đơn vị công tác", ", ".join(part for part in (subject.position, subject.unit) if part)),
        entry(
            "Hồ sơ số", f"{subject.dossier_number} ({subject.category})" if subject.category else subject.dossier_number
        ),
    ]


def list_documents(documents: Sequence[Listed], *, checks: bool = False) -> list[Flowable]:
    """The documents in their groups, with their sums; `checks` leaves columns to tick on arrival."""
    columns = [
        Column("TT", 10, "center"),
        Column("Tên tài liệu", 60),
        Column("Số, ký hiệu", 27),
        Column("Ngày, tháng", 22, "center"),
        Column("Số tờ", 11, "center"),
        Column("Số trang", 13, "center"),
    ]
    columns += [Column("Đủ", 8), Column("Ghi chú", 14)] if checks else [Column("Ghi chú", 22)]
    rows: list[Sequence[object] | Group] = []
    group = ""
    for place, one in enumerate(documents, 1):
        if one.group and one.group != group:
            group = one.group
            rows.append(Group(group))
        tail = ("", one.note) if checks else (one.note or one.original,)
        rows.append((place, one.title, one.number, one.issued, one.sheets or "", one.pages or "", *tail))
    total = sum(one.pages for one in documents)
    counts = [f"<b>{len(documents):02}</b> tài liệu"]
    if sheets := sum(one.sheets or 0 for one in documents):
        counts.append(f"<b>{sheets:02}</b> tờ")
    if total:
        counts.append(f"<b>{total:02}</b> trang")
    summary = f"Tổng số: {', '.join(counts)}."
    return [table(columns, rows), line(summary, above=6)]
