"""Two installations on one machine: the one of every test sends, another one receives."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from oms import accounts, custody, db, installation, intake, packages, review, staging
from oms.models import Category, Dossier, Fact, Page, PageState, Quality, ScanState, Unit
from oms.permissions import Actor
from oms.reading import pack_words
from oms.recognition import Word
from oms.settings import Settings
from tests import factories
from tests.factories import World


@dataclass
class House:
    """An installation with its world."""

    settings: Settings
    engine: Engine
    world: World
    sent: list[str] = field(default_factory=list)

    def actor(self, username: str) -> Actor:
        """The account with its rights, the password just given."""
        with db.reading(self.engine) as session:
            return accounts.get_actor(session, username, via="cli")

    @property
    def key(self) -> str:
        """Its public key."""
        return packages.public_key(self.settings)

    def trust(self, other: "House", name: str, **days: object) -> None:
        """Trust another installation."""
        with db.writing(self.engine) as session:
            packages.trust(session, other.key, name, actor=None, **days)  # type: ignore[arg-type]

    def take_in(self, path: Path, code: str, username: str = "canbo.soyt") -> str:
        """Take a package in as the officer of Sở Y tế; return the id of its row."""
        actor = self.actor(username)
        with path.open("rb") as stream:
            return packages.take_in(
                self.engine, self.settings, stream, code, self.world.units["soyt"], actor=actor, send=self.sent.append
            )


@pytest.fixture
def here(settings: Settings, engine: Engine, world: World) -> House:
    """The sender."""
    with db.writing(engine) as session:
        session.add(Fact(key="organisation", value="Đảng bộ Khối A"))
    return House(settings, engine, world)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated SQLite database, whatever the suite runs on."""
    home = tmp_path_factory.mktemp("receiver")
    engine = db.connect(f"sqlite:///{home / 'oms.sqlite3'}")
    installation.upgrade(Settings(home=home), engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return (home / "oms.sqlite3").read_bytes()


@pytest.fixture
def there(tmp_path: Path, empty_database: bytes) -> Iterator[House]:
    """The receiver, in another home."""
    home = tmp_path / "receiver"
    home.mkdir()
    (home / "oms.sqlite3").write_bytes(empty_database)
    settings = Settings(home=home)
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    with db.writing(engine) as session:
        world = factories.make_world(session)
        session.add(Fact(key="organisation", value="Đảng bộ Khối B"))
    yield House(settings, engine, world)
    engine.dispose()
    staging.forget(settings)


@pytest.fixture
def friends(here: House, there: House) -> None:
    """Both trust each other."""
    here.trust(there, "Đảng bộ Khối B")
    there.trust(here, "Đảng bộ Khối A")


def fill(house: House, pages: int = 2) -> str:
    """A dossier of Sở Nội vụ with a read scan, a filed document and a correction; return its id."""
    officer = house.actor("canbo.sonv")
    drawn = [factories.draw_page("QUYẾT ĐỊNH", f"Trang {number}", size=(620, 877)) for number in range(1, pages + 1)]
    arrival = intake.examine(house.settings, [factories.pdf_of(*drawn)], "quyết định.pdf")
    assert not arrival.suspicions
    intake.keep(house.settings, arrival)
    with db.writing(house.engine) as session:
        dossier = factories.make_dossier(session, house.world.units["sonv"], category=Category.CIVIL_SERVANT)
        dossier.person.personal_id = "079085001234"
        scan, _new = intake.receive(session, dossier, arrival, actor=officer)
        for page in session.scalars(select(Page).where(Page.scan_id == scan.id)):
            page.state, page.quality, page.confidence = PageState.READ, Quality.GOOD, 95.0
            page.text_read = page.text = f"QUYẾT ĐỊNH trang {page.number}"
            page.words = pack_words([Word("QUYẾT", 60, 70, 90, 17, 95.0, 0)])
            page.width, page.height = 620, 877
        scan.state = ScanState.READ
        session.flush()
        factories.make_document(session, dossier, scan, title="Quyết định bổ nhiệm", actor=officer)
        first = session.scalars(select(Page).where(Page.scan_id == scan.id).order_by(Page.number)).first()
        assert first is not None
        review.correct(session, first, "QUYẾT ĐỊNH bổ nhiệm trang một", actor=officer)
        dossier_id = dossier.id
    intake.discard(arrival)
    return dossier_id


def dispatch(house: House, dossier_id: str) -> str:
    """Send the dossier on its way to Sở Tài chính; return the id of the transfer."""
    with db.writing(house.engine) as session:
        dossier = session.get_one(Dossier, dossier_id)
        receiver = session.get_one(Unit, house.world.units["sotc"])
        transfer = custody.prepare(
            session, dossier, receiver, "QĐ 12", actor=house.actor("canbo.sonv"), proof=factories.PROOF
        )
        for name, username in (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv")):
            actor = house.actor(username)
            custody.take(session, custody.choose_step(transfer, name, actor=actor), transfer, actor=actor)
        return transfer.id


@pytest.fixture
def sealed(here: House, there: House, friends: None) -> packages.Sealed:
    """A package of a small dossier, made here for the house there."""
    transfer_id = dispatch(here, fill(here))
    return packages.export(here.engine, here.settings, transfer_id, there.key, actor=here.actor("canbo.sonv"))
