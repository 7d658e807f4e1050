"""`oms audit`: is the log whole, and what does it say."""

import json

import click
from sqlalchemy import select

from oms import audit as log
from oms import db
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, leave, put_json, put_table, say, with_json
from oms.models import Account, AuditEntry, Dossier
from oms.permissions import Action, require


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
@click.option("--dossier", "number", metavar="NUMBER", help=_("Only what concerns this dossier."))
@click.option("--account", "account_name", metavar="USERNAME", help=_("Only what this account did."))
@click.option("--action", "wanted", metavar="ACTION", help=_("Only this action, for instance transfer:accept."))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help=_("How many."))
@acting_as()
@with_json
def show(
    number: str | None, account_name: str | None, wanted: str | None, limit: int, username: str, as_json: bool
) -> None:
    """Show what happened; looking is itself an entry."""
    house = open_house()
    with acting(house, username, "audit:view") as actor, db.reading(house.engine) as session:
        require(actor, Action.AUDIT_READ)
        query = (
            select(AuditEntry, Account.username)
            .outerjoin(Account, Account.id == AuditEntry.account_id)
            .order_by(AuditEntry.seq.desc())
            .limit(limit)
        )
        if number:
            query = query.where(
                AuditEntry.dossier_id == select(Dossier.id).where(Dossier.number == number).scalar_subquery()
            )
        if account_name:
            query = query.where(Account.username == account_name)
        if wanted:
            query = query.where(AuditEntry.action == wanted)
        rows = [_row(entry, name) for entry, name in session.execute(query)]
        log.record(session, "audit:view", actor=actor, shown=len(rows))
        log.write_looks(session)
    if as_json:
        for row in rows:
            put_json(row)
        return
    put_table(
        (_("Number"), _("At"), _("Account"), _("Via"), _("Action"), _("Outcome"), _("Object")),
        [(r["seq"], r["at"], r["account"], r["via"], r["action"], r["outcome"], r["object"]) for r in rows],
    )


def _row(entry: AuditEntry, username: str | None) -> dict[str, object]:
    body = json.loads(entry.body)
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(timespec="seconds"),
        "account": username,
        "via": body["via"],
        "action": entry.action,
        "outcome": entry.outcome,
        "kind": entry.object_kind,
        "object": entry.object_id,
        "hash": entry.hash,
    }
