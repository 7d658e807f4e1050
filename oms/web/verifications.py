"""Verifications over HTTP: the list by the day they are due, opening one, its limit, its minutes, the way to a correction."""

from collections.abc import Callable
from math import ceil
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import catalogue, dossiers, organisation, procedures
from oms.errors import N_, BadInput, Conflict
from oms.models import Dossier, Finding, Verification, VerificationOutcome, VerificationState
from oms.permissions import Action, can
from oms.procedures import verification_lists as lists
from oms.procedures import verifications as cases
from oms.web import access, work
from oms.web.access import guarded
from oms.web.checks import page_of, sentence
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import day

bp = Blueprint("verifications", __name__, url_prefix="/verifications")

TONES = {
    VerificationState.OPEN: "info",
    VerificationState.ENDED: "warning",
    VerificationState.CONCLUDED: "success",
    VerificationState.CANCELLED: "neutral",
}
LATE, ALL = "late", "all"
_MINUTES = ("present", "compared", "found", "conclusion", "outcome", "right_value")


@work.source
def due_here() -> list[work.Due]:
    """Verifications whose limit comes to its end, and minutes that are to be written."""
    if not g.actor.has(Action.VERIFICATION_LEAD):
        return []
    rows = []
    for one in lists.due_soon(g.session, actor=g.actor):
        late = one.next_due_on is not None and one.next_due_on < organisation.today()
        name = one.dossier.person.full_name
        rows.append(
            work.Due(
                title=_("Write the minutes of the verification of %(name)s", name=name)
                if one.state == VerificationState.ENDED
                else _("Verify a doubt in the dossier of %(name)s", name=name),
                url=url_for("verifications.show", id=one.id),
                text=one.question.split("\n", 1)[0],
                meta=_("due on %(day)s", day=day(one.next_due_on)),
                icon="search",
                status=(_("Late"), "danger") if late else None,
                late=late,
            )
        )
    return rows


@bp.get("")
@guarded(Action.VERIFICATION_READ)
def index() -> str:
    """Those that run, what is due first in front; or those of a state, or over their day."""
    wanted = request.args.get("state", "")
    state = next((one for one in VerificationState if one.value == wanted), None)
    page = max(request.args.get("page", 1, int), 1)
    chosen = lists.Chosen(state, late=wanted == LATE, every=wanted == ALL)
    found, total = lists.list_cases(g.session, chosen, actor=g.actor, page=page)
    return render_template(
        "verifications/index.html",
        rows=found,
        tones=TONES,
        states=[
            (LATE, _("Verification over its day")),
            *((one.value, _(one.label)) for one in VerificationState),
            (ALL, _("All that were opened")),
        ],
        chosen=wanted,
        today=organisation.today(),
        total=total,
        page=page,
        pages=max(1, ceil(total / lists.PAGE_SIZE)),
    )


@bp.get("/dossiers/<id>/new")
@guarded(Action.VERIFICATION_OPEN)
def new(dossier: Dossier) -> str:
    """The form of a verification that no contradiction asks for."""
    return _form(dossier)


@bp.post("/dossiers/<id>/new")
@guarded(Action.VERIFICATION_OPEN)
def create(dossier: Dossier) -> ResponseReturnValue:
    """Open it."""
    try:
        made = cases.open_case(g.session, dossier, _case(), actor=g.actor)
    except BadInput as error:
        return _form(dossier, sentence_of(error)), error.status
    access.commit()
    flash(_("Verification %(number)s is open until %(day)s.", number=made.number, day=day(made.due_on)), "success")
    return redirect(url_for(".show", id=made.id))


def _case() -> cases.Case:
    form = request.form
    return cases.Case(
        form.get("question", ""),
        form.get("verifiers", ""),
        form.get("bodies", ""),
        form.get("field", ""),
        form.get("document", ""),
    )


