"""Proof as a file in the browser: through the gate, to whoever may read the transfer, away when it is secret."""

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import db, storage
from oms.models import AttachedFile, AuditEntry
from oms.settings import Settings
from tests import factories
from tests.factories import PASSWORD, World
from tests.web.test_transfers import transfer_in

__all__ = ["transfer_in"]
ClientAs = Callable[[str], FlaskClient]
REASON = "Khung kép của sổ văn thư, không phải dấu mật"
PAPER = factories.png_of(factories.draw_page("QUYẾT ĐỊNH điều động"))


def send(client: FlaskClient, transfer_id: str, content: bytes = PAPER):
    form = {"file": (io.BytesIO(content), "quyết định.png")}
    return client.post(f"/transfers/{transfer_id}/proofs", data=form, follow_redirects=True)


def attached(engine: Engine) -> list[AttachedFile]:
    with db.reading(engine) as session:
        return session.query(AttachedFile).all()


def last_entry(engine: Engine) -> tuple[str, str]:
    with db.reading(engine) as session:
        entry = session.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
        assert entry is not None
        return entry.action, entry.outcome


def test_it_is_added_read_and_taken_away(
    transfer_in: Callable[[str], str], client_as: ClientAs, engine: Engine, settings: Settings
) -> None:
    transfer_id, officer = transfer_in("draft"), client_as("canbo.sonv")
    page = send(officer, transfer_id)
    assert page.status_code == 200 and "quyết định.png" in page.text
    (file,) = attached(engine)
    address = f"/transfers/{transfer_id}/proofs/{file.id}"
    answer = officer.get(address)
    assert answer.data == PAPER and last_entry(engine) == ("transfer:proof", "done")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    for stranger, status in (("canbo.sotc", 404), ("quantri", 404)):
        assert client_as(stranger).get(address).status_code == status
        assert last_entry(engine)[1] == "refused"
    assert client_as("bithu.sonv").post(f"{address}/remove").status_code == 403
    assert officer.post(f"{address}/remove").status_code == 302
    assert attached(engine) == [] and not storage.path_of(settings.scans, file.sha256).exists()


def test_a_secret_is_refused_and_a_doubt_is_decided_by_two(
    transfer_in: Callable[[str], str], client_as: ClientAs, engine: Engine
) -> None:
    transfer_id, officer = transfer_in("draft"), client_as("canbo.sonv")
    assert "bears the mark" in send(officer, transfer_id, factories.stamped_png("MẬT")).text
    with db.reading(engine) as session:
        refused = session.query(AuditEntry).filter_by(action="transfer:add_proof").one()
        assert refused.outcome == "refused" and "quyết định.png" not in refused.body
    page = send(officer, transfer_id, factories.stamped_png("####"))
    assert attached(engine) == [] and "Is this a state secret?" in page.text
    decide = {"reason": REASON, "second": "canbo.sotc", "password": PASSWORD}
    assert officer.post(f"{page.request.path}/admit", data=decide).status_code == 403
    answer = officer.post(f"{page.request.path}/admit", data={**decide, "second": "bithu.sonv"})
    assert answer.status_code == 302 and answer.location.endswith(f"/transfers/{transfer_id}")
    assert [file.clearance for file in attached(engine)] == [REASON]


def test_a_doubt_can_be_wiped(transfer_in: Callable[[str], str], client_as: ClientAs, engine: Engine) -> None:
    transfer_id, officer = transfer_in("draft"), client_as("canbo.sonv")
    page = send(officer, transfer_id, factories.stamped_png("####"))
    assert officer.post(f"{page.request.path}/refuse").location.endswith(f"/transfers/{transfer_id}")
    assert attached(engine) == [] and last_entry(engine) == ("secrecy:refuse", "refused")


@pytest.mark.parametrize("username", ["canbo.sonv", "canbo.sotc"])
def test_either_unit_has_a_secret_destroyed(
    transfer_in: Callable[[str], str], client_as: ClientAs, engine: Engine, world: World, username: str
) -> None:
    transfer_id = transfer_in("draft")
    send(client_as("canbo.sonv"), transfer_id)
    (file,) = attached(engine)
    for name, who in (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv")):
        client_as(who).post(f"/transfers/{transfer_id}/{name}")
    address, client = f"/transfers/{transfer_id}/proofs/{file.id}/secret", client_as(username)
    assert client.get(address).status_code == 200
    form = {"reason": REASON, "second": username, "password": PASSWORD}
    assert client.post(address, data=form).status_code == 403 and len(attached(engine)) == 1
    answer = client.post(address, data={**form, "second": username.replace("canbo", "bithu")})
    assert answer.status_code == 302 and attached(engine) == []
    assert client.get(answer.location).status_code == 200
