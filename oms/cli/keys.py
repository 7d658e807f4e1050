"""`oms keys`: the key of a protection installation: made, changed, ended, printed on papers and made again from them."""

from pathlib import Path

import click

from oms import rekeying, staging, vault
from oms.cli.key_papers import join_papers, print_on_papers, with_papers
from oms.cli.opening import open_house
from oms.cli.output import _, put, say
from oms.errors import N_, BadInput, Refused
from oms.settings import Settings
from oms.vault import key_files, rotating

TOLD_EVERY = 100
"""Files between two lines about how far it is."""


@click.group(
    invoke_without_command=True,
    help=_(
        "The key of a protection installation, in the file OMS_VAULT_KEY; alone: its sign, and which keys seal the data."
    ),
)
@click.pass_context
def keys(context: click.Context) -> None:
    """The group of these commands."""
    if context.invoked_subcommand is None:
        put(key_files.id_of(key_files.read(key_files.path_of(_protected()))))
        house = open_house()
        _tell(rekeying.progress(house.engine, house.settings))
        house.engine.dispose()


@keys.command(help=_("Make the key file and the vault of a new protection installation."))
def new() -> None:
    """Key and vault."""
    settings = _protected()
    path = key_files.path_of(settings)
    # A key file that is there already is taken: one made on another machine, or left by a command that was killed.
    with key_files.alone(path):
        kek = key_files.read(path) if path.exists() else None
        vault.create(settings, kek or key_files.write(path))
    put(key_files.id_of(key_files.read(path)))
    say(
        _(
            "%(path)s is the only thing that opens this installation. Print its three papers now (oms keys shares FILE), "
            "and keep a copy of the file in the safe.",
            path=path,
        )
    )


@keys.command(help=_("Put a new key file in the place of the present one; works while OMS is running."))
def rotate() -> None:
    """Another key."""
    before, now = rotating.rotate(_protected())
    put(now)
    say(
        _(
            "The vault opens with the new key %(now)s, and until “oms keys retire” with %(before)s too. Print new papers.",
            now=now,
            before=before,
        )
    )


@keys.command(help=_("End the key before the present one, and destroy its file."))
def retire() -> None:
    """Only the present key is left."""
    ended = rotating.retire(_protected())
    for sign in ended:
        put(sign)
    if ended:
        say(
            _(
                "Ended. Make a new backup now, then destroy the backups of before and the papers of the old key: the old "
                "key still opens them, and every copy of the old vault.json with all that is sealed."
            )
        )
    else:
        say(_("There is no earlier key to end."))


@keys.command(
    "rekey-data",
    help=_(
        "Bring all data under new keys, because the present ones may have been seen. The first time OMS must be stopped; "
        "the files follow while it runs, and this command, run again, brings them over at once."
    ),
)
@click.option(
    "--without-damaged",
    is_flag=True,
    help=_("Destroy files that are damaged and cannot be brought over, instead of keeping the former keys for them."),
)
def rekey_data(without_damaged: bool) -> None:
    """Other data keys."""
    _protected()
    house = open_house()
    if not rekeying.is_under_way(house.settings):
        house.close()
        others = rekeying.begin(house.settings)
        say(
            _(
                "The database is under a new key. Start OMS now: it builds the index anew, and its worker brings the files "
                "over while people work. “oms keys” says how far. Backups of before are under the former keys: make a new "
                "one when all is over, prove it, then destroy them."
            )
        )
        if others:
            say(
                _(
                    "These files beside the database are not from OMS and were left alone. Copies of the database among "
                    "them open with the former key: destroy those. %(names)s",
                    names=", ".join(others),
                )
            )
        return

    def tell(done: int, everything: int) -> None:
        if done % TOLD_EVERY == 0 or done == everything:
            say(_("%(done)s of %(all)s files looked at", done=done, all=everything))

    _tell(rekeying.go_on(house.engine, house.settings, tell=tell, without_damaged=without_damaged))


def _tell(progress: rekeying.Progress | None) -> None:
    """How far the data are."""
    if progress is None or progress.ended:
        say(_("All data lie under the present keys; there are no others."))
        return
    say(_("Under the former keys: %(left)s of %(all)s files.", left=progress.left, all=progress.total))
    if progress.old:
        say(
            _(
                "Brought over, the old file not yet destroyed: %(count)s. That is done by the worker ten minutes later, while "
                "no backup and no check is running.",
                count=progress.old,
            )
        )
    if progress.damaged:
        say(
            _(
                "%(count)s files are damaged or missing and hold up the end: run “oms check --repair --from FOLDER”. What "
                "cannot be had back is given up with “oms keys rekey-data --without-damaged”: %(names)s",
                count=len(progress.damaged),
                names=", ".join(progress.damaged),
            )
        )


@keys.command("shares", help=_("Print the key on three papers; any two give it back, one alone tells nothing."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def print_shares(file: Path) -> None:
    """Three papers in a new PDF, which must lie in memory: a disk keeps what was written to it."""
    if not (file.parent.is_dir() and staging.lies_in_memory(file.parent)):
        raise BadInput(
            N_(
                "%(file)s would lie on a disk, which keeps what was written to it. Name a new file in memory: "
                "“oms keys shares /dev/shm/papers.pdf”."
            ),
            file=file,
        )
    kek = key_files.read(key_files.path_of(_protected()))
    print_on_papers(file, kek, public=key_files.id_of(kek), purpose="giữ khóa hồ sơ bảo vệ", vault=True)


@keys.command("join", help=_("Make the key file again from two of its three papers, typed in or from text files."))
@with_papers
def join(texts: tuple[Path, ...]) -> None:
    """The key in its place, after it was tried."""
    settings = _protected()
    path = key_files.path_of(settings)
    kek = join_papers(texts)
    with key_files.alone(path):
        if vault.is_sealed(settings.home):
            vault.try_key(settings.home, kek)
        key_files.write(path, kek)
    put(key_files.id_of(kek))
    say(_("%(path)s is there again. Start OMS, then change the key (oms keys rotate) and print new papers.", path=path))


def _protected() -> Settings:
    settings = Settings.from_environment()
    if not settings.protected:
        raise Refused(N_("Only a protection installation has a vault. Set OMS_PROFILE=protection first."))
    return settings
