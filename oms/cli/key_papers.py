"""A key on three papers, and back from two of them: for the private key of backups and the key of a protection installation."""

import getpass
from datetime import datetime
from pathlib import Path

import click

from oms.backup import shares
from oms.cli.output import _, new_file, say
from oms.errors import N_, BadInput
from oms.organisation import HANOI
from oms.printing import Imprint, KeyShare, draw_key_shares

with_papers = click.option(
    "--paper",
    "texts",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("A text file with the lines of one paper, as its code holds them; give it twice."),
)


def print_on_papers(file: Path, secret: bytes, *, public: str, purpose: str, vault: bool = False) -> None:
    """Three papers in a new PDF; `public` is what tells this key from others."""
    today = datetime.now(HANOI)
    papers = [
        KeyShare(
            number=share.number,
            papers=shares.PAPERS,
            enough=shares.ENOUGH,
            of=share.of.hex(),
            public=public,
            day=today.date(),
            lines=share.lines,
            vault=vault,
        )
        for share in shares.split(secret)
    ]
    imprint = Imprint(number="", printed_by=getpass.getuser(), printed_at=today, purpose=purpose)
    with new_file(file) as out:
        out.write(draw_key_shares(papers, imprint))
    say(
        _(
            "%(file)s holds three papers. Print them, give each to another person in a sealed envelope, then destroy "
            "%(file)s.",
            file=file,
        )
    )


def require_two(texts: tuple[Path, ...]) -> None:
    """Raise `BadInput` for one text file of a paper, or three."""
    if texts and len(texts) != shares.ENOUGH:
        raise BadInput(N_("Two papers are needed: give --paper twice, or not at all and type the lines."))


def join_papers(texts: tuple[Path, ...]) -> bytes:
    """The key of two papers, from text files or as somebody types them."""
    require_two(texts)
    return shares.join(*([shares.read(text.read_text("utf-8").split("\n")) for text in texts] or _typed()))


def _typed() -> list[shares.Share]:
    """Two papers as somebody types them, each line until it is right."""
    papers = []
    for paper in range(1, shares.ENOUGH + 1):
        say(_("Paper %(number)s, line by line:", number=paper))
        lines: list[str] = []
        while len(lines) < shares.LINES:
            typed = click.prompt(str(len(lines) + 1), prompt_suffix=". ", err=True)
            try:
                shares.check(typed)
            except BadInput:
                say(_("This line is not as on the paper. Type it again."))
                continue
            lines.append(typed)
        papers.append(shares.read(lines))
    return papers
