"""`oms membership`: prepare the move of a member, take its steps, look at it."""

from datetime import datetime
from typing import Any

import click

from oms import audit, db, dossiers, membership, organisation
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, put, put_json, put_table, with_json
from oms.models import MembershipKind, MembershipTransfer
from oms.permissions import Action, Actor, can

_DAY = click.DateTime(["%Y-%m-%d", "%d/%m/%Y"])


@click.group("membership", help=_("Move members from one cell to another, box by box of the letter."))
def moves() -> None:
    """The group of membership commands."""


@moves.command(help=_("Prepare the move of the member of a member dossier."))
@click.argument("number", metavar="DOSSIER")
@click.option("--to", "receiver", required=True, metavar="UNIT", help=_("Code or name of the receiving cell."))
@click.option("--kind", type=click.Choice([kind.value for kind in MembershipKind]), required=True)
@click.option("--basis", required=True, metavar="NUMBER", help=_("Number of the decision or application."))
@click.option("--basis-date", required=True, type=_DAY, help=_("Its date."))
@click.option("--reason", required=True, help=_("Why the member moves."))
@click.option("--until", type=_DAY, help=_("Last day of a temporary stay."))
@click.option("--study", is_flag=True, help=_("The stay is for study."))
@acting_as()
@with_json
def new(
    number: str,
    receiver: str,
    kind: str,
    basis: str,
    basis_date: datetime,
    reason: str,
    until: datetime | None,
    study: bool,
    username: str,
    as_json: bool,
) -> None:
    """Begin a move."""
    house = open_house()
    with acting(house, username, "membership:new") as actor:
        with db.writing(house.engine) as session:
            dossier = dossiers.get_dossier(session, number, actor=actor)
            wish = membership.Wish(
                MembershipKind(kind),
                organisation.find_unit(session, receiver),
                basis,
                basis_date.date(),
                reason,
                ends_on=until.date() if until else None,
                for_study=study,
            )
            made = membership.prepare(session, dossier, wish, actor=actor).number
        _show(house, made, actor, as_json)


@moves.command("list", help=_("List the open moves that concern the unit."))
@acting_as()
@with_json
def list_open(username: str, as_json: bool) -> None:
    """The open moves, the latest first."""
    house = open_house()
    with acting(house, username, "membership:list") as actor, db.reading(house.engine) as session:
        found = [_document(move, actor) for move in membership.list_moves(session, actor=actor, open_only=True)]
        membership.look_at_list(session, actor=actor, shown=len(found))
        audit.write_looks(session)
    if as_json:
        put_json({"moves": found})
        return
    put_table(
        (_("Move"), _("From"), _("To"), _("State"), _("Last day")),
        ((move["move"], move["from"], move["to"], move["label"], move["due"]) for move in found),
    )


@moves.command(help=_("Show where a move stands and whose box is next."))
@click.argument("number", metavar="NUMBER")
@acting_as()
@with_json
def show(number: str, username: str, as_json: bool) -> None:
    """Look at one move."""
    house = open_house()
    with acting(house, username, "membership:view") as actor:
        _show(house, number, actor, as_json)


def _make_step(name: str) -> click.Command:
    @click.argument("number", metavar="NUMBER")
    @click.option("--reason", default="", help=_("One sentence the other side reads."))
    @click.option("--paper", default="", metavar="NUMBER", help=_("Number of the letter of a body outside."))
    @click.option("--paper-date", type=_DAY, help=_("Its date."))
    @acting_as()
    @with_json
    def step(number: str, reason: str, paper: str, paper_date: datetime | None, username: str, as_json: bool) -> None:
        house = open_house()
        with acting(house, username, f"membership:{name}") as actor:
            with db.writing(house.engine) as session:
                move = membership.get_move(session, number, actor=actor)
                arrow = membership.choose_step(move, name, actor=actor)
                written = (paper, paper_date.date() if paper_date else None)
                membership.take(session, arrow, move, actor=actor, reason=reason, paper=written)
                still = can(actor, Action.MEMBERSHIP_READ, move)
            if still:
                _show(house, number, actor, as_json)

    labels = dict.fromkeys(arrow.label for arrow in membership.STEPS if arrow.name == name)
    return click.command(name, help=" / ".join(_(label) for label in labels))(step)


for step_name in membership.STEP_NAMES:
    moves.add_command(_make_step(step_name))


def _show(house: House, number: str, actor: Actor, as_json: bool) -> None:
    with db.reading(house.engine) as session:
        move = membership.get_move(session, number, actor=actor)
        document = _document(move, actor)
        membership.view(session, move, actor=actor)
        audit.write_looks(session)
    if as_json:
        put_json(document)
        return
    put(f"{document['move']}  {document['dossier']}  {document['from']} → {document['to']}  {document['label']}")
    put_table(
        (_("Box of the letter"), _("Body"), _("Signed"), _("Date")),
        ((box["box"], box["unit"], box["signer"] or "", box["day"] or "") for box in document["boxes"]),
    )
    if document["steps"]:
        put(_("You can now: %(steps)s", steps=", ".join(document["steps"])))


def _document(move: MembershipTransfer, actor: Actor) -> dict[str, Any]:
    return {
        "move": move.number,
        "kind": move.kind.value,
        "dossier": move.dossier.number,
        "from": move.from_unit.code,
        "to": move.to_unit.code,
        "state": move.state.value,
        "label": _(move.state.label),
        "due": move.due_on.isoformat() if move.state.is_open else None,
        "boxes": [
            {
                "box": box.position,
                "unit": box.unit.code,
                "signer": box.signer,
                "day": box.signed_on.isoformat() if box.signed_on else None,
            }
            for box in move.boxes
        ],
        "steps": [step.name for step in membership.steps_open_to(move, actor=actor)],
    }
