"""`oms read`: the reading room alone, on files at hand, without any database."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

import click

from oms import box, signatures
from oms.cli.output import _, leave, put, put_json, refuse, say, with_json
from oms.errors import N_, BadInput, NotFound, OmsError
from oms.models import Quality, SignatureVerdict, now
from oms.recognition import FailedPage, OpenedScan, open_scan, read_file
from oms.recognition.comparing import ErrorRates, compare
from oms.recognition.signatures import find_signatures, judge
from oms.settings import Settings

SUFFIXES = frozenset({".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png", ".heic", ".heif", ".docx"})


@dataclass
class _Run:
    """What was asked for, and what came of it so far."""

    pdf: Path | None
    kept: Path | None
    truth: Path | None
    workers: int
    as_json: bool
    files: int
    place: int = 0
    problems: int = 0
    rates: list[ErrorRates] = field(default_factory=list)
    # Of the file at hand: nothing for one that bears none.
    signatures: dict[str, Any] = field(default_factory=dict)


@click.command(
    help=_("Read scans and print their text; folders are searched for PDF, TIFF, JPEG, PNG, HEIC and DOCX files.")
)
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--pdf",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help=_("Also write the searchable PDF of the one FILE."),
)
@click.option(
    "--out",
    "kept",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help=_("Keep each page as a JSON file in FOLDER; pages that are there already are not read again."),
)
@click.option(
    "--compare",
    "truth",
    type=click.Path(exists=True, path_type=Path),
    metavar="TRUTH",
    help=_("Print error rates against a text file, or a folder of text files named like the scans."),
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=os.cpu_count() or 1, help=_("How many pages are read at once.")
)
@with_json
def read(
    files: tuple[Path, ...], pdf: Path | None, kept: Path | None, truth: Path | None, workers: int, as_json: bool
) -> None:
    """Read files page by page."""
    box.permit(lambda: Settings.from_environment().box == "weak")
    wanted = [path for given in files for path in _scans_in(given)]
    run = _Run(pdf, kept, truth, workers, as_json, len(wanted))
    _refuse_nonsense(run)
    for run.place, path in enumerate(wanted, 1):
        try:
            _read_one(path, run)
        except OmsError as error:
            run.problems += 1
            refuse(error)
    if truth is not None:
        _put_means(run)
    leave(1 if run.problems else 0)


def _refuse_nonsense(run: _Run) -> None:
    """What cannot end well is said before hours of reading, not after them."""
    if not run.files:
        raise NotFound(N_("There is no PDF, TIFF, JPEG, PNG, HEIC or DOCX file in the folder. Name another folder."))
    if run.pdf is not None and run.files != 1:
        raise BadInput(N_("--pdf writes one file: name exactly one FILE with it."))
    if run.pdf is not None and run.kept is not None:
        raise BadInput(N_("--pdf needs every page read in one run: leave out --out."))
    if run.truth is not None and run.truth.is_file() and run.files != 1:
        raise BadInput(N_("One text file is the truth of one FILE: name a folder after --compare."))
    if run.truth is not None and run.truth.is_file():
        _read_truth(run.truth)
    for folder in (run.pdf.absolute().parent if run.pdf else None, _nearest(run.kept) if run.kept else None):
        if folder is not None and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            raise BadInput(N_("Nothing can be written in “%(folder)s”. Name another place."), folder=str(folder))


def _nearest(folder: Path) -> Path:
    """The folder itself, or what exists of the way to it."""
    return next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())


def _scans_in(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    else:
        yield path


def _read_one(path: Path, run: _Run) -> None:
    opened = open_scan(path, name=path.name)
    pages = opened.pages
    run.signatures = _judge(path, opened)
    folder = _folder_of(path, run.kept)
    done = {number: kept for number in range(1, pages + 1) if (kept := _load(folder, number)) is not None}
    new = read_file(path, name=path.name, workers=run.workers, pdf=run.pdf, skip=done)
    for number in range(1, pages + 1):
        if number in done:
            _put_page(path, pages, done[number], run)
            continue
        page = next(new)
        if isinstance(page, FailedPage):
            run.problems += 1
            say(_("%(file)s, page %(page)s:", file=path, page=page.number))
            refuse(page.error)
            continue
        document = page.to_dict()
        _keep(folder, number, document)
        _put_page(path, pages, document, run)
    for _page in new:  # the end of the reading writes the PDF
        pass


def _judge(path: Path, opened: OpenedScan) -> dict[str, Any]:
    """The verdicts on the digital signatures of a file, said aloud and for the JSON of each of its pages."""
    if not signatures.can_be_judged(opened.media_type, signed=opened.signed):
        return {}
    found = find_signatures(path, signatures.authorities_of(Settings.from_environment()), now())
    if found is None:
        say(_("%(file)s: the digital signatures could not be judged", file=path))
        return {"signatures": None}
    told = []
    for number, one in enumerate(found.judged, start=1):
        verdict = SignatureVerdict(judge(one))
        said = {"file": path, "number": number, "signer": one.signer or "—", "verdict": _(verdict.label)}
        say(_("%(file)s, digital signature %(number)s, %(signer)s: %(verdict)s", **said))
        moments = {"signed_at": one.signed_at, "stamped_at": one.stamped_at, "judged_for": one.judged_for}
        names = {"signer": one.signer, "organisation": one.organisation, "issuer": one.issuer}
        told.append(
            {
                "verdict": verdict.value,
                **names,
                "fingerprint": one.fingerprint,
                **{name: at.isoformat() if at else None for name, at in moments.items()},
            }
        )
    return {"signatures": told}


def _put_page(path: Path, pages: int, page: dict[str, Any], run: _Run) -> None:
    count = f"[{run.place}/{run.files}] " if run.files > 1 else ""
    say(
        count
        + _(
            "%(file)s, page %(page)s of %(pages)s: %(quality)s, %(seconds)s s",
            file=path,
            page=page["page"],
            pages=pages,
            quality=_(Quality(page["quality"]).label),
            seconds=f"{page['seconds']:.1f}",
        )
    )
    rates = _compare(path, page, run) if run.truth is not None else None
    if run.as_json:
        put_json({"file": str(path), **page, **(asdict(rates) if rates else {}), **run.signatures})
    elif rates is not None:
        put(f"{_in_columns(rates)}  {path}, {page['page']}")
    elif run.truth is None:
        put(page["text"])
        put("\f")


def _compare(path: Path, page: dict[str, Any], run: _Run) -> ErrorRates | None:
    truth = _truth_of(path, page["page"], run.truth) if run.truth is not None else None
    if truth is None:
        run.problems += 1
        say(_("There is no truth for page %(page)s of %(file)s: it is not counted.", file=path, page=page["page"]))
        return None
    rates = compare(page["text"], truth)
    run.rates.append(rates)
    return rates


def _truth_of(path: Path, number: int, truth: Path) -> str | None:
    """The text of a page: NAME-NUMBER.txt, or the part of NAME.txt between the form feeds around it."""
    if truth.is_dir():
        own = truth / f"{path.stem}-{number}.txt"
        if own.is_file():
            return _read_truth(own)
        truth = truth / f"{path.stem}.txt"
    parts = _read_truth(truth).split("\f") if truth.is_file() else []
    return parts[number - 1] if number <= len(parts) else None


def _read_truth(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError):
        raise BadInput(
            N_("%(file)s cannot be read as text. Save it as UTF-8, then compare again."), file=str(path)
        ) from None


def _put_means(run: _Run) -> None:
    """The last line: the mean over the pages that have a truth."""
    if not run.rates:
        return
    means = ErrorRates(*(sum(values) / len(values) for values in zip(*map(astuple, run.rates), strict=True)))
    if run.as_json:
        put_json({"mean": asdict(means), "pages": len(run.rates)})
    else:
        put(f"{_in_columns(means)}  {_('mean of %(pages)s pages', pages=len(run.rates))}")


def _in_columns(rates: ErrorRates) -> str:
    return (
        f"CER {rates.cer:.4f}  WER {rates.wer:.4f}  "
        f"{_('without marks:')} CER {rates.cer_unmarked:.4f}  WER {rates.wer_unmarked:.4f}"
    )


def _folder_of(path: Path, kept: Path | None) -> Path | None:
    """Where the pages of this file are kept: by its name and its bytes, so that a changed file is read anew."""
    if kept is None:
        return None
    with path.open("rb") as file:
        return kept / f"{path.name}-{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"


def _load(folder: Path | None, number: int) -> dict[str, Any] | None:
    try:
        page = json.loads((folder / _file_name(number)).read_text(encoding="utf-8")) if folder else None
    except (OSError, ValueError):
        return None
    return page if isinstance(page, dict) else None


def _keep(folder: Path | None, number: int, page: dict[str, Any]) -> None:
    """Write the page at once and whole: a run that is killed leaves complete files only."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{_file_name(number)}.part"
    partial.write_text(json.dumps(page, ensure_ascii=False, default=str), encoding="utf-8")
    partial.replace(folder / _file_name(number))


def _file_name(number: int) -> str:
    return f"page-{number:04}.json"
