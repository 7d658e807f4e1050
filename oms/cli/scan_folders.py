"""`oms import scans`: a whole folder of scans, named by rule, into the dossiers of its people."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from oms import db, scan_folders, staging
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, leave, new_file, put, put_json, say, with_json
from oms.errors import OmsError
from oms.models import Category
from oms.scan_folders import KNOWN, LEFT_OUT, SAID, TAKEN, WOULD_TAKE, Folder, Line, Planned
from oms.words import sentence_of, translate


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
    house, source = open_house(), Folder(folder)
    with ExitStack() as stack:
        stack.enter_context(staging.for_temporary_files(house.settings))
        actor = stack.enter_context(acting(house, username, "scan:import"))
        with db.reading(house.engine) as session:
            kind = Category(category) if category else None
            planned = scan_folders.plan(session, folder, source.files, actor=actor, category=kind)
        # Opened before the first file comes in: a report that cannot be written is said at once, not after hours.
        target = stack.enter_context(new_file(report)) if report else None
        lines: list[Line] = []
        promised: list[int] = []
        counts = dict.fromkeys((TAKEN, KNOWN, LEFT_OUT, WOULD_TAKE), 0)
        for number, one in enumerate(planned, start=1):
            fate = scan_folders.go(
                house.engine,
                house.settings,
                source,
                one,
                actor=actor,
                send=house.queue.send,
                dry_run=dry_run,
                promised=promised,
            )
            counts[fate.state] += 1
            _tell(folder, one, fate.state, fate.error, (number, len(planned)), as_json)
            why = sentence_of(fate.error) if fate.error else ""
            held = one.dossier.number if one.dossier else ""
            name = str(one.path.relative_to(folder))
            lines.append(Line(name, held, one.paper.title, fate.state, why, one.by_name_only))
        if not dry_run:
            with db.writing(house.engine) as session:
                scan_folders.write_down(session, planned, counts[TAKEN], counts[LEFT_OUT], actor=actor)
        if target:
            sum_up = _sum_up(planned, counts, dry_run)
            target.write(scan_folders.write_report(lines, sum_up, actor=actor, translate=translate))
    if as_json:
        put_json({"files": len(planned), **counts})
    else:
        say(_sum_up(planned, counts, dry_run))
    leave(1 if counts[LEFT_OUT] else 0)


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
    put(f"{place[0]}/{place[1]}  {one.path.relative_to(folder)}  {number}  {words or _(SAID[state])}")
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
