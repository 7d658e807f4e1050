"""`oms package`: dossiers that travel on a stick, sealed, and the keys of the installations that know each other."""

from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy import select

from oms import audit, custody, db, organisation, packages, staging
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, leave, new_file, put, put_json, put_table, refuse, say, with_json
from oms.errors import N_, BadInput, FileRefused, NotFound, OmsError
from oms.models import TrustedInstallation
from oms.permissions import Actor

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_DAY = click.DateTime(["%d/%m/%Y", "%Y-%m-%d"])


@click.group(
    "package", help=_("Sealed packages: dossiers for units without a link, and the keys they are signed with.")
)
def package() -> None:
    """The group of package commands."""


@package.command(help=_("Show the key of this installation and the groups to read aloud."))
@with_json
def key(as_json: bool) -> None:
    """The public key, for the other side."""
    house = open_house()
    own = packages.public_key(house.settings)
    with db.reading(house.engine) as session:
        name = packages.own_name(session)
    if as_json:
        put_json({"name": name, "key": own, "groups": packages.fingerprint(own)})
        return
    put(name)
    put(own)
    put(_("To be read aloud: %(groups)s", groups=packages.fingerprint(own)))


@package.command(help=_("Trust another installation by its key, or list those that are trusted."))
@click.argument("other", required=False, metavar="[KEY]")
@click.option("--name", default="", help=_("Name of the other installation."))
@click.option("--until", type=_DAY, help=_("Last day of the trust (dd/mm/yyyy)."))
@click.option("--groups", default="", help=_("The groups as the other side read them aloud; they must fit the key."))
@with_json
def trust(other: str | None, name: str, until: datetime | None, groups: str, as_json: bool) -> None:
    """Enter a key after the groups were compared."""
    house = open_house()
    if other:
        if "".join(groups.split()) != packages.fingerprint(packages.check_key(other)).replace(" ", ""):
            raise BadInput(
                N_(
                    "Call the other side, have “oms package key” read aloud there, and give the groups with --groups. They do not fit."
                )
            )
        with db.writing(house.engine) as session:
            packages.trust(session, other, name, actor=None, valid_to=until.date() if until else None)
    with db.reading(house.engine) as session:
        rows = packages.trusted(session)
    if as_json:
        for row in rows:
            put_json({"name": row.name, "key": row.public_key, "from": row.valid_from, "to": row.valid_to})
        return
    put_table(
        (_("Installation"), _("From"), _("To"), _("Groups")),
        ((row.name, row.valid_from, row.valid_to, packages.fingerprint(row.public_key)) for row in rows),
    )


@package.command(help=_("Seal the dossier of a dispatched transfer into one file; the opening code is shown once."))
@click.argument("number", metavar="TRANSFER")
@click.option("--for", "receiver", required=True, metavar="NAME", help=_("Name or key of the receiving installation."))
@click.option("--out", type=_NEW_FILE, help=_("Where to put the file; it is made there only when it is whole."))
@acting_as()
@with_json
def export(number: str, receiver: str, out: Path | None, username: str, as_json: bool) -> None:
    """Make a package."""
    house = open_house()
    if out is not None and out.exists():
        raise BadInput(N_("%(file)s exists already and is not written over. Choose another name."), file=out)
    with acting(house, username, "package:export") as actor:
        with db.reading(house.engine) as session:
            transfer_id = custody.get_transfer(session, number, actor=actor).id
            receiver_key = _receiver(house, receiver)
        made = packages.export(house.engine, house.settings, transfer_id, receiver_key, actor=actor)
    path = made.path
    if out is not None:
        part = out.with_name(f".{out.name}.part")
        with part.open("xb") as target, path.open("rb") as source:
            while piece := source.read(1024 * 1024):
                target.write(piece)
        path = part.rename(out)
    if as_json:
        put_json({"package": made.package_id, "file": str(path), "size": made.size, "code": made.code})
        return
    put(str(path))
    say(
        _("Package %(package)s. Opening code, on a slip of its own, never with the file:", package=made.package_id[:12])
    )
    put(made.code)


def _receiver(house: House, words: str) -> str:
    with db.reading(house.engine) as session:
        rows = session.scalars(
            select(TrustedInstallation).where(
                (TrustedInstallation.name == words) | (TrustedInstallation.public_key == words.lower())
            )
        ).all()
    if len(rows) != 1:
        raise NotFound(N_("No trusted installation is called %(name)s. “oms package trust” lists them."), name=words)
    return rows[0].public_key


