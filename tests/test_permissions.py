"""One declaration, two questions: the list and the check agree for every action, whoever asks."""

from collections.abc import Callable
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import accounts, campaigns, consultations, custody, db, holds, membership
from oms.consultations import Sought, Wish
from oms.custody import mass
from oms.errors import Refused
from oms.models import (
    Assignment,
    Attestation,
    AttestationKind,
    AttestationState,
    Category,
    Consultation,
    ConsultationKind,
    Correction,
    CorrectionState,
    DecidedBy,
    Disposal,
    Document,
    Dossier,
    DossierStatus,
    Finding,
    FindingKind,
    Leaving,
    LeavingWay,
    MembershipAsking,
    MembershipKind,
    PaperLoss,
    PaperLossKind,
    Role,
    SubjectRequest,
    SubjectRequestKind,
    Transfer,
    Unit,
    Verification,
    now,
)
from oms.organisation import today
from oms.permissions import GUARDS, ROLE_ACTIONS, WHOLE, Action, Actor, allowed, can, require
from tests import factories
from tests.factories import ACCOUNTS, World
from tests.test_custody import WAYS, step

UNITS = ("khoi", "btc", "sonv", "sotc", "soyt", "sonv_c1")
Actors = Callable[[str], Actor]


@pytest.fixture
def things(engine: Engine, world: World, actor: Actors) -> None:
    """Dossiers in several units with scans, pages and documents, and a transfer in every state."""
    with db.writing(engine) as session:
        for code in ("sonv", "sotc", "btc"):
            uploader = world.accounts[{"sonv": "canbo.sonv", "sotc": "canbo.sotc", "btc": "canbo.khoi"}[code]]
            dossier = factories.make_dossier(session, world.units[code])
            scan = factories.make_scan(session, dossier, uploader, ("một", "hai"))
            by = accounts.get_actor(session, next(n for n, i in world.accounts.items() if i == uploader), via="web")
            factories.make_document(session, dossier, scan, actor=by)
        # A person with dossiers in two units, one of them of another category.
        shared = factories.make_dossier(session, world.units["sonv"], "Lê Văn Hai")
        factories.make_dossier(session, world.units["sotc"], category=Category.PARTY_MEMBER, person=shared.person)
        _ask_for_looks(session, world, actor)
        for state, way in WAYS.items():
            dossier = factories.make_dossier(session, world.units["sonv"], f"Người {state}")
            receiver = session.get_one(Unit, world.units["sotc"])
            transfer = custody.prepare(
                session, dossier, receiver, "QĐ 1", actor=actor("canbo.sonv"), proof=factories.PROOF
            )
            scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"trang {state}",))
            factories.make_document(session, dossier, scan, actor=actor("canbo.sonv"))
            for name, username in way:
                step(session, transfer, name, actor(username))
        _guard_some(session, world, actor)
        _move_members(session, world, actor)
        _send_batches(session, world, actor)
        _ask_for_supplements(session, world, actor)


def _ask_for_supplements(session: Session, world: World, actor: Actors) -> None:
    """Campaigns of a unit and of the board, with people whom one body uses and another manages."""
    one = factories.make_dossier(session, world.units["sonv"], "Người bổ sung")
    one.managing_body_id, one.using_body_id = world.units["btc"], world.units["sonv_c1"]
    session.flush()
    for unit, top, by in (("sonv", "sonv", "canbo.sonv"), ("btc", "khoi", "canbo.khoi")):
        wish = campaigns.NewCampaign(
            name="Bổ sung lý lịch",
            year=today().year,
            starts_on=today(),
            ends_on=today(),
            unit_id=world.units[unit],
            unit_ids=[world.units[top]],
            categories=list(Category),
            fields=["phone"],
        )
        campaigns.open_campaign(session, wish, actor=actor(by))


