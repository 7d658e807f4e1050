"""`oms audit`: is the log whole, and what does it say."""

import click
from sqlalchemy import select

from oms import audit as log
from oms import db
from oms.audit_reading import Filters, Line, list_entries
from oms.audit_words import OUTCOMES
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, leave, put_json, put_table, say, with_json
from oms.models import AuditEntry


@click.group(help=_("The audit log: check its chain, show entries."))
def audit() -> None:
    """The group of audit commands."""


@audit.command(help=_("Check every entry of the chain; exit code 1 names the first that does not hold."))
@with_json
def verify(as_json: bool) -> None:
    """Check the chain."""
    house = open_house()
    with db.reading(house.engine) as session:
        broken = log.verify(session)
        last = session.execute(select(AuditEntry.seq, AuditEntry.hash).order_by(AuditEntry.seq.desc())).first()
    entries, head = (last.seq, last.hash) if last else (0, log.GENESIS)
    if as_json:
        put_json(
            {
                "ok": broken is None,
                "entries": entries,
                "head": head,
                "first_broken": broken.seq if broken else None,
                "finding": broken.finding if broken else None,
            }
        )
    elif broken is None:
        say(_("The chain holds: %(entries)s entries, last hash %(head)s.", entries=entries, head=head))
    else:
        say(_("The chain does not hold: entry %(seq)s (%(finding)s).", seq=broken.seq, finding=broken.finding))
    leave(0 if broken is None else 1)


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
