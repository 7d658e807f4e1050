"""Another key file takes the place of the one that opens a vault, while the installation works.

The steps are such that a kill between any two leaves a key file in its place that opens the vault, and doing it again
goes on from there: the new key lies beside the old one (`.new`); the vault takes both; the old file gets a second
name (`.old`); the new one takes its place in one move. `retire` ends the old key: the vault forgets it first, then
its file is destroyed. Who changes the key does it alone (`key_files.alone`): a second one waits until the first is done.
"""

import os
from pathlib import Path

from oms.errors import N_, Conflict
from oms.settings import Settings
from oms.vault import keeping, key_files


def rotate(settings: Settings) -> tuple[str, str]:
    """Put a new key file in the place of the present one, which opens the vault too until `retire`; their signs.

    Raises `Conflict` while an earlier key waits to be retired. Nobody needs to stop: whoever runs has what he needs.
    """
    place = key_files.path_of(settings)
    with key_files.alone(place), keeping.alone(settings.home):
        return _rotate(settings, place)


def _rotate(settings: Settings, place: Path) -> tuple[str, str]:
    fresh, former = _beside(place, "new"), _beside(place, "old")
    content = keeping.read(settings.home)
    present = key_files.read(place)
    keys = keeping.unwrap(content, present)
    if not fresh.exists() and (former.exists() or len(content["keys"]) > 1):
        raise Conflict(
            N_(
                "The key before this one still opens the vault. End it with “oms keys retire”, then change the key again."
            )
        )
    new = _finished(fresh) or key_files.write(fresh, like=place)
    if key_files.id_of(new) not in content["keys"]:
        keeping.add(content, keys, new)
        keeping.write(settings.home, content)
    if not former.exists():
        os.link(place, former)
        key_files.sync(place.parent)
    fresh.rename(place)
    key_files.sync(place.parent)
    return key_files.id_of(present), key_files.id_of(new)


def retire(settings: Settings) -> list[str]:
    """Let only the present key file open the vault, and destroy the one before it; signs of the keys that ended.

    Raises `VaultClosed` when the present one does not open it: then nothing is ended.
    """
    place = key_files.path_of(settings)
    with key_files.alone(place), keeping.alone(settings.home):
        return _retire(settings, place)


def _retire(settings: Settings, place: Path) -> list[str]:
    content, present = keeping.read(settings.home), key_files.read(place)
    keeping.unwrap(content, present)
    fresh, former = _beside(place, "new"), _beside(place, "old")
    if fresh.exists():
        raise Conflict(
            N_("A change of the key was broken off. Go on with “oms keys rotate” first, then retire the old one.")
        )
    ended = sorted(content["keys"].keys() - {key_files.id_of(present)})
    if ended:
        for kind in content.keys() & {"keys", "former"}:
            content[kind] = {key_files.id_of(present): content[kind][key_files.id_of(present)]}
        keeping.write(settings.home, content)
    if former.exists():
        key_files.destroy(former)
    return ended


def must_be_settled(settings: Settings) -> None:
    """Raise `Conflict` while another key file than the present one opens the vault, or may come to."""
    place = key_files.path_of(settings)
    if len(keeping.read(settings.home)["keys"]) > 1 or any(_beside(place, end).exists() for end in ("new", "old")):
        raise Conflict(
            N_(
                "The key file before this one still opens the vault, or its change was broken off. Finish with “oms keys "
                "rotate” or “oms keys retire” first, then give the data new keys."
            )
        )


def _beside(place: Path, ending: str) -> Path:
    return place.with_name(f"{place.name}.{ending}")


def _finished(path: Path) -> bytes | None:
    """The key an earlier, broken off change made; None when there is none, or one not written to its end.

    One that is whole and only cannot be read stays: the vault may want it.
    """
    try:
        return key_files.read(path)
    except key_files.KeyRefused:
        if path.exists() and path.stat().st_size >= key_files.WRITTEN:
            raise
        path.unlink(missing_ok=True)
        return None
