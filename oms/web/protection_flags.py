"""The flag that a person has a protection file elsewhere: a page of its own, one look one entry."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from oms import protection_flags
from oms.errors import BadInput, OmsError
from oms.models import Person, ProtectionFlag
from oms.permissions import Action
from oms.web import access, two_people
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("protection_flags", __name__)


@bp.get("/people/<id>/protection-file")
@guarded(Action.PROTECTION_FLAG_READ)
def show(person: Person) -> str:
    """Whether there is a protection file, and where it is kept."""
    return _draw(person, protection_flags.look(g.session, person, actor=g.actor))


def _draw(person: Person, flag: ProtectionFlag | None, problem: OmsError | None = None) -> str:
    return render_template(
        "protection_flags/show.html",
        person=person,
        flag=flag,
        place=request.form.get("kept_at", flag.kept_at if flag else ""),
        problem=sentence_of(problem) if problem else "",
    )


@bp.post("/people/<id>/protection-file")
@guarded(Action.PROTECTION_FLAG_SET)
def set_flag(person: Person) -> Any:
    """Write it down."""
    id = person.id
    try:
        protection_flags.set_flag(g.session, person, request.form.get("kept_at", ""), actor=g.actor)
    except BadInput as error:
        two_people.look_again(error)
        person = access.load(Person, "id", id, g.actor)
        return _draw(person, protection_flags.look(g.session, person, actor=g.actor), error), error.status
    access.commit()
    flash(_("It is written down that this person has a protection file."), "success")
    return redirect(url_for("people.show", id=id))


@bp.post("/people/<id>/protection-file/clear")
@guarded(Action.PROTECTION_FLAG_SET)
def clear(person: Person) -> Any:
    """Take it away."""
    protection_flags.clear(g.session, person, actor=g.actor)
    access.commit()
    flash(_("Nothing is written down about a protection file any more."), "success")
    return redirect(url_for("people.show", id=person.id))
