"""What holds of a value, told from all that was written of it: the whole rule of keying once, twice and deciding.

Keyed once: the last writing is verified. Keyed twice (`catalogue/record_rules.yaml`): two people who write the same verify it;
two who differ leave it in dispute, until one of them agrees or a third decides.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from oms import catalogue
from oms.errors import N_
from oms.models import RecordStatement, StatementKind
from oms.organisation import today
from oms.record.values import same_text


class ValueState(enum.StrEnum):
    """How sure a value is."""

    EMPTY = "empty"
    READ = "read"
    KEYED = "keyed"
    DISPUTED = "disputed"
    VERIFIED = "verified"

    @property
    def label(self) -> str:
        """The state in words."""
        return _LABELS[self]


_LABELS = {
    ValueState.EMPTY: N_("Nothing known"),
    ValueState.READ: N_("Read by the machine"),
    ValueState.KEYED: N_("Keyed once, a second officer is needed"),
    ValueState.DISPUTED: N_("Two officers differ"),
    ValueState.VERIFIED: N_("Verified"),
}


def is_twice(key: str) -> bool:
    """Whether two officers write this value, neither seeing what the other wrote."""
    return key in catalogue.record_keys("keyed_twice", today())


@dataclass(frozen=True)
class Settled:
    """What holds: the statement that verified the value, and the writings that wait for a second or third person."""

    verified: RecordStatement | None
    open: tuple[RecordStatement, ...]

    @property
    def disputed(self) -> bool:
        """Two people wrote different things."""
        return len(self.open) > 1


def settle(statements: Sequence[RecordStatement], *, twice: bool) -> Settled:
    """What holds after `statements`, in the order they were written."""
    verified: RecordStatement | None = None
    waiting: dict[str, RecordStatement] = {}
    for statement in statements:
        if statement.kind is StatementKind.DECIDED or not twice:
            verified, waiting = statement, {}
            continue
        waiting[statement.account_id] = statement
        others = (one for id, one in waiting.items() if id != statement.account_id)
        if any(same_text(one.text) == same_text(statement.text) for one in others):
            verified, waiting = statement, {}
    return Settled(verified, tuple(waiting.values()))
