"""The demonstration: an invented Party Bloc with invented people, accounts, scans and transfers.

The organisation stands as on the eve of the reorganisation of 1 March 2025 and goes on from there
(docs/decisions/004-demo-on-the-eve.md). Same numbers and same seed, same people. Everything that can
go through the real doors does: scans are received, a few are read and filed, transfers take their steps.
"""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from oms import accounts, audit, catalogue, checks, custody, db, dossiers, intake, organisation, reading, review, search
from oms.demo_campaigns import add_campaign
from oms.demo_cases import add_cases, own_papers
from oms.demo_consultations import add_consultations
from oms.demo_membership import add_moves
from oms.demo_milestones import add_days_to_come
from oms.demo_procedures import add_procedures
from oms.demo_records import add_records
from oms.demo_stacks import add_stack
from oms.errors import N_, Conflict
from oms.models import (
    Account,
    Assignment,
    Category,
    Counter,
    Dossier,
    Fact,
    Gender,
    Job,
    JobState,
    Page,
    PageState,
    Person,
    PersonAlias,
    Precision,
    Role,
    Scan,
    ScanState,
    Transfer,
    Unit,
    UnitKind,
    UnitName,
    UnitSuccession,
    now,
)
from oms.permissions import Actor
from oms.settings import Settings
from oms.specimens import SyntheticPerson, SyntheticScan, UnitSeat, kinds_for, make_people, make_scan, seats_of
from oms.vietnamese.names import sort_key

EVE = date(2025, 2, 28)
BOARD, INTERIOR, FINANCE = "duk_ban_to_chuc", "so_noi_vu", "so_tai_chinh"
# The accounts of the demo: user name, role, unit.
ACCOUNTS = (
    ("canbo.khoi", Role.OFFICER, BOARD),
    ("truongban.khoi", Role.HEAD, BOARD),
    ("canbo.sonv", Role.OFFICER, INTERIOR),
    ("bithu.sonv", Role.HEAD, INTERIOR),
    ("canbo.sotc", Role.OFFICER, FINANCE),
    ("bithu.sotc", Role.HEAD, FINANCE),
    ("kiemtra.khoi", Role.INSPECTOR, "duk"),
    ("nguoilaodong.sonv", Role.SUBJECT, INTERIOR),
    ("quantri", Role.ADMINISTRATOR, "duk"),
)
# Where the scans go: most to the unit a visitor signs in to first.
SCANNED = (INTERIOR, INTERIOR, FINANCE, INTERIOR, BOARD, INTERIOR)
OFFICERS = {INTERIOR: "canbo.sonv", FINANCE: "canbo.sotc", BOARD: "canbo.khoi"}
# One scan in so many is read and filed at once, so that a dossier has something in it from the first minute.
FILED_ONE_IN = 4
READERS = 2
# People whose papers lie in the stack that waits to be divided.
STACKED = 2


@dataclass
class Loaded:
    """What was put into the house; `jobs` are committed and may be handed to the queue."""

    people: int = 0
    dossiers: int = 0
    scans: int = 0
    accounts: dict[str, str] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)


def refuse_real_data(session: Session) -> None:
    """Raise `Conflict` unless the installation is empty but for its first administrator."""
    if session.get(Fact, "demo") is not None:
        raise Conflict(N_("The demo data is loaded already; nothing was changed. Begin anew in an empty folder."))
    if session.scalar(select(func.count(Person.id))) or (session.scalar(select(func.count(Account.id))) or 0) > 1:
        raise Conflict(
            N_("This installation holds real data: the demo is never mixed into it. Set OMS_HOME to an empty folder.")
        )


def fill(engine: Engine, settings: Settings, *, people: int = 400, scans: int = 12, seed: int = 1) -> Loaded:
    """Load the demonstration into an empty installation; raises `Conflict` when it is not empty."""
    loaded = Loaded()
    source = random.Random(seed)
    invented = make_people(people, seed, seats_of(catalogue.units_on(EVE)))
    with db.writing(engine) as session:
        refuse_real_data(session)
        session.add(Fact(key="demo", value="yes"))
        units = _add_units(session)
        loaded.accounts = _add_accounts(session, units, seed, {one.full_name for one in invented})
        loaded.people, loaded.dossiers = len(invented), _add_people(session, units, invented)
        audit.record(session, "demo:load", actor=None, people=people, scans=scans, seed=seed)
    _add_scans(engine, settings, invented, scans, seed, loaded)
    if scans:
        loaded.jobs += _add_stack(engine, settings, invented, seed)
    with db.writing(engine) as session:
        _add_transfers(session, source)
        actors = {name: accounts.get_actor(session, name, via="cli") for name, _, _ in ACCOUNTS}
        add_consultations(session, INTERIOR, actors)
        add_moves(session, actors)
        add_procedures(session, INTERIOR, actors)
        add_campaign(session, INTERIOR, actors)
        add_cases(session, INTERIOR, actors)
        add_days_to_come(session, INTERIOR, actors)
        add_records(session, invented, {code: actors[name] for code, name in OFFICERS.items()}, source)
        loaded.jobs += session.info.pop("enqueued", [])
    search.rebuild(engine, settings)
    with db.writing(engine) as session:
        _close_index_jobs(session)
        _check_now(session)
    return loaded


