"""Reading a whole file at hand, page by page: several at a time, given back in order, none at another's cost.

Knows neither where scans are kept nor who asks.
"""

import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from oms.recognition.errors import ReadingFailed
from oms.recognition.layer import write_pdf
from oms.recognition.opening import OpenedScan, open_scan
from oms.recognition.pages import PageReading
from oms.recognition.reading import read_page, show_page


@dataclass(frozen=True)
class FailedPage:
    """A page of a file that could not be read, with the error that says why; the others are not touched by it."""

    number: int
    error: ReadingFailed


def read_file(
    path: Path, *, name: str = "", workers: int = 2, pdf: Path | None = None
) -> Iterator[PageReading | FailedPage]:
    """The pages of a file in order, `workers` at a time; `pdf` names a searchable PDF to be written at the end."""
    scan = open_scan(path, name=name)
    with tempfile.TemporaryDirectory(prefix="oms-read-") as temporary, ThreadPoolExecutor(workers) as pool:
        folder = Path(temporary)
        waiting: deque[Future[tuple[PageReading | FailedPage, Path | None]]] = deque()
        layers: list[Path] = []
        numbers = iter(range(1, scan.pages + 1))
        try:
            while True:
                for number in numbers:
                    waiting.append(pool.submit(_try_page, scan, number, folder))
                    if len(waiting) >= 2 * workers:
                        break
                if not waiting:
                    break
                result, layer = waiting.popleft().result()
                if layer:
                    layers.append(layer)
                yield result
        finally:
            pool.shutdown(cancel_futures=True)
        if pdf:
            write_pdf(layers, pdf)


def _try_page(scan: OpenedScan, number: int, folder: Path) -> tuple[PageReading | FailedPage, Path | None]:
    try:
        page = read_page(scan, number, folder)
    except ReadingFailed as error:
        try:
            page = show_page(scan, number, folder)
        except ReadingFailed:
            return FailedPage(number, error), None
        page.image.unlink()
        return FailedPage(number, error), page.layer
    page.image.unlink()
    return page.reading, page.layer
