"""Two people declare a dossier lost on its page; whoever finds it says so."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import db
from oms.models import AuditEntry, Transfer
from oms.organisation import today
from tests.factories import PASSWORD
from tests.web.test_transfers import state_of, transfer_in

__all__ = ["transfer_in"]


def test_declared_by_two_and_found_again(
    transfer_in: Callable[[str], str], client_as: Callable[[str], FlaskClient], engine: Engine
) -> None:
    transfer_id, head = transfer_in("in_transit"), client_as("bithu.sotc")
    page, address = f"/transfers/{transfer_id}", f"/transfers/{transfer_id}/loss"
    assert head.get(address).status_code == 409 and address not in head.get(page).text
    with db.writing(engine) as session:
        session.get_one(Transfer, transfer_id).due_on = today() - timedelta(days=1)
    assert address in head.get(page).text and head.get(address).status_code == 200
    assert client_as("canbo.sotc").get(address).status_code == 403
    assert client_as("canbo.soyt").get(address).status_code == 404
    form = {"reason": "Đã hỏi văn thư hai bên", "second": "canbo.sonv", "password": "sai"}
    assert head.post(address, data=form).status_code == 422
    assert head.post(address, data={**form, "second": "canbo.soyt", "password": PASSWORD}).status_code == 403
    assert head.post(f"{page}/declare-lost", data=form).status_code == 403, "not without the second person"
    assert state_of(engine, transfer_id) == "in_transit"
    answer = head.post(address, data={**form, "password": PASSWORD}, follow_redirects=True)
    assert answer.status_code == 200 and "/papers/loss-minutes/" in answer.text
    assert "Tài khoản bithu.sotc + Tài khoản canbo.sonv" in answer.text
    with db.reading(engine) as session:
        assert session.query(AuditEntry).filter_by(action="transfer:declare-lost", outcome="done").count() == 1
    client_as("canbo.sonv").post(f"{page}/found", data={"reason": "Thấy ở văn thư"})
    assert state_of(engine, transfer_id) == "draft"
