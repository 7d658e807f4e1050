"""CR-6: one place after the other is full, of bytes and of names; CR-12: disks, owners, keys and settings that are wrong.

Each place is a small file system of its own: ext4 in an image, or memory. Needs root, loop devices, mkfs.ext4.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import household
from power_cuts import command, mounted, new_disk

from faulting.drill import RECOVERED, House, Told, house
from oms.settings import Settings

LARGE, SMALL = "30G", "200M"
"""An image has holes: it takes what is written into it. Ten gigabytes stay free before uploads are taken in."""
NAMES = 3000
"""Files a disk may hold."""
NEARLY = 5 * 1024**3
MEMORY = 96 * 1024**2
# A mount of its own over the memory the programs stage files in; the machine's stays as it is.
OWN_MEMORY = ("unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size={MEMORY} tmpfs /dev/shm && exec "$@"', "sh")


@contextmanager
def disk(base: Path, place: Path, size: str) -> Iterator[Path]:
    """An empty ext4 in its place, nothing of it held back for root."""
    image = base / f"{place.name}.img"
    new_disk(image, size, "mkfs.ext4", "-q", "-F", "-m", "0", "-N", str(NAMES))
    with mounted(image, place):
        yield place


def fill(place: Path, leave: int = 0) -> Callable[[], None]:
    """Take all room of a disk but so many bytes; the function gives it back."""
    taken: list[Path] = []
    step = 1024**3
    while step >= 512:
        free = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize - leave
        path = place / f"full-{len(taken)}"
        try:
            with path.open("wb") as out:
                taken.append(path)
                if step >= 4096 and free >= step:
                    os.posix_fallocate(out.fileno(), 0, step)
                elif leave or step > 4096:
                    raise OSError
                else:
                    out.write(b"f" * step)
                    out.flush()
                    os.fsync(out.fileno())
        except OSError:
            with suppress(FileNotFoundError):
                path.unlink()
            step //= 2
    return lambda: [path.unlink(missing_ok=True) for path in taken] and None


def use_up_names(place: Path) -> Callable[[], None]:
    """Take every name a disk can still hold; the function gives them back."""
    taken: list[Path] = []
    with suppress(OSError):
        while True:
            path = place / f"name-{len(taken)}"
            path.touch()
            taken.append(path)
    return lambda: [path.unlink(missing_ok=True) for path in taken] and None


def _without_log(settings: Settings) -> None:
    """Empty the log of SQLite: it keeps its room, and what is written next would still find some."""
    with sqlite3.connect(settings.home / "oms.sqlite3", timeout=60) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _recovers(at: House, what: str) -> float:
    """Seconds until everything works again."""

    def works() -> bool:
        return at.look().status == 200 and at.change().status in (201, 409) and at.upload().status == 202

    took = at.wait_until(f"{what}: works again", works)
    at.expect(f"{what}: took {took:.0f} s to work again", took <= RECOVERED)
    at.expect(f"{what}: searching after it", at.find().status == 200)
    at.wait_until(f"{what}: what came in is read", at.are_read)
    return took


def full_database(at: House, room: Path, make: Callable[[Path], Callable[[], None]], what: str) -> str:
    """Nothing can be written down: nothing is done, nothing is shown, and nothing is lost."""
    at.wait_until("what came in is read", at.are_read)
    before = at.entries()
    _without_log(at.settings)
    give_back = make(room)
    refused = done = 0
    try:
        until = time.monotonic() + 60
        while refused < 6 and time.monotonic() < until:
            for answer in (at.look(), at.change(), at.upload()):
                refused += answer.told
                done += answer.status in (200, 201, 202)
                at.expect(f"{what}: answered {answer.status}", answer.told or answer.status in (200, 201, 202, 409))
                at.expect(f"{what}: {answer.seconds:.0f} s for a refusal", not answer.told or answer.seconds < 31)
        for answer in at.idle_look():
            at.expect(f"{what}: reading answered {answer.status}", answer.status == 200)
        entries, scans = at.entries()
        at.expect(f"{what}: {scans - before[1]} scans, {entries - before[0]} entries", scans - before[1] <= done)
    finally:
        give_back()
    took = _recovers(at, what)
    return f"{what}: {refused} told with Retry-After, {done} done, reading 200, works again after {took:.1f} s"


def full_place(
    at: House, room: Path, make: Callable[[Path], Callable[[], None]], what: str, *, uploads: tuple[int, ...]
) -> str:
    """Only what needs the place is refused; looking, searching and changing go on."""
    give_back = make(room)
    refused = 0
    try:
        for _ in range(3):
            sent = at.upload()
            refused += sent.told
            at.expect(f"{what}: an upload answered {sent.status}", sent.status in uploads)
            at.expect(f"{what}: no Retry-After", sent.status == 202 or sent.told)
            for answer in (at.look(), at.find(), at.change(), *at.idle_look()):
                at.expect(f"{what}: answered {answer.status}", answer.status in (200, 201, 409))
    finally:
        give_back()
    took = _recovers(at, what)
    return f"{what}: uploads {refused} of 3 told, looking, searching and changing went on, all works after {took:.1f} s"


def full_log(at: House, room: Path) -> str:
    """The services cannot say anything any more: they go on, also when one of them has to be started again."""
    give_back = fill(room)
    try:
        (worker,) = [pid for pid, name in at.programs.members().items() if name == "oms-worker"]
        os.kill(worker, 9)

        def lives_again() -> bool:
            return [pid for pid, name in at.programs.members().items() if name == "oms-worker"] not in ([], [worker])

        at.wait_until("log: the worker lives again", lives_again)
        for answer in (at.look(), at.upload(), at.find(), at.change()):
            at.expect(f"log: answered {answer.status}", answer.status in (200, 201, 202, 409))
        at.expect("log: the parent ended", at.programs.process.poll() is None)
        at.wait_until("log: what came in is read", at.are_read)
    finally:
        give_back()
    return "log of the services: all went on, a killed worker was started again"


def run() -> tuple[list[str], list[str]]:
    """Lines of figures and faults of CR-6."""
    lines = Told()
    with tempfile.TemporaryDirectory(prefix="oms-full-") as folder, ExitStack() as disks:
        base = Path(folder)
        data = disks.enter_context(disk(base, base / "data", LARGE))
        home = data / "oms"
        scans = disks.enter_context(disk(base, home / "scans", LARGE))
        index = disks.enter_context(disk(base, home / "index", SMALL))
        log = disks.enter_context(_memory(base / "log"))
        with house(home, log=log / "log", within=OWN_MEMORY) as at:
            at.expect(f"an upload before answered {(first := at.upload()).status}", first.status == 202)
            lines.append(full_place(at, scans, lambda room: fill(room, NEARLY), "scans nearly full", uploads=(507,)))
            lines.append(full_place(at, scans, use_up_names, "scans without names", uploads=(503, 507)))
            shared = Path(f"/proc/{at.programs.process.pid}/root/dev/shm")
            lines.append(full_place(at, shared, fill, "staging full", uploads=(503,)))
            lines.append(full_place(at, index, fill, "index full", uploads=(202,)))
            lines.append(full_log(at, log))
            lines.append(full_database(at, data, fill, "database full"))
            lines.append(full_database(at, data, use_up_names, "database without names"))
            at.kept("after full disks")
            faults = at.faults
    return lines, faults


@contextmanager
def _memory(place: Path) -> Iterator[Path]:
    place.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place)
    try:
        yield place
    finally:
        command("umount", "--lazy", place)


WITHOUT_RIGHTS = tuple(
    f"--{kind}=-dac_override,-dac_read_search" for kind in ("inh-caps", "bounding-set")
)  # root passes every right


def starts() -> tuple[list[str], list[str]]:
    """CR-12: `oms serve` on wrong disks, owners, keys and settings; each is one line and an exit code."""
    refused, faults = 0, list[str]()
    with tempfile.TemporaryDirectory(prefix="oms-start-") as folder:
        base = Path(folder)
        new = base / "new"
        household.install(Settings(home=new))
        key = new / "secret.key"
        key.write_text("w7Yk2mQp9ZrT4vXs8NbC6hJd3LfG5aEu1KtP0oRi-_yW", "ascii")
        key.chmod(0o600)
        with ExitStack() as disks:
            still = disks.enter_context(disk(base, base / "still", SMALL))
            shutil.copytree(new, still / "oms")
            command("mount", "-o", "remount,ro", still)
            cases: list[tuple[str, Path, Callable[[Path], object], dict[str, str]]] = [
                ("mounted for reading only", still / "oms", lambda _: None, {}),
                ("belongs to somebody else", base / "owner", _give_away, {}),
                ("secret.key", base / "open", lambda home: (home / "secret.key").chmod(0o640), {}),
                ("too short", base / "short", lambda home: (home / "secret.key").write_text("0123456789"), {}),
                (
                    "stands in examples",
                    base / "sample",
                    lambda home: (home / "secret.key").write_text("change-me" * 6),
                    {},
                ),
                ("cannot be read", base / "toml", lambda home: (home / "oms.toml").write_text("port = = 1"), {}),
                ("OMS_PROT", base / "unknown", lambda _: None, {"OMS_PROT": "1"}),
                ("OMS_LDAP_URL", base / "ldap", lambda _: None, {"OMS_LDAP_URL": "http://nowhere"}),
                ("cannot be read", base / "missing", lambda _: None, _provider(base / "no-such-key")),
            ]
            for words, home, spoil, environment in cases:
                if not home.exists():
                    shutil.copytree(new, home)
                spoil(home)
                code, said = _start(home, environment)
                holds = code in (2, 3) and said.count("\n") == 1 and words in said
                refused += holds
                faults += [] if holds else [f"start, {home.name}: code {code}, {said[-300:]!r}"]
    return Told([f"starts: {refused} of {len(cases)} wrong houses refused with one line"]), faults


def _provider(secret: Path) -> dict[str, str]:
    issuer = {"OMS_OIDC_ISSUER": "https://office.example.vn", "OMS_OIDC_CLIENT": "oms"}
    return {**issuer, "OMS_OIDC_SECRET_FILE": str(secret), "OMS_ADDRESS": "https://oms.example.vn"}


def _give_away(home: Path) -> None:
    for path in (home, *home.rglob("*")):
        os.chown(path, 65534, 65534)
    home.chmod(0o755)


def _start(home: Path, environment: dict[str, str]) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}
    program = ["setpriv", *WITHOUT_RIGHTS, sys.executable, "-m", "oms.cli", "serve", "--with-worker", "--port", "18999"]
    chosen = {**kept, "OMS_HOME": str(home), "OMS_LANGUAGE": "en", **environment}
    done = subprocess.run(program, env=chosen, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr
