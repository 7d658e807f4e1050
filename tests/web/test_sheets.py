"""The page on which sheets are counted."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import accounts, db
from oms.models import AuditEntry, Document
from tests import factories
from tests.factories import World


def test_sheets_are_counted_on_their_page(
    client_as: Callable[[str], FlaskClient], engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai", "ba"))
        document = factories.make_document(session, dossier, scan, actor=officer)
    client, address = client_as("canbo.sonv"), f"/dossiers/{dossier.id}/sheets"
    assert 'placeholder="3"' in client.get(address).text
    assert "≈3" in client.get(f"/dossiers/{dossier.id}").text
    for wrong in ("0", "zwei", "²"):
        assert client.post(address, data={f"sheets-{document.id}": wrong}).status_code == 422
    assert client.post(address, data={f"sheets-{document.id}": "2"}).status_code == 302
    page = client.get(f"/dossiers/{dossier.id}").text
    assert "≈3" not in page and "≈2" not in page
    assert client_as("canbo.sotc").get(address).status_code == 404
    assert client_as("bithu.sonv").get(address).status_code == 403
    with db.reading(engine) as session:
        assert session.get_one(Document, document.id).sheets == 2
        counted = session.query(AuditEntry).filter_by(action="dossier:count_sheets").all()
        assert [entry.outcome for entry in counted] == ["done"]
