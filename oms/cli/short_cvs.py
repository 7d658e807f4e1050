"""`oms print-cv`: the short CV of a dossier, filled in, as Word or PDF."""

from pathlib import Path

import click

from oms import db, dossiers, record
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, put
from oms.errors import N_, BadInput
from oms.papers import short_cvs


@click.command("print-cv", help=_("Fill in the short CV of a dossier (Mẫu 2C), as a Word or PDF file."))
@click.argument("number", metavar="NUMBER")
@click.option("--form", "form_id", type=click.Choice([id for id, _label in short_cvs.choices()]), help=_("Which form."))
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=_("The .docx or .pdf file to write.")
)
@click.option("--purpose", required=True, metavar="TEXT", help=_("What the file is for; it is written down."))
@click.option("--unverified", is_flag=True, help=_("Also what was only read from the papers; it is marked."))
@acting_as()
def print_cv(number: str, form_id: str | None, out: Path, purpose: str, unverified: bool, username: str) -> None:
    """Write one form; the print is written down only when the file could be written."""
    house = open_house()
    with acting(house, username, "paper:short_cv") as actor, db.writing(house.engine) as session:
        dossier = dossiers.get_dossier(session, number, actor=actor)
        paper = short_cvs.take(
            session,
            dossier,
            form_id=form_id or record.usual_form(dossier),
            kind=out.suffix.lower().lstrip("."),
            purpose=purpose,
            actor=actor,
            unverified=unverified,
        )
        try:
            out.write_bytes(paper.body)
        except OSError as error:
            raise BadInput(N_("%(path)s cannot be written. Choose another file."), path=out) from error
    put(str(out))
