"""The record over HTTP: all values of a dossier by a form, one value beside its place on the paper, the tables."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import record
from oms.catalogue import FormTable
from oms.catalogue.form_prints import parts_of
from oms.errors import BadInput, NotFound
from oms.models import Dossier
from oms.permissions import Action, can
from oms.record import Record, Value, ValueState
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("record", __name__, url_prefix="/record")

TONES = {
    ValueState.EMPTY: "neutral",
    ValueState.READ: "warning",
    ValueState.KEYED: "info",
    ValueState.DISPUTED: "danger",
    ValueState.VERIFIED: "success",
}


def _form_id(dossier: Dossier) -> str:
    """The form of the address, when there is such a form; else the usual one."""
    wanted = request.args.get("form", "")
    return wanted if wanted in dict(record.forms_of_record()) else record.usual_form(dossier)


@bp.get("/<id>")
@guarded(Action.RECORD_READ)
def show(dossier: Dossier) -> str:
    """All values and tables in printed order."""
    form = _form_id(dossier)
    found = record.view(g.session, dossier, actor=g.actor, form_id=form)
    return render_template(
        "record/show.html",
        dossier=dossier,
        record=found,
        forms=record.forms_of_record(),
        form=form,
        tones=TONES,
        may_write=can(g.actor, Action.RECORD_EDIT, dossier),
        withheld=len(found.form.things) - len(found.values) - len(found.tables),
    )


@bp.get("/<id>/values/<key>")
@guarded(Action.RECORD_READ)
def value(dossier: Dossier, key: str) -> str:
    """One value beside the place it was read from, with all that was written of it."""
    return _value_page(dossier, key)


def _value_page(dossier: Dossier, key: str, problem: str = "") -> str:
    form = _form_id(dossier)
    found = record.view(g.session, dossier, actor=g.actor, form_id=form)
    one = _of(found, key)
    previous, following = _neighbours(found, key)
    history = [] if one.hidden else record.statements_of(g.session, dossier, key).get(key, [])
    return render_template(
        "record/value.html",
        dossier=dossier,
        record=found,
        value=one,
        history=history,
        form=form,
        written=request.form.get("text", one.text or ""),
        previous=previous,
        following=following,
        tones=TONES,
        problem=problem,
        may_write=can(g.actor, Action.RECORD_EDIT, dossier) and not _closed(one),
        may_decide=one.state is ValueState.DISPUTED and not one.mine and can(g.actor, Action.RECORD_SETTLE, dossier),
    )


def _of(found: Record, key: str) -> Value:
    if key not in found.values:
        raise NotFound()
    return found.values[key]


def _closed(value: Value) -> bool:
    """Verified by two officers: a decision changes it, not a key."""
    return value.twice and value.state is ValueState.VERIFIED


def _neighbours(found: Record, key: str) -> tuple[str | None, str | None]:
    """The value before and the next one that is left to do."""
    order = list(found.values)
    here = order.index(key)
    left = set(found.left)
    before = [other for other in order[:here] if other in left]
    after = [other for other in order[here + 1 :] if other in left]
    return (before[-1] if before else None), (after[0] if after else None)


@bp.post("/<id>/values/<key>")
@guarded(Action.RECORD_EDIT)
def write(dossier: Dossier, key: str) -> ResponseReturnValue:
    """Key the value, then on to the next one."""
    form = _form_id(dossier)
    try:
        one = record.key_value(g.session, dossier, key, request.form.get("text", ""), actor=g.actor, form_id=form)
    except BadInput as error:
        return _value_page(dossier, key, sentence_of(error)), error.status
    following = _neighbours(record.get_record(g.session, dossier, actor=g.actor, form_id=form), key)[1]
    access.commit()
    _say(one)
    return _go_on(dossier, following, form)


def _say(one: Value) -> None:
    if one.state is ValueState.VERIFIED:
        flash(_("“%(what)s” is verified.", what=one.item.labels[0]), "success")
    elif one.state is ValueState.DISPUTED:
        flash(
            _("“%(what)s”: the other officer wrote it otherwise. A third person decides.", what=one.item.labels[0]),
            "warning",
        )
    else:
        flash(_("“%(what)s” is keyed. A second officer keys it, too.", what=one.item.labels[0]), "info")


def _go_on(dossier: Dossier, following: str | None, form: str) -> ResponseReturnValue:
    if following is None:
        return redirect(url_for("record.show", id=dossier.id, form=form))
    return redirect(url_for("record.value", id=dossier.id, key=following, form=form))


@bp.post("/<id>/values/<key>/decide")
@guarded(Action.RECORD_SETTLE)
def decide(dossier: Dossier, key: str) -> ResponseReturnValue:
    """The third look at a value two officers differ about."""
    text, reason = request.form.get("text", ""), request.form.get("reason", "")
    try:
        one = record.decide(g.session, dossier, key, text, reason=reason, actor=g.actor)
    except BadInput as error:
        return _value_page(dossier, key, sentence_of(error)), error.status
    access.commit()
    _say(one)
    return _go_on(dossier, None, _form_id(dossier))


@bp.post("/<id>/take")
@guarded(Action.RECORD_EDIT)
def take(dossier: Dossier) -> ResponseReturnValue:
    """Take over what was read without a doubt."""
    form = _form_id(dossier)
    overwrite = request.form.get("overwrite") == "1"
    count = record.take_read(g.session, dossier, actor=g.actor, overwrite=overwrite, form_id=form)
    access.commit()
    if count:
        flash(_("Values taken over: %(count)s.", count=count), "success")
    else:
        flash(_("Nothing to take over: what is left needs your eyes."), "info")
    return redirect(url_for("record.show", id=dossier.id, form=form))


@bp.get("/<id>/tables/<key>")
@guarded(Action.RECORD_READ)
def table(dossier: Dossier, key: str) -> str:
    """One table, row by row."""
    return _table_page(dossier, key)


def _table_page(dossier: Dossier, key: str, problem: str = "", kept: Any = None) -> str:
    form = _form_id(dossier)
    found = record.view(g.session, dossier, actor=g.actor, form_id=form)
    asked = next((thing for thing in found.form.tables if thing.key == key), None)
    if asked is None or key not in found.tables:
        raise NotFound()
    rows = found.tables[key]
    return render_template(
        "record/table.html",
        dossier=dossier,
        asked=asked,
        columns=_columns(asked),
        parts=parts_of(form, key),
        rows=rows,
        form=form,
        problem=problem,
        kept=kept or {},
        only_read=bool(rows) and rows[0].line is None,
        may_write=can(g.actor, Action.RECORD_EDIT, dossier),
    )


def _columns(asked: FormTable) -> tuple[str, ...]:
    return asked.columns or (asked.labels[0],)


@bp.post("/<id>/tables/<key>")
@guarded(Action.RECORD_EDIT)
def write_row(dossier: Dossier, key: str) -> ResponseReturnValue:
    """Add a row, or write one anew."""
    form, line = _form_id(dossier), request.form.get("line") or None
    cells = request.form.getlist("cell")
    try:
        record.write_row(g.session, dossier, key, cells, line=line, actor=g.actor, form_id=form)
    except BadInput as error:
        return _table_page(dossier, key, sentence_of(error), {line: cells}), error.status
    access.commit()
    flash(_("The row is written down."), "success")
    return redirect(url_for("record.table", id=dossier.id, key=key, form=form))


@bp.post("/<id>/tables/<key>/<line>/remove")
@guarded(Action.RECORD_EDIT)
def remove_row(dossier: Dossier, key: str, line: str) -> ResponseReturnValue:
    """Take a row out."""
    record.remove_row(g.session, dossier, key, line, actor=g.actor)
    access.commit()
    flash(_("The row is out. What stood there is kept in the history."), "success")
    return redirect(url_for("record.table", id=dossier.id, key=key, form=_form_id(dossier)))


@bp.post("/<id>/tables/<key>/take")
@guarded(Action.RECORD_EDIT)
def take_rows(dossier: Dossier, key: str) -> ResponseReturnValue:
    """Begin with the rows the machine read."""
    record.take_rows(g.session, dossier, key, actor=g.actor, form_id=_form_id(dossier))
    access.commit()
    return redirect(url_for("record.table", id=dossier.id, key=key, form=_form_id(dossier)))
