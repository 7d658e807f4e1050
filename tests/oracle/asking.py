"""Asks every address in everybody's name and holds the answers against the oracle."""

import io
import random
import re
import sqlite3
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.routing import Rule as Address
from werkzeug.test import TestResponse

from oms import accounts, db, installation
from oms.models import Account
from oms.settings import Settings
from oms.web import create_app
from tests.oracle import oracle
from tests.oracle.addresses import PAPERS, RULES
from tests.oracle.oracle import BARRED, HIDDEN, IN, PEOPLE, REFUSED, SIGN_IN
from tests.oracle.organisation import ID, WORD, Organisation, build
from tests.oracle.stricter import is_right

NOTHING = "0" * 16
# Seconds after which sessions are made young again: less than half of what the shortest ones may be idle.
IDLE = 240
# Arguments of addresses beside the thing itself; what they name may be missing from it.
NESTED = {
    "key": "health", "line": NOTHING, "seat": NOTHING, "token": NOTHING, "proof": NOTHING, "copy": NOTHING,
    "assignment_id": NOTHING, "sign_in_id": NOTHING, "piece": "stack_piece", "piece_id": "stack_piece",
    "page": "page", "page_id": "insert_page", "document_id": "insert_document", "request_id": "subject_request",
    "asking": "asking", "passkey_id": NOTHING, "rule_id": "unfiled_scan", "step": "submit", "filename": "css/layout.css", "seq": "1",
}  # fmt: skip
# Here 401 means that the password was wrong: none was sent.
PASSWORDS = {"account.sign_in", "api_tokens.create", "second_factor.remove", "account.sign_in_by_passkey"}
WRITING = re.compile(r"\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+[\"`]?(\w+)", re.IGNORECASE)
INSERTS = {"scan": "insert_scan", "page": "insert_page", "document": "insert_document"}
# Whose thing is reached by another argument than `id` or `number`.
THING = {"purge_id": "purge", "dossier_id": "dossier", "dossier": "dossier", "declaration": "declaration"}


@dataclass(frozen=True)
class Cell:
    """One question: somebody, an address, and the corner in which the thing of the address stands."""

    who: str
    endpoint: str
    method: str
    address: str
    kind: str
    corner: str | None
    expected: str
    nested: bool = False


@dataclass
class Findings:
    """What went otherwise than the oracle says."""

    answers: int = 0
    cells: int = 0
    mismatches: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    # Buttons and links that may not be pressed.
    offers: list[str] = field(default_factory=list)
    statuses: dict[tuple[str, int], int] = field(default_factory=dict)
    # What was met and might be: without it the silence of the others would mean nothing.
    met: set[str] = field(default_factory=set)
    # Answers to what is not yours and to what is not there, by person and address: one each.
    silences: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)

    @property
    def telling(self) -> list[str]:
        """Where "not yours" and "no such" are told apart."""
        return [" ".join(key) for key, answers in self.silences.items() if len(answers) > 1]


