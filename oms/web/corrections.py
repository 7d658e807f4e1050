"""Corrections over HTTP: the list, proposing one for a dossier, one correction, deciding and refusing it."""

from math import ceil
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import dossiers, procedures
from oms.errors import N_, BadInput, Conflict
from oms.models import Correction, CorrectionState, Dossier, Gender
from oms.permissions import Action, can
from oms.procedures.corrections import PAGE_SIZE
from oms.web import access, work
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import day

bp = Blueprint("corrections", __name__, url_prefix="/corrections")

TONES = {
    CorrectionState.PROPOSED: "info",
    CorrectionState.DECIDED: "success",
    CorrectionState.REFUSED: "danger",
    CorrectionState.WITHDRAWN: "neutral",
}


@work.source
def due_here() -> list[work.Due]:
    """Corrections that wait for this head or delegate."""
    if not g.actor.has(Action.CORRECTION_DECIDE):
        return []
    return [
        work.Due(
            title=_("Correct a value of %(name)s?", name=correction.dossier.person.full_name),
            url=url_for("corrections.show", id=correction.id),
            text=_("%(field)s: %(old)s → %(new)s", field=_(_label(correction)), **_values(correction)),
            meta=day(correction.proposed_at),
            icon="pencil-square",
        )
        for correction in procedures.to_decide(g.session, actor=g.actor)
    ]


def _label(correction: Correction) -> str:
    return procedures.get_field(correction.field, correction.dossier).label


def _values(correction: Correction) -> dict[str, str]:
    """Both values as a reader has them; an empty one is a dash."""
    return {
        "old": said(correction.field, correction.old_value) or "—",
        "new": said(correction.field, correction.new_value),
    }


def said(field: str, value: str) -> str:
    """A value as a reader has it."""
    return _(Gender(value).label) if field == "gender" and value else value


def rows_of(corrections: Any) -> list[dict[str, Any]]:
    """Corrections with their words, for a page."""
    return [{"correction": one, "label": _label(one), "tone": TONES[one.state], **_values(one)} for one in corrections]


@bp.get("")
@guarded(Action.CORRECTION_READ)
def index() -> str:
    """Corrections of the dossiers the unit keeps or manages."""
    page = max(request.args.get("page", 1, int), 1)
    state = next((one for one in CorrectionState if one.value == request.args.get("state")), None)
    found, total = procedures.list_corrections(g.session, actor=g.actor, state=state, page=page)
    return render_template(
        "corrections/index.html",
        rows=rows_of(found),
        states=[(one.value, _(one.label)) for one in CorrectionState],
        chosen=state.value if state else "",
        total=total,
        page=page,
        pages=max(1, ceil(total / PAGE_SIZE)),
    )


@bp.get("/dossiers/<id>/new")
@guarded(Action.CORRECTION_PROPOSE)
def new(dossier: Dossier) -> str:
    """The form of a proposal."""
    return _form(dossier)


@bp.post("/dossiers/<id>/new")
@guarded(Action.CORRECTION_PROPOSE)
def create(dossier: Dossier) -> ResponseReturnValue:
    """Propose a correction; what the law keeps as it is comes back with the law."""
    form = request.form
    proposal = procedures.Proposal(
        form.get("field", ""), form.get("value", ""), form.get("reason", ""), form.get("document", "")
    )
    try:
        correction = procedures.propose(g.session, dossier, proposal, actor=g.actor)
    except (BadInput, Conflict) as error:
        return _form(dossier, sentence_of(error)), error.status
    access.commit()
    flash(_("Correction %(number)s is proposed. The head decides.", number=correction.number), "success")
    return redirect(url_for(".show", id=correction.id))


def _form(dossier: Dossier, problem: str = "") -> str:
    fields, fixed = [], []
    for key, field in procedures.fields_of(g.session, dossier).items():
        rule = procedures.why_fixed(g.session, dossier, key)
        now = said(key, field.written(g.session, dossier)) or "—"
        if rule is None:
            fields.append((key, _("%(field)s (now: %(value)s)", field=_(field.label), value=now)))
        else:
            fixed.append((field.label, rule))
    return render_template(
        "corrections/new.html",
        dossier=dossier,
        fields_of=fields,
        fixed=fixed,
        documents=[(one.id, one.title) for one in dossiers.contents(g.session, dossier)],
        values={
            key: request.form.get(key, request.args.get(key, "")) for key in ("field", "value", "reason", "document")
        },
        problem=problem,
    )


@bp.get("/<id>")
@guarded(Action.CORRECTION_READ)
def show(correction: Correction) -> str:
    """One correction with both values, the document and the decision."""
    procedures.view(g.session, correction, actor=g.actor)
    return _page(correction)


def _page(correction: Correction, problem: str = "") -> str:
    document = procedures.basis_document(g.session, correction, actor=g.actor)
    waits = correction.state == CorrectionState.PROPOSED
    own = correction.proposed_by_id == g.actor.account_id
    readable = document is not None and can(g.actor, Action.DOCUMENT_READ, document)
    sheets = dossiers.pages_of(g.session, [document.id])[document.id] if document is not None and readable else []
    return render_template(
        "corrections/show.html",
        row=rows_of([correction])[0],
        correction=correction,
        document=document,
        first_page=sheets[0].id if sheets else None,
        decides=waits and not own and can(g.actor, Action.CORRECTION_DECIDE, correction),
        withdraws=waits and own,
        values={key: request.form.get(key, "") for key in ("number", "on", "reason")},
        problem=problem,
    )


@bp.post("/<id>/decide")
@guarded(Action.CORRECTION_DECIDE)
def decide(correction: Correction) -> ResponseReturnValue:
    """Correct the value."""
    try:
        on = read_day(request.form.get("on", ""))
        if on is None:
            raise BadInput(N_("Write the day of the decision as 03/02/2026."))
        procedures.decide(g.session, correction, request.form.get("number", ""), on, actor=g.actor, version=_version())
    except BadInput as error:
        g.session.rollback()
        return _page(correction, sentence_of(error)), error.status
    access.commit()
    flash(_("The value is corrected; the old one stays with the decision."), "success")
    return redirect(url_for(".show", id=correction.id))


@bp.post("/<id>/refuse")
@guarded(Action.CORRECTION_DECIDE)
def refuse(correction: Correction) -> ResponseReturnValue:
    """Leave the value as it is."""
    try:
        procedures.refuse(g.session, correction, request.form.get("reason", ""), actor=g.actor, version=_version())
    except BadInput as error:
        g.session.rollback()
        return _page(correction, sentence_of(error)), error.status
    access.commit()
    flash(_("The correction is refused; the value stays."), "success")
    return redirect(url_for(".show", id=correction.id))


@bp.post("/<id>/withdraw")
@guarded(Action.CORRECTION_READ)
def withdraw(correction: Correction) -> ResponseReturnValue:
    """Take the own proposal back."""
    procedures.withdraw(g.session, correction, actor=g.actor, version=_version())
    access.commit()
    flash(_("The proposal is withdrawn."), "success")
    return redirect(url_for(".show", id=correction.id))


def _version() -> int | None:
    return request.form.get("version", type=int)
