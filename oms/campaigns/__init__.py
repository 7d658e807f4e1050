"""Yearly supplements: campaigns for units and those below, declared by people or keyed from their signed paper, checked
by the body that uses them, attested by the one that manages the dossier, and then part of the record.

The rules are dated data (`catalogue/supplements.yaml`); nothing here knows pages or HTTP.
"""

from oms.campaigns.asking import Asked, ask, may_see, things_of
from oms.campaigns.checking import (
    Shown,
    attest,
    attest_all,
    finish_check,
    judge,
    name_paper,
    paper_of,
    papers_of,
    send_back,
    view,
    view_form,
)
from oms.campaigns.declaring import Draft, hand_in, own_declaration, own_declarations, recall, save, view_own
from oms.campaigns.finding import (
    NOT_HANDED_IN,
    Progress,
    Waiting,
    count_blank,
    list_campaigns,
    list_declarations,
    waiting_for,
)
from oms.campaigns.opening import (
    NewCampaign,
    change,
    close,
    count_newcomers,
    deadline_of,
    discard,
    open_campaign,
    reach,
    take_in,
)
from oms.campaigns.steps import STEP_NAMES, WAY, get_step, is_person, may_declare, steps_open_to, takes_in

__all__ = [
    "NOT_HANDED_IN",
    "STEP_NAMES",
    "WAY",
    "Asked",
    "Draft",
    "NewCampaign",
    "Progress",
    "Shown",
    "Waiting",
    "ask",
    "attest",
    "attest_all",
    "change",
    "close",
    "count_blank",
    "count_newcomers",
    "deadline_of",
    "discard",
    "finish_check",
    "get_step",
    "hand_in",
    "is_person",
    "judge",
    "list_campaigns",
    "list_declarations",
    "may_declare",
    "may_see",
    "name_paper",
    "open_campaign",
    "own_declaration",
    "own_declarations",
    "paper_of",
    "papers_of",
    "reach",
    "recall",
    "save",
    "send_back",
    "steps_open_to",
    "take_in",
    "takes_in",
    "things_of",
    "view",
    "view_form",
    "view_own",
    "waiting_for",
]
