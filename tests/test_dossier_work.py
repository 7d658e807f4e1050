"""The yearly report on the work on dossiers: counted from what happened, by hand what nobody records, for nobody else."""

import dataclasses
import io
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import custody, db
from oms.errors import BadInput, ConfirmationNeeded, NotFound, Refused
from oms.figures import dossier_work
from oms.models import (
    AuditEntry,
    Correction,
    CorrectionState,
    DecidedBy,
    Dossier,
    Leaving,
    LeavingState,
    LeavingWay,
    PaperLoss,
    PaperLossKind,
    PaperLossState,
    Transfer,
    TransferState,
    Unit,
)
from oms.organisation import today
from oms.permissions import Actor
from tests import factories
from tests.factories import World
from tests.test_custody import WAYS, step
from tests.test_papers import text_of

Find = Callable[[str], Actor]


def told(session: Session, actor: Actor, unit_id: str = "", year: int = 0) -> dict[str, int | None]:
    unit = session.get_one(Unit, unit_id) if unit_id else None
    report = dossier_work.read_report(session, unit, year or today().year, actor=actor)
    return {line.label: line.count for line in report.lines}


def hand_over(session: Session, world: World, actor: Find, way: TransferState) -> Dossier:
    dossier = factories.make_dossier(session, world.units["sonv"], f"Người {way}")
    receiver = session.get_one(Unit, world.units["sotc"])
    transfer = custody.prepare(session, dossier, receiver, "QĐ 1", actor=actor("canbo.sonv"), proof=factories.PROOF)
    scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"trang {way}",))
    factories.make_document(session, dossier, scan, actor=actor("canbo.sonv"))
    for name, username in WAYS[way]:
        step(session, transfer, name, actor(username))
    session.flush()
    return dossier


def test_what_came_and_went(session: Session, world: World, actor: Find) -> None:
    hand_over(session, world, actor, TransferState.ACCEPTED)
    hand_over(session, world, actor, TransferState.IN_TRANSIT)
    old = factories.make_dossier(session, world.units["sonv"], "Người cũ")
    old.created_at = datetime(2024, 12, 31, 17, 0, tzinfo=UTC)  # the first moment of 2025 in Vietnam
    session.flush()
    sender, receiver = told(session, actor("canbo.sonv")), told(session, actor("canbo.sotc"))
    assert (sender["Dossiers held"], sender["New dossiers"], sender["Dossiers handed over"]) == (2, 2, 1)
    assert (receiver["Dossiers held"], receiver["New dossiers"], receiver["Dossiers received"]) == (1, 0, 1)
    assert told(session, actor("canbo.sonv"), year=2025)["New dossiers"] == 1
    assert told(session, actor("canbo.sonv"), year=2024)["New dossiers"] == 0
    whole = told(session, actor("canbo.khoi"))
    assert (whole["Dossiers held"], whole["New dossiers"]) == (3, 2)
    assert (whole["Dossiers handed over"], whole["Dossiers received"]) == (0, 0), "within the committee"


def test_losses_and_corrections(session: Session, world: World, actor: Find) -> None:
    dossier = hand_over(session, world, actor, TransferState.LOST)
    for number, field in enumerate(("home_town", "full_name")):
        session.add(
            Correction(
                number=f"DC-{number}",
                dossier_id=dossier.id,
                field=field,
                old_value="a",
                new_value="b",
                reason="c",
                document_id="d",
                decider=DecidedBy.CUSTODIAN,
                basis="TT",
                state=CorrectionState.DECIDED,
                proposed_by_id=world.accounts["canbo.sonv"],
                decision_number="1-QĐ",
                decision_on=date(2026, 1, 1),
                decided_by_id=world.accounts["bithu.sonv"],
                decided_at=datetime(today().year, 3, 1, tzinfo=UTC),
            )
        )
    session.flush()
    found = told(session, actor("kiemtra.khoi"))
    assert (found["Dossiers corrected by decision"], found["Values corrected in them"]) == (1, 2)
    assert found["Dossiers lost on the way"] == 1
    assert found["Conditions of storage"] is None and found["Whole dossiers made anew after a loss"] is None
    session.scalars(select(Transfer)).one().state = TransferState.CANCELLED
    session.flush()
    assert told(session, actor("kiemtra.khoi"))["Dossiers lost on the way"] == 0


