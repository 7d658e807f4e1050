"""How long a dossier is kept: the term begins when somebody left, ends by the schedule, and only then it may go, whole."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import accounts, catalogue, db, disposal, record, retention
from oms.catalogue.reading import FOLDER, CatalogueError
from oms.catalogue.safeguards import read_safeguards
from oms.errors import BadInput, Conflict, Refused
from oms.models import (
    Account,
    Category,
    Disposal,
    Dossier,
    DossierStatus,
    Leaving,
    LeavingState,
    LeavingWay,
    RecordStatement,
    Scan,
    Unit,
)
from oms.organisation import today
from oms.procedures import reopening
from tests import factories
from tests.api.conftest import caller  # noqa: F401
from tests.test_reopening import WHY
from tests.test_safeguards import COUNCIL

LONG_AGO = date(today().year - 71, 3, 1)


def close_on(session: Session, dossier: Dossier, on: date, by: str) -> Leaving:
    """The dossier closed because its person left on the day."""
    opener = session.scalars(select(Account.id).where(Account.id != by)).first()
    made = Leaving(
        number=f"TV-{dossier.number}",
        dossier=dossier,
        way=LeavingWay.RETIREMENT,
        decision_number="12/QĐ",
        decision_on=on,
        leaves_on=on,
        due_on=on,
        basis="",
        state=LeavingState.CLOSED,
        opened_by_id=opener,
        closed_by_id=by,
        closed_on=on,
        sealed_sha256="0" * 64,
    )
    session.add(made)
    dossier.status = DossierStatus.CLOSED
    session.flush()
    return made


@pytest.fixture
def left(session, world, actor):
    """A dossier that was closed when its person left on a day."""

    def make(on: date, category: Category = Category.CONTRACT_WORKER) -> Leaving:
        dossier = factories.make_dossier(session, world.units["sonv"], category=category)
        return close_on(session, dossier, on, actor("bithu.sonv").account_id)

    return make


@pytest.fixture
def approve(session, world, actor):
    """A disposal of a scan whose dossier's term is over, approved by the head."""

    def make(scan: Scan) -> Disposal:
        unit = session.get_one(Unit, world.units["sonv"])
        wish = {"council": COUNCIL, "minutes": "Biên bản số 5-BB", "legal_reason": "Hết thời hạn"}
        made = disposal.propose(
            session, unit, rule().id, [scan.id], minutes_on=today(), actor=actor("canbo.sonv"), **wish
        )
        disposal.decide(session, made, approved=True, answer="", actor=actor("bithu.sonv"))
        return made

    return make


def rule() -> catalogue.RetentionRule:
    found = catalogue.dossier_retention("contract_worker", today())
    assert found is not None and found.what == "whole_dossier"
    return found


def test_every_category_has_its_term_with_its_source() -> None:
    for category in Category:
        found = catalogue.dossier_retention(category.value, today())
        assert found is not None and found.basis
    assert catalogue.dossier_retention("civil_servant", today()).permanent
    assert not rule().permanent


def test_the_term_begins_when_the_person_left_and_not_before(session, world, left) -> None:
    at_work = factories.make_dossier(session, world.units["sonv"], category=Category.CONTRACT_WORKER)
    waits = retention.of_dossier(session, at_work)
    assert (waits.began_on, waits.ends_on) == (None, None)
    gone = left(date(2026, 3, 1))
    kept = retention.of_dossier(session, gone.dossier)
    assert (kept.began_on, kept.ends_on) == (date(2026, 3, 1), date(2026 + rule().years, 12, 31))
    gone.state, gone.reopened_by_id, gone.reopened_on = LeavingState.REOPENED, gone.closed_by_id, today()
    session.flush()
    assert retention.of_dossier(session, gone.dossier).began_on is None, "who came back is at work"
    for_ever = retention.of_dossier(session, left(LONG_AGO, Category.CIVIL_SERVANT).dossier)
    assert (for_ever.rule.permanent, for_ever.began_on, for_ever.ends_on) == (True, LONG_AGO, None)


def test_only_what_is_over_is_due_and_what_is_kept_for_ever_never(session, world, actor, left) -> None:
    officer = actor("canbo.sonv")

    def due(leaving: Leaving) -> bool:
        scan = factories.make_scan(session, leaving.dossier, officer.account_id, ("tờ",))
        return scan in disposal.due(session, rule(), actor=officer)

    year = today().year - rule().years
    assert due(left(date(year - 1, 12, 31))) and not due(left(date(year, 1, 1)))
    assert not due(left(LONG_AGO, Category.CIVIL_SERVANT))
    again = left(LONG_AGO)
    again.dossier.status = DossierStatus.OPEN
    assert not due(again), "a dossier in use is not let go"
    sealed = left(LONG_AGO)
    factories.make_scan(session, sealed.dossier, officer.account_id, ("niêm phong",)).sealed = True
    session.flush()
    assert not due(sealed)
    assert not disposal.due(session, rule(), actor=actor("canbo.sotc")), "another unit's dossier"


