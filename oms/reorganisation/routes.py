"""Where something of a unit that ended goes: which successor, and which unit keeps the dossiers there."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import organisation
from oms.errors import N_, BadInput
from oms.models import Unit, UnitKind


def holder_of(session: Session, unit: Unit, day: date) -> Unit | None:
    """The unit that keeps the dossiers of `unit` on a day: itself, its grassroots organisation or the board above."""
    if unit.kind == UnitKind.OUTSIDE_BODY:
        return unit
    place = organisation.grassroots_of(unit)
    if place.kind.is_grassroots or place.keeps_dossiers:
        return place
    return organisation.dossier_keeper(session, unit, day)


class Routes:
    """From ended units to their successors.

    The plan may choose for single people and accounts; else a thing goes where the person now is, or close by; else
    to the first successor. Every question is answered once: thousands of people ask the same ones.
    """

    def __init__(
        self, session: Session, day: date, ended: Mapping[str, tuple[str, ...]], choices: Mapping[str, str]
    ) -> None:
        self.session, self.day, self.ended = session, day, ended
        rows = session.execute(select(Unit.id, Unit.code, Unit.parent_id)).all()
        ids, self._parents = {row.code: row.id for row in rows}, {row.id: row.parent_id for row in rows}
        targets = {target for unit in ended.values() for target in unit}
        self._choices: dict[str, str] = {}
        for who, code in choices.items():
            if ids.get(code) not in targets:
                raise BadInput(N_("%(unit)s is no successor in this plan. Correct the choices."), unit=code)
            self._choices[who] = ids[code]
        self._ways: dict[tuple[str, str | None, str | None], tuple[str, bool]] = {}
        self._keepers: dict[str, str] = {}

    @property
    def named(self) -> list[str]:
        """Whom the plan names: ids of people and user names."""
        return list(self._choices)

    def choice(self, *names: str | None) -> str | None:
        """The successor the plan chooses for somebody, by id of the person or user name."""
        return next((self._choices[name] for name in names if name in self._choices), None)

    def follow(self, unit_id: str, home: str | None = None, chosen: str | None = None) -> str:
        """The unit that follows; `home` is where the person is after the reorganisation."""
        return self._way(unit_id, home, chosen)[0]

    def is_certain(self, unit_id: str, home: str | None = None, chosen: str | None = None) -> bool:
        """False when nothing said which of several successors it is, so that the first one was taken."""
        return self._way(unit_id, home, chosen)[1]

    def keeper(self, unit_id: str, home: str | None = None, chosen: str | None = None) -> str:
        """As `follow`, up to the unit that keeps the dossiers there; a unit that goes on stays as it is."""
        if unit_id not in self.ended:
            return unit_id
        target = self.follow(unit_id, home, chosen)
        if target not in self._keepers:
            found = holder_of(self.session, self.session.get_one(Unit, target), self.day)
            self._keepers[target] = found.id if found is not None else target
        return self._keepers[target]

    def _way(self, unit_id: str, home: str | None, chosen: str | None) -> tuple[str, bool]:
        key = (unit_id, home, chosen)
        if key not in self._ways:
            certain = True
            while targets := self.ended.get(unit_id):
                unit_id, sure = self._one_of(targets, home, chosen)
                certain = certain and sure
            self._ways[key] = unit_id, certain
        return self._ways[key]

    def _one_of(self, targets: tuple[str, ...], home: str | None, chosen: str | None) -> tuple[str, bool]:
        if len(targets) == 1:
            return targets[0], True
        if chosen in targets:
            return str(chosen), True
        if home is not None:
            below = [target for target in targets if self.lies_below(home, target)]
            beside = [target for target in targets if self.lies_below(home, self._parents[target] or target)]
            if below or len(beside) == 1:
                return (below or beside)[0], True
        return targets[0], False

    def lies_below(self, unit_id: str, top: str | None) -> bool:
        """True for the unit itself and all below it, as the tree is after the plan."""
        above: str | None = unit_id
        while above is not None and above != top:
            above = self._parents[above]
        return above == top
