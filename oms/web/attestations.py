"""Attestations over HTTP: the list, asking for one, giving and refusing it, and what changed since."""

from math import ceil
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import catalogue, dossiers, record
from oms.errors import BadInput, Conflict
from oms.models import Attestation, AttestationKind, AttestationState, Dossier
from oms.permissions import Action, can
from oms.procedures import attestations
from oms.web import access, work
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.formats import day

bp = Blueprint("attestations", __name__, url_prefix="/attestations")

TONES = {
    AttestationState.ASKED: "info",
    AttestationState.ATTESTED: "success",
    AttestationState.REFUSED: "danger",
    AttestationState.WITHDRAWN: "neutral",
}


@work.source
def due_here() -> list[work.Due]:
    """Attestations that wait for this head or delegate."""
    if not g.actor.has(Action.ATTESTATION_GIVE):
        return []
    return [
        work.Due(
            title=_("Attest for %(name)s?", name=one.dossier.person.full_name),
            url=url_for("attestations.show", id=one.id),
            text=f"{_(one.kind.label)}: {one.purpose}",
            meta=day(one.asked_at),
            icon="journal-check",
        )
        for one in attestations.to_give(g.session, actor=g.actor)
    ]


@bp.get("")
@guarded(Action.ATTESTATION_READ)
def index() -> str:
    """Attestations of the dossiers the unit keeps or manages."""
    page = max(request.args.get("page", 1, int), 1)
    state = next((one for one in AttestationState if one.value == request.args.get("state")), None)
    found, total = attestations.list_attestations(g.session, actor=g.actor, state=state, page=page)
    return render_template(
        "attestations/index.html",
        rows=found,
        tones=TONES,
        states=[(one.value, _(one.label)) for one in AttestationState],
        chosen=state.value if state else "",
        total=total,
        page=page,
        pages=max(1, ceil(total / attestations.PAGE_SIZE)),
    )


@bp.get("/dossiers/<id>/new")
@guarded(Action.ATTESTATION_ASK)
def new(dossier: Dossier) -> str:
    """The form; while papers of the original set lack it names them instead."""
    return _form(dossier)


@bp.post("/dossiers/<id>/new")
@guarded(Action.ATTESTATION_ASK)
def create(dossier: Dossier) -> ResponseReturnValue:
    """Ask the head."""
    form = request.form
    kind = AttestationKind.DOSSIER if form.get("kind") == "dossier" else AttestationKind.SHORT_CV
    try:
        made = attestations.ask(
            g.session, dossier, kind, form.get("purpose", ""), form_id=form.get("form", ""), actor=g.actor
        )
    except (BadInput, Conflict) as error:
        return _form(dossier, sentence_of(error)), error.status
    access.commit()
    flash(_("Attestation %(number)s waits for the head.", number=made.number), "success")
    return redirect(url_for(".show", id=made.id))


def _form(dossier: Dossier, problem: str = "") -> str:
    values = {key: request.form.get(key, "") for key in ("kind", "form", "purpose")}
    return render_template(
        "attestations/new.html",
        dossier=dossier,
        missing=attestations.lacking(g.session, dossier),
        kinds=[(kind.value, _(kind.label)) for kind in AttestationKind],
        forms=record.forms_of_record(),
        usual=record.usual_form(dossier),
        values=values,
        problem=problem,
    )


@bp.get("/<id>")
@guarded(Action.ATTESTATION_READ)
def show(attestation: Attestation) -> str:
    """One attestation, with what is not any more as it was attested."""
    attestations.view(g.session, attestation, actor=g.actor)
    return _page(attestation)


def _page(attestation: Attestation, problem: str = "") -> str:
    waits = attestation.state == AttestationState.ASKED
    own = attestation.asked_by_id == g.actor.account_id
    found = attestations.changes(g.session, attestation)
    return render_template(
        "attestations/show.html",
        attestation=attestation,
        tone=TONES[attestation.state],
        things=sum(len(part) for part in (attestation.content or {}).values()),
        changed=found,
        names={
            "added": _names(attestation, found.added),
            "different": _names(attestation, found.different),
            "gone": len(found.gone),
        },
        gives=waits and not own and can(g.actor, Action.ATTESTATION_GIVE, attestation),
        withdraws=waits and own,
        reason=request.form.get("reason", ""),
        problem=problem,
    )


def _names(attestation: Attestation, keys: tuple[str, ...]) -> list[str]:
    """Papers by their titles, values by the labels of the form; what the reader may not see stays without a name."""
    dossier = attestation.dossier
    if attestation.form_id is not None:
        form = catalogue.form(attestation.form_id)
        seen = {thing.key for thing in form.things if record.may_see(thing, dossier, actor=g.actor)}
        return [form.label_of(key) for key in keys if key in seen]
    if not can(g.actor, Action.DOSSIER_READ, dossier):
        return []
    return [document.title for document in dossiers.contents(g.session, dossier) if document.id in keys]


@bp.post("/<id>/attest")
@guarded(Action.ATTESTATION_GIVE)
def attest(attestation: Attestation) -> ResponseReturnValue:
    """Vouch for it."""
    attestations.attest(g.session, attestation, actor=g.actor, version=_version())
    access.commit()
    flash(_("It is attested; what changes from now on is told beside it."), "success")
    return redirect(url_for(".show", id=attestation.id))


@bp.post("/<id>/refuse")
@guarded(Action.ATTESTATION_GIVE)
def refuse(attestation: Attestation) -> ResponseReturnValue:
    """Do not attest."""
    reason = request.form.get("reason", "")
    try:
        attestations.refuse(g.session, attestation, reason, actor=g.actor, version=_version())
    except BadInput as error:
        return _page(attestation, sentence_of(error)), error.status
    access.commit()
    flash(_("The attestation is refused."), "success")
    return redirect(url_for(".show", id=attestation.id))


@bp.post("/<id>/withdraw")
@guarded(Action.ATTESTATION_READ)
def withdraw(attestation: Attestation) -> ResponseReturnValue:
    """Take the own request back."""
    attestations.withdraw(g.session, attestation, actor=g.actor, version=_version())
    access.commit()
    flash(_("The request is withdrawn."), "success")
    return redirect(url_for(".show", id=attestation.id))


def _version() -> int | None:
    return request.form.get("version", type=int)


def titles(found: list[attestations.Attested]) -> list[dict[str, Any]]:
    """Attestations with their tones, for the page of a dossier."""
    return [{"one": row.attestation, "changed": row.changed, "tone": TONES[row.attestation.state]} for row in found]
