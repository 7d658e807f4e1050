"""The demo: the organisation of the eve, every account of the contract, work in every state."""

import pytest
from sqlalchemy import func, select

from oms import accounts, audit, catalogue, db, demo, fixity, installation, organisation, search
from oms.errors import Conflict
from oms.models import (
    Account,
    Document,
    Dossier,
    Job,
    JobState,
    Person,
    Scan,
    ScanState,
    Transfer,
    TransferState,
    Unit,
    UnitName,
    UnitSuccession,
)
from oms.permissions import Action, allowed
from oms.specimens import FAKE_ID_PREFIX


@pytest.fixture
def loaded(engine, settings):
    """A demo with few scans, one of them read and filed."""
    result = demo.fill(engine, settings, people=400, scans=3, seed=1)
    yield result
    search._engine_at.cache_clear()


def _people(engine):
    with db.reading(engine) as session:
        return session.execute(
            select(Person.full_name, Person.birth_date, Person.personal_id, Unit.code)
            .join(Person.unit)
            .order_by(Person.staff_code)
        ).all()


def test_the_whole_demo(loaded, engine, settings):
    assert (loaded.people, loaded.scans) == (400, 3) and loaded.dossiers > 600
    assert installation.is_demo(engine)
    with db.reading(engine) as session:
        units = {unit.code: unit for unit in session.scalars(select(Unit))}
        on_the_eve = catalogue.units_on(demo.EVE)
        today = {unit.code for unit in organisation.units_on(session, organisation.today())}
        assert today == {unit.id for unit in on_the_eve}, "what the reorganisation ended goes on here"
        assert units["duk"].valid_to is None and units["lh_huu_nghi"].valid_to is not None
        assert units["so_noi_vu_c1"].parent_id == units["so_noi_vu"].id
        assert units["duk_ban_to_chuc"].keeps_dossiers
        assert session.scalar(select(func.count(UnitName.id))) == sum(len(unit.former_names) for unit in on_the_eve)
        assert session.scalars(select(UnitSuccession)).one().successor_id == units["vp_ubnd"].id

        grassroots = {unit.id for unit in catalogue.grassroots(on_the_eve)}
        held = set(session.scalars(select(Unit.code).join(Dossier, Dossier.custodian_id == Unit.id)))
        assert held == grassroots | {"duk_ban_to_chuc"}
        employed = set(session.scalars(select(Unit.code).join(Person, Person.unit_id == Unit.id)))
        assert employed == grassroots
        per_person = session.scalars(select(func.count(Dossier.id)).group_by(Dossier.person_id)).all()
        assert len(per_person) == 400 and set(per_person) <= {1, 2, 3}
        assert all(number.startswith(FAKE_ID_PREFIX) for number in session.scalars(select(Person.personal_id)))
        assert not audit.verify(session).finding
    assert [problem.kind for problem in fixity.check(engine, settings)] == []


def test_every_account_of_the_contract_can_sign_in_and_see_what_is_its_own(loaded, engine):
    assert set(loaded.accounts) == {
        "canbo.khoi", "truongban.khoi", "canbo.sonv", "bithu.sonv", "canbo.sotc", "bithu.sotc",
        "kiemtra.khoi", "nguoilaodong.sonv", "quantri",
    }  # fmt: skip
    with db.reading(engine) as session:
        for username in ("canbo.sonv", "quantri"):
            assert accounts.check_credentials(session, username, accounts.DEMO_PASSWORD) is not None
        seen = {}
        for account in session.scalars(select(Account)):
            actor = accounts.actor_of(session, account)
            seen[account.username] = session.scalar(
                select(func.count(Dossier.id)).where(allowed(actor, Action.DOSSIER_READ))
            )
            assert not account.must_change_password and account.full_name != account.username
        nothing = {name for name, count in seen.items() if count == 0}
        assert nothing == {"kiemtra.khoi", "nguoilaodong.sonv", "quantri"}
        own = session.scalars(select(Account).where(Account.username == "nguoilaodong.sonv")).one()
        person = session.get_one(Person, own.person_id)
        assert person.unit.code == "so_noi_vu" and person.full_name == own.full_name


def test_there_is_work_in_every_state(loaded, engine):
    with db.reading(engine) as session:
        states = set(session.scalars(select(Transfer.state)))
        assert states == {
            TransferState.DRAFT,
            TransferState.SUBMITTED,
            TransferState.IN_TRANSIT,
            TransferState.ACCEPTED,
        }
        scans = session.scalars(select(Scan.state)).all()
        assert sorted(scans) == [ScanState.FILED, ScanState.RECEIVED, ScanState.RECEIVED]
        document = session.scalars(select(Document)).one()
        assert document.title
        waiting = set(session.scalars(select(Job.id).where(Job.state == JobState.QUEUED)))
        assert waiting <= set(loaded.jobs) and len(waiting) == 3, (
            "two scans and a stack wait for the worker, no indexing"
        )


def test_same_seed_same_people(engine, settings, tmp_path):
    demo.fill(engine, settings, people=80, scans=0, seed=7)
    first = _people(engine)
    other_engine = None
    if settings.database_url:
        pytest.skip("a second database is easier to have on SQLite")
    try:
        from oms.settings import Settings

        other = Settings(home=tmp_path / "other")
        installation.prepare_folders(other)
        other_engine = db.connect(other.database)
        installation.upgrade(other, other_engine)
        demo.fill(other_engine, other, people=80, scans=0, seed=7)
        assert _people(other_engine) == first and len(first) == 80
    finally:
        search._engine_at.cache_clear()
        if other_engine is not None:
            other_engine.dispose()


def test_never_mixed_into_real_data(engine, settings, world):
    with pytest.raises(Conflict, match="real data"):
        demo.fill(engine, settings, people=70, scans=0)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Person.id))) == 0


def test_a_very_small_demo_loads_too(engine, settings):
    assert demo.fill(engine, settings, people=5, scans=2).people == 5
    search._engine_at.cache_clear()


def test_not_loaded_twice(engine, settings):
    demo.fill(engine, settings, people=70, scans=0)
    search._engine_at.cache_clear()
    with pytest.raises(Conflict, match="loaded already"):
        demo.fill(engine, settings, people=70, scans=0)
