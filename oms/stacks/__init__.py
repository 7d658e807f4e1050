"""Stacks of paper scanned in one go: cover sheets with codes say where one dossier ends and the next begins.

Knows no layout and no request. What a stack is and what becomes of it: `docs/decisions/017-a-stack-is-cut-apart.md`.
"""

from oms.stacks.correcting import assign, join, leave_out, split
from oms.stacks.dividing import divide, give_up
from oms.stacks.finding import (
    Look,
    count_waiting,
    list_stacks,
    look_at,
    pages_of,
    picture_of,
    pieces_of,
    sheets_without_pages,
    view,
)
from oms.stacks.receiving import divide_again, give, refuse, units_of, withdraw
from oms.stacks.taking_in import order, take_in

__all__ = [
    "Look",
    "assign",
    "count_waiting",
    "divide",
    "divide_again",
    "give",
    "give_up",
    "join",
    "leave_out",
    "list_stacks",
    "look_at",
    "order",
    "pages_of",
    "picture_of",
    "pieces_of",
    "refuse",
    "sheets_without_pages",
    "split",
    "take_in",
    "units_of",
    "view",
    "withdraw",
]
