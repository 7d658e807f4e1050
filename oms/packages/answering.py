"""The answer that travels back: signed by the receiver, it closes the transfer at the sender."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit, custody, db, dossiers
from oms.audit import exchanging
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import Package, PackageDirection, PackageOutcome, TransferState, now
from oms.packages import keys
from oms.permissions import Action, Actor, allowed, require, require_confirmed
from oms.settings import Settings

FORMAT = "oms-acknowledgement/1"
LARGEST = 64 * 1024
TEXT_LENGTH = 2_000
_SIGNED = b"oms-acknowledgement/1\n"


def acknowledge(
    session: Session, settings: Settings, package: Package, *, actor: Actor, reservations: str = ""
) -> bytes:
    """Answer a package that came in: accepted, or accepted with the reservations given; the file for the sender.

    Asked again it gives the same answer; an answer is never changed.
    """
    require(actor, Action.PACKAGE_READ, package)
    if package.direction != PackageDirection.IN or not actor.has(Action.DOSSIER_CREATE):
        raise Refused(N_("A package is answered by the dossier officer of the unit that took it in."))
    if package.answered_at is None:
        require_confirmed(actor)
        package.reservations = reservations.strip()[:TEXT_LENGTH]
        package.outcome = PackageOutcome.WITH_RESERVATIONS if package.reservations else PackageOutcome.ACCEPTED
        package.answered_at, package.log_sent = now(), exchanging.newest(settings)
        session.flush()
        words, outcome, log = package.reservations, package.outcome.value, exchanging.in_short(package.log_sent)
        audit.record(session, "package:acknowledge", package, actor=actor, words=words, answer=outcome, log=log)
    elif reservations.strip() and reservations.strip() != package.reservations:
        raise Conflict(N_("This package was answered before; an answer that was given is not changed."))
    content: dict[str, Any] = {
        "format": FORMAT,
        "package": package.package_id,
        "manifest_sha256": package.manifest_sha256,
        "extract_sha256": package.extract_sha256,
        "transfer": package.transfer_number,
        "outcome": package.outcome.value if package.outcome else "",
        "reservations": package.reservations,
        "answered_at": package.answered_at.isoformat(timespec="seconds"),
        "unit": package.unit.name,
        "dossier": package.dossier.number,
        "key": keys.public_key(settings),
    }
    if package.log_sent is not None:
        content["log"] = package.log_sent
    return json.dumps({**content, "signature": keys.sign(settings, _bound(content))}, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Answer:
    """A proved answer to a package that was sent from here."""

    package: Package
    outcome: PackageOutcome
    reservations: str
    unit: str
    dossier: str
    log: dict[str, Any] | None = None


def read_answer(session: Session, data: bytes, *, actor: Actor) -> Answer:
    """Prove an answer and say what it says; nothing is changed.

    Raises `BadInput` for a file that is no answer or was altered, `NotFound` when no such package left the actor's
    units, `Conflict` when it was entered before or its signer is no longer trusted.
    """
    said = _read(data)
    package = session.scalar(
        select(Package).where(
            Package.package_id == said["package"],
            Package.direction == PackageDirection.OUT,
            allowed(actor, Action.PACKAGE_READ),
        )
    )
    if package is None:
        raise NotFound(N_("No package of your unit has this number. Check that the answer is for your installation."))
    bound = _bound({key: value for key, value in said.items() if key != "signature"})
    if said["key"] != package.peer_key or not keys.is_signed(said["key"], said["signature"], bound):
        raise BadInput(N_("The answer was not signed by the installation the package was for, or it was altered."))
    keys.find_trusted(session, said["key"])
    if (said["manifest_sha256"], said["transfer"]) != (package.manifest_sha256, package.transfer_number):
        raise BadInput(N_("The answer belongs to another making of this package. Ask the receiver for the right one."))
    if package.answered_at is not None:
        raise Conflict(N_("This answer was entered before; the transfer is closed."))
    reservations = said["reservations"][:TEXT_LENGTH]
    log = exchanging.proved(said.get("log"))
    return Answer(package, PackageOutcome(said["outcome"]), reservations, said["unit"], said["dossier"], log)


def close(session: Session, data: bytes, *, actor: Actor) -> Package:
    """Enter an answer (see `read_answer`) and close the transfer it belongs to; return the package."""
    answer = read_answer(session, data, actor=actor)
    package = answer.package
    # The dossier first, as every step of a transfer does it: two who wait for each other would both be given up.
    dossiers.hold(session, package.dossier)
    db.lock(session, package)
    if package.answered_at is not None:
        raise Conflict(N_("This answer was entered before; the transfer is closed."))
    package.outcome, package.reservations, package.answered_at = answer.outcome, answer.reservations, now()
    package.log_received = answer.log
    session.flush()
    words, outcome, log = package.reservations, answer.outcome.value, exchanging.in_short(answer.log)
    audit.record(session, "package:close", package, actor=actor, words=words, answer=outcome, log=log)
    _close_transfer(session, package, answer.dossier, actor)
    return package


def _close_transfer(session: Session, package: Package, dossier_number: str, actor: Actor) -> None:
    """Take the step that ends the transfer as the answer says, by whoever the diagram allows it."""
    transfer = package.transfer
    assert transfer is not None
    accepted = package.outcome == PackageOutcome.ACCEPTED
    end = TransferState.ACCEPTED if accepted else TransferState.ACCEPTED_WITH_RESERVATIONS
    # A body outside sends its slip back, with or without reservations; what it reserved is the reason.
    arrows = [step for step in custody.steps_open_to(transfer, actor=actor) if step.end == end or step.outside]
    if not arrows:
        raise Conflict(
            N_(
                "Transfer %(number)s cannot be closed by you as it stands (%(state)s). Look who may take the next step."
            ),
            number=transfer.number,
            state=transfer.state.value,
        )
    if custody.may_check(transfer, actor=actor):
        # The receiving installation checked every hash before it took anything in.
        custody.tick_rest(session, transfer, actor=actor)
    reason = package.reservations or f"{package.peer_name}: {dossier_number}"
    custody.take(session, arrows[0], transfer, actor=actor, reason=reason)


def _read(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data) if len(data) <= LARGEST else {}
        names = ("package", "manifest_sha256", "transfer", "outcome", "reservations", "unit", "dossier", "key")
        if said["format"] != FORMAT or not all(isinstance(said[name], str) for name in (*names, "signature")):
            raise ValueError
        PackageOutcome(said["outcome"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput(N_("This is no answer to a package (.omsack). Ask the receiver for the file.")) from None
    answer: dict[str, Any] = said
    return answer


def _bound(content: dict[str, Any]) -> bytes:
    return _SIGNED + json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
