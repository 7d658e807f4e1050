"""A connection gets a thread when its request is there: whoever sends a byte a second keeps nobody waiting.

gunicorn's threads read requests themselves, so sixteen slow clients take all sixteen. Here the loop that accepts
connections gathers the head of a request and the beginning of its body, as nginx would; a thread comes in when that is
whole or fills its bounds. What follows of a long body must then keep a pace. Knows nothing of pages.
"""

import re
import resource
import select
import selectors
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

CONNECTIONS = 1000
"""Of each process; slow ones cost 64 KB of memory each and a descriptor."""
HEAD, BODY = 64 * 1024, 64 * 1024
"""Bytes that are gathered before a thread comes in: a form of any page; of a file, enough to show that it flows."""
PATIENCE = 15.0
"""Seconds that may pass beyond what the pace allows; nginx's example waits as long."""
PACE = 2 * 1024
"""Bytes a second while a request is gathered: the slowest line somebody works with."""
BODY_PATIENCE, BODY_PACE = 10.0, 8 * 1024
"""The same where a thread waits for the rest of a body."""
LINGER = 2.0
"""Seconds in which a request must be there once the server is stopping."""

_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ASKING = re.compile(rb"^expect[ \t]*:[ \t]*100-continue", re.IGNORECASE | re.MULTILINE)


def is_there(gathered: bytes | bytearray, longest: int) -> bool:
    """Whether a thread can begin with a request without waiting: its head is whole, its body too or well begun.

    What is no request, or longer than `longest` bytes, is there as well: it is refused in words, by whoever reads it.
    """
    end = gathered.find(b"\r\n\r\n")
    if end < 0:
        return len(gathered) >= HEAD
    head, body = bytes(gathered[:end]), len(gathered) - end - 4
    if body >= BODY:
        return True
    if _CHUNKED.search(head):
        return gathered.endswith(b"0\r\n\r\n") and body >= 5
    length = _LENGTH.search(head)
    needed = int(length[1]) if length else 0
    return body >= needed or needed > longest


@dataclass
class Gathered:
    """What came of a request so far, since when, and whether its sender was told to go on."""

    content: bytearray
    began: float
    told: bool = False

    def is_asking(self) -> bool:
        """Whether the sender waits to be told; once."""
        asks = not self.told and b"\r\n\r\n" in self.content and bool(_ASKING.search(self.content))
        self.told |= asks
        return asks


class Pace:
    """How much time a sender has used, beside what so many bytes may take."""

    def __init__(self, patience: float, pace: float) -> None:
        self.left, self.pace = patience, pace

    def spend(self, seconds: float, received: int) -> None:
        """A wait, and what came at its end."""
        self.left += received / self.pace - seconds


class PacedUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads from a connection as long as it keeps the pace; then it is over, as if the client had hung up."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.pace = Pace(BODY_PATIENCE, BODY_PACE)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """What comes next, or nothing."""
        began, ready = time.monotonic(), select.poll()
        ready.register(self.sock, select.POLLIN)
        if self.pace.left <= 0 or not ready.poll(self.pace.left * 1000):
            self.pace.left = 0
            return b""
        received: bytes = super().chunk(size_hint)
        self.pace.spend(time.monotonic() - began, len(received))
        self.pace.left = min(self.pace.left, BODY_PATIENCE)  # nobody saves time up for later
        return received


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, behind a loop that gathers; `longest` is the most bytes a body may have."""

    longest = 0

    def __init__(self, *told: Any, **more: Any) -> None:
        super().__init__(*told, **more)
        self.gathering: dict[TConn, Gathered] = {}

    def accept(self, listener: socket.socket) -> None:
        """Take a connection and see what it has to say."""
        try:
            accepted, address = listener.accept()
        except OSError:
            return  # gone again, or no descriptor left: the next one may have more luck
        self.nr_conns += 1
        self._gather(TConn(self.cfg, accepted, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """The next request on a kept connection begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn)

    def finish_request(self, conn: TConn, fs: Any) -> None:
        """Keep, close, or go on with what was sent behind the request."""
        goes_on = not fs.cancelled() and fs.exception() is None and fs.result() is True
        behind = conn.parser.unreader.take_buffered() if goes_on else b""
        if behind:
            self._gather(conn, behind)
        else:
            super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """End those whose request does not come; gunicorn calls this once a second."""
        super().murder_pending()
        now = time.monotonic()
        for conn, one in list(self.gathering.items()):
            allowed = PATIENCE if self.alive else LINGER
            if now - one.began > allowed + len(one.content) / PACE:
                if one.content:
                    with suppress(OSError):
                        util.write_error(conn.sock, 408, "Request Timeout", "")
                self._leave(conn)

    def _gather(self, conn: TConn, begun: bytes = b"") -> None:
        conn.sock.setblocking(False)
        self.gathering[conn] = Gathered(bytearray(begun), time.monotonic())
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_bytes, conn))
        self._on_bytes(conn, conn.sock)  # most have sent all of it already

    def _on_bytes(self, conn: TConn, client: socket.socket) -> None:
        one, ended = self.gathering[conn], False
        try:
            received = client.recv(HEAD)
            one.content += received
            ended = not received
            if one.is_asking():
                client.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        except BlockingIOError:
            pass  # nothing new
        except OSError:
            ended = True
        if is_there(one.content, self.longest) or (ended and one.content):
            self._hand_over(conn, bytes(one.content))
        elif ended:
            self._leave(conn)

    def _hand_over(self, conn: TConn, gathered: bytes) -> None:
        self.poller.unregister(conn.sock)
        del self.gathering[conn]
        conn.init()
        paced = PacedUnreader(conn.sock)
        paced.unread(gathered)
        conn.parser.unreader = paced
        self.enqueue_req(conn)

    def _leave(self, conn: TConn) -> None:
        self.poller.unregister(conn.sock)
        del self.gathering[conn]
        self.nr_conns -= 1
        conn.close()


def make_room() -> None:
    """Let this process, and those it forks, have a descriptor for every connection beside the files they work with."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 4 * CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
