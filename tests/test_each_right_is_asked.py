"""Who lacks one right alone is refused by whatever asks for it, and shown no row by whatever lists by it.

A second question behind a first is missed by nobody who lacks both. So each function is called once for each right it
asks for, by somebody who has every other one, with stand-ins for all it is given.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import ColumnElement, literal_column

from oms import permissions
from oms.errors import Refused
from oms.permissions import Action, Actor, deciding
from tests.doors import ASKING, LISTING, call, given, questions, refuser, statements

EVERY = frozenset({"unit"})


def _pairs(functions: dict[str, Callable[..., Any]], guard: str) -> list[tuple[str, str]]:
    return sorted({(name, right) for name, one in functions.items() for right in questions(one, guard)})


def _all_but(right: str) -> Actor:
    # A right the source does not name may be any: then all are lacking.
    units = {one: EVERY for one in Action if right and one.name != right}
    return Actor("a", "x", "X", units=units, confirmed=True)


# These look first at what they are given, and with stand-ins never come to the question: tests of their own refuse them.
ASKED_BEHIND = {
    ("consultations.choosing.choose", "DOSSIER_READ"),
    ("custody.mass.running.take_out", "TRANSFER_PREPARE"),
    ("dossiers.open_dossier", "PERSON_READ"),
    ("papers.cover_sheets.cover_sheets", "SCAN_UPLOAD"),
    ("papers.file_print._opening_of", "INSERT_OPEN"),
    ("papers.file_print.take_number", "DOCUMENT_READ"),
    ("papers.opening_slip.opening_slip", "TRANSFER_SEND"),
    ("papers.whole_dossier.take", "SCAN_DOWNLOAD"),
    ("procedures.attestations._begin", "ATTESTATION_GIVE"),
    ("procedures.corrections._begin", "CORRECTION_DECIDE"),
    ("procedures.verifications.send_to_verification", "CHECK_SETTLE"),
    ("protection.close", "INSERT_OPEN"),
    ("protection.let_in", "ACCESS_REVIEW_STATE"),
    ("protection.open_together", "INSERT_OPEN"),
    ("rearranging._begin", "DOCUMENT_FILE"),
    ("rearranging._begin", "DOCUMENT_READ"),
}
LISTED_BEHIND = {
    ("access_reviews.tying.tie", "DOSSIER_READ"),
    ("campaigns.checking.papers_of", "DOCUMENT_READ"),
    ("campaigns.finding._counted", "DECLARATION_READ"),
    ("consultations.choosing.candidates", "DOSSIER_READ"),
    ("custody.mass.choosing.fitting", "DOSSIER_READ"),
    ("disposal.due", "DOSSIER_EDIT"),
    ("figures.staff.read_staff", "RECORD_READ"),
    ("first_load.loading._owners", "PERSON_READ"),
    ("packages.answering.read_answer", "PACKAGE_READ"),
    ("papers.file_print.register", "DOSSIER_READ"),
    ("papers.registers._dossiers_held", "DOSSIER_READ"),
    ("people.list_people", "DOSSIER_READ"),
    ("search.finding._rows", ""),
    ("search.suggesting._documents", "DOCUMENT_READ"),
    ("search.suggesting._dossiers", "DOSSIER_READ"),
}
ASKED = _pairs(ASKING, "require")
LISTED = _pairs(LISTING, "allowed")


def test_nobody_is_left_out_without_a_reason() -> None:
    assert set(ASKED) > ASKED_BEHIND and set(LISTED) > LISTED_BEHIND


@pytest.mark.parametrize(("name", "right"), sorted(set(ASKED) - ASKED_BEHIND))
def test_who_lacks_one_right_is_refused(name: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _patch(monkeypatch, "can", lambda actor, action, thing=None: action in actor.units)
    with pytest.raises(Refused) as refused:
        call(ASKING[name], given(ASKING[name], _all_but(right)))
    assert refuser(refused.value) is ASKING[name]
    assert _raiser(refused.value) is deciding.require.__code__, "what was refused was something else"


@pytest.mark.parametrize(("name", "right"), sorted(set(LISTED) - LISTED_BEHIND))
def test_each_list_asks_for_its_right_in_the_database(name: str, right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def mark(actor: Actor, action: Any) -> ColumnElement[bool]:
        assert actor is nearly
        asked.append(f"asked_{len(asked)}_" if not right or action.name == right else "")
        return literal_column(asked[-1] or "other_right")

    nearly, answer = _all_but("none"), None
    _patch(monkeypatch, "can", lambda actor, action, thing=None: action in actor.units)
    _patch(monkeypatch, "allowed", mark)
    arguments = given(LISTING[name], nearly)
    with suppress(Exception):  # the stand-ins end somewhere behind the question
        answer = call(LISTING[name], arguments)
    said = " ".join(statements([answer, *arguments.values()]))
    found = [one for one in asked if one and one in said]
    assert len(found) >= questions(LISTING[name], "allowed").count(right)


def _patch(monkeypatch: pytest.MonkeyPatch, name: str, other: Callable[..., Any]) -> None:
    """Put something in the place of a question wherever a room took it in."""
    real = getattr(permissions, name)
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("oms") and vars(module).get(name) is real:
            monkeypatch.setattr(module, name, other)


def _raiser(error: BaseException) -> object:
    trace = error.__traceback__
    assert trace is not None
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_code
