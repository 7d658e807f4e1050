"""`oms transfer mass`: a batch of transfers, its dossiers and the steps for all of them."""

from datetime import datetime
from typing import Any, BinaryIO

import click

from oms import audit, db, organisation
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, leave, put, put_json, put_table, say, with_json
from oms.custody import mass
from oms.errors import N_, BadInput
from oms.models import MassTransfer
from oms.permissions import Action, Actor, can


@click.group("mass", help=_("Hand many dossiers over by one decision, as a batch."))
def mass_transfer() -> None:
    """The group of commands for batches."""


@mass_transfer.command(help=_("Begin a batch to another unit; dossiers are added to it afterwards."))
@click.option("--to", "receiver", required=True, metavar="UNIT", help=_("Code or name of the receiving unit."))
@click.option("--reason", required=True, help=_("What the decision orders."))
@click.option("--basis", required=True, metavar="NUMBER", help=_("Number of the decision."))
@click.option("--basis-date", required=True, type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]), help=_("Its date."))
@acting_as()
@with_json
def new(receiver: str, reason: str, basis: str, basis_date: datetime, username: str, as_json: bool) -> None:
    """Begin a batch."""
    house = open_house()
    with acting(house, username, "mass_transfer:begin") as actor:
        with db.writing(house.engine) as session:
            senders = mass.senders(session, actor=actor)
            if not senders:
                raise BadInput(N_("Choose the unit that sends the dossiers."))
            unit = organisation.find_unit(session, receiver)
            decision = mass.Decision(basis, basis_date.date(), reason)
            number = mass.begin(session, senders[0], unit, decision, actor=actor).number
        _show(house, number, actor, as_json)


@mass_transfer.command(help=_("Add the dossiers of a list: an .xlsx or .csv file, or a number or name on each line."))
@click.argument("number", metavar="BATCH")
@click.argument("table", type=click.File("rb"))
@click.option("--leave-faults", is_flag=True, help=_("Leave out the lines that name no dossier."))
@acting_as()
@with_json
def add(number: str, table: BinaryIO, leave_faults: bool, username: str, as_json: bool) -> None:
    """Add dossiers and prepare their transfers."""
    house = open_house()
    with acting(house, username, "mass_transfer:add") as actor:
        lines = mass.read_table(table.name, table.read(mass.choosing.LARGEST_TABLE + 1))
        with db.writing(house.engine) as session:
            batch = mass.get(session, number, actor=actor)
            choice = mass.choose(session, lines, batch.from_unit, actor=actor)
            for fault in choice.faults:
                say(f"{fault.row}: {fault.wanted}: {_(fault.message, **fault.values)}")
            if choice.faults and not leave_faults:
                leave(1)
            if mass.add(session, batch, choice.ids, actor=actor):
                mass.order(session, batch, "prepare", actor=actor)
            id = batch.id
        _carry_out(house, id, actor)
        _show(house, number, actor, as_json)


@mass_transfer.command(help=_("Take a step for all dossiers of a batch that stand where it begins."))
@click.argument("number", metavar="BATCH")
@click.argument("act", type=click.Choice(list(mass.ACTS)))
@click.option("--reason", default="", help=_("One sentence the other side reads."))
@click.option("--partly", is_flag=True, help=_("Leave behind, named, those that cannot go."))
@acting_as()
@with_json
def take(number: str, act: str, reason: str, partly: bool, username: str, as_json: bool) -> None:
    """Order a step and carry it out to its end."""
    house = open_house()
    with acting(house, username, f"mass_transfer:{act}") as actor:
        with db.writing(house.engine) as session:
            batch = mass.get(session, number, actor=actor)
            mass.order(session, batch, act, actor=actor, reason=reason, partly=partly)
            id = batch.id
        _carry_out(house, id, actor)
        _show_after(house, id, actor, as_json)


@mass_transfer.command(help=_("Show how a batch stands, who stayed behind and what was done."))
@click.argument("number", metavar="BATCH")
@acting_as()
@with_json
def show(number: str, username: str, as_json: bool) -> None:
    """Look at one batch."""
    house = open_house()
    with acting(house, username, "mass_transfer:view") as actor:
        _show(house, number, actor, as_json)


@mass_transfer.command("list", help=_("List the batches that concern the units of the account."))
@acting_as()
@with_json
def list_batches(username: str, as_json: bool) -> None:
    """All batches, the latest first."""
    house = open_house()
    with acting(house, username, "mass_transfer:list") as actor, db.reading(house.engine) as session:
        found = [_document(one) for one in mass.list_batches(session, actor=actor)]
        mass.look_at_list(session, actor=actor, shown=len(found))
        audit.write_looks(session)
    for document in found:
        if as_json:
            put_json(document)
        else:
            put(f"{document['batch']}  {document['from']} → {document['to']}  {document['members']}")


def _carry_out(house: House, id: str, actor: Actor) -> None:
    """Portion after portion in this process: nobody waits for a worker, and one that died is gone on with."""
    left = 1
    while left:
        with db.writing(house.engine) as session:
            left = mass.carry_on(session, session.get_one(MassTransfer, id), actor=actor)
        house.deliver(session)


def _show_after(house: House, id: str, actor: Actor, as_json: bool) -> None:
    """The batch after a step; what went back to the sender concerns the receiver no longer."""
    with db.reading(house.engine) as session:
        batch = session.get_one(MassTransfer, id)
        number, seen = batch.number, can(actor, Action.MASS_TRANSFER_READ, batch)
    if seen:
        _show(house, number, actor, as_json)
    else:
        say(_("Done. Batch %(number)s does not concern your unit any more.", number=number))


def _show(house: House, number: str, actor: Actor, as_json: bool) -> None:
    with db.reading(house.engine) as session:
        batch = mass.get(session, number, actor=actor)
        document = _document(mass.overview(session, batch, actor=actor))
        document["runs"] = [
            {"act": run.act, "moved": run.moved, "stayed": run.stayed, "by": run.ordered_by.username}
            for run in mass.runs_of(session, batch)
        ]
        document["stayed"] = [
            {
                "dossier": row.member.dossier.number,
                "why": _(str(row.member.refusal), **(row.member.refusal_values or {})),
            }
            for row in mass.page_of(session, batch, actor=actor, show="stayed")[0]
        ]
        mass.view(session, batch, actor=actor)
        audit.write_looks(session)
    if as_json:
        put_json(document)
    else:
        _print(document)


def _document(one: mass.Overview) -> dict[str, Any]:
    batch = one.batch
    return {
        "batch": batch.number,
        "from": batch.from_unit.code,
        "to": batch.to_unit.code,
        "basis": batch.basis_number,
        "members": one.total,
        "states": {state.value if state else "unprepared": count for state, count in one.counts.items()},
        "open": batch.is_open,
        "steps": [act.name for act, _count in one.acts],
    }


def _print(document: dict[str, Any]) -> None:
    put(f"{document['batch']}  {document['from']} → {document['to']}  {document['basis']}  {document['members']}")
    put_table((_("State"), _("Dossiers")), document["states"].items())
    put_table(
        (_("Step"), _("By"), _("Went"), _("Stayed behind")),
        ((run["act"], run["by"], run["moved"], run["stayed"]) for run in document["runs"]),
    )
    for one in document["stayed"]:
        put(f"{one['dossier']}: {one['why']}")
    if document["steps"]:
        put(_("You can now: %(steps)s", steps=", ".join(document["steps"])))