def _add_units(session: Session) -> dict[str, Unit]:
    present = {unit.code: unit for unit in session.scalars(select(Unit))}
    gone = [unit for unit in catalogue.demo_units() if unit.valid_to is not None and unit.valid_to < EVE]
    for row in (*catalogue.units_on(EVE), *gone):
        unit = Unit(
            code=row.id,
            kind=UnitKind(row.kind),
            org_type=row.org_type,
            parent_id=present[row.parent].id if row.parent else None,
            name=row.name,
            host_name=row.host,
            party_code=row.party_code,
            agency_code=row.agency_code,
            symbol=row.symbol,
            members=row.members,
            keeps_dossiers=row.custodian,
            valid_from=row.valid_from,
            # What ended only with the reorganisation goes on: here it has not come yet.
            valid_to=row.valid_to if row in gone else None,
        )
        session.add(unit)
        session.flush()
        present[row.id] = unit
        for former in row.former_names:
            if former.valid_to and former.valid_to < EVE:
                session.add(UnitName(unit_id=unit.id, name=former.name, valid_to=former.valid_to))
    for event in catalogue.demo_events():
        if event.date > EVE:
            continue
        for start in event.from_units:
            for end in set(event.to_units) - {start}:
                session.add(
                    UnitSuccession(predecessor_id=present[start].id, successor_id=present[end].id, on=event.date)
                )
    session.flush()
    return present


def _add_accounts(session: Session, units: dict[str, Unit], seed: int, taken: set[str]) -> dict[str, str]:
    """The accounts of the demo; an administrator made by `oms init` becomes the one of the demo."""
    password_hash = accounts.hash_password(accounts.DEMO_PASSWORD)
    # Nobody at a desk has the name of somebody in a dossier, as long as there are names enough.
    drawn = dict.fromkeys(one.full_name for one in make_people(20 * len(ACCOUNTS), seed, [UnitSeat("tai-khoan")]))
    names = sorted(drawn, key=lambda name: name in taken)[: len(ACCOUNTS)]
    shown: dict[str, str] = {}
    for (username, role, unit), name in zip(ACCOUNTS, names, strict=True):
        account = session.scalar(select(Account).where(Account.username == username)) or Account(username=username)
        account.full_name, account.password_hash, account.must_change_password = name, password_hash, False
        session.add(account)
        session.flush()
        session.add(Assignment(account_id=account.id, role=role, unit_id=units[unit].id, valid_from=date(2025, 1, 2)))
        audit.record(session, "account:create", account, actor=None, role=role.value, unit=units[unit].id)
        shown[username] = name
    return shown


