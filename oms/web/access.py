"""The door of every address: who is asking, in which transaction, and may they.

An endpoint says `@guarded(Action.X)` or `@public`; the factory refuses to start with one that says
neither. A guarded endpoint with an id gets the object itself, loaded from the rows the actor may
see: what belongs to another unit is answered like what does not exist. Refusals are written down.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from flask import Flask, current_app, g, redirect, request, url_for
from flask_login import current_user
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from oms import audit, db, limits, quotas
from oms.backup import rotation
from oms.errors import N_, Conflict, NotFound, OmsError, Refused, Unavailable
from oms.models import (
    AccessReview,
    Account,
    Alarm,
    Attestation,
    Campaign,
    Consultation,
    Correction,
    Declaration,
    Disposal,
    Document,
    Dossier,
    Finding,
    FolderImport,
    Hold,
    LatePaper,
    Leaving,
    LocateAnswer,
    MassTransfer,
    MembershipAsking,
    MembershipTransfer,
    Package,
    PackageArrival,
    Page,
    PaperLoss,
    Person,
    Reorganisation,
    Scan,
    Stack,
    Stocktaking,
    SubjectRequest,
    Transfer,
    TransferRequest,
    Unit,
    Verification,
)
from oms.permissions import GUARDS, WHOLE, Action, Actor, allowed, dossier_id_of, require
from oms.search import open_engine
from oms.search.interface import Engine as SearchEngine
from oms.settings import Settings
from oms.web.closed import Door, door_of
from oms.worker import Queue

# What must be visible before anything else about a thing is answered.
_VISIBLE: dict[type[Any], Action] = {
    Dossier: Action.DOSSIER_READ,
    Scan: Action.SCAN_READ,
    Page: Action.PAGE_READ,
    Document: Action.DOCUMENT_READ,
    Person: Action.PERSON_READ,
    Transfer: Action.TRANSFER_READ,
    MassTransfer: Action.MASS_TRANSFER_READ,
    Alarm: Action.ALARM_READ,
    TransferRequest: Action.TRANSFER_REQUEST_READ,
    MembershipTransfer: Action.MEMBERSHIP_READ,
    MembershipAsking: Action.MEMBERSHIP_ANSWER,
    LatePaper: Action.LATE_PAPER_READ,
    Consultation: Action.CONSULTATION_READ,
    LocateAnswer: Action.LOCATE_ANSWER,
    Reorganisation: Action.REORGANISATION_READ,
    Finding: Action.CHECK_READ,
    Correction: Action.CORRECTION_READ,
    Attestation: Action.ATTESTATION_READ,
    Leaving: Action.LEAVING_READ,
    Campaign: Action.CAMPAIGN_READ,
    Declaration: Action.DECLARATION_READ,
    Verification: Action.VERIFICATION_READ,
    SubjectRequest: Action.REQUEST_READ,
    PaperLoss: Action.PAPER_LOSS_READ,
    Hold: Action.HOLD_READ,
    Disposal: Action.DISPOSAL_READ,
    Unit: Action.UNIT_READ,
    Account: Action.ACCOUNT_MANAGE,
    Package: Action.PACKAGE_READ,
    PackageArrival: Action.PACKAGE_TAKE_IN,
    Stack: Action.STACK_DIVIDE,
    FolderImport: Action.SCAN_IMPORT,
    Stocktaking: Action.STOCK_COUNT,
    AccessReview: Action.ACCESS_REVIEW_READ,
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What costs much or lets much out, by address and what it is counted as (oms.limits). Small pictures of pages, in which
# nothing can be read, are not: lists are full of them.
COUNTED = {
    "pages.image": "page:image",
    "inserts.image": "page:image",
    "reading_room.image": "page:image",
    "api_scans.image": "page:image",
    "search.line": "page:line",
    "pages.original": "scan:download",
    "pages.pdf": "scan:download",
    "api_scans.original": "scan:download",
    "api_scans.pdf": "scan:download",
    "proofs.file": "scan:download",
    "api_transfers.proof": "scan:download",
    "late_papers.file": "scan:download",
    "subject_requests.proof": "scan:download",
    "reading_room.take_copy": "scan:download",
    "packages.file": "scan:download",
    # Lists with names; figures name nobody.
    "checks.export": "search:export",
    "completeness.export": "search:export",
    "milestones.export": "search:export",
    "milestones.paper": "search:export",
    "overdue.export": "search:export",
    "papers.draw_register": "search:export",
    "stocktaking.export": "search:export",
    "papers.take_dossier": "dossier:export",
}
# What goes on while many stored files are damaged: signing in and out, accounts, alarms, log, opening a file to read it.
_WHATEVER_IS_DAMAGED = frozenset(
    {"account", "second_factor", "passkeys", "office", "accounts", "access_reviews", "alarms", "audit", "system"}
    | {"protection", "desk", "api_tokens"}
)
# So do: what bears a mark of secrecy is wiped and destroyed; rights that were given end; sealed papers are read.
_GOES_ON = frozenset(
    {"gate.refuse", "gate.purge", "proofs.destroy", "delegations.end", "inserts.open_together", "inserts.close"}
)


@dataclass
class House:
    """What every request needs of the installation."""

    settings: Settings
    engine: Engine
    queue: Queue

    @property
    def search(self) -> SearchEngine:
        """The search engine of this process."""
        return open_engine(self.settings)


def house() -> House:
    """The installation behind the present request."""
    found: House = current_app.extensions["oms"]
    return found


def public(view: Callable[..., Any]) -> Callable[..., Any]:
    """Open to everybody, signed in or not."""
    view.guard = "public"  # type: ignore[attr-defined]
    return view


def guarded(
    action: Action, *, by: str = "id", model: type[Any] | None = None, writing: bool | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let only those in who may do `action`; hand the view its object in place of the id in the address.

    `by` is the column the address names ("id" or "number"). `model` says whose id it is when the action
    itself concerns something else. `writing` False keeps a POST from holding the writer's place while a
    long body arrives; the view then opens its own transaction.
    """
    guard = GUARDS.get(action)
    subject = model or (guard.model if guard else WHOLE.get(action))

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def enter(**arguments: Any) -> Any:
            g.action = action
            actor: Actor | None = g.get("actor")
            if actor is None:
                return _ask_to_sign_in()
            if counted := COUNTED.get(request.endpoint or ""):
                limit(counted)
            if actor.via == "api" and request.method not in _SAFE:
                limit("api:write")
            g.session = open_request_session(writing=request.method not in _SAFE if writing is None else writing)
            _refuse_while_files_are_damaged()
            if by in arguments and subject is not None:
                thing = load(subject, by, arguments.pop(by), actor)
                arguments[subject.__name__.lower()] = g.thing = thing
                g.shown = audit.Line(
                    "", kind=subject.__name__.lower(), object_id=thing.id, dossier_id=audit.dossier_of(thing)
                )
            if guard is not None and subject is guard.model and "thing" in g:
                require(actor, action, g.thing)
            elif not actor.has(action):
                raise Refused(N_("This page is not for your account. The start page shows what is."))
            return view(**arguments)

        enter.guard = action  # type: ignore[attr-defined]
        enter.subject = subject  # type: ignore[attr-defined]
        return enter

    return decorate


