"""Packages the actor may know of, and what came with them."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, organisation
from oms.audit import exchanging
from oms.errors import N_, NotFound
from oms.models import Dossier, Package, PackageDirection, Transfer, Unit
from oms.permissions import Action, Actor, allowed, require

MOST = 200


def list_packages(session: Session, *, actor: Actor) -> list[Package]:
    """Packages of the actor's units, the latest first; the look is written down."""
    packages = list(
        session.scalars(
            select(Package)
            .where(allowed(actor, Action.PACKAGE_READ))
            .options(joinedload(Package.dossier), joinedload(Package.unit), joinedload(Package.transfer))
            .order_by(Package.made_at.desc(), Package.id)
            .limit(MOST)
        )
    )
    audit.record(session, "package:list", actor=actor, total=len(packages))
    return packages


def find(session: Session, package_id: str, *, actor: Actor) -> Package:
    """The package of a number (its first digits are enough), from those the actor may know of; else `NotFound`."""
    wanted = package_id.strip().lower()
    found = session.scalars(
        select(Package).where(
            Package.package_id.startswith(wanted, autoescape=True), allowed(actor, Action.PACKAGE_READ)
        )
    ).all()
    if len(found) != 1 or len(wanted) < 6:
        raise NotFound(
            N_("There is no package %(number)s that concerns your unit. Check the number."), number=wanted[:32]
        )
    return found[0]


def view(session: Session, package: Package, *, actor: Actor) -> None:
    """Write down that the actor opened a package."""
    require(actor, Action.PACKAGE_READ, package)
    audit.record(session, "package:view", package, actor=actor)


def checkpoints_of(session: Session, peer_key: str, *, actor: Actor) -> bytes:
    """What is kept here of the log of another house, as a file against which it checks itself (`--anchors`)."""
    require(actor, Action.AUDIT_READ)
    query = select(Package.log_received).where(Package.peer_key == peer_key).order_by(Package.made_at, Package.id)
    held = [one for one in session.scalars(query) if one is not None]
    if not held:
        raise NotFound(N_("No package and no answer of this installation brought a checkpoint of its log."))
    audit.record(session, "package:checkpoints", actor=actor, peer=peer_key, packages=len(held))
    return exchanging.as_anchor(held)


def origin_of(session: Session, dossier: Dossier) -> Package | None:
    """The package a dossier came in, with the entries of the sender's log; None for one that was opened here."""
    return session.scalar(
        select(Package)
        .where(Package.dossier_id == dossier.id, Package.direction == PackageDirection.IN)
        .options(selectinload(Package.entries))
    )


def of_transfer(session: Session, transfer: Transfer, *, actor: Actor) -> list[Package]:
    """The packages that were sealed for a transfer, the latest first."""
    query = select(Package).where(Package.transfer_id == transfer.id, allowed(actor, Action.PACKAGE_READ))
    return list(session.scalars(query.order_by(Package.made_at.desc(), Package.id)))


def waiting(session: Session, *, actor: Actor) -> list[Package]:
    """Packages that came in and were not answered, the oldest first."""
    return list(
        session.scalars(
            select(Package)
            .where(
                allowed(actor, Action.PACKAGE_READ),
                Package.direction == PackageDirection.IN,
                Package.answered_at.is_(None),
            )
            .options(joinedload(Package.dossier))
            .order_by(Package.made_at)
        )
    )


def receiving_units(session: Session) -> list[Unit]:
    """Units that can hold a dossier that comes in."""
    return organisation.custodians(session, organisation.today())
