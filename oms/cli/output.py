"""What a command says: results on standard output (`--json`: one JSON document a line), messages on standard error."""

import errno
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from oms import words
from oms.errors import N_, BadInput, OmsError

Command = TypeVar("Command", bound=Callable[..., Any])


def _(message: str, **values: object) -> str:
    """The sentence in the language of the installation."""
    return words.translate(message, values)


def say(message: str) -> None:
    """A message for the person, on standard error; where that is a file on a full disk, work goes on without it."""
    try:
        click.echo(message, err=True)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise


def refuse(error: OmsError) -> None:
    """A refusal in one sentence, on standard error."""
    say(words.sentence_of(error))


def put_json(document: dict[str, Any]) -> None:
    """One JSON document on one line of standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def put(line: str = "") -> None:
    """A line of the result on standard output."""
    click.echo(line)


def put_table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their titles, each column as wide as it needs to be."""
    shown = [tuple(titles), *(tuple("" if cell is None else str(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in shown) for column in range(len(titles))]
    for row in shown:
        put("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def with_json(command: Command) -> Command:
    """The option `--json`."""
    option = click.option("--json", "as_json", is_flag=True, help=_("One JSON document per line on standard output."))
    return option(command)


def acting_as(*, required: bool = True) -> Callable[[Command], Command]:
    """The option `--as USERNAME`."""
    text = _("Act as this account, with exactly its rights.")
    return click.option("--as", "username", required=required, metavar="USERNAME", help=text)


def leave(code: int) -> None:
    """End with an exit code: 0 done, 1 refused or problems found."""
    sys.stdout.flush()
    raise SystemExit(code)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone that was not there before; it is gone again when what fills it fails."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadInput(N_("%(path)s cannot be written. Choose another file."), path=path) from error
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
    except BaseException:
        path.unlink(missing_ok=True)
        raise
