"""Small groups of people whose dossiers others keep are not told, nor can they be worked out from the rest.

Whoever reads a dossier knows what it says: groups made only of one's own are told whatever their size. Of others a
group of one to four is hidden, and with it the smallest further groups until at least two are hidden that hold five
people together: from the total and the groups that are told nobody learns who is in the hidden ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SMALLEST = 5
"""People a group must have at least to be told."""


@dataclass(frozen=True)
class Group:
    """A group before it is told: how many people, and how many of them only others know."""

    id: str
    count: int
    of_others: int = 0


def protect(groups: Sequence[Group]) -> dict[str, int | None]:
    """The number of each group by its id, None where it must not be told."""
    hidden = {group.id for group in groups if 0 < group.of_others < SMALLEST}
    rest = sorted(
        (group for group in groups if group.id not in hidden), key=lambda group: (not group.of_others, group.of_others)
    )
    while hidden and rest and not _is_enough(groups, hidden):
        hidden.add(rest.pop(0).id)
    return {group.id: None if group.id in hidden else group.count for group in groups}


def _is_enough(groups: Sequence[Group], hidden: set[str]) -> bool:
    people = sum(group.of_others for group in groups if group.id in hidden)
    return len(hidden) > 1 and people >= SMALLEST
