"""`oms backup`, `oms backups`, `oms restore`, `oms drill`, and the keys: `oms backup-key`, `oms key-shares`, `oms key-join`."""

from pathlib import Path

import click

from oms import backup as copies
from oms import drill as drills
from oms import vault
from oms.backup import folders
from oms.backup.sealing import must_be_new, new_key, read_key, write_key
from oms.cli.key_papers import join_papers, print_on_papers, require_two, with_papers
from oms.cli.opening import open_house
from oms.cli.output import _, leave, put, put_json, put_table, say, with_json
from oms.errors import N_
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


@click.command(
    "key-shares", help=_("Print a private key on three papers; any two give it back, one alone tells nothing.")
)
@click.argument("key", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def key_shares(key: Path, file: Path) -> None:
    """Three papers in a new PDF."""
    private = read_key(key)
    public = private.public_key().public_bytes_raw().hex()
    print_on_papers(file, private.private_bytes_raw(), public=public, purpose="giữ khóa sao lưu")


@click.command(
    "key-join", help=_("Make a private key again from two of its three papers, typed in or from text files.")
)
@click.argument("file", type=click.Path(exists=False, dir_okay=False, path_type=Path))
@with_papers
def key_join(file: Path, texts: tuple[Path, ...]) -> None:
    """The key in a new file."""
    require_two(texts)
    must_be_new(file)
    public = write_key(file, join_papers(texts))
    put(public)
    say(
        _(
            "%(file)s holds the key to the public one above. Open the backup with --key, then make new papers.",
            file=file,
        )
    )


@click.command(
    help=_("Add a backup to a folder: the database, and the files that are not there yet; works while OMS is running.")
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--keep",
    default=0,
    type=click.IntRange(0),
    metavar="NUMBER",
    help=_("Then take away all backups but so many; the one that was last proven stays."),
)
@with_json
def backup(folder: Path, keep: int, as_json: bool) -> None:
    """Make a backup."""
    house = open_house()
    made = copies.make(house.engine, house.settings, folder, keep=keep)
    if as_json:
        put_json(
            {
                "backup": made.archive,
                "files": made.files,
                "new": made.new,
                "bytes": made.size,
                "manifest_sha256": made.manifest_sha256,
                "damaged": made.damaged,
                "pruned": made.pruned,
            }
        )
    else:
        say(
            _(
                "%(name)s: %(files)s files, %(new)s of them new, %(size)s MB written. Check code of the list:",
                name=made.archive.name,
                files=made.files,
                new=made.new,
                size=f"{made.size / 1e6:.1f}",
            )
        )
        put(made.manifest_sha256)
    for sha256 in made.damaged:
        say(
            _(
                "Damaged or missing: %(sha256)s. Run “oms check --repair --from %(folder)s”.",
                sha256=sha256,
                folder=folder,
            )
        )
    leave(1 if made.damaged else 0)


@click.command(
    help=_("List the backups of a folder; with --verify read all of it and name every part that is not whole.")
)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help=_("Read every file; needs no key and no installation."))
@with_json
def backups(folder: Path, verify: bool, as_json: bool) -> None:
    """What a folder of backups holds."""
    wrong = folders.verify(folder) if verify else []
    for name in wrong:
        if as_json:
            put_json({"broken": name})
        else:
            say(translate(*_advice(folder, name)))
    rows = [] if wrong else folders.listed(folder)
    former = _under_former_keys(rows)
    if as_json:
        for row in rows:
            about = {"backup": row.name, "made_at": row.made_at, "entries": row.entries, "files": len(row.objects)}
            put_json({**about, "former_keys": row in former})
    else:
        put_table(
            (_("Backup"), _("Entries"), _("Files"), "MB"),
            [(row.name, row.entries, len(row.objects), f"{row.size / 1e6:.1f}") for row in rows],
        )
    if former and not as_json:
        say(
            _(
                "Under former data keys: %(names)s. Who has these keys opens them; destroy these backups when a newer one "
                "is proven.",
                names=", ".join(row.name for row in former),
            )
        )
    leave(1 if wrong else 0)


def _under_former_keys(rows: list[folders.Listed]) -> list[folders.Listed]:
    """Backups of this closed installation that were made under other data keys than the present ones."""
    settings = Settings.from_environment()
    if not (settings.protected and vault.is_sealed(settings.home)):
        return []
    present = vault.signs_of(vault.unlock(settings))[:1]
    return [row for row in rows if row.vault and list(row.vault) != present]


def _advice(folder: Path, name: str) -> tuple[str, dict[str, object]]:
    """What to do about a part of a folder of backups that is not as it was written."""
    backup = folder / folders.BACKUPS / name
    if backup.suffix == ".json":
        message = N_(
            "The list %(name)s is damaged or missing. Leave its archive where it is, nothing is taken away meanwhile: "
            "copy the list from another copy of the folder. Without one the backup can still be put back by its name, "
            "%(archive)s; a new backup has a list of its own."
        )
        return message, {"name": name, "archive": backup.with_suffix(".tar")}
    if backup.suffix == ".tar":
        message = N_(
            "The archive %(name)s is damaged or missing: this backup cannot be put back. Copy it from another copy of "
            "the folder. Without one make a new backup, prove it with “oms drill”, then take away %(name)s and its list."
        )
        return message, {"name": name}
    message = N_(
        "The stored file %(name)s is damaged or missing; no backup that needs it is whole. Copy it from another copy of "
        "the folder. Without one take what is left of it away: the next backup puts it there again if the "
        "installation still has it, for all backups; what was destroyed since does not come back."
    )
    return message, {"name": name}


@click.command(help=_("Put a backup in place after checking all of it, of a folder the newest; OMS must be stopped."))
@click.argument("place", type=click.Path(exists=True, path_type=Path), metavar=_("FILE|FOLDER"))
@click.option("--replace", is_flag=True, help=_("Move aside the installation that is there."))
@click.option(
    "--reason", default="", metavar="TEXT", help=_("Why a backup older than the last checkpoint is put back.")
)
@with_key
def restore(place: Path, replace: bool, reason: str, key: Path | None) -> None:
    """Restore a backup."""
    settings = Settings.from_environment()
    aside = copies.restore(settings, place, replace=replace, reason=reason, key=key)
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
    done = drills.drill(house.engine, house.settings, place, key=key)
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
