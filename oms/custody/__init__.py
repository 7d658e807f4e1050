"""Hand over: a transfer moves a dossier from one custodian to the next along a table of arrows.

`STEPS` is the whole diagram. Pages show `steps_open_to`, read from the same table that `take`
enforces.
"""

from oms.custody.checking import (
    Line,
    add_extra,
    discrepancies,
    lines,
    may_check,
    may_settle,
    settle,
    tick,
    tick_rest,
    unsettled,
)
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
from oms.custody.moving import Proof, Route, approving_unit, prepare, prove, routes, take
from oms.custody.outside import Arrival, find_outside_body, outside_bodies, receive_from_outside
from oms.custody.readiness import Finding, readiness
from oms.custody.requesting import Asking, answer, ask, refuse, requests, requests_to_answer, withdraw
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
    "Arrival",
    "Asking",
    "Finding",
    "Line",
    "Proof",
    "Route",
    "Step",
    "add_extra",
    "answer",
    "approving_unit",
    "ask",
    "choose_step",
    "count_transfers",
    "discrepancies",
    "event_label",
    "events_of",
    "find_outside_body",
    "find_steps",
    "get_transfer",
    "lines",
    "list_transfers",
    "look_at_list",
    "manifest_hash",
    "may_check",
    "may_settle",
    "open_transfer_of",
    "outside_bodies",
    "prepare",
    "prove",
    "question_of",
    "readiness",
    "receive_from_outside",
    "refuse",
    "requests",
    "requests_to_answer",
    "routes",
    "seal",
    "settle",
    "steps_open_to",
    "stopped_at",
    "take",
    "tick",
    "tick_rest",
    "transfers_of",
    "unsettled",
    "view",
    "waiting_for",
    "what_next",
    "withdraw",
]
