"""`oms audit`: is the log whole, what does it say, and who else can tell."""

import json
from pathlib import Path

import click

from oms import audit as log
from oms import db
from oms.audit import extracts, proof, sealing, segments
from oms.audit.notes import text_of
from oms.audit.verifying import rows
from oms.audit_reading import Filters, Line, list_entries
from oms.audit_words import FINDINGS, OUTCOMES
from oms.cli.opening import acting, look_at_house, open_house
from oms.cli.output import _, acting_as, leave, new_file, put, put_json, put_table, say, with_json
from oms.errors import N_, BadInput
from oms.log_standing import of_break
from oms.papers.seal_slip import seal_slip
from oms.permissions import Action, require


@click.group(help=_("The audit log: check its chain, show entries."))
def audit() -> None:
    """The group of audit commands."""


@audit.command(
    help=_(
        "Check every entry of the chain and every checkpoint; exit code 1 names what does not hold, 3 an older segment "
        "that was broken when the newest one holds."
    )
)
@click.option(
    "--anchors",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help=_("A folder or file of checkpoints kept elsewhere, or the text of a syslog; may be given several times."),
)
@click.option("--from", "first", default=1, type=click.IntRange(1), help=_("Believe what lies before this entry."))
@with_json
def verify(anchors: tuple[Path, ...], first: int, as_json: bool) -> None:
    """Check the log."""
    house = open_house()
    for place in anchors:
        if not sealing.holds_notes(house.settings, place):
            raise BadInput(N_("In %(place)s stands no checkpoint of this log: nothing was compared."), place=place)
    with db.reading(house.engine) as session:
        found = sealing.verify_log(session, house.settings, anchors, first)
    if as_json:
        put_json(
            {
                "ok": not found.finding,
                "entries": found.entries,
                "head": found.head,
                "checkpoints": found.checkpoints,
                "first_broken": found.seq if found.finding else None,
                "finding": found.finding or None,
                "older": [one._asdict() for one in found.older],
            }
        )
    elif found.finding:
        finding = _(FINDINGS[found.finding])
        if found.seq and found.finding != "frozen-changed":
            say(_("The chain does not hold at entry %(seq)s. %(finding)s", seq=found.seq, finding=finding))
        else:
            say(_("The log cannot be believed. %(finding)s", finding=finding))
    else:
        say(_("The chain holds: %(entries)s entries, last hash %(head)s.", entries=found.entries, head=found.head))
        say(_("It agrees with %(number)s checkpoints.", number=found.checkpoints))
    for one in () if as_json else found.older:
        sentence, values = of_break(one)
        say(_(sentence, **values))
    leave(1 if found.finding else 3 if found.older else 0)


@audit.command(
    help=_("Check what came since the last checkpoint and sign the next one; for the user who holds the key.")
)
def seal() -> None:
    """Sign a checkpoint."""
    house = look_at_house()
    checkpoint = sealing.seal(house.engine, house.settings)
    put(text_of(checkpoint) if checkpoint else _("The log is empty: there is nothing to sign."))


@audit.command(
    "new-segment",
    help=_(
        "Let the log go on in a new segment beside one that is broken; the broken one stays and is told of for ever. For "
        "the user who holds the key, in the name of who reads the log."
    ),
)
@click.option("--reason", required=True, metavar=_("REASON"), help=_("Why the log goes on; it stands in the log."))
@acting_as()
@with_json
def new_segment(reason: str, username: str, as_json: bool) -> None:
    """Begin a segment."""
    house = look_at_house()
    with acting(house, username, "audit:segment") as actor:
        begun = segments.begin(house.engine, house.settings, reason, actor=actor)
    one = begun.broken
    if as_json:
        put_json({**one._asdict(), "file": str(begun.frozen) if begun.frozen else None})
        return
    if begun.frozen:
        put(str(begun.frozen))
    put(one.frozen)
    sentence, values = of_break(one)
    say(_(sentence, **values))
    say(
        _(
            "The segment before stays as it is: keep its file and its hash (SHA-256), print “oms audit slip”, and look for "
            "who changed the database. Key and checkpoints: %(place)s.",
            place=sealing.folder(house.settings),
        )
    )


@audit.command(help=_("Print the last checkpoint for the register, as a PDF."))
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=_("The file to write."))
@acting_as()
def slip(out: Path, username: str) -> None:
    """The state of the log on paper."""
    house = open_house()
    with acting(house, username, "audit:slip") as actor, db.writing(house.engine) as session:
        paper = seal_slip(session, house.settings, actor=actor)
        with new_file(out) as target:
            target.write(paper.body)
    put(str(out))


