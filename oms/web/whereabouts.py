"""Where the paper is: the list of papers apart from their file, and settling one."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import whereabouts
from oms.permissions import Action, can
from oms.web import access
from oms.web.access import guarded
from oms.web.work import Due, source

bp = Blueprint("whereabouts", __name__, url_prefix="/papers-apart")


@bp.get("")
@guarded(Action.PAPER_READ)
def index() -> str:
    """Every paper that is apart from its file and concerns the reader's units."""
    dossiers = whereabouts.list_differences(g.session, actor=g.actor)
    whereabouts.look_over(g.session, dossiers, actor=g.actor)
    return render_template("whereabouts/index.html", dossiers=dossiers, unit_of=whereabouts.unit_of)


@bp.get("/<dossier_id>")
@guarded(Action.PAPER_READ)
def show(dossier_id: str) -> str:
    """One difference and the ways to settle it; the holder of the paper sees the number, never the content."""
    dossier = whereabouts.find_difference(g.session, dossier_id, actor=g.actor)
    whereabouts.look_over(g.session, [dossier], actor=g.actor)
    paper = whereabouts.describe(g.session, dossier, actor=g.actor)
    moves = can(g.actor, Action.DOSSIER_EDIT, dossier) and g.actor.has(Action.TRANSFER_PREPARE)
    may_transfer = paper.apart and paper.unit.id != dossier.custodian_id and moves
    return render_template("whereabouts/show.html", dossier=dossier, paper=paper, may_transfer=may_transfer)


@bp.post("/<dossier_id>")
@guarded(Action.PAPER_MOVE)
def settle(dossier_id: str) -> ResponseReturnValue:
    """Say how the difference is settled."""
    dossier = whereabouts.find_difference(g.session, dossier_id, actor=g.actor)
    form = request.form
    whereabouts.settle(g.session, dossier, form.get("way", ""), actor=g.actor, note=form.get("note", ""))
    access.commit()
    flash(_("Written down: where the paper of %(number)s is.", number=dossier.number), "success")
    return redirect(
        url_for(".show", dossier_id=dossier.id) if can(g.actor, Action.PAPER_READ, dossier) else url_for(".index")
    )


@source
def due_of_mine() -> list[Due]:
    """The alarm on the start pages of both units."""
    if not g.actor.has(Action.PAPER_READ):
        return []
    return [
        Due(
            title=_("The paper of %(number)s is apart from its file", number=dossier.number),
            url=url_for("whereabouts.show", dossier_id=dossier.id),
            text=_(
                "File: %(file)s. Paper: %(paper)s.",
                file=dossier.custodian.name,
                paper=whereabouts.unit_of(dossier).name,
            ),
            icon="exclamation-triangle",
            status=(_("Paper and file are apart."), "danger"),
            late=True,
        )
        for dossier in whereabouts.list_differences(g.session, actor=g.actor)
    ]
