"""The own supplement in a real Chromium: it saves itself while one writes, and is handed in with the next press."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from sqlalchemy import Engine, select

from oms import accounts, campaigns, db
from oms.models import Account, Declaration, DeclarationState
from oms.organisation import today
from tests import factories
from tests.campaigns.acts import opening
from tests.factories import World

pytestmark = pytest.mark.browser


def test_it_saves_itself_and_is_handed_in(tab: Tab, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        session.get_one(Account, world.accounts["canbo.sonv"]).person_id = dossier.person_id
        officer = accounts.get_actor(session, "canbo2.sonv", via="web")
        campaigns.open_campaign(session, opening(world, ends_on=today() + timedelta(days=3)), actor=officer)
        id = session.scalars(select(Declaration.id)).one()
    tab.clock.install()
    tab.goto(f"/own/supplements/{id}")
    tab.fill("[name=value-phone]", "0912 345 678")
    tab.clock.run_for(3100)
    expect(tab.locator("[data-autosave-told]")).to_contain_text("Saved")
    tab.fill("[name=since-phone]", "3/2026")
    tab.get_by_role("button", name="Hand in").click()
    expect(tab.get_by_text("Your supplement is handed in.")).to_be_visible()
    with db.reading(engine) as session:
        declaration = session.get_one(Declaration, id)
        assert declaration.state is DeclarationState.SENT
        assert [(one.new_text, one.since) for one in declaration.entries] == [("0912345678", "03/2026")]
