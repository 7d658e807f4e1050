"""Pages of looking into dossiers of others: asking, deciding, lending; what is open is read in `oms.web.reading_room`."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import audit, consultations, grants
from oms.errors import N_, BadInput, NotFound
from oms.models import Consultation, ConsultationKind, ConsultationState, CopyState, Dossier, LoanState, Page
from oms.organisation import today
from oms.permissions import Action, can
from oms.web import access, work
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import day

bp = Blueprint("consultations", __name__, url_prefix="/consultations")

TONES = {
    ConsultationState.REQUESTED: "info",
    ConsultationState.APPROVED: "success",
    ConsultationState.REFUSED: "danger",
    ConsultationState.WITHDRAWN: "neutral",
    ConsultationState.ENDED: "neutral",
}
TABS = ("mine", "decide", "given", "overdue")


@bp.get("")
@guarded(Action.CONSULTATION_READ)
def index() -> ResponseReturnValue:
    """Four lists: what I asked for, what I decide, what is open from our dossiers, what is overdue."""
    lists = _lists()
    tab = request.args.get("tab", "decide" if lists["decide"] else "mine")
    tab = tab if tab in lists else "mine"
    consultations.look_at_list(g.session, actor=g.actor, shown=len(lists[tab]))
    return render_template(
        "consultations/index.html",
        tab=tab,
        requests=lists[tab],
        counts={name: len(rows) for name, rows in lists.items()},
        tones=TONES,
        is_running=grants.is_running,
        is_late=consultations.is_late,
        questions=consultations.to_answer(g.session, actor=g.actor),
    )


def _lists() -> dict[str, list[Consultation]]:
    session, actor = g.session, g.actor
    lists = {"mine": consultations.mine(session, actor=actor)}
    if actor.has(Action.CONSULTATION_APPROVE):
        lists["decide"] = consultations.to_decide(session, actor=actor)
    else:
        lists["decide"] = []
    lists["given"] = consultations.given(session, actor=actor) if actor.has(Action.LOAN_HAND_OUT) else []
    lists["overdue"] = consultations.overdue(session, actor=actor)
    return lists


@bp.get("/why")
@guarded(Action.CONSULTATION_REQUEST)
def why() -> ResponseReturnValue:
    """Why something is not shown, and who may decide; the same words whatever was asked for."""
    audit.record(g.session, "consultation:why", actor=g.actor, words=request.args.get("number", "")[:60])
    return render_template("consultations/why.html", number=request.args.get("number", "")[:60])


@bp.get("/new")
@guarded(Action.CONSULTATION_REQUEST)
def new() -> ResponseReturnValue:
    """The form of a request, for ?number= where it is known."""
    return _form()


@bp.post("/new")
@guarded(Action.CONSULTATION_REQUEST)
def create() -> ResponseReturnValue:
    """Send a request; the sentence is the same whether there is such a dossier or not."""
    form = request.form
    try:
        wish = consultations.Wish(
            wanted=form.get("wanted", ""),
            kind=_kind(form.get("kind", "")),
            purpose=form.get("purpose", ""),
            basis=form.get("basis", ""),
            basis_on=read_day(form.get("basis_on", "")),
            needed=form.get("needed", ""),
            until=_until(form.get("until", "")),
        )
        found = consultations.request(g.session, wish, actor=g.actor)
    except BadInput as error:
        return _form(sentence_of(error)), error.status
    access.commit()
    flash(
        _(
            "Sent as request %(number)s. The unit that holds such a dossier decides; the answer appears here.",
            number=found.number,
        ),
        "success",
    )
    return redirect(url_for(".show", id=found.id))


def _kind(value: str) -> ConsultationKind:
    if value not in set(ConsultationKind):
        raise BadInput(N_("Choose whether to read on the screen or to borrow the paper."))
    return ConsultationKind(value)


def _until(written: str) -> Any:
    found = read_day(written)
    if found is None:
        raise BadInput(N_("Write the last day as day/month/year, for instance 03/12/2026."))
    return found


def _form(problem: str = "") -> str:
    values = dict(request.form.items()) if request.method == "POST" else {"wanted": request.args.get("number", "")[:60]}
    return render_template(
        "consultations/new.html",
        problem=problem,
        values=values,
        kinds=[(kind.value, _(kind.label)) for kind in ConsultationKind],
        last_days={kind.value: consultations.last_day(kind) for kind in ConsultationKind},
        unit=consultations.requesting_unit(g.session, g.actor),
    )


@bp.get("/<id>")
@guarded(Action.CONSULTATION_READ)
def show(consultation: Consultation) -> ResponseReturnValue:
    """One request: what was asked, how it stands, and what the reader can do now."""
    consultations.view(g.session, consultation, actor=g.actor)
    is_mine = consultation.asked_by_id == g.actor.account_id
    holds = can(g.actor, Action.LOAN_HAND_OUT, consultation)
    # Only the holder sees whether the request fits a dossier; the requester learns it from the grant.
    granted = consultation.state in (ConsultationState.APPROVED, ConsultationState.ENDED)
    decides = can(g.actor, Action.CONSULTATION_APPROVE, consultation) and not is_mine
    return render_template(
        "consultations/show.html",
        request_=consultation,
        tone=TONES[consultation.state],
        is_mine=is_mine,
        holds=holds,
        decides=decides,
        dossier=consultation.dossier if holds or granted else None,
        holder=consultation.holder if granted else None,
        running=grants.is_running(consultation),
        late=consultation.loan is not None and consultations.is_late(consultation.loan),
        loan=consultation.loan,
        granted=consultations.granted_documents(g.session, consultation) if holds or granted else [],
        may_ask_copy=is_mine and grants.is_running(consultation),
        LoanState=LoanState,
        CopyState=CopyState,
        State=ConsultationState,
        Kind=ConsultationKind,
    )


@bp.get("/<id>/candidates")
@guarded(Action.CONSULTATION_APPROVE)
def candidates(consultation: Consultation) -> ResponseReturnValue:
    """Which dossier of the own unit does a request mean that fits no single one?"""
    words = request.args.get("words", "").strip()[:300]
    return render_template(
        "consultations/candidates.html",
        request_=consultation,
        words=words,
        found=consultations.candidates(g.session, consultation, words, actor=g.actor),
    )


@bp.post("/<id>/choose")
@guarded(Action.CONSULTATION_APPROVE)
def choose(consultation: Consultation) -> ResponseReturnValue:
    """This one is meant; the decision comes next."""
    dossier: Dossier = access.load(Dossier, "id", request.form.get("dossier", ""), g.actor)
    version = request.form.get("version", type=int)
    consultations.choose(g.session, consultation, dossier, actor=g.actor, version=version)
    access.commit()
    flash(_("Request %(number)s means %(dossier)s.", number=consultation.number, dossier=dossier.number), "success")
    return redirect(url_for(".decide", id=consultation.id))


@bp.post("/<id>/not-here")
@guarded(Action.CONSULTATION_APPROVE)
def not_here(consultation: Consultation) -> ResponseReturnValue:
    """None of ours is meant: the next unit is asked, or the request is refused."""
    version, reason = request.form.get("version", type=int), request.form.get("reason", "")
    goes_on = consultations.not_here(g.session, consultation, reason, actor=g.actor, version=version)
    access.commit()
    said = _("Request %(number)s goes on to the next unit.") if goes_on else _("Request %(number)s is refused.")
    flash(said % {"number": consultation.number}, "success")
    return redirect(url_for(".index"))


@bp.get("/<id>/decide")
@guarded(Action.CONSULTATION_APPROVE)
def decide(consultation: Consultation) -> ResponseReturnValue:
    """The form in which pages are chosen and the last day is set."""
    consultations.view(g.session, consultation, actor=g.actor)
    return _decide(consultation)


def _decide(consultation: Consultation, problem: str = "") -> str:
    last = consultations.last_day(consultation.kind)
    return render_template(
        "consultations/decide.html",
        request_=consultation,
        dossier=consultation.dossier,
        offered=consultations.offer(g.session, consultation) if consultation.kind == ConsultationKind.SCREEN else [],
        last=last,
        until=request.form.get("until") or day(max(today(), min(consultation.until, last))),
        chosen=set(request.form.getlist("document")),
        ranges={
            name.removeprefix("pages-"): value for name, value in request.form.items() if name.startswith("pages-")
        },
        answer=request.form.get("answer", ""),
        problem=problem,
        Kind=ConsultationKind,
    )


@bp.post("/<id>/approve")
@guarded(Action.CONSULTATION_APPROVE)
def approve(consultation: Consultation) -> ResponseReturnValue:
    """Grant what was chosen."""
    form = request.form
    try:
        pages: list[Page] = []
        if consultation.kind == ConsultationKind.SCREEN:
            ranges = {id: form.get(f"pages-{id}", "") for id in form.getlist("document")}
            pages = consultations.chosen_pages(consultations.offer(g.session, consultation), ranges)
        consultations.approve(
            g.session,
            consultation,
            pages,
            _until(form.get("until", "")),
            actor=g.actor,
            answer=form.get("answer", ""),
            version=form.get("version", type=int),
        )
    except BadInput as error:
        return _decide(consultation, sentence_of(error)), error.status
    access.commit()
    flash(_("Request %(number)s is granted until %(day)s.", number=consultation.number, day=form["until"]), "success")
    return redirect(url_for(".show", id=consultation.id))


@bp.post("/<id>/<any(refuse, end, withdraw):step>")
@guarded(Action.CONSULTATION_READ)
def take(consultation: Consultation, step: str) -> ResponseReturnValue:
    """Refuse, end before time, or take the own request back."""
    reason = request.form.get("reason", "")
    if step == "refuse":
        version = request.form.get("version", type=int)
        consultations.refuse(g.session, consultation, reason, actor=g.actor, version=version)
    elif step == "end":
        consultations.end(g.session, consultation, reason, actor=g.actor)
    else:
        consultations.withdraw(g.session, consultation, actor=g.actor)
    return _done(consultation)


@bp.post("/<id>/hand-out")
@guarded(Action.LOAN_HAND_OUT)
def hand_out(consultation: Consultation) -> ResponseReturnValue:
    """Give the paper out."""
    form = request.form
    consultations.hand_out(
        g.session,
        consultation,
        fetched_by=form.get("fetched_by", ""),
        sheets=form.get("sheets", type=int),
        actor=g.actor,
        version=form.get("version", type=int),
    )
    return _done(consultation)


@bp.post("/<id>/take-back")
@guarded(Action.LOAN_HAND_OUT)
def take_back(consultation: Consultation) -> ResponseReturnValue:
    """Check the paper and put it back."""
    form = request.form
    consultations.take_back(
        g.session,
        consultation,
        sheets=form.get("sheets", type=int),
        damage=form.get("damage", ""),
        actor=g.actor,
        version=form.get("version", type=int),
    )
    return _done(consultation)


@bp.post("/<id>/copies")
@guarded(Action.CONSULTATION_READ)
def ask_copy(consultation: Consultation) -> ResponseReturnValue:
    """Ask for a copy of the granted pages."""
    consultations.request_copy(g.session, consultation, request.form.get("reason", ""), actor=g.actor)
    return _done(consultation)


@bp.post("/<id>/copies/<copy>/<any(approve, refuse):step>")
@guarded(Action.CONSULTATION_APPROVE)
def decide_copy(consultation: Consultation, copy: str, step: str) -> ResponseReturnValue:
    """Decide about a copy."""
    order = consultations.find_order(g.session, consultation, copy)
    if order is None:
        raise NotFound()
    consultations.decide_copy(
        g.session,
        order,
        approved=step == "approve",
        actor=g.actor,
        answer=request.form.get("reason", ""),
        version=request.form.get("version", type=int),
    )
    return _done(consultation)


def _done(consultation: Consultation) -> ResponseReturnValue:
    access.commit()
    flash(_("Request %(number)s: what you did is written down.", number=consultation.number), "success")
    return redirect(url_for(".show", id=consultation.id))


@work.source
def due_of_mine() -> list[work.Due]:
    """Requests to decide, paper that is late, questions to answer, and grants of mine that end today or tomorrow."""
    actor = g.actor
    if not actor.has(Action.CONSULTATION_READ):
        return []
    rows = [_due_loan(found) for found in consultations.overdue(g.session, actor=actor)]
    if actor.has(Action.CONSULTATION_APPROVE):
        rows += [
            work.Due(
                title=_("Decide about request %(number)s", number=found.number),
                url=url_for("consultations.show", id=found.id),
                text=found.wanted,
                meta=_("From %(unit)s, %(day)s", unit=found.unit.short_name, day=day(found.asked_at)),
                icon="eye",
            )
            for found in consultations.to_decide(g.session, actor=actor)
        ]
    if actor.has(Action.LOCATE_ANSWER):
        rows += [
            work.Due(
                title=_("Answer question %(number)s", number=asked.question.number),
                url=url_for("locating.index"),
                text=_("Where is the dossier of %(name)s kept?", name=asked.question.full_name),
                meta=_("From %(unit)s, %(day)s", unit=asked.question.unit.short_name, day=day(asked.question.asked_at)),
                icon="question-circle",
            )
            for asked in consultations.to_answer(g.session, actor=actor)
        ]
    return rows


def _due_loan(found: Consultation) -> work.Due:
    mine = found.asked_by_id == g.actor.account_id
    number = found.dossier.number if found.dossier is not None else found.number
    return work.Due(
        title=_("Give the paper of %(number)s back", number=number)
        if mine
        else _("The paper of %(number)s is overdue", number=number),
        url=url_for("consultations.show", id=found.id),
        text=_("Lent to %(unit)s", unit=found.unit.short_name),
        meta=_("Last day %(day)s", day=day(found.loan.due_on if found.loan is not None else None)),
        icon="alarm",
        status=(_("Overdue"), "danger"),
        late=True,
    )
