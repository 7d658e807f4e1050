"""Sealed files: what was put comes back, what was touched does not, and no plain byte lies on the disk."""

import hashlib
import hmac
import io
import secrets

import pytest

from oms import storage, streams, vault
from oms.errors import NotFound
from oms.vault import objects
from oms.vault.keeping import Keys

WORD = b"CANARY-cay-da-cuoi-lang"


def sealed_bytes(settings, name):
    return storage.path_of(settings.scans, name)


@pytest.mark.parametrize("size", [0, 1, 1000, streams.CHUNK, streams.CHUNK + 1, 2 * streams.CHUNK])
def test_what_was_put_comes_back_and_nothing_of_it_lies_open(sealed, size):
    content = (WORD * (size // len(WORD) + 1))[:size]
    name, told = storage.put(sealed.scans, [content[:10], content[10:]])
    assert told == size == storage.size_of(sealed.scans, name)
    assert storage.read(sealed.scans, name) == content and storage.is_sound(sealed.scans, name)
    assert name == storage.name_of(sealed.scans, [content]) != hashlib.sha256(content).hexdigest()
    raw = sealed_bytes(sealed, name).read_bytes()
    assert size < len(WORD) or WORD not in raw
    assert storage.put(sealed.scans, [content]) == (name, size)
    assert sealed_bytes(sealed, name).read_bytes() == raw, "the same again changes nothing"


def test_the_opened_copy_lies_in_memory_and_goes(sealed):
    name, _ = storage.put(sealed.scans, [WORD])
    with storage.opened(sealed.scans, name) as path:
        assert path.read_bytes() == WORD and path.is_relative_to("/dev/shm")
        assert path.stat().st_mode & 0o077 == 0
        stream = path.open("rb")
    assert not path.exists()
    with stream:
        assert stream.read() == WORD, "what was opened in time is read to its end"
    with pytest.raises(NotFound), storage.opened(sealed.scans, "0" * 64):
        pass


def released(settings, name):
    """Bytes given out before the refusal."""
    given = []
    keys = vault.keys_of(settings.scans)
    with sealed_bytes(settings, name).open("rb") as stream, pytest.raises(vault.Damaged):
        given.extend(vault.unseal(keys, name, stream))
    with pytest.raises(vault.Damaged), storage.opened(settings.scans, name):
        pytest.fail("a damaged file was opened")
    assert not storage.is_sound(settings.scans, name)
    return b"".join(given)


def test_every_byte_of_the_header_counts(sealed):
    """ER-3: each bit pattern of each field; nothing is given out."""
    name, _ = storage.put(sealed.scans, [WORD])
    path = sealed_bytes(sealed, name)
    good = path.read_bytes()
    keys = vault.keys_of(sealed.scans)
    for place in range(objects.HEADER):
        bad = bytearray(good)
        bad[place] ^= 1 << (place % 8)
        with pytest.raises(vault.Damaged):
            next(vault.unseal(keys, name, io.BytesIO(bytes(bad))))
    path.write_bytes(b"OMSENC0\n" + good[8:])
    assert released(sealed, name) == b""


@pytest.mark.parametrize(
    ("tamper", "whole"),
    [
        ("cut", 1), ("appended", 2), ("swapped", 0), ("left out", 0), ("flipped", 1), ("emptied", 0), ("doubled", 1),
    ],
)  # fmt: skip
def test_chunks_cannot_be_cut_swapped_or_left_out(sealed, tamper, whole):
    """ER-3: only chunks proved by themselves come before the refusal, and `opened` gives none at all."""
    content = secrets.token_bytes(2 * streams.CHUNK + 99)
    name, _ = storage.put(sealed.scans, [content])
    path = sealed_bytes(sealed, name)
    raw, step, at = path.read_bytes(), streams.CHUNK + streams.TAG, objects.HEADER
    one, two, last = raw[at : at + step], raw[at + step : at + 2 * step], raw[at + 2 * step :]
    flipped = bytes([two[0] ^ 1]) + two[1:]
    bodies = {
        "cut": one + two,
        "appended": one + two + last + b"\0",
        "swapped": two + one + last,
        "left out": two + last,
        "flipped": one + flipped + last,
        "emptied": b"",
        "doubled": one + one + two + last,
    }
    path.write_bytes(raw[:at] + bodies[tamper])
    assert released(sealed, name) == content[: whole * streams.CHUNK]


def test_a_file_under_another_name_or_with_another_key_is_refused(sealed):
    """ER-3: objects exchanged, headers exchanged, keys of another installation."""
    one, _ = storage.put(sealed.scans, [b"one"])
    two, _ = storage.put(sealed.scans, [b"two"])
    raw = {name: sealed_bytes(sealed, name).read_bytes() for name in (one, two)}
    sealed_bytes(sealed, one).write_bytes(raw[two])
    assert released(sealed, one) == b""
    sealed_bytes(sealed, one).write_bytes(raw[two][: objects.HEADER] + raw[one][objects.HEADER :])
    assert released(sealed, one) == b""
    with pytest.raises(vault.Damaged):
        list(vault.unseal(Keys.of_chance(), two, io.BytesIO(raw[two])))


def test_the_same_bytes_have_another_name_elsewhere_and_another_key_each_time(sealed):
    content, keys = [WORD], vault.keys_of(sealed.scans)
    assert vault.address_of(keys, content) != vault.address_of(Keys.of_chance(), content)
    name, _ = storage.put(sealed.scans, content)
    first = sealed_bytes(sealed, name).read_bytes()
    storage.remove(sealed.scans, name)
    storage.put(sealed.scans, content)
    second = sealed_bytes(sealed, name).read_bytes()
    assert first[objects.HEADER :] != second[objects.HEADER :]


def test_removing_destroys_the_key_before_the_name(sealed):
    name, _ = storage.put(sealed.scans, [WORD])
    with sealed_bytes(sealed, name).open("rb") as still_open:
        storage.remove(sealed.scans, name)
        assert still_open.read(objects.HEADER) == bytes(objects.HEADER)
    assert not storage.has(sealed.scans, name)
    storage.remove(sealed.scans, name)


def test_a_damaged_object_is_replaced_by_good_bytes(sealed):
    name, _ = storage.put(sealed.scans, [WORD])
    sealed_bytes(sealed, name).write_bytes(b"short")
    assert not storage.is_sound(sealed.scans, name)
    storage.put(sealed.scans, [WORD])
    assert storage.read(sealed.scans, name) == WORD


def test_known_answers():
    """ER-8: fixed keys and chances give these bytes, on this machine and on any other."""
    keys = Keys(*(bytes([number]) * 32 for number in range(1, 5)))
    name = vault.address_of(keys, [b"ho so"])
    assert name == hmac.new(b"\x03" * 32, b"ho so", hashlib.sha256).hexdigest()
    assert name == "65234ddccd6e3c526a686dce980463b0fd5a17b786b5765546708ed91fc979bc"
    assert b"".join(vault.unseal(keys, name, io.BytesIO(bytes.fromhex(KNOWN_FILE)))) == b"ho so"


KNOWN_FILE = (
    "4f4d53454e43310ac1d0cf1a0ec20ea265234ddccd6e3c526a686dce980463b0fd5a17b786b5765546708ed91fc979bc0000"
    "00000000000514198293dc7392eb7cca9bbac9fd8e815c4cad5a47bd5fbed248474670380c35ee795b531041544c8cb81228"
    "6f008a6bbc41f309a160619325e584f42a7455856e454e20d4c30de70d512970577fdd4b470dffa32bb4ec97"
)
"""Written once by `seal`; the format may never change under it."""
