"""The lines of the readiness check as a page shows them: in words, each red one with the place where it is cured."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from oms.custody import Finding

# Where a red line is cured: the endpoint and what it is about.
_CURES = {
    "unread": ("intake.index", ""),
    "unfiled": ("review.index", ""),
    "sheetless": ("dossiers.show", "dossier"),
    "loan": ("consultations.index", ""),
    "hold": ("dossiers.show", "dossier"),
    "paper": ("whereabouts.index", ""),
    "sheets": ("sheets.show", "dossier"),
}


def told(findings: Sequence[Finding], dossier_id: str, *, may_cure: bool) -> list[dict[str, Any]]:
    """The lines with their sentences; links only for those who may open the dossier."""
    return [
        {
            "label": _(finding.label),
            "ok": finding.ok,
            "blocks": finding.blocks,
            "sentence": "" if finding.ok else _(finding.message, **finding.values),
            "url": "" if finding.ok or not may_cure else _cure(finding.id, dossier_id),
        }
        for finding in findings
    ]


def _cure(line: str, dossier_id: str) -> str:
    endpoint, about = _CURES.get(line, ("", ""))
    if not endpoint:
        return ""
    return url_for(endpoint, id=dossier_id) if about else url_for(endpoint)
