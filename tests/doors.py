"""Every function that asks for a right, found by its source, and stand-ins to call it with."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
import types
import typing
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

from sqlalchemy import ClauseElement

import oms
from oms.permissions import Action, Actor

# Doors themselves: their guards are asked by HTTP (`tests/oracle`, `tests/web/test_routes.py`).
DOORS = ("oms.web", "oms.api", "oms.cli", "oms.permissions", "oms.migrations", "oms.demo")
PLAIN: dict[Any, Any] = {str: "một", int: 1, bool: False, date: date(2026, 1, 5), Path: Path("/nowhere"), bytes: b"x"}
# Who asks is given by these names: the actor, or what is printed and for whom.
WHO = ("actor", "printing")
# Whoever else acts along: another person, with every right.
FULL = Actor("b", "y", "Y", units=dict.fromkeys(Action, frozenset({"unit"})), confirmed=True)


class StandIn(MagicMock):
    """Anything at all; as a unit it is the uppermost, or who walks up to that one would walk for ever."""

    parent = None


def _functions() -> Iterator[Callable[..., Any]]:
    for module in pkgutil.walk_packages(oms.__path__, "oms."):
        if not module.name.startswith(DOORS) and not module.name.endswith("__main__"):
            loaded = importlib.import_module(module.name)
            for thing in vars(loaded).values():
                plain = inspect.unwrap(thing) if callable(thing) else None
                if isinstance(plain, types.FunctionType) and plain.__module__ == module.name:
                    yield plain


@cache
def questions(function: Callable[..., Any], guard: str, of: str = "") -> tuple[str, ...]:
    """The rights a function asks for by this guard, one for each place; "" where the source does not name it.

    With `of` those alone that are asked of somebody who is called so there.
    """
    found = []
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == guard:
            if of and not (isinstance(node.args[0], ast.Name) and node.args[0].id == of):
                continue
            asked = node.args[1] if len(node.args) > 1 else None
            named = isinstance(asked, ast.Attribute) and asked.attr in Action.__members__
            found.append(asked.attr if named and isinstance(asked, ast.Attribute) else "")
    return tuple(found)


def name_of(function: Callable[..., Any]) -> str:
    """As it stands in lists: without the name of the program."""
    return f"{function.__module__}.{function.__qualname__}".removeprefix("oms.")


FUNCTIONS = sorted(
    {one for one in _functions() if set(WHO) & set(inspect.signature(one).parameters)},
    key=lambda one: (one.__module__, one.__qualname__),
)
ASKING = {name_of(one): one for one in FUNCTIONS if questions(one, "require")}
CONFIRMING = {name_of(one): one for one in FUNCTIONS if questions(one, "require_confirmed")}
LISTING = {name_of(one): one for one in FUNCTIONS if questions(one, "allowed")}
CODES = {one.__code__: one for one in (*ASKING.values(), *CONFIRMING.values())}


def given(function: Callable[..., Any], actor: Actor) -> dict[str, Any]:
    """Stand-ins for all that a function is given, in the name of `actor`."""
    hints, found = typing.get_type_hints(function), dict[str, Any]()
    for name, wanted in inspect.signature(function).parameters.items():
        needed = wanted.default is wanted.empty and wanted.kind in (wanted.POSITIONAL_OR_KEYWORD, wanted.KEYWORD_ONLY)
        if name == "actor":
            found[name] = actor
        elif name == "printing":
            found[name] = StandIn(name=name, actor=actor)
        elif hints.get(name) is Actor:
            found[name] = FULL
        elif needed:
            found[name] = None if name == "version" else PLAIN.get(hints.get(name), StandIn(name=name))
    return found


def call(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call it; what is told one by one is told to the end."""
    answer = function(**arguments)
    return list(answer) if inspect.isgenerator(answer) else answer


def statements(value: Any) -> Iterator[str]:
    """Whatever of the database's language is in it: what a stand-in was asked, what came back."""
    if isinstance(value, ClauseElement):
        yield str(value)
    elif isinstance(value, MagicMock):
        for asked in value.mock_calls:
            yield from statements((*asked.args, *asked.kwargs.values()))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from statements(one)


def refuser(error: BaseException) -> Callable[..., Any] | None:
    """The last function of ours on the way that asks for rights itself."""
    found, trace = None, error.__traceback__
    while trace:
        found = CODES.get(trace.tb_frame.f_code, found)
        trace = trace.tb_next
    return found
