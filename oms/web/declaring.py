"""The form of a supplement, whoever fills it in: what was typed as a draft, and a draft as the form shows it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import flash, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import campaigns, papers
from oms.campaigns import Asked, Draft
from oms.campaigns.declaring import ROWS
from oms.errors import BadInput
from oms.models import Declaration, DeclarationState
from oms.papers import Printing
from oms.web import access
from oms.web.errors import sentence_of
from oms.web.formats import moment
from oms.web.papers import send_paper

TONES = {
    DeclarationState.NOT_STARTED: "neutral",
    DeclarationState.DRAFT: "neutral",
    DeclarationState.SENT: "info",
    DeclarationState.RETURNED: "warning",
    DeclarationState.CHECKED: "info",
    DeclarationState.ATTESTED: "success",
}
EMPTY_ROWS = 2
"""Rows to write in below those that are there; saving gives new ones."""


def read_draft(asked: Sequence[Asked]) -> Draft:
    """What stands in the form that came."""
    form, values, rows = request.form, {}, {}
    for one in asked:
        if not one.columns:
            values[one.key] = (form.get(f"value-{one.key}", ""), form.get(f"since-{one.key}", ""))
            continue
        rows[one.key] = [
            [form.get(f"cell-{one.key}-{row}-{column}", "") for column in range(len(one.columns))]
            for row in range(ROWS)
            if f"cell-{one.key}-{row}-0" in form
        ]
    return Draft(values, rows)


def as_shown(declaration: Declaration, asked: Sequence[Asked], typed: Draft | None = None) -> dict[str, Any]:
    """Values and rows for the template: what was typed and came back, else what is saved."""
    saved = {entry.key: (entry.new_text, entry.since) for entry in declaration.entries if not entry.cells}
    verdicts = {entry.key: entry for entry in declaration.entries if not entry.cells and entry.judged_by_id}
    rows = {
        one.key: [list(entry.cells) for entry in declaration.entries if entry.key == one.key and entry.cells]
        for one in asked
        if one.columns
    }
    if typed is not None:
        saved = {**saved, **typed.values}
        rows |= {key: [list(row) for row in given if any(row)] for key, given in typed.rows.items()}
    return {
        "values": {one.key: saved.get(one.key, ("", "")) for one in asked},
        "rows": {key: given + [[]] * EMPTY_ROWS for key, given in rows.items()},
        "verdicts": verdicts,
    }


def print_form(declaration: Declaration) -> ResponseReturnValue:
    """The form to be signed, as a PDF; what it is for goes without asking."""
    paper = papers.supplement_form(g.session, declaration, printing=Printing(g.actor, "filing", request.url_root))
    access.commit()
    return send_paper(paper)


def wants_autosave() -> bool:
    """A script saves while somebody types: it wants a line and not a page."""
    return request.headers.get("X-Requested-With") == "fetch"


def autosaved(declaration: Declaration) -> ResponseReturnValue:
    """The line after saving by script: the new version, and when."""
    at: datetime | None = declaration.written_at
    return jsonify(version=declaration.version, message=_("Saved %(at)s", at=moment(at)))


def problems_of(wrong: Mapping[str, BadInput], asked: Sequence[Asked]) -> list[tuple[str, str]]:
    """What is wrong, with the id of its field, for the list above the form."""
    return [(f"value-{one.key}", f"{one.label}: {sentence_of(wrong[one.key])}") for one in asked if one.key in wrong]


def said_of(step: str) -> None:
    """Tell what was done, after it was committed."""
    sentences = {
        "send": _("Your supplement is handed in. The unit checks it now."),
        "recall": _("The supplement is taken back. Go on writing and hand it in again."),
        "check": _("The check is finished. The head of the managing body attests."),
        "return": _("The supplement is sent back with the reason."),
        "send-back": _("The supplement is sent back to the unit with the reason."),
        "attest": _("Attested. What was approved stands in the record now."),
    }
    flash(sentences[step], "success")


def step_buttons(declaration: Declaration, *, actor: Any, url: Any) -> list[dict[str, Any]]:
    """The steps open to the actor, for the macro; `url` makes the address of a step."""
    questions = {
        "attest": _("What the unit approved becomes part of the record; nothing that stands there is lost."),
        "send": _("The unit checks it and can send it back. Until the check begins you can take it back."),
    }
    return [
        {
            "name": step.name,
            "label": _(step.label),
            "url": url(step.name),
            "needs_reason": step.needs_reason,
            "reason_hint": _("The person reads it, and the log keeps it."),
            "question": questions.get(step.name, ""),
            "tone": "secondary" if step.needs_reason or step.name == "recall" else "primary",
        }
        for step in campaigns.steps_open_to(declaration, actor=actor)
    ]
