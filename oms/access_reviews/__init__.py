"""The yearly review of access rights: the head looks at every account of the unit, confirms or revokes, and signs.

A unit answers for the accounts of itself and of what lies below it and keeps no dossiers of its own; a keeping board
also for those of its committee (administrators, inspectors) and for the heads of the units of that committee. The list
is made of what holds now: rights that change before the signing want a new verdict. Nobody judges their own rights.
"""

from oms.access_reviews.listing import MARKS, Holding, holdings, leavers
from oms.access_reviews.signing import decide, seal_of, sign, start, verdicts, view
from oms.access_reviews.standings import Standing, standings, view_list
from oms.access_reviews.tying import tie

__all__ = [
    "MARKS",
    "Holding",
    "Standing",
    "decide",
    "holdings",
    "leavers",
    "seal_of",
    "sign",
    "standings",
    "start",
    "tie",
    "verdicts",
    "view",
    "view_list",
]
