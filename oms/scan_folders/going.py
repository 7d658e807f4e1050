"""What becomes of each planned file, one by one, each whole or not at all; the same for a folder and for a ZIP of it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from oms import db, exporting, gate, intake, quotas, storage
from oms.errors import N_, OmsError, UnreadableFile
from oms.exporting import Translate
from oms.permissions import Actor
from oms.scan_folders.planning import Planned, find_files
from oms.settings import Settings
from oms.spreadsheets import Value, write_list

TAKEN, KNOWN, LEFT_OUT, WOULD_TAKE = "received", "known", "left_out", "would_take"
SAID = {
    TAKEN: N_("received"),
    KNOWN: N_("already here"),
    LEFT_OUT: N_("left out"),
    WOULD_TAKE: N_("would be received"),
}
BY_NAME = N_("Found by the name alone")
_COLUMNS = (
    (N_("File"), 60.0),
    (N_("Dossier"), 14.0),
    (N_("Title"), 40.0),
    (N_("Result"), 18.0),
    (N_("Reason"), 70.0),
)


class Source(Protocol):
    """Where the files lie: a folder on the disk, or a ZIP of one."""

    root: Path

    @property
    def files(self) -> list[Path]:
        """The paths of its files."""
        ...

    def pieces(self, path: Path) -> Iterator[bytes]:
        """The bytes of a file; raises `UnreadableFile`."""
        ...


class Folder:
    """A folder on the disk of this machine."""

    def __init__(self, root: Path) -> None:
        """Remember where it is; nothing is read yet."""
        self.root = root

    @property
    def files(self) -> list[Path]:
        """The files below it."""
        return find_files(self.root)

    def pieces(self, path: Path) -> Iterator[bytes]:
        """The bytes of a file; only what goes wrong in reading them is the fault of the file."""
        return read_file(path)


def read_file(path: Path) -> Iterator[bytes]:
    """The bytes of a file on the disk; `UnreadableFile` where the disk, or the rights on it, do not give them out."""
    try:
        with path.open("rb") as stream:
            yield from storage.chunks(stream)
    except OSError as error:
        raise UnreadableFile(
            N_("%(name)s cannot be read from the disk. Check the rights on the file, or copy it again."),
            name=intake.label_of(path.name),
        ) from error


@dataclass(frozen=True)
class Fate:
    """What became of one file, or would: one of `SAID`, and why it was left out."""

    state: str
    error: OmsError | None = None


def go(
    engine: Engine,
    settings: Settings,
    source: Source,
    one: Planned,
    *,
    actor: Actor,
    send: Callable[[str], None],
    dry_run: bool = False,
    promised: list[int] | None = None,
) -> Fate:
    """Take one file in, or only look whether it could be; a file that fails costs the others nothing.

    `promised` are the sizes of the files that would be received before this one; the look adds its own.

    Raises what every other file would fail of, too: a store that is full or out of reach.
    """
    if one.dossier is None:
        return Fate(LEFT_OUT, one.error)
    try:
        with db.reading(engine) as session:
            name = storage.name_of(settings.scans, source.pieces(one.path))
            if intake.find_twin(session, one.dossier, name) is not None:
                return Fate(KNOWN)
        if dry_run:
            ask = quotas.asking(engine, settings, actor=actor, promised=promised or ())
            arrival = gate.look_through(settings, source.pieces(one.path), one.path.name, ask=ask)
            intake.discard(arrival)
            if promised is not None:
                promised.append(arrival.size)
            return Fate(WOULD_TAKE)
        _scan, is_new = gate.take_in(
            engine, settings, one.dossier.id, source.pieces(one.path), one.path.name, actor=actor, send=send
        )
    except OmsError as error:
        if error.status >= 500:
            raise
        return Fate(LEFT_OUT, error)
    return Fate(TAKEN if is_new else KNOWN)


@dataclass(frozen=True)
class Line:
    """One line of the report: file, number of the dossier, title, state, and a sentence with its values ("" for none)."""

    file: str
    number: str
    title: str
    state: str
    message: str = ""
    by_name_only: bool = False


def write_report(lines: Sequence[Line], sum_up: str, *, purpose: str = "", actor: Actor, translate: Translate) -> bytes:
    """All files with what became of each as an .xlsx file; `message` is in the words of the reader already."""
    rows: list[Sequence[Value]] = [
        (
            line.file,
            line.number,
            line.title,
            translate(SAID[line.state]),
            line.message or (translate(BY_NAME) if line.by_name_only else ""),
        )
        for line in lines
    ]
    name = translate(N_("Import of scans"))
    who = exporting.who_took_it(purpose or name, actor=actor, translate=translate)
    columns = [(translate(heading), width) for heading, width in _COLUMNS]
    return write_list(
        name, columns, rows, (translate(N_("About this file")), [(translate(N_("Result")), sum_up), *who])
    )
