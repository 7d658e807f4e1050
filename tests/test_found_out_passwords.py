"""Passwords that were found out elsewhere: the list of the office, of whatever size, and what is refused without one."""

import hashlib
import io
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


DISORDERED = {
    "nothing": "",
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
    file.write_text(DISORDERED[kind])
    house = replace(settings, refused_passwords=str(file))
    with pytest.raises(SettingsError, match="is no list of passwords"):
        create_app(house, engine)
    tone, sentence, values = found_out.standing(house)
    assert tone == "danger" and "HASH:COUNT" in translate(sentence, values, "en")


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
