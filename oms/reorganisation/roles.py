"""Roles and delegations of a unit that ends: they end with it and begin with the successor on the day of effect.

The account goes where its person goes, or where the plan says; a role in a unit that leaves the system just ends.
"""

from datetime import date, timedelta

from sqlalchemy import false, or_, select, true
from sqlalchemy.orm import Session

from oms.models import Account, Assignment, Delegation, Person, Reorganisation
from oms.reorganisation.ledger import Ledger
from oms.reorganisation.outcome import NOWHERE, Outcome
from oms.reorganisation.routes import Routes


class Roles:
    """Brings the roles of one plan to the successors."""

    def __init__(
        self, session: Session, change: Reorganisation, ledger: Ledger, outcome: Outcome, routes: Routes
    ) -> None:
        self.session, self.ledger, self.outcome, self.routes = session, ledger, outcome, routes
        self.first_day = change.effective_on
        self.last_day = change.effective_on - timedelta(days=1)

    def run(self) -> None:
        """Roles first: a delegation goes where the role of its head goes."""
        goes_on = or_(Assignment.valid_to.is_(None), Assignment.valid_to >= self.first_day)
        for role in self.session.scalars(
            select(Assignment).where(Assignment.unit_id.in_(list(self.routes.ended)), goes_on).order_by(Assignment.id)
        ).all():
            self._bring_role(role)
        for delegation in self.session.scalars(
            select(Delegation)
            .where(
                Delegation.unit_id.in_(list(self.routes.ended)),
                Delegation.ended_at.is_(None),
                Delegation.valid_to >= self.first_day,
            )
            .order_by(Delegation.id)
        ).all():
            self._bring_delegation(delegation)

    def _bring(self, kind: str, unit_id: str, account_id: str) -> str | None:
        """Where a role or delegation of an account goes; None when it just ends."""
        person_id, username, home = self.session.execute(
            select(Account.person_id, Account.username, Person.unit_id)
            .outerjoin(Person, Person.id == Account.person_id)
            .where(Account.id == account_id)
        ).one()
        target = None
        if self.outcome.endings[unit_id] != "transfer_out":
            target = self.routes.follow(unit_id, home, self.routes.choice(person_id, username))
        self.outcome.land(kind, unit_id, target or NOWHERE, username)
        return target

    def _bring_role(self, role: Assignment) -> None:
        target = self._bring("roles", role.unit_id, role.account_id)
        begun = role.valid_from < self.first_day
        if target is not None and not self._has_role(role, target):
            if not begun:
                self.ledger.change(Assignment, role.id, unit_id=target)
                return
            self.ledger.add(
                Assignment,
                account_id=role.account_id,
                role=role.role,
                unit_id=target,
                with_units_below=role.with_units_below,
                valid_from=self.first_day,
                valid_to=role.valid_to,
            )
        if begun:
            self.ledger.change(Assignment, role.id, valid_to=self.last_day)
        else:
            self.ledger.remove(Assignment, role.id)

    def _has_role(self, role: Assignment, unit_id: str) -> bool:
        """The account is the same thing in the successor already, and for longer."""
        query = select(Assignment.id).where(
            Assignment.account_id == role.account_id,
            Assignment.role == role.role,
            Assignment.unit_id == unit_id,
            or_(Assignment.with_units_below, false() if role.with_units_below else true()),
            Assignment.valid_from <= max(self.first_day, role.valid_from),
            or_(Assignment.valid_to.is_(None), Assignment.valid_to >= (role.valid_to or date.max)),
        )
        return self.session.scalar(query.limit(1)) is not None

    def _bring_delegation(self, row: Delegation) -> None:
        target = self._bring("delegations", row.unit_id, row.head_id)
        begun = row.valid_from < self.first_day
        if target is not None and not begun:
            self.ledger.change(Delegation, row.id, unit_id=target)
            return
        if target is not None:
            self.ledger.add(
                Delegation,
                head_id=row.head_id,
                delegate_id=row.delegate_id,
                unit_id=target,
                actions=row.actions,
                decision=row.decision,
                valid_from=self.first_day,
                valid_to=row.valid_to,
                given_at=row.given_at,
            )
        if begun:
            self.ledger.change(Delegation, row.id, valid_to=self.last_day)
        else:
            self.ledger.remove(Delegation, row.id)
