"""`oms loan`: paper that was not given back in time."""

import click

from oms import audit, consultations, db
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, put, put_json, put_table, with_json


@click.group(help=_("Paper of dossiers on loan."))
def loan() -> None:
    """The group of loan commands."""


@loan.command(help=_("List paper that was not given back on its last day."))
@acting_as()
@with_json
def overdue(username: str, as_json: bool) -> None:
    """Paper past its last day that the account lent or asked for."""
    house = open_house()
    with acting(house, username, "consultation:list") as actor, db.reading(house.engine) as session:
        found = consultations.overdue(session, actor=actor)
        consultations.look_at_list(session, actor=actor, shown=len(found))
        rows = [
            {
                "request": one.number,
                "dossier": one.dossier.number if one.dossier is not None else None,
                "unit": one.unit.code,
                "due": one.loan.due_on.isoformat() if one.loan is not None else None,
            }
            for one in found
        ]
        audit.write_looks(session)
    if as_json:
        put_json({"overdue": rows})
    elif not rows:
        put(_("No paper is overdue"))
    else:
        put_table((_("Request"), _("Dossier"), _("Unit"), _("Last day")), (tuple(row.values()) for row in rows))
