"""What a killed program left in its working folders is found and wiped at once; what a living one works in is not."""

import os
import signal
import time
from contextlib import ExitStack

import pytest

from oms import backup, drill, fixity, installation, staging, worker
from oms.errors import Conflict
from oms.settings import Settings

KINDS = ("reading", "stacks")


@pytest.fixture(params=["general", "closed"])
def place(request, tmp_path):
    """Settings of a folder on a disk, and of one whose work lies in memory."""
    found = Settings(home=tmp_path / "house", profile="protection" if request.param == "closed" else "general")
    (found.home / "run").mkdir(parents=True)
    yield found
    staging.forget(found)


def works(settings):
    """Work in every kind of folder, then wait for ever."""
    with ExitStack() as stack:
        folders = [stack.enter_context(staging.own_folder(settings, kind)) for kind in KINDS]
        folders.append(staging.own_temporary_folder(settings))
        folders += [
            stack.enter_context(staging.locked_folder(settings.home / "run", kind)) for kind in ("drill-", "backup-")
        ]
        if settings.protected:
            folders.append(stack.enter_context(staging.memory_file(settings.home)))
            folders.append(stack.enter_context(staging.memory_file(folders[3] / "home")))
        for path in folders:
            (path if path.is_file() else path / "page").write_bytes(b"a page")
            os.utime(path, (0, 0))
        yield folders
        while True:
            time.sleep(60)


def trial_memory(settings, folders):
    """What a trial of a backup opened, in the memory of a home of its own."""
    return folders[-1:] if settings.protected else []


def start(settings):
    """A real process that works; its id and what it works in."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            for folders in works(settings):
                os.write(writer, "\n".join(map(str, folders)).encode() + b"\0")
        finally:
            os._exit(1)
    os.close(writer)
    told = b""
    while not told.endswith(b"\0"):
        told += os.read(reader, 4096)
    os.close(reader)
    return child, [type(settings.home)(line) for line in told[:-1].decode().split("\n")]


def test_a_killed_program_leaves_nothing_for_long_and_a_living_one_keeps_its_own(place):
    living, kept = start(place)
    dying, left = start(place)
    try:
        assert all(path.exists() for path in (*kept, *left)) and staging.forgotten(place) == []
        os.kill(dying, signal.SIGKILL)
        os.waitpid(dying, 0)
        assert set(staging.forgotten(place)) == {path for path in left if path not in trial_memory(place, left)}
        staging.wipe_forgotten(place)
        assert not [path for path in left if path.exists()], "what a trial opened in memory, too"
        assert all(path.exists() for path in kept) and staging.forgotten(place) == []
    finally:
        os.kill(living, signal.SIGKILL)
        os.waitpid(living, 0)
    staging.wipe_forgotten(place)
    assert not [path for path in kept if path.exists()]


def test_a_folder_that_was_just_made_is_nobodys_yet_and_stays(place):
    above = staging.work_folder(place, "reading")
    (above / "just-made").mkdir()
    staging.wipe_forgotten(place)
    assert (above / "just-made").exists()


def test_what_was_being_received_goes_with_its_program_and_what_waits_for_a_person_stays(settings, engine, monkeypatch):
    """A stamped file that nobody has looked at yet must not lie there for ten minutes behind a server that was killed."""
    monkeypatch.setattr(staging, "YOUNG", -1)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        coming, waiting = staging.make_place(settings), staging.make_place(settings)
        for path in (coming, waiting):
            (path / "file").write_bytes(b"not looked at")
        staging.let_go(waiting)
        waiting.rename(waiting.with_name("held-it"))
        os.write(writer, str(coming).encode())
        time.sleep(600)
        os._exit(1)
    coming, mine = type(settings.home)(os.read(reader, 4096).decode()), staging.make_place(settings)
    waiting = coming.with_name("held-it")
    try:
        staging.wipe_old(settings)
        assert coming.exists() and waiting.exists() and mine.exists()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
    staging.wipe_old(settings)
    assert not coming.exists() and waiting.exists() and mine.exists()
    for path in (waiting, mine):
        staging.wipe(path)
    assert mine not in staging._places


def test_the_folder_for_temporary_files_goes_with_its_process_and_its_forks_share_it(place):
    mine = staging.own_temporary_folder(place)
    assert staging.own_temporary_folder(place) == mine and mine.parent.name == "temporary"
    child = os.fork()
    if not child:
        same = staging.own_temporary_folder(place) == mine
        staging._wipe_own_temporary_folders()
        os._exit(0 if same and mine.exists() else 1)
    assert os.waitpid(child, 0)[1] == 0
    staging._wipe_own_temporary_folders()
    assert not mine.exists()


def test_the_worker_wipes_it_and_the_check_names_and_mends_it(settings, engine):
    installation.prepare_folders(settings)

    def leave():
        (left := staging.work_folder(settings, "stacks") / "left").mkdir()
        (left / "page").write_bytes(b"a page")
        os.utime(left, (0, 0))
        return left

    left = leave()
    found = [row for row in fixity.check(engine, settings, fast=True) if row.kind == "leftover"]
    assert [row.where for row in found] == ["run/stacks/left"]
    fixity.repair(engine, settings, found, send=lambda _job: None)
    assert not left.exists()
    left = leave()
    worker.Worker(engine, settings).sweep()
    assert not left.exists()


def test_two_trials_and_a_backup_keep_out_of_each_others_folders(settings, engine, tmp_path):
    installation.prepare_folders(settings)
    run = settings.home / "run"
    with staging.locked_folder(run, "drill-") as other, staging.locked_folder(run, "backup-") as another:
        (run / "drill-of-a-killed-one").mkdir()
        for path in (other, another, run / "drill-of-a-killed-one"):
            os.utime(path, (0, 0))
        backup.make(engine, settings, tmp_path / "night")
        assert not (run / "drill-of-a-killed-one").exists()
        assert drill.drill(engine, settings, tmp_path / "night").problems == ()
        assert other.exists() and another.exists()
    with drill._alone(run), pytest.raises(Conflict, match="on trial"):
        drill.drill(engine, settings, tmp_path / "night")
    assert list(run.glob("drill-*")) == list(run.glob("backup-*")) == []
