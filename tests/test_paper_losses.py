"""Missing, damaged and lost papers: declared by two, made anew within the limit, what counts, and the original prevails."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from oms import completeness, dossiers, papers, purging
from oms.completeness import Wish
from oms.errors import BadInput, Conflict, Refused
from oms.models import AuditEntry, Document, Dossier, PaperLoss, PaperLossKind, PaperLossState
from oms.organisation import today
from oms.papers import Printing
from oms.papers.dossiers import listed
from oms.permissions import Actor
from oms.procedures import paper_losses as losses
from oms.procedures.paper_losses import Declaration
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
LOOKED = "Tìm trong tủ 3, hỏi cán bộ tiền nhiệm"


@pytest.fixture
def made(session: Session, world: World, actor: Find) -> tuple[Dossier, Document]:
    """A dossier of Sở Nội vụ with the original of its short CV."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    return dossier, filed(session, dossier, world, actor, "Sơ yếu lý lịch")


def filed(session: Session, dossier: Dossier, world: World, actor: Find, title: str) -> Document:
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (title,))
    document = factories.make_document(session, dossier, scan, title=title, actor=actor("canbo.sonv"))
    document.component_id = "cs_short_cv"
    session.flush()
    return document


def declare(session: Session, made, actor: Find, kind=PaperLossKind.LOST, **more: object) -> PaperLoss:
    given = {"document_id": made[1].id, "noticed_on": today(), "circumstances": LOOKED} | more
    said = Declaration(kind, **given)  # type: ignore[arg-type]
    return losses.declare(session, made[0], said, second=actor("bithu.sonv"), actor=actor("canbo.sonv"))


def there(session: Session, dossier: Dossier) -> int:
    """How many short CVs count as being there: on the page of the dossier, and in the lists, which agree."""
    documents = completeness.counting(session, dossiers.contents(session, dossier))
    (row,) = [one for one in completeness.presences(dossier, documents) if one.component.id == "cs_short_cv"]
    return row.documents


def told(session: Session) -> list[str]:
    query = select(AuditEntry.action).where(AuditEntry.action.like("paper_loss:%"), AuditEntry.outcome == "done")
    found = session.scalars(query.order_by(AuditEntry.seq)).all()
    return [one.removeprefix("paper_loss:") for one in found if not one.endswith((":list", ":view"))]


def test_a_lost_paper_is_made_anew_and_the_original_prevails(session, world, made, actor: Find) -> None:
    dossier, document = made
    officer = actor("canbo.sonv")
    assert there(session, dossier) == 1
    loss = declare(session, made, actor)
    assert loss.number == f"MH-{today().year}-0001" and loss.due_on == today() + timedelta(days=30)
    assert "Đ11.2.a" in loss.basis and there(session, dossier) == 0 and document in dossiers.contents(session, dossier)
    lacking = completeness.list_lacking(session, Wish(component_id="cs_short_cv"), actor=officer)
    assert [row.dossier for row in lacking] == [dossier]
    again = filed(session, dossier, world, actor, "Sơ yếu lý lịch (bản sao)")
    losses.make_anew(session, loss, again.id, issued_by="Sở Nội vụ", on=today(), actor=officer)
    assert there(session, dossier) == 1
    assert completeness.list_lacking(session, Wish(component_id="cs_short_cv"), actor=officer) == []
    titles = [one.title for one in listed(session, dossier)]
    assert any("lập lại từ bản sao của Sở Nội vụ" in title for title in titles)
    assert any(f"bản giấy không còn, {loss.number}" in title for title in titles)
    losses.find_again(session, loss, "Trong hồ sơ của người cùng tên", today(), actor=officer)
    assert there(session, dossier) == 2 and loss.state == PaperLossState.FOUND
    assert any("chỉ để tham khảo" in one.title for one in listed(session, dossier))
    with pytest.raises(Conflict):
        losses.make_anew(session, loss, again.id, issued_by="Sở Nội vụ", on=today(), actor=officer)
    assert told(session) == ["declare", "make_anew", "find_again"]


def test_a_damaged_paper_still_counts(session, made, actor: Find) -> None:
    declare(session, made, actor, PaperLossKind.DAMAGED)
    assert there(session, made[0]) == 1
    assert any("bản giấy bị hỏng" in one.title for one in listed(session, made[0]))


def test_a_paper_that_was_never_filed_is_declared_by_its_kind(session, made, actor: Find) -> None:
    with pytest.raises(BadInput, match="kind of paper"):
        declare(session, made, actor, document_id="", component_id="không có", title="Quyết định")
    with pytest.raises(BadInput, match="what paper"):
        declare(session, made, actor, document_id="", component_id="cs_diploma")
    loss = declare(session, made, actor, document_id="", component_id="cs_diploma", title="Bằng đại học số 12")
    assert (loss.document_id, loss.title) == (None, "Bằng đại học số 12") and there(session, made[0]) == 1


def test_it_takes_two_people_of_the_holder(session, world, made, actor: Find) -> None:
    said = Declaration(PaperLossKind.LOST, today(), LOOKED, made[1].id)
    for second in ("canbo.sonv", "canbo.sotc"):
        with pytest.raises(Refused, match="second person"):
            losses.declare(session, made[0], said, second=actor(second), actor=actor("canbo.sonv"))
    for name in ("bithu.sonv", "canbo.sotc", "quantri"):
        with pytest.raises(Refused):
            losses.declare(session, made[0], said, second=actor("canbo2.sonv"), actor=actor(name))
    for wrong in ({"noticed_on": today() + timedelta(days=1)}, {"circumstances": " "}, {"document_id": "0" * 16}):
        with pytest.raises(BadInput):
            declare(session, made, actor, **wrong)
    assert told(session) == []
    loss = declare(session, made, actor)
    with pytest.raises(Conflict, match="declared already"):
        declare(session, made, actor)
    for name in ("canbo.sotc", "bithu.sonv"):
        with pytest.raises(Refused):
            losses.give_up(session, loss, "Cơ quan đã giải thể", actor=actor(name))
    assert losses.list_losses(session, actor=actor("bithu.sonv")) == ([loss], 1)
    assert losses.list_losses(session, actor=actor("canbo.sotc")) == ([], 0)


def test_what_was_made_anew_is_another_paper_of_the_same_kind(session, world, made, actor: Find) -> None:
    dossier, document = made
    officer, loss = actor("canbo.sonv"), declare(session, made, actor)
    other = filed(session, dossier, world, actor, "Bằng đại học")
    other.component_id = "cs_diploma"
    session.flush()
    for wrong in (document.id, other.id, "0" * 16):
        with pytest.raises(BadInput):
            losses.make_anew(session, loss, wrong, issued_by="Sở Nội vụ", on=today(), actor=officer)
    again = filed(session, dossier, world, actor, "Sơ yếu lý lịch (bản sao)")
    for issued_by, on in ((" ", today()), ("Sở Nội vụ", today() + timedelta(days=1))):
        with pytest.raises(BadInput):
            losses.make_anew(session, loss, again.id, issued_by=issued_by, on=on, actor=officer)
    losses.give_up(session, loss, "Cơ quan đã giải thể", actor=officer)
    assert there(session, dossier) == 1 and loss.state == PaperLossState.GIVEN_UP
    losses.make_anew(session, loss, again.id, issued_by="Trung tâm Lưu trữ", on=today(), actor=officer)
    assert loss.state == PaperLossState.REMADE


def test_the_list_has_what_is_due_first_and_asks_as_often_for_many(session, world, made, actor: Find) -> None:
    officer = actor("canbo.sonv")
    late = declare(session, made, actor, noticed_on=today() - timedelta(days=40))
    assert list(losses.due_soon(session, actor=officer)) == [late]

    def count() -> tuple[int, list[PaperLoss]]:
        session.flush()
        session.expire_all()
        statements: list[str] = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
        found, _total = losses.list_losses(session, actor=officer)
        _ = [(one.dossier.person.full_name, one.dossier.custodian.short_name) for one in found]
        return sum(statement.startswith("SELECT") for statement in statements), found

    count()
    few, _found = count()
    for place in range(4):
        other = factories.make_dossier(session, world.units["sonv"], f"Người {place}")
        declare(session, (other, made[1]), actor, document_id="", component_id="cs_diploma", title="Bằng")
    many, found = count()
    assert many == few and found[0] == late and len(found) == 5
    assert losses.list_losses(session, actor=officer, state="late") == ([late], 1)


def test_the_minutes_name_both_and_a_sealed_or_destroyed_paper_leaves_no_trace(
    session, settings, world, made, actor: Find
) -> None:
    officer, loss = actor("canbo.sonv"), declare(session, made, actor)
    paper = papers.paper_loss_minutes(session, loss, printing=Printing(officer, "filing"))
    assert paper.body.startswith(b"%PDF") and "BBTL" in paper.number
    with pytest.raises(Refused):
        papers.paper_loss_minutes(session, loss, printing=Printing(actor("canbo.sotc"), "filing"))
    made[1].sealed = True
    session.flush()
    session.expire_all()
    assert losses.list_losses(session, actor=officer) == ([], 0)
    made[1].sealed = False
    session.flush()
    purging.destroy(session, settings, list(dossiers.scans_of(session, made[0])))
    session.expire_all()
    assert (loss.document_id, loss.title, loss.circumstances) == (None, "", "")
