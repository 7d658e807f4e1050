"""The days of a request of a person: extended once, for a reason the person reads, only while they run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import accounts, catalogue, db
from oms.errors import BadInput, Conflict, Refused
from oms.models import Account, AuditEntry, Dossier, SubjectRequest, SubjectRequestState
from oms.organisation import today
from oms.procedures import answering, requests
from tests import factories
from tests.api.conftest import Caller, caller  # noqa: F401
from tests.factories import World
from tests.test_subject_requests import WRONG

WHY = "Phải hỏi nơi đăng ký khai sinh"


def ask(session: Session, world: World) -> SubjectRequest:
    dossier = factories.make_dossier(session, world.units["sonv"])
    session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = dossier.person_id
    session.flush()
    person = accounts.actor_of(session, session.get_one(Account, world.accounts["nguoilaodong.sonv"]))
    return requests.ask(session, dossier, WRONG, actor=person)


def acts(session: Session) -> list[str]:
    session.flush()
    query = select(AuditEntry.action).where(AuditEntry.action.like("request:%"), AuditEntry.outcome == "done")
    return list(session.scalars(query.order_by(AuditEntry.seq)))


def test_once_while_they_run_and_with_a_reason(session, world, actor) -> None:
    officer, made = actor("canbo.sonv"), ask(session, world)
    first = made.due_on
    with pytest.raises(BadInput):
        answering.extend(session, made, "lâu", actor=officer)
    for nobody in (actor("bithu.sonv"), actor("canbo.sotc"), replace(officer, person_id=made.dossier.person_id)):
        with pytest.raises(Refused):
            answering.extend(session, made, WHY, actor=nobody)
    answering.extend(session, made, WHY, actor=officer)
    days = catalogue.time_limit(answering.EXTENSION, today()).amount
    assert (made.first_due_on, made.due_on) == (first, first + timedelta(days=days))
    assert made.state == SubjectRequestState.ACKNOWLEDGED and made.acknowledged_by_id == officer.account_id
    with pytest.raises(Refused, match="already"):
        answering.extend(session, made, WHY, actor=officer)
    assert acts(session) == ["request:ask", "request:extend"]


def test_not_when_they_are_over_nor_when_it_is_answered(session, settings, world, actor) -> None:
    officer, made = actor("canbo.sonv"), ask(session, world)
    made.due_on = today() - timedelta(days=1)
    session.flush()
    with pytest.raises(Refused, match="over"):
        answering.extend(session, made, WHY, actor=officer)
    answering.refuse(session, settings, made, "Giấy tờ không rõ ràng", actor=officer)
    with pytest.raises(Conflict):
        answering.extend(session, made, WHY, actor=officer)
    assert acts(session) == ["request:ask", "request:refuse"]


def test_the_person_reads_why(
    engine: Engine,
    client_as: Callable[[str], FlaskClient],
    caller: Callable[[str], Caller],  # noqa: F811
    world: World,
) -> None:
    with db.writing(engine) as session:
        made = ask(session, world)
        address, number = f"/requests/{made.id}", made.number
        own = f"/own/dossiers/{session.get_one(Dossier, made.dossier_id).id}/requests/{made.id}"
    officer = client_as("canbo.sonv")
    assert f"{address}/extend" in officer.get(address).text
    assert caller("canbo.sotc").post(f"subject-requests/{number}/extend", {"reason": WHY}).status_code == 404
    assert officer.post(f"{address}/extend", data={"reason": "lâu"}).status_code == 422
    assert officer.post(f"{address}/extend", data={"reason": WHY}).status_code == 302
    assert f"{address}/extend" not in officer.get(address).text
    assert WHY in client_as("nguoilaodong.sonv").get(own).text
    program = caller("canbo.sonv")
    assert program.post(f"subject-requests/{number}/extend", {"reason": WHY}).status_code == 403
    assert program.get(f"subject-requests/{number}").get_json()["extension_reason"] == WHY