def _add_people(session: Session, units: dict[str, Unit], invented: Sequence[SyntheticPerson]) -> int:
    """People with one dossier per category; the Bloc's board holds those of cadres, the own unit the others."""
    rows = []
    count = 0
    for one in invented:
        unit = units[one.unit]
        person = Person(
            full_name=one.full_name,
            sort_key=sort_key(one.full_name),
            gender=Gender(one.gender),
            birth_date=one.birth_date,
            birth_precision=Precision(one.birth_precision),
            personal_id=one.personal_id,
            staff_code=one.staff_code,
            home_town=one.home_town,
            ethnicity=one.ethnicity,
            position=one.position,
            unit_id=unit.id,
            party_join_date=one.party_join_date,
            party_official_date=one.party_official_date,
        )
        rows.append((one, unit, person))
    session.add_all(person for _, _, person in rows)
    session.flush()
    first = dossiers.next_number(session, "dossier")
    for one, unit, person in rows:
        if one.other_name:
            session.add(PersonAlias(person_id=person.id, name=one.other_name))
        for category in one.categories:
            holder = units[BOARD] if category == Category.CADRE else unit
            session.add(
                Dossier(
                    number=f"HS-{first + count:06d}",
                    person_id=person.id,
                    category=Category(category),
                    custodian_id=holder.id,
                    managing_body_id=holder.id,
                    using_body_id=unit.id,
                    shelf_room=f"P{101 + count % 3}",
                    shelf=f"{chr(65 + count // 60 % 8)}{1 + count // 12 % 5}",
                    shelf_box=str(1 + count // 6),
                )
            )
            count += 1
    session.flush()
    _set_counter(session, first + count - 1)
    subject = session.scalars(select(Account).where(Account.username == "nguoilaodong.sonv")).one()
    own = next((person for one, _, person in rows if one.unit == INTERIOR), None)
    if own is not None:  # a very small demo may have nobody there
        subject.person_id, subject.full_name = own.id, own.full_name
    return count


def _set_counter(session: Session, last: int) -> None:
    session.get_one(Counter, "dossier").last = last


def _add_scans(
    engine: Engine, settings: Settings, invented: Sequence[SyntheticPerson], count: int, seed: int, loaded: Loaded
) -> None:
    """Draw papers, receive them as the officer of the holding unit would, read and file some of them."""
    filed: list[tuple[str, SyntheticScan, Actor]] = []
    for place in range(count):
        code = SCANNED[place % len(SCANNED)]
        actor = _officer(engine, code)
        at_once = place % FILED_ONE_IN == 0
        drawn = _draw(invented, code, place, seed, pages=1 if at_once else None)
        if drawn is None:
            continue
        scan_id, enqueued = receive_paper(engine, settings, *drawn, actor)
        if scan_id is None:
            continue
        loaded.scans += 1
        if at_once:
            filed.append((scan_id, drawn[1], actor))
        else:
            loaded.jobs += enqueued
    # A demo with few scans is one of a test.
    for one, paper in own_papers(invented, INTERIOR, seed) if count >= len(SCANNED) else ():
        scan_id, _enqueued = receive_paper(engine, settings, one, paper, actor := _officer(engine, INTERIOR))
        if scan_id is not None:
            loaded.scans += 1
            filed.append((scan_id, paper, actor))
    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(lambda entry: read_now(engine, settings, entry[0], entry[2]), filed))
    for scan_id, paper, actor in filed:
        file_paper(engine, scan_id, paper, actor)


def _officer(engine: Engine, code: str) -> Actor:
    with db.reading(engine) as session:
        return accounts.get_actor(session, OFFICERS[code], via="cli")


def _add_stack(engine: Engine, settings: Settings, invented: Sequence[SyntheticPerson], seed: int) -> list[str]:
    """A stack of two people's papers, for the officer whose scans are on the tour."""
    of_people: dict[str, tuple[SyntheticPerson, SyntheticScan]] = {}
    for place in range(len(SCANNED), 10 * len(SCANNED)):
        if len(of_people) < STACKED and (drawn := _draw(invented, INTERIOR, place, seed, pages=1)):
            of_people.setdefault(drawn[0].personal_id, drawn)
    return add_stack(engine, settings, INTERIOR, list(of_people.values()), seed, actor=_officer(engine, INTERIOR))


def _draw(
    invented: Sequence[SyntheticPerson], code: str, place: int, seed: int, *, pages: int | None
) -> tuple[SyntheticPerson, SyntheticScan] | None:
    """A paper for a dossier held by the unit: another person and another kind of paper for each place."""
    fitting = [
        (one, category, kind)
        for one in invented
        for category in one.categories
        if (code if category == Category.CADRE else one.unit) == code
        and (category == Category.CADRE) == (code == BOARD)
        for kind in kinds_for(one, category)
    ]
    if not fitting:
        return None
    random.Random(f"{seed}/{code}").shuffle(fitting)
    one, category, kind = fitting[place % len(fitting)]
    return one, make_scan(one, kind, seed, category=category, pages=pages)


def receive_paper(
    engine: Engine, settings: Settings, one: SyntheticPerson, paper: SyntheticScan, actor: Actor
) -> tuple[str | None, list[str]]:
    # Drawn by this program a moment ago: there is nothing to look for on it, and looking would double the start.
    arrival = replace(intake.arrive(settings, [paper.data], paper.file_name), looked=True)
    try:
        intake.keep(settings, arrival)
        with db.writing(engine) as session:
            dossier = session.scalars(
                select(Dossier)
                .join(Person, Person.id == Dossier.person_id)
                .where(Person.personal_id == one.personal_id, Dossier.category == Category(paper.category))
            ).one()
            scan, is_new = intake.receive(session, dossier, arrival, actor=actor)
            enqueued = list(session.info.pop("enqueued", []))
    finally:
        intake.discard(arrival)
    return (scan.id if is_new else None), enqueued


