"""The events of the demonstration organisation, carried out as plans in their order, give its expected counts."""

from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import func, insert, select

from oms import accounts, audit, catalogue, db, organisation
from oms import reorganisation as reorganising
from oms.models import (
    AuditEntry,
    Base,
    Category,
    Dossier,
    Person,
    Role,
    Unit,
    UnitKind,
    UnitSuccession,
    new_id,
)
from oms.specimens.people import UnitSeat, make_people
from oms.vietnamese.names import sort_key
from tests import factories

EVE, DAY = date(2025, 2, 28), date(2025, 3, 1)
BOARD = "duk_ban_to_chuc"


def load_units(session):
    """The organisation as it began: before the first event."""
    later = catalogue.demo_organisation().later
    units = {}
    for row in catalogue.demo_units():
        if row.id not in later:
            above = units.get(row.parent)
            units[row.id] = factories.make_unit(
                session,
                row.id,
                UnitKind(row.kind),
                row.name,
                above,
                host_name=row.host,
                org_type=row.org_type,
                party_code=row.party_code,
                agency_code=row.agency_code,
                symbol=row.symbol,
                members=row.members,
                keeps_dossiers=row.custodian,
                valid_from=row.valid_from,
            )
    return units


def load_people(session, units):
    """As many synthetic people as each unit has members, in its cells first; every dossier with its organisation."""
    names = [one.full_name for one in make_people(60, 7, [UnitSeat("kiem-thu")])]
    people, dossiers, count = [], [], 0
    below = {id: [unit for unit in units.values() if unit.parent_id == units[id].id] for id in units}
    left = {id: (unit.members or 0) - sum(child.members or 0 for child in below[id]) for id, unit in units.items()}
    for id, unit in units.items():
        holder = organisation.grassroots_of(unit)
        for _place in range(max(left[id], 0) if holder.kind.is_grassroots else 0):
            count += 1
            name = names[count % len(names)]
            person = {"id": new_id(), "full_name": name, "sort_key": sort_key(name), "unit_id": unit.id}
            people.append(person)
            # A few leading cadres are held by the board of the Bloc, the others by their organisation.
            custodian = units[BOARD].id if count % 100 == 0 else holder.id
            dossiers.append(
                {
                    "id": new_id(),
                    "number": f"HS-{count:06d}",
                    "person_id": person["id"],
                    "category": Category.PARTY_MEMBER,
                    "custodian_id": custodian,
                    "managing_body_id": custodian,
                    "version": 1,
                }
            )
    session.execute(insert(Person), people)
    session.execute(insert(Dossier), dossiers)


def changes_of(event, known):
    """An event of the catalogue as rows of a plan; units that begin with it are begun first, from above down."""
    if event.kind == "create":
        for unit in catalogue.demo_units():
            if unit.id in catalogue.demo_organisation().later and unit.id not in known:
                known.add(unit.id)
                yield {
                    "kind": "create",
                    "code": unit.id,
                    "name": unit.name,
                    "unit_kind": unit.kind,
                    "parent": unit.parent,
                    "host_name": unit.host,
                    "org_type": unit.org_type,
                    "party_code": unit.party_code,
                    "agency_code": unit.agency_code,
                    "symbol": unit.symbol,
                    "members": unit.members,
                    "keeps_dossiers": unit.custodian,
                }
    elif event.kind == "reparent":
        row = {"kind": "reparent", "units": list(event.from_units), "parent": event.new_parent}
        yield row | ({"party_code": event.new_party_code} if event.new_party_code else {})
    elif event.kind == "transfer_out":
        yield {"kind": "transfer_out", "from": list(event.from_units), "external": event.external}
    else:
        row = {"kind": event.kind, "from": list(event.from_units), "to": list(event.to_units)}
        yield row | ({"members_to": dict(event.members_to)} if event.members_to else {})


def choose_people(session, events):
    """Person by person: as many to each successor as the event says, else by turns."""
    choices = {}
    for event in events:
        if len(event.to_units) > 1 and event.kind in ("split", "dissolve"):
            for code in event.from_units:
                unit = unit_of(session, code)
                # Whoever is below the committee that is dissolved has an organisation of their own, which goes on.
                around = organisation.units_below(session, {unit.id}) if unit.kind.is_grassroots else {unit.id}
                query = select(Person.id).where(Person.unit_id.in_(around)).order_by(Person.id)
                shares = dict(event.members_to)
                for number, id in enumerate(session.scalars(query)):
                    turn = event.to_units[number % len(event.to_units)]
                    choices[id] = next((to for to, left in shares.items() if left), turn) if shares else turn
                    if shares:
                        shares[choices[id]] -= 1
    return choices


def unit_of(session, code):
    return session.scalars(select(Unit).where(Unit.code == code)).one()


def decide(session, day, events, *, officer, head):
    """Draft, submit, approve and carry out the plan of a day."""
    known = set(session.scalars(select(Unit.code)))
    # The two committees that replace the Bloc take people one by one; nothing else of the Bloc has people.
    events = list(events)
    actors = [accounts.get_actor(session, name, via="cli") for name in (officer, head)]
    change = reorganising.draft(
        session,
        [row for event in events for row in changes_of(event, known)],
        decision_number="12-QĐ/TU",
        decided_on=day - timedelta(days=10),
        decision_body="Ban Thường vụ Tỉnh ủy",
        effective_on=day,
        choices=choose_people(session, events),
        actor=actors[0],
    )
    told = reorganising.submit(session, change, actor=actors[0])
    reorganising.approve(session, change, actor=actors[1])
    reorganising.execute(session, change, actor=actors[1])
    session.expire_all()
    assert change.report["counts"] == told.counts, "what was shown is what happened"
    return change


