"""AZ-10: people come, move, go on leave and leave, dossiers change hands and are sealed; after every step what people see
is what an oracle of ten lines says, as a list and thing by thing.

`OMS_TEST_LONG=1` makes 2,000 runs of 50 steps (`make security`); the usual run is short and always the same.
"""

import os
import random
from collections import Counter
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.accounts import delegations
from oms.errors import BadInput, OmsError
from oms.models import Account, Assignment, Delegation, Document, Dossier, Role, Scan, Unit
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, can
from tests import factories
from tests.factories import World

LONG = bool(os.environ.get("OMS_TEST_LONG"))
SEEDS = st.integers(3 * 10**15, 4 * 10**15)
READERS = (Role.OFFICER, Role.HEAD)
BELOW = {"khoi": {"khoi", "btc", "sonv", "sotc", "soyt", "sonv_c1"}, "sonv": {"sonv", "sonv_c1"}}
"""The units of the world, as a reader of the organisation chart would write it down."""
WATCHED = 5
LEAST_SHARE = 0.6
"""So many of the things that were tried must have happened, and each kind of them."""
ACTS = ("hire", "move", "transfer", "restrict", "delegate", "expire", "disable", "hand_back")


class Rights(RuleBasedStateMachine):
    """What happens to people and dossiers, and beside it a plain note of it: `roles`, `gone`, `held`, `sealed`, `lent`."""

    def __init__(self, engine: Engine, world: World, done: Counter[str]) -> None:
        super().__init__()
        self.turn = db.take_turn(engine)
        self.session = db.open_session(engine, writing=True)
        self.world, self.done, self.tries = world, done, 0
        self.deck: list[str] = []
        self.code_of = {id: code for code, id in world.units.items()}
        # account: the roles of today, each (role, unit, with those below).
        self.roles = {name: {(role, unit, True)} for name, (role, unit) in factories.ACCOUNTS.items()}
        self.gone: set[str] = set()
        # (delegate, unit, head): who acts for whom.
        self.lent: set[tuple[str, str, str]] = set()
        self.held: dict[str, str] = {}
        self.sealed: dict[str, str] = {}
        # Held on to, or each question would load them anew.
        self.things: dict[str, Dossier | Document] = {}
        officer = accounts.get_actor(self.session, "canbo.sonv", via="job")
        for number, unit in enumerate(("sonv", "sonv", "sonv_c1", "sotc", "btc", "soyt")):
            dossier = factories.make_dossier(self.session, world.units[unit], f"Người thứ {number}")
            scan = factories.make_scan(self.session, dossier, officer.account_id, (f"QUYẾT ĐỊNH số {number}",))
            document = Document(
                dossier_id=dossier.id,
                component_id="other",
                title="Quyết định",
                position=1,
                filed_by_id=officer.account_id,
            )
            self.session.add(document)
            self.session.flush()
            self.held[dossier.id], self.sealed[document.id] = unit, ""
            self.things |= {dossier.id: dossier, document.id: document}
            self.scan_of = {**getattr(self, "scan_of", {}), document.id: scan.id}

    def teardown(self) -> None:
        self.session.rollback()
        self.session.close()
        self.turn.release()

    @property
    def administrator(self) -> Actor:
        return accounts.get_actor(self.session, "quantri", via="cli")

    def account(self, name: str) -> Account:
        return self.session.scalars(select(Account).where(Account.username == name)).one()

    def unit(self, code: str) -> Unit:
        return self.session.get_one(Unit, self.world.units[code])

    @rule(seed=SEEDS)
    def act(self, seed: int) -> None:
        """One of the things that happen, to somebody."""
        self.tries += 1
        self.dice = random.Random(f"{seed} {self.tries}")
        self.deck = self.deck or self.dice.sample(ACTS, len(ACTS))
        name = self.deck.pop()
        self.done["asked"] += 1
        try:
            with self.session.begin_nested():
                getattr(self, f"_{name}")()
        except OmsError:
            return
        self.done[name] += 1

    def _give(self, name: str, role: Role, unit: str, below: bool, **days: object) -> None:
        accounts.assign(
            self.session, self.account(name), role, self.unit(unit), with_units_below=below,
            actor=self.administrator, **days,
        )  # type: ignore[arg-type]  # fmt: skip

    def _end(self, name: str) -> None:
        for assignment in self.session.scalars(
            select(Assignment).where(Assignment.account_id == self.account(name).id)
        ):
            accounts.end_assignment(self.session, assignment, actor=self.administrator)

    def _somebody(self) -> str:
        return self.dice.choice(sorted(set(self.roles) - {"quantri"}))

    def _hire(self) -> None:
        name = f"moi{len(self.roles)}"
        role, unit, below = (
            self.dice.choice(list(Role)),
            self.dice.choice(sorted(self.world.units)),
            self.dice.random() < 0.5,
        )
        account = factories.make_account(self.session, name, Role.SUBJECT, self.unit(unit))
        self.session.query(Assignment).filter_by(account_id=account.id).delete()
        self._give(name, role, unit, below)
        self.roles[name] = {(role, unit, below)}

    def _move(self) -> None:
        name, unit, below = self._somebody(), self.dice.choice(sorted(self.world.units)), self.dice.random() < 0.5
        role = self.dice.choice(READERS)
        self._end(name)
        self._give(name, role, unit, below)
        self.roles[name] = {(role, unit, below)}

    def _expire(self) -> None:
        """A role that ended yesterday, or begins tomorrow, is none today."""
        name, unit, day = self._somebody(), self.dice.choice(sorted(self.world.units)), timedelta(days=1)
        self._end(name)
        late = {"valid_from": today() + day} if self.dice.random() < 0.5 else {}
        self._give(
            name,
            self.dice.choice(READERS),
            unit,
            True,
            **(late or {"valid_from": today() - 9 * day, "valid_to": today() - day}),
        )
        self.roles[name] = set()

    def _disable(self) -> None:
        name = self._somebody()
        accounts.set_disabled(self.session, self.account(name), name not in self.gone, actor=self.administrator)
        self.gone ^= {name}

    def _transfer(self) -> None:
        id = self.dice.choice(sorted(self.held))
        self.held[id] = self.dice.choice(["sonv", "sotc", "soyt", "btc", "sonv_c1"])
        self.session.get_one(Dossier, id).custodian_id = self.world.units[self.held[id]]

    def _restrict(self) -> None:
        id = self.dice.choice(sorted(self.sealed))
        self.sealed[id] = "" if self.sealed[id] else "sealed"
        self.session.get_one(Document, id).sealed = bool(self.sealed[id])
        self.session.get_one(Scan, self.scan_of[id]).sealed = bool(self.sealed[id])

    def _delegate(self) -> None:
        heads = [
            (name, unit)
            for name, roles in self.roles.items()
            for role, unit, _ in roles
            if role == Role.HEAD and name not in self.gone
        ]
        head, unit = self.dice.choice(sorted(heads))
        here = {who for who, roles in self.roles.items() for role, at, _ in roles if role in READERS and at == unit}
        delegate = self.dice.choice(sorted(here))  # the head, too, who is refused
        actor = accounts.get_actor(self.session, head, via="cli")
        delegations.give(
            self.session, self.account(delegate), self.unit(unit), [Action.TRANSFER_APPROVE.value],
            decision="Giấy ủy quyền số 5 ngày 1/11", valid_from=today(), valid_to=today() + timedelta(days=3), actor=actor,
        )  # fmt: skip
        self.lent.add((delegate, unit, head))

    def _hand_back(self) -> None:
        """A head takes back whatever is lent."""
        given_back = set()
        for delegation in self.session.scalars(select(Delegation).where(Delegation.ended_at.is_(None))):
            head = self.session.get_one(Account, delegation.head_id)
            if head.username not in self.gone:
                delegations.end(
                    self.session, delegation, actor=accounts.get_actor(self.session, head.username, via="cli")
                )
                delegate = self.session.get_one(Account, delegation.delegate_id)
                given_back.add((delegate.username, self.code_of[delegation.unit_id], head.username))
        self.lent -= given_back

    def reach(self, name: str, *roles: Role) -> set[str]:
        """The oracle: in which units somebody has one of these roles today."""
        return {
            unit
            for role, at, below in self.roles[name]
            if role in roles
            for unit in (BELOW.get(at, {at}) if below else {at})
        }

    @invariant()
    def five_people_see_what_the_oracle_says(self) -> None:
        self.session.flush()
        dice = random.Random(self.tries)
        for name in dice.sample(sorted(self.roles), min(WATCHED, len(self.roles))):
            if name in self.gone:
                with pytest.raises(BadInput):
                    accounts.get_actor(self.session, name, via="web")
                continue
            actor = accounts.get_actor(self.session, name, via="web")
            seen = self.reach(name, *READERS)
            dossiers = {id for id, unit in self.held.items() if unit in seen}
            self.sees(actor, Dossier, Action.DOSSIER_READ, dossiers, set(self.held))
            documents = {id for id in self.sealed if not self.sealed[id] and self.things[id].dossier_id in dossiers}
            self.sees(actor, Document, Action.DOCUMENT_READ, documents, set(self.sealed))
            acting = {
                unit
                for who, unit, head in self.lent
                if who == name and head not in self.gone and (Role.HEAD, unit) in {r[:2] for r in self.roles[head]}
            }
            approves = {self.code_of[id] for id in actor.units.get(Action.TRANSFER_APPROVE, ())}
            assert approves == self.reach(name, Role.HEAD) | acting, name

    def sees(self, actor: Actor, model: type, action: Action, expected: set[str], every: set[str]) -> None:
        """As a list and one by one."""
        listed = set(self.session.scalars(select(model.id).where(allowed(actor, action), model.id.in_(every))))  # type: ignore[attr-defined]
        assert listed == expected, (actor.username, action)
        assert {id for id in every if can(actor, action, self.things[id])} == expected


def test_what_people_see_after_every_change(engine: Engine, world: World) -> None:
    done: Counter[str] = Counter()
    run_state_machine_as_test(
        lambda: Rights(engine, world, done),
        settings=hypothesis_settings(
            max_examples=2_000 if LONG else 3,
            stateful_step_count=50 if LONG else 10,
            derandomize=not LONG,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    asked = done.pop("asked")
    assert done.keys() == set(ACTS) and done.total() >= asked * LEAST_SHARE, f"a machine that gets nowhere: {done}"
