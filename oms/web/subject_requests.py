"""Requests of people about their own dossiers over HTTP, for the unit that keeps them: the list, and each answer."""

from collections.abc import Callable
from datetime import date
from math import ceil

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import dossiers, organisation
from oms.errors import N_, BadInput
from oms.models import SubjectRequest, SubjectRequestKind, SubjectRequestState
from oms.permissions import Action, can
from oms.procedures import answering
from oms.web import access, work
from oms.web.access import guarded, house
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import day
from oms.web.own_requests import TONES, describe
from oms.web.pages import send_stored

bp = Blueprint("subject_requests", __name__, url_prefix="/requests")


@work.source
def due_here() -> list[work.Due]:
    """What people ask of their own dossiers, for the officer who answers and the head who decides about copies."""
    if not (g.actor.has(Action.REQUEST_ANSWER) or g.actor.has(Action.REQUEST_DECIDE)):
        return []
    rows = []
    for one in answering.waiting(g.session, actor=g.actor):
        late = one.next_due_on is not None and one.next_due_on < organisation.today()
        name = one.dossier.person.full_name
        copy = one.kind == SubjectRequestKind.COPY
        rows.append(
            work.Due(
                title=_("%(name)s asks for a copy of the own dossier", name=name)
                if copy
                else _("%(name)s asks to correct the own dossier", name=name),
                url=url_for("subject_requests.show", id=one.id),
                text=one.reason,
                meta=_("%(state)s · due on %(day)s", state=_(one.state.label), day=day(one.next_due_on)),
                icon="files" if copy else "pencil-square",
                status=(_("Late"), "danger") if late else None,
                late=late,
            )
        )
    return rows


@bp.get("")
@guarded(Action.REQUEST_READ)
def index() -> str:
    """Requests about dossiers of the unit, what is due first in front."""
    state, page = request.args.get("state", ""), max(request.args.get("page", 1, int), 1)
    found, total = answering.list_requests(g.session, actor=g.actor, state=state, page=page)
    return render_template(
        "subject_requests/index.html",
        rows=found,
        tones=TONES,
        states=[("late", _("Over their day")), *((one.value, _(one.label)) for one in SubjectRequestState)],
        chosen=state,
        today=organisation.today(),
        total=total,
        page=page,
        pages=max(1, ceil(total / answering.PAGE_SIZE)),
    )


@bp.get("/<id>")
@guarded(Action.REQUEST_READ)
def show(subjectrequest: SubjectRequest) -> str:
    """One request, with the answers that are open."""
    answering.view(g.session, subjectrequest, actor=g.actor)
    return _page(subjectrequest)


def _page(asked: SubjectRequest, problem: str = "") -> str:
    own = g.actor.account_id == asked.asked_by_id or asked.dossier.person_id == g.actor.person_id
    answers = not own and can(g.actor, Action.REQUEST_ANSWER, asked)
    open_to_officer = asked.state in answering.ASKED
    decides = (
        not own
        and asked.state == SubjectRequestState.FORWARDED
        and asked.answered_by_id != g.actor.account_id
        and can(g.actor, Action.REQUEST_DECIDE, asked)
    )
    return render_template(
        "subject_requests/show.html",
        **describe(asked),
        answers=answers and open_to_officer,
        extends=asked.extended_on is None and organisation.today() <= asked.due_on,
        hands_out=answers and asked.state == SubjectRequestState.GRANTED,
        decides=decides,
        all_documents=[(one.id, one.title) for one in dossiers.contents(g.session, asked.dossier)],
        values={name: request.form.get(name, "") for name in ("reason", "document", "on")},
        today=organisation.today(),
        problem=problem,
    )


def _act(
    asked: SubjectRequest, act: Callable[[int | None], Callable[[], None] | None], said: str
) -> ResponseReturnValue:
    """Do one act with the version that was seen; what was typed wrong comes back with the page."""
    try:
        after = act(request.form.get("version", type=int))
    except BadInput as error:
        return _page(asked, sentence_of(error)), error.status
    access.commit()
    if after is not None:
        after()
    flash(said, "success")
    return redirect(url_for(".show", id=asked.id))


