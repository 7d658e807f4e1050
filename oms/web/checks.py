"""Truth checks over HTTP: the list of contradictions, those of one dossier with both images, and settling one."""

from math import ceil
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import catalogue, checks, jobs, organisation
from oms.checks.listing import PAGE_SIZE
from oms.errors import BadInput, NotFound
from oms.models import Dossier, Finding, FindingKind, FindingState, Verification
from oms.permissions import Action, can, require
from oms.procedures import verification_lists
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access, work
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("checks", __name__, url_prefix="/checks")

TONES = {
    FindingState.OPEN: "warning",
    FindingState.ACCEPTED: "danger",
    FindingState.EXPLAINED: "success",
    FindingState.SENT: "info",
    FindingState.GONE: "neutral",
}
ALL, LATE = "all", "late"


@work.source
def due_of_mine() -> list[work.Due]:
    """Contradictions nobody looked at, and verifications over their day."""
    if not g.actor.has(Action.CHECK_SETTLE):
        return []
    waiting = checks.count_waiting(g.session, actor=g.actor)
    rows = []
    if waiting.late:
        rows.append(
            work.Due(
                title=_("Verifications over their day: %(count)s", count=waiting.late),
                url=url_for("checks.index", state=LATE),
                icon="exclamation-triangle",
                status=(_("Late"), "danger"),
                late=True,
            )
        )
    if waiting.open:
        rows.append(
            work.Due(
                title=_("Contradictions in dossiers to look at: %(count)s", count=waiting.open),
                url=url_for("checks.index"),
                icon="question-circle",
            )
        )
    return rows


def _filters() -> checks.Filters:
    """The filters of the address; what it does not know is left out."""
    wanted = request.args.get("state", FindingState.OPEN.value)
    state = next((one for one in FindingState if one.value == wanted), None)
    if wanted not in (ALL, LATE) and state is None:
        state = FindingState.OPEN
    return checks.Filters(
        unit_id=request.args.get("unit", ""),
        kind=next((kind for kind in FindingKind if kind.value == request.args.get("kind")), None),
        state=state,
        late=wanted == LATE,
    )


@bp.get("")
@guarded(Action.CHECK_READ)
def index() -> str:
    """Units with their counts, then the findings of the choice."""
    filters = _filters()
    page = max(request.args.get("page", 1, int), 1)
    found, total = checks.list_findings(g.session, filters, actor=g.actor, page=page)
    units = checks.by_unit(g.session, actor=g.actor)
    return render_template(
        "checks/index.html",
        found=[(finding, sentence(finding)) for finding in found],
        total=total,
        by_unit=units,
        units=[(row.unit.id, row.unit.short_name) for row in units],
        kinds=[(kind.value, _(kind.label)) for kind in FindingKind],
        states=[
            *((state.value, _(state.label)) for state in FindingState),
            (LATE, _("Verification over its day")),
            (ALL, _("All that were found")),
        ],
        chosen=LATE if filters.late else filters.state.value if filters.state else ALL,
        filters=filters,
        tones=TONES,
        today=organisation.today(),
        page=page,
        pages=max(1, ceil(total / PAGE_SIZE)),
    )


def sentence(finding: Finding) -> str:
    """What does not fit, in the language of the reader."""
    words: str = _(finding.message, **finding.details)
    return words


@bp.get("/dossiers/<id>")
@guarded(Action.CHECK_READ, model=Dossier)
def show(dossier: Dossier) -> str:
    """The findings of one dossier, each with the places side by side."""
    return page_of(dossier)


