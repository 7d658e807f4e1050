"""`oms reorganise`: units merge, split, change name or place and end by a decision, step by step."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
import yaml
from sqlalchemy.orm import Session

from oms import audit, db, reorganisation
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
        result = reorganisation.dry_run(session, found, actor=actor)
    if as_json:
        put_json(result.as_json())
        return
    _put_counts(result.counts)
    put_table((_("Account"), _("Gains"), _("Loses")), ((name, *pair) for name, pair in sorted(result.rights.items())))
    put_table((_("Unit without a dossier officer"), _("Dossiers")), sorted(result.nobody.items()))
    if result.undecided:
        titles = (_("Split unit whose people go to the first successor, as nothing says where"), _("People"))
        put_table(titles, sorted(result.undecided.items()))
    _put_landings(result.landings)
    for sentence, values in result.blockers:
        put(_(sentence) % values)


@reorganise.command(name="list", help=_("List the reorganisations of the board, the newest first."))
@acting_as()
@with_json
def list_all(username: str, as_json: bool) -> None:
    """All reorganisations the account may see."""
    house = open_house()
    with acting(house, username, "reorganisation:list") as actor, db.reading(house.engine) as session:
        rows = [_told(change) for change in reorganisation.list_reorganisations(session, actor=actor)]
        audit.write_looks(session)
    if as_json:
        put_json({"reorganisations": rows})
    elif not rows:
        put(_("There is no reorganisation yet"))
    else:
        titles = (_("Reorganisation"), _("Decision"), _("Takes effect"), _("State"))
        shown = ((row["reorganisation"], row["decision"], row["effective_on"], row["label"]) for row in rows)
        put_table(titles, shown)


@reorganise.command(help=_("Show a reorganisation: its plan, what was tried out, what was carried out."))
@click.argument("number", metavar="NUMBER")
@acting_as()
@with_json
def show(number: str, username: str, as_json: bool) -> None:
    """One reorganisation."""
    house = open_house()
    with acting(house, username, "reorganisation:view") as actor, db.reading(house.engine) as session:
        change = reorganisation.get_reorganisation(session, number, actor=actor)
        reorganisation.view(session, change, actor=actor)
        tried, done = reorganisation.last_dry_run(change), reorganisation.outcome_of(session, change)
        until = reorganisation.may_undo_until(change)
        told = {
            **_told(change),
            "plan": change.plan,
            "dry_run": tried and tried.as_json(),
            "outcome": done and done.as_json(),
            "undo_until": until and until.isoformat(),
        }
        audit.write_looks(session)
    if as_json:
        put_json(told)
        return
    put(f"{told['reorganisation']}  {told['decision']}  {told['effective_on']}  {told['label']}")
    if until:
        put(_("Can be taken back until %(day)s", day=until))
    for row in told["plan"]["changes"]:
        put("  ".join(f"{name}: {value}" for name, value in row.items()))
    if latest := done or tried:
        _put_counts(latest.counts)
        _put_landings(latest.landings)


def _told(change: Reorganisation) -> dict[str, Any]:
    return {
        "reorganisation": change.number,
        "decision": change.decision_number,
        "effective_on": change.effective_on.isoformat(),
        "state": change.state.value,
        "label": _(change.state.label),
    }


def _put_counts(counts: dict[str, int]) -> None:
    put_table((_("Count"), _("Number")), ((_(reorganisation.COUNT_LABELS[name]), n) for name, n in counts.items()))


def _put_landings(landings: Sequence[reorganisation.Landing]) -> None:
    titles = (_("What passes on"), _("From"), _("To"), _("Number"), _("Which"))
    put_table(titles, ((_(one.label), one.start, one.end, one.number, ", ".join(one.names)) for one in landings))


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
