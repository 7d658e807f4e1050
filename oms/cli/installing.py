"""`oms init` and `oms demo`: an empty installation, or one full of invented people."""

import click

from oms import accounts, audit, db, demo_protection, health, installation, search
from oms.cli.opening import House, open_house
from oms.cli.output import _, put, put_json, say, with_json
from oms.demo import ACCOUNTS, Loaded, fill, refuse_real_data
from oms.errors import N_, Conflict
from oms.models import Account, Role, Unit, UnitKind

FIRST_UNIT = "goc"


@click.command(help=_("Create folders, database and the first administrator; the one-time password is printed."))
@click.option("--username", default="quantri", help=_("User name of the first administrator."))
@click.option("--full-name", default="", help=_("Name of the first administrator."))
@click.option("--organisation", default="Tỉnh ủy", help=_("Name of the committee at the top of the tree."))
@with_json
def init(username: str, full_name: str, organisation: str, as_json: bool) -> None:
    """Make an empty installation."""
    house = open_house(create=True)
    with db.writing(house.engine) as session:
        if session.query(Account.id).first() is not None:
            raise Conflict(
                N_("There is an installation in %(home)s already; nothing was changed. “oms user add” adds accounts."),
                home=house.settings.home,
            )
        top = Unit(code=FIRST_UNIT, kind=UnitKind.PROVINCE_COMMITTEE, name=organisation)
        session.add(top)
        session.flush()
        account, password = accounts.create_account(
            session, username=username, full_name=full_name, role=Role.ADMINISTRATOR, unit=top, actor=None
        )
        audit.record(session, "system:init", actor=None)
        username = account.username
    search.rebuild(house.engine, house.settings)
    if as_json:
        put_json({"home": house.settings.home, "username": username, "password": password})
        return
    with db.reading(house.engine) as session:
        room = health.disk(session, house.settings)
    if room.tone == health.DANGER:
        say(_(room.sentence, **room.values))
    say(_("The installation is ready in %(home)s. Sign in and change the password at once:", home=house.settings.home))
    put(f"{username}  {password}")


@click.command(help=_("Load the demonstration organisation with invented people, accounts and scans."))
@click.option("--people", default=400, show_default=True, type=click.IntRange(1, 20_000), help=_("How many people."))
@click.option("--scans", default=12, show_default=True, type=click.IntRange(0, 500), help=_("How many scans."))
@click.option("--seed", default=1, show_default=True, help=_("Same seed, same people."))
@with_json
def demo(people: int, scans: int, seed: int, as_json: bool) -> None:
    """Fill a new installation with synthetic data."""
    house: House = open_house(create=True)
    with db.reading(house.engine) as session:
        refuse_real_data(session)
    loaded = _load(house, people=people, scans=scans, seed=seed)
    if as_json:
        put_json(
            {"people": loaded.people, "dossiers": loaded.dossiers, "scans": loaded.scans, "accounts": loaded.accounts}
        )
        return
    _show_demo_accounts(house)


def demo_when_new() -> None:
    """Load the demo into an empty data folder; show its accounts in any case. A house with real data is left alone."""
    house = open_house(create=True)
    with db.reading(house.engine) as session:
        is_new = session.query(Account.id).first() is None
    if is_new:
        _load(house)
    _show_demo_accounts(house)
    house.engine.dispose()


def _load(house: House, **chosen: int) -> Loaded:
    say(_("Inventing people and drawing their scans…"))
    loaded = (
        demo_protection.fill(house.engine, house.settings)
        if house.settings.protected
        else fill(house.engine, house.settings, **chosen)
    )
    for job_id in loaded.jobs:
        house.queue.send(job_id)
    assert installation.is_demo(house.engine)
    say(
        _(
            "%(people)s people with %(dossiers)s dossiers are in the house.",
            people=loaded.people,
            dossiers=loaded.dossiers,
        )
    )
    return loaded


def _show_demo_accounts(house: House) -> None:
    if not installation.is_demo(house.engine):
        return
    shown = demo_protection.ACCOUNTS if house.settings.protected else ACCOUNTS
    with db.reading(house.engine) as session:
        for account in accounts.named(session, [username for username, _role, _unit in shown]):
            put(f"{account.username:20} {account.full_name}")
    say(_("Password of all of them: %(password)s", password=accounts.DEMO_PASSWORD))
