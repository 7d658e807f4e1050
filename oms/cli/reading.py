"""`oms read`: the reading room alone, on files at hand, without any database."""

import os
from collections.abc import Iterator
from pathlib import Path

import click

from oms.cli.output import _, leave, put, put_json, refuse, say, with_json
from oms.errors import N_, BadInput, OmsError
from oms.models import Quality
from oms.recognition import FailedPage, read_file

SUFFIXES = frozenset({".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png"})


@click.command(help=_("Read scans and print their text; folders are searched for PDF, TIFF, JPEG and PNG files."))
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--pdf",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help=_("Also write the searchable PDF of the one FILE."),
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=os.cpu_count() or 1, help=_("How many pages are read at once.")
)
@with_json
def read(files: tuple[Path, ...], out: Path | None, workers: int, as_json: bool) -> None:
    """Read files page by page."""
    wanted = [path for given in files for path in _scans_in(given)]
    if out is not None and len(wanted) != 1:
        raise BadInput(N_("--pdf writes one file: name exactly one FILE with it."))
    problems = 0
    for path in wanted:
        try:
            problems += _read_one(path, out, workers, as_json)
        except OmsError as error:
            problems += 1
            refuse(error)
    leave(1 if problems else 0)


def _scans_in(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    else:
        yield path


def _read_one(path: Path, out: Path | None, workers: int, as_json: bool) -> int:
    """Read one file; return how many of its pages failed."""
    failed = 0
    for page in read_file(path, name=path.name, workers=workers, pdf=out):
        if isinstance(page, FailedPage):
            failed += 1
            say(_("%(file)s, page %(page)s:", file=path, page=page.number))
            refuse(page.error)
            continue
        say(
            _(
                "%(file)s, page %(page)s: %(quality)s, %(seconds)s s",
                file=path,
                page=page.number,
                quality=_(Quality(page.quality).label),
                seconds=f"{page.seconds:.1f}",
            )
        )
        if as_json:
            put_json({"file": str(path), **page.to_dict()})
        else:
            put(page.text)
            put("\f")
    return failed
