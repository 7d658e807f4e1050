"""`oms export-dossiers`: whole dossiers as files in a folder, by number or all that a unit holds."""

import os
from collections.abc import Iterable
from pathlib import Path

import click
from sqlalchemy import select

from oms import db, dossiers, organisation, papers
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, put
from oms.errors import N_, BadInput, OmsError
from oms.models import Category, Dossier
from oms.papers import whole_dossier
from oms.permissions import Action, allowed


@click.command("export-dossiers", help=_("Write whole dossiers into a folder, as ZIP or PDF in catalogue order."))
@click.argument("numbers", metavar="NUMBER", nargs=-1)
@click.option("--unit", metavar="CODE", help=_("All dossiers this unit holds, instead of numbers."))
@click.option("--category", type=click.Choice([kind.value for kind in Category]), help=_("Only of this category."))
@click.option("--form", type=click.Choice(["zip", "pdf"]), default="zip", show_default=True, help=_("Kind of file."))
@click.option("--folder", required=True, type=click.Path(file_okay=False, path_type=Path), help=_("Where to."))
@click.option("--purpose", type=click.Choice(papers.PURPOSES), default="filing", help=_("What the paper is for."))
@acting_as()
def export_dossiers(
    numbers: tuple[str, ...],
    unit: str | None,
    category: str | None,
    form: str,
    folder: Path,
    purpose: str,
    username: str,
) -> None:
    """One file for each dossier, each written down by itself; what cannot leave is named and the others go on."""
    if bool(numbers) == bool(unit):
        raise BadInput(N_("Name the numbers of dossiers, or a unit with --unit."))
    house = open_house()
    settings = house.settings
    if unit:
        with acting(house, username, "dossier:export") as actor, db.reading(house.engine) as session:
            query = select(Dossier.number).where(
                Dossier.custodian_id == organisation.find_unit(session, unit).id, allowed(actor, Action.DOSSIER_READ)
            )
            if category:
                query = query.where(Dossier.category == Category(category))
            numbers = tuple(session.scalars(query.order_by(Dossier.number)))
    refused = 0
    for number in numbers:
        try:
            with acting(house, username, "dossier:export") as actor, db.writing(house.engine) as session:
                dossier = dossiers.get_dossier(session, number, actor=actor)
                printing = papers.Printing(actor, purpose)
                bundle = whole_dossier.take(session, dossier, printing=printing, home=settings.home)
                pieces = (
                    whole_dossier.stream_pdf(bundle, settings)
                    if form == "pdf"
                    else whole_dossier.stream(bundle, settings.scans)
                )
                put(str(_write(folder / f"{dossier.number}.{form}", pieces)))
        except OmsError as error:
            if not unit:
                raise
            refused += 1
            put(f"{number}: {_(error.message) % error.values if error.values else _(error.message)}")
    if refused:
        raise BadInput(N_("%(count)s dossiers were not written; each is named above."), count=refused)


def _write(path: Path, pieces: Iterable[bytes]) -> Path:
    """The file appears whole or not at all, readable for its owner alone."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            for piece in pieces:
                out.write(piece)
        part.rename(path)
    except OSError as error:
        raise BadInput(N_("%(path)s cannot be written. Choose another file."), path=path) from error
    finally:
        part.unlink(missing_ok=True)
    return path
