"""The key file and vault.json: which keys are taken, what a wrong one opens (nothing), and how the key is changed."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from oms import db, storage, vault
from oms.errors import Conflict
from oms.settings import Settings, SettingsError, secret_in
from oms.vault import KeyRefused, VaultClosed, keeping, key_files, rotating
from tests.vault.conftest import dies_before

KEY = bytes(range(32)).hex()
"""As good as one of chance for what is tried here, and the same in every run."""


def put_key(path, text, mode=0o400):
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        (KEY[2:], 0o400, "64 hex digits"),
        ("", 0o400, "64 hex digits"),
        ("not a key at all", 0o400, "64 hex digits"),
        ("00" * 32, 0o400, "an example"),
        ("0123456789abcdef" * 4, 0o400, "an example"),
        (KEY, 0o440, "chmod 400"),
        (KEY, 0o404, "chmod 400"),
    ],
)
def test_a_key_that_guards_nothing_is_refused_in_words(sealed, text, mode, why):
    put_key(key_files.path_of(sealed), text, mode)
    vault.lock(sealed)
    with pytest.raises(KeyRefused, match=why):
        vault.unlock(sealed)


def test_what_systemd_hands_over_is_the_users_alone_with_the_mask_of_its_list(tmp_path, monkeypatch):
    """`LoadCredential=` shows a file of root to the user of the service by an access list: 0440 since systemd 254."""
    handed = tmp_path / "credentials"
    handed.mkdir()
    for path, mode in ((handed / "kek", 0o440), (handed / "open", 0o444), (handed / "written", 0o460)):
        put_key(path, KEY, mode)
    put_key(tmp_path / "kek", KEY, 0o440)
    (handed / "link").symlink_to(tmp_path / "kek")
    with pytest.raises(KeyRefused, match="chmod 400"):
        key_files.read(handed / "kek")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert key_files.read(handed / "kek").hex() == KEY == secret_in(handed / "kek")
    for path in (handed / "open", handed / "written", handed / "link", tmp_path / "kek"):
        for read in (key_files.read, secret_in):
            with pytest.raises(SettingsError, match="chmod 400"):
                read(path)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "")
    with pytest.raises(KeyRefused, match="chmod 400"):
        key_files.read(handed / "kek")


def test_a_missing_key_and_none_named(sealed):
    vault.lock(sealed)
    key_files.path_of(sealed).unlink()
    with pytest.raises(KeyRefused, match="two of its three papers"):
        vault.unlock(sealed)
    with pytest.raises(KeyRefused, match="OMS_VAULT_KEY is not set"):
        key_files.path_of(Settings(home=sealed.home, profile="protection"))


def test_a_key_beside_what_it_opens_is_refused_through_links_too(sealed, tmp_path):
    shutil.copy2(key_files.path_of(sealed), sealed.home / "kek")
    (tmp_path / "link").symlink_to(sealed.home / "kek")
    for path in (sealed.home / "kek", tmp_path / "link", sealed.home / "deeper" / ".." / "kek"):
        with pytest.raises(KeyRefused, match="lies in the data folder"):
            key_files.path_of(Settings(home=sealed.home, profile="protection", vault_key=str(path)))


def test_a_wrong_key_opens_nothing_and_changes_nothing(sealed):
    before = (sealed.home / vault.FILE).read_bytes()
    vault.lock(sealed)
    put_key(key_files.path_of(sealed), os.urandom(32).hex())
    with pytest.raises(VaultClosed, match="does not open"):
        vault.unlock(sealed)
    for act in (
        lambda: storage.put(sealed.scans, [b"x"]),
        lambda: storage.name_of(sealed.scans, [b"x"]),
        lambda: db.connect(sealed.database),
    ):
        with pytest.raises(VaultClosed):
            act()
    assert (sealed.home / vault.FILE).read_bytes() == before and not sealed.scans.exists()


@pytest.mark.parametrize("general", [True, False])
def test_a_sealed_folder_is_no_general_installation(sealed, general):
    vault.lock(sealed)
    with pytest.raises(VaultClosed, match="OMS_PROFILE=protection"):
        vault.unlock(Settings(home=sealed.home)) if general else storage.put(sealed.scans, [b"x"])


@pytest.mark.parametrize(
    "elsewhere",
    [{"database_url": "postgresql://oms@localhost/oms"}, {"database_url": "sqlite:////tmp/x"}, {"search": "tantivy"}],
)
def test_places_that_would_lie_open_are_refused(sealed, elsewhere):
    with pytest.raises(SettingsError):
        vault.unlock(Settings(home=sealed.home, profile="protection", vault_key=sealed.vault_key, **elsewhere))


def test_a_vault_is_made_in_an_empty_folder_and_once(sealed, tmp_path):
    kek = key_files.read(key_files.path_of(sealed))
    with pytest.raises(Conflict):
        vault.create(sealed, kek)
    other = Settings(home=tmp_path / "other", profile="protection")
    storage.put(other.scans, [b"open"])
    with pytest.raises(SettingsError, match="lies open"):
        vault.create(other, kek)


def test_a_lost_vault_is_said_to_be_lost(sealed):
    """Neither its owner nor who makes a new vault is told that the folder lies open."""
    kek = key_files.read(key_files.path_of(sealed))
    vault.lock(sealed)
    (sealed.home / vault.FILE).unlink()
    database = sealed.home / "oms.sqlite3"
    for kind, content in (("", os.urandom(4096)), ("protection\n", b"SQLite format 3\0 and more")):
        (sealed.home / "profile").write_text(kind)
        database.write_bytes(content)
        for act in (lambda: vault.unlock(sealed), lambda: vault.create(sealed, kek)):
            with pytest.raises(VaultClosed, match=r"vault\.json is missing"):
                act()
        assert not vault.is_sealed(sealed.home) and database.read_bytes() == content
    (sealed.home / "profile").unlink()
    with pytest.raises(SettingsError, match="lies open"):
        vault.unlock(sealed)


def test_each_wrapped_key_is_bound_to_its_place(sealed):
    vault.lock(sealed)
    content = keeping.read(sealed.home)
    (wrapped,) = content["keys"].values()
    for name in wrapped:
        other = next(key for key in wrapped if key != name)
        exchanged = json.loads(json.dumps(content))
        (one,) = exchanged["keys"].values()
        one[name], one[other] = one[other], one[name]
        keeping.write(sealed.home, exchanged)
        with pytest.raises(VaultClosed, match="damaged"):
            vault.unlock(sealed)
    former = {**content, "former": content["keys"]}
    for broken in (
        {},
        {"format": "oms-vault/9", "keys": {}},
        {"format": "oms-vault/1", "keys": []},
        former,  # a program that knows nothing of former keys must not open half of it
        {**former, "format": "oms-vault/2"},  # and present ones are no former ones
    ):
        (sealed.home / vault.FILE).write_text(json.dumps(broken))
        with pytest.raises(VaultClosed, match="damaged"):
            vault.unlock(sealed)


def test_another_key_opens_the_same_and_the_old_one_nothing_any_more(sealed):
    """ER-6: rotate, retire, old key destroyed; what was sealed before is read."""
    name, _ = storage.put(sealed.scans, [b"before"])
    place = key_files.path_of(sealed)
    old = key_files.read(place)
    assert rotating.rotate(sealed) == (key_files.id_of(old), key_files.id_of(key_files.read(place)))
    for kek in (old, key_files.read(place)):
        vault.try_key(sealed.home, kek)
    with pytest.raises(Conflict, match="retire"):
        rotating.rotate(sealed)
    assert rotating.retire(sealed) == [key_files.id_of(old)]
    assert [path.name for path in place.parent.iterdir()] == [place.name]
    with pytest.raises(VaultClosed):
        vault.try_key(sealed.home, old)
    vault.lock(sealed)
    vault.unlock(sealed)
    assert storage.read(sealed.scans, name) == b"before"
    assert rotating.retire(sealed) == []


def test_who_changes_the_key_at_the_same_time_does_it_one_after_the_other(sealed):
    """One change is made, the others are refused in words, and the key in its place opens; so with its end."""
    place = key_files.path_of(sealed)

    def outcome(act):
        try:
            return act(sealed)
        except Conflict:
            return None

    with ThreadPoolExecutor(4) as pool:
        for _ in range(8):
            changed = [one for one in pool.map(outcome, [rotating.rotate] * 4) if one]
            assert [key_files.id_of(key_files.read(place))] == [now for _before, now in changed]
            vault.try_key(sealed.home, key_files.read(place))
            assert sorted(map(len, pool.map(outcome, [rotating.retire] * 4))) == [0, 0, 0, 1]
            vault.try_key(sealed.home, key_files.read(place))
    assert [path.name for path in place.parent.iterdir()] == [place.name]


def test_only_a_half_written_key_is_thrown_away(sealed):
    place = key_files.path_of(sealed)
    fresh = place.with_name(f"{place.name}.new")
    put_key(fresh, KEY, 0o440)
    for act, why in ((rotating.rotate, "chmod 400"), (rotating.retire, "broken off")):
        with pytest.raises((KeyRefused, Conflict), match=why):
            act(sealed)
        assert fresh.read_text() == KEY
    put_key(fresh, KEY[:-1])
    rotating.rotate(sealed)
    assert not fresh.exists() and key_files.read(place).hex() != KEY
    vault.try_key(sealed.home, key_files.read(place))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_what_root_changes_belongs_to_whom_it_belonged(sealed):
    place = key_files.path_of(sealed)
    for path in (place, sealed.home):
        os.chown(path, 1234, 1234)
    rotating.rotate(sealed)
    assert [path.stat().st_uid for path in (place, sealed.home / vault.FILE)] == [1234, 1234]


def test_a_kill_at_any_step_leaves_a_key_that_opens_and_a_change_that_goes_on(sealed, monkeypatch):
    """ER-2, quick part: before every single change of the disk (`bench/vault.py` kills real processes)."""
    name, _ = storage.put(sealed.scans, [b"before"])
    place = key_files.path_of(sealed)
    for act in (rotating.rotate, rotating.retire):
        for stop_at in range(60):
            done = dies_before(stop_at, lambda act=act: act(sealed), monkeypatch)
            vault.try_key(sealed.home, key_files.read(place))
            if done:
                break
            if stop_at % 2:  # go on at once half of the time, else die again one step later
                act(sealed)
                if act is rotating.rotate:
                    rotating.retire(sealed)
                else:
                    rotating.rotate(sealed)
        else:
            pytest.fail("it never came to its end")
        if act is rotating.rotate:
            assert len(keeping.read(sealed.home)["keys"]) == 2
    vault.lock(sealed)
    vault.unlock(sealed)
    assert storage.read(sealed.scans, name) == b"before"
