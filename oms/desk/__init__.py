"""The review desk: which scan comes next, who has it, what was typed there, and how much one did.

A scan at the desk belongs to one officer for some minutes. Nothing here changes a record: that is `oms.review`, which
asks `refuse_others` before it does.
"""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.orm import Session

from oms.desk.drafts import (
    FORM,
    UnsavedText,
    discard,
    find_drafts,
    forget_forms,
    keep_form,
    keep_text,
    list_unsaved,
    refuse_unsaved,
    typed_form,
    unsaved_text,
)
from oms.desk.leases import LEASE, Seat, find_seat, give_back, refuse_others, take, take_over
from oms.desk.queue import (
    REASONS,
    Filters,
    Queued,
    Reading,
    Waiting,
    count_waiting,
    list_units,
    take_next,
    waiting_pages,
    waiting_scans,
)
from oms.desk.speed import Pace, note, own_pace
from oms.models import DeskDraft, DeskLease


def forget(session: Session, scan_ids: Sequence[str]) -> None:
    """Drop all the desk knows of scans that are sealed or destroyed, drafts of everybody too."""
    for table in (DeskLease, DeskDraft):
        session.execute(delete(table).where(table.scan_id.in_(scan_ids)))


__all__ = [
    "FORM",
    "LEASE",
    "REASONS",
    "Filters",
    "Pace",
    "Queued",
    "Reading",
    "Seat",
    "UnsavedText",
    "Waiting",
    "count_waiting",
    "discard",
    "find_drafts",
    "find_seat",
    "forget",
    "forget_forms",
    "give_back",
    "keep_form",
    "keep_text",
    "list_units",
    "list_unsaved",
    "note",
    "own_pace",
    "refuse_others",
    "refuse_unsaved",
    "take",
    "take_next",
    "take_over",
    "typed_form",
    "unsaved_text",
    "waiting_pages",
    "waiting_scans",
]
