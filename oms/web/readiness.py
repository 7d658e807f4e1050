"""The lines of the readiness check as a page shows them: in words, each red one with the place where it is cured."""

from collections.abc import Sequence
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _

from oms.custody import Finding
from oms.models import Dossier
from oms.permissions import Action, can

# Where a red line is cured: the endpoint, whether it is about the dossier, and the right it asks for there.
_CURES = {
    "unread": ("intake.index", False, Action.DOSSIER_READ),
    "unfiled": ("review.index", False, Action.DOSSIER_READ),
    "sheetless": ("dossiers.show", True, Action.DOSSIER_READ),
    "loan": ("consultations.index", False, Action.DOSSIER_READ),
    "hold": ("dossiers.show", True, Action.DOSSIER_READ),
    "paper": ("whereabouts.index", False, Action.DOSSIER_READ),
    "sheets": ("sheets.show", True, Action.DOSSIER_EDIT),
}


def told(findings: Sequence[Finding], dossier: Dossier) -> list[dict[str, Any]]:
    """The lines with their sentences; links only for those who may cure what is red."""
    return [
        {
            "label": _(finding.label),
            "ok": finding.ok,
            "blocks": finding.blocks,
            "sentence": "" if finding.ok else _(finding.message, **finding.values),
            "url": "" if finding.ok else _cure(finding.id, dossier),
        }
        for finding in findings
    ]


def _cure(line: str, dossier: Dossier) -> str:
    if line not in _CURES:
        return ""
    endpoint, about, right = _CURES[line]
    if not can(g.actor, right, dossier):
        return ""
    return url_for(endpoint, id=dossier.id) if about else url_for(endpoint)
