"""What can go wrong while a page is read, each with a sentence that says what to do.

An error here costs one page, never the others of the file. Files that cannot be opened at all are refused with
the errors of `oms.errors`. Knows neither Flask nor the database.
"""

from oms.errors import N_, OmsError, Unavailable


class ReadingFailed(OmsError):
    """One page could not be read; every other error of this module is a kind of it."""

    status = 500


class EngineMissing(ReadingFailed, Unavailable):
    """The program Tesseract is not installed."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            N_(
                "The reading program Tesseract was not found. "
                "Install the package tesseract-ocr, then read the scan again."
            )
        )


class LanguageMissing(ReadingFailed, Unavailable):
    """Tesseract is there but does not know Vietnamese."""

    status = 503

    def __init__(self, language: str) -> None:
        super().__init__(
            N_(
                "The reading program has no data for the language “%(language)s”. "
                "Install the package tesseract-ocr-%(language)s, then read the scan again."
            ),
            language=language,
        )


class EngineCrashed(ReadingFailed):
    """Tesseract ended in the middle of a page: killed by a signal or stopped with an error."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "The reading program stopped in the middle of this page. Read the page again; "
                "if it happens again, type its text by hand and tell the administrator."
            )
        )


class EngineOutOfMemory(ReadingFailed):
    """Tesseract was killed by the system, or gave up, because memory ran out."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "The reading program was stopped because the machine ran out of memory. Read the page again when "
                "less is being read at the same time; if it happens again, tell the administrator."
            )
        )


class EngineTimedOut(ReadingFailed):
    """Tesseract did not finish in time."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            N_(
                "Reading this page took longer than %(seconds)s seconds and was stopped. "
                "Scan the paper again at 300 dpi, or type its text by hand."
            ),
            seconds=seconds,
        )


class EngineGarbled(ReadingFailed):
    """Tesseract answered something that is not a table of words."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "The reading program gave an answer that cannot be understood. Read the page again; "
                "if it happens again, tell the administrator."
            )
        )


class PageBrokeReading(ReadingFailed):
    """Our own program failed on this page; the log has the details."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Reading this page failed because of an error in the program. Type its text by hand, "
                "and give the administrator the time of this message."
            )
        )


class RendererMissing(ReadingFailed, Unavailable):
    """The programs of Poppler are not installed."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            N_(
                "The programs for PDF files were not found. "
                "Install the package poppler-utils, then read the scan again."
            )
        )


class PageNotRendered(ReadingFailed):
    """One page of the file could not be turned into a picture."""

    status = 422

    def __init__(self, name: str, page: int) -> None:
        super().__init__(
            N_("Page %(page)s of %(name)s cannot be turned into a picture. Scan this sheet again and upload it anew."),
            name=name,
            page=page,
        )


class RenderingTimedOut(ReadingFailed):
    """Turning one page into a picture did not finish in time."""

    def __init__(self, name: str, page: int, seconds: int) -> None:
        super().__init__(
            N_(
                "Drawing page %(page)s of %(name)s took longer than %(seconds)s seconds and was stopped. "
                "Scan this sheet again and upload it anew."
            ),
            name=name,
            page=page,
            seconds=seconds,
        )
