"""Every right, about every thing of the canary organisation, in everybody's name: as a list and about one thing."""

from typing import Any

import pytest
from sqlalchemy import select

from oms import accounts, db
from oms.permissions import GUARDS, WHOLE, Action, allowed, can
from tests.oracle.asking import House
from tests.oracle.oracle import PEOPLE
from tests.oracle.rights import RIGHTS, may

# An account without a role today, or closed, cannot act at all.
ACTING = sorted(who for who, (role, _units) in PEOPLE.items() if role)


def test_every_right_has_a_row_and_every_guarded_one_names_a_kind() -> None:
    assert set(RIGHTS) == {action.value for action in Action}
    plain = {name for name, rows in RIGHTS.items() if {row.kind for row in rows} <= {"-", "all"}}
    assert {action.value for action in GUARDS} == set(RIGHTS) - plain | {"package:take_in"}


@pytest.mark.parametrize("who", ACTING)
def test_a_right_reaches_what_the_policy_says_and_nothing_else(house: House, who: str) -> None:
    compared, wrong = 0, []
    with db.reading(house.engine) as session:
        actor = accounts.get_actor(session, who, via="web")
        for name, rows in RIGHTS.items():
            action = Action(name)
            for row in rows:
                if row.kind in ("-", "all"):
                    if actor.has(action) != may(who, row, None):
                        wrong.append(f"{name}: {actor.has(action)}")
                    if row.kind == "all":
                        key = WHOLE[action].__mapper__.primary_key[0]
                        listed = set(session.scalars(select(key).where(allowed(actor, action))))
                        assert listed == (set(session.scalars(select(key))) if may(who, row, None) else set()), name
                    continue
                model: Any = GUARDS[action].model
                listed = set(session.scalars(select(model.id).where(allowed(actor, action))))
                for corner, id in house.organisation.things[row.kind].items():
                    thing, expected = session.get_one(model, id), may(who, row, corner)
                    compared += 1
                    if (id in listed, can(actor, action, thing)) != (expected, expected):
                        wrong.append(f"{name} {row.kind}/{corner}: listed {id in listed}, expected {expected}")
    assert wrong == []
    assert compared > 400
