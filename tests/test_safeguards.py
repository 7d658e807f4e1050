"""Holds, delegations, sealed inserts and disposals: who may, who may not, and what wins."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import accounts, audit_reading, consultations, custody, disposal, dossiers, holds, inserts, review, search
from oms.accounts import delegations
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, Refused
from oms.models import (
    Account,
    AuditEntry,
    Category,
    ConsultationKind,
    Delegation,
    Disposal,
    Document,
    Dossier,
    Hold,
    InsertOpening,
    Original,
    Page,
    Precision,
    Scan,
    Unit,
    now,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, can
from tests import factories
from tests.factories import World

Actors = Callable[[str], Actor]
REASON = "Đang xác minh đơn thư theo chỉ đạo"
DECISION = "Quyết định số 12-QĐ/ĐUK ngày 20/11/2026"


def last_entry(session: Session, action: str) -> AuditEntry:
    return session.scalars(
        select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq.desc()).limit(1)
    ).one()


def put_under_hold(session: Session, dossier: Dossier, by: Actor, *, whole_person: bool = False) -> Hold:
    return holds.order(session, dossier, whole_person=whole_person, reason=REASON, decision=DECISION, actor=by)


def start_transfer(session: Session, world: World, dossier: Dossier, actor: Actors, *steps: tuple[str, str]):
    receiver = session.get_one(Unit, world.units["sotc"])
    transfer = custody.prepare(
        session, dossier, receiver, "Điều động", actor=actor("canbo.sonv"), proof=factories.PROOF
    )
    for name, who in steps:
        take(session, transfer, name, actor(who))
    return transfer


def take(session: Session, transfer, name: str, by: Actor) -> None:
    step = custody.choose_step(transfer, name, actor=by)
    custody.take(session, step, transfer, actor=by, reason="Theo quyết định")


# --- holds


def test_a_hold_stops_every_change_with_one_sentence_that_keeps_the_reason(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    scan = factories.make_scan(session, dossier, officer.account_id)
    page = review.get_page(session, scan, 1)
    hold = put_under_hold(session, dossier, head)
    acts = (
        lambda: dossiers.place(session, dossier, room="A", shelf=None, box=None, actor=officer),
        lambda: review.correct(session, page, "khác", actor=officer),
        lambda: factories.make_document(session, dossier, scan, actor=officer),
        lambda: custody.prepare(
            session, dossier, session.get_one(Unit, world.units["sotc"]), "x", actor=officer, proof=factories.PROOF
        ),
    )
    for act in acts:
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.values["hold"] == hold.number
        assert REASON not in str(refused.value)
    assert can(officer, Action.DOSSIER_READ, dossier), "reading goes on"
    assert not can(officer, Action.SCAN_UPLOAD, dossier)
    assert session.scalar(select(Dossier.id).where(allowed(officer, Action.DOSSIER_EDIT))) is None
    assert last_entry(session, "hold:order").dossier_id == dossier.id


def test_a_hold_on_a_person_holds_every_dossier_also_a_later_one(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    other = factories.make_dossier(session, world.units["sotc"], category=Category.PARTY_MEMBER, person=dossier.person)
    put_under_hold(session, dossier, actor("bithu.sonv"), whole_person=True)
    assert dossier.held and other.held
    unit = session.get_one(Unit, world.units["sonv"])
    later = dossiers.open_dossier(
        session, actor=actor("canbo.sonv"), category=Category.PUBLIC_EMPLOYEE, custodian=unit, person=dossier.person
    )
    assert later.held
    with pytest.raises(Refused, match="under hold"):
        holds.require_none(session, later)


def test_only_a_head_of_the_holding_or_managing_body_orders_a_hold(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    for username in ("canbo.sonv", "bithu.sotc", "kiemtra.khoi", "quantri", "truongban.khoi"):
        with pytest.raises(Refused):
            put_under_hold(session, dossier, actor(username))
    dossier.managing_body_id = world.units["btc"]
    session.flush()
    assert put_under_hold(session, dossier, actor("truongban.khoi")).unit_id == world.units["btc"]
    with pytest.raises(BadInput):
        holds.order(session, dossier, whole_person=False, reason="ok", decision=DECISION, actor=actor("bithu.sonv"))


def test_lifting_needs_another_person_than_who_asks(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    head, officer = actor("bithu.sonv"), actor("canbo.sonv")
    hold = put_under_hold(session, dossier, head)
    with pytest.raises(Conflict):
        holds.lift(session, hold, actor=head)
    holds.ask_lifting(session, hold, REASON, actor=head)
    with pytest.raises(Refused, match="Another head"):
        holds.lift(session, hold, actor=head)
    holds.ask_lifting(session, hold, REASON, actor=officer)
    with pytest.raises(Refused):
        holds.lift(session, hold, actor=officer)
    assert holds.to_decide(session, actor=head) == [hold]
    with pytest.raises(Conflict):
        holds.lift(session, hold, actor=head, version=hold.version - 1)
    holds.lift(session, hold, actor=head)
    assert not dossier.held and last_entry(session, "hold:lift").outcome == "done"
    with pytest.raises(Conflict):
        holds.lift(session, hold, actor=head)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Hold).values(lifted_by_id=officer.account_id))


def test_a_second_hold_goes_on_when_the_first_is_lifted(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    head = actor("bithu.sonv")
    first, second = put_under_hold(session, dossier, head), put_under_hold(session, dossier, head, whole_person=True)
    holds.ask_lifting(session, first, REASON, actor=actor("canbo.sonv"))
    holds.lift(session, first, actor=head)
    assert dossier.held and holds.in_force(session, dossier) == [second]


def test_a_transfer_under_way_is_stopped_where_it_is_and_goes_on_after_lifting(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    way = (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv"))
    transfer = start_transfer(session, world, dossier, actor, *way)
    hold = put_under_hold(session, dossier, actor("bithu.sonv"))
    with pytest.raises(Refused, match=hold.number):
        take(session, transfer, "accept", actor("canbo.sotc"))
    assert dossier.custodian_id == world.units["sonv"]
    holds.ask_lifting(session, hold, REASON, actor=actor("canbo.sonv"))
    holds.lift(session, hold, actor=actor("bithu.sonv"))
    take(session, transfer, "accept", actor("canbo.sotc"))
    assert dossier.custodian_id == world.units["sotc"]


def test_a_transfer_under_hold_can_still_come_back(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    way = (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv"))
    transfer = start_transfer(session, world, dossier, actor, *way)
    put_under_hold(session, dossier, actor("bithu.sonv"))
    take(session, transfer, "recall", actor("canbo.sonv"))
    with pytest.raises(Refused):
        take(session, transfer, "submit", actor("canbo.sonv"))


# --- delegations


def delegate(session: Session, world: World, by: Actor, to: str, *actions: Action, unit: str, **days) -> Delegation:
    return delegations.give(
        session,
        session.get_one(Account, world.accounts[to]),
        session.get_one(Unit, world.units[unit]),
        [action.value for action in actions],
        decision="Giấy ủy quyền số 3-UQ ngày 24/11/2026",
        valid_from=days.get("valid_from", today()),
        valid_to=days.get("valid_to", today() + timedelta(days=10)),
        actor=by,
    )


def fresh(session: Session, world: World, username: str) -> Actor:
    return accounts.actor_of(session, session.get_one(Account, world.accounts[username]), confirmed=True)


def test_a_delegate_approves_in_the_name_of_the_head_and_the_log_says_so(session, world, actor):
    head = actor("truongban.khoi")
    delegate(session, world, head, "canbo.khoi", Action.TRANSFER_APPROVE, unit="btc")
    deputy = fresh(session, world, "canbo.khoi")
    assert world.units["btc"] in deputy.units[Action.TRANSFER_APPROVE]
    assert not deputy.has(Action.CONSULTATION_APPROVE), "only what was chosen"
    dossier = factories.make_dossier(session, world.units["sonv"])
    transfer = start_transfer(session, world, dossier, actor, ("submit", "canbo.sonv"))
    take(session, transfer, "approve", deputy)
    assert transfer.approved_by_id == deputy.account_id
    entry = last_entry(session, "transfer:approve")
    assert head.account_id in entry.body
    assert audit_reading.get_entry(session, entry.seq, actor=actor("kiemtra.khoi")).head == head.name


def test_neither_delegate_nor_head_decides_what_the_other_prepared(session, world, actor):
    dossier = factories.make_dossier(session, world.units["btc"])
    officer = actor("canbo.khoi")
    delegate(session, world, actor("truongban.khoi"), "canbo.khoi", Action.TRANSFER_APPROVE, unit="btc")
    receiver = session.get_one(Unit, world.units["sotc"])
    transfer = custody.prepare(session, dossier, receiver, "Điều động", actor=officer, proof=factories.PROOF)
    take(session, transfer, "submit", officer)
    deputy = fresh(session, world, "canbo.khoi")
    with pytest.raises(Refused, match="prepared"):
        take(session, transfer, "approve", deputy)
    assert "approve" not in {step.name for step in custody.steps_open_to(transfer, actor=deputy)}
    transfer.prepared_by_id = world.accounts["truongban.khoi"]
    session.flush()
    with pytest.raises(Refused, match="prepared"):
        take(session, transfer, "approve", deputy)


def test_a_delegation_ends_by_its_day_by_hand_and_with_the_role_of_the_head(session, world, actor):
    head = actor("bithu.sonv")
    given = delegate(session, world, head, "canbo2.sonv", Action.CONSULTATION_APPROVE, unit="sonv")

    def works() -> bool:
        return fresh(session, world, "canbo2.sonv").has(Action.CONSULTATION_APPROVE)

    assert works()
    given.valid_from, given.valid_to = today() - timedelta(days=9), today() - timedelta(days=1)
    session.flush()
    assert not works()
    given.valid_to = today()
    session.flush()
    assert works()
    assignment = session.get_one(Account, head.account_id).assignments[0]
    assignment.valid_to = today() - timedelta(days=1)
    session.flush()
    assert not works(), "nobody lends what they no longer have"
    assignment.valid_to = None
    delegations.end(session, given, actor=head)
    assert not works()
    with pytest.raises(Conflict):
        delegations.end(session, given, actor=head)


def test_what_cannot_be_delegated_is_refused(session, world, actor):
    head = actor("bithu.sonv")
    for kind, change in (
        (BadInput, {"to": "bithu.sonv"}),
        (BadInput, {"to": "canbo.sotc"}),
        (BadInput, {"actions": (Action.DOSSIER_READ,)}),
        (BadInput, {"actions": ()}),
        (BadInput, {"valid_to": today() + timedelta(days=800)}),
        (BadInput, {"valid_from": today() - timedelta(days=1)}),
        (Refused, {"unit": "sotc"}),
        (Refused, {"by": actor("canbo.sonv")}),
    ):
        wish = {"to": "canbo.sonv", "actions": (Action.TRANSFER_APPROVE,), "unit": "sonv", "by": head} | change
        with pytest.raises(kind):
            delegate(session, world, wish.pop("by"), wish.pop("to"), *wish.pop("actions"), **wish)
    from dataclasses import replace

    with pytest.raises(ConfirmationNeeded):
        delegate(session, world, replace(head, confirmed=False), "canbo.sonv", Action.TRANSFER_APPROVE, unit="sonv")
    given = delegate(session, world, head, "canbo.sonv", Action.TRANSFER_APPROVE, unit="sonv")
    with pytest.raises(Refused):
        delegations.end(session, given, actor=actor("canbo2.sonv"))


# --- sealed inserts


def file_complaint(session: Session, dossier: Dossier, by: Actor, text: str = "Đơntốcanari") -> Document:
    scan = factories.make_scan(session, dossier, by.account_id, (text, f"{text} hai"))
    pages = [page.id for page in review.pages_with_text(session, scan)]
    filing = review.Filing(component_id="cs_verified_complaint", title=f"Đơn {text}", number="77-KN")
    return review.file_pages(session, scan, pages, filing, actor=by)


def test_sealing_takes_a_document_out_of_every_list_and_unsealing_brings_it_back(
    session, engine, settings, world, actor
):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, two, head = actor("canbo.sonv"), actor("canbo2.sonv"), actor("bithu.sonv")
    plain = custody.seal(session, dossier)
    document = file_complaint(session, dossier, one)
    inserts.seal(session, document, REASON, second=two, actor=one)
    assert dossiers.contents(session, dossier) == [] and dossiers.scans_of(session, dossier) == []
    for somebody in (one, two, head):
        assert not can(somebody, Action.DOCUMENT_READ, document)
        for model, action in ((Document, Action.DOCUMENT_READ), (Page, Action.PAGE_READ), (Scan, Action.SCAN_READ)):
            assert session.scalars(select(model).where(allowed(somebody, action))).all() == []
    sealed = custody.seal(session, dossier)
    assert sealed["sealed"] != plain["sealed"], "the manifest binds what it does not tell"
    assert {**sealed, "sealed": ""} == {**plain, "sealed": ""}
    inserts.open_together(session, dossier, REASON, second=two, actor=one)
    inserts.unseal(session, document, REASON, second=head, actor=one)
    assert dossiers.contents(session, dossier) == [document]
    assert len(session.scalars(select(Page).where(allowed(one, Action.PAGE_READ))).all()) == 2


def test_the_index_forgets_a_sealed_document_and_the_filter_does_not_wait_for_it(
    session, engine, settings, world, actor
):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, two = actor("canbo.sonv"), actor("canbo2.sonv")
    document = file_complaint(session, dossier, one)
    session.commit()
    search.rebuild(engine, settings)
    found = search.find(session, search.open_engine(settings), "Đơntốcanari", actor=one)
    assert found.total
    inserts.seal(session, document, REASON, second=two, actor=one)
    session.commit()
    stale = search.find(session, search.open_engine(settings), "Đơntốcanari", actor=one)
    assert (stale.total, stale.hits) == (0, [])
    assert not any(counts.get("cs_verified_complaint") for counts in stale.facets.values())
    search.index_dossier(engine, settings, dossier.id, actor=None)
    assert not any(document.id in id for id in search.open_engine(settings).stamps())
    assert len(search.open_engine(settings).stamps()) == 1, "the dossier alone"


def test_sealing_needs_two_people_a_fitting_component_and_a_scan_of_its_own(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, two = actor("canbo.sonv"), actor("canbo2.sonv")
    document = file_complaint(session, dossier, one)
    for second in (one, actor("canbo.sotc"), actor("kiemtra.khoi"), actor("quantri")):
        with pytest.raises(Refused):
            inserts.seal(session, document, REASON, second=second, actor=one)
    with pytest.raises(BadInput):
        inserts.seal(session, document, "vì", second=two, actor=one)
    scan = factories.make_scan(session, dossier, one.account_id, ("a", "b"))
    ordinary = factories.make_document(session, dossier, scan, actor=one)
    with pytest.raises(BadInput, match="component"):
        inserts.seal(session, ordinary, REASON, second=two, actor=one)
    scan = factories.make_scan(session, dossier, one.account_id, ("c", "d"))
    first = review.get_page(session, scan, 1)
    filing = review.Filing(component_id="cs_verified_complaint", title="Đơn")
    half = review.file_pages(session, scan, [first.id], filing, actor=one)
    with pytest.raises(Conflict, match="other papers"):
        inserts.seal(session, half, REASON, second=two, actor=one)
    assert not document.sealed and not half.sealed


def test_two_people_open_it_for_a_while_and_every_look_names_both(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, two, third = actor("canbo.sonv"), actor("canbo2.sonv"), actor("bithu.sonv")
    with pytest.raises(NotFound):
        inserts.open_together(session, dossier, REASON, second=two, actor=one)
    document = file_complaint(session, dossier, one)
    inserts.seal(session, document, REASON, second=two, actor=one)
    assert inserts.has_inserts(session, dossier, actor=one)
    for stranger in ("canbo.sotc", "kiemtra.khoi", "quantri", "nguoilaodong.sonv", "truongban.khoi"):
        assert not inserts.has_inserts(session, dossier, actor=actor(stranger))
    for second in (one, actor("canbo.sotc")):
        with pytest.raises(Refused):
            inserts.open_together(session, dossier, REASON, second=second, actor=one)
    with pytest.raises(NotFound):
        inserts.list_opened(session, dossier, actor=one)
    opening = inserts.open_together(session, dossier, REASON, second=two, actor=one)
    [(found, pages)] = inserts.list_opened(session, dossier, actor=one)
    assert found == document and len(pages) == 2
    assert inserts.look(session, dossier, pages[0].id, actor=two).text == "Đơntốcanari"
    body = last_entry(session, "insert:look").body
    assert one.account_id in body and two.account_id in body
    with pytest.raises(NotFound):
        inserts.look(session, dossier, pages[0].id, actor=third)
    opening.ends_at = now() - timedelta(seconds=1)
    session.flush()
    with pytest.raises(NotFound):
        inserts.look(session, dossier, pages[0].id, actor=one)
    inserts.open_together(session, dossier, REASON, second=two, actor=one)
    inserts.close(session, dossier, actor=two)
    with pytest.raises(NotFound):
        inserts.list_opened(session, dossier, actor=one)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(InsertOpening).values(second_id=InsertOpening.opened_by_id))


def test_the_sealed_part_moves_with_the_dossier_and_the_old_unit_cannot_open_it(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, two = actor("canbo.sonv"), actor("canbo2.sonv")
    inserts.seal(session, file_complaint(session, dossier, one), REASON, second=two, actor=one)
    inserts.open_together(session, dossier, REASON, second=two, actor=one)
    way = (
        ("submit", "canbo.sonv"),
        ("approve", "truongban.khoi"),
        ("dispatch", "canbo.sonv"),
        ("accept", "canbo.sotc"),
    )
    start_transfer(session, world, dossier, actor, *way)
    with pytest.raises(NotFound):
        inserts.list_opened(session, dossier, actor=one)
    assert inserts.has_inserts(session, dossier, actor=actor("canbo.sotc"))


def test_a_grant_ends_when_the_document_is_sealed(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, reader = actor("canbo.sonv"), actor("canbo.sotc")
    document = file_complaint(session, dossier, one)
    wish = consultations.Wish(dossier.number, ConsultationKind.SCREEN, "Thẩm tra", "1-CV", "Đơn", today())
    request = consultations.request(session, wish, actor=reader)
    pages = [page for _document, some in consultations.offer(session, request) for page in some]
    consultations.approve(session, request, pages, today(), actor=actor("bithu.sonv"))
    assert can(reader, Action.CONSULTATION_LOOK, pages[0])
    inserts.seal(session, document, REASON, second=actor("canbo2.sonv"), actor=one)
    assert not can(reader, Action.CONSULTATION_LOOK, pages[0])
    assert session.scalars(select(Page).where(allowed(reader, Action.CONSULTATION_LOOK))).all() == []
    assert consultations.offer(session, request) == []


# --- disposal

COUNCIL = ("Nguyễn Văn Một", "Trần Thị Hai", "Lê Văn Ba")


def make_old_scan(session: Session, dossier: Dossier, by: Actor, text: str = "Tờ thừa") -> Scan:
    scan = factories.make_scan(session, dossier, by.account_id, (text,))
    scan.received_at = now() - timedelta(days=120)
    session.flush()
    return scan


def propose(session: Session, world: World, by: Actor, *scans: Scan, **other) -> Disposal:
    wish = {
        "council": COUNCIL,
        "minutes": "Biên bản số 5-BB ngày 20/11/2026",
        "minutes_on": today(),
        "legal_reason": "Hết giá trị theo quy định tại TT 11/2012/TT-BNV",
    } | other
    unit = session.get_one(Unit, world.units["sonv"])
    rule = wish.pop("rule", "unfiled_scan")
    return disposal.propose(session, unit, rule, [scan.id for scan in scans], actor=by, **wish)


def test_a_disposal_from_council_to_certificate(session, settings, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, two, head = actor("canbo.sonv"), actor("canbo2.sonv"), actor("bithu.sonv")
    scan = make_old_scan(session, dossier, one)
    proposed = propose(session, world, one, scan)
    with pytest.raises(Conflict):
        disposal.execute(session, settings, proposed, second=two, actor=one)
    for somebody in (one, actor("bithu.sotc")):
        with pytest.raises(Refused):
            disposal.decide(session, proposed, approved=True, answer="", actor=somebody)
    assert disposal.to_decide(session, actor=head) == [proposed]
    disposal.decide(session, proposed, approved=True, answer="", actor=head)
    with pytest.raises(Refused):
        disposal.execute(session, settings, proposed, second=one, actor=one)
    disposal.execute(session, settings, proposed, second=two, actor=one)
    assert session.get(Scan, scan.id) is None
    assert (proposed.pages, len(proposed.items)) == (1, 1) and proposed.certificate
    assert proposed.minutes.startswith("Biên bản"), "the minutes stay"
    assert last_entry(session, "disposal:execute").outcome == "done"
    with pytest.raises(Conflict):
        disposal.execute(session, settings, proposed, second=two, actor=one)


@pytest.mark.parametrize("moment", ["before", "proposed", "approved"])
def test_a_hold_wins_over_the_schedule_at_every_moment(session, settings, world, actor, moment):
    dossier = factories.make_dossier(session, world.units["sonv"])
    one, two, head = actor("canbo.sonv"), actor("canbo2.sonv"), actor("bithu.sonv")
    scan = make_old_scan(session, dossier, one)
    rule = next(rule for rule in disposal.schedule() if rule.id == "unfiled_scan")
    if moment == "before":
        put_under_hold(session, dossier, head)
        assert disposal.due(session, rule, actor=one) == []
        with pytest.raises(Conflict):
            propose(session, world, one, scan)
        return
    proposed = propose(session, world, one, scan)
    if moment == "proposed":
        put_under_hold(session, dossier, head)
        with pytest.raises(Refused, match="under hold"):
            disposal.decide(session, proposed, approved=True, answer="", actor=head)
        return
    disposal.decide(session, proposed, approved=True, answer="", actor=head)
    put_under_hold(session, dossier, head)
    with pytest.raises(Refused, match="under hold"):
        disposal.execute(session, settings, proposed, second=two, actor=one)
    assert session.get(Scan, scan.id) is not None


def test_what_is_kept_for_ever_cannot_be_proposed(session, world, actor):
    one = actor("canbo.sonv")
    kept = factories.make_dossier(session, world.units["sonv"])
    member = factories.make_dossier(session, world.units["sonv"], "Đảng Viên", category=Category.PARTY_MEMBER)
    rule = next(rule for rule in disposal.schedule() if rule.id == "surplus_copy")
    for dossier, component in ((kept, "cs_verified_complaint"), (member, "pm_23"), (kept, None)):
        for kind in (Original.ORIGINAL, Original.COPY):
            scan = factories.make_scan(session, dossier, one.account_id, (f"{component} {kind}",))
            filing = review.Filing(
                component_id=component or next(row.id for row in dossiers.components_of(dossier) if row.original),
                title="Tài liệu",
                number="9-QĐ",
                issued_on=date(2020, 1, 2),
                issued_precision=Precision.DAY,
                original=kind,
            )
            review.file_pages(session, scan, [review.get_page(session, scan, 1).id], filing, actor=one)
    due = disposal.due(session, rule, actor=one)
    assert [review.get_page(session, scan, 1).text for scan in due] == ["cs_verified_complaint copy"]
    permanent = [rule for rule in disposal.schedule() if rule.permanent]
    assert permanent and not any(disposal.due(session, rule, actor=one) for rule in permanent)
    for rule in permanent:
        with pytest.raises(Refused, match="for ever"):
            propose(session, world, one, due[0], rule=rule.id)
    original = session.scalars(select(Document).where(Document.original == Original.ORIGINAL)).first()
    scan = session.get_one(Scan, session.scalars(select(Page.scan_id).where(Page.document_id == original.id)).one())
    with pytest.raises(Conflict):
        propose(session, world, one, scan, rule="surplus_copy")


def test_a_disposal_without_council_minutes_or_in_another_unit_is_refused(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    scan = make_old_scan(session, dossier, actor("canbo.sonv"))
    for wrong in (
        {"council": COUNCIL[:2]},
        {"council": (COUNCIL[0],) * 3},
        {"minutes": "?"},
        {"legal_reason": ""},
        {"minutes_on": today() + timedelta(days=1)},
    ):
        with pytest.raises(BadInput):
            propose(session, world, actor("canbo.sonv"), scan, **wrong)
    with pytest.raises(NotFound):
        propose(session, world, actor("canbo.sotc"), scan)
