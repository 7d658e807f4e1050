"""`oms upload` and `oms status`: paper in, and what became of it."""

from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from oms import audit, db, dossiers, gate, intake, staging
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, leave, put, put_json, put_table, refuse, say, with_json
from oms.errors import FileRefused, NotFound
from oms.models import Scan
from oms.permissions import Action, Actor, allowed, require
from oms.scan_folders import read_file
from oms.words import sentence_of, translate


@click.command(help=_("Receive scans into a dossier; “received” is said when they are safe on disk."))
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE…", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--dossier", "number", required=True, metavar="NUMBER", help=_("Number of the dossier, for instance HS-000123.")
)
@acting_as()
@with_json
def upload(files: tuple[Path, ...], number: str, username: str, as_json: bool) -> None:
    """Take files in, one by one; a refused file costs the others nothing."""
    house = open_house()
    refused = 0
    with staging.for_temporary_files(house.settings), acting(house, username, "scan:upload") as actor:
        with db.reading(house.engine) as session:
            dossier_id = dossiers.get_dossier(session, number, actor=actor, action=Action.SCAN_UPLOAD).id
        for path in files:
            refused += not _receive(house, dossier_id, path, as_json, actor)
    leave(1 if refused else 0)


def _receive(house: House, dossier_id: str, path: Path, as_json: bool, actor: Actor) -> bool:
    """Take one file in and say so; False when it was refused."""
    try:
        scan, is_new = gate.take_in(
            house.engine, house.settings, dossier_id, read_file(path), path.name, actor=actor, send=house.queue.send
        )
    except FileRefused as error:
        refuse(error)
        if as_json:
            put_json(
                {
                    "file": str(path),
                    "scan": None,
                    "sha256": None,
                    "state": "refused",
                    "error": sentence_of(error),
                }
            )
        return False
    if as_json:
        put_json(
            {"file": str(path), "scan": scan.id, "sha256": scan.sha256, "state": scan.state.value, "known": not is_new}
        )
    elif is_new:
        put(f"{scan.id}  {path}")
    else:
        say(_("%(file)s was received before; nothing was added.", file=path))
        put(f"{scan.id}  {path}")
    return True


@click.command(help=_("What became of each upload: received, being read, read, filed or failed."))
@click.argument("scan_id", required=False, metavar="[SCAN]")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help=_("How many, newest first.")
)
@acting_as(required=False)
@with_json
def status(scan_id: str | None, limit: int, username: str | None, as_json: bool) -> None:
    """Show states; without `--as` the file names, which may name people, are left out."""
    house = open_house()
    if username is None:
        scans = _list(house, scan_id, limit, None, as_json)
    else:
        with acting(house, username, "scan:list") as actor:
            if not actor.has(Action.SCAN_READ):
                require(actor, Action.SCAN_READ)
            scans = _list(house, scan_id, limit, actor, as_json)
    if scan_id and not scans:
        raise NotFound()


def _list(house: House, scan_id: str | None, limit: int, actor: Actor | None, as_json: bool) -> int:
    query = select(Scan).options(joinedload(Scan.dossier)).order_by(Scan.received_at.desc(), Scan.id).limit(limit)
    if actor is not None:
        query = query.where(allowed(actor, Action.SCAN_READ))
    if scan_id:
        query = query.where(Scan.id == scan_id)
    with db.reading(house.engine) as session:
        scans = list(session.scalars(query))
        progress = intake.progress_of(session, [scan.id for scan in scans])
        rows = [_row(scan, progress[scan.id], named=actor is not None) for scan in scans]
        audit.record(session, "scan:list", actor=actor, total=len(scans))
        audit.write_looks(session)
    if as_json:
        for row in rows:
            put_json(row)
    elif rows:
        put_table(
            (_("Scan"), _("Dossier"), _("State"), _("Pages"), _("Received"), ""),
            (
                (
                    row["scan"],
                    row["dossier"],
                    row["label"],
                    f"{row['done']}/{row['pages']}",
                    row["received"],
                    row.get("file") or row["error"] or "",
                )
                for row in rows
            ),
        )
    return len(rows)


def _row(scan: Scan, progress: intake.Progress, *, named: bool) -> dict[str, object]:
    values = dict(scan.error_values or {})
    if not named and "name" in values:
        values["name"] = scan.id
    row: dict[str, object] = {
        "scan": scan.id,
        "sha256": scan.sha256,
        "dossier": scan.dossier.number,
        "state": scan.state.value,
        "label": _(scan.state.label),
        "pages": scan.page_count,
        "done": progress.done,
        "failed": progress.failed,
        "received": scan.received_at.isoformat(timespec="seconds"),
        "error": translate(scan.error, values) if scan.error else None,
    }
    if named:
        row["file"] = scan.file_name
    return row
