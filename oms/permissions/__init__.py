"""Who may do what, declared once.

`ROLE_ACTIONS` says what a role may do; `GUARDS` says which units of a thing decide. From these two
tables come both questions: `allowed(actor, action)` is a SQL condition for lists, search and loading;
`can(actor, action, thing)` asks about one object. A property test holds them equal. Nobody sees a
dossier by being an administrator: technical administration is a role without dossiers.
"""

from oms.permissions.actions import IN_CLOSED, NEEDS_OPENING, ROLE_ACTIONS, Action
from oms.permissions.deciding import (
    Actor,
    allowed,
    authority,
    can,
    holds_on,
    in_the_name_of,
    is_own,
    refuse_held,
    require,
    require_confirmed,
)
from oms.permissions.guards import GUARDS, WHOLE, Guard, PersonalGuard, Units
from oms.permissions.keeping import forget_kept, kept
from oms.permissions.opening import Opened, dossier_id_of, opened_to

__all__ = [
    "GUARDS",
    "IN_CLOSED",
    "NEEDS_OPENING",
    "ROLE_ACTIONS",
    "WHOLE",
    "Action",
    "Actor",
    "Guard",
    "Opened",
    "PersonalGuard",
    "Units",
    "allowed",
    "authority",
    "can",
    "dossier_id_of",
    "forget_kept",
    "holds_on",
    "in_the_name_of",
    "is_own",
    "kept",
    "opened_to",
    "refuse_held",
    "require",
    "require_confirmed",
]
