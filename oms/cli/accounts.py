"""`oms user`: accounts, by the administrator of the machine or as one of the program."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from oms import accounts, db, organisation
from oms.cli.opening import House, acting, open_house
from oms.cli.output import _, acting_as, put, put_json, put_table, say, with_json
from oms.errors import N_, BadInput
from oms.models import Account, Assignment, Role
from oms.permissions import Actor


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
        account_name = account.username
    _tell_password(account_name, password, as_json)


def _tell_password(username: str, password: str, as_json: bool) -> None:
    if as_json:
        put_json({"username": username, "password": password})
        return
    say(_("One-time password, shown only now; it must be changed at the first sign-in:"))
    put(f"{username}  {password}")
