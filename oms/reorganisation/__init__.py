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
from oms.reorganisation.ordering import STEP_NAMES, carry_out, is_under_way, latest_order, order, take
from oms.reorganisation.outcome import COUNT_LABELS, LANDING_LABELS, DryRun, Landing, Report
from oms.reorganisation.planning import (
    PEOPLE_A_PAGE,
    account_names,
    correct,
    draft,
    has_board,
    homeless,
    keep_dry_run,
    names_of,
    people_of,
    place_everybody,
    placed_people,
    reopen,
    revise,
)
from oms.reorganisation.steps import approve, cancel, execute, submit, undo
from oms.reorganisation.trying import dry_run

__all__ = [
    "COUNT_LABELS",
    "KINDS",
    "LANDING_LABELS",
    "PEOPLE_A_PAGE",
    "STEP_NAMES",
    "DryRun",
    "Landing",
    "Report",
    "account_names",
    "approve",
    "cancel",
    "carry_out",
    "correct",
    "draft",
    "dry_run",
    "execute",
    "get_reorganisation",
    "has_board",
    "homeless",
    "is_under_way",
    "keep_dry_run",
    "last_dry_run",
    "latest_order",
    "list_reorganisations",
    "may_undo_until",
    "names_of",
    "order",
    "outcome_of",
    "people_of",
    "place_everybody",
    "placed_people",
    "reopen",
    "revise",
    "submit",
    "take",
    "to_decide",
    "undo",
    "unit_names",
    "view",
]
