"""The virus scanner of the house, where there is one: clamd, over its Unix socket (`OMS_CLAMD`).

Asked about every file that arrives, while it lies in memory and before anything of ours opens it; of a ZIP and of a
sealed package about each file in them, not about the whole, which is larger than a scanner reads. Only the word “OK”
lets a file on: a scanner that is down, slow, or says something else takes nothing in (fail closed). The client is ours,
because the two on PyPI have not been looked after since 2014 and 2017. Knows bytes and one socket.
"""

import io
import logging
import re
import socket
import struct
import time
from pathlib import Path

from oms.errors import N_, FileNotNow, FileRefused
from oms.settings import Settings

log = logging.getLogger(__name__)

SECONDS = 90.0
"""By the clock, for one file: clamd reads some 20 MB a second on an old machine, and others wait beside it."""
STANDING_SECONDS = 2.0
"""For the question how it is, which a page waits for."""
AGAIN = 60
"""Seconds after which a scanner that was started anew has read its signatures."""
CHUNK = 256 * 1024
LONGEST = 1024
"""Bytes of an answer: a word and the name of a signature."""

_FOUND = re.compile(rb"stream: (\S+) FOUND")
_LIMIT = rb"Heuristics.Limits.Exceeded"
_TOO_LARGE = b"INSTREAM size limit exceeded. ERROR"
_VERSION = re.compile(rb"ClamAV ([0-9A-Za-z.+~-]{1,30})(?:/(\d{1,9})/([A-Za-z0-9: ]{1,40}))?")


class VirusFound(FileRefused):
    """The scanner found something."""

    what = N_("Virus found")


class NotWholeScanned(FileRefused):
    """The scanner is set to read less than the file holds."""

    status = 413
    what = N_("File larger than the virus scanner reads")


class ScannerSilent(FileNotNow):
    """The scanner gave no answer that can be understood."""

    what = N_("The virus scanner did not answer")


def look_for(settings: Settings, content: Path | bytes, name: str) -> None:
    """Return when the scanner says that the file is clean, or when none is to be asked; raises a `FileRefused`."""
    if not settings.clamd:
        return
    try:
        said = _ask_about(settings.clamd, content)
    except OSError as error:
        log.error("virus scanner: %s", type(error).__name__)
        said = b""
    if said == b"stream: OK":
        return
    found = _FOUND.fullmatch(said)
    if said == _TOO_LARGE or (found and found[1].startswith(_LIMIT)):
        raise NotWholeScanned(
            N_(
                "%(name)s is larger than the virus scanner is set to read, so nothing of it was kept. Send it in parts, or "
                "ask the administrator to raise the limits of clamd."
            ),
            name=name,
        )
    if found:
        log.warning("virus scanner found %s", re.sub(rb"[^A-Za-z0-9._-]", b"?", found[1][:80]).decode("ascii"))
        raise VirusFound(
            N_(
                "The virus scanner found something in %(name)s; nothing of it was kept. Have the computer it comes from "
                "looked at, and scan the paper again."
            ),
            name=name,
        )
    raise ScannerSilent(
        N_(
            "The virus scanner does not answer, and without it no file is taken in. Nothing of %(name)s was kept: send it "
            "again in a minute, and call the administrator if this lasts."
        ),
        name=name,
        seconds=AGAIN,
    )


def _ask_about(place: str, content: Path | bytes) -> bytes:
    """What clamd says of these bytes, or of those of a file; raises `OSError` when it says nothing in time."""
    deadline = time.monotonic() + SECONDS
    opened = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with socket.socket(socket.AF_UNIX) as line, opened as file:
        _connect(line, place, deadline)
        try:
            line.sendall(b"zINSTREAM\0")
            while piece := file.read(CHUNK):
                line.settimeout(_left(deadline))
                line.sendall(struct.pack(">I", len(piece)) + piece)
            line.sendall(struct.pack(">I", 0))
        except (BrokenPipeError, ConnectionResetError):
            pass  # beyond its limit it says so and hangs up while we still speak
        return _answer(line, deadline)


def _connect(line: socket.socket, place: str, deadline: float) -> None:
    line.settimeout(_left(deadline))
    line.connect(place)


def _answer(line: socket.socket, deadline: float) -> bytes:
    said = b""
    while not said.endswith(b"\0"):
        line.settimeout(_left(deadline))
        piece = line.recv(LONGEST)
        said += piece
        if not piece or len(said) > LONGEST:
            raise ConnectionError("cut off, or endless")
    return said[:-1]


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def standing(settings: Settings) -> tuple[str, str, dict[str, object]]:
    """How the scanner is, for the page of the administrator: tone, sentence and its values."""
    if not settings.clamd:
        return (
            "success",
            N_("No virus scanner is asked (OMS_CLAMD is not set). Files are opened in a closed box only."),
            {},
        )
    try:
        with socket.socket(socket.AF_UNIX) as line:
            deadline = time.monotonic() + STANDING_SECONDS
            _connect(line, settings.clamd, deadline)
            line.sendall(b"zVERSION\0")
            said = _VERSION.fullmatch(_answer(line, deadline))
    except OSError:
        said = None
    if said is None:
        return (
            "danger",
            N_("The virus scanner does not answer, so no file is taken in. Start clamd, and look at its log."),
            {},
        )
    version, signatures, day = ((one or b"?").decode("ascii") for one in said.groups())
    return (
        "success",
        N_(
            "Every file is looked at by ClamAV %(version)s, signatures %(signatures)s of %(day)s; it answered just now."
        ),
        {"version": version, "signatures": signatures, "day": day},
    )
