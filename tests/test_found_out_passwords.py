"""Passwords that were found out elsewhere: the list of the office, of whatever size, and what is refused without one."""

import codecs
import gzip
import hashlib
import io
import logging
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from oms.accounts import found_out
from oms.accounts.passwords import PASSWORD_LENGTH, check_new_password
from oms.errors import BadInput, Unavailable
from oms.settings import Settings, SettingsError
from oms.web import create_app
from oms.words import translate
from tests.factories import PASSWORD

Browser = Callable[[str], FlaskClient]
GOOD = "con mèo của bà chủ nhà số bảy"
KNOWN = ["Mua-xuan-Ha-Noi-2019", "thuyền ra cửa sông", "aaa-bbb-ccc-ddd"]


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


def hashes(*passwords: str, end: str = "\n") -> str:
    """Five hundred lines of the download with these among them."""
    names = sorted(sha1(one) for one in (*passwords, *(f"stranger {number}" for number in range(500))))
    return "".join(f"{name}:{3 + place * 7919 % 100_000}{end}" for place, name in enumerate(names))


LISTS = {
    "words": "\n".join(["123456", *KNOWN, "zzz"]),
    "words of Windows": "\r\n".join([*KNOWN, ""]),
    "hashes": hashes(*KNOWN),
    "hashes of Windows": hashes(*KNOWN, end="\r\n"),
    "hashes in small letters": hashes(*KNOWN).lower(),
    "hashes alone": "".join(line.split(":")[0] + "\n" for line in hashes(*KNOWN).splitlines()),
}


