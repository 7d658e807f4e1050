"""AZ-8: no way to put a question makes an answer of a refusal. Here three ways for each address, all by the bench."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.oracle.addresses import RULES
from tests.oracle.asking import Cell, Findings, House
from tests.oracle.bypassing import OPEN, Trick, put, refused, tricks
from tests.oracle.test_matrix import BESIDE

WAYS = 3


def test_no_way_to_ask_turns_a_refusal_into_an_answer(house: House) -> None:
    own, findings, asked = house.organisation.things["dossier"]["other"], Findings(), set[str]()
    house.written.clear()
    groups: dict[str, list[Cell]] = {}
    for cell in refused(house):
        groups.setdefault(cell.endpoint, []).append(cell)
    for place, (_endpoint, some) in enumerate(sorted(groups.items())):
        cell = some[place % len(some)]
        ways = list(tricks(cell, own))
        for turn in range(WAYS):
            trick = ways[(place * WAYS + turn) % len(ways)]
            asked.add(trick.name)
            put(house, cell, trick, findings)
    assert findings.mismatches == [] and findings.leaks == []
    assert house.written <= BESIDE, "whoever reads changes nothing"
    assert asked == {trick.name for trick in tricks(groups["people.show"][0], own)}, "each way was tried"
    assert set(RULES) - set(groups) == {name for name, rule in RULES.items() if rule.letters == "public"}


def test_a_server_that_believes_a_header_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = house.app.wsgi_app

    def believing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ.get("HTTP_X_ORIGINAL_URL", environ["PATH_INFO"])
        return plain(environ, start_response)

    monkeypatch.setattr(house.app, "wsgi_app", believing)
    findings, cell = Findings(), next(refused(house))
    put(house, cell, Trick("X-Original-URL", "GET", OPEN, {"X-Original-URL": "/sign-in"}, is_open=True), findings)
    assert len(findings.mismatches) == 1


def test_a_server_that_believes_who_a_proxy_names_is_found(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = house.app.wsgi_app

    def believing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "HTTP_X_FORWARDED_USER" in environ:
            environ["HTTP_COOKIE"] = f"oms={house.cookies['canbo.sonv']}"
        return plain(environ, start_response)

    monkeypatch.setattr(house.app, "wsgi_app", believing)
    findings = Findings()
    cell = next(one for one in refused(house) if (one.endpoint, one.who) == ("people.show", ""))
    for trick in tricks(cell, "0" * 16):
        if trick.name in ("X-Forwarded-User", "X-Forwarded-For"):
            put(house, cell, trick, findings)
    assert len(findings.mismatches) == 1 and findings.leaks
