"""Accounts, for the technical administrator: who can sign in, with which role where. Never a dossier."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from oms import accounts, organisation
from oms.errors import BadInput, Conflict, NotFound
from oms.models import Account, Role, Unit
from oms.permissions import Action
from oms.policy import ALWAYS, ALWAYS_CLOSED, rules
from oms.web import access
from oms.web.access import guarded, house
from oms.web.days import read_day
from oms.web.errors import sentence_of

bp = Blueprint("accounts", __name__, url_prefix="/accounts")


@bp.get("")
@guarded(Action.ACCOUNT_MANAGE)
def index() -> str:
    """All accounts."""
    return render_template("accounts/index.html", accounts=accounts.list_accounts(g.session, actor=g.actor))


@bp.get("/policy")
@guarded(Action.OWN_READ)
def policy() -> str:
    """What each role may do, made from the rules that are enforced; to be printed and signed."""
    closed = house().settings.protected
    found = rules(closed=closed)
    roles = [role for role in Role if any(role in rule.roles for rule in found)]
    return render_template("accounts/policy.html", rules=found, always=ALWAYS_CLOSED if closed else ALWAYS, roles=roles)


@bp.get("/<id>")
@guarded(Action.ACCOUNT_MANAGE)
def show(account: Account) -> str:
    """One account."""
    return _page(account)


def _page(account: Account, errors: dict[str, str] | None = None) -> str:
    accounts.view(g.session, account, actor=g.actor)
    return render_template(
        "accounts/show.html",
        shown=account,
        wrong_tries=accounts.wrong_tries(g.session, account.username),
        sign_ins=accounts.sign_ins_of(g.session, account, actor=g.actor, settings=house().settings),
        **_factors(account),
        today=organisation.today(),
        errors=errors or {},
        **_choices(organisation.units_on(g.session, organisation.today())),
    )


def _factors(account: Account) -> dict[str, Any]:
    factors = accounts.factors_of(g.session, account.id)
    return {
        "by_app": accounts.has_app(g.session, account.id),
        "passkeys": accounts.count_passkeys(g.session, account.id),
        "removal_asked_by_id": next((one.removal_asked_by_id for one in factors if one.removal_asked_by_id), None),
    }


def _choices(units: list[Unit]) -> dict[str, Any]:
    return {
        "units": [(unit.id, unit.name) for unit in units],
        "roles": [(role.value, _(role.label)) for role in Role],
        "values": request.form,
    }


@bp.post("/<id>/roles")
@guarded(Action.ACCOUNT_MANAGE)
def assign(account: Account) -> AnyResponse:
    """Give a role in a unit, with or without the units below, from one day to another."""
    units = organisation.units_on(g.session, organisation.today())
    role, unit = request.form.get("role", ""), _choose(units, request.form.get("unit", ""))
    errors: dict[str, str] = {}
    first, last = _day("valid_from", errors), _day("valid_to", errors)
    if role not in set(Role):
        errors["role"] = _("Choose what this person is in the unit.")
    if unit is None:
        errors["unit"] = _("Choose the unit this person works for.")
    if not errors and unit is not None:
        try:
            accounts.assign(
                g.session,
                account,
                Role(role),
                unit,
                actor=g.actor,
                with_units_below="below" in request.form,
                valid_from=first,
                valid_to=last,
            )
        except (BadInput, Conflict) as error:
            errors["valid_to" if isinstance(error, BadInput) else "unit"] = sentence_of(error)
    if errors:
        return make_response(_page(account, errors), 422)
    access.commit()
    flash(_("The role was given. %(username)s signs in again.", username=account.username), "success")
    return redirect(url_for(".show", id=account.id))


def _day(name: str, errors: dict[str, str]) -> date | None:
    try:
        return read_day(request.form.get(name, ""))
    except BadInput as error:
        errors[name] = sentence_of(error)
        return None


@bp.post("/<id>/roles/<assignment_id>/end")
@guarded(Action.ACCOUNT_MANAGE)
def end_role(account: Account, assignment_id: str) -> AnyResponse:
    """End a role after a day, or at once."""
    assignment = next((one for one in account.assignments if one.id == assignment_id), None)
    if assignment is None:
        raise NotFound()
    errors: dict[str, str] = {}
    last = _day("last_day", errors)
    if errors:
        return make_response(_page(account, errors), 422)
    accounts.end_assignment(g.session, assignment, actor=g.actor, last_day=last)
    access.commit()
    flash(_("The role was ended. %(username)s signs in again.", username=account.username), "success")
    return redirect(url_for(".show", id=account.id))


@bp.post("/<id>/sessions/end")
@guarded(Action.ACCOUNT_MANAGE)
def end_sessions(account: Account) -> AnyResponse:
    """Sign somebody out everywhere."""
    accounts.sign_out_everywhere(g.session, account, actor=g.actor)
    access.commit()
    flash(_("%(username)s is signed out everywhere.", username=account.username), "success")
    return redirect(url_for(".show", id=account.id))


@bp.post("/<id>/second-factor/remove")
@guarded(Action.ACCOUNT_MANAGE)
def remove_second_factor(account: Account) -> AnyResponse:
    """Take away somebody's second factor: two administrators, one after the other."""
    gone = accounts.ask_removal(g.session, account, actor=g.actor)
    access.commit()
    if gone:
        flash(_("The second factor was taken away. %(username)s signs in again.", username=account.username), "success")
    else:
        flash(_("Noted. A second administrator opens this page and does the same; then it is gone."), "info")
    return redirect(url_for(".show", id=account.id))


@bp.post("/<id>/office/untie")
@guarded(Action.ACCOUNT_MANAGE)
def untie(account: Account) -> AnyResponse:
    """Let the next identity of this name at the office's provider be the right one."""
    accounts.untie(g.session, account, actor=g.actor)
    access.commit()
    flash(_("The next sign-in by the office ties %(username)s anew.", username=account.username), "success")
    return redirect(url_for(".show", id=account.id))


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
        errors=errors,
        **_choices(units),
    )
    return make_response(page, 422 if errors else 200)


def _choose(units: list[Unit], id: str) -> Unit | None:
    return next((unit for unit in units if unit.id == id), None)


def _show_password(account: Account, password: str, status: int) -> Response:
    # Not after a redirect: the password would have to wait somewhere in between.
    page = render_template("accounts/password.html", shown=account, password=password, **_factors(account))
    return make_response(page, status)


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
