"""What every list has in common that leaves the house as a file: a purpose, a fresh password, who took it and when.

Knows no list.
"""

from collections.abc import Callable

from oms.errors import N_, BadInput
from oms.models import now
from oms.permissions import Actor, require_confirmed
from oms.spreadsheets import Value

PURPOSE_LENGTH = 300
Translate = Callable[[str], str]


def require_purpose(purpose: str, *, actor: Actor) -> str:
    """The purpose as it is written down; raises `BadInput` without one, then `ConfirmationNeeded`."""
    reason = " ".join(purpose.split())[:PURPOSE_LENGTH]
    if not reason:
        raise BadInput(N_("Say what the file is for. The purpose is written down beside your name."))
    require_confirmed(actor)
    return reason


def who_took_it(reason: str, *, actor: Actor, translate: Translate) -> list[tuple[str, Value]]:
    """The facts that stand in every such file."""
    return [
        (translate(N_("Purpose")), reason),
        (translate(N_("Exported by")), f"{actor.name} ({actor.username})"),
        (translate(N_("Exported at (UTC)")), f"{now():%d/%m/%Y %H:%M}"),
    ]
