"""Two people at one screen: the second one types name and password, and both decide in one transaction."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g, request
from sqlalchemy.orm import Session

from oms import accounts, db
from oms.errors import N_, BadInput, OmsError
from oms.permissions import Actor
from oms.web.access import deliver, end_request, house, open_request_session, write_down_refusal

Result = TypeVar("Result")


def second_person(action: str) -> Actor:
    """The actor of the second person; raises `SignInFailed`, which is logged as `action`.

    Without a password nothing is tried: the page that asks the first person to confirm carries no password over.
    """
    if not request.form.get("password"):
        raise BadInput(N_("The second person types name and password here. Nothing was decided yet."))
    account, _before = accounts.prove_password(
        house().engine,
        request.form.get("second", ""),
        request.form.get("password", ""),
        address=request.remote_addr,
        actor=g.actor,
        action=action,
    )
    with db.reading(house().engine) as session:
        return accounts.actor_of(session, account, via="web", address=request.remote_addr)


def decide(act: Callable[[Session, Actor], Result]) -> Result:
    """Ask for the second person, then do `act` with both in a writing transaction; its jobs are handed over."""
    end_request(g.pop("session", None))
    second = second_person("account:confirm")
    with db.writing(house().engine) as session:
        result = act(session, second)
    deliver(session)
    return result


def look_again(error: OmsError) -> None:
    """After a refusal: write it down and open a reading session for the form that is shown again."""
    write_down_refusal(error)
    end_request(g.pop("session", None))
    g.session = open_request_session(writing=False)


def status_of(error: OmsError) -> int:
    """A wrong password of the second person must not look like the end of the first one's session."""
    return 422 if error.status == 401 else error.status


def typed(*names: str) -> dict[str, Any]:
    """What stays in the form after a refusal: never the password."""
    return {name: request.form.get(name, "") for name in (*names, "second")}