def _move_members(session: Session, world: World, actor: Actors) -> None:
    """Moves of members: being prepared, introduced, at the receiver, with a letter that is lost."""
    signers = ("bithu.sonv", "bithu.sonv", "truongban.khoi")
    receiver = session.get_one(Unit, world.units["sotc"])
    for code in ("sonv", "btc"):
        asked = factories.make_dossier(session, world.units[code], "Người xin chuyển", category=Category.PARTY_MEMBER)
        session.add(
            MembershipAsking(
                dossier_id=asked.id,
                asked_by_id=world.accounts["nguoilaodong.sonv"],
                kind=MembershipKind.OFFICIAL,
                destination="Sở Tài chính",
                reason="Điều động",
            )
        )
    for signed, state in ((-1, ""), (0, ""), (2, ""), (3, ""), (3, "report-lost")):
        dossier = factories.make_dossier(
            session, world.units["sonv"], f"Đảng viên {signed} {state}".strip(), category=Category.PARTY_MEMBER
        )
        dossier.person.unit_id = world.units["sonv_c1"]
        session.flush()
        session.expire(dossier.person)
        wish = membership.Wish(MembershipKind.OFFICIAL, receiver, "1-QĐ", today(), "Điều động")
        move = membership.prepare(session, dossier, wish, actor=actor("canbo.sonv"))
        steps = [("submit", "canbo.sonv")] if signed >= 0 else []
        steps += [("sign", name) for name in signers[: max(signed, 0)]] + ([(state, "canbo.sonv")] if state else [])
        for name, username in steps:
            step = membership.choose_step(move, name, actor=actor(username))
            membership.take(
                session, step, move, actor=replace(actor(username), confirmed=True), reason="theo quyết định"
            )


def _send_batches(session: Session, world: World, actor: Actors) -> None:
    """Batches of Sở Nội vụ: empty, prepared, submitted and sent, the last one with a member that stayed behind."""
    officer = actor("canbo.sonv")
    units = [session.get_one(Unit, world.units[code]) for code in ("sonv", "sotc")]
    for acts in ((), ("prepare",), ("prepare", "submit"), ("prepare", "submit", "approve", "dispatch")):
        batch = mass.begin(session, *units, mass.Decision("1-QĐ", today(), "Sáp nhập"), actor=officer)
        made = [factories.make_dossier(session, world.units["sonv"], f"Đợt {len(acts)}").id for _ in range(2)]
        mass.add(session, batch, made, actor=officer)
        for act in acts:
            who = replace(actor("truongban.khoi") if act == "approve" else officer, confirmed=True)
            mass.order(session, batch, act, actor=who)
            mass.carry_on(session, batch, actor=who)


def _guard_some(session: Session, world: World, actor: Actors) -> None:
    """A sealed insert, a hold on a person in two units and one on a dossier another body manages, a disposal."""
    officer, head = actor("canbo.sonv"), actor("bithu.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"], "Người Niêm Phong")
    scan = factories.make_scan(session, dossier, officer.account_id, ("niêm", "phong"))
    factories.make_document(session, dossier, scan, actor=officer).sealed = True
    scan.sealed, dossier.managing_body_id = True, world.units["btc"]
    session.flush()
    factories.make_dossier(
        session, world.units["soyt"], category=Category.PARTY_MEMBER, person=dossier.person
    ).managing_body_id = world.units["sotc"]
    session.flush()
    for whole_person in (True, False):
        words = "Đang xác minh đơn thư"
        holds.order(session, dossier, whole_person=whole_person, reason=words, decision=words, actor=head)
    for decider in DecidedBy:
        session.add(
            Correction(
                number=f"DC-{decider}",
                dossier_id=dossier.id,
                field="home_town",
                old_value=decider.value,
                new_value="Đà Lạt",
                reason="",
                document_id="",
                decider=decider,
                basis="",
                proposed_by_id=officer.account_id,
                state=CorrectionState.WITHDRAWN,
            )
        )
        session.add(
            Attestation(
                number=f"CN-{decider}",
                dossier_id=dossier.id,
                kind=AttestationKind.DOSSIER,
                purpose="",
                decider=decider,
                basis="",
                state=AttestationState.WITHDRAWN,
                asked_by_id=officer.account_id,
            )
        )
    finding = Finding(
        dossier_id=dossier.id, kind=FindingKind.BIRTH, fingerprint="0" * 64, message="", details={}, version=1
    )
    session.add(finding)
    session.flush()
    for place, of in enumerate((None, finding.id)):
        session.add(
            Verification(
                number=f"XM-{place}",
                dossier_id=dossier.id,
                finding_id=of,
                question="",
                verifiers="",
                opened_by_id=officer.account_id,
                due_on=today(),
                basis="",
            )
        )
    for place, named in enumerate((None, session.scalars(select(Document.id).where(Document.sealed)).one())):
        session.add(
            PaperLoss(
                number=f"MH-{place}",
                dossier_id=dossier.id,
                document_id=named,
                component_id="cs_short_cv",
                title="",
                kind=PaperLossKind.LOST,
                noticed_on=today(),
                circumstances="",
                declared_by_id=officer.account_id,
                second_id=head.account_id,
                due_on=today(),
                basis="",
            )
        )
    session.add(
        SubjectRequest(
            number="YC-1",
            dossier_id=dossier.id,
            kind=SubjectRequestKind.COPY,
            asked_by_id=world.accounts["nguoilaodong.sonv"],
            reason="",
            acknowledge_due_on=today(),
            due_on=today(),
        )
    )
    session.add(
        Leaving(
            number="TV-1",
            dossier_id=dossier.id,
            way=LeavingWay.RETIREMENT,
            decision_number="1",
            decision_on=today(),
            leaves_on=today(),
            due_on=today(),
            basis="",
            opened_by_id=officer.account_id,
        )
    )
    factories.make_dossier(session, world.units["sonv"], "Người Nghỉ Hưu").status = DossierStatus.CLOSED
    session.add(
        Disposal(
            number="HT-1",
            unit_id=world.units["sonv"],
            rule_id="unfiled_scan",
            council=[],
            minutes="",
            minutes_on=today(),
            legal_reason="",
            proposed_by_id=officer.account_id,
        )
    )