def test_a_dossier_goes_whole_with_its_record_and_is_not_opened_again(session, settings, world, actor, left) -> None:
    one, two, head = actor("canbo.sonv"), actor("canbo2.sonv"), actor("bithu.sonv")
    gone, other = left(LONG_AGO), left(LONG_AGO)
    scans = [factories.make_scan(session, gone.dossier, one.account_id, (f"tờ {place}",)) for place in (1, 2)]
    for dossier in (gone.dossier, other.dossier):
        dossier.status = DossierStatus.OPEN
        session.flush()
        record.key_value(session, dossier, "home_town", "Đà Lạt", actor=one)
    factories.make_document(session, gone.dossier, scans[0], actor=one)
    gone.dossier.status = other.dossier.status = DossierStatus.CLOSED
    session.flush()

    def propose(*ids: str):
        return disposal.propose(
            session,
            session.get_one(Unit, world.units["sonv"]),
            rule().id,
            ids,
            council=COUNCIL,
            minutes="Biên bản số 5-BB ngày 20/11",
            minutes_on=today(),
            legal_reason="Hết thời hạn bảo quản",
            actor=one,
        )

    with pytest.raises(BadInput, match="whole"):
        propose(scans[0].id)
    made = propose(*(scan.id for scan in scans))
    disposal.decide(session, made, approved=True, answer="", actor=head)
    reopening.report_mistake(session, gone, WHY, actor=one)
    with pytest.raises(Conflict, match="not due"):
        disposal.execute(session, settings, made, second=two, actor=one)
    with pytest.raises(Conflict, match="Decide about that first"):
        reopening.reopen(session, gone, "15/QĐ", today(), actor=head)
    reopening.keep_closed(session, gone, "Hồ sơ đóng đúng, người này đã nghỉ hưu.", actor=head)
    disposal.execute(session, settings, made, second=two, actor=one)
    session.refresh(gone.dossier)
    assert not session.query(Scan).count()
    assert session.query(RecordStatement.dossier_id).distinct().all() == [(other.dossier_id,)]
    assert retention.is_disposed(session, gone.dossier) and not retention.is_disposed(session, other.dossier)
    with pytest.raises(Refused, match="destroyed"):
        reopening.annul(session, gone, actor=head)


def test_what_was_let_go_or_never_scanned_takes_no_place_on_the_list(
    session, settings, actor, left, approve, monkeypatch
) -> None:
    monkeypatch.setattr(disposal, "MOST_DOSSIERS", 1)
    one, two = actor("canbo.sonv"), actor("canbo2.sonv")
    empty, first, second = left(LONG_AGO), left(LONG_AGO), left(LONG_AGO)
    scans = [factories.make_scan(session, row.dossier, one.account_id, ("tờ",)) for row in (first, second)]
    assert disposal.due(session, rule(), actor=one) == scans[:1] and empty.dossier.number < first.dossier.number
    made = approve(scans[0])
    factories.make_scan(session, empty.dossier, one.account_id, ("đến sau",))  # now due, and before the approved one
    disposal.execute(session, settings, made, second=two, actor=one)
    assert [scan.dossier_id for scan in disposal.due(session, rule(), actor=one)] == [empty.dossier_id]


def test_a_scan_that_came_after_the_approval_stops_the_whole_dossier(session, settings, actor, left, approve) -> None:
    one, two = actor("canbo.sonv"), actor("canbo2.sonv")
    gone = left(LONG_AGO)
    scan = factories.make_scan(session, gone.dossier, one.account_id, ("tờ",))
    made = approve(scan)
    factories.make_scan(session, gone.dossier, one.account_id, ("đến sau",))
    with pytest.raises(Conflict, match="not due"):
        disposal.execute(session, settings, made, second=two, actor=one)


def test_what_was_opened_again_meanwhile_is_not_destroyed(session, settings, actor, left, approve) -> None:
    one, two, head = actor("canbo.sonv"), actor("canbo2.sonv"), actor("bithu.sonv")
    gone = left(LONG_AGO)
    scan = factories.make_scan(session, gone.dossier, one.account_id, ("tờ",))
    made = approve(scan)
    reopening.report_mistake(session, gone, WHY, actor=one)
    reopening.annul(session, gone, actor=head)
    with pytest.raises(Conflict, match="not due"):
        disposal.execute(session, settings, made, second=two, actor=one)
    assert session.get(Scan, scan.id) is not None


def test_pages_and_api_say_how_long_and_from_when(engine, client_as, caller, world) -> None:  # noqa: F811
    with db.writing(engine) as session:
        head = accounts.get_actor(session, "bithu.sonv", via="job").account_id
        dossier = factories.make_dossier(session, world.units["sonv"], category=Category.CONTRACT_WORKER)
        close_on(session, dossier, today() - timedelta(days=1), head)
        address, number = f"/dossiers/{dossier.id}", dossier.number
    until = rule().ends_on(today() - timedelta(days=1))
    desk = client_as("canbo.sonv")
    assert f"{until:%d/%m/%Y}" in desk.get(address).text and f"{rule().years}" in desk.get("/disposals").text
    kept = caller("canbo.sonv").get(f"dossiers/{number}").get_json()["retention"]
    assert (kept["until"], kept["permanent"], kept["source"]) == (f"{until}", False, "unverified")


@pytest.mark.parametrize(
    ("from_", "to"),
    [("    years: 70\n", ""), ("applies_to: [contract_worker]", "applies_to: [contract_worker, party_member]")],
)
def test_a_mistake_in_the_schedule_names_its_line(tmp_path, from_, to) -> None:
    text = (FOLDER / "safeguards.yaml").read_text("utf-8")
    assert from_ in text
    path = tmp_path / "safeguards.yaml"
    path.write_text(text.replace(from_, to), "utf-8")
    with pytest.raises(CatalogueError, match=r"line \d+: .*(years|one day)"):
        read_safeguards(path)
