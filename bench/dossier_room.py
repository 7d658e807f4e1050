"""How long the server takes for every page of the dossier room, with few dossiers and with many, in one run.

    python bench/dossier_room.py [people, 10000] [documents each, 30] [asks of each address, 20]

All dossiers lie with one office, the worst case: whoever works there may see all. Every address that takes no id and
answers with a page is asked, and the pages of single dossiers for dossiers drawn by lot. Printed for each address: the
time on the clock and on the processor with many, and how many times that is of the same address with one dossier in a
hundred. Ends with an error when a page needs more than 300 ms of the processor in 95 of 100 cases, or when the number
of its queries grows with the rows.
"""

import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.orm import Session

sys.path.insert(0, str(Path(__file__).parent.parent))
from oms import accounts, catalogue, db, installation
from oms.models import (
    Account,
    Category,
    Document,
    Dossier,
    Gender,
    Page,
    PageState,
    Person,
    Precision,
    Quality,
    RecordRow,
    RecordStatement,
    Scan,
    ScanState,
    StatementKind,
    Unit,
    UnitKind,
    new_id,
)
from oms.organisation import today
from oms.settings import Settings
from oms.vietnamese.names import sort_key
from oms.web import create_app, settle
from tests import factories

LIMIT_MS = 300
UNITS = 60
WHO = ("canbo.khoi", "truongban.khoi")
FAMILIES, MIDDLES, GIVEN = (
    ["Nguyễn", "Trần", "Lê", "Phạm", "Ka", "Hoàng"],
    ["Văn", "Thị", "Đức", "Minh"],
    ["An", "Bình", "Hà", "Lộc"],
)
# Pages of one dossier: what follows its id.
OF_ONE = ("/dossiers/{id}", "/dossiers/{id}/arrange", "/record/{id}", "/dossiers/{id}/completeness")
# Leave no page of the room: whoever is signed out, and what answers with a file for a machine.
LEFT_OUT = ("/sign-out", "/api/v1/openapi.json", "/healthz", "/readyz", "/searchz")
TEXT = "Quyết định về việc bổ nhiệm cán bộ, nâng bậc lương và điều động công tác. " * 8


@dataclass
class Asked:
    """What came back of one address, in milliseconds and queries."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    queries: int = 0

    def p95(self, values: list[float]) -> float:
        """The value that 95 of 100 do not exceed."""
        return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def fill(session: Session, people: int, each: int) -> list[str]:
    """Units, people with a dossier, its scan and its documents, values and careers; ids of the dossiers."""
    chance = random.Random(2026)
    world = factories.make_world(session)
    bloc = session.get_one(Unit, world.units["khoi"])
    units = [
        factories.make_unit(session, f"dv_{n:02d}", UnitKind.GRASSROOTS_COMMITTEE, f"Đảng bộ cơ sở Sở {n}", bloc).id
        for n in range(UNITS)
    ]
    officer = world.accounts["canbo.khoi"]
    ids: list[str] = []
    for start in range(0, people, 500):
        rows: dict[Any, list[dict[str, Any]]] = {}
        for n in range(start, min(start + 500, people)):
            ids.append(_one(rows, n, each, chance, units, world.units["btc"], officer))
        for model in (Person, Dossier, Scan, Document, Page, RecordStatement, RecordRow):
            session.execute(insert(model), rows[model])
    return ids


def _one(
    rows: dict[Any, list[dict[str, Any]]],
    n: int,
    each: int,
    chance: random.Random,
    units: list[str],
    holder: str,
    officer: str,
) -> str:
    """The rows of one person."""

    def add(model: Any, **values: Any) -> str:
        values |= {"id": new_id()}
        rows.setdefault(model, []).append(values)
        return str(values["id"])

    def day(first: int, last: int) -> date:
        return date(chance.randint(first, last), 1, 1) + timedelta(days=chance.randint(0, 360))

    name = " ".join(chance.choice(part) for part in (FAMILIES, MIDDLES, GIVEN)) + f" {n}"
    category = list(Category)[n % len(Category)]
    person = add(
        Person,
        full_name=name,
        sort_key=sort_key(name),
        gender=chance.choice(list(Gender)[:2]),
        birth_date=day(1962, 2000),
        birth_precision=Precision.DAY,
        personal_id=f"{n:012d}",
        unit_id=units[n % len(units)],
        party_join_date=day(1985, 2020) if n % 2 else None,
    )
    dossier = add(
        Dossier,
        number=f"HS-{n:06d}",
        person_id=person,
        category=category,
        custodian_id=holder,
        managing_body_id=holder,
        version=1,
    )
    known = {"dossier_id": dossier, "version": 1}
    scan = add(
        Scan,
        sha256=f"{n:064x}",
        file_name="hồ sơ.pdf",
        media_type="application/pdf",
        size=1000,
        page_count=each + 1,
        state=ScanState.READ,
        received_by_id=officer,
        **known,
    )
    components = catalogue.components(category, today())
    page_id = ""
    for place in range(each + 1):
        document = None
        if place < each:
            document = add(
                Document,
                component_id=chance.choice(components).id,
                title=f"Quyết định số {place}",
                number=f"{place}-QĐ/TU",
                issued_on=day(1995, 2025),
                issued_precision=Precision.DAY,
                position=place + 1,
                filed_by_id=officer,
                **known,
            )
        page_id = add(
            Page,
            scan_id=scan,
            number=place + 1,
            state=PageState.READ,
            text_read=TEXT,
            text=TEXT,
            confidence=93.0,
            quality=chance.choice(list(Quality)),
            document_id=document,
            document_position=1 if document else None,
            version=1,
        )
    wrote = {"dossier_id": dossier, "place": 1, "account_id": officer, "page_id": page_id}
    values = {"salary_coefficient": "3,33", "salary_from": f"01/{1 + n % 12:02d}/2023", "rank_code": "01.003"}
    for key, text in (values | {"salary_step": "4"}).items():
        add(RecordStatement, key=key, kind=StatementKind.KEYED, text=text, box=None, **wrote)
    add(RecordRow, key="career", line=new_id(), position=1, cells=["01/2010", "Chuyên viên"], **wrote)
    return dossier


def addresses(app: Flask) -> Iterator[str]:
    """Every page that needs no id."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.arguments and not rule.rule.startswith(LEFT_OUT):
            yield rule.rule