def _choices(dossier: Dossier) -> dict[str, Any]:
    return {
        "fields_of": [(key, _(field.label)) for key, field in procedures.fields_of(g.session, dossier).items()],
        "documents": [(one.id, one.title) for one in dossiers.contents(g.session, dossier)],
        "limit": catalogue.time_limit(cases.LIMIT, organisation.today()),
    }


def _form(dossier: Dossier, problem: str = "") -> str:
    values = {key: request.form.get(key, "") for key in ("question", "verifiers", "bodies", "field", "document")}
    if request.method == "GET":
        values["verifiers"] = g.actor.name
        values["document"] = request.args.get("document", "")
    return render_template(
        "verifications/new.html", dossier=dossier, values=values, problem=problem, **_choices(dossier)
    )


@bp.post("/findings/<id>")
@guarded(Action.CHECK_SETTLE)
def send(finding: Finding) -> ResponseReturnValue:
    """Send a contradiction to verification: the case is opened with the sentence of the contradiction as its question."""
    reason = request.form.get("reason", "")
    case = cases.Case(sentence(finding), g.actor.name, field=cases.field_of(g.session, finding))
    version = request.form.get("version", type=int)
    try:
        made = cases.send_to_verification(g.session, finding, case, reason=reason, actor=g.actor, version=version)
    except BadInput as error:
        return page_of(finding.dossier, sentence_of(error)), error.status
    access.commit()
    flash(
        _(
            "Verification %(number)s is open until %(day)s. Write who verifies and which bodies are asked.",
            number=made.number,
            day=day(made.due_on),
        ),
        "success",
    )
    return redirect(url_for(".show", id=made.id))


@bp.get("/<id>")
@guarded(Action.VERIFICATION_READ)
def show(verification: Verification) -> str:
    """One verification with its clock, and the forms of what comes next."""
    cases.view(g.session, verification, actor=g.actor)
    return _page(verification)


def _page(verification: Verification, problem: str = "") -> str:
    found = {
        name: cases.named_document(g.session, verification, getattr(verification, name), actor=g.actor)
        for name in ("document_id", "minutes_document_id")
    }
    pages = dossiers.pages_of(g.session, [one.id for one in found.values() if one is not None])
    dossier, leads = verification.dossier, can(g.actor, Action.VERIFICATION_LEAD, verification)
    return render_template(
        "verifications/show.html",
        verification=verification,
        dossier=dossier,
        finding_sentence=sentence(verification.finding) if verification.finding else "",
        field=_(procedures.get_field(verification.field, dossier).label) if verification.field else "",
        document=found["document_id"],
        minutes=found["minutes_document_id"],
        first_pages={key: shown[0].id for key, shown in pages.items() if shown},
        tone=TONES[verification.state],
        leads=leads,
        writes=leads and cases.may_write_minutes(verification),
        corrects=leads and cases.may_correct(verification) and can(g.actor, Action.CORRECTION_PROPOSE, dossier),
        extension=catalogue.time_limit(cases.EXTENSION, organisation.today()),
        minutes_limit=catalogue.time_limit(cases.MINUTES, organisation.today()),
        outcomes=[(one.value, _(one.label)) for one in VerificationOutcome],
        values=_values(verification),
        today=organisation.today(),
        problem=problem,
        **_choices(dossier),
    )


def _values(verification: Verification) -> dict[str, str]:
    """What the forms show: what was typed, else what is written."""
    kept = {name: getattr(verification, name) or "" for name in ("question", "verifiers", "bodies", "field", *_MINUTES)}
    kept |= {
        "document": verification.document_id or "",
        "present": verification.present or verification.verifiers,
        "outcome": verification.outcome.value if verification.outcome else "",
        "on": day(verification.minutes_on) if verification.minutes_on else "",
    }
    names = (*kept, "days", "number", "reason", "minutes")
    return {name: request.form.get(name, kept.get(name, "")) for name in names}


