"""The changes of a plan on the units themselves: they begin, change name or place, end with successors or leave."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import custody, dossiers, organisation
from oms.errors import N_, BadInput
from oms.models import Reorganisation, Unit, UnitKind, UnitName, UnitSuccession
from oms.reorganisation.ledger import Ledger
from oms.reorganisation.outcome import Outcome
from oms.reorganisation.routes import holder_of
from oms.vietnamese.text import fold, nfc

NEEDED: dict[str, tuple[str, ...]] = {
    "create": ("code", "name", "unit_kind", "parent"),
    "rename": ("unit", "name"),
    "reparent": ("units", "parent"),
    "merge": ("from", "to"),
    "split": ("from", "to"),
    "dissolve": ("from", "to"),
    "transfer_out": ("from", "external"),
}
"""What a change of each kind says; more is optional."""
KINDS = tuple(NEEDED)
ENDING = ("merge", "split", "dissolve")
"""Kinds by which units end with successors here."""
_FOLLOWING = (UnitKind.SUB_COMMITTEE, UnitKind.CELL, UnitKind.PARTY_GROUP)


class UnitChanges:
    """Carries out the changes of one plan in their order, and tells in `outcome` which units ended and who follows."""

    def __init__(self, session: Session, change: Reorganisation, ledger: Ledger, outcome: Outcome) -> None:
        self.session, self.change, self.ledger, self.outcome = session, change, ledger, outcome
        self.last_day = change.effective_on - timedelta(days=1)

    def run(self) -> None:
        """All changes, and what must be said about the units below those that ended."""
        ways = {"create": self._create, "rename": self._rename, "reparent": self._reparent}
        ways |= {"merge": self._end, "split": self._end, "dissolve": self._end, "transfer_out": self._leave}
        for row in self.change.plan["changes"]:
            ways[row["kind"]](row)
            self.session.expire_all()
        self._follow_those_below()
        self._check_keepers()

    def _unit(self, code: str) -> Unit:
        return organisation.find_unit(self.session, code)

    def _create(self, row: dict[str, Any]) -> None:
        if self.session.scalar(select(Unit.id).where(Unit.code == row["code"])):
            raise BadInput(N_("The code %(code)s is taken. Choose another one."), code=row["code"])
        names = ("host_name", "symbol", "party_code", "agency_code", "org_type", "members")
        self.ledger.add(
            Unit,
            code=row["code"],
            name=row["name"],
            kind=UnitKind(row["unit_kind"]),
            parent_id=self._unit(row["parent"]).id,
            keeps_dossiers=bool(row.get("keeps_dossiers")),
            valid_from=self.change.effective_on,
            **{name: row.get(name) for name in names},
        )
        self.outcome.units_begun += 1

    def _rename(self, row: dict[str, Any]) -> None:
        unit = self._unit(row["unit"])
        self.ledger.add(UnitName, unit_id=unit.id, name=unit.name, valid_to=self.last_day)
        self.ledger.change(Unit, unit.id, name=row["name"], host_name=row.get("host_name", unit.host_name))
        self.outcome.touched.add(unit.id)

    def _reparent(self, row: dict[str, Any]) -> None:
        parent = self._unit(row["parent"])
        for code in row["units"]:
            unit = self._unit(code)
            if parent.id in organisation.units_below(self.session, {unit.id}):
                raise BadInput(N_("%(unit)s cannot be placed below itself. Choose another unit above."), unit=unit.name)
            self._place(unit, parent, row.get("party_code"))

    def _place(self, unit: Unit, parent: Unit, party_code: str | None) -> None:
        """Another unit above, and with it the first ten digits of the code; what lies below follows."""
        if party_code is None and unit.party_code and parent.party_code:
            party_code = parent.party_code[:10] + unit.party_code[10:]
        self.ledger.change(Unit, unit.id, parent_id=parent.id, party_code=party_code or unit.party_code)
        self.outcome.touched.add(unit.id)
        self.session.refresh(unit)
        for child in self.session.scalars(select(Unit).where(Unit.parent_id == unit.id, Unit.valid_to.is_(None))).all():
            self._place(child, unit, None)

    def _end(self, row: dict[str, Any]) -> None:
        targets = [self._unit(code) for code in row["to"]]
        if not targets or (row["kind"] == "merge" and len(targets) != 1):
            raise BadInput(N_("A unit that ends needs a successor; a merger has exactly one. Complete the plan."))
        for code in row["from"]:
            unit = self._still_there(code)
            for target in targets:
                if target.id == unit.id or target.valid_to is not None:
                    raise _ended_already(target)
                self._gain_members(unit, target, row.get("members_to", {}), alone=len(targets) == 1)
            self._succeed(unit, targets, row["kind"])

    def _still_there(self, code: str) -> Unit:
        unit = self._unit(code)
        if unit.valid_to is not None:
            raise _ended_already(unit)
        # On PostgreSQL whoever is just putting something into the unit finishes first or waits, by the foreign key.
        self.session.scalar(select(Unit.id).where(Unit.id == unit.id).with_for_update())
        return unit

    def _gain_members(self, unit: Unit, target: Unit, named: dict[str, int], *, alone: bool) -> None:
        """The figure of a unit that begins with the plan counts everybody it receives already."""
        gained = named.get(target.code, (unit.members or 0) if alone else 0)
        self.session.refresh(target)
        if gained and target.members is not None and target.valid_from != self.change.effective_on:
            self.ledger.change(Unit, target.id, members=target.members + gained)

    def _succeed(self, unit: Unit, targets: list[Unit], kind: str) -> None:
        self.ledger.change(Unit, unit.id, valid_to=self.last_day)
        self.outcome.routes[unit.id] = tuple(target.id for target in targets)
        self.outcome.endings[unit.id] = kind
        self.outcome.units_ended += 1
        for target in targets:
            self.ledger.add(
                UnitSuccession,
                predecessor_id=unit.id,
                successor_id=target.id,
                on=self.change.effective_on,
                decision=self.change.decision_number,
            )
            self.outcome.touched.add(target.id)

    def _leave(self, row: dict[str, Any]) -> None:
        """The unit ends here and goes on as a body outside the system, where its dossiers go (decision 011)."""
        body = self._outside_body(" ".join(nfc(row["external"]).split()))
        for code in row["from"]:
            self._succeed(self._still_there(code), [body], row["kind"])

    def _outside_body(self, name: str) -> Unit:
        for body in custody.outside_bodies(self.session):
            if fold(body.name) == fold(name):
                return body
        number = dossiers.next_number(self.session, "outside-body")
        id = self.ledger.add(Unit, code=f"ngoai_{number:04d}", kind=UnitKind.OUTSIDE_BODY, name=name)
        return self.session.get_one(Unit, id)

    def _follow_those_below(self) -> None:
        """Cells of an organisation with one successor follow it; anything else must be said in the plan."""
        for ended, targets in self.outcome.routes.items():
            for child in self.session.scalars(
                select(Unit).where(Unit.parent_id == ended, Unit.valid_to.is_(None))
            ).all():
                if len(targets) == 1 and child.kind in _FOLLOWING:
                    self._place(child, self.session.get_one(Unit, targets[0]), None)
                else:
                    self.outcome.block(
                        N_("%(unit)s lies below a unit that ends. Say in the plan where it goes."), unit=child.name
                    )
        self.session.expire_all()

    def _check_keepers(self) -> None:
        for target_id in {target for targets in self.outcome.routes.values() for target in targets}:
            target = self.session.get_one(Unit, target_id)
            if target.valid_to is None and holder_of(self.session, target, self.change.effective_on) is None:
                sentence = N_("%(unit)s keeps no dossiers and has no board that does. Choose another successor.")
                self.outcome.block(sentence, unit=target.name)


def _ended_already(unit: Unit) -> BadInput:
    return BadInput(N_("%(unit)s has ended already or would follow itself. Correct the plan."), unit=unit.name)
