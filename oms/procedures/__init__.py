"""Procedures on what a dossier says: correction of a value by a written decision, the old value kept; verification of
what is doubtful, with minutes; attestation of what a dossier says; leaving and retirement; what people see of their own dossier and ask of it.

The rules are dated data (`catalogue/corrections.yaml`, `catalogue/time_limits.yaml`); nothing here knows pages or HTTP.
"""

from oms.procedures import (
    answering,
    attestations,
    leaving_lists,
    leavings,
    paper_losses,
    requests,
    verification_lists,
    verifications,
)
from oms.procedures.corrections import (
    Proposal,
    basis_document,
    decide,
    list_corrections,
    of_dossier,
    propose,
    refuse,
    to_decide,
    view,
    why_fixed,
    withdraw,
)
from oms.procedures.fields import FIELDS, Field, fields_of, get_field
from oms.procedures.in_the_log import IN_THE_LOG
from oms.procedures.own import LOOKS, Looked, OwnDossier, own_dossier, told_since

__all__ = [
    "FIELDS",
    "IN_THE_LOG",
    "LOOKS",
    "Field",
    "Looked",
    "OwnDossier",
    "Proposal",
    "answering",
    "attestations",
    "basis_document",
    "decide",
    "fields_of",
    "get_field",
    "leaving_lists",
    "leavings",
    "list_corrections",
    "of_dossier",
    "own_dossier",
    "paper_losses",
    "propose",
    "refuse",
    "requests",
    "to_decide",
    "told_since",
    "verification_lists",
    "verifications",
    "view",
    "why_fixed",
    "withdraw",
]
