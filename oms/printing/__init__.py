"""Official papers as PDF: one frozen dataclass and one `draw_…` per paper, in the layout of Vietnamese offices.

The words on these papers are the forms' own and always Vietnamese. Knows no database, no Flask, no rights.
"""

from oms.printing.consultation_papers import (
    ConsultationLog,
    ConsultationSlip,
    draw_consultation_log,
    draw_consultation_slip,
)
from oms.printing.cover_sheet import CoverSheet, draw_cover_sheets
from oms.printing.disposal_minutes import Destroyed, DisposalMinutes, draw_disposal_minutes
from oms.printing.dossier_papers import (
    ContentsList,
    ControlSheet,
    Envelope,
    Label,
    SupplementRequest,
    draw_contents_list,
    draw_control_sheet,
    draw_envelope,
    draw_labels,
    draw_supplement_request,
)
from oms.printing.handover_list import HANDOVER_LIST, HandoverList, draw_handover_list
from oms.printing.handover_minutes import Discrepancy, HandoverMinutes, draw_handover_minutes
from oms.printing.handover_slip import HandoverSlip, draw_handover_slip
from oms.printing.heads import Body, write_number
from oms.printing.key_share import KeyShare, draw_key_shares
from oms.printing.loss_minutes import LossMinutes, draw_loss_minutes
from oms.printing.opening_slip import OpeningSlip, draw_opening_slip
from oms.printing.paper_loss_minutes import PaperLossMinutes, draw_paper_loss_minutes
from oms.printing.registers import CONSULTATIONS, DOSSIERS, HANDOVERS, MEMBERSHIPS, Register, draw_register
from oms.printing.seal_slip import SealSlip, draw_seal_slip
from oms.printing.sheet import Column, Imprint
from oms.printing.subjects import Listed, Subject
from oms.printing.supplement_form import SupplementForm, draw_supplement_form
from oms.printing.transfer_letter import Box, TransferLetter, draw_transfer_letter
from oms.printing.transfer_slip import TransferSlip, draw_transfer_slip
from oms.printing.verification_minutes import VerificationMinutes, draw_verification_minutes

__all__ = [
    "CONSULTATIONS",
    "DOSSIERS",
    "HANDOVERS",
    "HANDOVER_LIST",
    "MEMBERSHIPS",
    "Body",
    "Box",
    "Column",
    "ConsultationLog",
    "ConsultationSlip",
    "ContentsList",
    "ControlSheet",
    "CoverSheet",
    "Destroyed",
    "Discrepancy",
    "DisposalMinutes",
    "Envelope",
    "HandoverList",
    "HandoverMinutes",
    "HandoverSlip",
    "Imprint",
    "KeyShare",
    "Label",
    "Listed",
    "LossMinutes",
    "OpeningSlip",
    "PaperLossMinutes",
    "Register",
    "SealSlip",
    "Subject",
    "SupplementForm",
    "SupplementRequest",
    "TransferLetter",
    "TransferSlip",
    "VerificationMinutes",
    "draw_consultation_log",
    "draw_consultation_slip",
    "draw_contents_list",
    "draw_control_sheet",
    "draw_cover_sheets",
    "draw_disposal_minutes",
    "draw_envelope",
    "draw_handover_list",
    "draw_handover_minutes",
    "draw_handover_slip",
    "draw_key_shares",
    "draw_labels",
    "draw_loss_minutes",
    "draw_opening_slip",
    "draw_paper_loss_minutes",
    "draw_register",
    "draw_seal_slip",
    "draw_supplement_form",
    "draw_supplement_request",
    "draw_transfer_letter",
    "draw_transfer_slip",
    "draw_verification_minutes",
    "write_number",
]