def _ask_for_looks(session: Session, world: World, actor: Actors) -> None:
    """Requests of three units for the dossier of Sở Nội vụ: waiting, granted, over, lent, and for nothing there is."""
    held = select(Dossier).where(Dossier.custodian_id == world.units["sonv"])
    dossier = session.scalars(held.order_by(Dossier.number)).first()
    assert dossier is not None
    for username in ("canbo.sotc", "kiemtra.khoi", "bithu.sonv", "canbo.soyt", "canbo.sotc"):
        wish = Wish(dossier.number, ConsultationKind.SCREEN, "Thẩm tra", "1-CV", "Quyết định", today())
        request = consultations.request(session, wish, actor=actor(username))
        if username in ("bithu.sonv", "canbo.soyt"):
            continue
        pages = [page for _document, pages in consultations.offer(session, request) for page in pages]
        consultations.approve(session, request, pages, today(), actor=actor("bithu.sonv"))
    request.ends_at = now()
    consultations.request(session, replace(wish, wanted="HS-999999"), actor=actor("canbo.sotc"))
    wish = replace(wish, kind=ConsultationKind.PAPER)
    consultations.approve(
        session, consultations.request(session, wish, actor=actor("canbo.soyt")), [], today(), actor=actor("bithu.sonv")
    )
    consultations.ask(session, Sought("Lê Văn Hai", "Tìm hồ sơ"), actor=actor("canbo.soyt"))
    consultations.ask(session, Sought("Không Có Ai", "Tìm hồ sơ"), actor=actor("canbo.soyt"))


def agree(session: Session, somebody: Actor) -> int:
    """Compare list and check for every action that concerns a thing; return how many things were compared."""
    compared = 0
    for action, guard in GUARDS.items():
        everything = session.scalars(select(guard.model)).all()
        listed = set(session.scalars(select(guard.model.id).where(allowed(somebody, action))))
        assert listed == {thing.id for thing in everything if can(somebody, action, thing)}, (action, somebody.username)
        compared += len(everything)
    for action, model in WHOLE.items():
        key = model.__mapper__.primary_key[0]
        listed = set(session.scalars(select(key).where(allowed(somebody, action))))
        everything = set(session.scalars(select(key)))
        assert listed == (everything if can(somebody, action) else set())
    return compared


