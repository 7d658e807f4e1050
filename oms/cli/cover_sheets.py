"""`oms cover-sheets`: sheets with codes that divide a stack, for dossiers by number or all that a unit holds."""

from pathlib import Path

import click

from oms import db, dossiers, organisation
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, new_file, put
from oms.completeness import Wish
from oms.errors import N_, BadInput
from oms.models import Category
from oms.papers import PURPOSES, Printing
from oms.papers import cover_sheets as covering
from oms.papers.cover_sheets import For
from oms.permissions import Action
from oms.stacks.codes import key_of


@click.command("cover-sheets", help=_("Print sheets with codes that divide a scanned stack into dossiers."))
@click.argument("numbers", metavar="NUMBER", nargs=-1)
@click.option("--unit", metavar="CODE", help=_("All dossiers this unit holds, instead of numbers."))
@click.option("--category", type=click.Choice([kind.value for kind in Category]), help=_("Only of this category."))
@click.option(
    "--for",
    "what",
    type=click.Choice([one.value for one in For]),
    default=For.MISSING.value,
    show_default=True,
    help=_("A sheet for each missing paper, for each chosen component, or for the whole dossier."),
)
@click.option("--component", "chosen", metavar="ID", multiple=True, help=_("A component, with “--for chosen”."))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=_("The file to write."))
@click.option("--purpose", type=click.Choice(PURPOSES), default="filing", help=_("What the paper is for."))
@acting_as()
def cover_sheets(
    numbers: tuple[str, ...],
    unit: str | None,
    category: str | None,
    what: str,
    chosen: tuple[str, ...],
    out: Path,
    purpose: str,
    username: str,
) -> None:
    """One PDF; each dossier is written down, and only when the file could be written."""
    if bool(numbers) == bool(unit):
        raise BadInput(N_("Name the numbers of dossiers, or a unit with --unit."))
    house = open_house()
    with acting(house, username, "paper:print") as actor, db.writing(house.engine) as session:
        if unit:
            wish = Wish(organisation.find_unit(session, unit).id, Category(category) if category else None)
            covered = covering.cover_many(session, For(what), chosen, actor=actor, wish=wish)
        else:
            found = [dossiers.get_dossier(session, one, actor=actor, action=Action.SCAN_UPLOAD) for one in numbers]
            covered = [covering.cover_dossier(session, dossier, For(what), chosen) for dossier in found]
        printing = Printing(actor, purpose)
        paper = covering.cover_sheets(session, covered, key=key_of(house.settings), printing=printing)
        with new_file(out) as target:
            target.write(paper.body)
    put(str(out))
