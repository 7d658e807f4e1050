"""`oms check-truth`: every dossier looked through for contradictions, portion by portion."""

import click
from sqlalchemy import select

from oms import checks, db
from oms.cli.opening import open_house
from oms.cli.output import _, put_json, say, with_json
from oms.models import Dossier

PORTION = 50
"""Dossiers of one commit: at 8 ms each, writers at their screens wait for less than half a second."""


@click.command("check-truth", help=_("Look through dossiers for contradictions and bring the findings up to date."))
@click.argument("numbers", nargs=-1, metavar="[NUMBER…]")
@with_json
def check_truth(numbers: tuple[str, ...], as_json: bool) -> None:
    """All dossiers, or those of the numbers; may be stopped and repeated at any time."""
    house = open_house()
    wanted = select(Dossier.id).order_by(Dossier.number)
    if numbers:
        wanted = wanted.where(Dossier.number.in_([number.strip().upper() for number in numbers]))
    with db.reading(house.engine) as session:
        ids = list(session.scalars(wanted))
    new = 0
    for first in range(0, len(ids), PORTION):
        with db.writing(house.engine) as session:
            for id in ids[first : first + PORTION]:
                new += checks.check(session, session.get_one(Dossier, id), actor=None)
    if as_json:
        put_json({"dossiers": len(ids), "new": new})
    else:
        say(_("Looked through: %(dossiers)s dossiers, new contradictions: %(new)s.", dossiers=len(ids), new=new))
