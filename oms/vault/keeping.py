"""`vault.json`: the keys of a sealed data folder, wrapped; and those this process has unwrapped.

Each key stands there once for every key file that opens it: one, and two while a key file is being changed. Nothing in
the file opens anything by itself. A new content replaces the old one whole, so a kill leaves one or the other.

While data are brought under new keys (`oms.rekeying`) the former ones stand there too, under `former`, and open what
still lies under them.
"""

import base64
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oms.errors import N_, Conflict, Unavailable
from oms.settings import Settings, SettingsError
from oms.vault import key_files

FILE = "vault.json"
FORMAT = "oms-vault/1"
FORMAT_OF_TWO = "oms-vault/2"
"""While there are former keys: a program that knows nothing of them must not take half of the files for damaged."""
DATABASE = "oms.sqlite3"
BESIDE = ("-wal", "-shm", "-journal")
"""Ends of the names of what SQLite keeps beside a database."""
_PARTS = ("database", "objects", "names", "index")
_NONCE = 12
_OPEN_DATABASE = b"SQLite format 3\0"
"""How a database begins that is not encrypted."""


class VaultClosed(Unavailable):
    """The installation is there and its keys are not at hand."""


@dataclass(frozen=True)
class Keys:
    """32 bytes each: of the database, of the keys of stored files, of their names, of the index.

    `former` are those before them, while something still lies under these.
    """

    database: bytes = field(repr=False)
    objects: bytes = field(repr=False)
    names: bytes = field(repr=False)
    index: bytes = field(repr=False)
    former: "Keys | None" = field(default=None, repr=False)

    @classmethod
    def of_chance(cls) -> "Keys":
        """New ones."""
        database, objects, names, index = (secrets.token_bytes(key_files.SIZE) for _ in _PARTS)
        return cls(database, objects, names, index)


_unlocked: dict[Path, Keys] = {}
"""Data folder to its keys, for the life of this process."""


def is_sealed(home: Path) -> bool:
    """Whether what lies in this data folder is encrypted."""
    return (home / FILE).exists()


def keys_of(place: Path) -> Keys | None:
    """The keys for a file or folder that lies directly in a data folder; None where things lie open.

    Raises `VaultClosed` when it is sealed and this process has not unlocked it.
    """
    home = place.parent
    if (keys := _unlocked.get(home)) is not None:
        return keys
    if is_sealed(home):
        raise VaultClosed(
            N_(
                "%(home)s is the sealed data folder of a protection installation. Set OMS_PROFILE=protection and "
                "OMS_VAULT_KEY."
            ),
            home=home,
        )
    return None


def unlock(settings: Settings) -> Keys | None:
    """Open the vault of a protection installation for this process; None, and nothing done, for a general one.

    Raises `SettingsError` for settings with which something would lie open, `KeyRefused` and `VaultClosed`.
    """
    if not settings.protected:
        keys_of(settings.scans)  # a sealed folder is no general installation
        return None
    _refuse_open_places(settings)
    if (keys := _unlocked.get(settings.home)) is not None:
        return keys
    if not is_sealed(settings.home):
        _refuse_open_installation(settings)
        raise VaultClosed(
            N_("There is no vault in %(home)s yet. Make key and vault with “oms keys new”, then begin."),
            home=settings.home,
        )
    keys = unwrap(read(settings.home), key_files.read(key_files.path_of(settings)))
    if keys.former is not None:
        put_database_in_place(settings.home, keys)
    _unlocked[settings.home] = keys
    return keys


def lock(settings: Settings) -> None:
    """Forget the keys."""
    _unlocked.pop(settings.home, None)


def _refuse_open_places(settings: Settings) -> None:
    if settings.database_url:
        raise SettingsError(
            N_(
                "A protection installation keeps its database in its own folder, encrypted, which PostgreSQL cannot do. "
                "Take OMS_DATABASE_URL away."
            )
        )
    if settings.search != "whoosh":
        raise SettingsError(
            N_("The index of %(search)s cannot be encrypted. Take OMS_SEARCH away, or set it to whoosh."),
            search=settings.search,
        )


def create(settings: Settings, kek: bytes) -> None:
    """Make the vault of a new installation; raises `Conflict` where there is one, or something that lies open."""
    if is_sealed(settings.home):
        raise Conflict(N_("%(home)s has a vault already. Its keys are not made anew."), home=settings.home)
    _refuse_open_installation(settings)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    write(settings.home, {"keys": {key_files.id_of(kek): wrap(Keys.of_chance(), kek)}})


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """For the block nobody else changes what `vault.json` says, or puts a database in its place; others wait."""
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def copy_under(home: Path, keys: Keys) -> Path:
    """Where a copy of the database under these keys waits to take its place; another vault never takes it for its own."""
    return home / f"{DATABASE}.{hashlib.sha256(b'oms-database-id/1' + keys.database).hexdigest()[:16]}"


def put_database_in_place(home: Path, keys: Keys) -> None:
    """Once `vault.json` says the new keys, the copy of the database under them is the database; also after a kill.

    Raises `VaultClosed` while a command that began before has the former one open.
    """
    copy = copy_under(home, keys)
    if not copy.exists():
        return
    with alone(home):
        if copy.exists():
            exchange_database(home, copy)


