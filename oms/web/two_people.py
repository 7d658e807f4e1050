"""Two people at one screen: the second one proves who they are, and both decide in one transaction.

By name and password, with a code where the account has a second factor; or by a passkey alone, which is both.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g, request
from sqlalchemy.orm import Session

from oms import accounts, db
from oms.errors import N_, BadInput, Conflict, OmsError, Refused, TooManyTries, Unavailable
from oms.models import Account, Document, Dossier
from oms.permissions import Actor, require_confirmed
from oms.web import access
from oms.web.access import deliver, end_request, house, open_request_session, write_down_refusal
from oms.web.passkeys import asked_here
from oms.web.signing_in import browser_mark

Result = TypeVar("Result")
Thing = TypeVar("Thing", Document, Dossier)


# Fields of the form (macros/two_people.html) that are written into no page again.
PASSWORD, CODE, PASSKEY = "password", "second_code", "second_passkey"
OF_THE_SECOND = frozenset({PASSWORD, CODE, PASSKEY})
# What the form is shown again for: who the second person is was not proved.
NOT_PROVED = (accounts.SignInFailed, TooManyTries, Unavailable)
REFUSALS = (BadInput, Refused, Conflict, *NOT_PROVED)


def second_person(action: str) -> Actor:
    """The actor of the second person; raises one of `NOT_PROVED` (a wrong try is logged as `action`), `BadInput`, `Refused`.

    The first person confirms before the second one is looked at: what that one typed or showed would be used up. Without
    a password nothing is tried: the page that asks the first person carries no password over.
    """
    require_confirmed(g.actor)
    account = _proved(action)
    with db.reading(house().engine) as session:
        return accounts.actor_of(session, account, via="web", address=request.remote_addr)


def _proved(action: str) -> Account:
    engine, settings, form = house().engine, house().settings, request.form
    if form.get(PASSKEY):
        return accounts.prove_second_by_passkey(
            engine,
            settings,
            asked_here(),
            form[PASSKEY],
            address=request.remote_addr,
            actor=g.actor,
            action=action,
        )
    if not form.get(PASSWORD):
        raise BadInput(N_("The second person types name and password here. Nothing was decided yet."))
    return accounts.prove_second(
        engine,
        settings,
        form.get("second", ""),
        form[PASSWORD],
        form.get(CODE, ""),
        address=request.remote_addr,
        browser=browser_mark(),
        actor=g.actor,
        action=action,
    )


def decide(act: Callable[[Session, Actor], Result]) -> Result:
    """Ask for the second person, then do `act` with both in a writing transaction; its jobs are handed over."""
    require_confirmed(g.actor)
    end_request(g.pop("session", None))
    second = second_person("account:confirm")
    with db.writing(house().engine) as session:
        result = act(session, second)
    deliver(session)
    return result


def decide_on(
    thing: Thing, act: Callable[[Session, Thing, Actor], object], draw: Callable[[Thing, OmsError], str]
) -> Any:
    """As `decide`, for an act on one thing; None when it is done, else the answer with the form shown again."""
    kind, id = type(thing), thing.id
    try:
        decide(lambda session, second: act(session, session.get_one(kind, id), second))
    except REFUSALS as error:
        look_again(error)
        return draw(access.load(kind, "id", id, g.actor), error), status_of(error)
    return None


def look_again(error: OmsError) -> None:
    """After a refusal: write it down and open a reading session for the form that is shown again."""
    write_down_refusal(error)
    end_request(g.pop("session", None))
    g.session = open_request_session(writing=False)


def status_of(error: OmsError) -> int:
    """A wrong password of the second person must not look like the end of the first one's session."""
    return 422 if error.status == 401 else error.status


def typed(*names: str) -> dict[str, Any]:
    """What stays in the form after a refusal: never password or code."""
    return {name: request.form.get(name, "") for name in (*names, "second")}
