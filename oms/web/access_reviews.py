"""Reviews of access rights over HTTP: where they stand, the list of one, what the head says, and the signing."""

from datetime import datetime

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from oms import access_reviews, catalogue
from oms.accounts.delegations import DELEGABLE
from oms.errors import BadInput, Conflict, NotFound, OmsError, Refused
from oms.models import AccessReview, AccessReviewRow, Role, Unit
from oms.organisation import today
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.two_people import look_again
from oms.web.work import Due, source

bp = Blueprint("access_reviews", __name__, url_prefix="/access-reviews")


@bp.get("")
@guarded(Action.ACCESS_REVIEW_STATE)
def index() -> str:
    """Where the reviews of the units stand; accounts of people who left."""
    return render_template(
        "access_reviews/index.html",
        standings=access_reviews.view_list(g.session, actor=g.actor),
        signing=g.actor.units.get(Action.ACCESS_REVIEW_SIGN, frozenset()),
        leavers=access_reviews.leavers(g.session, actor=g.actor),
        marks=_marks(),
        manages=g.actor.has(Action.ACCOUNT_MANAGE),
        rule=catalogue.access_review_rule(today()),
    )


def _marks() -> dict[str, str]:
    return {mark: _(words) for mark, words in access_reviews.MARKS.items()}


@bp.post("")
@guarded(Action.ACCESS_REVIEW_SIGN)
def start() -> AnyResponse:
    """Begin the review of a unit, or go on with it."""
    unit = g.session.get(Unit, request.form.get("unit", ""))
    if unit is None or unit.id not in g.actor.units[Action.ACCESS_REVIEW_SIGN]:
        raise NotFound()
    review = access_reviews.start(g.session, unit, actor=g.actor)
    access.commit()
    return redirect(url_for(".show", id=review.id))


@bp.get("/<id>")
@guarded(Action.ACCESS_REVIEW_READ)
def show(accessreview: AccessReview) -> str:
    """The accounts with what they may do; open: to be confirmed or revoked, signed: as it was."""
    return _page(accessreview)


def _page(review: AccessReview, problem: str = "") -> str:
    held = access_reviews.view(g.session, review, actor=g.actor)
    typed = {name: value for name, value in request.form.items() if name.startswith(("verdict-", "reason-"))}
    for account_id, row in access_reviews.verdicts(review, held).items():
        typed.setdefault(f"verdict-{account_id}", row.verdict.value if row.verdict else "")
        typed.setdefault(f"reason-{account_id}", row.reason)
    return render_template(
        "access_reviews/show.html",
        review=review,
        held=held,
        rows=[(row, _last(row)) for row in sorted(review.rows, key=lambda row: row.account.username)],
        typed=typed,
        changed={row.account_id for row in review.rows} - access_reviews.verdicts(review, held).keys(),
        marks=_marks(),
        roles={role.value: _(role.label) for role in Role},
        acts={action.value: _(words) for action, words in DELEGABLE.items()},
        owners=[
            (one.account.id, f"{one.account.full_name} ({one.account.username})")
            for one in held
            if one.account.id != g.actor.account_id
        ],
        problem=problem,
    )


def _last(row: AccessReviewRow) -> datetime | None:
    written = (row.told or {}).get("last_sign_in")
    return datetime.fromisoformat(written) if written else None


@bp.post("/<id>/<any(save, sign):step>")
@guarded(Action.ACCESS_REVIEW_SIGN)
def decide(accessreview: AccessReview, step: str) -> AnyResponse | Response:
    """Keep what was chosen; with “sign” the review is closed and what is revoked ends at once."""
    review = accessreview
    said = {
        name.removeprefix("verdict-"): (verdict, request.form.get(f"reason-{name.removeprefix('verdict-')}", ""))
        for name, verdict in request.form.items()
        if name.startswith("verdict-") and verdict
    }
    try:
        access_reviews.decide(g.session, review, said, actor=g.actor)
        revoked = access_reviews.sign(g.session, review, actor=g.actor) if step == "sign" else 0
    except (BadInput, Conflict, Refused) as error:
        return _again(review, error)
    access.commit()
    if step == "sign":
        flash(_("The review is signed. Accounts whose rights ended: %(count)s.", count=revoked), "success")
    else:
        flash(_("Kept. Nothing ends before you sign."), "success")
    return redirect(url_for(".show", id=review.id))


def _again(review: AccessReview, error: OmsError) -> Response:
    id = review.id
    look_again(error)
    return make_response(_page(access.load(AccessReview, "id", id, g.actor), sentence_of(error)), error.status)


@bp.post("/<id>/tie")
@guarded(Action.ACCESS_REVIEW_SIGN)
def tie(accessreview: AccessReview) -> AnyResponse:
    """Say whose account it is, by the number of the dossier."""
    form = request.form
    try:
        account = access_reviews.tie(
            g.session, accessreview, form.get("account", ""), form.get("dossier", ""), actor=g.actor
        )
    except (BadInput, Conflict, Refused) as error:
        return _again(accessreview, error)
    access.commit()
    if account.person_id:
        flash(_("%(username)s is tied to the person of this dossier.", username=account.username), "success")
    else:
        flash(_("%(username)s is tied to nobody now.", username=account.username), "success")
    return redirect(url_for(".show", id=accessreview.id))


@source
def due_of_mine() -> list[Due]:
    """Reviews that are late or soon due, and accounts of people who left."""
    if not g.actor.has(Action.ACCESS_REVIEW_STATE):
        return []
    gone = [
        Due(
            title=_("Account %(username)s: %(why)s", username=account.username, why=_(access_reviews.MARKS[why])),
            url=url_for("accounts.show", id=account.id)
            if g.actor.has(Action.ACCOUNT_MANAGE)
            else url_for("access_reviews.index"),
            text=_("It can still sign in. Close it, or end its roles."),
            icon="person-x",
            late=True,
        )
        for account, why in access_reviews.leavers(g.session, actor=g.actor)
    ]
    waiting = [one for one in access_reviews.standings(g.session, actor=g.actor) if one.late or one.soon]
    if not g.actor.has(Action.ACCESS_REVIEW_SIGN):
        late = sum(one.late for one in waiting)
        overdue = Due(
            title=_("Units whose yearly review of access rights is late: %(count)s", count=late),
            url=url_for("access_reviews.index"),
            icon="shield-check",
        )
        return gone + ([overdue] if late else [])
    return gone + [
        Due(
            title=_("Review the access rights of %(unit)s", unit=one.unit.short_name),
            url=url_for("access_reviews.index"),
            text=_("Each account is confirmed or revoked once a year, then you sign."),
            icon="shield-check",
            status=(_("late"), "danger") if one.late else None,
            late=one.late,
        )
        for one in waiting
    ]
