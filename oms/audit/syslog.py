"""Checkpoints to the syslog of the house (`OMS_SEAL_SYSLOG`): each is one line in a log that other people keep.

The socket of this machine (“/dev/log”), or HOST:PORT by TLS; lines of RFC 5424, framed as in RFC 5425. What leaves is
the length of the log and hashes, no word of it. Nothing here stops who signs: what was not taken is kept in mind and
sent when the syslog answers again. RFC 5425 knows no receipts: by TLS a line counts as taken when the other side has
closed in its turn and its machine has confirmed every byte, which proves that it was read and not that it was kept; a
socket of the machine gives no such answer.
"""

import base64
import fcntl
import hashlib
import json
import logging
import re
import socket
import ssl
import struct
import termios
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from oms.audit.keeping import TAIL, write_whole
from oms.audit.proof import NOTES_FILE, SPOKEN
from oms.errors import N_
from oms.models import now
from oms.settings import Settings, SettingsError

log = logging.getLogger(__name__)

STATE = "syslog.json"
# Seconds for one answer, and after which a round begins no further line. Looking a name up and a host of several
# addresses can take longer than both; the log is signed by then.
PATIENCE, ROUND = 5.0, 20.0
# Lines of one connection; what a syslog took is remembered after each.
TOGETHER = 100
# Facility 13 (log audit), severity 5 (notice).
_PRIORITY = 13 * 8 + 5
_PLACE = re.compile(r"(/\S+)|\[([0-9A-Fa-f:.]+)\]:(\d{1,5})|([A-Za-z0-9.-]+):(\d{1,5})")


@dataclass(frozen=True)
class Place:
    """Where the syslog is: a socket of this machine, or host and port."""

    socket: str
    host: str = ""
    port: int = 0


@dataclass
class Sent:
    """How far each file of notes was sent: the end of the last line, and a hash of what stands before it; since when
    the syslog has not answered."""

    ends: dict[str, tuple[int, str]] = field(default_factory=dict)
    silent_since: str = ""


def place_of(settings: Settings) -> Place | None:
    """The syslog of the settings, None without one; raises `SettingsError` for what makes no sense."""
    if not settings.seal_syslog:
        return None
    found = _PLACE.fullmatch(settings.seal_syslog)
    if found is None or int(found[3] or found[5] or 1) not in range(1, 65536):
        raise SettingsError(
            N_("OMS_SEAL_SYSLOG is %(place)s. It is the path of a socket (/dev/log), or HOST:PORT of a syslog by TLS."),
            place=settings.seal_syslog,
        )
    return Place(found[1] or "", found[2] or found[4] or "", int(found[3] or found[5] or 0))


def deliver(place: Path, settings: Settings, files: Sequence[str]) -> None:
    """Send what the files of notes in `place` hold and the syslog has not taken; never raises for a silent one."""
    sent, deadline = _sent(place), time.monotonic() + ROUND
    for name in files:
        while lines := _waiting(place / name, sent.ends.get(name)):
            messages = _messages(name, lines)
            try:
                taken = _send(settings, [message for _end, message in messages], deadline) if messages else 0
            except (OSError, SettingsError, ValueError) as error:
                if not sent.silent_since:
                    sent.silent_since = now().isoformat(timespec="seconds")
                    log.warning("the syslog does not take checkpoints (%s); they are kept", type(error).__name__)
                    _remember(place, sent)
                return
            if messages and not taken:
                return
            end = lines[-1][0] if taken == len(messages) else messages[taken - 1][0]
            sent.ends[name] = (end, _mark(place / name, end))
            if taken:
                sent.silent_since = ""
            _remember(place, sent)
            if time.monotonic() > deadline:
                return


