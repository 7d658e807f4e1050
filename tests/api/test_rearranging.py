"""Arranging by API: each act answers how things lie now, what is foreign is not there."""

from collections.abc import Callable

from sqlalchemy import Engine, select

from oms import accounts, db
from oms.models import AuditEntry
from tests import factories
from tests.api.conftest import Caller
from tests.factories import World


def test_a_dossier_is_arranged_and_laid_back(caller: Callable[[str], Caller], engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="api")
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai", "ba"))
        number, long = dossier.number, factories.make_document(session, dossier, scan, actor=officer).id
    officers, first = caller("canbo.sonv"), caller("canbo.sonv").get(f"documents/{long}/pages").json["ids"]

    def send(address: str, **body: object) -> dict[str, object]:
        answer = officers.post(address, body)
        assert answer.status_code == 200, answer.json
        return dict(answer.json)

    send(f"documents/{long}/order", ids=first[::-1])
    assert officers.get(f"documents/{long}/pages").json["ids"] == first[::-1]
    documents = send(f"documents/{long}/split", page=first[0])["documents"]
    assert isinstance(documents, list)
    ids = [one["id"] for one in documents]
    assert ids[0] == long and len(ids) == 2
    turned = send(f"dossiers/{number}/order", ids=ids[::-1])["documents"]
    assert isinstance(turned, list) and [one["id"] for one in turned] == ids[::-1]
    send(f"documents/{long}/move", pages=[first[2]], target=ids[1])
    done = send(f"documents/{long}/join", other=ids[1])
    assert officers.get(f"documents/{long}/pages").json["ids"] == [first[1], first[0], first[2]]
    send(f"dossiers/{number}/undo", act=done["undo"])
    assert officers.post(f"dossiers/{number}/undo", {"act": done["undo"]}).status_code == 409
    send(f"pages/{first[0]}/turn", degrees=180)
    assert officers.post(f"pages/{first[0]}/turn", {"degrees": 45}).status_code == 422
    with db.reading(engine) as session:
        known = session.query(AuditEntry).filter(AuditEntry.outcome == "done").count()
    for username, status in (("canbo.sotc", 404), ("bithu.sonv", 403)):
        other = caller(username)
        assert other.post(f"documents/{long}/split", {"page": first[0]}).status_code == status
        assert other.post(f"pages/{first[0]}/turn", {"degrees": 90}).status_code == status
        assert other.post(f"dossiers/{number}/undo", {"act": "0" * 16}).status_code == status
    with db.reading(engine) as session:
        newer = session.scalars(select(AuditEntry.action).where(AuditEntry.outcome == "done").offset(known)).all()
    assert not [one for one in newer if one.startswith(("document:", "page:", "dossier:"))]
