"""Asks the canary house and holds each answer against the log: what it shows is told by the words in it (AT-2)."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from tests.accounting import faults, is_counted, unseen
from tests.oracle.addresses import RULES
from tests.oracle.asking import Cell, House, text_of
from tests.oracle.organisation import DOSSIERS, WORD
from tests.recording import Act, Entry, Recorder

FULL_LOG = "CREATE TRIGGER full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'no more room'); END"


@dataclass
class Account:
    """What was asked and what was wrong."""

    asked: int = 0
    shown: int = 0
    changed: int = 0
    found: list[str] = field(default_factory=list)
    # What each person was told of before.
    before: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))


def recorded(recorder: Recorder, house: House, cell: Cell, body: bytes = b"", kind: str = "") -> tuple[Act, set[str]]:
    """One question: the act, and whose words stand in the answer that did not stand in the question."""
    acts: list[Act] = []
    recorder.over = acts.append
    answer = house.ask(cell.who, cell.method, cell.address, **({"raw": body, "content_type": kind} if kind else {}))
    words = house.organisation.words
    met = set(WORD.findall(text_of(answer).lower())) & set(words)
    # Searches that somebody kept are their own and no content.
    met = {word for word in met if words[word].room != "saved_search" and word not in cell.address.lower()}
    return acts[-1], {words[word].of for word in met}


def hold(cell: Cell, act: Act, met: set[str], house: House, account: Account) -> None:
    """Judge one act."""
    account.asked += 1
    # An address may be about a thing of one dossier; lists name many, a person has several, and are one look.
    of_one = cell.corner in DOSSIERS and RULES[cell.endpoint].kind not in ("-", "person", "own") and cell.corner in met
    dossier = house.organisation.things["dossier"][cell.corner] if of_one and cell.corner else None
    found = [*faults(act), *unseen(act, account.before[cell.who], shown=bool(met), dossier=dossier)]
    account.before[cell.who] += [entry for entry in act.entries if entry.outcome == "done"]
    account.shown += bool(met)
    account.changed += any(map(is_counted, act.changes))
    account.found += [f"{cell.endpoint} {cell.who} {act.name} {act.status}: {one}" for one in found]


def ask_all(recorder: Recorder, house: House, cells: list[Cell], account: Account) -> None:
    """Each question as it is."""
    for cell in cells:
        hold(cell, *recorded(recorder, house, cell), house, account)


@contextmanager
def full_log(house: House) -> Iterator[None]:
    """No entry can be written, whoever asks what, until the end of the block."""
    house.undo()  # what was looked at lately is forgotten: nothing is told of yet
    for statement in (FULL_LOG, "DROP TRIGGER full"):
        with closing(sqlite3.connect(house.path)) as opened:
            opened.execute(statement)
            opened.commit()
        house.keep()
        if statement == FULL_LOG:
            yield


def ask_with_a_full_log(recorder: Recorder, house: House, cells: list[Cell], account: Account) -> None:
    """AT-3: no entry can be written, so nothing is shown and nothing is done."""
    with full_log(house):
        for cell in cells:
            act, met = recorded(recorder, house, cell)
            account.asked += 1
            said = [f"changed: {change}" for change in filter(is_counted, act.changes)]
            said += ["shown all the same"] if unseen(act, [], shown=bool(met)) else []
            account.found += [
                f"{cell.endpoint} {cell.who} {act.name} {act.status} with a full log: {one}" for one in said
            ]