def _refuse_while_files_are_damaged() -> None:
    """With many files damaged nothing is changed: not by whoever damages them, nor by people who cannot know yet."""
    g.files_damaged = rotation.burst(g.session) > 0
    if request.method in _SAFE or request.blueprint in _WHATEVER_IS_DAMAGED or request.endpoint in _GOES_ON:
        return
    if request.endpoint == "consultations.take" and (request.view_args or {}).get("step") == "end":
        return
    if g.files_damaged:
        raise Unavailable(
            N_(
                "Many stored files were found damaged or missing, so nothing is changed or taken in until they are put "
                "back from the backups. Looking and searching go on; the administrator knows."
            )
        )


def limit(action: str) -> None:
    """Count one more `action` of this account, over all processes of the installation (oms.limits)."""
    if current_app.config.get("RATELIMIT_ENABLED", True):
        limits.take(house().engine, action, actor=g.actor)


def limit_uploads() -> None:
    """Count one more file of this account, whichever door it comes through (`oms/catalogue/uploads.yaml`)."""
    if current_app.config.get("RATELIMIT_ENABLED", True):
        quotas.take_turn(house().engine, actor=g.actor)


def open_request_session(*, writing: bool) -> Session:
    """The session of this request; on SQLite a writing one waits for its turn in the process."""
    if writing:
        g.turn = db.take_turn(house().engine)
    return db.open_session(house().engine, writing=writing)


