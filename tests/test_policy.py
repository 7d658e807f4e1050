"""The policy in words says what the program does: no action without words, no word without its rule."""

from oms import policy
from oms.models import Role
from oms.permissions import IN_CLOSED, NEEDS_OPENING, ROLE_ACTIONS, WHOLE, Action


def test_every_action_has_its_line_with_the_roles_that_have_it() -> None:
    lines = {rule.action: rule for rule in policy.rules()}
    assert set(lines) == set(Action)
    for role in Role:
        assert {action for action, rule in lines.items() if role in rule.roles} == ROLE_ACTIONS[role]
    assert all(rule.label and rule.where for rule in lines.values())


def test_words_are_said_about_nothing_twice() -> None:
    assert set(policy.WHERE) == set(Action) - set(WHOLE)


def test_the_closed_installation_is_described_as_it_is() -> None:
    lines = {rule.action: rule for rule in policy.rules(closed=True)}
    assert set(lines) == IN_CLOSED
    assert {lines[action].where for action in NEEDS_OPENING} == {policy._WITHIN_AN_OPENING}
    told = " ".join([*(rule.where for rule in lines.values()), *policy.ALWAYS_CLOSED])
    for word in ("transfer", "hold stops", "retention", "delegat", "Excel", "committee"):
        assert word not in told