def test_who_left_and_papers_made_anew(session: Session, world: World, actor: Find) -> None:
    by, year = world.accounts["canbo.sonv"], today().year
    two = {"declared_by_id": by, "second_id": world.accounts["bithu.sonv"]}
    for number, (way, closed) in enumerate((("retirement", year), ("retirement", year - 1), ("death", year))):
        session.add(
            Leaving(
                number=f"TV-{number}",
                dossier_id=factories.make_dossier(session, world.units["sonv"], f"Người {number}").id,
                way=LeavingWay(way),
                decision_number="1-QĐ",
                decision_on=date(closed, 1, 1),
                leaves_on=date(closed, 1, 1),
                due_on=date(closed, 2, 1),
                basis="TT",
                state=LeavingState.CLOSED,
                opened_by_id=by,
                closed_by_id=by,
                closed_on=date(closed, 1, 1),
                sealed_sha256="0" * 64,
            )
        )
    dossier = factories.make_dossier(session, world.units["sonv"], "Người mất giấy")
    for number, state in enumerate((PaperLossState.OPEN, PaperLossState.REMADE, PaperLossState.FOUND)):
        settled = {} if state == PaperLossState.OPEN else {"settled_by_id": by, "settled_on": date(year, 1, 1)}
        if state == PaperLossState.REMADE:
            settled |= {"remade_on": date(year, 1, 1), "remade_from": "bản sao"}
        session.add(
            PaperLoss(
                number=f"MG-{number}",
                dossier_id=dossier.id,
                component_id="cs_diploma",
                title="Bằng",
                kind=PaperLossKind.DAMAGED,
                state=state,
                noticed_on=date(year, 1, 1),
                circumstances="ẩm",
                due_on=date(year, 2, 1),
                basis="TT",
                **two,
                **settled,
            )
        )
    session.flush()
    found = told(session, actor("canbo.sonv"))
    assert (found["Dossiers of people who retired"], found["Dossiers of people who died"]) == (1, 1)
    assert (found["Papers damaged in dossiers"], found["Papers made anew"]) == (2, 1)
    assert told(session, actor("canbo.sotc"))["Papers made anew"] == 0


def test_for_nobody_else(session: Session, world: World, actor: Find) -> None:
    with pytest.raises(NotFound):
        told(session, actor("canbo.sonv"), world.units["sotc"])
    with pytest.raises(Refused):
        told(session, actor("quantri"))
    for year in (1999, today().year + 1):
        with pytest.raises(BadInput):
            told(session, actor("canbo.sonv"), year=year)


def test_it_leaves_for_a_purpose(session: Session, world: World, actor: Find) -> None:
    def take(who: Actor, purpose: str) -> bytes:
        return dossier_work.export_report(session, None, 2025, actor=who, purpose=purpose, translate=lambda text: text)

    officer = actor("canbo.sonv")
    with pytest.raises(BadInput):
        take(officer, " ")
    with pytest.raises(ConfirmationNeeded):
        take(dataclasses.replace(officer, confirmed=False), "báo cáo năm")
    sheet = load_workbook(io.BytesIO(take(officer, "báo cáo năm"))).worksheets[0]
    rows = {row[1]: row[2] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert rows["Dossiers received"] == 0 and rows["Conditions of storage"] is None
    assert session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()[-2:] == [
        "figures:report",
        "figures:export",
    ]


def test_the_page_and_the_paper(client_as: Callable[[str], FlaskClient], engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
    client = client_as("canbo.sonv")
    client.set_cookie("language", "en")
    page = client.get("/figures/reports/work")
    assert page.status_code == 200 and "Dossiers handed over" in page.text
    assert client.get(f"/figures/reports/work?unit={world.units['sotc']}").status_code == 404
    assert client.get("/figures/reports/work?year=1990").status_code == 422
    answer = client.post("/figures/reports/work.pdf", data={"purpose": "filing"})
    text = text_of(answer.data)
    assert answer.mimetype == "application/pdf" and "BÁO CÁO CÔNG TÁC QUẢN LÝ HỒ SƠ" in text and "Hồ sơ lập mới" in text
    assert client.post("/figures/reports/work.pdf", data={"purpose": "x"}).status_code == 422
    excel = client.post(
        "/figures/reports/work.xlsx", data={"purpose": "báo cáo", "confirm_password": factories.PASSWORD}
    )
    assert load_workbook(io.BytesIO(excel.data)).worksheets[0]["B2"].value == "Dossiers held"
    assert client_as("quantri").get("/figures/reports/work").status_code == 403
