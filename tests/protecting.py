"""The closed installation in a test: the small world behind it is the same, its kind is written into the database."""

from dataclasses import dataclass, replace

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from oms import accounts, db, profile, search
from oms.models import AuditEntry, Page
from oms.settings import Settings
from oms.web import open_house
from tests import factories
from tests.factories import PASSWORD, World

PURPOSE = "Thẩm tra theo Công văn số 12-CV/BTC ngày 03/11/2026"
TOGETHER = {"reason": PURPOSE, "second": "canbo2.sonv", "password": PASSWORD}
# What lies in the file of the fixture; the name of its person is told.
CANARIES = ("nộidungkínmậtcanari", "Kếtluậncanari", "tệpkíncanari")
NAME = "Hồ Sơ Thử Nghiệm"


@dataclass(frozen=True)
class File:
    """A protection file of Sở Nội vụ, by ids."""

    dossier: str
    number: str
    person: str
    scan: str
    page: str
    document: str

    @property
    def ids(self) -> dict[str, str]:
        """As the tests of all addresses name them."""
        return {**vars(self), "dossier_number": self.number}


@pytest.fixture
def closed(settings: Settings, engine: Engine, world: World) -> Settings:
    """The settings of the closed installation; from here on the engine's database is one."""
    found = replace(settings, profile="protection")
    profile.settle(found, engine)
    return found


@pytest.fixture
def protection_file(closed: Settings, engine: Engine, world: World) -> File:
    """A file with a paper in it, which nobody has open."""
    with db.writing(engine) as session:
        # As if it had been open to somebody: the tests begin with nobody who has it open.
        officer = replace(accounts.get_actor(session, "canbo.sonv", via="web"), opened=None)
        dossier = factories.make_dossier(session, world.units["sonv"], NAME)
        scan = factories.make_scan(session, dossier, officer.account_id, (CANARIES[0], f"{CANARIES[0]} hai"))
        scan.file_name = f"{CANARIES[2]}.pdf"
        document = factories.make_document(session, dossier, scan, title=CANARIES[1], actor=officer)
        page = session.scalars(select(Page).where(Page.scan_id == scan.id).order_by(Page.number)).first()
        found = File(dossier.id, dossier.number, dossier.person_id, scan.id, page.id, document.id)
    search.rebuild(engine, closed)
    return found


@pytest.fixture
def closed_app(app: Flask, closed: Settings, engine: Engine) -> Flask:
    """The web program on the closed installation."""
    open_house(app, closed, engine)
    return app


def entries(engine: Engine) -> list[tuple[str, str]]:
    """Action and outcome of the log, the newest last."""
    with db.reading(engine) as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq))
        return [tuple(row) for row in rows]
