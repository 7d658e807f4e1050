"""Procedures on what a dossier says: correction of a value by a written decision, the old value kept; and
what people see of their own dossier.

The rules are dated data (`catalogue/corrections.yaml`); nothing here knows pages or HTTP.
"""

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
from oms.procedures.fields import FIELDS, Field, get_field
from oms.procedures.own import LOOKS, Looked, OwnDossier, own_dossier, told_since

__all__ = [
    "FIELDS",
    "LOOKS",
    "Field",
    "Looked",
    "OwnDossier",
    "Proposal",
    "basis_document",
    "decide",
    "get_field",
    "list_corrections",
    "of_dossier",
    "own_dossier",
    "propose",
    "refuse",
    "to_decide",
    "told_since",
    "view",
    "why_fixed",
    "withdraw",
]
