"""`oms reorganise`: units merge, split, change name or place and end by a decision, step by step."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy.orm import Session

from oms import db, reorganisation
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, put, put_json, put_table, with_json
from oms.errors import N_, BadInput
from oms.models import Reorganisation
from oms.permissions import Actor

FIELDS = {"decision_number": str, "decided_on": date, "decision_body": str, "effective_on": date, "changes": list}


@click.group(help=_("Merge, split, rename, move and end units by a decision: tried out first, approved by another."))
def reorganise() -> None:
    """The group of commands of a reorganisation."""


@reorganise.command(help=_("Write down the plan of a decision from a YAML file; nothing changes yet."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@acting_as()
@with_json
def plan(file: Path, username: str, as_json: bool) -> None:
    """Draft a reorganisation."""
    written = _read(file)

    def draft(session: Session, actor: Actor) -> Reorganisation:
        return reorganisation.draft(session, **written, actor=actor)

    _do("reorganisation:draft", username, as_json, draft)


def _read(file: Path) -> dict[str, Any]:
    try:
        written = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise BadInput(
            N_("%(file)s is not a YAML file. Look at the example in the documentation."), file=file
        ) from None
    given = written if isinstance(written, dict) else {}
    wrong = [name for name, kind in FIELDS.items() if not isinstance(given.get(name), kind)]
    wrong += [name for name in given if name not in {*FIELDS, "choices"}]
    if wrong or not all(isinstance(row, dict) for row in given["changes"]):
        raise BadInput(
            N_("%(file)s: missing, unknown or of another kind: %(names)s."),
            file=file,
            names=", ".join(wrong or ["changes"]),
        )
    return given


@reorganise.command(
    name="try", help=_("Carry the plan out and take it back at once: who gains, who loses, what stands in the way.")
)
@click.argument("number", metavar="NUMBER")
@acting_as()
@with_json
def dry_run(number: str, username: str, as_json: bool) -> None:
    """The dry run."""
    house = open_house()
    with acting(house, username, "reorganisation:dry_run") as actor, db.writing(house.engine) as session:
        found = reorganisation.get_reorganisation(session, number, actor=actor)
        result = reorganisation.dry_run(session, found, actor=actor).as_json()
    if as_json:
        put_json(result)
        return
    put_table((_("Count"), _("Number")), result["counts"].items())
    put_table((_("Account"), _("Gains"), _("Loses")), ((name, *pair) for name, pair in result["rights"].items()))
    put_table((_("Unit without a dossier officer"), _("Dossiers")), result["nobody"].items())
    for sentence, values in result["blockers"]:
        put(_(sentence) % values)


def _add_step(
    name: str, label: str, act: Callable[[Session, Reorganisation, str, Actor], object], *, reason: bool
) -> None:
    @click.argument("number", metavar="NUMBER")
    @click.option("--reason", default="", required=reason, help=_("Why, in one sentence."))
    @acting_as()
    @with_json
    def step(number: str, reason: str, username: str, as_json: bool) -> None:
        def take(session: Session, actor: Actor) -> Reorganisation:
            found = reorganisation.get_reorganisation(session, number, actor=actor)
            act(session, found, reason, actor)
            return found

        _do(f"reorganisation:{name}", username, as_json, take)

    reorganise.add_command(click.command(name, help=_(label))(step))


_add_step(
    "submit",
    N_("Try the plan out and give it to the head."),
    lambda session, found, _reason, actor: reorganisation.submit(session, found, actor=actor),
    reason=False,
)
_add_step(
    "approve",
    N_("Approve the plan as it was tried out; never whoever prepared it."),
    lambda session, found, _reason, actor: reorganisation.approve(session, found, actor=actor),
    reason=False,
)
_add_step(
    "execute",
    N_("Carry the plan out in one go."),
    lambda session, found, _reason, actor: reorganisation.execute(session, found, actor=actor),
    reason=False,
)
_add_step(
    "undo",
    N_("Take everything back exactly, within the time set."),
    lambda session, found, reason, actor: reorganisation.undo(session, found, reason, actor=actor),
    reason=True,
)
_add_step(
    "cancel",
    N_("Give the plan up before it is carried out."),
    lambda session, found, reason, actor: reorganisation.cancel(session, found, reason, actor=actor),
    reason=True,
)


def _do(action: str, username: str, as_json: bool, act: Callable[[Session, Actor], Reorganisation]) -> None:
    house = open_house()
    with acting(house, username, action) as actor:
        with db.writing(house.engine) as session:
            found = act(session, actor)
            session.flush()
            told = {"reorganisation": found.number, "state": found.state.value, "label": _(found.state.label)}
        house.deliver(session)
    if as_json:
        put_json(told)
    else:
        put(f"{told['reorganisation']}  {told['label']}")