def measure(people: int, each: int, asks: int) -> dict[tuple[str, str], Asked]:
    """One installation of that size; what each officer's pages took."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        installation.prepare_folders(settings)
        engine = db.connect(settings.database)
        installation.upgrade(settings, engine)
        begun = time.perf_counter()
        with db.writing(engine) as session:
            ids = fill(session, people, each)
        size = (settings.home / "oms.sqlite3").stat().st_size / 1e6
        print(
            f"{people} dossiers, {people * each} documents: {size:.0f} MB, {time.perf_counter() - begun:.0f} s",
            flush=True,
        )
        app = create_app(settings, engine)
        app.config.update(RATELIMIT_ENABLED=False)
        settle()  # as the server does
        found: dict[tuple[str, str], Asked] = {}
        chance = random.Random(7)
        for who in WHO:
            client = _sign_in(app, engine, who)
            for address in addresses(app):
                _ask(client, engine, address, [address] * asks, found, who)
            for address in OF_ONE:
                drawn = [address.format(id=chance.choice(ids)) for _ in range(asks)]
                _ask(client, engine, address, drawn, found, who)
        engine.dispose()
    return found


def _sign_in(app: Flask, engine: Engine, who: str) -> FlaskClient:
    client = app.test_client()
    with db.writing(engine) as session:
        account = session.scalars(select(Account).where(Account.username == who)).one()
        secret, _ = accounts.sign_in(session, account.id)
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = secret, True
    return client


def _ask(
    client: FlaskClient, engine: Engine, name: str, asked: list[str], found: dict[tuple[str, str], Asked], who: str
) -> None:
    """Ask the addresses one after the other; what is no page for this account is left out."""
    first = client.get(asked[0])  # this one also warms what a server has warm
    if first.status_code != 200 or first.mimetype != "text/html":
        return
    taken = found[who, name] = Asked()
    counted: list[str] = []
    event.listen(engine, "before_cursor_execute", count := lambda *call: counted.append(call[2]))
    for address in asked:
        counted.clear()
        clock, processor = time.perf_counter(), time.process_time()
        answer = client.get(address)
        taken.processor.append((time.process_time() - processor) * 1000)
        taken.clock.append((time.perf_counter() - clock) * 1000)
        assert answer.status_code == 200, (address, answer.status_code)
        taken.queries = max(taken.queries, len(counted))
    event.remove(engine, "before_cursor_execute", count)


def main(people: int = 10_000, each: int = 30, asks: int = 20) -> None:
    """The small installation, the large one, and what grew."""
    small, large = measure(max(people // 100, 1), each, asks), measure(people, each, asks)
    print(
        f"{'page':44} {'who':15} {'clock p95':>10} {'CPU median':>10} {'CPU p95':>8} {'times small':>11} {'queries':>8}"
    )
    slow: list[str] = []
    for (who, name), taken in sorted(large.items(), key=lambda row: -row[1].p95(row[1].processor)):
        before = small.get((who, name))
        if before is None:
            continue
        p95, median = taken.p95(taken.processor), statistics.median(taken.processor)
        grown = taken.queries > before.queries + 3
        times = median / statistics.median(before.processor)
        mark = (" SLOW" if p95 > LIMIT_MS else "") + (f" QUERIES {before.queries} →" if grown else "")
        print(
            f"{name:44} {who:15} {taken.p95(taken.clock):10.0f} {median:10.0f} {p95:8.0f} {times:11.1f} "
            f"{taken.queries:8}{mark}"
        )
        if mark:
            slow.append(f"{name} ({who})")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(large)} pages; peak memory {peak:.0f} MB")
    if slow:
        raise SystemExit("over the limit or growing: " + ", ".join(slow))


if __name__ == "__main__":
    main(*(int(value) for value in sys.argv[1:4]))
