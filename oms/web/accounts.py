"""Accounts, for the technical administrator: who can sign in, with which role where. Never a dossier."""

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from oms import accounts, organisation
from oms.errors import BadInput
from oms.models import Account, Role, Unit
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("accounts", __name__, url_prefix="/accounts")


@bp.get("")
@guarded(Action.ACCOUNT_MANAGE)
def index() -> str:
    """All accounts."""
    return render_template("accounts/index.html", accounts=accounts.list_accounts(g.session, actor=g.actor))


@bp.get("/<id>")
@guarded(Action.ACCOUNT_MANAGE)
def show(account: Account) -> str:
    """One account."""
    accounts.view(g.session, account, actor=g.actor)
    return render_template(
        "accounts/show.html", shown=account, wrong_tries=accounts.wrong_tries(g.session, account.username)
    )


@bp.route("/new", methods=["GET", "POST"])
@guarded(Action.ACCOUNT_MANAGE)
def new() -> AnyResponse | str:
    """A new account with a role in a unit; the first password is shown once, on the answer itself."""
    units = organisation.units_on(g.session, organisation.today())
    errors: dict[str, str] = {}
    if request.method == "POST":
        role, unit = request.form.get("role", ""), _choose(units, request.form.get("unit", ""))
        if role not in set(Role):
            errors["role"] = _("Choose what this person is in the unit.")
        if unit is None:
            errors["unit"] = _("Choose the unit this person works for.")
        if not errors and unit is not None:
            try:
                account, password = accounts.create_account(
                    g.session,
                    username=request.form.get("username", ""),
                    full_name=request.form.get("full_name", "")[:120],
                    role=Role(role),
                    unit=unit,
                    actor=g.actor,
                )
            except BadInput as error:
                errors["username"] = sentence_of(error)
            else:
                access.commit()
                return _show_password(account, password, 201)
    page = render_template(
        "accounts/new.html",
        units=[(unit.id, unit.name) for unit in units],
        roles=[(role.value, _(role.label)) for role in Role],
        values=request.form,
        errors=errors,
    )
    return make_response(page, 422 if errors else 200)


def _choose(units: list[Unit], id: str) -> Unit | None:
    return next((unit for unit in units if unit.id == id), None)


def _show_password(account: Account, password: str, status: int) -> Response:
    # Not after a redirect: the password would have to wait somewhere in between.
    return make_response(render_template("accounts/password.html", shown=account, password=password), status)


@bp.post("/<id>/password")
@guarded(Action.ACCOUNT_MANAGE)
def reset_password(account: Account) -> Response:
    """A new first password, shown once."""
    password = accounts.reset_password(g.session, account, actor=g.actor)
    access.commit()
    return _show_password(account, password, 200)


@bp.post("/<id>/<any(disable, enable):change>")
@guarded(Action.ACCOUNT_MANAGE)
def set_disabled(account: Account, change: str) -> AnyResponse:
    """Close an account, ending its sessions at once, or open it again."""
    accounts.set_disabled(g.session, account, change == "disable", actor=g.actor)
    access.commit()
    if account.disabled:
        flash(_("%(username)s is closed and signed out everywhere.", username=account.username), "success")
    else:
        flash(_("%(username)s can sign in again.", username=account.username), "success")
    return redirect(url_for(".show", id=account.id))