def load(model: type[Any], by: str, value: object, actor: Actor) -> Any:
    """One row the actor may see, or `NotFound`: the same answer for "not yours" and "no such"."""
    session: Session = g.session
    column = getattr(model, by)
    thing = session.scalar(select(model).where(column == value, allowed(actor, _VISIBLE[model])))
    if actor.opened is not None and (thing is None or isinstance(thing, Dossier)):
        _refuse_closed(model, column == value, thing, actor)
    if thing is None:
        raise NotFound()
    return thing


def _refuse_closed(model: type[Any], row: Any, thing: Dossier | None, actor: Actor) -> None:
    """Say of a protection file that may be seen, and into which the address reaches, that two must open it first."""
    if door_of(request.endpoint or "") != Door.OPENED or model not in (Dossier, Scan, Page, Document):
        return
    seen = thing or g.session.scalar(select(model).where(row, allowed(replace(actor, opened=None), _VISIBLE[model])))
    dossier_id = dossier_id_of(seen) if seen is not None else ""
    if dossier_id and dossier_id not in (actor.opened or {}):
        raise FileClosed(g.session.get_one(Dossier, dossier_id))


class FileClosed(Refused):
    """A protection file that nobody has open: a page leads to where two officers open it."""

    def __init__(self, dossier: Dossier) -> None:
        super().__init__(
            N_(
                "File %(number)s is closed. Two officers open it together, each with the own password, and say what for."
            ),
            number=dossier.number,
        )
        self.dossier_id = dossier.id


def commit() -> None:
    """Make the change of this request true, then hand its jobs to the queue."""
    try:
        g.session.commit()
    except StaleDataError as error:
        raise Conflict(N_("Somebody else just changed this. Reload the page and look again.")) from error
    deliver(g.session)


def deliver(session: Session) -> None:
    """After a commit: hand the new jobs to the queue."""
    from oms import jobs

    jobs.deliver(session, house().queue.send)


def _ask_to_sign_in() -> Any:
    if request.path.startswith("/api/") or request.headers.get("X-Requested-With") == "fetch":
        raise NotSignedIn(N_("Sign in first, or your session has ended. Sign in again; nothing you saved is lost."))
    target = request.full_path if request.method == "GET" else "/"
    return redirect(url_for("account.sign_in", next=target.rstrip("?")))


class NotSignedIn(OmsError):
    """No valid session or token."""

    status = 401


def end_request(session: Session | None) -> None:
    """Give back the request's session and its turn at writing."""
    if session is not None:
        session.close()
    if turn := g.pop("turn", None):
        turn.release()


def write_down_refusal(error: OmsError) -> None:
    """Log a refusal in a transaction of its own, after the request's own was given up."""
    actor: Actor | None = g.get("actor")
    action = g.get("action")
    if actor is None or action is None or error.status not in (403, 404, 409):
        return
    thing = g.get("thing")
    end_request(g.pop("session", None))
    with db.writing(house().engine) as session:
        audit.record(
            session,
            action,
            thing,
            actor=actor,
            dossier_id=error.dossier_id if isinstance(error, FileClosed) else None,
            outcome="refused",
            words=f"{request.path} · {error}",
        )


def check_every_endpoint(app: Flask) -> None:
    """Refuse to start when an endpoint says neither `@guarded` nor `@public`."""
    open_ones = sorted(name for name, view in app.view_functions.items() if not hasattr(view, "guard"))
    if open_ones:
        raise RuntimeError(f"endpoints without @guarded or @public: {', '.join(open_ones)}")


def signed_in_id() -> str | None:
    """Id of the present sign-in, if there is one."""
    return current_user.sign_in_id if current_user.is_authenticated else None
