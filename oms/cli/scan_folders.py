"""`oms import scans`: a whole folder of scans, named by rule, into the dossiers of its people."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from oms import db, exporting, intake, scan_folders, staging, storage
from oms.cli.intake import look_through, take_in, unreadable
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, leave, new_file, put, put_json, say, with_json
from oms.errors import OmsError
from oms.models import Category
from oms.permissions import Actor
from oms.scan_folders import Planned
from oms.spreadsheets import Value, write_list
from oms.words import sentence_of, translate

TAKEN, KNOWN, LEFT_OUT, WOULD_TAKE = "received", "known", "left_out", "would_take"


@click.command(help=_("Take in a folder of scans named ID_NAME/number.title.pdf; what is here already is passed over."))
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER")
@click.option("--dry-run", is_flag=True, help=_("Look at every file and say what would happen; nothing is taken in."))
@click.option(
    "--category",
    type=click.Choice([category.value for category in Category]),
    help=_("For people with several dossiers: the category of the dossier."),
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.xlsx",
    help=_("Write the list of all files with what became of each into a new Excel file."),
)
@acting_as()
@with_json
def scans(folder: Path, dry_run: bool, category: str | None, report: Path | None, username: str, as_json: bool) -> None:
    """Take files in one by one, each whole or not at all; begun again it goes on where it was stopped."""
    house = open_house()
    with ExitStack() as stack:
        stack.enter_context(staging.for_temporary_files(house.settings))
        actor = stack.enter_context(acting(house, username, "scan:import"))
        with db.reading(house.engine) as session:
            kind = Category(category) if category else None
            planned = scan_folders.plan(session, folder, scan_folders.find_files(folder), actor=actor, category=kind)
        # Opened before the first file comes in: a report that cannot be written is said at once, not after hours.
        target = stack.enter_context(new_file(report)) if report else None
        rows: list[Sequence[Value]] = []
        counts = dict.fromkeys((TAKEN, KNOWN, LEFT_OUT, WOULD_TAKE), 0)
        for number, one in enumerate(planned, start=1):
            state, error = _go(house, one, dry_run, actor)
            counts[state] += 1
            _tell(folder, one, state, error, (number, len(planned)), as_json)
            rows.append(_row(folder, one, state, error))
        if not dry_run:
            with db.writing(house.engine) as session:
                scan_folders.write_down(session, planned, counts[TAKEN], counts[LEFT_OUT], actor=actor)
        if target:
            target.write(_workbook(rows, _sum_up(planned, counts, dry_run), actor))
    if as_json:
        put_json({"files": len(planned), **counts})
    else:
        say(_sum_up(planned, counts, dry_run))
    leave(1 if counts[LEFT_OUT] else 0)


def _go(house: House, one: Planned, dry_run: bool, actor: Actor) -> tuple[str, OmsError | None]:
    """What became of one file; a file that fails costs the others nothing."""
    if one.dossier is None:
        return LEFT_OUT, one.error
    try:
        with db.reading(house.engine) as session:
            if intake.find_twin(session, one.dossier, _hash_of(one.path)) is not None:
                return KNOWN, None
        if dry_run:
            intake.discard(look_through(house, one.path))
            return WOULD_TAKE, None
        _scan, is_new = take_in(house, one.dossier.id, one.path, actor)
    except OmsError as error:
        if error.status >= 500:  # the store is full or out of reach: every other file would fail alike
            raise
        return LEFT_OUT, error
    return (TAKEN if is_new else KNOWN), None


def _hash_of(path: Path) -> str:
    try:
        return storage.hash_of(path)
    except OSError as error:
        raise unreadable(path) from error


def _said(state: str) -> str:
    said = {TAKEN: _("received"), KNOWN: _("already here"), LEFT_OUT: _("left out"), WOULD_TAKE: _("would be received")}
    return said[state]


def _row(folder: Path, one: Planned, state: str, error: OmsError | None) -> Sequence[Value]:
    why = sentence_of(error) if error else _("Found by the name alone") if one.by_name_only else ""
    number = one.dossier.number if one.dossier else ""
    return str(one.path.relative_to(folder)), number, one.paper.title, _said(state), why


def _workbook(rows: Sequence[Sequence[Value]], sum_up: str, actor: Actor) -> bytes:
    columns = [(_("File"), 60.0), (_("Dossier"), 14.0), (_("Title"), 40.0), (_("Result"), 18.0), (_("Reason"), 70.0)]
    facts = [(_("Result"), sum_up), *exporting.who_took_it(_("Import of scans"), actor=actor, translate=translate)]
    return write_list(_("Import of scans"), columns, rows, (_("About this file"), facts))


def _tell(
    folder: Path, one: Planned, state: str, error: OmsError | None, place: tuple[int, int], as_json: bool
) -> None:
    words = sentence_of(error) if error else None
    if as_json:
        put_json(
            {
                "file": str(one.path.relative_to(folder)),
                "state": state,
                "dossier": one.dossier.number if one.dossier else None,
                "title": one.paper.title,
                "by_name_only": one.by_name_only,
                "error": words,
            }
        )
        return
    number = one.dossier.number if one.dossier else ""
    put(f"{place[0]}/{place[1]}  {one.path.relative_to(folder)}  {number}  {words or _said(state)}")
    if one.by_name_only and not error:
        say(_("%(file)s: found by the name alone, the folder bears no ID number.", file=one.path.relative_to(folder)))


def _sum_up(planned: Sequence[Planned], counts: dict[str, int], dry_run: bool) -> str:
    if dry_run:
        return _(
            "%(files)s files: %(new)s would be received, %(known)s are already here, %(left)s would be left out. "
            "Nothing was taken in.",
            files=len(planned),
            new=counts[WOULD_TAKE],
            known=counts[KNOWN],
            left=counts[LEFT_OUT],
        )
    return _(
        "%(files)s files: %(new)s received, %(known)s already here, %(left)s left out.",
        files=len(planned),
        new=counts[TAKEN],
        known=counts[KNOWN],
        left=counts[LEFT_OUT],
    )
