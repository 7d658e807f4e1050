"""Taking in one file over HTTP, for the upload page and the API alike.

The order is the promise of `oms.intake`: examine, keep, enter and commit, then deliver, then say so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, cast

from flask import g
from flask_babel import gettext
from sqlalchemy.orm import Session

from oms import db, gate, intake, quotas, stacks, storage
from oms.errors import FileRefused, NotFound, OmsError, TooManyTries
from oms.intake import Arrival
from oms.models import Dossier, Scan, Transfer, Unit
from oms.permissions import Actor
from oms.recognition.cutting import check_cuttable
from oms.web.access import deliver, house, limit_uploads, write_down_refusal
from oms.web.errors import sentence_of

RECEIVED, KNOWN, REFUSED, DOUBTFUL = "received", "known", "refused", "doubtful"


@dataclass(frozen=True)
class Outcome:
    """What became of one file: `state` "received", "known" (same bytes were there), "refused", or "doubtful": it may
    bear a mark of secrecy and waits in memory under `token` for two people to decide."""

    name: str
    state: str
    scan: Scan | None = None
    error: OmsError | None = None
    token: str = ""
    # What `attach_file` made of it.
    entered: object = None

    @property
    def message(self) -> str:
        """The sentence for the sender."""
        said: str
        if self.error is not None:
            said = sentence_of(self.error)
        elif self.state == DOUBTFUL:
            said = gettext(
                "%(name)s may bear a mark of a state secret and is not kept yet. Look at it and decide within ten minutes.",
                name=self.name,
            )
        elif self.state == KNOWN:
            said = gettext("%(name)s was received before; nothing was added.", name=self.name)
        else:
            said = gettext("%(name)s was received and will be read.", name=self.name)
        return said


def refused(name: str, error: OmsError) -> Outcome:
    """The outcome of a file that did not come in; the answer says when to try again, where the refusal does."""
    g.retry_after = error.values.get("seconds")
    return Outcome(intake.label_of(name), REFUSED, error=error)


def _examine(stream: BinaryIO, name: str, actor: Actor, into: str = "") -> Arrival:
    limit_uploads()
    settings = house().settings
    ask = quotas.asking(house().engine, settings, actor=actor, into=into)
    return intake.examine(settings, storage.chunks(stream), name, ask=ask)


def receive_file(dossier_id: str, stream: BinaryIO, name: str, *, actor: Actor, may_decide: bool = False) -> Outcome:
    """Take one file into a dossier the actor may upload to; a refused file costs the others nothing.

    `may_decide` says that a person is there to look at a doubtful page; else a doubt is a refusal.
    Raises `Refused` when the dossier is frozen and `NotFound` when it is no longer the actor's.
    """
    arrival = None
    try:
        arrival = _examine(stream, name, actor, dossier_id)
        if arrival.suspicions and not may_decide:
            raise gate.needs_two_people(arrival)
        if arrival.suspicions:
            with db.writing(house().engine) as session:
                token = gate.hold(session, house().settings, _dossier(session, dossier_id), arrival, actor=actor)
            return Outcome(arrival.name, DOUBTFUL, token=token)
        with intake.kept(house().settings, arrival), db.writing(house().engine) as session:
            scan, is_new = intake.receive(session, _dossier(session, dossier_id), arrival, actor=actor)
        deliver(session)
        return Outcome(arrival.name, RECEIVED if is_new else KNOWN, scan)
    except FileRefused as error:
        with db.writing(house().engine) as session:
            intake.refuse(session, _dossier(session, dossier_id), error.what, actor=actor)
        return refused(name, error)
    finally:
        if arrival is not None:
            intake.discard(arrival)


def attach_file(
    model: type[Transfer] | type[Unit],
    id: str,
    stream: BinaryIO,
    name: str,
    *,
    actor: Actor,
    action: str,
    errand: Mapping[str, str] | None,
    enter: Callable[[Session, Any, Arrival], object],
    check: Callable[[Arrival], None] = lambda _arrival: None,
) -> Outcome:
    """Take one file that is for no single dossier but a transfer, or a unit, by the order of `receive_file`; `enter`
    makes its row, `check` says before anything is kept whether it can be.

    A doubtful one waits with its `errand`, or is refused where nobody is there to look at it (None); a refused one is
    written down under `action`.
    """
    arrival = None
    try:
        arrival = _examine(stream, name, actor, id)
        check(arrival)
        if arrival.suspicions and errand is None:
            raise gate.needs_two_people(arrival)
        if arrival.suspicions:
            with db.writing(house().engine) as session:
                thing = _find(session, model, id)
                token = gate.hold(session, house().settings, thing, arrival, actor=actor, errand=errand)
            return Outcome(arrival.name, DOUBTFUL, token=token)
        with intake.kept(house().settings, arrival), db.writing(house().engine) as session:
            entered = enter(session, _find(session, model, id), arrival)
        deliver(session)
        return Outcome(arrival.name, RECEIVED, entered=entered)
    except FileRefused as error:
        with db.writing(house().engine) as session:
            thing = _find(session, model, id)
            intake.refuse(session, thing, error.what, actor=actor, action=action)
        return refused(name, error)
    except TooManyTries as error:  # said for this file: those before it are in
        return refused(name, error)
    finally:
        if arrival is not None:
            intake.discard(arrival)


def receive_stack(
    unit_id: str, stream: BinaryIO, name: str, *, actor: Actor, errand: Mapping[str, str] | None
) -> Outcome:
    """Take one stack for a unit; `entered` is its id and whether it is new. What was refused is said in the outcome."""

    def enter(session: Session, unit: Unit, arrival: Arrival) -> tuple[str, bool]:
        stack, is_new = stacks.give(session, unit, arrival, actor=actor)
        return stack.id, is_new

    try:
        outcome = attach_file(
            Unit,
            unit_id,
            stream,
            name,
            actor=actor,
            action="stack:give",
            errand=errand,
            enter=enter,
            check=lambda arrival: check_cuttable(arrival.opened),
        )
        is_known = outcome.entered is not None and not cast(tuple[str, bool], outcome.entered)[1]
        return replace(outcome, state=KNOWN) if is_known else outcome
    except OmsError as error:  # the store is full, or the right is gone: said for this file
        write_down_refusal(error)
        return refused(name, error)


def _dossier(session: Session, dossier_id: str) -> Dossier:
    dossier = session.get(Dossier, dossier_id)
    if dossier is None:
        raise NotFound()
    return dossier


def _find(session: Session, model: type[Transfer] | type[Unit], id: str) -> Transfer | Unit:
    thing: Transfer | Unit = session.get_one(model, id)  # type: ignore[assignment]
    return thing