@pytest.mark.parametrize("kind", LISTS)
def test_what_stands_in_the_list_is_found_and_nothing_else(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "list"
    file.write_bytes(LISTS[kind].encode())
    assert [one for one in KNOWN if not found_out.is_found_out(str(file), one)] == []
    others = [GOOD, "zz", "aaa-bbb-ccc-dd", "aaa-bbb-ccc-ddde", "aa-bbb-ccc-ddd", "stranger 500"]
    assert [one for one in others if found_out.is_found_out(str(file), one)] == []


def test_every_line_of_a_list_is_found(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_text(hashes())
    assert all(found_out.is_found_out(str(file), f"stranger {number}") for number in range(500))


class Endless(io.RawIOBase):
    """A list of forty gigabytes that nobody wrote: line n names the hash n * STEP; counts what is read of it."""

    LINE, LINES = 44, 1_000_000_000
    STEP = 2**160 // LINES

    def __init__(self) -> None:
        self.place, self.taken = 0, []  # type: ignore[var-annotated]

    def seek(self, place: int, whence: int = 0) -> int:
        self.place = place
        return place

    def read(self, size: int = -1) -> bytes:
        assert 0 < size <= 4096, "never much of it at once"
        first, last = self.place // self.LINE, (self.place + size) // self.LINE
        text = b"".join(self.line(number) for number in range(first, min(last + 1, self.LINES)))
        offset = self.place - first * self.LINE
        self.taken.append(size)
        return text[offset : offset + size]

    @classmethod
    def line(cls, number: int) -> bytes:
        """One line, always as long as the others."""
        return b"%040X:%02d\n" % (number * cls.STEP, number % 100)


@pytest.mark.parametrize("number", [0, 1, 499_999_999, 999_999_998, 999_999_999])
def test_of_forty_gigabytes_some_forty_places_are_read(number: int) -> None:
    size = Endless.LINE * Endless.LINES
    assert size > 40 * 10**9
    for wanted, there in ((number * Endless.STEP, True), (number * Endless.STEP + 1, False)):
        lines = Endless()
        assert found_out._stands_in_hashes(lines, size, b"%040X" % wanted) is there  # type: ignore[arg-type]
        assert len(lines.taken) <= 40


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("list.txt", hashes())
    return file.getvalue()


DISORDERED: dict[str, str | bytes] = {
    "nothing": "",
    "in a ZIP": zipped(),
    "in gzip": gzip.compress(hashes().encode()),
    "in 7-Zip": b"7z\xbc\xaf\x27\x1c\0\4" + hashlib.sha512(b"7z").digest() * 40,
    "words of UTF-16": "\n".join(KNOWN).encode("utf-16-le"),
    "UTF-16 with its mark": "\n".join(KNOWN).encode("utf-16"),
    "words of UTF-8 with a mark": codecs.BOM_UTF8 + LISTS["words"].encode(),
    "hashes of UTF-8 with a mark": codecs.BOM_UTF8 + hashes().encode(),
    "words of an older encoding": "\n".join(["café-con-leche", *KNOWN[:1]]).encode("latin-1"),
    "NTLM without counts": "".join(f"{line[:32]}\n" for line in hashes().splitlines()),
    "SHA-256 without counts": "".join(f"{line[:40]}{line[:24]}\n" for line in hashes().splitlines()),
    "hashes with words": "".join(f"{line[:40]}:hunter{line[41:]}x\n" for line in hashes().splitlines()),
    "counts behind a blank": hashes().replace(":", " "),
    "by count": "".join(sorted(hashes().splitlines(keepends=True), key=lambda line: int(line.split(":")[1]))),
    "put together": hashes() + hashes("another"),
    "of another kind": "".join(f"{line[:32]}:1\n" for line in hashes().splitlines()),
    "cut in the middle": hashes()[:9000] + "\n" * 200 + hashes()[9000:],
}


@pytest.mark.parametrize("kind", DISORDERED)
def test_a_list_in_disorder_is_told_at_the_start_and_by_the_doctor(
    tmp_path: Path, engine: Engine, settings: Settings, kind: str
) -> None:
    file = tmp_path / "list"
    text = DISORDERED[kind]
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    house = replace(settings, refused_passwords=str(file))
    with pytest.raises(SettingsError, match="is no list of passwords"):
        create_app(house, engine)
    tone, sentence, values = found_out.standing(house)
    assert tone == "danger" and "HASH:COUNT" in translate(sentence, values, "en")
    if kind in ("by count", "put together", "cut in the middle"):
        return  # what is in disorder somewhere shows at the places that are looked at
    with pytest.raises(Unavailable, match="Nothing was changed"):
        check_new_password(GOOD, "canbo.sonv", found_out=str(file))


def test_a_letter_cut_at_the_end_of_what_is_looked_at_is_none_of_another_encoding(
    tmp_path: Path, settings: Settings
) -> None:
    for before in range(4):
        file = tmp_path / "list"
        file.write_text("x" * before + "\n" + "ề\n" * 3000, "utf-8")
        found_out.check_list(replace(settings, refused_passwords=str(file)))


def test_hashes_that_stand_there_twice_refuse_what_they_name_and_nothing_else(
    tmp_path: Path, settings: Settings
) -> None:
    """Two downloads merged in order: every hash twice, one of them a hundred times."""
    lines = hashes(*KNOWN).splitlines(keepends=True)
    file = tmp_path / "list"
    file.write_text("".join(sorted([*lines, *lines, *lines[250:251] * 98])))
    found_out.check_list(replace(settings, refused_passwords=str(file)))
    assert all(found_out.is_found_out(str(file), one) for one in [*KNOWN, *(f"stranger {n}" for n in range(500))])
    assert not any(found_out.is_found_out(str(file), f"nobody {number}") for number in range(500))


def test_a_list_of_words_that_would_hold_up_every_page_is_refused(
    tmp_path: Path, engine: Engine, settings: Settings
) -> None:
    file = tmp_path / "list"
    file.write_text("123456\n" * 600)
    os.truncate(file, found_out.MOST_WORDS + 1)  # takes no room on the disk
    house = replace(settings, refused_passwords=str(file))
    with pytest.raises(SettingsError, match="more than 200 MB"):
        create_app(house, engine)
    assert found_out.standing(house)[0] == "danger"
    with pytest.raises(Unavailable):
        found_out.is_found_out(str(file), GOOD)
    os.truncate(file, found_out.MOST_WORDS)
    found_out.check_list(house)


def test_why_no_password_is_changed_stands_in_the_log_of_the_program(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "list"
    file.write_bytes(zipped())
    with caplog.at_level(logging.WARNING), pytest.raises(Unavailable):
        found_out.is_found_out(str(file), GOOD)
    (record,) = caplog.records
    assert str(file) in record.getMessage() and GOOD not in caplog.text


@pytest.mark.parametrize(("size", "told"), [(9, "0,1 MB"), (12_340_000, "12,3 MB"), (41_000_000_000, "41,0 GB")])
def test_the_size_of_a_list_is_told_in_a_unit_that_fits(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, size: int, told: str
) -> None:
    file = tmp_path / "list"
    file.write_text("123456\n" * 600)
    os.truncate(file, size)
    monkeypatch.setattr(found_out, "MOST_WORDS", 10**12)
    _tone, sentence, values = found_out.standing(replace(settings, refused_passwords=str(file)))
    assert f"({told})" in translate(sentence, values, "vi")


def test_a_list_that_is_gone_stops_the_start_and_every_change(
    tmp_path: Path, engine: Engine, settings: Settings
) -> None:
    house = replace(settings, refused_passwords=str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="cannot be read"):
        create_app(house, engine)
    assert found_out.standing(house)[0] == "danger"
    with pytest.raises(Unavailable, match="Nothing was changed"):
        check_new_password(GOOD, "canbo.sonv", found_out=house.refused_passwords)


def test_a_search_that_meets_disorder_refuses(tmp_path: Path) -> None:
    file = tmp_path / "list"
    file.write_text(DISORDERED["by count"])
    met = 0
    for number in range(100):
        try:
            found_out.is_found_out(str(file), f"somebody {number}")
        except Unavailable:
            met += 1
    assert met > 50


def test_good_lists_and_none_are_told(tmp_path: Path, settings: Settings) -> None:
    assert found_out.standing(settings)[0] == "success"
    file = tmp_path / "list"
    for text in LISTS.values():
        file.write_bytes(text.encode())
        house = replace(settings, refused_passwords=str(file))
        found_out.check_list(house)
        assert found_out.standing(house)[0] == "success"


def test_who_chooses_one_of_the_list_is_told_and_keeps_the_old_one(
    client_as: Browser, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, old, new = tmp_path / "list", PASSWORD, "Thuyền ra cửa sông lúc rạng đông"
    file.write_text(hashes(new))
    check_new_password(new, "canbo.sonv")
    house = app.extensions["oms"]
    monkeypatch.setitem(
        app.extensions, "oms", replace(house, settings=replace(house.settings, refused_passwords=str(file)))
    )
    client = client_as("canbo.sonv")
    answer = client.post("/account/password", data={"old": old, "new": new, "again": new})
    assert answer.status_code == 422 and "đã bị lộ" in answer.text
    assert client.post("/account/password", data={"old": old, "new": GOOD, "again": GOOD}).status_code == 302


def test_without_a_list_the_most_frequent_ones_are_refused() -> None:
    """Of zxcvbn's 30,000 most frequent passwords those that are long enough to be chosen at all."""
    long = [one for one in FREQUENCY_LISTS["passwords"] if len(one) >= PASSWORD_LENGTH[0]]
    assert len(long) > 200
    for password in long:
        with pytest.raises(BadInput, match="too easy to guess"):
            check_new_password(password, "canbo.sonv")
