"""Look in: somebody else's dossier is read only through a request, a decision of its holder and a grant with an end.

Approved by another person than the one who asked; page by page, marked in the pixels, closed by itself. Loans of
paper and questions where a dossier is kept go the same way. Source: TT 11/2012/TT-BNV Đ13, Đ21; TT 07/2019/TT-BNV Đ14.
"""

from oms.consultations.choosing import candidates, choose, not_here
from oms.consultations.deciding import approve, chosen_pages, decide_copy, end, find_order, offer, refuse
from oms.consultations.finding import (
    OpenNow,
    count_to_decide,
    given,
    granted_documents,
    grants_of,
    look_at_list,
    mine,
    open_loans,
    open_now,
    overdue,
    to_decide,
    view,
)
from oms.consultations.loans import hand_out, is_late, take_back
from oms.consultations.locating import Sought, answer, ask, asked_by, to_answer
from oms.consultations.registers import LogLine, log_of, register
from oms.consultations.requesting import Wish, last_day, request, request_copy, requesting_unit, withdraw
from oms.consultations.viewing import (
    OpenDocument,
    enter,
    get_page,
    look_at,
    mark_lines,
    marked_image,
    open_documents,
    seconds_left,
    take_copy,
)

__all__ = [
    "LogLine",
    "OpenDocument",
    "OpenNow",
    "Sought",
    "Wish",
    "answer",
    "approve",
    "ask",
    "asked_by",
    "candidates",
    "choose",
    "chosen_pages",
    "count_to_decide",
    "decide_copy",
    "end",
    "enter",
    "find_order",
    "get_page",
    "given",
    "granted_documents",
    "grants_of",
    "hand_out",
    "is_late",
    "last_day",
    "log_of",
    "look_at",
    "look_at_list",
    "mark_lines",
    "marked_image",
    "mine",
    "not_here",
    "offer",
    "open_documents",
    "open_loans",
    "open_now",
    "overdue",
    "refuse",
    "register",
    "request",
    "request_copy",
    "requesting_unit",
    "seconds_left",
    "take_back",
    "take_copy",
    "to_answer",
    "to_decide",
    "view",
    "withdraw",
]