def exchange_database(home: Path, copy: Path) -> None:
    """Write over the database while nobody else can open it, then let the copy take its place; for who is `alone`.

    So a command that waited for the former one finds nothing it could write to, and no log of it comes to lie beside
    ours. What SQLite locks are single bytes: the lock of the whole file excludes them all.
    """
    place = home / DATABASE
    if place.exists():
        with place.open("r+b") as former:
            try:
                fcntl.lockf(former, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise VaultClosed(
                    N_(
                        "A command of OMS that began before the data got new keys still has the database open. Wait until "
                        "it has ended, then run this again."
                    )
                ) from None
            key_files.fill_with_zeros(former)
            for path in (place.with_name(f"{DATABASE}{end}") for end in BESIDE):
                if path.exists():
                    key_files.write_over(path)
            copy.rename(place)
    else:
        copy.rename(place)
    key_files.sync(home)


def _refuse_open_installation(settings: Settings) -> None:
    if _lost_its_vault(settings.home):
        raise VaultClosed(
            N_(
                "%(home)s holds a sealed installation, and its file vault.json is missing. Nothing was opened or changed; "
                "put the latest backup back with “oms restore FILE --replace”."
            ),
            home=settings.home,
        )
    if (settings.home / DATABASE).exists() or settings.scans.exists():
        raise SettingsError(
            N_("%(home)s holds an installation that lies open. Begin the protection installation in an empty folder."),
            home=settings.home,
        )


def _lost_its_vault(home: Path) -> bool:
    """Whether something sealed lies here, by the kind its folder names or by a database that SQLite could not read."""
    kind, database = home / "profile", home / DATABASE
    if not database.is_file():
        return False
    with database.open("rb") as stream:
        head = stream.read(len(_OPEN_DATABASE))
    return (kind.is_file() and kind.read_text("ascii", "replace").strip() == "protection") or (
        bool(head) and head != _OPEN_DATABASE
    )


def read(home: Path) -> dict[str, Any]:
    """The content of `vault.json`; raises `VaultClosed` when it is none."""
    try:
        content = json.loads((home / FILE).read_text("ascii"))
        wrapped = [*content["keys"].values(), *content.get("former", {}).values()]
        right = FORMAT_OF_TWO if "former" in content else FORMAT
        if content["format"] == right and all(isinstance(one, dict) for one in wrapped):
            return dict(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise _damaged()


def write(home: Path, content: dict[str, Any]) -> None:
    """Replace `vault.json`, durably: the old content or the new one, nothing between."""
    content = {**content, "format": FORMAT_OF_TWO if "former" in content else FORMAT}
    part = home / f".{FILE}.{secrets.token_hex(4)}"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            key_files.give(out.fileno(), home)  # root changes the key where systemd hands it over
            json.dump(content, out, indent=1, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        part.rename(home / FILE)
        key_files.sync(home)
    finally:
        part.unlink(missing_ok=True)


def try_key(home: Path, kek: bytes) -> None:
    """Raise `VaultClosed` unless this key opens the vault."""
    unwrap(read(home), kek)


def add(content: dict[str, Any], keys: Keys, kek: bytes) -> None:
    """Let a key file open the vault, and the former keys too where there are some."""
    of = key_files.id_of(kek)
    content["keys"] = {**content.get("keys", {}), of: wrap(keys, kek)}
    if keys.former is not None:
        content["former"] = {**content.get("former", {}), of: wrap(keys.former, kek, "former-")}


def wrap(keys: Keys, kek: bytes, kind: str = "") -> dict[str, str]:
    """Each key encrypted, bound to what it is for and to the key file that opens it."""
    of, cipher = key_files.id_of(kek), AESGCM(kek)
    wrapped = {}
    for part in _PARTS:
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + cipher.encrypt(nonce, getattr(keys, part), _bound(of, kind + part))
        wrapped[part] = base64.b64encode(sealed).decode()
    return wrapped


def unwrap(content: dict[str, Any], kek: bytes) -> Keys:
    """The keys; raises `VaultClosed` for another key file and for wrapped keys that were changed or exchanged."""
    of = key_files.id_of(kek)
    wrapped = content["keys"].get(of)
    if wrapped is None:
        raise VaultClosed(
            N_(
                "The key in OMS_VAULT_KEY (sign %(given)s) does not open this installation, which wants %(wanted)s. "
                "Nothing was opened or changed. Put the right key file there, or make it again from two of its papers."
            ),
            given=of,
            wanted=", ".join(sorted(content["keys"])),
        )
    try:
        former = _unwrapped(content["former"][of], kek, "former-") if "former" in content else None
        return replace(_unwrapped(wrapped, kek), former=former)
    except (InvalidTag, ValueError, KeyError, TypeError):
        raise _damaged() from None


def _unwrapped(wrapped: dict[str, str], kek: bytes, kind: str = "") -> Keys:
    of, found = key_files.id_of(kek), []
    for part in _PARTS:
        sealed = base64.b64decode(wrapped[part], validate=True)
        found.append(AESGCM(kek).decrypt(sealed[:_NONCE], sealed[_NONCE:], _bound(of, kind + part)))
    database, objects, names, index = found
    return Keys(database, objects, names, index)


def forget_former(settings: Settings) -> None:
    """End the former keys: nothing lies under them any more."""
    with alone(settings.home):
        content = read(settings.home)
        content.pop("former", None)
        write(settings.home, content)
    if (keys := _unlocked.get(settings.home)) is not None:
        _unlocked[settings.home] = replace(keys, former=None)


def _damaged() -> VaultClosed:
    return VaultClosed(
        N_("The file vault.json is damaged. Nothing was opened; put it back from the latest backup, then start again.")
    )


def _bound(of: str, name: str) -> bytes:
    return f"{FORMAT}\n{of}\n{name}".encode("ascii")
