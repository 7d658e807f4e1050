"""Reorganisations: units merge, split, change name or place and end by a decision; what hung on them lands."""

from oms.reorganisation.carrying_out import KINDS
from oms.reorganisation.finding import (
    get_reorganisation,
    last_dry_run,
    list_reorganisations,
    may_undo_until,
    outcome_of,
    to_decide,
    unit_names,
    view,
)
from oms.reorganisation.outcome import COUNT_LABELS, LANDING_LABELS, DryRun, Landing, Report
from oms.reorganisation.steps import approve, cancel, draft, execute, submit, undo
from oms.reorganisation.trying import dry_run

__all__ = [
    "COUNT_LABELS",
    "KINDS",
    "LANDING_LABELS",
    "DryRun",
    "Landing",
    "Report",
    "approve",
    "cancel",
    "draft",
    "dry_run",
    "execute",
    "get_reorganisation",
    "last_dry_run",
    "list_reorganisations",
    "may_undo_until",
    "outcome_of",
    "submit",
    "to_decide",
    "undo",
    "unit_names",
    "view",
]