@package.command("import", help=_("Prove a package and take its dossier in; nothing is stored unless all is right."))
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--code", required=True, prompt=_("Opening code"), help=_("The opening code of the slip."))
@click.option(
    "--unit", "unit", required=True, metavar="UNIT", help=_("Code or name of the unit that will hold the dossier.")
)
@acting_as()
@with_json
def take_in(file: Path, code: str, unit: str, username: str, as_json: bool) -> None:
    """Import a package."""
    house = open_house()
    with staging.for_temporary_files(house.settings):
        actor = house.actor(username)
        with db.reading(house.engine) as session:
            unit_id = organisation.find_unit(session, unit).id
        try:
            with file.open("rb") as stream:
                _refuse_foreign(stream)
                row_id = packages.take_in(
                    house.engine,
                    house.settings,
                    stream,
                    code,
                    unit_id,
                    actor=actor,
                    brought=file.stat().st_size,
                    send=house.queue.send,
                )
        except OmsError as error:
            _write_refusal(house, file, error, actor)
            if isinstance(error, packages.PackageRefused):
                for problem in error.problems:
                    refuse(problem)
                leave(1)
            raise
    with db.reading(house.engine) as session:
        row = session.get_one(packages.Package, row_id)
        number, document = row.dossier.number, {"package": row.package_id, "dossier": row.dossier.number}
    if as_json:
        put_json(document)
    else:
        put(number)
        say(_("Taken in. Compare the papers, then answer with “oms package acknowledge”."))


def _refuse_foreign(stream: BinaryIO) -> None:
    """End with everything there is to say about a bag that another program made."""
    if packages.is_plain_bag(stream.read(512)):
        try:
            packages.refuse_foreign(stream)
        except packages.PackageRefused as error:
            for problem in error.problems:
                refuse(problem)
            leave(1)


def _write_refusal(house: House, file: Path, error: OmsError, actor: Actor | None) -> None:
    try:
        with file.open("rb") as stream:
            number = str(packages.read_header(stream)["package"])
    except OmsError:
        number = ""
    # What the gate refuses leaves no name behind; of everything else the sentence is kept.
    reason = error.what if isinstance(error, FileRefused) else str(error)
    with db.writing(house.engine) as session:
        packages.refuse(session, reason, number, actor=actor)


@package.command(help=_("Answer a package that came in (--out), or enter the answer to one that was sent (--file)."))
@click.argument("number", required=False, metavar="[PACKAGE]")
@click.option("--out", type=_NEW_FILE, help=_("Where to put the answer for the sender."))
@click.option("--reservations", default="", help=_("What is missing or damaged; without it the answer is “accepted”."))
@click.option("--file", "answer", type=_FILE, help=_("The answer of the receiver (.omsack)."))
@acting_as()
def acknowledge(number: str | None, out: Path | None, reservations: str, answer: Path | None, username: str) -> None:
    """One side writes the answer, the other reads it."""
    house = open_house()
    with acting(house, username, "package:acknowledge") as actor:
        if answer is not None:
            with db.writing(house.engine) as session:
                closed = packages.close(session, answer.read_bytes(), actor=actor)
                transfer = closed.transfer_number
            house.deliver(session)
            put(_("Transfer %(number)s is closed.", number=transfer))
            return
        if number is None or out is None:
            raise BadInput(N_("Say which package and --out FILE, or --file FILE to enter an answer."))
        with db.writing(house.engine) as session:
            found = packages.find(session, number, actor=actor)
            data = packages.acknowledge(session, house.settings, found, actor=actor, reservations=reservations)
        out.write_bytes(data)
        put(str(out))


@package.command(
    help=_(
        "Write the checkpoints that are kept here of another installation's log to a file, with which it checks itself: "
        "oms audit verify --anchors FILE."
    )
)
@click.argument("other", metavar="NAME")
@click.option("--out", type=_NEW_FILE, required=True, help=_("The file to write."))
@acting_as()
def checkpoints(other: str, out: Path, username: str) -> None:
    """What packages and answers brought of the log of another house."""
    house = open_house()
    with acting(house, username, "package:checkpoints") as actor, db.reading(house.engine) as session:
        notes = packages.checkpoints_of(session, _receiver(house, other), actor=actor)
        audit.write_looks(session)
        with new_file(out) as target:
            target.write(notes)
    put(str(out))


@package.command(help=_("What a file is and whether its package is whole; with the code everything is proved."))
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--code", default="", help=_("The opening code; without it only the outside is shown."))
@with_json
def inspect(file: Path, code: str, as_json: bool) -> None:
    """Look at a package without taking it in; no content is shown."""
    house = open_house()
    with file.open("rb") as stream:
        _refuse_foreign(stream)
        header = packages.read_header(stream)
        about = {name: header.get(name) for name in ("package", "transfer", "sender_name", "made_at")}
        about |= {"sender": packages.fingerprint(packages.check_key(header["sender"]))}
        if code:
            with db.reading(house.engine) as session:
                try:
                    opened = packages.open_package(session, house.settings, stream, code)
                except packages.PackageRefused as error:
                    for problem in error.problems:
                        refuse(problem)
                    leave(1)
                audit.record(session, "package:view", actor=None, package=opened.package_id)
                audit.write_looks(session)
            about |= {"files": len(opened.hashes), "scans": len(opened.dossier["scans"]), "proved": True}
    if as_json:
        put_json(about)
    else:
        put_table((_("What"), _("Value")), about.items())
