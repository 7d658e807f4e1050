"""Whether what a dossier says is true as far as it can be told: contradictions found, shown, settled.

A finding is a question to a person and never a block; only the filing of a page that seems to be about somebody else
waits for a confirmation with its reason. Rules and limits are dated data (`catalogue/checks.yaml`).
"""

from oms.checks.listing import (
    Filters,
    UnitFindings,
    Waiting,
    by_unit,
    count_open,
    count_waiting,
    export,
    list_findings,
    look_at,
    of_dossier,
)
from oms.checks.making import check, check_dossier, look_for
from oms.checks.settling import IN_THE_LOG, WAYS, limit_of, settle, settle_by_minutes, ways_of
from oms.checks.strangers import Stranger, confirm, find_strangers

__all__ = [
    "IN_THE_LOG",
    "WAYS",
    "Filters",
    "Stranger",
    "UnitFindings",
    "Waiting",
    "by_unit",
    "check",
    "check_dossier",
    "confirm",
    "count_open",
    "count_waiting",
    "export",
    "find_strangers",
    "limit_of",
    "list_findings",
    "look_at",
    "look_for",
    "of_dossier",
    "settle",
    "settle_by_minutes",
    "ways_of",
]
