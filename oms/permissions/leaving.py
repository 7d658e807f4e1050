"""Which units decide about leavings, as SQL and on one object: whoever keeps or manages the dossier reads them, the keeper
handles them, the head of the managing body consents."""

from sqlalchemy import ColumnElement, or_, select

from oms.models import Dossier, Leaving

Units = frozenset[str]


def _of_dossiers(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Leaving.dossier_id.in_(select(Dossier.id).where(condition))


def read_rows(units: Units) -> ColumnElement[bool]:
    """Leavings of dossiers the units keep or manage."""
    return _of_dossiers(or_(Dossier.custodian_id.in_(units), Dossier.managing_body_id.in_(units)))


def read_units(leaving: Leaving) -> tuple[str | None, ...]:
    """The bodies that keep and manage the dossier."""
    return leaving.dossier.custodian_id, leaving.dossier.managing_body_id


def kept_rows(units: Units) -> ColumnElement[bool]:
    """Leavings of dossiers the units keep."""
    return _of_dossiers(Dossier.custodian_id.in_(units))


def kept_units(leaving: Leaving) -> tuple[str | None, ...]:
    """The body that keeps the dossier."""
    return (leaving.dossier.custodian_id,)


def managed_rows(units: Units) -> ColumnElement[bool]:
    """Leavings of dossiers the units manage."""
    return _of_dossiers(Dossier.managing_body_id.in_(units))


def managed_units(leaving: Leaving) -> tuple[str | None, ...]:
    """The body that manages the dossier."""
    return (leaving.dossier.managing_body_id,)
