"""`oms ca`: the site's own authority, certificates of the server, and what a certificate says."""

from pathlib import Path

import click

from oms import certificates
from oms.certificates import Certificate
from oms.cli.output import _, put, put_json, say, with_json
from oms.organisation import HANOI

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(help=_("Certificates of the site: its own authority, the server's certificate."))
def ca() -> None:
    """The group of certificate commands."""


@ca.command(help=_("Make the authority of the site in a new folder, for ten years."))
@click.argument("folder", type=FOLDER)
@click.option("--name", required=True, help=_("What it is called, the name of the office for instance."))
@click.option("--passphrase", is_flag=True, help=_("Lock its key with a passphrase that is asked for each time."))
def new(folder: Path, name: str, passphrase: bool) -> None:
    """An authority."""
    typed = click.prompt(_("Passphrase"), hide_input=True, confirmation_prompt=True, err=True) if passphrase else ""
    made = certificates.new_authority(folder, name, passphrase=typed)
    _show(made)
    say(
        _(
            "Put %(certificate)s on every computer of the office; compare the fingerprint above by telephone. Keep "
            "%(key)s in the safe, not on this machine: whoever has it can pretend to be any server.",
            certificate=folder / certificates.AUTHORITY_NAMES[0],
            key=folder / certificates.AUTHORITY_NAMES[1],
        )
    )


@ca.command(help=_("Make key and certificate of the server for HOSTS (names and addresses), for 398 days."))
@click.argument("folder", type=FOLDER)
@click.argument("hosts", nargs=-1, required=True)
@click.option("--into", type=FOLDER, required=True, help=_("Folder nginx reads, /etc/oms/tls for instance."))
def server(folder: Path, hosts: tuple[str, ...], into: Path) -> None:
    """A certificate of the server."""
    locked = certificates.is_locked(folder)
    typed = click.prompt(_("Passphrase"), hide_input=True, err=True) if locked else ""
    _show(certificates.new_server(folder, hosts, into, passphrase=typed))
    say(_("Then: systemctl reload nginx. Thirty days before its end the system page and an alarm remind of it."))


@ca.command(help=_("Say what a certificate says."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_json
def show(file: Path, as_json: bool) -> None:
    """One certificate."""
    found = certificates.read(file)
    if as_json:
        put_json(
            {
                "subject": found.subject,
                "issuer": found.issuer,
                "names": list(found.names),
                "ends": found.ends.isoformat(),
                "sha256": found.fingerprint,
            }
        )
    else:
        _show(found)


def _show(found: Certificate) -> None:
    put(_("For: %(names)s", names=", ".join(found.names) or found.subject))
    put(_("Signed by: %(name)s", name=found.issuer))
    put(_("Until: %(day)s", day=f"{found.ends.astimezone(HANOI):%d/%m/%Y}"))
    put(_("SHA-256: %(fingerprint)s", fingerprint=found.fingerprint))