def _act(verification: Verification, act: Callable[[int | None], None], said: str) -> ResponseReturnValue:
    """Do one act with the version that was seen; what was typed wrong comes back with the page."""
    try:
        act(request.form.get("version", type=int))
    except BadInput as error:
        return _page(verification, sentence_of(error)), error.status
    access.commit()
    flash(said, "success")
    return redirect(url_for(".show", id=verification.id))


def _day(name: str = "on") -> Any:
    found = read_day(request.form.get(name, ""))
    if found is None:
        raise BadInput(N_("Write the day as day/month/year, for example 03/02/2026."))
    return found


@bp.post("/<id>/describe")
@guarded(Action.VERIFICATION_LEAD)
def describe(verification: Verification) -> ResponseReturnValue:
    """Correct the question, who verifies and whom they ask."""
    return _act(
        verification,
        lambda version: cases.describe(g.session, verification, _case(), actor=g.actor, version=version),
        _("Saved."),
    )


@bp.post("/<id>/extend")
@guarded(Action.VERIFICATION_LEAD)
def extend(verification: Verification) -> ResponseReturnValue:
    """Give it more days, once."""
    form = request.form

    def act(version: int | None) -> None:
        cases.extend(
            g.session,
            verification,
            form.get("days", 0, int),
            document=form.get("number", ""),
            on=_day(),
            reason=form.get("reason", ""),
            actor=g.actor,
            version=version,
        )

    return _act(verification, act, _("The verification is extended; there is no second extension."))


@bp.post("/<id>/end")
@guarded(Action.VERIFICATION_LEAD)
def end(verification: Verification) -> ResponseReturnValue:
    """The verification is over; the minutes are due."""
    return _act(
        verification,
        lambda version: cases.end(g.session, verification, _day(), actor=g.actor, version=version),
        _("The verification is over. Write the minutes now."),
    )


@bp.post("/<id>/minutes")
@guarded(Action.VERIFICATION_LEAD)
def conclude(verification: Verification) -> ResponseReturnValue:
    """Write the minutes."""
    form = request.form

    def act(version: int | None) -> None:
        if form.get("outcome") not in set(VerificationOutcome):
            raise BadInput(N_("Choose what the minutes conclude."))
        minutes = cases.Minutes(
            on=_day(),
            present=form.get("present", ""),
            compared=form.get("compared", ""),
            found=form.get("found", ""),
            conclusion=form.get("conclusion", ""),
            outcome=VerificationOutcome(form["outcome"]),
            right_value=form.get("right_value", ""),
        )
        cases.conclude(g.session, verification, minutes, actor=g.actor, version=version)

    return _act(verification, act, _("The minutes are written. Print them, have them signed, scan and file them."))


@bp.post("/<id>/signed")
@guarded(Action.VERIFICATION_LEAD)
def file_minutes(verification: Verification) -> ResponseReturnValue:
    """Say which document of the dossier is the scan of the signed minutes."""
    chosen = request.form.get("minutes", "")
    return _act(
        verification,
        lambda version: cases.file_minutes(g.session, verification, chosen, actor=g.actor, version=version),
        _("The signed minutes are in the dossier."),
    )


@bp.post("/<id>/correct")
@guarded(Action.VERIFICATION_LEAD)
def correct(verification: Verification) -> ResponseReturnValue:
    """Propose the correction the minutes lead to."""
    version = request.form.get("version", type=int)
    try:
        made = cases.correct(g.session, verification, actor=g.actor, version=version)
    except (BadInput, Conflict) as error:
        return _page(verification, sentence_of(error)), error.status
    access.commit()
    flash(_("Correction %(number)s is proposed. The head decides.", number=made.number), "success")
    return redirect(url_for("corrections.show", id=made.id))


@bp.post("/<id>/give-up")
@guarded(Action.VERIFICATION_LEAD)
def give_up(verification: Verification) -> ResponseReturnValue:
    """End it without minutes."""
    reason = request.form.get("reason", "")
    return _act(
        verification,
        lambda version: cases.give_up(g.session, verification, reason, actor=g.actor, version=version),
        _("The verification is given up; the reason stays with it."),
    )
