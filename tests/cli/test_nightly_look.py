"""`oms check --nightly`: every stored file is read within a week, and what was found damaged stays told until it is mended."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from oms import alarms, db, fixity, health, looks, scrubbing, storage
from oms.alarms import noticing
from oms.backup import rotation
from oms.models import AlarmKind, Fact, Scan, now
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.cli.conftest import Answer
from tests.factories import World

Command = Callable[..., Answer]
FILES = 40
WEEK = range(scrubbing.NIGHTS)


@pytest.fixture
def names(engine: Engine, settings: Settings, world: World) -> list[str]:
    """The names of stored files, in order."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        for number in range(FILES):
            scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"trang {number}",))
            scan.sha256, scan.size = storage.put(settings.scans, [b"bytes of scan %d" % number])
    with db.reading(engine) as session:
        return sorted({name for name, _owner, _size in fixity.named_files(session)})


def spoil(settings: Settings, name: str) -> bytes:
    """Turn the bytes of a file, its length stays; return what was there."""
    path = storage.path_of(settings.scans, name)
    whole = path.read_bytes()
    path.write_bytes(bytes(byte ^ 0x5A for byte in whole))
    return whole


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose bytes were read, in turn."""
    seen: list[str] = []
    sound = storage.is_sound

    def watched(folder: Path, name: str) -> bool:
        seen.append(name)
        return sound(folder, name)

    monkeypatch.setattr(storage, "is_sound", watched)
    return seen


def finding(engine: Engine, settings: Settings, name: str) -> health.Finding:
    with db.reading(engine) as session:
        return next(one for one in health.diagnose(session, settings) if one.name == name)


def test_within_a_week_every_file_is_read_once_and_the_page_says_since_when(
    oms: Command, engine: Engine, settings: Settings, names: list[str], read: list[str]
) -> None:
    assert oms("reindex").code == 0
    assert finding(engine, settings, "Last full look").tone == health.WARNING
    portions = []
    for night in WEEK:
        read.clear()
        assert oms("check", "--nightly").code == 0
        portions.append(len(read))
        if night == 2:
            told = finding(engine, settings, "Last full look")
            assert told.tone == health.WARNING and 36 <= told.values["percent"] <= 43  # type: ignore[operator]
    assert sum(portions) == len(names) and max(portions) < len(names) / 2, "no night takes it all"
    assert finding(engine, settings, "Last full look").tone == health.GOOD
    with db.reading(engine) as session:
        assert looks.round_of(session) is None, "the next night begins anew"
    read.clear()
    oms("check", "--nightly")
    assert read == names[: portions[0]]


def test_what_one_night_found_the_next_ones_and_fast_looks_go_on_telling(
    oms: Command, engine: Engine, settings: Settings, names: list[str]
) -> None:
    assert oms("reindex").code == 0
    whole = spoil(settings, names[0])
    for look in (("--nightly",), ("--nightly",), ("--fast",)):
        told = oms("check", *look, "--json")
        assert [row["problem"] for row in told.documents] == ["damaged-file"], look
        assert told.documents[0]["object"].startswith(("scan:", "image:", "pdf:"))
        assert finding(engine, settings, "Last check").tone == health.DANGER
    storage.path_of(settings.scans, names[0]).write_bytes(whole)
    assert oms("check", "--fast").code == 0
    assert finding(engine, settings, "Last check").tone == health.GOOD
    with db.reading(engine) as session:
        assert rotation.damaged(session) == 1, "backups stay until a full look found all of it sound"


def test_a_full_look_is_not_forgotten_by_the_fast_one_after_it(
    oms: Command, settings: Settings, names: list[str]
) -> None:
    assert oms("reindex").code == 0
    spoil(settings, names[-1])
    assert oms("check").code == 1
    assert [row["problem"] for row in oms("check", "--fast", "--json").documents] == ["damaged-file"]


def test_damage_of_several_nights_adds_up_to_a_burst(
    oms: Command, engine: Engine, settings: Settings, names: list[str]
) -> None:
    assert oms("reindex").code == 0
    for name in (*names[:4], *names[-4:]):
        spoil(settings, name)
    stopped = []
    for _night in WEEK:
        oms("check", "--nightly")
        with db.reading(engine) as session:
            stopped.append(rotation.burst(session))
    assert stopped[0] == 0 and stopped[-1] == 8


def test_broken_off_it_goes_on_where_it_was_and_forgets_no_damage(
    engine: Engine, settings: Settings, names: list[str], read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "_STEP", 2**32)
    monkeypatch.setattr(scrubbing, "_REMEMBERED_EVERY", 0.5)
    spoil(settings, names[2])
    ticks = iter(range(10**6))
    share = scrubbing.read_share(engine, settings, sleep=lambda _: None, clock=lambda: float(next(ticks)))
    assert next(share).values["sha256"] == names[2]
    share.close()  # as a kill: nobody consumed the rest, nobody wrote anything down afterwards
    with db.reading(engine) as session:
        standing = looks.round_of(session)
        assert standing is not None and standing.last == names[1]
        assert scrubbing.known_damaged(session) == {names[2]}
    read.clear()
    list(scrubbing.read_share(engine, settings, sleep=lambda _: None))
    assert read == names[2:]


def test_it_keeps_to_its_rate_and_to_its_hours(
    engine: Engine, settings: Settings, names: list[str], read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "_STEP", 2**32)
    monkeypatch.setattr(scrubbing, "RATE", 1)
    moment = [0.0]

    def sleep(seconds: float) -> None:
        moment[0] += seconds

    total = sum(storage.path_of(settings.scans, name).stat().st_size for name in names)
    list(scrubbing.read_share(engine, settings, sleep=sleep, clock=lambda: moment[0]))
    assert moment[0] == pytest.approx(total), "a byte a second"
    monkeypatch.setattr(scrubbing, "LONGEST", total / 2)
    read.clear()
    nights = []
    for _night in range(8):
        moment[0] = 0.0
        list(scrubbing.read_share(engine, settings, sleep=sleep, clock=lambda: moment[0]))
        nights.append(len(read))
        with db.reading(engine) as session:
            if looks.round_of(session) is None:
                break
    assert read == names and nights[0] < FILES, "each once, in several nights"
    assert all(one < other for one, other in pairwise(read))


def test_who_does_not_look_hears_of_it(
    engine: Engine, settings: Settings, names: list[str], actor: Callable[[str], Actor]
) -> None:
    def about(days: float) -> dict[str, object]:
        with db.reading(engine) as session:
            found = noticing.notice(session, settings, at=now() + timedelta(days=days))
        overdue = [one for one in found if one.kind is AlarmKind.LOOK_OVERDUE]
        return {one.about.split(":")[0]: one.values["days"] for one in overdue}

    assert about(7.9) == {}, "the oldest scan came just now"
    assert about(8.1) == {"fast": 8} and about(30.1) == {"fast": 30, "full": 30}
    with db.writing(engine) as session:
        looks.remember_check(session, 0)
        looks.remember_read(session, now() - timedelta(days=14))
    assert about(1) == {} and about(16.1) == {"fast": 16, "full": 30}
    with db.writing(engine) as session:
        session.get_one(Fact, looks.LAST_CHECK).value = f"{(now() - timedelta(days=9)).isoformat(timespec='seconds')} 0"
        session.get_one(Fact, looks.LAST_READ).value = f"{(now() - timedelta(days=31)).isoformat()} {now().isoformat()}"
    for name in ("Last check", "Last full look"):
        assert finding(engine, settings, name).tone == health.DANGER, name
    for _ in range(2):
        alarms.watch(engine, settings)
    with db.reading(engine) as session:
        told = alarms.list_alarms(session, actor=actor("quantri"))
        sentences = {alarms.sentence_of(one) % one.values for one in told}
    assert len(told) == 2 and any("not read for 31 days" in one for one in sentences)
    assert any("For 9 days nobody has looked" in one for one in sentences)


def test_an_empty_house_has_nothing_to_read(engine: Engine, settings: Settings) -> None:
    with db.reading(engine) as session:
        assert (
            session.scalar(select(func.count()).select_from(Scan)) == 0
            and list(looks.overdue(session, now() + timedelta(days=99))) == []
        )
        assert looks.full(session)[0] == "success"
    assert list(scrubbing.read_share(engine, settings)) == []


def test_it_stands_alone(oms: Command) -> None:
    for other in ("--fast", "--repair", "--accept-loss=weg"):
        assert "stands alone" in oms("check", "--nightly", other).err
