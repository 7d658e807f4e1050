"""How folders and files of a dossier are called when it leaves, by the template in force.

Knows templates and plain values; does not know dossiers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.components import categories
from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, overlap, read_validity
from oms.errors import N_
from oms.vietnamese.paper_names import as_file_name

_PARTS = re.compile(r"\{([^{}]*)\}")
# What stands where: what each template may use, and what it must.
_FOLDER = {"unit_code", "personal_id", "name", "joined_name"}
_FILE = {"code", "stem", "n"}
_CODE = (2, 3, 3, 3, 3)
_SEPARATORS = {"space": " ", "underscore": "_"}


@dataclass(frozen=True, kw_only=True)
class Naming(Dated):
    """The templates of one category."""

    category: str
    folder: str
    folder_without_id: str
    file: str
    file_of_several: str
    separator: str
    padding: int

    def folder_of(self, unit_code: str, personal_id: str, name: str) -> str:
        """The folder of a person; `name` without marks."""
        template = self.folder if personal_id else self.folder_without_id
        words = as_file_name(name).split()
        return template.format(
            unit_code=as_file_name(write_unit_code(unit_code)),
            personal_id=as_file_name(personal_id),
            name=self.separator.join(words),
            joined_name="".join(words),
        )

    def file_of(self, code: str, stem: str, n: int | None) -> str:
        """The file of a document; `n` from 1 where there are several of its kind."""
        template = self.file if n is None else self.file_of_several
        words = self.separator.join(as_file_name(stem).split())
        return template.format(code=code.zfill(self.padding), stem=words, n=n)


def write_unit_code(code: str) -> str:
    """A code of 14 digits as M1.M2.M3.M4.M5; any other one as it is."""
    digits = code.replace(".", "")
    if not re.fullmatch(r"[0-9]{14}", digits):
        return code
    ends = [sum(_CODE[: at + 1]) for at in range(len(_CODE))]
    return ".".join(digits[end - length : end] for length, end in zip(_CODE, ends, strict=True))


def read_naming(path: Path) -> tuple[Naming, ...]:
    """Read and check a file of templates; raises `CatalogueError` that names the line."""
    top = open_file(path)
    found: list[Naming] = []
    for entry in top.entries("naming"):
        new = Naming(
            category=entry.choice("category", categories()),
            **read_validity(entry),
            folder=_template(entry, "folder", _FOLDER, {"personal_id"}),
            folder_without_id=_template(entry, "folder_without_id", _FOLDER - {"personal_id"}, set()),
            file=_template(entry, "file", _FILE - {"n"}, {"code"}),
            file_of_several=_template(entry, "file_of_several", _FILE, {"code", "n"}),
            separator=_SEPARATORS[entry.choice("separator", _SEPARATORS)],
            padding=entry.number("padding"),
        )
        if any(new.category == other.category and overlap(new, other) for other in found):
            raise entry.mistake(
                N_("%(file)s, line %(line)s: the id “%(id)s” is used twice."),
                id=new.category,
            )
        entry.finish()
        found.append(new)
    top.finish()
    return tuple(found)


def _template(entry: Entry, key: str, known: set[str], needed: set[str]) -> str:
    template = entry.text(key)
    parts = _PARTS.findall(template)
    rest = _PARTS.sub("", template)
    wrong = sorted(set(parts) - known)
    if wrong or "{" in rest or "}" in rest:
        raise entry.mistake_at(
            key,
            N_("%(file)s, line %(line)s: “%(value)s” is not known as %(key)s. Known: %(known)s."),
            value=", ".join(wrong) or template,
            known=", ".join(sorted(known)),
        )
    if missing := sorted(needed - set(parts)):
        raise entry.mistake_at(
            key,
            N_("%(file)s, line %(line)s: “%(key)s” needs {%(part)s}, or two files would have one name."),
            part=missing[0],
        )
    if re.search(r'[\\:*?"<>|]', rest) or any(part in ("", ".", "..") for part in template.split("/")):
        raise entry.mistake_at(
            key, N_("%(file)s, line %(line)s: “%(value)s” is no name a file system takes."), value=template
        )
    if key.startswith("file") and ("/" in template or not template.endswith(".pdf")):
        raise entry.mistake_at(
            key, N_("%(file)s, line %(line)s: “%(value)s” must be one file name ending in .pdf."), value=template
        )
    return template


@cache
def _own(path: Path, _changed: float) -> tuple[Naming, ...]:
    return read_naming(path)


def naming(category: str, on: date, home: Path | None = None) -> Naming | None:
    """The templates of a category in force on the day: those of the installation at `home`, else the catalogue's."""
    own = home / "naming.yaml" if home is not None else None
    path = own if own is not None and own.is_file() else FOLDER / "naming.yaml"
    return _in_force(_own(path, path.stat().st_mtime), category, on)


def _in_force(rows: Sequence[Naming], category: str, on: date) -> Naming | None:
    return next((row for row in rows if row.category == category and row.in_force(on)), None)
