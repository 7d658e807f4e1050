"""Clients that send a byte a second keep nobody waiting (HU-5): the running server answers all others at once.

Twenty-four of them are more than there are threads. `OMS_TEST_LONG=1`: two hundred for a minute, and `-s` prints it.
"""

import itertools
import os
import socket
import threading
import time
from contextlib import suppress

import pytest
from sqlalchemy import Engine

from oms.settings import Settings
from oms.web.connections import BODY, HEAD, Gathered, is_there
from tests.raw_requests import serving

LONG = bool(os.environ.get("OMS_TEST_LONG"))
CLIENTS, SECONDS, LEAST = (200, 60, 20) if LONG else (24, 1, 3)
PATIENCE = 5 if LONG else 30
"""Seconds after which an answer counts as none; the suite runs beside other work."""
START = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n"
LONG_BODY = START + b"Content-Length: 1000000\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
WAYS = {
    "head": START,  # never ends
    "body": LONG_BODY,
    "chunks": START + b"Transfer-Encoding: chunked\r\n\r\n",
    "asking": LONG_BODY[:-2] + b"Expect: 100-continue\r\n\r\n",
    "second request": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + START,
}


def test_slow_clients_keep_nobody_waiting(settings: Settings, engine: Engine) -> None:
    over, said = threading.Event(), dict[str, list[bytes]]((way, []) for way in WAYS)

    def crawl(way: str) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
            line.sendall(WAYS[way])
            with suppress(ConnectionError):
                while not over.wait(1):
                    line.send(b"a")
            said[way].append(line.recv(4096))

    with serving(settings) as port:
        while ask_health(port) > PATIENCE:
            pass  # it is starting
        ways = [way for way, _ in zip(itertools.cycle(WAYS), range(CLIENTS), strict=False)]
        crowd = [threading.Thread(target=crawl, args=(way,)) for way in ways]
        for one in crowd:
            one.start()
        took, until = list[float](), time.monotonic() + SECONDS
        while time.monotonic() < until or len(took) < LEAST:
            took.append(ask_health(port))
            over.wait(0.5)
        over.set()
        for one in crowd:
            one.join()
    print(f"{len(took)} answers beside {CLIENTS} slow clients, longest {max(took):.3f} s")
    assert max(took) < PATIENCE
    assert all(answer.startswith(b"HTTP/1.1 100") for answer in said["asking"])
    if LONG:  # nobody waits for them for a minute
        assert len(said["head"]) == CLIENTS // len(WAYS)
        assert all(answer.startswith(b"HTTP/1.1 408") and b"<html" in answer for answer in said["head"])


def ask_health(port: int) -> float:
    """Seconds until the whole answer was there; endless when there was none."""
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: line.recv(4096), b""))
    except OSError:
        return float("inf")
    return time.monotonic() - began if answer.startswith(b"HTTP/1.1 200") else float("inf")


@pytest.mark.parametrize(
    ("sent", "there"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (b"x" * HEAD, True),  # no request: refused by whoever reads it
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcd", False),
        (b"POST / HTTP/1.1\r\ncontent-length:5\r\n\r\nabcde", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", True),  # nobody may send so much
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"x" * BODY, True),
    ],
)
def test_a_thread_comes_in_when_it_need_not_wait(sent: bytes, there: bool) -> None:
    assert is_there(sent, longest=1000) is there


def test_who_asks_is_told_to_go_on_once() -> None:
    one = Gathered(bytearray(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\n"), 0)
    assert not one.is_asking()
    one.content += b"\r\n"
    assert one.is_asking() and not one.is_asking()
