"""Alarms over HTTP: the list with what nobody looked into first, and the note that settles one."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import alarms
from oms.errors import BadInput
from oms.models import Alarm
from oms.permissions import Action
from oms.web import access, work
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.two_people import look_again

bp = Blueprint("alarms", __name__, url_prefix="/alarms")


@work.source
def due_of_mine() -> list[work.Due]:
    """One row for all alarms that nobody looked into, before all other work."""
    if not g.actor.has(Action.ALARM_READ):
        return []
    open_ones = alarms.waiting(g.session, actor=g.actor)
    if not open_ones:
        return []
    newest = open_ones[-1]
    return [
        work.Due(
            title=_("%(count)s alarms nobody looked into", count=len(open_ones)),
            url=url_for("alarms.index"),
            text=_(alarms.sentence_of(newest), **newest.values),
            icon="bell",
            status=(_("Alarm"), "danger"),
            late=True,
        )
    ]


@bp.get("")
@guarded(Action.ALARM_READ)
def index() -> str:
    """The newest alarms, those that nobody settled first."""
    return _list()


@bp.post("/<id>/settle")
@guarded(Action.ALARM_READ)
def settle(alarm: Alarm) -> ResponseReturnValue:
    """Write down what was found."""
    id, note = alarm.id, request.form.get("note", "")
    try:
        alarms.settle(g.session, alarm, note, actor=g.actor)
    except BadInput as error:
        look_again(error)
        return _list(refused=id, note=note, error=sentence_of(error)), error.status
    access.commit()
    flash(_("The alarm is settled; your note stands beside it."), "success")
    return redirect(url_for(".index"))


def _list(*, refused: str = "", note: str = "", error: str = "") -> str:
    return render_template(
        "alarms/index.html",
        alarms=alarms.list_alarms(g.session, actor=g.actor),
        sentence_of_alarm=alarms.sentence_of,
        reads_log=g.actor.has(Action.AUDIT_READ),
        refused=refused,
        note=note,
        error=error,
    )
