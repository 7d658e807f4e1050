"""How long a dossier is kept: for ever, or for years that begin when its person retired, left or died.

The term is that of the schedule of the day one asks on (`catalogue/safeguards.yaml`), the beginning the day on which
the leaving took effect. A leaving that does not hold any more (came back, entered by mistake) begins nothing.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from oms import catalogue
from oms.catalogue import RetentionRule
from oms.models import Disposal, DisposalItem, DisposalState, Dossier, DossierStatus, Leaving, LeavingState, Scan
from oms.organisation import today


@dataclass(frozen=True)
class Retention:
    """The rule a dossier is kept by; `began_on` is None while nobody left, `ends_on` also for what is kept for ever."""

    rule: RetentionRule
    began_on: date | None
    ends_on: date | None


def of_dossier(session: Session, dossier: Dossier) -> Retention | None:
    """How long the dossier is kept by the schedule in force today; None when the schedule does not know it."""
    rule = catalogue.dossier_retention(dossier.category.value, today())
    if rule is None:
        return None
    left = select(Leaving.leaves_on).where(Leaving.dossier_id == dossier.id, Leaving.state == LeavingState.CLOSED)
    began = session.scalar(left)
    return Retention(rule, began, rule.ends_on(began) if began else None)


def is_over(rule: RetentionRule) -> ColumnElement[bool]:
    """The dossiers whose term under the rule is over today; those with something sealed stay out of it, and those of
    which somebody said that they were closed by mistake, until the head has decided."""
    left = select(Leaving.dossier_id).where(
        Leaving.state == LeavingState.CLOSED,
        Leaving.mistake_by_id.is_(None),
        Leaving.leaves_on < rule.begun_before(today()),
    )
    sealed = select(Scan.dossier_id).where(Scan.sealed)
    return (
        Dossier.category.in_(rule.applies_to)
        & (Dossier.status == DossierStatus.CLOSED)
        & Dossier.id.in_(left)
        & Dossier.id.not_in(sealed)
    )


def is_disposed(session: Session, dossier: Dossier) -> bool:
    """Whether the papers of the whole dossier were destroyed when its term was over."""
    rules = catalogue.whole_dossier_rules()
    done = (
        select(DisposalItem.id)
        .join(DisposalItem.disposal)
        .where(
            DisposalItem.dossier_id == dossier.id,
            Disposal.state == DisposalState.EXECUTED,
            Disposal.rule_id.in_(rules),
        )
    )
    return session.scalar(done.limit(1)) is not None
