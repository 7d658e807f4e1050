"""`oms backup`, `oms backup-key`, `oms restore`, `oms drill`."""

from pathlib import Path

import click

from oms import backup as copies
from oms import drill as drills
from oms.backup.sealing import new_key
from oms.cli.opening import open_house
from oms.cli.output import _, leave, put, put_json, say, with_json
from oms.settings import Settings
from oms.words import translate

with_key = click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("The file with the private key of a sealed backup."),
)


@click.command(
    "backup-key", help=_("Make a key for sealed backups: the private one in a new file, the public one shown.")
)
@click.argument("file", type=click.Path(exists=False, dir_okay=False, path_type=Path))
def backup_key(file: Path) -> None:
    """A pair of keys."""
    public = new_key(file)
    put(public)
    say(
        _(
            "Put the line above into OMS_BACKUP_KEYS. Keep %(file)s in the safe, twice, and not on this machine: "
            "without it no sealed backup can be opened.",
            file=file,
        )
    )


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
@with_key
def restore(file: Path, replace: bool, reason: str, key: Path | None) -> None:
    """Restore a backup."""
    settings = Settings.from_environment()
    aside = copies.restore(settings, file, replace=replace, reason=reason, key=key)
    say(_("Restored and indexed anew in %(home)s.", home=settings.home))
    if aside is not None:
        say(_("What was there before lies in %(folder)s.", folder=aside))


@click.command(help=_("Prove a backup: put it back beside the installation, check all of it, throw it away."))
@click.argument("place", type=click.Path(exists=True, path_type=Path), metavar=_("FILE|FOLDER"))
@with_key
@with_json
def drill(place: Path, key: Path | None, as_json: bool) -> None:
    """Put a backup back on trial; of a folder the newest."""
    house = open_house()
    done = drills.drill(house.engine, house.settings, drills.newest(place) if place.is_dir() else place, key=key)
    if as_json:
        problems = [{"problem": row.kind, "object": row.where} for row in done.problems]
        put_json({"file": done.source, "entries": done.entries, "problems": problems})
    else:
        for problem in done.problems:
            put(f"{problem.kind}  {problem.where}  {translate(problem.message, problem.values)}")
    if done.problems:
        say(_("%(file)s came up with %(count)s problems.", file=done.source.name, count=len(done.problems)))
    else:
        say(
            _(
                "%(file)s came up whole: %(entries)s entries in the log, every hash as it was.",
                file=done.source.name,
                entries=done.entries,
            )
        )
    leave(1 if done.problems else 0)
