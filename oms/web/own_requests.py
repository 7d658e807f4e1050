"""What people ask of their own dossier over HTTP: the two forms, the state of a request, and the copy as a file."""

import io
from contextlib import nullcontext
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import audit, db, dossiers, intake, procedures, quotas, storage
from oms.errors import N_, BadInput, Conflict, FileRefused, Refused, SecretFile, TooManyTries
from oms.models import SubjectRequest, SubjectRequestKind, SubjectRequestState
from oms.permissions import Action
from oms.procedures import requests as asking
from oms.web import access
from oms.web.access import end_request, guarded, house, limit_uploads
from oms.web.corrections import rows_of, said
from oms.web.errors import sentence_of
from oms.web.headers import FILE_POLICY
from oms.web.two_people import look_again

bp = Blueprint("own_requests", __name__, url_prefix="/own/dossiers")

TONES = {
    SubjectRequestState.ASKED: "info",
    SubjectRequestState.ACKNOWLEDGED: "info",
    SubjectRequestState.PROPOSED: "success",
    SubjectRequestState.FORWARDED: "warning",
    SubjectRequestState.GRANTED: "success",
    SubjectRequestState.HANDED_OVER: "success",
    SubjectRequestState.REFUSED: "danger",
    SubjectRequestState.WITHDRAWN: "neutral",
}
KINDS = "any({}):kind".format(", ".join(kind.value for kind in SubjectRequestKind))


@bp.get(f"/<dossier>/ask/<{KINDS}>")
@guarded(Action.REQUEST_ASK)
def new(dossier: str, kind: str) -> str:
    """The form of a request."""
    return _form(dossier, SubjectRequestKind(kind))


def _form(dossier_id: str, kind: SubjectRequestKind, problem: str = "") -> str:
    dossier = asking.own_dossier_of(g.session, dossier_id, actor=g.actor)
    audit.record(g.session, "own:view", dossier, actor=g.actor)
    listed = asking.readable(g.session, dossier) if kind == SubjectRequestKind.COPY else []
    fields, fixed = [], []
    for key, field in procedures.FIELDS.items() if kind == SubjectRequestKind.CORRECTION else ():
        rule = procedures.why_fixed(g.session, dossier, key)
        now = said(key, field.written(g.session, dossier)) or "—"
        if rule is None:
            fields.append((key, _("%(field)s (now: %(value)s)", field=_(field.label), value=now)))
        else:
            fixed.append((field.label, rule))
    working_days, days = asking.limit_days()
    return render_template(
        "own_requests/new.html",
        dossier=dossier,
        kind=kind,
        fields_of=fields,
        fixed=fixed,
        documents=[(one.id, one.title, one.number or "") for one in listed],
        chosen=request.form.getlist("documents") or request.args.getlist("documents"),
        values={name: request.form.get(name, request.args.get(name, "")) for name in ("field", "value", "reason")},
        working_days=working_days,
        days=days,
        problem=problem,
    )


@bp.post(f"/<dossier>/ask/<{KINDS}>")
@guarded(Action.REQUEST_ASK, writing=False)
def create(dossier: str, kind: str) -> ResponseReturnValue:
    """Enter the request; its proof passes the same gate as every scan before anything is kept."""
    asking.own_dossier_of(g.session, dossier, actor=g.actor)
    form = request.form
    wish = asking.Wish(
        SubjectRequestKind(kind),
        form.get("reason", ""),
        form.get("field", ""),
        form.get("value", ""),
        tuple(form.getlist("documents")),
    )
    # Receiving takes its own transactions; none may stay open while long bodies are examined.
    end_request(g.pop("session"))
    try:
        number, address = _enter(dossier, wish)
    except (BadInput, Conflict, Refused, FileRefused, TooManyTries) as error:
        look_again(error)
        g.retry_after = error.values.get("seconds")
        return _form(dossier, wish.kind, sentence_of(error)), error.status
    flash(_("Request %(number)s was received. The answer appears on this page.", number=number), "success")
    return redirect(address)