@pytest.mark.parametrize("username", sorted(ACCOUNTS))
def test_list_equals_check_for_every_account(things: None, engine: Engine, actor: Actors, username: str) -> None:
    with db.reading(engine) as session:
        assert agree(session, actor(username)) > 100


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    assignments=st.lists(
        st.tuples(st.sampled_from(list(Role)), st.sampled_from(UNITS), st.booleans()), max_size=4, unique=True
    ),
    moved=st.lists(st.tuples(st.integers(0, 10), st.sampled_from(UNITS), st.booleans()), max_size=4),
)
def test_list_equals_check_for_any_roles_and_any_custody(
    things: None,
    engine: Engine,
    world: World,
    assignments: list[tuple[Role, str, bool]],
    moved: list[tuple[int, str, bool]],
) -> None:
    turn = db.take_turn(engine)
    try:
        with db.open_session(engine, writing=True) as session:
            somebody = factories.make_account(
                session, "ai.do", Role.SUBJECT, session.get_one(Unit, world.units["soyt"])
            )
            for role, code, below in assignments:
                session.add(
                    Assignment(
                        account_id=somebody.id,
                        role=role,
                        unit_id=world.units[code],
                        with_units_below=below,
                        valid_from=today(),
                    )
                )
            # All looks of others are this account's now, asked for in one unit or another.
            for place, request in enumerate(session.scalars(select(Consultation).order_by(Consultation.number))):
                request.asked_by_id, request.unit_id = somebody.id, world.units[UNITS[place % len(UNITS)]]
            every = session.scalars(select(Dossier).order_by(Dossier.number)).all()
            for place, code, frozen in moved:
                every[place].custodian_id, every[place].frozen = world.units[code], frozen
                every[place].held = not frozen
            session.flush()
            session.expire_all()
            agree(session, accounts.get_actor(session, "ai.do", via="web"))
            session.rollback()
    finally:
        turn.release()


def test_every_role_says_what_it_may() -> None:
    assert set(ROLE_ACTIONS) == set(Role)
    assert set().union(*ROLE_ACTIONS.values()) == set(Action), "an action nobody has is dead"
    assert not set(GUARDS) & set(WHOLE)


def test_administration_and_inspection_read_no_dossier() -> None:
    content = {
        action
        for action in Action
        if action.split(":")[0] in ("dossier", "scan", "page", "document", "person", "search")
    }
    assert not ROLE_ACTIONS[Role.ADMINISTRATOR] & content
    assert not ROLE_ACTIONS[Role.INSPECTOR] & content


def test_an_assignment_that_ended_gives_nothing(session: Session, world: World) -> None:
    for assignment in session.scalars(select(Assignment).where(Assignment.account_id == world.accounts["canbo.sonv"])):
        assignment.valid_from = assignment.valid_to = today().replace(year=today().year - 1)
    session.flush()
    somebody = accounts.get_actor(session, "canbo.sonv", via="web")
    assert not somebody.units
    assert session.scalars(select(Dossier).where(allowed(somebody, Action.DOSSIER_READ))).all() == []


def test_a_question_about_the_wrong_thing_is_a_fault(session: Session, world: World, actor: Actors) -> None:
    with pytest.raises(TypeError):
        can(actor("canbo.sonv"), Action.DOSSIER_READ, session.get_one(Unit, world.units["sonv"]))
    with pytest.raises(TypeError):
        can(actor("canbo.sonv"), Action.DOSSIER_READ)


def test_the_refusal_names_the_transfer_that_holds_the_dossier_still(
    things: None, engine: Engine, actor: Actors
) -> None:
    with db.reading(engine) as session:
        transfer = session.scalars(
            select(Transfer).where(Transfer.state == "in_transit", custody.finding.single())
        ).one()
        page = session.scalars(
            select(GUARDS[Action.PAGE_READ].model).where(allowed(actor("canbo.sonv"), Action.PAGE_READ))
        ).all()
        frozen = next(p for p in page if p.scan.dossier_id == transfer.dossier_id)
        for action, thing in ((Action.SCAN_UPLOAD, transfer.dossier), (Action.PAGE_REVIEW, frozen)):
            with pytest.raises(Refused, match="held still"):
                require(actor("canbo.sonv"), action, thing)
            with pytest.raises(Refused, match="may not do this"):
                require(actor("canbo.soyt"), action, thing)