def _messages(name: str, lines: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """What is sent of the lines of a file, each with where its line ends; one that is no note stops none behind it."""
    found = list[tuple[int, bytes]]()
    for end, line in lines:
        try:
            found.append((end, _message(json.loads(line)["note"])))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            log.warning("a line of %s is no note and is not sent; it ends at byte %s", name, end)
    return found


def silent_since(place: Path) -> datetime | None:
    """Since when the syslog has not taken what was signed; None while it takes everything."""
    if not (place / STATE).exists() and (place / NOTES_FILE).exists():  # nothing was ever sent
        return datetime.fromtimestamp((place / NOTES_FILE).stat().st_mtime, UTC)
    said = _sent(place).silent_since
    return datetime.fromisoformat(said) if said else None  # `_sent` has tried it


def _sent(place: Path) -> Sent:
    """What is known of earlier rounds; nothing where the file cannot be read: then it begins as on the first day."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        kept = json.loads((place / STATE).read_text("ascii"))
        ends = {str(name): (int(end), str(mark)) for name, (end, mark) in kept["ends"].items()}
        if since := str(kept["silent_since"]):
            datetime.fromisoformat(since)
        return Sent(ends, since)
    return Sent()


def _remember(place: Path, sent: Sent) -> None:
    with suppress(OSError):  # a full disk: the lines are sent once more
        write_whole(place / STATE, json.dumps(vars(sent)).encode())


def _waiting(path: Path, sent: tuple[int, str] | None) -> list[tuple[int, bytes]]:
    """The next lines that were not sent, each with where it ends.

    On the first day the last one alone, which stands for all before it; all of them when the file is another one.
    """
    if not path.exists():
        return []
    end, mark = sent or (max(0, path.stat().st_size - TAIL), "")
    with path.open("rb") as stream:
        if sent is None:
            if end:
                stream.seek(end)
                stream.readline()
            return list(_whole_lines(stream.tell(), stream))[-1:]
        stream.seek(end if mark == _mark(path, end) else 0)
        return [line for line, _ in zip(_whole_lines(stream.tell(), stream), range(TOGETHER), strict=False)]


def _whole_lines(start: int, lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    for line in lines:
        start += len(line)
        if line.endswith(b"\n"):
            yield start, line


def _mark(path: Path, end: int) -> str:
    """A hash of what stands before a place of a file: the same as long as nothing but lines behind it came."""
    with path.open("rb") as stream:
        stream.seek(max(0, end - TAIL))
        return hashlib.sha256(stream.read(min(end, TAIL))).hexdigest()


def _message(note: str) -> bytes:
    """One line of RFC 5424: whose log, how long, and the whole note as `proof` finds it again."""
    origin, length, *_rest = note.split("\n")
    length = length if length.isdigit() else "segment"
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:255] or "-"
    note64 = base64.b64encode(note.encode()).decode()
    at = now().isoformat(timespec="milliseconds")
    return f"<{_PRIORITY}>1 {at} {host} oms-audit - checkpoint - {origin} {length} {SPOKEN}{note64}".encode("ascii")


def _send(settings: Settings, messages: Sequence[bytes], deadline: float) -> int:
    """How many were taken before the deadline (of `time.monotonic`); `OSError` when not all that went out were."""
    target, taken = place_of(settings), 0
    in_time = takewhile(lambda _message: time.monotonic() < deadline, messages)
    if target is None:
        return 0
    if target.socket:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(PATIENCE)
            line.connect(target.socket)
            for taken, message in enumerate(in_time, 1):  # noqa: B007 - how many is what is wanted
                line.send(message)
        return taken
    context = ssl.create_default_context(cafile=settings.seal_syslog_ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with (
        socket.create_connection((target.host, target.port), PATIENCE) as line,
        context.wrap_socket(line, server_hostname=target.host) as secured,
    ):
        for taken, message in enumerate(in_time, 1):  # noqa: B007
            secured.sendall(b"%d %s" % (len(message), message))
        with suppress(ssl.SSLEOFError):  # it hung up without a word of TLS
            plain = secured.unwrap()  # says that this was all and waits for the answer
            plain.shutdown(socket.SHUT_WR)
            if plain.recv(1):
                raise ConnectionResetError("the other side went on behind its end")
        _require_confirmed(secured)
    return taken


def _require_confirmed(line: socket.socket) -> None:
    """`ConnectionResetError` unless the other machine has confirmed every byte.

    A close alone, of TLS or not, proves nothing: it may have been said before our lines came. Who has read them all
    confirms them with its close; of who has not, its machine breaks the line off (RFC 1122, 4.2.2.13).
    """
    (unconfirmed,) = struct.unpack("i", fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, bytes(4)))
    if unconfirmed or line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise ConnectionResetError("the other side hung up before it had read everything")
