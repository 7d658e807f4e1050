"""`oms report`: reports that units hand in, as a paper or an Excel file."""

from functools import partial
from pathlib import Path

import click

from oms import db, organisation, papers
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, new_file, put
from oms.errors import N_, BadInput
from oms.figures import dossier_work, staff
from oms.papers import work_report
from oms.words import translate

EXCEL, PDF = ".xlsx", ".pdf"
_OUT = click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("The new file to write: .xlsx or .pdf."),
)
_PURPOSE = click.option(
    "--purpose", type=click.Choice(papers.PURPOSES), default="filing", help=_("What the paper is for.")
)


# Papers are Vietnamese, whatever language the installation speaks.
_in_vietnamese = partial(translate, language="vi")


@click.group(help=_("Reports that units hand in."))
def report() -> None:
    """The group of the reports."""


@report.command(help=_("The work on dossiers in a year: came, went, lost, corrected."))
@click.argument("unit", metavar="UNIT")
@click.argument("year", type=int, metavar="YEAR")
@_OUT
@_PURPOSE
@acting_as()
def work(unit: str, year: int, out: Path, purpose: str, username: str) -> None:
    """Write the report of a unit and of those below it."""
    if out.suffix.lower() not in (EXCEL, PDF):
        raise BadInput(N_("The name of the file must end in .xlsx or .pdf."))
    house = open_house()
    with acting(house, username, "figures:export") as actor, db.writing(house.engine) as session:
        about = organisation.find_unit(session, unit)
        printing = papers.Printing(actor, purpose)
        if out.suffix.lower() == PDF:
            content = work_report.draw(session, about, year, printing=printing, translate=_in_vietnamese).body
        else:
            content = dossier_work.export_report(
                session, about, year, actor=actor, purpose=printing.purpose_words, translate=translate
            )
        with new_file(out) as target:
            target.write(content)
    put(str(out))


@report.command("staff", help=_("Number and quality of staff, in the layout of a form (bm02, bm01-vc, bm02-vc)."))
@click.argument("form", metavar="FORM")
@click.argument("unit", metavar="UNIT")
@_OUT
@_PURPOSE
@acting_as()
def staff_report(form: str, unit: str, out: Path, purpose: str, username: str) -> None:
    """Write one form of a unit and of those below it, as far as the account reads their dossiers."""
    if out.suffix.lower() != EXCEL:
        raise BadInput(N_("The name of the file must end in .xlsx."))
    house = open_house()
    with acting(house, username, "figures:export") as actor, db.writing(house.engine) as session:
        words = papers.Printing(actor, purpose).purpose_words
        about = organisation.find_unit(session, unit)
        content = staff.export_staff(session, form, about, actor=actor, purpose=words, translate=translate)
        with new_file(out) as target:
            target.write(content)
    put(str(out))
