"""What an account may bring in within a day, by whichever way, and what the disk and the memory must keep free."""

import errno
import io
import json
import os
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import catalogue, custody, db, gate, intake, quotas, scan_folders, staging, storage
from oms.errors import FileRefused
from oms.models import AttachedFile, AuditEntry, Fact, FolderImportLine, Scan, Stack, Unit, UploadDay
from oms.organisation import today
from oms.permissions import Actor
from oms.recognition import Suspicion
from oms.settings import Settings
from tests import factories
from tests.api.conftest import Caller, caller  # noqa: F401 - a fixture
from tests.factories import World
from tests.test_folder_archives import zip_of

FETCH = {"X-Requested-With": "fetch", "Accept": "application/json"}
PICTURES = [factories.png_of(factories.draw_page(f"GIẤY {number}", size=(310, 440))) for number in range(5)]
A_DAY = 24 * 3600


@pytest.fixture(autouse=True)
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The look for marks of secrecy has tests of its own."""
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`limit(files=2)`: the rule of today."""

    def set_limit(files: int = 1000, megabytes: int = 1000, an_hour: int = 300) -> None:
        rule = catalogue.UploadRule(
            **{"id": "x", "label_vi": "x", "label_en": "x", "source": catalogue.Source.PROJECT, "basis": ""},
            **{
                "files_an_hour": an_hour,
                "files_a_day": files,
                "megabytes_a_day": megabytes,
                "near_percent": 80,
                "put_off_minutes": 120,
            },
            **{"valid_from": None, "valid_to": None},
        )
        monkeypatch.setattr(catalogue, "upload_rule", lambda _on: rule)

    return set_limit


@pytest.fixture
def dossier(engine: Engine, world: World) -> Any:
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"])
        made.person.personal_id = "068085001234"
        session.flush()
        session.expunge_all()
    return made


def entries(engine: Engine, *actions: str) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        query = select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq)
        return [(action, outcome) for action, outcome in session.execute(query) if action in actions]


def counted(engine: Engine) -> tuple[int, int]:
    with db.reading(engine) as session:
        files, octets = session.execute(select(func.sum(UploadDay.files), func.sum(UploadDay.octets))).one()
        return files or 0, octets or 0


def send(client: FlaskClient, id: str, content: bytes) -> Any:
    return client.post(f"/intake/{id}/scans", data={"file": (io.BytesIO(content), "a.png")}, headers=FETCH)


def test_the_files_of_a_day_are_counted_and_the_next_one_is_told_when(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    settings: Settings,
    dossier: Any,
    limit: Callable[..., None],
) -> None:
    limit(files=2)
    client = client_as("canbo.sonv")
    assert [send(client, dossier.id, one).status_code for one in PICTURES[:2]] == [202, 202]
    assert counted(engine) == (2, len(PICTURES[0]) + len(PICTURES[1]))
    assert send(client, dossier.id, PICTURES[1]).json["state"] == "known", "who saw no answer asks again"
    refused = send(client, dossier.id, PICTURES[2])
    assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= A_DAY
    assert "2 files of 2" in refused.json["message"] and "tomorrow" in refused.json["message"]
    assert entries(engine, "scan:upload") == [("scan:upload", one) for one in ("done", "done", "known", "refused")]
    assert len(list(storage.names(settings.scans))) == 2 and list(staging.folder(settings).iterdir()) == []
    assert send(client_as("canbo2.sonv"), dossier.id, PICTURES[2]).status_code == 202, "another account has its own day"


def test_bytes_are_counted_as_well_and_what_was_known_or_refused_is_not(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    dossier: Any,
    limit: Callable[..., None],
) -> None:
    limit(megabytes=1)
    client = client_as("canbo.sonv")
    answers = [send(client, dossier.id, one).status_code for one in (PICTURES[0], PICTURES[0], b"no picture")]
    assert answers == [202, 200, 415] and counted(engine) == (1, len(PICTURES[0]))
    with db.writing(engine) as session:
        session.scalars(select(UploadDay)).one().octets = 1024 * 1024 - len(PICTURES[1])
    assert send(client, dossier.id, PICTURES[1]).status_code == 202, "it fits to the byte"
    assert send(client, dossier.id, PICTURES[2]).status_code == 429