@bp.post("/<id>/acknowledge")
@guarded(Action.REQUEST_ANSWER)
def acknowledge(subjectrequest: SubjectRequest) -> ResponseReturnValue:
    """Say that it was received and is looked into."""
    return _act(
        subjectrequest,
        lambda version: answering.acknowledge(g.session, subjectrequest, actor=g.actor, version=version),
        _("The person reads that the request is being looked into."),
    )


@bp.post("/<id>/extend")
@guarded(Action.REQUEST_ANSWER)
def extend(subjectrequest: SubjectRequest) -> ResponseReturnValue:
    """Give the answer more days."""
    reason = request.form.get("reason", "")
    return _act(
        subjectrequest,
        lambda version: answering.extend(g.session, subjectrequest, reason, actor=g.actor, version=version),
        _("The days are extended; the person reads the reason."),
    )


@bp.post("/<id>/refuse")
@guarded(Action.REQUEST_READ)
def refuse(subjectrequest: SubjectRequest) -> ResponseReturnValue:
    """Say no, with a reason."""
    reason, settings = request.form.get("reason", ""), house().settings
    return _act(
        subjectrequest,
        lambda version: answering.refuse(g.session, settings, subjectrequest, reason, actor=g.actor, version=version),
        _("The request is refused; the person reads the reason."),
    )


@bp.get("/<id>/proof")
@guarded(Action.REQUEST_ANSWER)
def proof(subjectrequest: SubjectRequest) -> Response:
    """The proof as it was uploaded."""
    sha256, kind, name = answering.open_proof(g.session, subjectrequest, actor=g.actor)
    return send_stored(sha256, kind, f"{subjectrequest.number}-{name}")


@bp.post("/<id>/proof")
@guarded(Action.REQUEST_ANSWER)
def take_proof(subjectrequest: SubjectRequest) -> ResponseReturnValue:
    """Take the proof into the dossier, where it is read and filed."""
    answering.take_proof_in(g.session, house().settings, subjectrequest, actor=g.actor)
    access.commit()
    flash(_("The proof is among the scans of the dossier. File it, then propose the correction."), "success")
    return redirect(url_for(".show", id=subjectrequest.id))


@bp.post("/<id>/correct")
@guarded(Action.REQUEST_ANSWER)
def correct(subjectrequest: SubjectRequest) -> ResponseReturnValue:
    """Accept it: propose the correction."""
    document, version = request.form.get("document", ""), request.form.get("version", type=int)
    try:
        made = answering.accept_correction(g.session, subjectrequest, document, actor=g.actor, version=version)
    except BadInput as error:
        return _page(subjectrequest, sentence_of(error)), error.status
    access.commit()
    flash(_("Correction %(number)s is proposed. The head decides.", number=made.number), "success")
    return redirect(url_for(".show", id=subjectrequest.id))


@bp.post("/<id>/forward")
@guarded(Action.REQUEST_ANSWER)
def forward(subjectrequest: SubjectRequest) -> ResponseReturnValue:
    """Put the copy before the head."""
    return _act(
        subjectrequest,
        lambda version: answering.forward(g.session, subjectrequest, actor=g.actor, version=version),
        _("The copy is put before the head."),
    )


@bp.post("/<id>/grant")
@guarded(Action.REQUEST_DECIDE)
def grant(subjectrequest: SubjectRequest) -> ResponseReturnValue:
    """Approve the copy."""
    return _act(
        subjectrequest,
        lambda version: answering.grant(g.session, subjectrequest, actor=g.actor, version=version),
        _("The copy is approved. The person takes it as a marked file, or collects it on paper."),
    )


@bp.post("/<id>/hand-out")
@guarded(Action.REQUEST_ANSWER)
def hand_out(subjectrequest: SubjectRequest) -> ResponseReturnValue:
    """The person collected the copy on paper and signed."""

    def act(version: int | None) -> None:
        on: date | None = read_day(request.form.get("on", ""))
        if on is None:
            raise BadInput(N_("Write the day as day/month/year, for example 03/02/2026."))
        answering.hand_out(g.session, subjectrequest, on, actor=g.actor, version=version)

    return _act(subjectrequest, act, _("It is written down that the copy was collected."))