def grassroots_on(session, day):
    return [unit for unit in organisation.units_on(session, day) if unit.kind.is_grassroots]


def people_in(session, units):
    around = organisation.units_below(session, {unit.id for unit in units})
    return session.scalar(select(func.count()).select_from(Person).where(Person.unit_id.in_(around)))


def received(session, committee, day):
    """The grassroots organisations that became, or became part of, one below the committee; as they were the day before."""
    below = organisation.units_below(session, {committee.id})
    now_below = {unit.id for unit in grassroots_on(session, day) if unit.id in below}
    before = grassroots_on(session, day - timedelta(days=1))
    lines = select(UnitSuccession.predecessor_id).where(UnitSuccession.successor_id.in_(now_below))
    return [unit for unit in before if unit.id in now_below | set(session.scalars(lines))]


def count_expected(session, day, before):
    """What the catalogue says of a day, as it is counted in units and in people."""
    found = []
    for row in catalogue.demo_organisation().expected:
        if row.date == day:
            units, members = grassroots_on(session, day), None
            if row.received_by is not None:
                units = received(session, unit_of(session, row.received_by), day)
                members = sum(before[unit.code] for unit in units)
            elif row.below is not None:
                around = organisation.units_below(session, {unit_of(session, row.below).id})
                units = [unit for unit in units if unit.id in around]
            else:
                members = sum(unit.members or 0 for unit in units)
                assert people_in(session, units) == members
            assert (len(units), members) == (row.grassroots, row.members), row
            found.append(row)
    return len(found)


def test_the_events_replayed_give_the_expected_counts_and_are_taken_back(engine, settings):
    with db.writing(engine) as session:
        units = load_units(session)
        load_people(session, units)
        factories.make_account(session, "canbo", Role.OFFICER, units[BOARD])
        factories.make_account(session, "truongban", Role.HEAD, units[BOARD])
        factories.make_account(session, "canbo.nhnn", Role.OFFICER, units["nhnn"])
    with db.writing(engine) as session:
        plans = [(day, list(events)) for day, events in groupby(catalogue.demo_events(), key=lambda event: event.date)]
        assert [day for day, _events in plans] == [date(2024, 7, 1), DAY]
        decide(session, *plans[0], officer="canbo", head="truongban")
        counted = count_expected(session, EVE, {})
        before = {unit.code: unit.members for unit in organisation.units_on(session, EVE)}
        kept = rows_of(session)
        change = decide(session, *plans[1], officer="canbo", head="truongban")
        counted += count_expected(session, DAY, before)
        assert counted == len(catalogue.demo_organisation().expected) == 4
        assert_as_the_catalogue_says(session)
        assert_every_ended_unit_has_a_successor_and_no_dossier_is_left(session, change)
        # The board that carried it out has ended; its head goes on at a successor and takes it back.
        head = accounts.get_actor(session, "truongban", via="cli")
        reorganising.undo(session, change, "Quyết định bị thu hồi", actor=head)
        assert rows_of(session) == kept
        assert not audit.verify(session).finding


def rows_of(session):
    session.expire_all()
    tables = [Base.metadata.tables[name] for name in ("units", "people", "dossiers", "assignments", "unit_successions")]
    return {
        table.name: sorted(map(str, session.execute(select(*(c for c in table.c if c.name != "version")))))
        for table in tables
    }


def assert_as_the_catalogue_says(session):
    """Name, place, code and members of every unit are those the catalogue works out by itself."""
    codes = dict(session.execute(select(Unit.id, Unit.code)).all())
    here = {
        unit.code: (unit.name, codes.get(unit.parent_id), unit.party_code, unit.members, unit.kind.value)
        for unit in organisation.units_on(session, DAY)
        if unit.kind != UnitKind.OUTSIDE_BODY
    }
    said = {
        unit.id: (unit.name, unit.parent, unit.party_code, unit.members, unit.kind) for unit in catalogue.units_on(DAY)
    }
    assert here == said


def assert_every_ended_unit_has_a_successor_and_no_dossier_is_left(session, change):
    ended = {unit.id: unit.code for unit in session.scalars(select(Unit).where(Unit.valid_to.is_not(None)))}
    lines = session.execute(
        select(UnitSuccession.predecessor_id, Unit.code, Unit.kind).join(Unit, UnitSuccession.successor_id == Unit.id)
    ).all()
    followed = {code: {to for start, to, _kind in lines if start == id} for id, code in ended.items()}
    said = {
        code: set(event.to_units)
        for event in catalogue.demo_events()
        if event.kind in ("merge", "split", "dissolve", "transfer_out")
        for code in event.from_units
    }
    outside = {ended[start] for start, _to, kind in lines if kind == UnitKind.OUTSIDE_BODY}
    assert outside == {"nhnn", "chi_cuc_hai_quan"}
    assert {code: to for code, to in followed.items() if code not in outside} == {
        code: to for code, to in said.items() if code not in outside
    }
    left = select(func.count()).select_from(Dossier).where(Dossier.custodian_id.in_(ended))
    assert session.scalar(left) == 0
    moves = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "dossier:move")
    first_plan = 2  # of the cell that ended in 2024
    assert session.scalar(moves) == change.report["counts"]["dossiers"] + first_plan
    keepers = {unit.id for unit in session.scalars(select(Unit).where(Unit.keeps_dossiers | Unit.kind.in_(_KEEPING)))}
    assert set(session.scalars(select(Dossier.custodian_id))) <= keepers


_KEEPING = (UnitKind.GRASSROOTS_COMMITTEE, UnitKind.GRASSROOTS_CELL, UnitKind.OUTSIDE_BODY)
