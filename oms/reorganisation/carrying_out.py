"""Carrying the changes of a decision out on the units, and landing what hung on the units that end.

A dry run does the very same inside a savepoint that is rolled back: what it tells is what will happen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from oms import organisation
from oms.errors import N_, BadInput
from oms.models import (
    OPEN_STATES,
    Assignment,
    Dossier,
    Person,
    Reorganisation,
    Transfer,
    TransferEvent,
    TransferState,
    Unit,
    UnitKind,
    UnitName,
    UnitSuccession,
    now,
)
from oms.reorganisation.ledger import BATCH, Ledger
from oms.reorganisation.outcome import Outcome

KINDS = ("create", "rename", "reparent", "merge", "split", "dissolve")
ENDING = ("merge", "split", "dissolve")


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
        self.last_day = change.effective_on - timedelta(days=1)

    def run(self) -> Iterator[Moved]:
        """Do everything; yields each dossier when it has moved, so that the caller can write it down."""
        for row in self.change.plan["changes"]:
            getattr(self, f"_{row['kind']}" if row["kind"] not in ENDING else "_end")(row)
        self.session.expire_all()
        self._check_children()
        if not self.outcome.blockers:
            self._people()
            yield from self._dossiers()
            self._transfers()
            self._assignments()
        self.ledger.close()
        self.session.expire_all()

    def _unit(self, code: str) -> Unit:
        return organisation.find_unit(self.session, code)

    def _create(self, row: dict[str, Any]) -> None:
        if self.session.scalar(select(Unit.id).where(Unit.code == row["code"])):
            raise BadInput(N_("The code %(code)s is taken. Choose another one."), code=row["code"])
        values = {name: row.get(name) for name in ("host_name", "symbol", "party_code", "org_type", "members")}
        self.ledger.add(
            Unit,
            code=row["code"],
            name=row["name"],
            kind=UnitKind(row["unit_kind"]),
            parent_id=self._unit(row["parent"]).id,
            keeps_dossiers=bool(row.get("keeps_dossiers")),
            valid_from=self.change.effective_on,
            **values,
        )
        self.outcome.units_begun += 1

    def _rename(self, row: dict[str, Any]) -> None:
        unit = self._unit(row["unit"])
        self.ledger.add(UnitName, unit_id=unit.id, name=unit.name, valid_to=self.last_day)
        self.ledger.change(Unit, unit.id, name=row["name"], host_name=row.get("host_name", unit.host_name))
        self.outcome.touched.add(unit.id)
        self.session.expire_all()

    def _reparent(self, row: dict[str, Any]) -> None:
        parent = self._unit(row["parent"])
        for code in row["units"]:
            unit = self._unit(code)
            if parent.id in organisation.units_below(self.session, {unit.id}):
                raise BadInput(N_("%(unit)s cannot be placed below itself. Choose another unit above."), unit=unit.name)
            self._place(unit, parent, row.get("party_code"))
        self.session.expire_all()

    def _place(self, unit: Unit, parent: Unit, party_code: str | None) -> None:
        """Another unit above, and with it the first ten digits of the code; what lies below follows."""
        if party_code is None and unit.party_code and parent.party_code:
            party_code = parent.party_code[:10] + unit.party_code[10:]
        self.ledger.change(Unit, unit.id, parent_id=parent.id, party_code=party_code or unit.party_code)
        self.session.refresh(unit)
        for child in self.session.scalars(select(Unit).where(Unit.parent_id == unit.id, Unit.valid_to.is_(None))).all():
            self._place(child, unit, None)

    def _end(self, row: dict[str, Any]) -> None:
        targets = [self._unit(code) for code in row["to"]]
        if not targets or (row["kind"] == "merge" and len(targets) != 1):
            raise BadInput(N_("A unit that ends needs a successor; a merger has exactly one. Complete the plan."))
        named: dict[str, int] = row.get("members_to", {})
        for code in row["from"]:
            unit = self._unit(code)
            if unit.valid_to is not None or unit in targets:
                raise BadInput(
                    N_("%(unit)s has ended already or would follow itself. Correct the plan."), unit=unit.name
                )
            self.ledger.change(Unit, unit.id, valid_to=self.last_day)
            self.outcome.routes[unit.id] = tuple(target.id for target in targets)
            self.outcome.units_ended += 1
            for target in targets:
                gained = named.get(target.code, (unit.members or 0) if len(targets) == 1 else 0)
                if gained and target.members is not None and target.valid_from != self.change.effective_on:
                    self.ledger.change(Unit, target.id, members=target.members + gained)
                self.ledger.add(
                    UnitSuccession,
                    predecessor_id=unit.id,
                    successor_id=target.id,
                    on=self.change.effective_on,
                    decision=self.change.decision_number,
                )
                self.outcome.touched.add(target.id)
            self.session.expire_all()

    def _check_children(self) -> None:
        """Cells of an organisation with one successor follow it; anything else must be said in the plan."""
        for ended, targets in self.outcome.routes.items():
            for child in self.session.scalars(
                select(Unit).where(Unit.parent_id == ended, Unit.valid_to.is_(None))
            ).all():
                target = self.session.get_one(Unit, targets[0])
                if len(targets) == 1 and child.kind in (UnitKind.SUB_COMMITTEE, UnitKind.CELL, UnitKind.PARTY_GROUP):
                    self._place(child, target, None)
                else:
                    sentence = N_("%(unit)s lies below a unit that ends. Say in the plan where it goes.")
                    self.outcome.block(sentence, unit=child.name)
        for target_id in {t for targets in self.outcome.routes.values() for t in targets}:
            if self._holder(self.session.get_one(Unit, target_id)) is None:
                sentence = N_("%(unit)s keeps no dossiers and has no board that does. Choose another successor.")
                self.outcome.block(sentence, unit=self.session.get_one(Unit, target_id).name)

    def _holder(self, unit: Unit) -> Unit | None:
        place = organisation.grassroots_of(unit)
        return (
            place
            if place.kind.is_grassroots or place.keeps_dossiers
            else organisation.dossier_keeper(self.session, unit)
        )

    def _follow(self, unit_id: str, home: str | None, chosen: str | None) -> str:
        """Where something of an ended unit goes: as chosen, else to where the person now is, else to the first."""
        while targets := self.outcome.routes.get(unit_id):
            unit_id = self._unit(chosen).id if chosen else targets[0]
            if chosen and unit_id not in targets:
                raise BadInput(N_("%(unit)s is no successor in this plan. Correct the choices."), unit=chosen)
            if not chosen and home is not None and len(targets) > 1:
                areas = {t: (self.session.get_one(Unit, t).parent_id or t) for t in targets}
                below = [t for t in targets if home in organisation.units_below(self.session, {t})]
                beside = [t for t in targets if home in organisation.units_below(self.session, {areas[t]})]
                unit_id = (below or (beside if len(beside) == 1 else []) or [unit_id])[0]
            chosen = None
        return unit_id

    def _batches(self, query: Any, column: Any) -> Iterator[list[Any]]:
        last = ""
        while rows := self.session.execute(query.where(column > last).order_by(column).limit(BATCH)).all():
            yield list(rows)
            last = rows[-1][0]

    def _chosen(self, person_id: str) -> str | None:
        choices: dict[str, str] = self.change.plan.get("choices", {})
        found = choices.get(person_id)
        return found

    def _people(self) -> None:
        ended = list(self.outcome.routes)
        query = select(Person.id, Person.unit_id).where(Person.unit_id.in_(ended))
        for rows in self._batches(query, Person.id):
            for id, unit_id in rows:
                home = self._follow(unit_id, None, self._chosen(id))
                self.ledger.change(Person, id, unit_id=home)
                self.outcome.land("people", unit_id, home)

    def _dossiers(self) -> Iterator[Moved]:
        ended = list(self.outcome.routes)
        concerned = or_(
            Dossier.custodian_id.in_(ended), Dossier.managing_body_id.in_(ended), Dossier.using_body_id.in_(ended)
        )
        query = (
            select(
                Dossier.id,
                Dossier.custodian_id,
                Dossier.managing_body_id,
                Dossier.using_body_id,
                Dossier.person_id,
                Person.unit_id,
            )
            .join(Person)
            .where(concerned)
            .with_for_update(of=Dossier)
        )
        for rows in self._batches(query, Dossier.id):
            for id, custodian, managing, using, person, home in rows:
                chosen = self._chosen(person)
                holder = self._hold_at(custodian, home, chosen)
                new = {
                    "custodian_id": holder,
                    "managing_body_id": self._hold_at(managing, home, chosen),
                    "using_body_id": self._follow(using, home, chosen if using == custodian else None)
                    if using
                    else None,
                }
                self.ledger.change(Dossier, id, **new)
                if holder != custodian:
                    self.outcome.land("dossiers", custodian, holder)
                    yield Moved(id, custodian, holder)

    def _hold_at(self, unit_id: str, home: str | None, chosen: str | None) -> str:
        if unit_id not in self.outcome.routes:
            return unit_id
        target = self.session.get_one(Unit, self._follow(unit_id, home, chosen))
        holder = self._holder(target)
        return holder.id if holder is not None else target.id

    def _transfers(self) -> None:
        """Open transfers go on between the successors; one between two units that became one is cancelled."""
        ended = list(self.outcome.routes)
        concerned = or_(
            *(column.in_(ended) for column in (Transfer.from_unit_id, Transfer.to_unit_id, Transfer.approving_unit_id))
        )
        query = (
            select(
                Transfer.id,
                Transfer.number,
                Transfer.from_unit_id,
                Transfer.to_unit_id,
                Transfer.approving_unit_id,
                Transfer.state,
                Dossier.id,
                Dossier.custodian_id,
                Person.unit_id,
            )
            .join(Dossier, Transfer.dossier_id == Dossier.id)
            .join(Person)
            .where(Transfer.state.in_(OPEN_STATES), concerned)
        )
        for rows in self._batches(query, Transfer.id):
            for id, number, sender, receiver, approver, state, dossier_id, custodian, home in rows:
                new = {
                    "from_unit_id": custodian if sender in self.outcome.routes else sender,
                    # What came from outside lies with its receiver and goes where the dossier goes.
                    "to_unit_id": custodian
                    if state == TransferState.ARRIVED and receiver in self.outcome.routes
                    else self._hold_at(receiver, None, None),
                    "approving_unit_id": self._hold_at(approver, home, None),
                }
                end, words = state, f"{self.change.number} · {self.change.decision_number}"
                if new["from_unit_id"] == new["to_unit_id"]:
                    end = TransferState.CANCELLED
                    self.ledger.change(Transfer, id, state=end, closed_at=now())
                    self.ledger.change(Dossier, dossier_id, frozen=False)
                    self.outcome.transfers_cancelled += 1
                else:
                    self.ledger.change(Transfer, id, **new)
                self.ledger.add(
                    TransferEvent,
                    transfer_id=id,
                    step="reorganise",
                    start=state,
                    end=end,
                    reason=words,
                    taken_by_id=self.actor_id,
                    at=now(),
                )
                for old, end_unit in zip((sender, receiver, approver), new.values(), strict=True):
                    if old != end_unit:
                        self.outcome.land("transfers", old, end_unit, number)

    def _assignments(self) -> None:
        """Roles in ended units end with them and begin with the first successor."""
        ended = list(self.outcome.routes)
        first_day = self.change.effective_on
        for row in self.session.scalars(
            select(Assignment)
            .where(Assignment.unit_id.in_(ended), or_(Assignment.valid_to.is_(None), Assignment.valid_to >= first_day))
            .order_by(Assignment.id)
        ).all():
            unit_id = self._follow(row.unit_id, None, None)
            self.outcome.land("roles", row.unit_id, unit_id, row.account.username)
            if row.valid_from >= first_day:
                self.ledger.change(Assignment, row.id, unit_id=unit_id)
                continue
            self.ledger.add(
                Assignment,
                account_id=row.account_id,
                role=row.role,
                unit_id=unit_id,
                with_units_below=row.with_units_below,
                valid_from=first_day,
                valid_to=row.valid_to,
            )
            self.ledger.change(Assignment, row.id, valid_to=self.last_day)
