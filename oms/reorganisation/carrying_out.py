"""Carrying the changes of a decision out: on the units, then on all that hung on the units that end.

A dry run does the very same inside a savepoint that is rolled back: what it tells is what will happen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from oms.errors import N_
from oms.models import Dossier, Person, Reorganisation, Unit
from oms.reorganisation.landing import Landing, left_behind
from oms.reorganisation.ledger import BATCH, Ledger
from oms.reorganisation.moves import Moves
from oms.reorganisation.outcome import Outcome
from oms.reorganisation.roles import Roles
from oms.reorganisation.routes import Routes
from oms.reorganisation.units import UnitChanges


@dataclass(frozen=True)
class Moved:
    """A dossier that passes from one custodian to another."""

    dossier_id: str
    before: str
    after: str


class Work:
    """One run over the plan."""

    def __init__(self, session: Session, change: Reorganisation, actor_id: str) -> None:
        self.session, self.change, self.actor_id = session, change, actor_id
        self.ledger, self.outcome = Ledger(session, change), Outcome()
        # The tree as it was: whoever was below a unit that ends may be sent to one of its successors by name.
        self.above = dict(session.execute(select(Unit.id, Unit.parent_id)).all())

    def run(self) -> Iterator[Moved]:
        """Do everything; yields each dossier when it has moved, so that the caller can write it down."""
        UnitChanges(self.session, self.change, self.ledger, self.outcome).run()
        if not self.outcome.blockers:
            yield from self._bring_everything()
        self.ledger.close()
        self.session.expire_all()

    def _bring_everything(self) -> Iterator[Moved]:
        choices: dict[str, str] = self.change.plan.get("choices", {})
        routes = Routes(self.session, self.change.effective_on, self.outcome.routes, choices)
        landing = Landing(self.session, self.ledger, self.outcome, routes)
        leaving = {unit for unit, kind in self.outcome.endings.items() if kind == "transfer_out"}
        landing.settle_before_leaving(leaving)
        self._people(routes)
        # What is held for a dossier goes on only from the unit that holds the dossier: asked before it moves.
        landing.run()
        moves = Moves(self.session, self.change, self.ledger, self.outcome, routes, self.actor_id)
        moves.run()
        yield from self._dossiers(routes)
        moves.settle_with_oneself()
        Roles(self.session, self.change, self.ledger, self.outcome, routes).run()
        if not self.outcome.blockers:
            for place, id in left_behind(self.session, routes.ended):
                self.outcome.block(
                    N_("Something would stay behind in a unit that ends (%(place)s, %(id)s). Call the administrator."),
                    place=place,
                    id=id,
                )

    def _batches(self, query: Any, column: Any) -> Iterator[list[Any]]:
        last = ""
        while rows := self.session.execute(query.where(column > last).order_by(column).limit(BATCH)).all():
            yield list(rows)
            last = rows[-1][0]

    def _people(self, routes: Routes) -> None:
        """People of a unit that is dissolved among several go where the plan says, person by person."""
        query = select(Person.id, Person.unit_id).where(Person.unit_id.in_(list(routes.ended)))
        for rows in self._batches(query, Person.id):
            changed = []
            for id, unit_id in rows:
                chosen = routes.choice(id)
                home = routes.follow(unit_id, None, chosen)
                if not routes.is_certain(unit_id, None, chosen):
                    self.outcome.undecided[unit_id] += 1
                self.outcome.land("people", unit_id, home)
                changed.append((id, {"unit_id": unit_id}, {"unit_id": home}))
            self.ledger.change_many(Person, changed)
        self._sent_by_name(routes)
        self._memberships(routes)
        for unit_id, number in self.outcome.undecided.items():
            if self.outcome.endings[unit_id] == "dissolve":
                self.outcome.block(
                    N_("%(unit)s is dissolved among several units. Say for %(number)s more people where they go."),
                    unit=self.session.get_one(Unit, unit_id).name,
                    number=str(number),
                )

    def _sent_by_name(self, routes: Routes) -> None:
        """Somebody of a cell that goes on may be sent elsewhere than the cell: the plan names the person."""
        names = routes.named
        for start in range(0, len(names), BATCH):
            changed = []
            query = select(Person.id, Person.unit_id).where(Person.id.in_(names[start : start + BATCH]))
            for id, unit_id in self.session.execute(query.order_by(Person.id)):
                chosen = routes.choice(id)
                sent = chosen in self._successors_above(unit_id, routes) and not routes.lies_below(unit_id, chosen)
                if chosen is not None and sent:
                    self.outcome.land("people", unit_id, chosen)
                    changed.append((id, {"unit_id": unit_id}, {"unit_id": chosen}))
            self.ledger.change_many(Person, changed)

    def _successors_above(self, unit_id: str, routes: Routes) -> set[str]:
        """The successors of all ended units that were above a unit."""
        found: set[str] = set()
        above = self.above.get(unit_id)
        while above is not None:
            found |= set(routes.ended.get(above, ()))
            above = self.above.get(above)
        return found

    def _memberships(self, routes: Routes) -> None:
        """The cell where somebody is a Party member, for those who have one on record."""
        query = select(Person.id, Person.party_unit_id, Person.unit_id).where(
            Person.party_unit_id.in_(list(routes.ended))
        )
        for rows in self._batches(query, Person.id):
            changed = [
                (id, {"party_unit_id": cell}, {"party_unit_id": routes.follow(cell, home, routes.choice(id))})
                for id, cell, home in rows
            ]
            self.ledger.change_many(Person, changed)

    def _dossiers(self, routes: Routes) -> Iterator[Moved]:
        columns = (Dossier.custodian_id, Dossier.managing_body_id, Dossier.using_body_id, Dossier.paper_unit_id)
        query = (
            select(Dossier.id, *columns, Dossier.person_id, Person.unit_id.label("home"))
            .join(Person)
            .where(or_(*(column.in_(list(routes.ended)) for column in columns)))
            .with_for_update(of=Dossier)
        )
        for rows in self._batches(query, Dossier.id):
            changed = [(row.id, *self._places(row, routes)) for row in rows]
            self.ledger.change_many(Dossier, changed)
            for id, before, after in changed:
                start, end = before["custodian_id"], after["custodian_id"]
                if start != end:
                    self.outcome.land("dossiers", start, end)
                    yield Moved(id, start, end)

    def _places(self, row: Any, routes: Routes) -> tuple[dict[str, Any], dict[str, Any]]:
        """The four units of a dossier as they are and as they shall be; paper that is with its file says so."""
        before = {
            "custodian_id": row.custodian_id,
            "managing_body_id": row.managing_body_id,
            "using_body_id": row.using_body_id,
            "paper_unit_id": row.paper_unit_id,
        }
        chosen = routes.choice(row.person_id)
        after = {
            name: routes.keeper(unit_id, row.home, chosen) if unit_id else None for name, unit_id in before.items()
        }
        if row.using_body_id:
            after["using_body_id"] = routes.follow(row.using_body_id, row.home, chosen)
        if after["paper_unit_id"] == after["custodian_id"]:
            after["paper_unit_id"] = None
        return before, after
