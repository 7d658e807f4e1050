"""The contract: each look and each change over the API leaves exactly one entry, and what is foreign is not there."""

import io
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from oms import accounts, db, search
from oms.models import AuditEntry, Unit
from oms.settings import Settings
from tests import factories
from tests.api.conftest import Caller
from tests.factories import World, draw_page, png_of

Callers = Callable[[str], Caller]


@pytest.fixture
def things(engine: Engine, settings: Settings, world: World, caller: Callers) -> dict[str, str]:
    """A dossier of Sở Nội vụ with a read scan and a transfer being prepared: their names in addresses."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
        factories.make_document(session, dossier, scan, actor=accounts.get_actor(session, "canbo.sonv", via="api"))
        number, scan_id = dossier.number, scan.id
        receiver = session.get_one(Unit, world.units["sotc"]).code
    search.rebuild(engine, settings)
    proof = {"reason": "Quyết định 1", "basis_number": "1-QĐ/TU", "basis_on": "2026-02-03"}
    transfer = caller("canbo.sonv").post("transfers", {"dossier": number, "to": receiver, **proof})
    assert transfer.status_code == 201
    return {"dossier": number, "scan": scan_id, "transfer": transfer.get_json()["number"]}


def entries_of(engine: Engine, call: Callable[[], object]) -> list[tuple[str, str]]:
    """What a call adds to the log."""
    with db.reading(engine) as session:
        before = session.query(AuditEntry).count()
    call()
    with db.reading(engine) as session:
        rows = session.query(AuditEntry).order_by(AuditEntry.seq).offset(before)
        return [(row.action, row.outcome) for row in rows]


@pytest.mark.parametrize(
    ("address", "status", "entry"),
    [
        ("units", 200, ("unit:list", "done")),
        ("people", 200, ("person:list", "done")),
        ("dossiers", 200, ("dossier:list", "done")),
        ("dossiers/{dossier}", 200, ("dossier:view", "done")),
        ("dossiers/{dossier}/scans", 200, ("dossier:view", "done")),
        ("scans/{scan}", 200, ("scan:view", "done")),
        ("scans/{scan}/pages/1", 200, ("page:view", "done")),
        ("transfers", 200, ("transfer:list", "done")),
        ("transfers/{transfer}", 200, ("transfer:view", "done")),
        ("search?q=quyet+dinh", 200, ("search:find", "done")),
        ("search/suggest?q=ngu", 200, ("search:suggest", "done")),
        ("search/export?q=quyet+dinh&purpose=report", 200, ("search:export", "done")),
        ("audit", 403, ("audit:read", "refused")),
        ("dossiers/HS-999999", 404, ("dossier:read", "refused")),
        ("scans/0123456789abcdef", 404, ("scan:read", "refused")),
    ],
)
def test_every_look_leaves_one_entry(
    caller: Callers, engine: Engine, things: dict[str, str], address: str, status: int, entry: tuple[str, str]
) -> None:
    officer = caller("canbo.sonv")
    answers = []
    assert entries_of(engine, lambda: answers.append(officer.get(address.format(**things)))) == [entry]
    assert answers[0].status_code == status


def test_every_upload_and_every_step_leaves_one_entry(caller: Callers, engine: Engine, things: dict[str, str]) -> None:
    officer = caller("canbo.sonv")
    page = png_of(draw_page("LÝ LỊCH"))

    def send(content: bytes) -> list[tuple[str, str]]:
        form = {"file": (io.BytesIO(content), "a.png")}
        return entries_of(engine, lambda: officer.post(f"dossiers/{things['dossier']}/scans", data=form))

    step = f"transfers/{things['transfer']}"
    assert entries_of(engine, lambda: officer.post(f"{step}/submit", {})) == [("transfer:submit", "done")]
    assert entries_of(engine, lambda: officer.post(f"{step}/submit", {})) == [("transfer:read", "refused")]
    assert send(page) == [("scan:upload", "done")]
    assert send(page) == [("scan:upload", "known")]
    assert send(page[:500]) == [("scan:upload", "refused")]
    assert send(b"MZ") == [("scan:upload", "refused")]


@pytest.mark.parametrize(
    "address", ["dossiers/{}", "dossiers/{}/scans", "scans/{}", "scans/{}/pages/1", "scans/{}/original", "transfers/{}"]
)
def test_foreign_and_missing_are_one_answer_byte_for_byte(
    caller: Callers, things: dict[str, str], address: str
) -> None:
    stranger = caller("canbo.sotc")
    kind = address.split("/", maxsplit=1)[0].rstrip("s")
    foreign = stranger.get(address.format(things[kind]))
    missing = stranger.get(address.format({"dossier": "HS-999999", "transfer": "CH-2026-9999"}.get(kind, "f" * 16)))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.data == missing.data and foreign.headers == missing.headers