@audit.command(help=_("All entries about one dossier with proofs, for whoever takes it over."))
@click.argument("number")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=_("The file to write."))
@acting_as()
def extract(number: str, out: Path, username: str) -> None:
    """An extract another installation can check."""
    house = open_house()
    with acting(house, username, "audit:extract") as actor, db.reading(house.engine) as session:
        body = extracts.extract(session, house.settings, number, actor=actor)
        log.write_looks(session)
        with new_file(out) as target:
            target.write(body)
    put(str(out))


@audit.command("check-extract", help=_("Check an extract of another installation with its public key (audit.pub)."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help=_("Its key."))
@with_json
def check_extract(file: Path, key: Path, as_json: bool) -> None:
    """Whether every entry stands in the log it comes from as it was written."""
    try:
        keys = proof.read_keys(key.read_text("ascii"))
        document = json.loads(file.read_text("utf-8"))
        checkpoint, bodies = proof.check_extract(document, keys)
        unproved = int(document.get("unproved", 0))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(N_("The extract does not hold: %(reason)s."), reason=error) from error
    if as_json:
        put_json(
            {
                "ok": True,
                "entries": len(bodies),
                "origin": checkpoint.origin,
                "signed_at": checkpoint.at,
                "unproved": unproved,
            }
        )
        return
    put_table(
        (_("Number"), _("At"), _("Action"), _("Outcome")),
        [(body["seq"], body["at"], body["action"], body["outcome"]) for body in bodies],
    )
    say(_("%(number)s entries hold, signed by %(origin)s.", number=len(bodies), origin=checkpoint.origin))
    if unproved:
        say(_("%(number)s older entries are not proved: their segment of the log was broken there.", number=unproved))


@audit.command(help=_("Write all entries to a file that “proof.py verify” checks, without the words of searches."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@acting_as()
def export(file: Path, username: str) -> None:
    """The log for a check elsewhere, where the database cannot be read."""
    house = open_house()
    with acting(house, username, "audit:list") as actor, db.reading(house.engine) as session:
        require(actor, Action.AUDIT_READ)
        number = 0
        with new_file(file) as target:
            for row in rows(session):
                target.write(proof.line(row))
                number += 1
        log.record(session, "audit:list", actor=actor, total=number)
        log.write_looks(session)
    put(str(file))


@audit.command(help=_("Show entries, the newest first."))
@click.option("--dossier", default="", metavar="NUMBER", help=_("Only what concerns this dossier."))
@click.option("--account", default="", metavar="USERNAME", help=_("Only what this account did."))
@click.option("--action", default="", metavar="ACTION", help=_("Only this action, for instance transfer:accept."))
@click.option("--outcome", default="", type=click.Choice(["", *OUTCOMES]), help=_("Only this outcome."))
@click.option("--before", type=int, metavar="NUMBER", help=_("Only entries before this number."))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help=_("How many."))
@acting_as()
@with_json
def show(username: str, before: int | None, limit: int, as_json: bool, **wanted: str) -> None:
    """Show what happened; looking is itself an entry."""
    house = open_house()
    filters = Filters(
        username=wanted["account"], action=wanted["action"], dossier=wanted["dossier"], outcome=wanted["outcome"]
    )
    with acting(house, username, "audit:list") as actor, db.reading(house.engine) as session:
        lines, _next = list_entries(session, filters, actor=actor, before=before, limit=limit)
        rows = [_row(line) for line in lines]
        log.write_looks(session)
    if as_json:
        for row in rows:
            put_json(row)
        return
    put_table(
        (_("Number"), _("At"), _("Account"), _("Via"), _("Action"), _("Outcome"), _("Object")),
        [(r["seq"], r["at"], r["account"], r["via"], r["action"], r["outcome"], r["thing"]) for r in rows],
    )


def _row(line: Line) -> dict[str, object]:
    return {
        "seq": line.entry.seq,
        "at": line.entry.at.isoformat(timespec="seconds"),
        "account": line.username,
        "unit": line.unit,
        "via": line.body["via"],
        "action": line.entry.action,
        "outcome": line.entry.outcome,
        "kind": line.entry.object_kind,
        "object": line.entry.object_id,
        "thing": line.thing,
        "dossier": line.dossier,
        "words": line.words,
        "hash": line.entry.hash,
    }
