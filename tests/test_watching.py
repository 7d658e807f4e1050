"""The watch over a run sees what it is there for."""

import logging
import socket

import pytest

from tests.watching import Watch, is_here


@pytest.mark.parametrize(
    ("host", "here"), [("127.0.0.1", True), ("::1", True), ("192.0.2.1", False), ("oms.vn", False)]
)
def test_only_this_machine_is_here(host: str, here: bool) -> None:
    assert is_here(host) is here


def test_nobody_outside_is_spoken_to(request: pytest.FixtureRequest) -> None:
    watch = request.config.pluginmanager.get_plugin("watching")
    with socket.socket() as one, pytest.raises(ConnectionRefusedError, match="nobody outside"):
        one.connect(("192.0.2.1", 9))
    assert watch.found.pop() == "a connection to 192.0.2.1"


@pytest.mark.parametrize("said", ["người Canarius", "zqaabcd.pdf", "một\x1b[31mdòng"])
def test_what_is_personal_or_forges_a_line_is_noticed(said: str) -> None:
    watch = Watch()
    watch.emit(logging.LogRecord("oms.web", logging.ERROR, "", 0, "failed: %s", (said,), None))
    watch.emit(logging.LogRecord("oms.web", logging.ERROR, "", 0, "failed: %s", ("id",), None))
    assert len(watch.found) == 1