def page_of(dossier: Dossier, problem: str = "") -> str:
    """The findings of a dossier, with the sentence of what went wrong."""
    found = checks.of_dossier(g.session, dossier, actor=g.actor)
    checks.look_at(g.session, dossier, found, actor=g.actor)
    verified = verification_lists.of_findings(g.session, [finding.id for finding in found], actor=g.actor)
    return render_template(
        "checks/show.html",
        dossier=dossier,
        findings=[
            {
                "row": finding,
                "sentence": sentence(finding),
                "law": _law(finding),
                "steps": _steps(finding, verified.get(finding.id)),
                "verification": verified.get(finding.id),
            }
            for finding in found
        ],
        open_count=sum(finding.state == FindingState.OPEN for finding in found),
        tones=TONES,
        problem=problem,
        today=organisation.today(),
    )


def _law(finding: Finding) -> dict[str, str]:
    """What the law says about the birth date that holds; empty for other findings."""
    rule_id = finding.details.get("rule")
    if finding.kind != FindingKind.BIRTH or not rule_id:
        return {}
    rule = next((rule for rule in catalogue.check_rules().births if rule.id == rule_id), None)
    if rule is None:
        return {}
    return {"member": "yes" if rule.member else "", "holds": finding.details.get("holds", ""), "basis": rule.basis}


def _steps(finding: Finding, verification: Verification | None) -> list[dict[str, Any]]:
    """The ways open to the actor, as the macro of steps takes them; what is being verified is settled by its minutes."""
    if not can(g.actor, Action.CHECK_SETTLE, finding) or (verification is not None and verification.is_running):
        return []
    days = checks.limit_of(organisation.today()).amount
    words = {
        "accept": (
            _("Accept as a contradiction"),
            _("It is a contradiction. Which value holds is decided by a decision."),
            "check-lg",
        ),
        "explain": (_("Explain"), _("There is a reason, and both may stand."), "chat-left-text"),
        "send": (
            _("Send to verification"),
            _("The contradiction is verified with minutes, within %(days)s days.", days=days),
            "send",
        ),
        "reopen": (_("Look at it again"), _("The finding is open again."), "arrow-counterclockwise"),
    }
    return [
        {
            "name": way,
            "label": words[way][0],
            "question": words[way][1],
            "url": url_for("verifications.send", id=finding.id)
            if way == "send"
            else url_for("checks.settle", id=finding.id, way=way),
            "tone": "secondary",
            "needs_reason": True,
            "reason_hint": _("The reason stays with the finding and in the audit log."),
        }
        for way in checks.ways_of(finding)
    ]


@bp.post("/<id>/<any(accept, explain, reopen):way>")
@guarded(Action.CHECK_SETTLE)
def settle(finding: Finding, way: str) -> ResponseReturnValue:
    """Settle one finding with its reason."""
    dossier = finding.dossier
    try:
        checks.settle(
            g.session,
            finding,
            way,
            reason=request.form.get("reason", ""),
            actor=g.actor,
            version=request.form.get("version", type=int),
        )
    except BadInput as error:
        return page_of(dossier, sentence_of(error)), error.status
    access.commit()
    flash(_("%(kind)s: %(state)s.", kind=_(finding.kind.label), state=_(finding.state.label)), "success")
    return redirect(url_for(".show", id=dossier.id) + f"#finding-{finding.id}")


@bp.post("/dossiers/<id>/again")
@guarded(Action.CHECK_READ, model=Dossier)
def again(dossier: Dossier) -> ResponseReturnValue:
    """Have the dossier looked through once more."""
    if not g.actor.has(Action.CHECK_SETTLE):
        raise NotFound()
    require(g.actor, Action.DOSSIER_READ, dossier)
    jobs.enqueue(g.session, "check_dossier", dossier.id, actor=g.actor)
    access.commit()
    flash(_("The dossier is being looked through. Come back in a moment."), "info")
    return redirect(url_for(".show", id=dossier.id))


@bp.post("/findings.xlsx")
@guarded(Action.CHECK_READ, writing=True)
def export() -> ResponseReturnValue:
    """The list for Excel, with its purpose written down."""
    content = checks.export(g.session, _filters(), purpose=request.form.get("purpose", ""), actor=g.actor, translate=_)
    access.commit()
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename="mau-thuan-ho-so.xlsx")
    return answer
