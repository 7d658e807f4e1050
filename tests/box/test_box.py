"""The box holds: what a hostile document would try comes to nothing, on both rungs, and the next one is served."""

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from oms import box
from oms.box import asking, filters, probing, shutting, walls
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


def test_a_process_that_has_seen_a_document_makes_no_other(closed: box.Box) -> None:
    assert ask(closed, OVERREACH, what="processes") == 0 and closed.clear()


def below(pid: int) -> list[int]:
    """All processes that come from one, and itself."""
    with suppress(OSError):
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
        return [pid, *(other for child in children for other in below(child))]
    return []


def resident(pids: list[int]) -> int:
    """Bytes of memory these processes hold, what they share counted for each."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return total


def test_a_converter_that_breeds_and_fills_memory_stays_within_the_limit_of_one(closed: box.Box) -> None:
    """HU-9: the whole box, measured from outside while it tries."""
    most, over = [0, 0], threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            family = below(closed._program.pid)
            most[:] = max(most[0], len(family)), max(most[1], resident(family))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        filled = ask(closed, OVERREACH, what="breed", seconds=120)
    finally:
        over.set()
        watcher.join()
    assert 1000 < filled < shutting.MEMORY / 1024**2, "it did fill memory, and came to the limit"
    processes, octets = most
    assert processes <= 4 and 1000 * 1024**2 < octets < shutting.MEMORY + 300 * 1024**2
    assert closed.clear() and ask(closed, ATTEMPTS) == [] and closed.clear()


def test_a_program_is_started_once_and_only_by_who_may(tmp_path: Path) -> None:
    document = tmp_path / "a"
    document.write_bytes(b"what it holds")
    said = box.call(probing.pipe, document, most=100)[1]
    assert said == b"what it holds"
    for function in (probing.pipe_twice, probing.pipe_unmarked):
        assert box.call(function, document, most=100)[0] == "no second one"
    assert box.call(probing.echo, document, most=100)[1] == said


def test_a_document_that_wants_more_memory_than_there_is_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(box.Broke) as broke:
        box.call(probing.exhaust, b"")
    assert broke.value.limit and "exhaust came to the limit of memory" in caplog.text


def test_a_hundred_that_come_to_their_limit_in_a_row_leave_nothing_behind() -> None:
    """CR-10: no process, no box more than there were, and the next document is served."""
    for _ in range(100):
        with pytest.raises(box.Broke) as broke:
            box.call(probing.exhaust, b"")
        assert broke.value.limit
    assert box.call(probing.echo, b"the next one", most=100)[1] == b"the next one"
    states = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] for pid in below(os.getpid())]
    assert "Z" not in states and len(states) < 20


@pytest.mark.skipif(os.getuid() != 0, reason="only root sees the box")
def test_the_kernel_ends_a_box_before_the_server(closed: box.Box) -> None:
    scores = {Path(f"/proc/{pid}/oom_score_adj").read_text().strip() for pid in below(closed._program.pid)}
    assert scores == {str(walls._FIRST_TO_GO)}


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


def test_the_program_is_a_user_of_its_own_when_oms_is_root() -> None:
    users = []
    for closed in (box.Box(box.Rung.FULL), box.Box(box.Rung.FULL)):
        users.append(ask(closed, f"{probing.__name__}:user"))
        closed.close()
    if os.getuid() == 0:
        assert len({0, *users}) == 3
    else:
        assert users == [os.getuid()] * 2


def test_what_others_run_as_nobody_takes_no_box_its_processes() -> None:
    """On a busy machine every document was refused as damaged: the limit counts a user, not a box."""
    nobody = walls.NOBODY if os.getuid() == 0 else None
    others = [subprocess.Popen(["sleep", "60"], user=nobody) for _ in range(shutting.PROCESSES)]
    try:
        closed = box.Box(box.Rung.FULL)
        assert ask(closed, ATTEMPTS) == [] and closed.clear()
        closed.close()
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_an_answer_longer_than_asked_for_is_no_answer(tmp_path: Path) -> None:
    document = tmp_path / "a"
    document.write_bytes(b"x" * 10)
    assert box.call(probing.echo, document, most=10)[1] == b"x" * 10
    with pytest.raises(box.Broke):
        box.call(probing.echo, document, most=9)
    assert box.call(probing.echo, b"bytes at hand", most=99)[1] == b"bytes at hand"


def test_a_program_with_many_open_files_still_hears_its_boxes() -> None:
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4_096), most))
    box.close_all()
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1_100)]
    try:
        assert box.call(probing.echo, b"heard", most=10)[1] == b"heard"
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


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


def test_a_box_that_is_gone_costs_no_document(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel ends a box with the thread that started it: a file is not refused because that was just now."""
    asked: list[int] = []
    box.close_all()
    box.call(probing.attempts, b"")
    (waiting,) = asking._idle
    ask_it = box.Box.ask

    def ask_once_dead(self: box.Box, *arguments: Any, **more: Any) -> Any:
        asked.append(id(self))
        if self is waiting:
            os.kill(self._program.pid, signal.SIGKILL)
            self._program.wait()
            os.read(arguments[1], 1)  # what it read of the document is read again
            raise BrokenPipeError
        return ask_it(self, *arguments, **more)

    monkeypatch.setattr(box.Box, "ask", ask_once_dead)
    assert box.call(probing.echo, b"whole", most=5)[1] == b"whole"
    assert len(asked) == 2 and asked[0] == id(waiting) != asked[1]


def test_a_document_that_takes_its_box_along_is_asked_twice_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def kill(self: box.Box, *_arguments: Any, **_more: Any) -> Any:
        asked.append(id(self))
        os.kill(self._program.pid, signal.SIGKILL)
        self._program.wait()
        raise box.Broke

    monkeypatch.setattr(box.Box, "ask", kill)
    with pytest.raises(box.Broke):
        box.call(probing.attempts, b"")
    assert len(asked) == 2


def test_the_data_folder_is_not_in_the_box() -> None:
    """The folder beside the program is the data folder of `make run`; only the program itself is there for reading."""
    home = Path(walls.__file__).parents[2]
    assert str(home) not in walls.readable() and str(home / "oms") in walls.readable()


def test_the_filter_names_every_call_it_refuses() -> None:
    assert len(set(filters.REFUSED)) == len(filters.REFUSED) >= 47
    assert len(filters.program()) % 8 == 0
