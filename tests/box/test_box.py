"""The box holds: what a hostile document would try comes to nothing, on both rungs, and the next one is served."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oms import box
from oms.box import filters, probing, shutting, walls
from oms.box.asking import _receive

ATTEMPTS = f"{probing.__name__}:attempts"
OVERREACH = f"{probing.__name__}:overreach"


@pytest.fixture(scope="module", params=[box.Rung.FULL, box.Rung.WEAK])
def closed(request: pytest.FixtureRequest) -> Iterator[box.Box]:
    """A box of each rung, with nothing preloaded."""
    made = box.Box(request.param)
    yield made
    made.close()


def ask(closed: box.Box, function: str, *, seconds: float = 30, **arguments: Any) -> Any:
    with Path("/dev/null").open("rb") as nothing:
        return closed.ask(function, nothing.fileno(), most=0, seconds=seconds, arguments=arguments)[0]


def test_this_machine_builds_whole_boxes() -> None:
    """Where this fails, bubblewrap is missing or may make no namespaces: docs/install.md says what to do."""
    assert box.look() == (box.Rung.FULL, "")


def test_nothing_a_document_would_try_succeeds(closed: box.Box) -> None:
    assert ask(closed, ATTEMPTS) == [] and closed.clear()


def test_the_attempts_are_real() -> None:
    """Outside of a box most of them succeed, so they say something when they fail inside."""
    open_here = {"a network socket", "a socket on this machine", "/etc/passwd", "filling memory by a file"}
    assert open_here <= {name for name in open_here if probing._succeeds(probing.ATTEMPTS[name])}


def test_memory_ends_at_two_gigabytes_and_the_box_goes_on(closed: box.Box) -> None:
    assert ask(closed, OVERREACH, what="memory") < shutting.MEMORY / 1024**2
    assert closed.clear() and ask(closed, ATTEMPTS) == [] and closed.clear()


def test_processes_are_counted_and_none_is_left_behind() -> None:
    closed = box.Box(box.Rung.FULL)
    assert ask(closed, OVERREACH, what="processes") <= shutting.PROCESSES
    assert closed.clear() and ask(closed, OVERREACH, what="processes") > 1  # they were swept up
    closed.close()


def test_time_ends(closed: box.Box) -> None:
    late = box.Box(box.Rung.WEAK)
    started = time.monotonic()
    with pytest.raises(box.Broke) as broke:
        ask(late, OVERREACH, what="time", seconds=0.2)
    late.close()
    assert broke.value.late and time.monotonic() - started < 10 and not late.is_alive()


def test_a_program_that_kills_its_parent_costs_its_own_answer_only() -> None:
    closed = box.Box(box.Rung.FULL)
    assert ask(closed, OVERREACH, what="parent") == 1  # the first process of a namespace cannot be killed from inside
    assert closed.clear() and closed.is_alive()
    closed.close()


def test_the_program_is_nobody_when_oms_is_root() -> None:
    closed = box.Box(box.Rung.FULL)
    user = ask(closed, f"{probing.__name__}:user")
    closed.close()
    assert user == (walls.NOBODY if os.getuid() == 0 else os.getuid())


def test_an_answer_longer_than_asked_for_is_no_answer(tmp_path: Path) -> None:
    document = tmp_path / "a"
    document.write_bytes(b"x" * 10)
    assert box.call(probing.echo, document, most=10)[1] == b"x" * 10
    with pytest.raises(box.Broke):
        box.call(probing.echo, document, most=9)
    assert box.call(probing.echo, b"bytes at hand", most=99)[1] == b"bytes at hand"


def test_what_a_document_has_to_say_comes_as_a_word_and_numbers() -> None:
    with pytest.raises(box.Said) as said:
        box.call(probing.say, b"", word="pages", number=7)
    assert (said.value.word, said.value.numbers) == ("pages", {"number": 7})


def test_a_question_that_ends_its_program_is_no_answer_and_the_next_one_is_served() -> None:
    with pytest.raises(box.Broke):
        box.call(probing.end, b"")
    assert box.call(probing.echo, b"x", most=1)[1] == b"x"


@pytest.mark.parametrize(
    "answer",
    [b"", b"\0" * 11, b"\xff" * 12, b"\0\0\0\2" + b"\0" * 8 + b"[]", b"\0\0\0\2" + b"\0" * 8 + b"{}"],
    ids=["nothing", "half a head", "endless", "no object", "no value"],
)
def test_a_garbled_answer_is_none(answer: bytes) -> None:
    import socket

    ours, theirs = socket.socketpair()
    with ours, pytest.raises(box.Broke):
        with theirs:
            theirs.sendall(answer)
        _receive(ours, 100, time.monotonic() + 5)


def test_deep_nonsense_is_no_answer() -> None:
    import socket

    words = b"[" * 100_000
    ours, theirs = socket.socketpair()
    with ours, pytest.raises(box.Broke):
        with theirs:
            theirs.sendall(len(words).to_bytes(4, "big") + bytes(8) + words)
        _receive(ours, 100, time.monotonic() + 5)


def test_the_data_folder_is_not_in_the_box() -> None:
    """The folder beside the program is the data folder of `make run`; only the program itself is there for reading."""
    home = Path(walls.__file__).parents[2]
    assert str(home) not in walls.readable() and str(home / "oms") in walls.readable()


def test_the_filter_names_every_call_it_refuses() -> None:
    assert len(set(filters.REFUSED)) == len(filters.REFUSED) >= 47
    assert len(filters.program()) % 8 == 0