def test_the_next_day_begins_anew_and_forgets_the_one_before(
    engine: Engine, session: Session, settings: Settings, actor: Callable[[str], Actor], limit: Callable[..., None]
) -> None:
    limit(files=1)
    officer = actor("canbo.sonv")
    yesterday = today() - timedelta(days=1)
    session.add(UploadDay(account_id=officer.account_id, day=yesterday, files=1, octets=5))
    session.flush()
    quotas.require_room(session, settings, 5, actor=officer)
    quotas.count(session, 5, actor=officer)
    assert [(row.day, row.files) for row in session.scalars(select(UploadDay))] == [(today(), 1)]
    with pytest.raises(quotas.DayFull):
        quotas.count(session, 5, actor=officer)


def test_midnight_may_come_while_a_file_is_counted(
    session: Session, actor: Callable[[str], Actor], limit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(files=1)
    days = iter(today() + timedelta(days=number) for number in range(9))
    monkeypatch.setattr(quotas, "today", lambda: next(days))
    quotas.count(session, 5, actor=actor("canbo.sonv"))
    assert [row.files for row in session.scalars(select(UploadDay))] == [1]


def test_two_at_once_for_the_last_file_of_a_day_are_one(
    engine: Engine, settings: Settings, actor: Callable[[str], Actor], dossier: Any, limit: Callable[..., None]
) -> None:
    limit(files=3)
    officer, came, start = actor("canbo.sonv"), Counter[str](), threading.Barrier(len(PICTURES))

    def bring(content: bytes) -> None:
        start.wait()
        try:
            gate.take_in(engine, settings, dossier.id, [content], "a.png", actor=officer, send=lambda _job: None)
            came["taken"] += 1
        except quotas.DayFull:
            came["refused"] += 1

    threads = [threading.Thread(target=bring, args=(content,)) for content in PICTURES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came == {"taken": 3, "refused": 2} and counted(engine)[0] == 3
    with db.reading(engine) as session:
        kept = set(session.scalars(select(Scan.sha256)))
    assert len(kept) == 3 and kept == set(storage.names(settings.scans)), "what was acknowledged is there, and no more"
    assert Counter(entries(engine, "scan:upload")) == {("scan:upload", "done"): 3, ("scan:upload", "refused"): 2}


def test_the_row_has_the_last_word_when_two_asked_before_either_was_counted(
    engine: Engine, settings: Settings, actor: Callable[[str], Actor], dossier: Any, limit: Callable[..., None]
) -> None:
    """Both files arrived while there was room for one; the second one is refused when it is entered."""
    limit(files=1)
    officer = actor("canbo.sonv")
    both = [
        intake.examine(settings, [one], "a.png", ask=quotas.asking(engine, settings, actor=officer))
        for one in PICTURES[:2]
    ]
    for arrival in both:
        intake.keep(settings, arrival)
    with db.writing(engine) as session:
        intake.receive(session, session.get_one(type(dossier), dossier.id), both[0], actor=officer)
    with pytest.raises(quotas.DayFull), db.writing(engine) as session:
        intake.receive(session, session.get_one(type(dossier), dossier.id), both[1], actor=officer)
    assert counted(engine)[0] == 1
    with db.reading(engine) as session:
        assert session.scalars(select(Scan.sha256)).all() == [both[0].sha256]
    for arrival in both:
        intake.discard(arrival)


@pytest.mark.parametrize("meanwhile", ["nobody", "somebody"])
def test_bytes_of_a_file_that_is_refused_when_it_is_entered_go_again_unless_somebody_else_put_them(
    settings: Settings, meanwhile: str
) -> None:
    first, second = (intake.examine(settings, [PICTURES[0]], "a.png") for _ in range(2))
    with pytest.raises(quotas.DayFull), intake.kept(settings, first):
        if meanwhile == "somebody":
            intake.keep(settings, second)
        raise quotas.DayFull("full")
    assert storage.has(settings.scans, first.sha256) == (meanwhile == "somebody")
    intake.keep(settings, second)
    with pytest.raises(quotas.DayFull), intake.kept(settings, first):
        raise quotas.DayFull("full")
    assert storage.is_sound(settings.scans, first.sha256), "it was there before"
    for arrival in (first, second):
        intake.discard(arrival)


def test_programs_are_told_by_the_api(
    caller: Callable[[str], Caller],  # noqa: F811
    dossier: Any,
    engine: Engine,
    limit: Callable[..., None],
) -> None:
    limit(files=1)
    program = caller("canbo.sonv")

    def post(content: bytes) -> Any:
        return program.post(f"dossiers/{dossier.number}/scans", data={"file": (io.BytesIO(content), "a.png")})

    assert post(PICTURES[0]).status_code == 202
    refused = post(PICTURES[1])
    assert refused.status_code == refused.json["status"] == 429 and int(refused.headers["Retry-After"]) > 0
    assert "tomorrow" in refused.json["detail"]
    assert entries(engine, "scan:upload") == [("scan:upload", "done"), ("scan:upload", "refused")]


@pytest.mark.usefixtures("one_moment")
def test_the_files_of_an_hour_are_counted_over_all_doors_refused_ones_too(
    app: Flask,
    client_as: Callable[[str], FlaskClient],
    caller: Callable[[str], Caller],  # noqa: F811
    dossier: Any,
    limit: Callable[..., None],
) -> None:
    assert catalogue.upload_rule(today()).files_an_hour == 300  # type: ignore[union-attr]
    limit(an_hour=5)
    app.config["RATELIMIT_ENABLED"] = True
    client, program = client_as("canbo.sonv"), caller("canbo.sonv")

    def to_api(content: bytes) -> Any:
        return program.post(f"dossiers/{dossier.number}/scans", data={"file": (io.BytesIO(content), "a.png")})

    def to_folders() -> Any:
        content = zip_of(("068085001234_A/01.Giấy.png", PICTURES[0]), ("068085001234_A/02.Giấy.png", PICTURES[1]))
        return client.post("/scan-folders", data={"file": (io.BytesIO(content), "a.zip")})

    def to_stacks() -> Any:
        return client.post("/stacks", data={"file": (io.BytesIO(b"no stack"), "a.pdf")}, headers=FETCH)

    assert [send(client, dossier.id, PICTURES[0]).status_code, to_api(PICTURES[1]).status_code] == [202, 202]
    assert [to_folders().status_code, to_stacks().status_code] == [302, 415], "a ZIP is one file, a refused one is one"
    three = client.post(
        f"/intake/{dossier.id}/scans",
        data={"file": [(io.BytesIO(one), f"{place}.png") for place, one in enumerate(PICTURES[2:])]},
        headers=FETCH,
    )
    assert [one["state"] for one in three.json["files"]] == ["received", "refused", "refused"]
    for refused in (send(client, dossier.id, PICTURES[3]), to_api(PICTURES[3]), to_folders(), to_stacks()):
        assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 3600
    proof = {"file": (io.BytesIO(PICTURES[3]), "a.png"), "full_name": "Nguyễn Văn An"}
    assert client.post("/packages/import", data=proof).status_code == 429
    assert send(client_as("canbo2.sonv"), dossier.id, PICTURES[3]).status_code == 202, (
        "another account has its own hour"
    )


def test_the_command_line_is_not_counted_by_the_hour(
    engine: Engine, settings: Settings, actor: Callable[[str], Actor], dossier: Any, limit: Callable[..., None]
) -> None:
    limit(an_hour=1)
    for content in PICTURES[:3]:
        ask = quotas.asking(engine, settings, actor=actor("canbo.sonv"), into=dossier.id)
        intake.discard(intake.examine(settings, [content], "a.png", ask=ask))


def test_files_of_a_folder_count_and_those_beyond_are_left_out_with_the_sentence(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    settings: Settings,
    actor: Callable[[str], Actor],
    dossier: Any,
    limit: Callable[..., None],
) -> None:
    limit(files=2)
    client, names = client_as("canbo.sonv"), [f"068085001234_NGUYEN_THI_HOA/0{n}.Giấy.png" for n in (1, 2, 3)]
    content = zip_of(*zip(names, PICTURES, strict=False))
    address = client.post("/scan-folders", data={"file": (io.BytesIO(content), "a.zip")}).location
    id = address.rsplit("/", 1)[-1]
    scan_folders.work_off(engine, settings, id, actor=actor("canbo.sonv"))
    with db.reading(engine) as session:
        looked = session.scalars(select(FolderImportLine).order_by(FolderImportLine.position)).all()
    assert [line.state for line in looked] == ["would_take", "would_take", "left_out"], "no more than the day holds"
    assert looked[2].error.startswith("The files before it") and looked[2].error_values["files"] == "2"
    client.post(f"{address}/take-in")
    scan_folders.work_off(engine, settings, id, actor=actor("canbo.sonv"))
    with db.reading(engine) as session:
        lines = session.scalars(select(FolderImportLine).order_by(FolderImportLine.position)).all()
    assert [line.state for line in lines] == ["received", "received", "left_out"]
    assert "The limit of a day" in lines[2].error and counted(engine)[0] == 2
    assert entries(engine, "scan:upload")[-1] == ("scan:upload", "refused")
    assert "2 files of 2" in client.get(address).text


@pytest.mark.parametrize(
    ("address", "action", "table"),
    [("/stacks", "stack:give", Stack), ("/transfers/{transfer}/proofs", "transfer:add_proof", AttachedFile)],
)
def test_stacks_and_proofs_count_as_well(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    world: World,
    actor: Callable[[str], Actor],
    dossier: Any,
    limit: Callable[..., None],
    address: str,
    action: str,
    table: type,
) -> None:
    limit(files=1)
    with db.writing(engine) as session:
        thing, receiver = session.get_one(type(dossier), dossier.id), session.get_one(Unit, world.units["sotc"])
        transfer = custody.prepare(
            session, thing, receiver, "Điều động", actor=actor("canbo.sonv"), proof=factories.PROOF
        ).id
    client, path = client_as("canbo.sonv"), address.format(transfer=transfer)
    contents = [factories.pdf_of(factories.draw_page(word)) for word in ("MỘT", "HAI")]
    for content in contents:
        client.post(path, data={"file": (io.BytesIO(content), "a.pdf")})
    assert counted(engine) == (1, len(contents[0]))
    with db.reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(table)) == 1
    assert entries(engine, action) == [(action, "done"), (action, "refused")]
    assert "The limit of a day" in client.get("/stacks").text
    again = client.post(path, data={"file": (io.BytesIO(contents[0]), "a.pdf")}, follow_redirects=True)
    assert "The limit of a day" not in again.text, "who saw no answer hears that it is here"


def test_the_upload_page_says_what_is_left_when_it_is_near(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    world: World,
    dossier: Any,
    limit: Callable[..., None],
) -> None:
    limit(files=10, megabytes=100)
    client, pages = client_as("canbo.sonv"), (f"/intake?dossier={dossier.id}", "/stacks", "/scan-folders")
    with db.writing(engine) as session:
        row = UploadDay(account_id=world.accounts["canbo.sonv"], day=today(), files=7, octets=1024 * 1024)
        session.add(row)
    assert not any("you can still bring in" in client.get(page).text for page in pages)
    with db.writing(engine) as session:
        session.scalars(select(UploadDay)).one().files = 8
    assert all("you can still bring in 2 files, 99 MB" in client.get(page).text for page in pages)


@pytest.mark.parametrize(("total", "free", "demo", "refused"), [
    (100, 11, False, False), (100, 9, False, True), (1000, 49, False, True), (1000, 51, False, False),
    (100, 2, True, False), (100, 0.5, True, True),
])  # fmt: skip
def test_a_disk_that_is_nearly_full_takes_no_file(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    settings: Settings,
    dossier: Any,
    monkeypatch: pytest.MonkeyPatch,
    total: float,
    free: float,
    demo: bool,
    refused: bool,
) -> None:
    usage = shutil._ntuple_diskusage(int(total * 1024**3), int((total - free) * 1024**3), int(free * 1024**3))
    monkeypatch.setattr(quotas, "KEPT_SHARE", 0.05)
    monkeypatch.setattr(quotas, "KEPT_LEAST", 10 * 1024**3)
    monkeypatch.setattr(quotas.shutil, "disk_usage", lambda _folder: usage)
    if demo:
        with db.writing(engine) as session:
            session.add(Fact(key="demo", value="yes"))
    answer = send(client_as("canbo.sonv"), dossier.id, PICTURES[0])
    assert answer.status_code == (507 if refused else 202)
    assert ("Retry-After" in answer.headers) == refused and (counted(engine)[0] == 0) == refused
    assert entries(engine, "scan:upload") == [("scan:upload", "refused" if refused else "done")]
    assert len(list(storage.names(settings.scans))) == (0 if refused else 1)


def test_memory_that_is_full_of_what_is_looked_at_says_when_to_come_again(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    settings: Settings,
    dossier: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_given: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(intake, "_write", full)
    answer = send(client_as("canbo.sonv"), dossier.id, PICTURES[0])
    assert answer.status_code == 503 and answer.headers["Retry-After"] == str(staging.AGAIN)
    assert "half a minute" in answer.json["message"] and list(staging.folder(settings).iterdir()) == []
    assert entries(engine, "scan:upload") == [("scan:upload", "refused")]


def test_two_people_who_clear_a_doubt_do_not_open_a_full_day(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    settings: Settings,
    world: World,
    dossier: Any,
    limit: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in [Suspicion(1, (), False, b"jpeg")]))
    limit(files=1)
    client = client_as("canbo.sonv")
    token = send(client, dossier.id, PICTURES[0]).json["url"].rsplit("/", 1)[-1]
    with db.writing(engine) as session:
        session.add(UploadDay(account_id=world.accounts["canbo.sonv"], day=today(), files=1, octets=1))
    said = {"reason": "Chỉ là dấu tiếp nhận văn bản đến", "second": "canbo2.sonv", "password": factories.PASSWORD}
    answer = client.post(f"/intake/doubts/{token}/admit", data=said)
    assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
    assert entries(engine, "scan:upload") == [("scan:upload", "refused")] and not list(storage.names(settings.scans))


def test_on_the_command_line_the_first_files_come_in_and_the_rest_is_refused(
    engine: Engine, settings: Settings, actor: Callable[[str], Actor], dossier: Any, limit: Callable[..., None]
) -> None:
    """`oms upload` and folders on a disk go through `gate.take_in`."""
    limit(files=1)
    told: list[object] = []
    for content in PICTURES[:3]:
        try:
            gate.take_in(engine, settings, dossier.id, [content], "a.png", actor=actor("canbo.sonv"), send=str)
            told.append("taken")
        except FileRefused as refusal:
            told.append(refusal.status)
    assert told == ["taken", 429, 429]


def test_the_rules_of_the_house_are_those_told_to_people() -> None:
    rule = catalogue.upload_rule(today())
    assert rule is not None and (rule.files_a_day, rule.octets_a_day) == (2000, 5 * 1024**3)
    assert json.dumps(rule.label_vi) and Path(catalogue.__file__).with_name("uploads.yaml").exists()
