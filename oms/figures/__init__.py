"""Figures: what stands on the dashboards of a unit and of a committee. Counts only; knows no page.

Whom the figures cover is `scopes`, what small groups may tell `protecting`.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from oms import audit, completeness
from oms.catalogue import Component
from oms.completeness import UnitState
from oms.errors import N_
from oms.figures.digitising import Digitising, count_work
from oms.figures.people import Cell, Distribution, PeopleFigures, count_people
from oms.figures.scopes import Scope, get_scope, may_look, units_of
from oms.models import Unit
from oms.organisation import today
from oms.permissions import Action, Actor, require

__all__ = [
    "IN_THE_LOG",
    "Cell",
    "Dashboard",
    "Digitising",
    "Distribution",
    "PeopleFigures",
    "Scope",
    "get_scope",
    "look",
    "may_look",
    "units_of",
]


IN_THE_LOG = {
    "figures:read": N_("Read figures"),
    "figures:report": N_("Look at a report"),
    "figures:export": N_("Take a report as a file"),
    "figures:print": N_("Print a report"),
    "figures:view": N_("Look at the figures of a unit"),
}
"""What is done here, as the log says it."""


@dataclass(frozen=True)
class Dashboard:
    """All figures of a scope on a day; `people` None where the actor may know nothing of them."""

    scope: Scope
    day: date
    people: PeopleFigures | None
    states: tuple[UnitState, ...]
    gaps: tuple[tuple[Component, int], ...]
    digitising: Digitising

    @property
    def complete(self) -> int:
        """Dossiers that hold all they must."""
        return sum(state.complete for state in self.states)

    @property
    def dossiers(self) -> int:
        """Dossiers in all."""
        return sum(state.dossiers for state in self.states)

    @property
    def share(self) -> int:
        """Papers that are there in per cent of those wanted, rounded down."""
        wanted = sum(state.wanted for state in self.states)
        return 100 * sum(state.present for state in self.states) // wanted if wanted else 100

    @property
    def missing_by_priority(self) -> dict[int | None, int]:
        """Missing papers by the priority of their type in the member catalogue, None for what has none."""
        sums: dict[int | None, int] = {}
        for component, number in self.gaps:
            sums[component.priority] = sums.get(component.priority, 0) + number
        return dict(sorted(sums.items(), key=lambda pair: (pair[0] is None, pair[0] or 0)))


def look(session: Session, unit: Unit | None, *, actor: Actor, on: date | None = None) -> Dashboard:
    """The dashboard of a unit, or of the first one the actor has; `NotFound` for what is not the actor's.

    The number of queries does not depend on how many people, dossiers or units there are.
    """
    require(actor, Action.FIGURES_READ)
    day = on or today()
    scope = get_scope(session, unit, actor=actor)
    audit.record(session, "figures:view", scope.unit, actor=actor)
    standing = completeness.stand(session, scope.dossiers, day)
    return Dashboard(
        scope=scope,
        day=day,
        people=count_people(session, scope, day) if scope.of_people else None,
        states=standing.states,
        gaps=standing.gaps,
        digitising=count_work(session, scope, day),
    )