def read_now(engine: Engine, settings: Settings, scan_id: str, actor: Actor) -> None:
    """Read a scan here instead of in the worker; its jobs count as done."""
    with db.writing(engine) as session:
        session.get_one(Scan, scan_id).state = ScanState.READING
        pages = list(session.scalars(select(Page.id).where(Page.scan_id == scan_id).order_by(Page.number)))
    for page_id in pages:
        reading.read_one_page(engine, settings, page_id, actor=actor)
    reading.finish_scan(engine, settings, scan_id, actor=actor)
    with db.writing(engine) as session:
        _close_jobs(session, [scan_id, *pages])


def file_paper(engine: Engine, scan_id: str, paper: SyntheticScan, actor: Actor) -> None:
    """File all pages of a read scan as the document it is; one that was not read whole or right stays waiting."""
    filing = review.Filing(
        component_id=paper.component_id,
        title=paper.title,
        number=paper.number,
        issued_on=paper.date,
        issued_precision=Precision.DAY if paper.date else None,
    )
    with db.writing(engine) as session:
        scan = session.get_one(Scan, scan_id)
        pages = list(session.scalars(select(Page).where(Page.scan_id == scan_id).order_by(Page.number)))
        whole = scan.state == ScanState.READ and all(page.state == PageState.READ for page in pages)
        if whole and not checks.find_strangers(scan.dossier.person, pages):
            review.file_pages(session, scan, [page.id for page in pages], filing, actor=actor)


# From, to, and the steps taken with who takes them: every state a visitor may want to see.
TRANSFERS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (INTERIOR, FINANCE, ()),
    (INTERIOR, FINANCE, (("submit", "canbo.sonv"),)),
    (
        FINANCE,
        INTERIOR,
        (("submit", "canbo.sotc"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sotc")),
    ),
    (
        FINANCE,
        INTERIOR,
        (
            ("submit", "canbo.sotc"),
            ("approve", "truongban.khoi"),
            ("dispatch", "canbo.sotc"),
            ("accept", "bithu.sonv"),
        ),
    ),
    (BOARD, INTERIOR, (("submit", "canbo.khoi"),)),
)


def _add_transfers(session: Session, source: random.Random) -> None:
    """Some transfers in several states, of dossiers without scans and not of the person with an account."""
    actors = {name: accounts.get_actor(session, name, via="cli") for name, _, _ in ACCOUNTS}
    own = actors["nguoilaodong.sonv"].person_id
    for place, (start, end, steps) in enumerate(TRANSFERS, start=1):
        free = session.scalars(
            select(Dossier)
            .join(Unit, Unit.id == Dossier.custodian_id)
            .where(
                Unit.code == start,
                Dossier.person_id != own,
                Dossier.id.not_in(select(Scan.dossier_id)),
                Dossier.id.not_in(select(Transfer.dossier_id)),
            )
            .order_by(Dossier.number)
        ).all()
        if not free:
            continue
        receiver = organisation.find_unit(session, end)
        proof = custody.Proof(f"{100 + 7 * place}/QĐ-UBND", date(2026, 11, 10))
        reason = f"Điều động công tác theo Quyết định số {proof.number} ngày 10/11/2026"
        moving = custody.prepare(
            session, source.choice(free), receiver, reason, actor=actors[OFFICERS[start]], proof=proof
        )
        for name, username in steps:
            actor = actors[username]
            if name.startswith("accept"):
                custody.tick_rest(session, moving, actor=actor)
            custody.take(session, custody.choose_step(moving, name, actor=actor), moving, actor=actor)


def _close_index_jobs(session: Session) -> None:
    """The index was just built whole: what was to be brought up to date in it is."""
    session.execute(
        update(Job)
        .where(Job.kind.in_(("index_dossier", "index_scan")), Job.state == JobState.QUEUED)
        .values(state=JobState.DONE, finished_at=now())
    )


def _check_now(session: Session) -> None:
    """Look through the dossiers whose papers were filed here instead of in the worker."""
    waiting = select(Job.subject_id).where(Job.kind == "check_dossier", Job.state == JobState.QUEUED)
    ids = list(session.scalars(waiting))
    for dossier in session.scalars(select(Dossier).where(Dossier.id.in_(ids))).all():
        checks.check(session, dossier, actor=None)
    _close_jobs(session, ids)


def _close_jobs(session: Session, subjects: Sequence[str]) -> None:
    session.execute(
        update(Job)
        .where(Job.subject_id.in_(subjects), Job.state == JobState.QUEUED)
        .values(state=JobState.DONE, finished_at=now())
    )
