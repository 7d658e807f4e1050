"""`oms transfer`: prepare a hand-over, take its steps, look at it."""

from datetime import datetime
from typing import Any

import click
from sqlalchemy import select

from oms import accounts, audit, custody, db, dossiers, organisation
from oms.cli.mass_transfers import mass_transfer
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, put, put_json, put_table, with_json
from oms.errors import NotFound
from oms.models import CheckOutcome, Transfer
from oms.permissions import Action, Actor


@click.group(help=_("Hand a dossier over to another unit, step by step."))
def transfer() -> None:
    """The group of transfer commands."""


@transfer.command(help=_("Prepare the transfer of a dossier to another unit."))
@click.argument("number", metavar="DOSSIER")
@click.option("--to", "receiver", required=True, metavar="UNIT", help=_("Code or name of the receiving unit."))
@click.option("--reason", required=True, help=_("Number and date of the decision to move the person."))
@click.option("--basis", default="", metavar="NUMBER", help=_("Number of the decision or letter that is the proof."))
@click.option("--basis-date", type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]), help=_("Its date."))
@acting_as()
@with_json
def new(
    number: str, receiver: str, reason: str, basis: str, basis_date: datetime | None, username: str, as_json: bool
) -> None:
    """Begin a transfer."""
    house = open_house()
    with acting(house, username, "transfer:new") as actor:
        with db.writing(house.engine) as session:
            dossier = dossiers.get_dossier(session, number, actor=actor)
            unit = organisation.find_unit(session, receiver)
            proof = custody.Proof(basis, basis_date.date() if basis_date else None)
            begun = custody.prepare(session, dossier, unit, reason, actor=actor, proof=proof)
            made = begun.number
        house.deliver(session)
        _show(house, made, actor, as_json)


@transfer.command(help=_("Show where a transfer stands and what happened to it."))
@click.argument("number", metavar="NUMBER")
@acting_as(required=False)
@with_json
def show(number: str, username: str | None, as_json: bool) -> None:
    """Look at one transfer; without `--as` for the administrator of the machine, without names of people."""
    house = open_house()
    if username is None:
        _show(house, number, None, as_json, log=True)
        return
    with acting(house, username, "transfer:view") as actor:
        _show(house, number, actor, as_json, log=True)


@transfer.command(help=_("Write down on arrival what was found of a line of the list, or that the rest is complete."))
@click.argument("number", metavar="NUMBER")
@click.option("--line", type=int, help=_("Line of the list, counted from 1; without it all lines not yet checked."))
@click.option("--found", type=click.Choice([one.value for one in CheckOutcome]), default=CheckOutcome.PRESENT.value)
@click.option("--note", default="", help=_("What is missing or damaged."))
@acting_as()
@with_json
def check(number: str, line: int | None, found: str, note: str, username: str, as_json: bool) -> None:
    """Check the papers that came against the sealed list."""
    house = open_house()
    with acting(house, username, "transfer:check") as actor:
        with db.writing(house.engine) as session:
            arrived = custody.get_transfer(session, number, actor=actor)
            if line is None:
                custody.tick_rest(session, arrived, actor=actor)
            else:
                custody.tick(session, arrived, line, CheckOutcome(found), note, actor=actor)
        _show(house, number, actor, as_json)


@transfer.command(help=_("Enter papers that came from a body outside, with their slip; the head confirms."))
@click.argument("number", metavar="DOSSIER")
@click.option("--from", "body", required=True, metavar="BODY", help=_("Full name of the body outside."))
@click.option("--slip", required=True, metavar="NUMBER", help=_("Number of the slip that came with the papers."))
@click.option("--slip-date", required=True, type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]), help=_("Its date."))
@click.option("--paper", "papers", multiple=True, required=True, help=_("A line of the slip: “title; number; sheets”."))
@click.option("--note", default="", help=_("State of the seal and the envelope, why the dossier comes."))
@acting_as()
@with_json
def receive(
    number: str,
    body: str,
    slip: str,
    slip_date: datetime,
    papers: tuple[str, ...],
    note: str,
    username: str,
    as_json: bool,
) -> None:
    """Enter what came from outside for a dossier the unit holds."""
    house = open_house()
    with acting(house, username, "transfer:from_outside") as actor:
        with db.writing(house.engine) as session:
            dossier = dossiers.get_dossier(session, number, actor=actor)
            outside = custody.find_outside_body(session, body, actor=actor)
            listed = custody.read_slip("\n".join(papers))
            arrival = custody.Arrival(slip, slip_date.date(), listed, note)
            made = custody.receive_from_outside(session, dossier, outside, arrival, actor=actor).number
        house.deliver(session)
        _show(house, made, actor, as_json)


