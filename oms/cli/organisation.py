"""`oms unit`: the organisation as the program knows it."""

from datetime import datetime

import click

from oms import audit, db, organisation
from oms.cli.opening import open_house
from oms.cli.output import _, put_json, put_table, say, with_json
from oms.models import Unit, UnitKind


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
        (_("Code"), _("Party code"), _("Kind"), _("Name of the unit")),
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


@unit.command("add", help=_("Add a unit below another one, for instance when setting up an installation."))
@click.argument("code")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in UnitKind]), help=_("What it is."))
@click.option("--below", required=True, help=_("Code of the unit above it."))
@click.option("--host", default=None, help=_("The body the organisation belongs to, for instance “Sở Nội vụ”."))
@click.option("--symbol", default=None, help=_("Its part in document numbers, for instance ĐUK."))
@click.option("--party-code", default=None, help=_("Its 14 digits, for instance 68.020.022.000.000."))
@click.option("--keeps-dossiers", is_flag=True, help=_("The board that keeps the dossiers of its committee."))
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help=_("First day (YYYY-MM-DD)."))
@with_json
def add_unit(
    code: str,
    name: str,
    kind: str,
    below: str,
    host: str | None,
    symbol: str | None,
    party_code: str | None,
    keeps_dossiers: bool,
    since: datetime | None,
    as_json: bool,
) -> None:
    """Enter a unit."""
    house = open_house()
    with db.writing(house.engine) as session:
        added = organisation.add_unit(
            session,
            organisation.NewUnit(
                code=code,
                name=name,
                kind=UnitKind(kind),
                host_name=host,
                symbol=symbol,
                party_code=party_code,
                keeps_dossiers=keeps_dossiers,
                valid_from=since.date() if since else None,
            ),
            organisation.find_unit(session, below),
        )
        audit.record(session, "unit:create", added, actor=None)
        row = _row(added)
    if as_json:
        put_json(row)
        return
    say(_("%(name)s is entered under the code %(code)s.", name=row["name"], code=row["unit"]))
