"""Requests that lie about themselves, sent byte by byte to a running server: lengths, chunks, parts and boundaries.

Whoever asks gets status, seconds until the answer, and how many bytes were sent before it came.
"""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from oms.settings import Settings

MEGABYTE = 1024 * 1024
MARK = b"oms-boundary"
PNG = b"\x89PNG\r\n\x1a\n"
GIGABYTES_2 = 2 * 1024**3


@dataclass(frozen=True)
class Answer:
    """Status (0 for none), seconds from the first byte to the answer, bytes of the body sent by then."""

    status: int
    seconds: float
    sent: int


def ask(port: int, path: str, headers: dict[str, str], body: Iterable[bytes], *, patience: float = 120) -> Answer:
    """POST exactly these headers and this body, listening while sending."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    sent, began = 0, time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        try:
            for piece in body:
                if select.select([line], [], [], 0)[0]:
                    break  # the answer is there
                line.sendall(piece)
                sent += len(piece)
            else:
                line.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            head = line.recv(4096)
        except ConnectionResetError:
            head = b""
    status = int(head.split()[1]) if head.startswith(b"HTTP/1.") else 0
    return Answer(status, time.monotonic() - began, sent)


@contextmanager
def serving(settings: Settings) -> Iterator[int]:
    """The server of an installation, as it runs, without its worker: the port it listens to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environment = {**os.environ, "OMS_HOME": str(settings.home), "PYTHONPATH": str(Path(__file__).parents[1])}
    if settings.database_url:
        environment["OMS_DATABASE_URL"] = settings.database_url
    command = [sys.executable, "-m", "oms.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    pause = threading.Event()
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            pause.wait(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def say(port: int, lines: Iterable[str], *, patience: float = 60) -> tuple[int, str]:
    """Exactly these lines, the first with method and address; status (0 for none) and all that came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        line.shutdown(socket.SHUT_WR)
        pieces = []
        try:
            while piece := line.recv(65536):
                pieces.append(piece)
        except ConnectionResetError:
            pass
    said = b"".join(pieces)
    return int(said.split()[1]) if said.startswith(b"HTTP/1.") else 0, said.decode("utf-8", "replace")


def form(*parts: bytes, end: bytes = b"--" + MARK + b"--\r\n") -> bytes:
    """A form of these parts, each with its own head."""
    return b"".join(b"--" + MARK + b"\r\n" + part + b"\r\n" for part in parts) + end


def file_part(content: bytes, name: bytes = b"a.png", field: bytes = b"file") -> bytes:
    """The part of a file."""
    head = b'Content-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: image/png\r\n\r\n'
    return head % (field, name) + content


def text_part(content: bytes, field: bytes = b"note") -> bytes:
    """The part of a text field."""
    return b'Content-Disposition: form-data; name="%s"\r\n\r\n' % field + content


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A body without a length."""
    for piece in pieces:
        yield b"%x\r\n" % len(piece) + piece + b"\r\n"
    yield b"0\r\n\r\n"


def endless(first: bytes, size: int) -> Iterator[bytes]:
    """A body that begins so and goes on with zeros to so many bytes."""
    yield first
    for _ in range(size // MEGABYTE):
        yield bytes(MEGABYTE)


TRICKS: dict[str, tuple[bytes, str]] = {
    "1,000 parts": (form(*[text_part(b"x")] * 1000), MARK.decode()),
    "1,000 files": (form(*[file_part(PNG)] * 1000), MARK.decode()),
    "no end": (form(file_part(PNG), end=b""), MARK.decode()),
    "boundary inside the content": (form(file_part(PNG + b"\r\n--" + MARK + b"x\r\n")), MARK.decode()),
    "another boundary than said": (form(file_part(PNG)), "another"),
    "an empty boundary": (form(file_part(PNG)), ""),
    "a boundary of 5,000 letters": (form(file_part(PNG)), "x" * 5000),
    "no boundary at all": (b"\r\n" * 1000, MARK.decode()),
    "a head without end": (b"--" + MARK + b"\r\nContent-Disposition: " + b"x" * 2 * MEGABYTE, MARK.decode()),
    "1,000 lines of head": (b"--" + MARK + b"\r\n" + b"X: y\r\n" * 1000 + b"\r\nz\r\n--" + MARK + b"--", MARK.decode()),
    "`file` twice, one empty": (form(file_part(b""), file_part(b"")), MARK.decode()),
    "`file` as text": (form(text_part(b"x" * 1000, b"file")), MARK.decode()),
    # PYSEC-2023-221: megabytes behind a lone CR or LF made the reader look at all of them again and again.
    "CR first": (form(file_part(b"\r" + b"x" * 8 * MEGABYTE)), MARK.decode()),
    "LF first": (form(file_part(b"\n" + b"x" * 8 * MEGABYTE)), MARK.decode()),
    "CRs alone": (form(file_part(b"\r" * 4 * MEGABYTE)), MARK.decode()),
}
