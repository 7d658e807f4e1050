"""A campaign of Sở Nội vụ in which one person with an account is asked."""

import pytest
from sqlalchemy import select

from oms import accounts, campaigns
from oms.models import (
    Account,
    Declaration,
)
from tests import factories
from tests.campaigns.acts import opening


@pytest.fixture
def asked(session, world, actor):
    """A campaign of Sở Nội vụ with one declaration: of the person with an account."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = dossier.person_id
    session.flush()
    campaign = campaigns.open_campaign(session, opening(world), actor=actor("canbo.sonv"))
    return session.scalars(select(Declaration).where(Declaration.campaign_id == campaign.id)).one()


@pytest.fixture
def person(session, world):
    """The person of the dossier; the account was tied to it in this session."""
    return lambda: accounts.actor_of(session, session.get_one(Account, world.accounts["nguoilaodong.sonv"]))