def _make_step(name: str) -> click.Command:
    @click.argument("number", metavar="NUMBER")
    @click.option("--reason", default="", help=_("One sentence the other side reads."))
    @click.option("--second", metavar="USER", help=_("The second person of a step that two people take: a loss."))
    @acting_as()
    @with_json
    def step(number: str, reason: str, second: str | None, username: str, as_json: bool) -> None:
        house = open_house()
        with acting(house, username, f"transfer:{name}") as actor:
            with db.writing(house.engine) as session:
                found = custody.get_transfer(session, number, actor=actor)
                other = accounts.get_actor(session, second, via="cli") if second else None
                arrow = custody.choose_step(found, name, actor=actor)
                custody.take(session, arrow, found, actor=actor, reason=reason, second=other)
            house.deliver(session)
            _show(house, number, actor, as_json)

    labels = dict.fromkeys(arrow.label for arrow in custody.STEPS if arrow.name == name)
    return click.command(name, help=" / ".join(_(label) for label in labels))(step)


transfer.add_command(mass_transfer)
for step_name in custody.STEP_NAMES:
    transfer.add_command(_make_step(step_name))


def _show(house: House, number: str, actor: Actor | None, as_json: bool, *, log: bool = False) -> None:
    with db.reading(house.engine) as session:
        if actor is None:
            found = session.scalar(select(Transfer).where(Transfer.number == number.strip().upper()))
            if found is None:
                raise NotFound()
        elif log:
            found = custody.get_transfer(session, number, actor=actor)
        else:  # right after a step that may have been the actor's last look at it
            found = session.scalars(select(Transfer).where(Transfer.number == number.strip().upper())).one()
        document = _document(found, actor)
        if log and actor is not None:
            custody.view(session, found, actor=actor)
        elif log:
            audit.record(session, "transfer:view", found, actor=None)
        audit.write_looks(session)
    if as_json:
        put_json(document)
    else:
        _print(document)


def _document(found: Transfer, actor: Actor | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "transfer": found.number,
        "dossier": found.dossier.number,
        "from": found.from_unit.code,
        "to": found.to_unit.code,
        "approver": found.approving_unit.code,
        "state": found.state.value,
        "label": _(found.state.label),
        "due": found.due_on.isoformat() if found.due_on else None,
        "manifest_sha256": found.manifest_sha256,
        "checked": {check.position: check.outcome.value for check in found.checks},
        "events": [
            {
                "step": event.step,
                "start": event.start.value if event.start else None,
                "end": event.end.value,
                "by": event.taken_by.username,
                "at": event.at.isoformat(timespec="seconds"),
                "reason": event.reason if actor else None,
            }
            for event in found.events
        ],
    }
    if actor is not None:
        steps = custody.steps_open_to(found, actor=actor) if actor.has(Action.TRANSFER_READ) else []
        document["steps"] = [arrow.name for arrow in steps]
    return document


def _print(document: dict[str, Any]) -> None:
    put(f"{document['transfer']}  {document['dossier']}  {document['from']} → {document['to']}  {document['label']}")
    put_table(
        (_("Step"), _("State"), _("By"), _("At")),
        ((event["step"], event["end"], event["by"], event["at"]) for event in document["events"]),
    )
    if document.get("steps"):
        put(_("You can now: %(steps)s", steps=", ".join(document["steps"])))
