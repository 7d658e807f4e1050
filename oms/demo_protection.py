"""The trial of the closed installation: a few invented people with protection files, and the accounts to open them.

Nothing of the general demonstration is in it. Papers go through the doors as everywhere; that somebody had each file
open while it was laid down is pretended.
"""

from dataclasses import replace
from datetime import date

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from oms import accounts, audit, db, dossiers, search
from oms.demo import Loaded, file_paper, read_now, receive_paper, refuse_real_data
from oms.models import Account, Assignment, Category, Dossier, Fact, Gender, Person, Precision, Role, Unit, UnitKind
from oms.settings import Settings
from oms.specimens import SyntheticPerson, UnitSeat, kinds_for, make_people, make_scan
from oms.vietnamese.names import sort_key

TOP, ROOM = "tinh_uy", "phong_bao_ve"
ACCOUNTS = (
    ("canbo1.baove", Role.OFFICER, ROOM),
    ("canbo2.baove", Role.OFFICER, ROOM),
    ("truongphong.baove", Role.HEAD, ROOM),
    ("kiemtra.tinhuy", Role.INSPECTOR, TOP),
    ("quantri", Role.ADMINISTRATOR, TOP),
)
PEOPLE, FILED = 12, 3


def fill(engine: Engine, settings: Settings, *, seed: int = 1) -> Loaded:
    """Load the trial into an empty closed installation; raises `Conflict` when it is not empty."""
    loaded = Loaded()
    drawn = make_people(PEOPLE + len(ACCOUNTS), seed, [UnitSeat(ROOM)])
    invented, desks = drawn[:PEOPLE], drawn[PEOPLE:]
    with db.writing(engine) as session:
        refuse_real_data(session)
        session.add(Fact(key="demo", value="yes"))
        units = _add_units(session)
        for (username, role, unit), one in zip(ACCOUNTS, desks, strict=True):
            loaded.accounts[username] = _add_account(session, username, one.full_name, role, units[unit])
        for one in invented:
            _add_file(session, one, units[ROOM])
        loaded.people = loaded.dossiers = len(invented)
    _add_papers(engine, settings, invented[:FILED], seed, loaded)
    search.rebuild(engine, settings)
    return loaded


def _add_units(session: Session) -> dict[str, Unit]:
    top = Unit(code=TOP, kind=UnitKind.PROVINCE_COMMITTEE, name="Đảng bộ tỉnh (dùng thử)")
    session.add(top)
    session.flush()
    room = Unit(
        code=ROOM,
        kind=UnitKind.BOARD,
        name="Phòng Bảo vệ chính trị nội bộ, Ban Tổ chức Tỉnh ủy",
        parent_id=top.id,
        keeps_dossiers=True,
    )
    session.add(room)
    session.flush()
    return {TOP: top, ROOM: room}


def _add_account(session: Session, username: str, name: str, role: Role, unit: Unit) -> str:
    account = Account(
        username=username,
        full_name=name,
        password_hash=accounts.hash_password(accounts.DEMO_PASSWORD),
        must_change_password=False,
    )
    session.add(account)
    session.flush()
    session.add(Assignment(account_id=account.id, role=role, unit_id=unit.id, valid_from=date(2025, 1, 2)))
    audit.record(session, "account:create", account, actor=None, role=role.value, unit=unit.id)
    return name


def _add_file(session: Session, one: SyntheticPerson, room: Unit) -> None:
    person = Person(
        full_name=one.full_name,
        sort_key=sort_key(one.full_name),
        gender=Gender(one.gender),
        birth_date=one.birth_date,
        birth_precision=Precision(one.birth_precision),
        personal_id=one.personal_id,
        position=one.position,
        unit_id=room.id,
    )
    session.add(person)
    session.flush()
    number = dossiers.next_number(session, "dossier")
    session.add(
        Dossier(
            number=f"HS-{number:06d}",
            person_id=person.id,
            category=Category(one.categories[0]),
            custodian_id=room.id,
            managing_body_id=room.id,
            shelf_room="P301",
            shelf="A1",
            shelf_box=str(1 + number // 6),
        )
    )
    session.flush()


def _add_papers(engine: Engine, settings: Settings, invented: list[SyntheticPerson], seed: int, loaded: Loaded) -> None:
    with db.reading(engine) as session:
        actor = replace(accounts.get_actor(session, ACCOUNTS[0][0], via="cli"), opened=None)
    for place, one in enumerate(invented):
        kinds = kinds_for(one, one.categories[0])
        paper = make_scan(one, kinds[place % len(kinds)], seed, category=one.categories[0], pages=1)
        scan_id, _enqueued = receive_paper(engine, settings, one, paper, actor)
        if scan_id is not None:
            read_now(engine, settings, scan_id, actor)
            file_paper(engine, scan_id, paper, actor)
            loaded.scans += 1
