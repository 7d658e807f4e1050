"""One bit turned, in every place a disk may turn it: found, named, and mended from a backup that proves itself.

    python bench/flips.py [--files 200] [--places 500]

In an installation with scans, page images and searchable PDFs one bit of each file is turned; `oms check` must name these
and no other, and all must come back from a folder of backups as they were (FX-1, FX-6). Fifty files taken away are found
by the fast look, two that were exchanged by the whole one (FX-2, FX-3). Then one bit of a backup is turned in as many
places, in every kind of file it has, open and sealed: putting it back must be refused with nothing made (BK-3). Ends with
1 when anything is missed or named wrongly.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oms import audit, backup, db, fixity, installation, search, staging, storage
from oms.backup import sealing
from oms.errors import OmsError
from oms.models import Dossier, Page
from oms.settings import Settings
from tests import factories

SCANS = 70
"""Each with its original, the image of a page and a searchable PDF."""
TAKEN = 50


def make_house(settings: Settings, chance: random.Random) -> Engine:
    """An installation with three files of a scan in each of seventy scans."""
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    with db.writing(engine) as session:
        world = factories.make_world(session)
        dossiers = [factories.make_dossier(session, world.units["sonv"]).id for _ in range(10)]
    for number in range(SCANS):
        contents = [chance.randbytes(chance.randrange(200, 60_000)) for _ in range(3)]
        (original, size), (image, _), (pdf, _) = (storage.put(settings.scans, [content]) for content in contents)
        with db.writing(engine) as session:
            dossier = session.get_one(Dossier, dossiers[number % len(dossiers)])
            scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
            scan.sha256, scan.size, scan.pdf_sha256 = original, size, pdf
            session.scalars(select(Page).where(Page.scan_id == scan.id)).one().image_sha256 = image
    search.rebuild(engine, settings)
    return engine


def turn_bit(path: Path, chance: random.Random) -> tuple[int, int]:
    """Turn one bit of a file; where, and which."""
    at, bit = chance.randrange(path.stat().st_size), chance.randrange(8)
    turn(path, at, bit)
    return at, bit


def turn(path: Path, at: int, bit: int) -> None:
    """Turn this bit, whoever may write the file."""
    mode = path.stat().st_mode
    path.chmod(0o600)
    with path.open("r+b") as stream:
        stream.seek(at)
        byte = stream.read(1)[0]
        stream.seek(at)
        stream.write(bytes([byte ^ 1 << bit]))
    path.chmod(mode)


def told(engine: Engine, settings: Settings, *, fast: bool = False) -> Counter[tuple[str, str]]:
    """What `oms check` names: kind, and which file."""
    found = fixity.check(engine, settings, fast=fast)
    return Counter((one.kind, str(one.values.get("sha256", one.where))) for one in found)


def flip_files(engine: Engine, settings: Settings, kept: Path, files: int, chance: random.Random) -> list[str]:
    """Turn a bit in so many files; what was wrong about finding and mending them."""
    wrong = []
    if told(engine, settings):
        wrong.append("the house was not sound to begin with")
    names = sorted(storage.names(settings.scans))
    chosen = chance.sample(names, min(files, len(names)))
    for sha256 in chosen:
        turn_bit(storage.path_of(settings.scans, sha256), chance)
    found = told(engine, settings)
    missed = set(chosen) - {name for kind, name in found if kind == "damaged-file"}
    false = set(found) - {("damaged-file", sha256) for sha256 in chosen}
    back = backup.bring_back(engine, settings, kept, chosen, None)
    left = told(engine, settings)
    print(
        f"one bit in {len(chosen)} of {len(names)} files: {len(chosen) - len(missed)} named, {len(false)} others named; "
        f"{len(back)} brought back, {sum(left.values())} problems left"
    )
    if missed or false or left or len(back) != len(chosen):
        wrong.append("flipped files")
    return wrong


def take_and_exchange(engine: Engine, settings: Settings, kept: Path, chance: random.Random) -> list[str]:
    """Take fifty files away, exchange the contents of two; what was not found."""
    wrong = []
    names = sorted(storage.names(settings.scans))
    taken = chance.sample(names, TAKEN)
    for sha256 in taken:
        storage.path_of(settings.scans, sha256).unlink()
    found = {name for kind, name in told(engine, settings, fast=True) if kind == "missing-file"}
    backup.bring_back(engine, settings, kept, taken, None)
    one, other = (storage.path_of(settings.scans, sha256) for sha256 in chance.sample(names, 2))
    aside = settings.home / "aside"
    one.rename(aside), other.rename(one), aside.rename(other)
    exchanged = {name for kind, name in told(engine, settings) if kind == "damaged-file"}
    backup.bring_back(engine, settings, kept, exchanged, None)
    print(f"taken away {TAKEN}: {len(found & set(taken))} named by the fast look; exchanged 2: {len(exchanged)} named")
    if found != set(taken) or exchanged != {one.name, other.name} or told(engine, settings):
        wrong.append("taken and exchanged files")
    return wrong


def places(folder: Path, number: int, chance: random.Random) -> Iterator[Path]:
    """Files of a backup to be hit: half of the hits by size, half by kind, so that small ones are hit, too."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    kinds: dict[str, list[Path]] = {}
    for path in files:
        kinds.setdefault(f"{path.parent.name if path.suffix else 'object'}{path.suffix}", []).append(path)
    sizes = [path.stat().st_size for path in files]
    for count in range(number):
        if count % 2:
            yield chance.choice(kinds[chance.choice(sorted(kinds))])
        else:
            yield chance.choices(files, sizes)[0]


