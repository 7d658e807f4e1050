"""Membership moves: a member goes from one cell to another with a letter of ten boxes, each signed in its turn.

Official: membership and member dossier move. Temporary: for a stated time, membership and dossier stay. Internal:
within one grassroots organisation. `STEPS` is the whole diagram, as in `oms.custody`. Source: QĐ 24-QĐ/TW 2021 and the
guidance on it; the limits of QĐ 208-QĐ/TW (26/7/2026) are to be confirmed (`catalogue/time_limits.yaml`).
"""

from oms.membership.asking import Asking, Own, answer, ask, askings_to_answer, look_at_asking, own, refuse, withdraw
from oms.membership.finding import (
    count_moves,
    events_of,
    get_move,
    list_moves,
    look_at_list,
    move_with_transfer,
    moves_of,
    open_move_of,
    overdue,
    register,
    view,
    waiting_for,
)
from oms.membership.moving import extend, may_extend, take
from oms.membership.preparing import Wish, correct, prepare
from oms.membership.sending import may_send_dossier, send_dossier
from oms.membership.steps import (
    STEP_NAMES,
    STEPS,
    Step,
    choose_step,
    event_label,
    is_late,
    next_box,
    steps_open_to,
    what_next,
)
from oms.membership.ways import Station, destinations, home_of, way

__all__ = [
    "STEPS",
    "STEP_NAMES",
    "Asking",
    "Own",
    "Station",
    "Step",
    "Wish",
    "answer",
    "ask",
    "askings_to_answer",
    "choose_step",
    "correct",
    "count_moves",
    "destinations",
    "event_label",
    "events_of",
    "extend",
    "get_move",
    "home_of",
    "is_late",
    "list_moves",
    "look_at_asking",
    "look_at_list",
    "may_extend",
    "may_send_dossier",
    "move_with_transfer",
    "moves_of",
    "next_box",
    "open_move_of",
    "overdue",
    "own",
    "prepare",
    "refuse",
    "register",
    "send_dossier",
    "steps_open_to",
    "take",
    "view",
    "waiting_for",
    "way",
    "what_next",
    "withdraw",
]
