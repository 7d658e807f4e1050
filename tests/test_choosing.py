"""A request that fits no single dossier: chosen by the head who got it, or handed on, and nobody else learns of it."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import consultations, db
from oms.consultations import Wish
from oms.errors import BadInput, Conflict, Refused
from oms.models import AuditEntry, Consultation, ConsultationKind
from oms.organisation import today
from oms.permissions import Action, can
from tests import factories
from tests.factories import World
from tests.test_custody import Actors

NAME = "Lê Văn Giả"


def asked(session: Session, actor: Actors, wanted: str = NAME) -> Consultation:
    wish = Wish(wanted, ConsultationKind.SCREEN, "Thẩm tra", "1-CV", "Quyết định", today())
    return consultations.request(session, wish, actor=actor("kiemtra.khoi"))


def entries(session: Session, action: str) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)) or 0


def test_the_head_chooses_among_the_own_dossiers(session: Session, world: World, actor: Actors) -> None:
    mine = [factories.make_dossier(session, world.units["btc"], name) for name in (NAME, "Lê Văn Thật Giả")]
    other = factories.make_dossier(session, world.units["sonv"], NAME)
    request, head = asked(session, actor), actor("truongban.khoi")
    assert request.dossier_id is None
    found = consultations.candidates(session, request, actor=head)
    assert {dossier.id for dossier in found} == {dossier.id for dossier in mine}
    assert consultations.candidates(session, request, mine[0].number, actor=head) == [mine[0]]
    assert consultations.candidates(session, request, "Không Có", actor=head) == []
    for somebody in ("canbo.khoi", "bithu.sonv", "kiemtra.khoi"):
        with pytest.raises(Refused):
            consultations.candidates(session, request, actor=actor(somebody))
    with pytest.raises(Refused):
        consultations.choose(session, request, other, actor=head)
    assert entries(session, "consultation:choose") == 0
    consultations.choose(session, request, mine[0], actor=head)
    assert (request.dossier, request.holder_id, request.state) == (mine[0], None, "requested")
    assert can(head, Action.CONSULTATION_APPROVE, request)
    with pytest.raises(Conflict):
        consultations.choose(session, request, mine[1], actor=head)
    assert entries(session, "consultation:choose") == 1 and entries(session, "consultation:candidates") == 3


def test_not_here_goes_round_the_units_that_hold_such_a_dossier(session: Session, world: World, actor: Actors) -> None:
    for unit in ("sonv", "sotc"):
        factories.make_dossier(session, world.units[unit], NAME)
    request = asked(session, actor)
    with pytest.raises(BadInput):
        consultations.not_here(session, request, " ", actor=actor("truongban.khoi"))
    assert consultations.not_here(session, request, "Không giữ", actor=actor("truongban.khoi"))
    assert request.holder_id == world.units["sonv"] and request.state == "requested"
    assert not can(actor("truongban.khoi"), Action.CONSULTATION_APPROVE, request)
    assert consultations.not_here(session, request, "Không phải", actor=actor("bithu.sonv"))
    assert request.holder_id == world.units["sotc"]
    assert not consultations.not_here(session, request, "Không có hồ sơ phù hợp", actor=actor("bithu.sotc"))
    assert (request.state, request.answer) == ("refused", "Không có hồ sơ phù hợp")
    assert entries(session, "consultation:not_here") == 2 and entries(session, "consultation:refuse") == 1


def test_on_the_pages(client_as: Callable[[str], FlaskClient], engine: Engine, world: World, actor: Actors) -> None:
    with db.writing(engine) as session:
        dossiers = [factories.make_dossier(session, world.units["btc"], NAME) for _ in range(2)]
        request = asked(session, actor)
    head, page = client_as("truongban.khoi"), f"/consultations/{request.id}"
    assert f"{page}/candidates" in head.get(page).text
    assert dossiers[1].number in head.get(f"{page}/candidates").text
    assert client_as("bithu.sonv").get(f"{page}/candidates").status_code == 404
    reader = client_as("kiemtra.khoi").get(page)
    assert reader.status_code == 200 and "candidates" not in reader.text and dossiers[0].number not in reader.text
    answer = head.post(f"{page}/choose", data={"dossier": dossiers[1].id})
    assert answer.status_code == 302 and head.get(answer.location).status_code == 200
    assert head.post(f"{page}/not-here", data={"reason": "Không"}).status_code == 409
