"""Official papers of this house: gathers what a paper says under the rights of who prints it, numbers it, logs it.

`PAPERS` names the papers that are printed from one object: whose id the address carries, the right it takes, and the
function. Registers are printed by unit and year (`oms.papers.registers`). The layouts are `oms.printing`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from oms.models import (
    AccessReview,
    Attestation,
    Consultation,
    Disposal,
    Dossier,
    Leaving,
    MassTransfer,
    MembershipTransfer,
    PaperKind,
    PaperLoss,
    Transfer,
    Verification,
)
from oms.papers import registers
from oms.papers.access_reviews import access_review_paper
from oms.papers.attestations import attestation_paper
from oms.papers.consultations import consultation_log, consultation_slip
from oms.papers.disposal import disposal_minutes
from oms.papers.dossiers import contents_list, control_sheet, dossier_label, envelope, supplement_request
from oms.papers.issuing import PURPOSES, Paper, Printing
from oms.papers.leavings import leaving_minutes
from oms.papers.losses import loss_minutes
from oms.papers.mass_transfers import handover_list, handover_list_excel
from oms.papers.membership import transfer_letter
from oms.papers.opening_slip import opening_slip
from oms.papers.paper_losses import paper_loss_minutes
from oms.papers.supplements import FORMS_AT_ONCE, blank_forms, parts_of, supplement_form
from oms.papers.transfers import handover_minutes, handover_slip, transfer_slip
from oms.papers.verifications import verification_minutes
from oms.permissions import Action


@dataclass(frozen=True)
class Printed:
    """How a paper comes from one object."""

    model: type[Any]
    action: Action
    gather: Callable[..., Paper]
    # The same as an .xlsx file, where people go on working with it.
    excel: Callable[..., Paper] | None = None


PAPERS: Mapping[PaperKind, Printed] = {
    PaperKind.TRANSFER_SLIP: Printed(Transfer, Action.TRANSFER_READ, transfer_slip),
    PaperKind.HANDOVER_SLIP: Printed(Transfer, Action.TRANSFER_READ, handover_slip),
    PaperKind.HANDOVER_MINUTES: Printed(Transfer, Action.TRANSFER_READ, handover_minutes),
    PaperKind.HANDOVER_LIST: Printed(MassTransfer, Action.MASS_TRANSFER_READ, handover_list, handover_list_excel),
    PaperKind.TRANSFER_LETTER: Printed(MembershipTransfer, Action.MEMBERSHIP_READ, transfer_letter),
    PaperKind.LOSS_MINUTES: Printed(Transfer, Action.TRANSFER_READ, loss_minutes),
    PaperKind.CONTENTS_LIST: Printed(Dossier, Action.DOSSIER_READ, contents_list),
    PaperKind.CONTROL_SHEET: Printed(Dossier, Action.DOSSIER_READ, control_sheet),
    PaperKind.SUPPLEMENT_REQUEST: Printed(Dossier, Action.DOSSIER_READ, supplement_request),
    PaperKind.CONSULTATION_SLIP: Printed(Consultation, Action.CONSULTATION_READ, consultation_slip),
    PaperKind.CONSULTATION_LOG: Printed(Dossier, Action.DOSSIER_READ, consultation_log),
    PaperKind.DISPOSAL_MINUTES: Printed(Disposal, Action.DISPOSAL_READ, disposal_minutes),
    PaperKind.LEAVING_MINUTES: Printed(Leaving, Action.LEAVING_READ, leaving_minutes),
    PaperKind.ATTESTATION: Printed(Attestation, Action.ATTESTATION_READ, attestation_paper),
    PaperKind.VERIFICATION_MINUTES: Printed(Verification, Action.VERIFICATION_READ, verification_minutes),
    PaperKind.PAPER_LOSS_MINUTES: Printed(PaperLoss, Action.PAPER_LOSS_READ, paper_loss_minutes),
    PaperKind.ACCESS_REVIEW: Printed(AccessReview, Action.ACCESS_REVIEW_READ, access_review_paper),
    PaperKind.ENVELOPE: Printed(Dossier, Action.DOSSIER_READ, envelope),
    PaperKind.DOSSIER_LABEL: Printed(Dossier, Action.DOSSIER_READ, dossier_label),
}

__all__ = [
    "FORMS_AT_ONCE",
    "PAPERS",
    "PURPOSES",
    "Paper",
    "Printed",
    "Printing",
    "access_review_paper",
    "attestation_paper",
    "blank_forms",
    "consultation_log",
    "consultation_slip",
    "contents_list",
    "control_sheet",
    "disposal_minutes",
    "dossier_label",
    "envelope",
    "handover_list",
    "handover_list_excel",
    "handover_minutes",
    "handover_slip",
    "leaving_minutes",
    "loss_minutes",
    "opening_slip",
    "paper_loss_minutes",
    "parts_of",
    "registers",
    "supplement_form",
    "supplement_request",
    "transfer_letter",
    "transfer_slip",
    "verification_minutes",
]
