"""What hangs on a unit that ends: all that is open lands with a successor, nothing stays behind, all of it comes back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select

from oms import accounts, consultations, custody
from oms import reorganisation as reorganising
from oms.errors import BadInput, Conflict, NotFound
from oms.models import (
    Assignment,
    AttachedFile,
    AuditEntry,
    Base,
    Campaign,
    CampaignUnit,
    CheckOutcome,
    Consultation,
    ConsultationKind,
    ConsultationState,
    Delegation,
    Disposal,
    FilePurpose,
    Grant,
    Hold,
    LatePaper,
    Loan,
    LoanState,
    LocateAnswer,
    LocateRequest,
    MassTransfer,
    MembershipBox,
    MembershipKind,
    MembershipState,
    MembershipTransfer,
    Package,
    PackageArrival,
    PackageDirection,
    PaperState,
    RequestState,
    Role,
    Stack,
    Stocktaking,
    Transfer,
    TransferCheck,
    TransferRequest,
    TransferState,
    Unit,
    UnitKind,
    now,
)
from oms.reorganisation.landing import COLUMNS, HANGING
from tests import factories

TODAY = date.today()
DECISION = {
    "decision_number": "12-QĐ/TU",
    "decided_on": date(2025, 2, 20),
    "decision_body": "Ban Thường vụ Tỉnh ủy",
    "effective_on": date(2025, 3, 1),
}
NEW_BOARD = {"kind": "create", "code": "bxd", "name": "Ban Xây dựng Đảng", "unit_kind": "board", "parent": "khoi"}
PLAN = [
    NEW_BOARD | {"keeps_dossiers": True},
    {"kind": "merge", "from": ["sonv"], "to": ["sotc"]},
    {"kind": "dissolve", "from": ["btc"], "to": ["bxd"]},
]
# What tells of the reorganisation itself, or only grows.
_OWN = {"audit_entries", "audit_words", "jobs", "counters", "reorganisations", "reorganisation_changes"}


def carried_out(session, actor, changes=PLAN, **more):
    change = reorganising.draft(session, changes, **DECISION, actor=actor("canbo.khoi"), **more)
    reorganising.submit(session, change, actor=actor("canbo.khoi"))
    reorganising.approve(session, change, actor=actor("truongban.khoi"))
    reorganising.execute(session, change, actor=actor("truongban.khoi"))
    session.expire_all()
    return change


def snapshot(session):
    """Every row of the database, without the counters of versions."""
    session.expire_all()
    return {
        table.name: sorted(map(str, session.execute(select(*(c for c in table.c if c.name != "version")))))
        for table in Base.metadata.sorted_tables
        if table.name not in _OWN
    }


def transfer(session, world, dossier, start, end, state, approver="btc", **more):
    made = Transfer(
        number=f"CH-{dossier.number}",
        dossier_id=dossier.id,
        from_unit_id=world.units[start],
        to_unit_id=world.units[end],
        approving_unit_id=world.units[approver],
        state=state,
        reason="QĐ 1",
        prepared_by_id=world.accounts["canbo.soyt"],
        **more,
    )
    session.add(made)
    session.flush()
    return made


def look(session, world, dossier, asker, unit, state=ConsultationState.APPROVED, kind=ConsultationKind.SCREEN):
    made = Consultation(
        number=f"KT-{asker}-{dossier.number}-{state}-{kind}",
        kind=kind,
        asked_by_id=world.accounts[asker],
        unit_id=world.units[unit],
        wanted=dossier.number,
        dossier_id=dossier.id,
        holder_id=dossier.custodian_id if state == ConsultationState.APPROVED else None,
        purpose="Rà soát",
        basis="12-QĐ/TU",
        needed="Tất cả",
        until=TODAY,
        state=state,
        ends_at=now() + timedelta(days=3),
    )
    session.add(made)
    session.flush()
    return made


def open_business(session, world):
    """Something open on every column by which a thing hangs on sonv or on the board of the Bloc."""
    units, people = world.units, world.accounts
    here = factories.make_dossier(session, units["sonv"])
    here.using_body_id = units["sonv"]
    sent = factories.make_dossier(session, units["sonv"], "Trần Văn Bình")
    coming = factories.make_dossier(session, units["soyt"], "Lê Văn Cường")
    came = factories.make_dossier(session, units["sonv"], "Phạm Thị Dung")
    away = factories.make_dossier(session, units["soyt"], "Hoàng Văn Em")
    away.paper_unit_id = units["sonv"]
    transfer(session, world, sent, "sonv", "soyt", TransferState.SUBMITTED)
    transfer(session, world, coming, "soyt", "sonv", TransferState.APPROVED)
    lost = factories.make_dossier(session, units["sonv"], "Vũ Thị Giang")
    transfer(session, world, lost, "sonv", "soyt", TransferState.LOST, closed_at=now())
    noted = transfer(session, world, came, "btc", "sonv", TransferState.ACCEPTED_WITH_RESERVATIONS)
    checker = {"checked_by_id": people["canbo.sonv"]}
    session.add(TransferCheck(transfer_id=noted.id, position=1, outcome=CheckOutcome.MISSING, **checker))
    base = {"asked_by_id": people["canbo.sonv"], "unit_id": units["sonv"], "wanted": "HS", "reason": "Tiếp nhận"}
    base |= {"basis_number": "QĐ 3", "basis_on": TODAY}
    session.add(TransferRequest(number="YC-1", keeper_id=units["btc"], **base))
    look(session, world, away, "canbo.sonv", "sonv", ConsultationState.REQUESTED)
    session.flush()
    look(session, world, away, "canbo2.sonv", "sonv")
    lent = look(session, world, away, "bithu.sonv", "sonv", kind=ConsultationKind.PAPER)
    out = {"state": LoanState.OUT, "handed_out_at": now(), "due_on": TODAY}
    session.add(Loan(consultation_id=lent.id, dossier_id=away.id, **out))
    look(session, world, here, "canbo.soyt", "soyt")
    unknown = look(session, world, here, "canbo.sotc", "sotc", ConsultationState.REQUESTED)
    unknown.dossier_id, unknown.holder_id = None, units["btc"]
    where = {"full_name": "Ai Đó", "reason": "Tìm"}
    ours = LocateRequest(number="TH-1", asked_by_id=people["canbo.sonv"], unit_id=units["sonv"], **where)
    theirs = LocateRequest(number="TH-2", asked_by_id=people["canbo.soyt"], unit_id=units["soyt"], **where)
    session.add_all([ours, theirs])
    session.flush()
    session.add_all(
        LocateAnswer(question_id=question.id, unit_id=units[unit])
        for question, unit in ((ours, "btc"), (theirs, "sonv"), (theirs, "sotc"))
    )
    hold = {"unit_id": units["sonv"], "reason": "Đơn thư", "decision": "QĐ 4", "ordered_by_id": people["bithu.sonv"]}
    session.add(Hold(number="TG-1", person_id=here.person_id, **hold))
    session.add(Hold(number="TG-2", dossier_id=came.id, **hold))
    disposal = {"unit_id": units["sonv"], "rule_id": "x", "council": [], "minutes": "BB", "minutes_on": TODAY}
    session.add(Disposal(number="HT-1", legal_reason="x", proposed_by_id=people["canbo.sonv"], **disposal))
    session.add(Stocktaking(number="KK-1", unit_id=units["sonv"], room="P1", started_by_id=people["canbo.sonv"]))
    package = {"package_id": "p1", "direction": PackageDirection.OUT, "peer_key": "k", "peer_name": "B", "size": 1}
    package |= {"transfer_number": "CH-1", "manifest_sha256": "0" * 64, "made_by_id": people["canbo.sonv"]}
    session.add(Package(dossier_id=sent.id, unit_id=units["sonv"], **package))
    came_sealed = {"package_id": "p2", "transfer_number": "CH-2", "sha256": "a" * 64, "size": 1, "problems": []}
    session.add(PackageArrival(unit_id=units["sonv"], given_by_id=people["canbo.sonv"], **came_sealed))
    scanned = {"sha256": "e" * 64, "file_name": "tập quét.pdf", "media_type": "application/pdf", "size": 9}
    scanned |= {"page_count": 1, "doubtful": []}
    session.add(Stack(unit_id=units["sonv"], given_by_id=people["canbo.sonv"], **scanned))
    batch = {"approving_unit_id": units["btc"], "reason": "Sáp nhập", "basis_number": "QĐ 7", "basis_on": TODAY}
    for number, start, end in (("DCH-1", "sonv", "soyt"), ("DCH-2", "soyt", "sonv")):
        sides = {"from_unit_id": units[start], "to_unit_id": units[end]}
        session.add(MassTransfer(number=number, prepared_by_id=people["canbo.sonv"], **sides, **batch))
    days = {"starts_on": TODAY, "ends_on": TODAY, "categories": ["civil_servant"], "fields": ["phone"]}
    campaign = Campaign(
        number="BS-1",
        name="Bổ sung lý lịch",
        year=2025,
        unit_id=units["sonv"],
        opened_by_id=people["canbo.sonv"],
        asked=[CampaignUnit(unit_id=units["sonv"])],
        **days,
    )
    session.add(campaign)
    here.person.party_unit_id = units["sonv"]
    member_moves(session, world, here, sent)
    for first in (date(2025, 1, 1), TODAY):
        given = {"actions": ["transfer:approve"], "decision": "QĐ 5", "valid_from": first, "valid_to": date(2999, 1, 1)}
        pair = {"head_id": people["bithu.sonv"], "delegate_id": people["canbo.sonv"]}
        session.add(Delegation(unit_id=units["sonv"], **pair, **given))
    session.flush()


def member_moves(session, world, going, coming):
    """A member of sonv on the way out, the letter issued, and one on the way in."""
    units = world.units
    both = {"basis_number": "QĐ 6", "basis_on": TODAY, "reason": "Chuyển công tác", "due_on": TODAY}
    both |= {"kind": MembershipKind.OFFICIAL, "prepared_by_id": world.accounts["canbo.sonv"]}
    for number, dossier, start, end in (("SH-1", going, "sonv", "soyt"), ("SH-2", coming, "soyt", "sonv")):
        move = MembershipTransfer(
            number=number,
            person_id=dossier.person_id,
            dossier_id=dossier.id,
            unit_id=dossier.custodian_id,
            from_unit_id=units[start],
            to_unit_id=units[end],
            waiting_unit_id=units["sonv"],
            state=MembershipState.UNDER_WAY,
            **both,
        )
        session.add(move)
        session.flush()
        for place, unit in enumerate((start, "khoi", end), start=1):
            box = {"position": place, "unit_id": units[unit], "receiving": place == 3}
            session.add(MembershipBox(transfer_id=move.id, **box))


def late_paper(session, world):
    """A paper of sonv for the dossier that went with reservations, to be sent on."""
    reserved = Transfer.state == TransferState.ACCEPTED_WITH_RESERVATIONS
    gone = session.scalars(select(Transfer).where(reserved)).first()
    known = {"added_by_id": world.accounts["canbo.sonv"], "media_type": "image/png", "size": 1, "page_count": 1}
    file = AttachedFile(transfer_id=gone.id, purpose=FilePurpose.LATE, sha256="f" * 64, file_name="a.png", **known)
    session.add(file)
    session.flush()
    session.add(
        LatePaper(
            transfer_id=gone.id,
            dossier_id=gone.dossier_id,
            unit_id=world.units["sonv"],
            file_id=file.id,
            title="Quyết định nâng lương",
            brought_by_id=world.accounts["canbo.sonv"],
        )
    )
    session.flush()


def hanging_on(session, ended, *, everything=False):
    """By table and column: the ids of open rows that point to one of the units, walked through all tables."""
    found = {}
    for table in Base.metadata.sorted_tables:
        for column in table.c:
            if any(key.column.table.name == "units" for key in column.foreign_keys):
                is_open = next(cond for known, cond in COLUMNS.items() if known.property.columns[0] is column)
                query = select(table.c.id).where(column.in_(ended))
                ids = set(session.scalars(query if everything else query.where(is_open)))
                found[f"{table.name}.{column.name}"] = ids
    return found


def test_nothing_open_stays_with_an_ended_unit_and_all_of_it_comes_back(session, world, actor):
    open_business(session, world)
    late_paper(session, world)
    ended = [world.units["sonv"], world.units["btc"]]
    before, had = snapshot(session), hanging_on(session, ended)
    history = {name for name in had if not hanging_on(session, ended)[name]}
    assert history == {
        "access_reviews.unit_id",
        "paper_issues.unit_id",
        "paper_moves.from_unit_id",
        "paper_moves.to_unit_id",
        "reorganisations.board_id",
        "unit_names.unit_id",
        "unit_successions.predecessor_id",
        "unit_successions.successor_id",
    }, "every other column has something open to lose"
    change = carried_out(session, actor)
    assert {name: ids for name, ids in hanging_on(session, ended).items() if ids} == {}
    # Whatever the conditions say: what still points there is history, or a role and a delegation that ended.
    left = {name for name, ids in hanging_on(session, ended, everything=True).items() if ids}
    assert left == {
        "assignments.unit_id",
        "delegations.unit_id",
        "reorganisations.board_id",
        # Of the transfer that was accepted with reservations: its receiver settles them.
        "transfers.from_unit_id",
        "transfers.approving_unit_id",
        "unit_successions.predecessor_id",
    }
    told = reorganising.outcome_of(session, change)
    landed = {one.kind for one in told.landings}
    assert landed == {"people", "dossiers", "roles", "delegations", "transfers"} | {row.kind for row in HANGING}
    reorganising.undo(session, change, "Quyết định bị thu hồi", actor=accounts_of(session, "truongban.khoi"))
    assert snapshot(session) == before


def accounts_of(session, username):
    return accounts.get_actor(session, username, via="cli")


def test_a_grant_goes_on_reading_and_one_that_was_dead_stays_dead(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
    document = factories.make_document(session, dossier, scan, actor=actor("canbo.sonv"))
    page = document_page(session, document)
    alive = look(session, world, dossier, "canbo.sotc", "sotc")
    session.add(Grant(consultation_id=alive.id, document_id=document.id, page_id=page.id))
    moved = factories.make_dossier(session, world.units["sonv"], "Trần Văn Bình")
    dead = look(session, world, moved, "canbo.sotc", "sotc")
    moved.custodian_id = world.units["soyt"]
    session.flush()
    carried_out(session, actor, [{"kind": "merge", "from": ["sonv"], "to": ["soyt"]}])
    assert (alive.holder_id, alive.state) == (world.units["soyt"], ConsultationState.APPROVED)
    reader = accounts_of(session, "canbo.sotc")
    assert [one.document.id for one in consultations.open_documents(session, alive, actor=reader)] == [document.id]
    assert dead.holder_id == world.units["sonv"], "a grant of somebody who no longer held the dossier opens nothing"


def document_page(session, document):
    from oms.models import Page

    return session.scalars(select(Page).where(Page.document_id == document.id)).one()


def test_the_asker_keeps_what_was_granted_in_the_unit_the_role_went_to(session, world, actor):
    person = factories.make_dossier(session, world.units["sonv"]).person
    account = session.get_one(accounts.managing.Account, world.accounts["canbo.sonv"])
    account.person_id = person.id
    dossier = factories.make_dossier(session, world.units["btc"], "Trần Văn Bình")
    asked = look(session, world, dossier, "canbo.sonv", "sonv", ConsultationState.REQUESTED)
    split = [
        {"kind": "split", "from": ["sonv"], "to": ["sotc", "soyt"]},
        {"kind": "reparent", "units": ["sonv_c1"], "parent": "sotc"},
    ]
    carried_out(session, actor, split, choices={person.id: "soyt", "bithu.sonv": "soyt"})
    places = dict(
        session.execute(
            select(accounts.managing.Account.username, Assignment.unit_id)
            .join(Assignment.account)
            .where(Assignment.valid_from == date(2025, 3, 1))
        ).all()
    )
    soyt, sotc = world.units["soyt"], world.units["sotc"]
    assert places == {"canbo.sonv": soyt, "bithu.sonv": soyt, "canbo2.sonv": sotc, "nguoilaodong.sonv": sotc}
    assert asked.unit_id == soyt


def test_a_request_to_oneself_and_a_transfer_under_way_between_two_that_become_one(session, world, actor):
    wanted = factories.make_dossier(session, world.units["sonv"])
    asked = TransferRequest(
        number="YC-1",
        asked_by_id=world.accounts["canbo.sotc"],
        unit_id=world.units["sotc"],
        wanted=wanted.number,
        dossier_id=wanted.id,
        basis_number="QĐ 3",
        basis_on=TODAY,
        reason="Tiếp nhận",
    )
    session.add(asked)
    on_its_way = factories.make_dossier(session, world.units["sonv"], "Trần Văn Bình")
    on_its_way.paper_state, on_its_way.frozen = PaperState.IN_TRANSIT, True
    under_way = transfer(session, world, on_its_way, "sonv", "sotc", TransferState.IN_TRANSIT, dispatched_at=now())
    change = carried_out(session, actor, [{"kind": "merge", "from": ["sonv"], "to": ["sotc"]}])
    assert asked.state == RequestState.WITHDRAWN and change.number in asked.answer
    assert under_way.state == TransferState.CANCELLED
    assert (on_its_way.frozen, on_its_way.paper_state) == (False, PaperState.UNKNOWN), "an alarm until it is found"
    assert change.report["counts"]["transfers_cancelled"] == change.report["counts"]["requests_withdrawn"] == 1
    event = under_way.events[-1]
    assert custody.event_label(event) == "Changed by a reorganisation" and change.decision_number in event.reason


def test_a_transfer_under_way_is_received_by_the_successor(session, world, actor):
    dossier = factories.make_dossier(session, world.units["soyt"])
    receiver, proof = session.get_one(Unit, world.units["sonv"]), factories.PROOF
    made = custody.prepare(session, dossier, receiver, "QĐ 1", actor=actor("canbo.soyt"), proof=proof)
    for step, username in (("submit", "canbo.soyt"), ("approve", "truongban.khoi"), ("dispatch", "canbo.soyt")):
        custody.take(session, custody.choose_step(made, step, actor=actor(username)), made, actor=actor(username))
    carried_out(session, actor, [{"kind": "merge", "from": ["sonv"], "to": ["sotc"]}])
    receiver = accounts_of(session, "canbo.sotc")
    assert made.to_unit_id == world.units["sotc"] and made.state == TransferState.IN_TRANSIT
    custody.tick_rest(session, made, actor=receiver)
    custody.take(session, custody.choose_step(made, "accept", actor=receiver), made, actor=receiver)
    session.expire_all()
    assert dossier.custodian_id == world.units["sotc"]


def test_the_boards_that_take_over_see_finish_and_undo_and_two_people_it_stays(session, world, actor):
    """The board of the Bloc ends by its own plan, with a second plan still waiting."""
    committee = {"kind": "create", "code": "dk2", "name": "Đảng bộ 2", "unit_kind": "upper_committee", "parent": "khoi"}
    second = NEW_BOARD | {"code": "bxd2", "parent": "dk2", "keeps_dossiers": True}
    boards = [NEW_BOARD | {"keeps_dossiers": True}, committee, second]
    waiting = reorganising.draft(
        session, [{"kind": "rename", "unit": "soyt", "name": "Sở Y tế mới"}], **DECISION, actor=actor("canbo.khoi")
    )
    reorganising.submit(session, waiting, actor=actor("canbo.khoi"))
    plan = [*boards, {"kind": "dissolve", "from": ["btc"], "to": ["bxd", "bxd2"]}]
    done = carried_out(session, actor, plan, choices={"canbo.khoi": "bxd2", "truongban.khoi": "bxd"})
    new = {code: session.scalars(select(Unit).where(Unit.code == code)).one() for code in ("bxd", "bxd2")}
    for username, role, code in (("truong.bxd2", Role.HEAD, "bxd2"), ("canbo.bxd", Role.OFFICER, "bxd")):
        factories.make_account(session, username, role, new[code])
    officer, head = accounts_of(session, "canbo.khoi"), accounts_of(session, "truongban.khoi")
    second_head, second_officer = accounts_of(session, "truong.bxd2"), accounts_of(session, "canbo.bxd")
    for somebody in (officer, head, second_head, second_officer):
        assert set(reorganising.list_reorganisations(session, actor=somebody)) == {done, waiting}
        assert reorganising.get_reorganisation(session, done.number, actor=somebody) is done
    with pytest.raises(NotFound):
        reorganising.get_reorganisation(session, done.number, actor=accounts_of(session, "bithu.sotc"))
    assert reorganising.to_decide(session, actor=second_head) == [waiting]
    waiting.prepared_by_id = second_head.account_id
    with pytest.raises(Exception, match="another person"):
        reorganising.approve(session, waiting, actor=second_head)
    waiting.prepared_by_id = officer.account_id
    reorganising.approve(session, waiting, actor=second_head)
    reorganising.execute(session, waiting, actor=head)
    reorganising.undo(session, waiting, "Nhầm", actor=second_head)
    for somebody in (second_head, second_officer):
        session.execute(delete(Assignment).where(Assignment.account_id == somebody.account_id))
    reorganising.undo(session, done, "Quyết định bị thu hồi", actor=head)
    session.expire_all()
    assert session.get_one(Unit, world.units["btc"]).valid_to is None
    assert reorganising.get_reorganisation(session, done.number, actor=actor("truongban.khoi")) is done


def test_a_dissolved_unit_goes_person_by_person_and_a_choice_must_be_a_successor(session, world, actor):
    first = factories.make_dossier(session, world.units["sonv"])
    second = factories.make_dossier(session, world.units["sonv"], "Trần Văn Bình")
    plan = [
        {"kind": "dissolve", "from": ["sonv"], "to": ["sotc", "soyt"]},
        {"kind": "reparent", "units": ["sonv_c1"], "parent": "soyt"},
    ]
    change = reorganising.draft(session, plan, **DECISION, actor=actor("canbo.khoi"), choices={first.person_id: "soyt"})
    told = reorganising.dry_run(session, change, actor=actor("canbo.khoi"))
    assert told.undecided == {"sonv": 1}
    with pytest.raises(Conflict, match="for 1 more people"):
        reorganising.submit(session, change, actor=actor("canbo.khoi"))
    with pytest.raises(BadInput, match="no successor"):
        reorganising.revise(session, change, choices={first.person_id: "btc"}, actor=actor("canbo.khoi"))
        reorganising.submit(session, change, actor=actor("canbo.khoi"))
    choices = {first.person_id: "soyt", second.person_id: "sotc"}
    change = carried_out(session, actor, plan, choices=choices)
    assert (first.custodian_id, second.custodian_id) == (world.units["soyt"], world.units["sotc"])
    assert reorganising.last_dry_run(change).undecided == {}


def test_a_unit_leaves_the_system_with_its_dossiers_once_its_business_is_settled(session, world, actor):
    dossier = factories.make_dossier(session, world.units["soyt"])
    plan = [{"kind": "transfer_out", "from": ["soyt"], "external": "Ngân hàng Nhà nước khu vực"}]
    asked = look(session, world, dossier, "canbo.sotc", "sotc", ConsultationState.REQUESTED)
    change = reorganising.draft(session, plan, **DECISION, actor=actor("canbo.khoi"))
    told = reorganising.dry_run(session, change, actor=actor("canbo.khoi"))
    assert [values["numbers"] for _sentence, values in told.blockers] == [asked.number]
    assert session.scalar(select(Unit.id).where(Unit.kind == UnitKind.OUTSIDE_BODY)) is None
    asked.state = ConsultationState.REFUSED
    session.flush()
    before = snapshot(session)
    change = carried_out(session, actor, plan)
    body = session.scalars(select(Unit).where(Unit.kind == UnitKind.OUTSIDE_BODY)).one()
    assert body.name == "Ngân hàng Nhà nước khu vực" and body.valid_to is None
    assert dossier.custodian_id == dossier.person.unit_id == body.id
    assert not accounts_of(session, "canbo.soyt").units, "nobody works outside the system"
    left = [one for one in reorganising.outcome_of(session, change).landings if one.kind == "roles"]
    assert [(one.start, one.end, one.names) for one in left] == [("soyt", "", ("canbo.soyt",))]
    assert reorganising.last_dry_run(change).nobody == {}
    reorganising.undo(session, change, "Nhầm", actor=actor("truongban.khoi"))
    assert snapshot(session) == before


def test_a_role_the_account_has_in_the_successor_already_is_not_given_twice(session, world, actor):
    account = world.accounts["canbo.sonv"]
    session.add(
        Assignment(account_id=account, role=Role.OFFICER, unit_id=world.units["sotc"], valid_from=date(2020, 1, 1))
    )
    session.flush()
    carried_out(session, actor, [{"kind": "merge", "from": ["sonv"], "to": ["sotc"]}])
    open_now = select(Assignment.unit_id).where(Assignment.account_id == account, Assignment.valid_to.is_(None))
    assert list(session.scalars(open_now)) == [world.units["sotc"]]


def test_a_dry_run_before_the_day_of_effect_knows_the_rights_of_that_day(session, world, actor):
    factories.make_dossier(session, world.units["sonv"])
    later = DECISION | {"effective_on": TODAY + timedelta(days=30)}
    plan = [{"kind": "merge", "from": ["sonv"], "to": ["sotc"]}]
    change = reorganising.draft(session, plan, **later, actor=actor("canbo.khoi"))
    told = reorganising.dry_run(session, change, actor=actor("canbo.khoi"))
    assert told.rights == {"canbo.sotc": (1, 0), "bithu.sotc": (1, 0)}, "who comes along loses nothing"
    assert told.nobody == {}


def test_each_way_of_a_dossier_is_written_down(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    change = carried_out(session, actor, [{"kind": "merge", "from": ["sonv"], "to": ["sotc"]}])
    reorganising.undo(session, change, "Nhầm", actor=actor("truongban.khoi"))
    moves = select(AuditEntry.body).where(AuditEntry.action == "dossier:move", AuditEntry.dossier_id == dossier.id)
    assert len(list(session.scalars(moves))) == 2


def test_lost_paper_is_found_by_the_successor_and_not_waited_for_within_one_unit(session, world, actor):
    lost = factories.make_dossier(session, world.units["sonv"])
    goes_on = transfer(session, world, lost, "sonv", "soyt", TransferState.LOST, closed_at=now())
    within = factories.make_dossier(session, world.units["sonv"], "Trần Văn Bình")
    ends = transfer(session, world, within, "sonv", "sotc", TransferState.LOST, closed_at=now())
    moved = factories.make_dossier(session, world.units["sonv"], "Lê Văn Cường")
    stale = transfer(session, world, moved, "sonv", "soyt", TransferState.LOST, closed_at=now())
    moved.custodian_id = world.units["soyt"]
    for dossier in (lost, within):
        dossier.paper_state = PaperState.UNKNOWN
    session.flush()
    carried_out(session, actor, [{"kind": "merge", "from": ["sonv"], "to": ["sotc"]}])
    finder = accounts_of(session, "canbo.sotc")
    custody.take(session, custody.choose_step(goes_on, "found", actor=finder), goes_on, actor=finder, reason="Trong tủ")
    assert (goes_on.state, goes_on.from_unit_id, lost.paper_state) == (
        TransferState.DRAFT,
        world.units["sotc"],
        PaperState.ON_SHELF,
    )
    assert (ends.state, within.paper_state) == (TransferState.CANCELLED, PaperState.UNKNOWN)
    assert (stale.state, stale.from_unit_id) == (TransferState.LOST, world.units["sonv"]), "history"
