"""Which units decide about campaigns of supplements and the declarations in them, as SQL and on one object.

The body that uses a person checks, the one that manages the dossier attests; the keeper reads along. Whoever opened a
campaign for others sees how many, and names only where one of the three bodies is their own.
"""

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import object_session

from oms.models import Campaign, Declaration, Dossier

Units = frozenset[str]

USING = func.coalesce(Dossier.using_body_id, Dossier.custodian_id)
"""The body that uses the person; the keeper where none is written down."""


def using_body(dossier: Dossier) -> str:
    """As `USING`, of one loaded dossier."""
    return dossier.using_body_id or dossier.custodian_id


def _of_dossiers(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return Declaration.dossier_id.in_(select(Dossier.id).where(condition))


def _concerned(units: Units) -> ColumnElement[bool]:
    return or_(USING.in_(units), Dossier.custodian_id.in_(units), Dossier.managing_body_id.in_(units))


def read_rows(units: Units) -> ColumnElement[bool]:
    """Declarations of dossiers the units use, keep or manage."""
    return _of_dossiers(_concerned(units))


def read_units(declaration: Declaration) -> tuple[str | None, ...]:
    """The bodies concerned by one declaration."""
    dossier = declaration.dossier
    return using_body(dossier), dossier.custodian_id, dossier.managing_body_id


def used_rows(units: Units) -> ColumnElement[bool]:
    """Declarations of people the units use."""
    return _of_dossiers(USING.in_(units))


def used_units(declaration: Declaration) -> tuple[str | None, ...]:
    """The body that uses the person."""
    return (using_body(declaration.dossier),)


def managed_rows(units: Units) -> ColumnElement[bool]:
    """Declarations of dossiers the units manage."""
    return _of_dossiers(Dossier.managing_body_id.in_(units))


def managed_units(declaration: Declaration) -> tuple[str | None, ...]:
    """The body that manages the dossier."""
    return (declaration.dossier.managing_body_id,)


def campaign_rows(units: Units) -> ColumnElement[bool]:
    """Campaigns the units opened, or that ask for a dossier they use, keep or manage."""
    asked = select(Declaration.campaign_id).join(Dossier, Dossier.id == Declaration.dossier_id)
    return or_(Campaign.unit_id.in_(units), Campaign.id.in_(asked.where(_concerned(units))))


def campaign_units(campaign: Campaign) -> tuple[str | None, ...]:
    """The body that opened a campaign and all that are concerned by it."""
    session = object_session(campaign)
    if session is None:
        return (campaign.unit_id,)
    rows = session.execute(
        select(USING, Dossier.custodian_id, Dossier.managing_body_id)
        .join(Declaration, Declaration.dossier_id == Dossier.id)
        .where(Declaration.campaign_id == campaign.id)
        .distinct()
    )
    return (campaign.unit_id, *{unit for row in rows for unit in row})
