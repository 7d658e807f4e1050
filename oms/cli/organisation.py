"""`oms unit`: the organisation as the program knows it."""

from datetime import datetime

import click

from oms import db, organisation
from oms.cli.opening import open_house
from oms.cli.output import _, put_json, put_table, with_json
from oms.models import Unit


@click.group(help=_("Units of the organisation."))
def unit() -> None:
    """The group of unit commands."""


@unit.command("list", help=_("The units that exist today, with their codes."))
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help=_("As they stood on this day (YYYY-MM-DD)."))
@with_json
def list_units(day: datetime | None, as_json: bool) -> None:
    """Show units."""
    house = open_house()
    with db.reading(house.engine) as session:
        chosen = day.date() if day else organisation.today()
        rows = [(_row(found), found.kind.label) for found in organisation.units_on(session, chosen)]
    if as_json:
        for row, _label in rows:
            put_json(row)
        return
    put_table(
        (_("Code"), _("Party code"), _("Kind"), _("Name")),
        [(row["unit"], row["party_code"], _(label), row["name"]) for row, label in rows],
    )


def _row(found: Unit) -> dict[str, object]:
    return {
        "unit": found.code,
        "party_code": found.party_code,
        "kind": found.kind.value,
        "name": found.name,
        "parent": found.parent.code if found.parent else None,
        "keeps_dossiers": found.keeps_dossiers or found.kind.is_grassroots,
        "valid_from": found.valid_from,
        "valid_to": found.valid_to,
    }
