"""Watches a whole run of the tests: nothing speaks to another machine, and nothing personal is logged (NET-1, LG).

Only this process is watched; what browsers and boxes do is for `bench/hostile.py` and the units of the server.
"""

import ipaddress
import logging
import re
import socket
from typing import Any

import pytest

# Words that stand for people in the tests, a password, and the canaries of `tests/oracle/`.
PERSONAL = re.compile(r"canarius|sơncanari|bídanhcanari|chữcanari|mậtcanari|Mot-cau-that-dai-2026|\bzq[a-z]{5}\b", re.I)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]")


class Watch(logging.Handler):
    """A plugin of pytest and a handler of all logs."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.found: list[str] = []
        self._connect = socket.socket.connect

    def pytest_sessionstart(self) -> None:
        """Listen to every log, and stand before every connection."""
        logging.getLogger().addHandler(self)
        watch = self

        def connect(self: socket.socket, address: Any) -> None:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not is_here(address[0]):
                watch.found.append(f"a connection to {address[0]}")
                raise ConnectionRefusedError(f"tests speak to nobody outside: {address[0]}")
            watch._connect(self, address)

        socket.socket.connect = connect  # type: ignore[method-assign]

    def emit(self, record: logging.LogRecord) -> None:
        """One line of a log of ours."""
        said = record.getMessage()
        if record.name.split(".")[0] == "oms" and PERSONAL.search(said):
            self.found.append(f"something personal in the log {record.name}: {said[:120]!r}")
        if record.name.split(".")[0] == "oms" and CONTROL.search(said):
            self.found.append(f"control characters in the log {record.name}: {said[:120]!r}")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A run in which something was found has failed."""
        socket.socket.connect = self._connect  # type: ignore[method-assign]
        logging.getLogger().removeHandler(self)
        if self.found and session.exitstatus == 0:
            session.exitstatus = 1

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name what was found."""
        for line in self.found:
            terminalreporter.write_line(f"seen while watching: {line}", red=True)


def is_here(host: str) -> bool:
    """Whether an address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
