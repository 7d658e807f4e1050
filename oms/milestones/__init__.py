"""Lists by the calendar: who retires, is honoured, has a pay rise due, is to be reappointed, whose contract ends, and
whose discipline is in force. What is not known is named, never guessed.

The rules are dated data (`catalogue/milestones.yaml`); nothing here knows pages or HTTP.
"""

from oms.milestones.found import Asked, Milestones, Reached, Said, Unknown, Who
from oms.milestones.keeping import forget, keep
from oms.milestones.lists import LISTS, Ahead, Column, ListOf, ahead, choose, columns_of, export, find, units_of

__all__ = [
    "LISTS",
    "Ahead",
    "Asked",
    "Column",
    "ListOf",
    "Milestones",
    "Reached",
    "Said",
    "Unknown",
    "Who",
    "ahead",
    "choose",
    "columns_of",
    "export",
    "find",
    "forget",
    "keep",
    "units_of",
]