def flip_backup(settings: Settings, folder: Path, key: Path | None, number: int, chance: random.Random) -> list[str]:
    """Turn one bit of a backup at a time and put it back: refused each time, naming the file, nothing made."""
    outcomes, wrong = Counter[str](), []
    for path in places(folder, number, chance):
        at, bit = turn_bit(path, chance)
        target = replace(settings, home=folder.parent / "empty")
        try:
            backup.restore(target, folder, key=key)
        except OmsError as error:
            said = " ".join(str(value) for value in error.values.values())
            named = path.name.rpartition("-")[0] in said or path.stem in said
            outcomes["refused, file named" if named else "refused, file not named"] += 1
            if not named:
                wrong.append(f"{path.name} at {at}: {error} {said}")
        else:
            outcomes["put back"] += 1
            wrong.append(f"{path.relative_to(folder)} at {at}, bit {bit}: put back")
        turn(path, at, bit)
        if (target.home / "oms.sqlite3").exists() and "put back" not in outcomes:
            wrong.append(f"{path.name} at {at}: something was made")
        shutil.rmtree(target.home, ignore_errors=True)
    print(f"{'sealed' if key else 'open'} backup, {number} places: {dict(outcomes)}")
    return wrong


def main() -> int:
    """Files first, then backups; in a folder that goes afterwards."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--places", type=int, default=500)
    parser.add_argument("--seed", type=int, default=29)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    work = Path(tempfile.mkdtemp(prefix="oms-flips-"))
    settings = Settings(home=work / "home")
    engine = make_house(settings, chance)
    try:
        backup.make(engine, settings, work / "kept")
        wrong = flip_files(engine, settings, work / "kept", asked.files, chance)
        wrong += take_and_exchange(engine, settings, work / "kept", chance)
        key = work / "backup.key"
        sealed = replace(settings, backup_keys=sealing.new_key(key))
        backup.make(engine, sealed, work / "sealed")
        with db.reading(engine) as session:
            intact = not audit.verify(session).finding
        wrong += [] if intact else ["the log does not hold"]
        backup.restore(replace(settings, home=work / "proof"), work / "kept")  # untouched, it comes up
        wrong += flip_backup(settings, work / "kept", None, asked.places // 2, chance)
        wrong += flip_backup(sealed, work / "sealed", key, asked.places - asked.places // 2, chance)
    finally:
        engine.dispose()
        staging.forget(settings)
        shutil.rmtree(work, ignore_errors=True)
    for one in wrong[:20]:
        print("WRONG", one)
    print(f"{asked.files} files and {asked.places} places of backups: {len(wrong)} missed or named wrongly")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
