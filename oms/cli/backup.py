"""`oms backup` and `oms restore`."""

from pathlib import Path

import click

from oms import backup as copies
from oms.cli.opening import open_house
from oms.cli.output import _, leave, put, put_json, say, with_json
from oms.settings import Settings


@click.command(help=_("Write database, scans and settings into one file; works while OMS is running."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_json
def backup(file: Path, as_json: bool) -> None:
    """Make a backup."""
    house = open_house()
    made = copies.make(house.engine, house.settings, file)
    if as_json:
        put_json(
            {
                "file": file,
                "files": made.files,
                "bytes": made.size,
                "manifest_sha256": made.manifest_sha256,
                "damaged": made.damaged,
            }
        )
    else:
        say(_("%(files)s files, %(size)s MB. Check code of the list:", files=made.files, size=f"{made.size / 1e6:.1f}"))
        put(made.manifest_sha256)
    for sha256 in made.damaged:
        say(_("Damaged or missing, and so in the backup: %(sha256)s. Run “oms check”.", sha256=sha256))
    leave(1 if made.damaged else 0)


@click.command(help=_("Put a backup in place after checking all of it; OMS must be stopped."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help=_("Move aside the installation that is there."))
@click.option(
    "--reason", default="", metavar="TEXT", help=_("Why a backup older than the last checkpoint is put back.")
)
def restore(file: Path, replace: bool, reason: str) -> None:
    """Restore a backup."""
    settings = Settings.from_environment()
    aside = copies.restore(settings, file, replace=replace, reason=reason)
    say(_("Restored and indexed anew in %(home)s.", home=settings.home))
    if aside is not None:
        say(_("What was there before lies in %(folder)s.", folder=aside))
