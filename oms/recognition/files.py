"""Reading a whole file at hand, page by page: several at a time, given back in order, none at another's cost.

Knows neither where scans are kept nor who asks.
"""

import logging
import tempfile
from collections import deque
from collections.abc import Container, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from oms.recognition.errors import PageBrokeReading, ReadingFailed
from oms.recognition.layer import write_pdf
from oms.recognition.opening import OpenedScan, open_scan
from oms.recognition.pages import PageReading
from oms.recognition.reading import read_page, show_page

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FailedPage:
    """A page of a file that could not be read, with the error that says why; the others are not touched by it."""

    number: int
    error: ReadingFailed


def read_file(
    path: Path, *, name: str = "", workers: int = 2, pdf: Path | None = None, skip: Container[int] = ()
) -> Iterator[PageReading | FailedPage]:
    """The pages of a file in order, `workers` at a time, without those to `skip`; `pdf` names a searchable PDF of them
    to be written at the end."""
    scan = open_scan(path, name=name)
    with tempfile.TemporaryDirectory(prefix="oms-read-") as temporary, ThreadPoolExecutor(workers) as pool:
        folder = Path(temporary)
        waiting: deque[Future[tuple[PageReading | FailedPage, Path | None]]] = deque()
        layers: list[Path] = []
        numbers = (number for number in range(1, scan.pages + 1) if number not in skip)
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
    """Read the page, or at least show it. A fault of our own costs this page, not those that were read before it."""
    result: PageReading | FailedPage
    try:
        page = read_page(scan, number, folder)
        result = page.reading
    except Exception as problem:
        if not isinstance(problem, ReadingFailed):
            log.exception("page %s could not be read", number)
        result = FailedPage(number, problem if isinstance(problem, ReadingFailed) else PageBrokeReading())
        try:
            page = show_page(scan, number, folder)
        except ReadingFailed:
            return result, None
    page.image.unlink()
    return result, page.layer