def _enter(dossier_id: str, wish: asking.Wish) -> tuple[str, str]:
    upload = next((file for file in request.files.getlist("proof") if file.filename), None)
    arrival = None
    try:
        if upload is not None and wish.kind == SubjectRequestKind.CORRECTION:
            limit_uploads()
            arrival = intake.examine(
                house().settings,
                storage.chunks(cast(BinaryIO, upload.stream)),
                upload.filename or "",
                ask=quotas.asking(house().engine, house().settings, actor=g.actor),
            )
            if arrival.suspicions:
                raise SecretFile(
                    N_(
                        "A page of %(name)s may bear a mark of a state secret; nothing was kept. "
                        "Bring the paper to the dossier officer."
                    ),
                    name=arrival.name,
                )
        kept = intake.kept(house().settings, arrival) if arrival is not None else nullcontext()
        with kept, db.writing(house().engine) as session:
            dossier = asking.own_dossier_of(session, dossier_id, actor=g.actor)
            made = asking.ask(session, dossier, wish, actor=g.actor, proof=arrival)
            number, address = made.number, url_for(".show", dossier=dossier_id, request_id=made.id)
        return number, address
    except FileRefused as error:
        with db.writing(house().engine) as session:
            dossier = asking.own_dossier_of(session, dossier_id, actor=g.actor)
            intake.refuse(session, dossier, error.what, actor=g.actor, action="request:ask")
        raise
    finally:
        if arrival is not None:
            intake.discard(arrival)


@bp.get("/<dossier>/requests/<request_id>")
@guarded(Action.REQUEST_ASK)
def show(dossier: str, request_id: str) -> str:
    """One own request: its state and what was answered."""
    found = asking.get_own(g.session, dossier, request_id, actor=g.actor)
    procedures.answering.view_own(g.session, found, actor=g.actor)
    return render_template("own_requests/show.html", **describe(found))


def describe(found: SubjectRequest) -> dict[str, Any]:
    """A request with its words, for a page of the person or of the officer."""
    copied = asking.asked_documents(g.session, found)
    pages = dossiers.pages_of(g.session, [one.id for one in copied])
    return {
        "asked": found,
        "dossier": found.dossier,
        "tone": TONES[found.state],
        "field": _(procedures.FIELDS[found.field].label) if found.field else "",
        "value_now": said(found.field, procedures.FIELDS[found.field].written(g.session, found.dossier)) or "—"
        if found.field
        else "",
        "wanted_value": said(found.field or "", found.wanted_value),
        "documents": copied,
        "page_count": sum(len(some) for some in pages.values()),
        "correction": rows_of([found.correction])[0] if found.correction else None,
        "takes": asking.may_take(found),
    }


@bp.post("/<dossier>/requests/<request_id>/withdraw")
@guarded(Action.REQUEST_ASK)
def withdraw(dossier: str, request_id: str) -> ResponseReturnValue:
    """Take the own request back."""
    found = asking.get_own(g.session, dossier, request_id, actor=g.actor)
    remove_bytes = asking.withdraw(g.session, house().settings, found, actor=g.actor)
    access.commit()
    remove_bytes()
    flash(_("Your request is withdrawn."), "success")
    return redirect(url_for("own_dossiers.show", dossier=dossier))


@bp.post("/<dossier>/requests/<request_id>/copy")
@guarded(Action.REQUEST_ASK)
def take(dossier: str, request_id: str) -> Response:
    """The approved copy as a PDF of marked pages, after the password."""
    found = asking.get_own(g.session, dossier, request_id, actor=g.actor)
    content = asking.take_copy(g.session, house().settings, found, actor=g.actor)
    access.commit()
    name = f"{found.number}-{found.copy_number}.pdf".replace("/", "-")
    answer = send_file(
        io.BytesIO(content),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=name,
        etag=False,
        conditional=False,
    )
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer
