"""`oms loan overdue`: paper that was not given back."""

from datetime import timedelta

from oms import accounts, consultations, db
from oms.models import ConsultationKind
from oms.organisation import today
from tests import factories


def test_overdue_paper_is_listed_for_both_sides_only(oms, world, engine):
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        wish = consultations.Wish(dossier.number, ConsultationKind.PAPER, "Thẩm tra", "1-CV", "Tất cả", today())
        reader, head = (accounts.get_actor(session, name, via="cli") for name in ("canbo.sotc", "bithu.sonv"))
        request = consultations.request(session, wish, actor=reader)
        consultations.approve(session, request, [], today(), actor=head)
        consultations.hand_out(session, request, fetched_by="Lê A", sheets=2, actor=head)
        session.flush()
        request.loan.due_on = today() - timedelta(days=1)
        number = dossier.number
    for username in ("canbo.sotc", "bithu.sonv", "canbo.sonv"):
        answer = oms("loan", "overdue", "--as", username, "--json")
        assert answer.code == 0
        assert [one["dossier"] for one in answer.documents[0]["overdue"]] == [number]
        assert number in oms("loan", "overdue", "--as", username).out
    assert oms("loan", "overdue", "--as", "canbo.soyt", "--json").documents == [{"overdue": []}]
