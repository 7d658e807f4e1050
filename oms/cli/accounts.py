"""`oms user`: accounts, by the administrator of the machine or as one of the program."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from oms import accounts, db, organisation
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, put, put_json, put_table, say, with_json
from oms.errors import N_, BadInput
from oms.models import Account, Assignment, Role
from oms.permissions import Actor
from oms.policy import rules

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(help=_("Accounts: list, add, close and reopen, new password."))
def user() -> None:
    """The group of account commands."""


@contextmanager
def _perhaps_acting(house: House, username: str | None, action: str) -> Iterator[Actor | None]:
    """Whoever can run commands on the machine administers it; with `--as`, the rights of that account count."""
    if username is None:
        yield None
        return
    with acting(house, username, action) as actor:
        yield actor


def _find(session: Session, username: str) -> Account:
    account = session.scalar(select(Account).where(Account.username == username.strip().lower()))
    if account is None:
        raise BadInput(N_("There is no account %(username)s. “oms user list” shows them."), username=username)
    return account


@user.command("list", help=_("All accounts with their roles."))
@acting_as(required=False)
@with_json
def list_accounts(username: str | None, as_json: bool) -> None:
    """Show accounts; never a password or its hash."""
    house = open_house()
    with _perhaps_acting(house, username, "account:list") as actor, db.reading(house.engine) as session:
        if actor is not None:
            found = accounts.list_accounts(session, actor=actor)
        else:
            with_units = selectinload(Account.assignments).selectinload(Assignment.unit)
            found = list(session.scalars(select(Account).options(with_units).order_by(Account.username)))
        rows = [
            {
                "username": account.username,
                "name": account.full_name,
                "disabled": account.disabled,
                "roles": [{"role": a.role.value, "unit": a.unit.code} for a in account.assignments],
            }
            for account in found
        ]
        roles = [
            ", ".join(f"{_(a.role.label)} · {a.unit.short_name}" for a in account.assignments) for account in found
        ]
    if as_json:
        for row in rows:
            put_json(row)
        return
    closed = [_("closed") if row["disabled"] else "" for row in rows]
    put_table(
        (_("User name"), _("Name"), _("Roles"), ""),
        [(row["username"], row["name"], text, state) for row, text, state in zip(rows, roles, closed, strict=True)],
    )


@user.command(help=_("A new account with one role; its one-time password is printed."))
@click.argument("new_username", metavar="USERNAME")
@click.option("--name", default="", help=_("Name of the person."))
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help=_("What the account is."))
@click.option("--unit", "unit_words", required=True, metavar="UNIT", help=_("Code or name of the unit."))
@acting_as(required=False)
@with_json
def add(new_username: str, name: str, role: str, unit_words: str, username: str | None, as_json: bool) -> None:
    """Make an account."""
    house = open_house()
    with _perhaps_acting(house, username, "account:create") as actor, db.writing(house.engine) as session:
        unit = organisation.find_unit(session, unit_words)
        account, password = accounts.create_account(
            session, username=new_username, full_name=name, role=Role(role), unit=unit, actor=actor
        )
        made = account.username
    _tell_password(made, password, as_json)


@user.command(help=_("Close an account: its sessions end at once; --again opens it anew."))
@click.argument("account_name", metavar="USERNAME")
@click.option("--again", is_flag=True, help=_("Open the account again."))
@acting_as(required=False)
def disable(account_name: str, again: bool, username: str | None) -> None:
    """Close or reopen an account."""
    house = open_house()
    with _perhaps_acting(house, username, "account:disable") as actor, db.writing(house.engine) as session:
        accounts.set_disabled(session, _find(session, account_name), not again, actor=actor)
    if again:
        say(_("%(username)s is open again.", username=account_name))
    else:
        say(_("%(username)s is closed.", username=account_name))


@user.command("reset-password", help=_("A new one-time password for an account; it is printed."))
@click.argument("account_name", metavar="USERNAME")
@acting_as(required=False)
@with_json
def reset_password(account_name: str, username: str | None, as_json: bool) -> None:
    """Print a new first password."""
    house = open_house()
    with _perhaps_acting(house, username, "account:reset_password") as actor, db.writing(house.engine) as session:
        account = _find(session, account_name)
        password = accounts.reset_password(session, account, actor=actor)
        account_name, stays = account.username, accounts.has_second_factor(session, account.id)
    _tell_password(account_name, password, as_json)
    if stays and not as_json:
        say(
            _(
                "The second factor stays. Is it lost, too: oms user second-factor %(username)s --reset",
                username=account_name,
            )
        )


@user.command(help=_("Give an account a role in a unit."))
@click.argument("account_name", metavar="USERNAME")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help=_("What the account is."))
@click.option("--unit", "unit_words", required=True, metavar="UNIT", help=_("Code or name of the unit."))
@click.option("--only-this-unit", is_flag=True, help=_("Not in the units below it."))
@click.option("--from", "first", type=_DAY, metavar="YYYY-MM-DD", help=_("First day; otherwise today."))
@click.option("--to", "last", type=_DAY, metavar="YYYY-MM-DD", help=_("Last day; otherwise until it is ended."))
@acting_as(required=False)
def assign(
    account_name: str,
    role: str,
    unit_words: str,
    only_this_unit: bool,
    first: datetime | None,
    last: datetime | None,
    username: str | None,
) -> None:
    """Give a role."""
    house = open_house()
    with _perhaps_acting(house, username, "account:assign") as actor, db.writing(house.engine) as session:
        accounts.assign(
            session,
            _find(session, account_name),
            Role(role),
            organisation.find_unit(session, unit_words),
            actor=actor,
            with_units_below=not only_this_unit,
            valid_from=first.date() if first else None,
            valid_to=last.date() if last else None,
        )
    say(_("The role was given; %(username)s signs in again.", username=account_name))


@user.command("end-role", help=_("End a role of an account in a unit."))
@click.argument("account_name", metavar="USERNAME")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help=_("Which role."))
@click.option("--unit", "unit_words", required=True, metavar="UNIT", help=_("Code or name of the unit."))
@click.option("--after", "last", type=_DAY, metavar="YYYY-MM-DD", help=_("Last day; otherwise it ends at once."))
@acting_as(required=False)
def end_role(account_name: str, role: str, unit_words: str, last: datetime | None, username: str | None) -> None:
    """End a role."""
    house = open_house()
    with _perhaps_acting(house, username, "account:end_role") as actor, db.writing(house.engine) as session:
        account, unit = _find(session, account_name), organisation.find_unit(session, unit_words)
        last_day = last.date() if last else None
        running = [
            one
            for one in account.assignments
            if one.role == role
            and one.unit_id == unit.id
            and (one.valid_to is None or one.valid_to >= (last_day or organisation.today()))
        ]
        if not running:
            raise BadInput(
                N_("%(username)s has no such role in %(unit)s to end. “oms user list” shows the roles."),
                username=account_name,
                unit=unit.name,
            )
        for assignment in running:
            accounts.end_assignment(session, assignment, actor=actor, last_day=last_day)
    say(_("The role was ended; %(username)s signs in again.", username=account_name))


@user.command("end-sessions", help=_("Sign an account out everywhere."))
@click.argument("account_name", metavar="USERNAME")
@acting_as(required=False)
def end_sessions(account_name: str, username: str | None) -> None:
    """End every session and token of an account."""
    house = open_house()
    with _perhaps_acting(house, username, "account:end_sessions") as actor, db.writing(house.engine) as session:
        accounts.sign_out_everywhere(session, _find(session, account_name), actor=actor)
    say(_("%(username)s is signed out everywhere.", username=account_name))


@user.command("second-factor", help=_("Whether an account has a second factor; --reset takes it away."))
@click.argument("account_name", metavar="USERNAME")
@click.option("--reset", is_flag=True, help=_("Take it away: the telephone and the recovery codes are lost."))
def second_factor(account_name: str, reset: bool) -> None:
    """Show or take away a second factor; only for whoever runs commands on the machine."""
    house = open_house()
    with db.writing(house.engine) as session:
        account = _find(session, account_name)
        if reset:
            accounts.reset_second_factor(session, account)
        has = accounts.has_second_factor(session, account.id)
    if reset:
        say(
            _("The second factor was taken away; %(username)s signs in with the password alone.", username=account_name)
        )
    else:
        put(_("on") if has else _("off"))


@user.command(help=_("What each role may do, made from the rules that are enforced."))
@with_json
def policy(as_json: bool) -> None:
    """Print the policy."""
    rows = rules()
    if as_json:
        for rule in rows:
            put_json({"action": rule.action.value, "where": rule.where, "roles": sorted(rule.roles)})
        return
    put_table(
        (_("Right"), _("Where"), *(_(role.label) for role in Role)),
        [(_(rule.label), _(rule.where), *("x" if role in rule.roles else "" for role in Role)) for rule in rows],
    )


def _tell_password(username: str, password: str, as_json: bool) -> None:
    if as_json:
        put_json({"username": username, "password": password})
        return
    say(_("One-time password, shown only now; it must be changed at the first sign-in:"))
    put(f"{username}  {password}")
