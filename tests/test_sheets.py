"""Sheets are counted by people and proposed from pages; lists, slips and packages say the count."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms import custody, holds, papers, sheets
from oms.errors import BadInput, Conflict, Refused
from oms.models import AuditEntry, Document, Page, Quality
from oms.papers.dossiers import listed
from tests import factories
from tests.factories import World
from tests.test_custody import APPROVED, Actors, bring, prepare


def filed(session: Session, world: World, actor: Actors, pages: int = 3) -> Document:
    officer = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"])
    scan = factories.make_scan(session, dossier, officer.account_id, tuple(f"trang {n}" for n in range(pages)))
    return factories.make_document(session, dossier, scan, actor=officer)


def entries(session: Session) -> int:
    of_counts = AuditEntry.action == "dossier:count_sheets"
    return session.scalar(select(func.count()).select_from(AuditEntry).where(of_counts)) or 0


@pytest.mark.parametrize(("pages", "blank", "proposed"), [(0, 0, 0), (1, 0, 1), (3, 0, 3), (3, 1, 2), (4, 1, 2)])
def test_what_is_proposed(pages: int, blank: int, proposed: int) -> None:
    found = [Page(quality=Quality.BLANK if n < blank else Quality.GOOD) for n in range(pages)]
    assert sheets.propose(found) == proposed
    assert sheets.of(Document(), found) == sheets.Sheets(proposed, counted=False)
    assert sheets.of(Document(sheets=7), found) == sheets.Sheets(7, counted=True)


def test_a_count_holds_and_is_written_down_once(session: Session, world: World, actor: Actors) -> None:
    document, officer = filed(session, world, actor), actor("canbo.sonv")
    dossier = document.dossier
    assert sheets.of_dossier(session, dossier) == {document.id: sheets.Sheets(3, counted=False)}
    for wrong in (0, -1, 10_001):
        with pytest.raises(BadInput):
            sheets.count(session, dossier, {document.id: wrong}, actor=officer)
    with pytest.raises(Conflict):
        sheets.count(session, dossier, {"0" * 16: 1}, actor=officer)
    for stranger in ("bithu.sonv", "canbo.sotc"):
        with pytest.raises(Refused):
            sheets.count(session, dossier, {document.id: 2}, actor=actor(stranger))
    assert entries(session) == 0
    assert [sheets.count(session, dossier, {document.id: 2}, actor=officer) for _ in range(2)] == [1, 0]
    assert entries(session) == 1 and listed(session, dossier)[0].sheets == 2
    words = "Đang xác minh đơn thư"
    holds.order(session, dossier, whole_person=False, reason=words, decision=words, actor=actor("bithu.sonv"))
    with pytest.raises(Refused):
        sheets.count(session, dossier, {document.id: 1}, actor=officer)


def test_the_sealed_list_and_the_slip_say_the_sheets(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    scan = factories.make_scan(session, transfer.dossier, officer.account_id, ("một", "hai"))
    document = factories.make_document(session, transfer.dossier, scan, actor=officer)
    note = {line.id: line for line in custody.readiness(session, transfer)}["sheets"]
    assert (note.ok, note.blocks, note.values) == (False, False, {"count": 1})
    sheets.count(session, transfer.dossier, {document.id: 1}, actor=officer)
    assert {line.id: line for line in custody.readiness(session, transfer)}["sheets"].ok
    bring(session, transfer, APPROVED, actor)
    assert transfer.manifest is not None
    (line,) = transfer.manifest["documents"]
    assert (line["pages"], line["sheets"], line["sheets_counted"]) == (2, 1, True)
    paper = papers.transfer_slip(session, transfer, printing=papers.Printing(officer, "handover"))
    assert paper.body.startswith(b"%PDF")
