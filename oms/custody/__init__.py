"""Hand over: a transfer moves a dossier from one custodian to the next along a table of arrows.

`STEPS` is the whole diagram. Pages show `steps_open_to`, read from the same table that `take`
enforces.
"""

from oms.custody.finding import (
    count_transfers,
    events_of,
    get_transfer,
    list_transfers,
    look_at_list,
    open_transfer_of,
    stopped_at,
    transfers_of,
    view,
    waiting_for,
)
from oms.custody.moving import Route, approving_unit, prepare, routes, take
from oms.custody.sealing import manifest_hash, seal
from oms.custody.steps import (
    STEP_NAMES,
    STEPS,
    WAY,
    Step,
    choose_step,
    event_label,
    find_steps,
    question_of,
    steps_open_to,
    what_next,
)

__all__ = [
    "STEPS",
    "STEP_NAMES",
    "WAY",
    "Route",
    "Step",
    "approving_unit",
    "choose_step",
    "count_transfers",
    "event_label",
    "events_of",
    "find_steps",
    "get_transfer",
    "list_transfers",
    "look_at_list",
    "manifest_hash",
    "open_transfer_of",
    "prepare",
    "question_of",
    "routes",
    "seal",
    "steps_open_to",
    "stopped_at",
    "take",
    "transfers_of",
    "view",
    "waiting_for",
    "what_next",
]
