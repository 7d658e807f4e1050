"""Which units decide about attestations, as SQL and on one object: whoever keeps or manages the dossier reads them, the
body the law names gives them, wherever the dossier has gone since."""

from sqlalchemy import ColumnElement, or_, select

from oms.models import Attestation, Dossier

Units = frozenset[str]


def read_rows(units: Units) -> ColumnElement[bool]:
    """Attestations of dossiers the units keep or manage."""
    concerned = or_(Dossier.custodian_id.in_(units), Dossier.managing_body_id.in_(units))
    return Attestation.dossier_id.in_(select(Dossier.id).where(concerned))


def read_units(attestation: Attestation) -> tuple[str | None, ...]:
    """The bodies that keep and manage the dossier of one attestation."""
    return attestation.dossier.custodian_id, attestation.dossier.managing_body_id


def giving_rows(units: Units) -> ColumnElement[bool]:
    """Attestations the units give."""
    return Attestation.deciding_body_id.in_(units)


def giving_units(attestation: Attestation) -> tuple[str | None, ...]:
    """The body that gives one attestation."""
    return (attestation.deciding_body_id,)