class House:
    """The program on the canary organisation; what a question changed is undone before the next one."""

    def __init__(self, app: Flask, engine: Engine, organisation: Organisation) -> None:
        self.app, self.engine, self.organisation = app, engine, organisation
        self.path = str(engine.url.database)
        for limiter in app.extensions["limiter"]:
            limiter.enabled = False
        self.cookies: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        for name in filter(None, PEOPLE):
            self._sign_in(name)
        self.client: FlaskClient = app.test_client(use_cookies=False)
        # Called after each question that may have changed something, before that is undone.
        self.changed: Callable[[str], None] = lambda _said: None
        self.kept = sqlite3.connect(":memory:", check_same_thread=False)
        self.keep()
        self.renewed = time.monotonic()
        # Tables written to while somebody only read.
        self.reading, self.written = False, set[str]()
        event.listen(engine, "before_cursor_execute", self._watch)
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
        engine.dispose()

    def _sign_in(self, name: str) -> None:
        client = self.app.test_client()
        with db.writing(self.engine) as session:
            account = session.query(Account).filter_by(username=name).one()
            disabled, account.disabled = account.disabled, False
            secret, _ = accounts.sign_in(session, account.id)
            self.tokens[name], _ = accounts.sign_in(session, account.id, kind="api")
            account.disabled = disabled
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = secret, True
        found = client.get_cookie("oms")
        assert found is not None
        self.cookies[name] = found.value

    def _watch(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found = WRITING.match(statement) if self.reading else None
        if found:
            self.written.add(found[1])

    def keep(self) -> None:
        """What the organisation looks like now is what it is brought back to."""
        with sqlite3.connect(self.path) as opened:
            opened.backup(self.kept)

    def undo(self) -> None:
        """Bring the organisation back."""
        opened = sqlite3.connect(self.path)
        self.kept.backup(opened)
        opened.close()
        self.renew()

    def renew(self) -> None:
        """Nobody has been idle meanwhile, however long the run."""
        self.renewed = time.monotonic()
        opened = sqlite3.connect(self.path, timeout=30)
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
        opened.execute("UPDATE sign_ins SET created_at = ?, seen_at = ?, confirmed_at = ?", (now, now, now))
        opened.commit()
        opened.close()

    def ask(self, who: str, method: str, address: str, data: Any = None, **more: Any) -> TestResponse:
        """One request in somebody's name, in English."""
        api = address.startswith("/api/")
        if time.monotonic() - self.renewed > IDLE:
            self.renew()
        headers = {"Accept-Language": "en"}
        if who:
            headers |= {"Authorization": f"Bearer {self.tokens[who]}"} if api else {}
            headers |= {} if api else {"Cookie": f"oms={self.cookies[who]}; language=en"}
        body: dict[str, Any] = {} if method == "GET" else {"json": data or {}} if api else {"data": data or {}}
        if "raw" in more:
            body = {"data": more.pop("raw")}
        self.reading = method == "GET"
        answer = self.client.open(address, method=method, headers=headers, **body, **more)
        content = answer.get_data()
        self.reading = False
        if method != "GET" and answer.status_code < 400 and "next=" not in answer.headers.get("Location", ""):
            self.changed(f"{who} {method} {address}")
            self.undo()
        answer.content = content  # type: ignore[attr-defined]
        return answer


def open_house(folder: Path) -> House:
    """The program on the canary organisation, in a new folder."""
    settings = Settings(home=folder)
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    organisation = build(engine, settings)
    app = create_app(settings, engine)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    return House(app, engine, organisation)


def cells(app: Flask, organisation: Organisation, *, nothing: bool = True) -> Iterator[Cell]:
    """Every question: each address, each thing it can name (and one that is not there), each of the people."""
    adapter = app.url_map.bind("localhost")
    for address in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        for kind, corner, arguments, nested in _things(address, organisation, nothing):
            built = adapter.build(address.endpoint, arguments, method=None)
            for method in sorted((address.methods or set()) - {"HEAD", "OPTIONS"}):
                for who in PEOPLE:
                    expected = foretold(who, address.endpoint, kind, corner)
                    yield Cell(who, address.endpoint, method, built, kind, corner, expected, nested)


def foretold(who: str, endpoint: str, kind: str, corner: str | None) -> str:
    rule = RULES[endpoint]
    if rule.kind == "paper":
        rule = oracle.Rule(kind, "=", "", False, "")
        if PEOPLE[who][0] == "-":
            return REFUSED
    if corner == "nothing":
        if rule.letters == "public":
            return IN
        if PEOPLE[who][0] == "":
            return SIGN_IN
        first = rule.stops == "first" and not oracle.has(who, rule.letters, set(oracle.ALL))
        return REFUSED if first or (rule.letters == "mine" and PEOPLE[who][0] == "-") else HIDDEN
    if rule.kind not in ("-", "own", "paper"):
        rule = replace(rule, kind=kind)
    return oracle.answer(who, rule, corner)


def _things(
    address: Address, organisation: Organisation, nothing: bool
) -> Iterator[tuple[str, str | None, dict[str, Any], bool]]:
    """What an address can be asked about: kind, corner, its arguments, and whether something nested may be missing."""
    rule = RULES[address.endpoint]
    converters = {name: type(one).__name__ for name, one in address._converters.items()}
    own = next(
        (name for name in ("id", "number", *THING) if name in converters and converters[name] == "UnicodeConverter"), ""
    )
    for fixed in _choices(address):
        kind = PAPERS[fixed["kind"]] if rule.kind == "paper" else rule.kind
        if own in THING:
            kind = THING[own] if rule.kind != "-" else "-"
        if rule.kind == "-" or not own:
            yield (
                kind,
                None,
                {**_rest(address, own, fixed, organisation, None), **({own: NOTHING} if own else {})},
                bool(own),
            )
            continue
        there = _there(kind, organisation)
        corners = [(kind, corner) for corner in there]
        corners += [(INSERTS[kind], "sealed")] if kind in INSERTS and own != "number" else []
        corners += [("inspection", "lent")] if kind == "consultation" else []
        corners += [("old_hold", corner) for corner in organisation.things["old_hold"]] if kind == "hold" else []
        for shown, corner in corners:
            id = there[corner] if shown == kind else organisation.things[shown][corner]
            value = organisation.numbers[id] if own == "number" else id
            rest = _rest(address, own, fixed, organisation, corner)
            yield shown, corner, {own: value, **rest}, bool(set(rest) & set(NESTED))
        if nothing:
            yield kind, "nothing", {own: NOTHING, **_rest(address, own, fixed, organisation, None)}, False


def _there(kind: str, organisation: Organisation) -> dict[str, str]:
    if kind in ("account", "unit"):
        return getattr(organisation.world, f"{kind}s")
    return organisation.things[kind]


def _choices(address: Address) -> Iterator[dict[str, str]]:
    """One for each choice an address offers in words."""
    lists = {name: list(one.items) for name, one in address._converters.items() if type(one).__name__ == "AnyConverter"}
    if not lists:
        yield {}
    for name, items in lists.items():  # no address offers two
        yield from ({name: item} for item in sorted(items))


def _rest(
    address: Address, own: str, fixed: dict[str, str], organisation: Organisation, corner: str | None
) -> dict[str, Any]:
    found: dict[str, Any] = dict(fixed)
    for name, one in address._converters.items():
        if name == own or name in fixed:
            continue
        if type(one).__name__ == "IntegerConverter":
            found[name] = 1
            continue
        meant = NESTED.get(name, NOTHING)
        found[name] = organisation.things[meant].get(corner or "", NOTHING) if meant in organisation.things else meant
        if name == "key" and "tables" in address.rule:
            found[name] = "family_self"
    return found


def judge(cell: Cell, answer: TestResponse, organisation: Organisation, findings: Findings, sent: str = "") -> None:
    """Hold one answer against the oracle: its status, then every canary and every id in it."""
    status, said = (
        answer.status_code,
        f"{cell.who or 'nobody'} {cell.method} {cell.address} [{cell.kind}/{cell.corner}]",
    )
    findings.answers += 1
    key = (cell.expected, status)
    findings.statuses[key] = findings.statuses.get(key, 0) + 1
    if not _fits(cell, answer):
        stricter = cell.expected in (IN, BARRED) and is_right(cell.endpoint, status, PEOPLE[cell.who][0], cell.corner)
        if not stricter:
            findings.mismatches.append(f"{cell.endpoint} {said}: {status}, expected {cell.expected}")
    in_log = cell.endpoint.startswith(("audit.", "api_audit."))
    if cell.expected == HIDDEN and status == 404:
        silence = f"{_no_names(text_of(answer), cell.address)} {_no_names(str(answer.headers), cell.address)}"
        findings.silences.setdefault((cell.who, cell.endpoint, cell.method), set()).add(silence)
    findings.met |= organisation.words.keys() & set(WORD.findall(text_of(answer)))
    for told in leaks_in(cell.who, answer, organisation, f"{cell.address} {sent}", in_log=in_log):
        findings.leaks.append(f"{cell.endpoint} {said} {status}: {told}")


def _no_names(text: str, address: str) -> str:
    """An answer without what was asked for, and without what is new in each."""
    for part in sorted(filter(None, address.split("/")), key=len, reverse=True):
        text = text.replace(part, "…") if any(letter.isdigit() for letter in part) or WORD.search(part) else text
    text = re.sub(r'(csrf[^>]*?(value|content)=)"[^"]*"', r"\1", text)
    text = re.sub(r'(data-session-\w+|data-[a-z-]*url|data-[a-z-]*seconds)="[^"]*"', "", text)
    return re.sub(
        r"X-Request-Id: \S+|Date: [^\r\n]*|Content-Length: \d+|Set-Cookie: [^\r\n]*|request_id\W+\w+", "", text
    )


def _fits(cell: Cell, answer: TestResponse) -> bool:
    status = answer.status_code
    if status >= 500 and not cell.endpoint.startswith("health."):
        return False
    if cell.expected == SIGN_IN:
        return status == 401 or (status == 302 and "/sign-in" in answer.headers["Location"])
    if cell.expected == HIDDEN:
        return status == 404
    if cell.expected == REFUSED:
        return status == 403
    if status == 401:
        return cell.expected == IN and cell.endpoint in PASSWORDS
    if cell.expected == BARRED and cell.method != "GET":
        return 400 <= status < 500 and status not in (401, 404)
    if cell.expected == BARRED and status == 403:
        return True
    return status not in (401, 403, 404) or (cell.nested and status == 404)


def leaks_in(
    who: str, answer: TestResponse, organisation: Organisation, asked: str, *, in_log: bool = False
) -> Iterator[str]:
    """The canaries and ids in an answer that somebody may not meet; what was asked itself is no news."""
    text = f"{text_of(answer)} {answer.headers}".lower()
    asked = asked.lower()
    for found, whose in ((WORD.findall(text), organisation.words), (ID.findall(text), organisation.ids)):
        for word in sorted(set(found)):
            meant = whose.get(word)
            if meant is None or word in asked:
                continue
            number = meant.number and "/reorganisations" in asked
            if not oracle.may_meet(who, meant.room, meant.of, in_log=in_log, number=number):
                place = text.index(word)
                yield f"{meant.room} of {meant.of}: …{text[max(0, place - 60) : place + 20]!r}"


def text_of(answer: TestResponse) -> str:
    """What can be read in an answer: files in it are opened."""
    content: bytes = answer.content  # type: ignore[attr-defined]
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return " ".join(_plain(archive.read(name)) for name in archive.namelist())
    return _plain(content)


def _plain(content: bytes) -> str:
    if content[:5] == b"%PDF-":
        read = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=False).stdout
        return content.decode("latin-1") + read.decode("utf-8", "replace")
    return content.decode("utf-8", "replace")


def run(
    house: House,
    chosen: list[Cell],
    findings: Findings,
    offered: Callable[[House, str, str], Iterator[str]] = lambda _house, _who, _page: iter(()),
) -> None:
    """Ask them all; `offered` tells what a page offers somebody though it is closed to them."""
    for cell in chosen:
        answer = house.ask(cell.who, cell.method, cell.address)
        findings.cells += 1
        judge(cell, answer, house.organisation, findings)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            place = f"{cell.who} {cell.address} [{cell.kind}/{cell.corner}]"
            findings.offers += [f"{place} shows {one}" for one in offered(house, cell.who, text_of(answer))]


def sample(every: list[Cell], share: int, seed: str) -> list[Cell]:
    """For each address and each of the people some of the things, the same ones in each run of a seed."""
    groups: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in every:
        groups.setdefault((cell.endpoint, cell.method, PEOPLE[cell.who][0]), []).append(cell)
    dice = random.Random(seed)
    return [cell for group in groups.values() for cell in dice.sample(group, min(share, len(group)))]
