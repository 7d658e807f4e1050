"""Every function that asks for a right asks before anything else: whoever calls it, a page, a program or a job.

Pages ask first, so a guard behind them that is gone is missed by no test of a page. Here each function is called by
somebody without any right, with stand-ins for all it is given, and must be the one that refuses; then by somebody with
every right whose password is not fresh. Lists ask the database for what cannot be.
"""

import ast
import importlib
import inspect
import pkgutil
import textwrap
import types
import typing
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from sqlalchemy import ClauseElement

import oms
from oms.errors import ConfirmationNeeded, Refused
from oms.permissions import Actor, deciding

# Doors themselves: their guards are asked by HTTP (`tests/oracle`, `tests/web/test_routes.py`).
DOORS = ("oms.web", "oms.api", "oms.cli", "oms.permissions", "oms.migrations", "oms.demo")
# These look first at what they are given (a step, a number, a version) and ask then: tests of their own refuse them.
RIGHT_LATER = frozenset(
    {
        "consultations.choosing.choose",
        "papers.file_print._opening_of",
        "papers.file_print.take_number",
        "procedures.attestations._begin",
        "procedures.corrections._begin",
        "protection.close",
        "protection.let_in",
        "protection.open_together",
        "rearranging._begin",
    }
)
FRESHNESS_LATER = frozenset(
    {
        "access_reviews.signing.sign",
        "access_reviews.tying.tie",
        "accounts.delegations.give",
        "campaigns.checking.attest",
        "consultations.deciding.approve",
        "consultations.deciding.decide_copy",
        "consultations.viewing.take_copy",
        "custody.mass.running.order",
        "custody.moving.take",
        "disposal.decide",
        "holds.lift",
        "membership.moving._begin",
        "packages.answering.acknowledge",
        "packages.exporting._check",
        "papers.file_print.take_number",
        "procedures.answering.grant",
        "procedures.attestations._begin",
        "procedures.corrections._begin",
        "procedures.leavings.consent",
        "procedures.reopening._reported",
        "procedures.reopening.reopen",
        "procedures.requests.take_copy",
        "protection.open_together",
        "reorganisation.ordering.order",
        "reorganisation.steps.approve",
        "reorganisation.steps.execute",
        "reorganisation.steps.undo",
    }
)
# These refuse before they ask the database, ask only for somebody, or choose among several rights.
LISTED_LATER = frozenset(
    {
        "access_reviews.tying.tie",
        "campaigns.checking.attest_all",
        "campaigns.checking.papers_of",
        "campaigns.finding._counted",
        "campaigns.finding.waiting_for",
        "consultations.choosing.candidates",
        "consultations.finding.overdue",
        "custody.mass.acts.seen_by",
        "custody.mass.batches.add",
        "custody.mass.batches.batch_of",
        "custody.mass.batches.overdue",
        "custody.mass.choosing.fitting",
        "disposal.due",
        "figures.staff.read_staff",
        "first_load.loading._owners",
        "packages.answering.read_answer",
        "papers.file_print.register",
        "papers.registers._dossiers_held",
        "procedures.attestations.of_dossier",
        "procedures.corrections.of_dossier",
        "procedures.leaving_lists.of_dossier",
        "procedures.verifications.named_document",
        "record.numbers.numbers_of",
        "search.finding._rows",
        "search.suggesting._documents",
        "search.suggesting._dossiers",
    }
)
PLAIN: dict[Any, Any] = {str: "một", int: 1, bool: False, date: date(2026, 1, 5), Path: Path("/nowhere"), bytes: b"x"}


def _functions() -> Iterator[Callable[..., Any]]:
    for module in pkgutil.walk_packages(oms.__path__, "oms."):
        if not module.name.startswith(DOORS) and not module.name.endswith("__main__"):
            loaded = importlib.import_module(module.name)
            for thing in vars(loaded).values():
                plain = inspect.unwrap(thing) if callable(thing) else None
                if isinstance(plain, types.FunctionType) and plain.__module__ == module.name:
                    yield plain


def _asks(function: Callable[..., Any], guard: str) -> bool:
    called = (
        node.func
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function))))
        if isinstance(node, ast.Call)
    )
    return any(isinstance(name, ast.Name) and name.id == guard for name in called)


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}".removeprefix("oms.")


FUNCTIONS = sorted(
    {one for one in _functions() if "actor" in inspect.signature(one).parameters},
    key=lambda one: (one.__module__, one.__qualname__),
)
ASKING = {_name(one): one for one in FUNCTIONS if _asks(one, "require")}
CONFIRMING = {_name(one): one for one in FUNCTIONS if _asks(one, "require_confirmed")}
LISTING = {_name(one): one for one in FUNCTIONS if _asks(one, "allowed")}
CODES = {one.__code__: one for one in (*ASKING.values(), *CONFIRMING.values())}
NOBODY = Actor("a", "x", "X", units={})


def _given(function: Callable[..., Any], actor: Actor) -> dict[str, Any]:
    hints, given = typing.get_type_hints(function), {"actor": actor}
    for name, wanted in inspect.signature(function).parameters.items():
        needed = wanted.default is wanted.empty and wanted.kind in (wanted.POSITIONAL_OR_KEYWORD, wanted.KEYWORD_ONLY)
        if needed and name not in given:
            given[name] = None if name == "version" else PLAIN.get(hints.get(name), MagicMock(name=name))
    return given


def _call(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    answer = function(**given)
    return list(answer) if inspect.isgenerator(answer) else answer


def _statements(value: Any) -> Iterator[str]:
    """Whatever of the database's language is in it: what a stand-in was asked, what came back."""
    if isinstance(value, ClauseElement):
        yield str(value)
    elif isinstance(value, MagicMock):
        for call in value.mock_calls:
            yield from _statements((*call.args, *call.kwargs.values()))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _statements(one)


def _refuser(error: BaseException) -> Callable[..., Any] | None:
    """The last function of ours on the way that asks for rights itself."""
    found, trace = None, error.__traceback__
    while trace:
        found = CODES.get(trace.tb_frame.f_code, found)
        trace = trace.tb_next
    return found


@pytest.mark.parametrize("name", sorted(ASKING.keys() - RIGHT_LATER))
def test_who_has_no_right_is_refused_first_of_all(name: str) -> None:
    with pytest.raises(Refused) as refused:
        _call(ASKING[name], _given(ASKING[name], NOBODY))
    assert _refuser(refused.value) is ASKING[name]


@pytest.mark.parametrize("name", sorted(CONFIRMING.keys() - FRESHNESS_LATER))
def test_whose_password_is_not_fresh_is_asked_first_of_all(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "can", lambda *_: True)
    with pytest.raises(ConfirmationNeeded) as needed:
        _call(CONFIRMING[name], _given(CONFIRMING[name], NOBODY))
    assert _refuser(needed.value) is CONFIRMING[name]


@pytest.mark.parametrize("name", sorted(LISTING.keys() - LISTED_LATER))
def test_who_has_no_right_is_shown_no_row(name: str) -> None:
    given, answer = _given(LISTING[name], NOBODY), None
    with suppress(Exception):  # the stand-ins end somewhere behind the question
        answer = _call(LISTING[name], given)
    assert any("false" in statement for statement in _statements([answer, *given.values()]))


def test_nobody_is_left_out_without_a_reason() -> None:
    assert len(ASKING) >= 212 and len(CONFIRMING) >= 46, (
        "a guard was taken out; found by their source, they would not miss it"
    )
    assert ASKING.keys() > RIGHT_LATER and CONFIRMING.keys() > FRESHNESS_LATER
