"""What a head decides about a dossier: whose head, by the rule of the day, wherever the dossier has gone since."""

import enum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, case, select
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped

from oms.models.dossiers import Dossier
from oms.models.organisation import Unit


class DecidedBy(enum.StrEnum):
    """Whose head decides, by the rule of the day it was asked on (`catalogue/corrections.yaml`)."""

    MANAGING_BODY = "managing_body"
    CUSTODIAN = "custodian"


class DecidedByHead:
    """Mixin of what one of the two bodies decides; the class says of which dossier."""

    if TYPE_CHECKING:
        dossier_id: Mapped[str]
        dossier: Mapped[Dossier]

    decider: Mapped[DecidedBy]
    # The law the decider is named by, as it stood on the day.
    basis: Mapped[str]

    @property
    def deciding_body(self) -> Unit:
        """The unit whose head decides."""
        return self.dossier.managing_body if self.decider == DecidedBy.MANAGING_BODY else self.dossier.custodian

    @hybrid_property
    def deciding_body_id(self) -> str:
        """The id of the unit whose head decides; in a query a sub-select over its dossier."""
        by_manager = self.decider == DecidedBy.MANAGING_BODY
        return self.dossier.managing_body_id if by_manager else self.dossier.custodian_id

    @deciding_body_id.inplace.expression
    @classmethod
    def _deciding_body_id(cls) -> ColumnElement[str]:
        by_manager = cls.decider == DecidedBy.MANAGING_BODY
        body = case((by_manager, Dossier.managing_body_id), else_=Dossier.custodian_id)
        return select(body).where(Dossier.id == cls.dossier_id).correlate(cls).scalar_subquery()
