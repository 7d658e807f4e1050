"""`oms print`: an official paper as a PDF file, by the number of what it is about."""

from pathlib import Path

import click

from oms import custody, db, dossiers, membership, papers
from oms.cli.opening import acting, open_house
from oms.cli.output import _, acting_as, put
from oms.errors import N_, BadInput
from oms.models import Dossier, MembershipTransfer, PaperKind, Transfer

# What has a number by which the command names it.
_NUMBERED = (Dossier, Transfer, MembershipTransfer)
_KINDS = sorted(kind.value for kind, printed in papers.PAPERS.items() if printed.model in _NUMBERED)


@click.command("print", help=_("Print an official paper of a transfer or a dossier into a PDF file."))
@click.argument("kind", type=click.Choice(_KINDS), metavar="KIND")
@click.argument("number", metavar="NUMBER")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=_("The file to write."))
@click.option("--purpose", type=click.Choice(papers.PURPOSES), default="filing", help=_("What the paper is for."))
@click.option("--address", default="", metavar="URL", help=_("Address of this installation, for the QR code."))
@acting_as()
def print_paper(kind: str, number: str, out: Path, purpose: str, address: str, username: str) -> None:
    """Write one paper; its number is taken and the print is written down only when the file could be written."""
    house = open_house()
    printed = papers.PAPERS[PaperKind(kind)]
    with acting(house, username, "paper:print") as actor, db.writing(house.engine) as session:
        if printed.model is Transfer:
            thing: object = custody.get_transfer(session, number, actor=actor)
        elif printed.model is MembershipTransfer:
            thing = membership.get_move(session, number, actor=actor)
        else:
            thing = dossiers.get_dossier(session, number, actor=actor)
        paper = printed.gather(session, thing, printing=papers.Printing(actor, purpose, address))
        try:
            out.write_bytes(paper.body)
        except OSError as error:
            raise BadInput(N_("%(path)s cannot be written. Choose another file."), path=out) from error
    put(f"{out} {paper.number}".rstrip())
