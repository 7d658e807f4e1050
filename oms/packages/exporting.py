"""Sealing the package of a transfer: only what was dispatched, exactly as its list was sealed."""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import audit, custody, db
from oms.audit import exchanging
from oms.errors import N_, Conflict, NotFound
from oms.models import Document, Package, PackageDirection, Transfer, TransferState, new_id, now
from oms.packages import keys, sealing
from oms.packages.bag import Tally, write
from oms.packages.contents import gather, log_item
from oms.permissions import Action, Actor, require, require_confirmed
from oms.settings import Settings

SIGNED = b"oms-package/1\n"


@dataclass(frozen=True)
class Sealed:
    """A package that was made; the code is told once and kept nowhere."""

    id: str
    package_id: str
    code: str
    path: Path
    size: int


def folder(settings: Settings) -> Path:
    """Where sealed packages wait to be copied to a stick; they are worth nothing without their codes."""
    path = settings.home / "run" / "packages"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def file_of(settings: Settings, package: Package) -> Path:
    """The sealed file of a package that was made here, or `NotFound` when it was cleared away."""
    path = folder(settings) / f"{package.package_id}.omspkg"
    if package.direction != PackageDirection.OUT or not path.is_file():
        raise NotFound(
            N_("The file of this package is no longer here. While the transfer is under way, make a new one.")
        )
    return path


def check_code(settings: Settings, package: Package, code: str) -> None:
    """Raise `WrongCode` unless the code opens the package that was made here."""
    with file_of(settings, package).open("rb") as sealed:
        sealing.check_code(sealed, keys.read_code(code))


def export(engine: Engine, settings: Settings, transfer_id: str, receiver_key: str, *, actor: Actor) -> Sealed:
    """Seal the dossier of a dispatched transfer for the installation with `receiver_key`; logged when it is whole.

    Raises `Conflict` when the transfer is not under way, the key is not trusted or the dossier is not what was sealed.
    """
    package_id, code = new_id() + new_id(), keys.make_code()
    path = folder(settings) / f"{package_id}.omspkg"
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    tally = Tally()
    try:
        with db.reading(engine) as session, part.open("xb") as out:
            part.chmod(0o600)
            transfer = session.get_one(Transfer, transfer_id)
            _check(session, transfer, actor)
            receiver = keys.find_trusted(session, receiver_key)
            about = _about(session, settings, transfer, package_id, receiver_key)
            bound: dict[str, str] = {}

            def sign(manifest: bytes) -> bytes:
                bound["sha256"] = hashlib.sha256(manifest).hexdigest()
                signature = keys.sign(settings, SIGNED + manifest)
                return json.dumps({"algorithm": "Ed25519", "key": about["sender"], "signature": signature}).encode()

            log = exchanging.newest(settings)
            items = chain(gather(session, settings.scans, transfer), log_item(log))
            pieces = write(items, f"oms-{package_id}", _info(about, transfer, receiver.name), sign, tally)
            size = sealing.seal(out, keys.read_code(code), about, pieces)
            out.flush()
            os.fsync(out.fileno())
            peer, number, version = receiver.name, transfer.number, transfer.version
        part.rename(path)
        with db.writing(engine) as session:
            transfer = session.get_one(Transfer, transfer_id, with_for_update=True)
            if transfer.version != version:
                raise Conflict(N_("Somebody moved the transfer while the package was made. Look how it stands."))
            row = Package(
                package_id=package_id,
                direction=PackageDirection.OUT,
                dossier_id=transfer.dossier_id,
                transfer_id=transfer.id,
                unit_id=transfer.from_unit_id,
                peer_key=receiver_key,
                peer_name=peer,
                transfer_number=number,
                manifest_sha256=bound["sha256"],
                size=size,
                extract_sha256=tally.hashes["data/audit.jsonl"],
                made_by_id=actor.account_id,
                log_sent=log,
            )
            session.add(row)
            session.flush()
            audit.record(
                session,
                "package:export",
                row,
                actor=actor,
                package=package_id,
                manifest=row.manifest_sha256,
                receiver=receiver_key,
                files=len(tally.hashes),
                log=exchanging.in_short(log),
            )
            row_id = row.id
    except BaseException:
        part.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return Sealed(row_id, package_id, code, path, size)


def _check(session: Session, transfer: Transfer, actor: Actor) -> None:
    require(actor, Action.TRANSFER_SEND, transfer)
    if transfer.state != TransferState.IN_TRANSIT:
        raise Conflict(
            N_(
                "A package is made of a dispatched transfer. Transfer %(number)s must be approved and dispatched first."
            ),
            number=transfer.number,
        )
    if hasattr(Document, "sealed") and session.scalar(
        select(Document.id).where(Document.dossier_id == transfer.dossier_id, Document.sealed).limit(1)
    ):
        raise Conflict(N_("This dossier cannot be packed as it is. Ask the head of the unit."))
    if custody.manifest_hash(custody.seal(session, transfer.dossier)) != transfer.manifest_sha256:
        raise Conflict(N_("The dossier is not what was sealed at the approval. Call the administrator: “oms check”."))
    require_confirmed(actor)


def _about(session: Session, settings: Settings, transfer: Transfer, package_id: str, receiver: str) -> dict[str, Any]:
    """What stands on the outside: no name of a person, nothing of the dossier but its transfer number."""
    return {
        "package": package_id,
        "sender": keys.public_key(settings),
        "sender_name": keys.own_name(session),
        "receiver": receiver,
        "transfer": transfer.number,
        "made_at": now().isoformat(timespec="seconds"),
    }


def _info(about: dict[str, Any], transfer: Transfer, receiver_name: str) -> dict[str, str]:
    return {
        "Source-Organization": " ".join(transfer.from_unit.name.split()),
        "External-Identifier": about["package"],
        "Bagging-Date": about["made_at"][:10],
        "Bag-Software-Agent": "OMS",
        "OMS-Format": "1",
        "OMS-Transfer": transfer.number,
        "OMS-Transfer-Manifest": str(transfer.manifest_sha256),
        "OMS-Sender": about["sender"],
        "OMS-Receiver": about["receiver"],
        "OMS-Receiver-Name": " ".join(receiver_name.split()),
    }


def has_file(settings: Settings, package: Package) -> bool:
    """Whether the sealed file is still here to be copied."""
    return package.direction == PackageDirection.OUT and (folder(settings) / f"{package.package_id}.omspkg").is_file()
