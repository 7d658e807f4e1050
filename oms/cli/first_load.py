"""`oms import`: people and their dossiers from an Excel file, and the empty file to fill in."""

from pathlib import Path

import click

from oms import audit, db, first_load, viruses
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, leave, put, put_json, put_table, say, with_json
from oms.words import sentence_of, translate


@click.group("import", help=_("First load from files."))
def import_() -> None:
    """The group of first loads."""


@import_.command(help=_("Enter the people of an Excel file with their dossiers: everybody, or nobody."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.xlsx")
@click.option("--check", "only_check", is_flag=True, help=_("Only look at the file; nobody is entered."))
@acting_as()
@with_json
def people(file: Path, only_check: bool, username: str, as_json: bool) -> None:
    """Look at a file, name every cell that is wrong, and enter everybody when none is."""
    house = open_house()
    with acting(house, username, "people:load") as actor:
        content = file.read_bytes()
        viruses.look_for(house.settings, content, file.name)
        table = first_load.read(content)
        with db.reading(house.engine) as session:
            report = first_load.check(session, table, actor=actor)
            audit.write_looks(session)
        if report.mistakes or only_check:
            _show(report, as_json)
            leave(1 if report.mistakes else 0)
        with db.writing(house.engine) as session:
            loaded = first_load.load(session, table, actor=actor)
        house.deliver(session)
    if as_json:
        put_json({"people": loaded.people, "dossiers": loaded.dossiers, "present": loaded.present})
    else:
        put(
            _(
                "%(dossiers)s dossiers of %(people)s new people were entered. %(present)s rows were there already.",
                dossiers=loaded.dossiers,
                people=loaded.people,
                present=loaded.present,
            )
        )


def _show(report: first_load.Report, as_json: bool) -> None:
    rows = [
        (f"{mistake.letter}{mistake.row}", mistake.heading, mistake.written, sentence_of(mistake.error))
        for mistake in report.mistakes
    ]
    if as_json:
        for cell, heading, written, sentence in rows:
            put_json({"cell": cell, "column": heading, "written": written, "error": sentence})
        put_json(
            {"rows": report.rows, "new": len(report.wanted), "present": len(report.present), "mistakes": len(rows)}
        )
        return
    if rows:
        put_table((_("Cell of the sheet"), _("Column"), _("Written there"), _("What is wrong")), rows)
        say(
            _(
                "%(count)s cells cannot be taken. Correct them in Excel, save, and look at the file again. Nobody was entered.",
                count=len(rows),
            )
        )
    else:
        put(_("%(count)s rows can be entered.", count=len(report.wanted)))
    if report.unknown:
        say(_("These columns are not read: %(names)s.", names=", ".join(report.unknown)))


@import_.command(help=_("Write the empty Excel file with the headings and the units of the account."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.xlsx")
@acting_as()
def template(file: Path, username: str) -> None:
    """Write the template."""
    house = open_house()
    with acting(house, username, "people:load") as actor, db.reading(house.engine) as session:
        file.write_bytes(first_load.template(first_load.names_of_units(session, actor=actor), translate))
    say(_("%(file)s was written.", file=file))
