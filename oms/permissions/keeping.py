"""Questions that every page asks are put together once for all who have the same units."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from oms.permissions.actions import Action
from oms.permissions.deciding import Actor
from oms.permissions.guards import GUARDS, Guard, PersonalGuard, Units

Rest = ParamSpec("Rest")
Question = TypeVar("Question")

KEPT = 256
"""Questions of one kind that are kept: more than an office has sets of units at work, and some hundred KB."""


_forgetting: list[Callable[[], None]] = []


def forget_kept() -> None:
    """Put every question together anew: for proofs that take a rule out of the program while it runs."""
    for forget in _forgetting:
        forget()


def kept(
    *actions: Action,
) -> Callable[[Callable[Concatenate[Actor, Rest], Question]], Callable[Concatenate[Actor, Rest], Question]]:
    """Keep what `build(actor, …)` puts together, for everybody with the same units in `actions`.

    Putting a question together takes longer than most answers. Only the question is kept, never an answer. `build` is
    handed somebody who has these units and nothing else, not even an account, so that what it makes can depend on
    nothing else; a day it asks about is an argument. Actions that are personal are refused here (`TypeError`); of who
    has protection files open nothing is kept.
    """
    if personal := [action for action in actions if isinstance(GUARDS.get(action), PersonalGuard)]:
        raise TypeError(f"nothing can be kept of what is open to one account: {', '.join(personal)}")

    def decorate(build: Callable[Concatenate[Actor, Rest], Question]) -> Callable[Concatenate[Actor, Rest], Question]:
        # The guards stand in the key: a question put together by another rule is another question.
        @lru_cache(maxsize=KEPT)
        def of(rights: tuple[tuple[Units | None, Guard | None], ...], *rest: Any, **named: Any) -> Question:
            theirs = {
                action: units for action, (units, _rule) in zip(actions, rights, strict=True) if units is not None
            }
            return build(Actor(account_id="", username="", name="", units=theirs), *rest, **named)

        _forgetting.append(of.cache_clear)

        def ask(actor: Actor, *rest: Any, **named: Any) -> Question:
            if actor.opened is not None:
                return build(actor, *rest, **named)
            return of(tuple((actor.units.get(action), GUARDS.get(action)) for action in actions), *rest, **named)

        return cast(Callable[Concatenate[Actor, Rest], Question], wraps(build)(ask))

    return decorate
