"""The reading room: from a scan file to pages of text, honest about how sure it is.

Knows no database and no web. `open_scan` looks at a file, `read_page` reads one page of it, `write_pdf` joins the
pages into one searchable PDF; `read_file` does all of it for a file at hand.
"""

from oms.recognition.files import FailedPage, read_file
from oms.recognition.judge import doubtful_words
from oms.recognition.layer import write_pdf
from oms.recognition.looking import Suspicion, look_at
from oms.recognition.opening import OpenedScan, open_scan
from oms.recognition.pages import PageReading, ReadPage, Word
from oms.recognition.reading import read_page, show_page
from oms.recognition.rendering import page_image

__all__ = [
    "FailedPage",
    "OpenedScan",
    "PageReading",
    "ReadPage",
    "Suspicion",
    "Word",
    "doubtful_words",
    "look_at",
    "open_scan",
    "page_image",
    "read_file",
    "read_page",
    "show_page",
    "write_pdf",
]
