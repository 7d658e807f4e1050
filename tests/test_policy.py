"""The policy in words says what the program does: no action without words, no word without its rule."""

from oms import policy
from oms.models import Role
from oms.permissions import GUARDS, ROLE_ACTIONS, Action


def test_every_action_has_its_line_with_the_roles_that_have_it() -> None:
    lines = {rule.action: rule for rule in policy.rules()}
    assert set(lines) == set(Action)
    for role in Role:
        assert {action for action, rule in lines.items() if role in rule.roles} == ROLE_ACTIONS[role]
    assert all(rule.label and rule.where for rule in lines.values())


def test_every_guard_has_its_words() -> None:
    assert set(policy.WHERE) == set(GUARDS)
