"""Who learns of an alarm, who settles it, and what leaves by mail."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from oms import alarms, db, health
from oms.alarms.noticing import Notice
from oms.models import Account, Alarm, AlarmKind, AuditEntry, now
from oms.settings import Settings
from tests.factories import World

NOTE = "Đã hỏi cán bộ: rà soát hồ sơ theo kế hoạch số 12."


@pytest.fixture
def raised(engine: Engine, world: World) -> dict[str, str]:
    """An alarm about the inspector, one about an officer, and one of the machine; kind to id."""
    with db.writing(engine) as session:
        ids = {account.username: account.id for account in session.scalars(select(Account))}
        about = {"who": "canbo.sonv", "count": 51, "limit": 50}
        alarms.raise_alarms(
            session,
            [
                Notice(AlarmKind.BULK_READING, "one", ids["canbo.sonv"], about),
                Notice(AlarmKind.NIGHT_READING, "two", ids["kiemtra.khoi"], {"who": "kiemtra.khoi", "count": 6}),
                Notice(AlarmKind.DISK_FULL, "three", values={"percent": 91}),
            ],
        )
        return {alarm.kind.value: alarm.id for alarm in session.scalars(select(Alarm))}


def settle(client: FlaskClient, id: str, note: str = NOTE) -> int:
    return client.post(f"/alarms/{id}/settle", data={"note": note}).status_code


def test_whoever_reads_the_log_learns_of_all_and_the_administrator_of_the_machine(
    client_as: Callable[[str], FlaskClient], raised: dict[str, str]
) -> None:
    everything = client_as("kiemtra.khoi").get("/alarms").get_data(as_text=True)
    assert "51" in everything and "91" in everything and "/audit?username=canbo.sonv" in everything
    machine = client_as("quantri").get("/alarms").get_data(as_text=True)
    assert "91" in machine and "canbo.sonv" not in machine
    for other in ("canbo.sonv", "bithu.sonv", "nguoilaodong.sonv"):
        assert client_as(other).get("/alarms").status_code == 403
    start = client_as("quantri").get("/").get_data(as_text=True)
    assert "Ổ đĩa đã dùng 91 %" in start, "the start page says it before all other work"
    assert "Ổ đĩa đã dùng 91 %" not in client_as("canbo.sonv").get("/").get_data(as_text=True)


def test_an_alarm_is_settled_once_with_a_note_and_never_by_whom_it_is_about(
    client_as: Callable[[str], FlaskClient], engine: Engine, raised: dict[str, str]
) -> None:
    inspector, administrator = client_as("kiemtra.khoi"), client_as("quantri")
    assert settle(administrator, raised["bulk_reading"]) == 404
    assert settle(inspector, raised["bulk_reading"], "ngắn") == 422
    assert settle(inspector, raised["night_reading"]) == 422, "about the inspector themselves"
    assert settle(client_as("canbo.sonv"), raised["bulk_reading"]) in (403, 404)
    with db.reading(engine) as session:
        assert session.scalar(select(AuditEntry.seq).where(AuditEntry.action == "alarm:settle")) is None
    assert settle(inspector, raised["bulk_reading"]) == 302
    assert settle(inspector, raised["bulk_reading"]) == 409
    assert NOTE in inspector.get("/alarms").get_data(as_text=True)
    with db.reading(engine) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "alarm:settle")).all()
        assert [(entry.object_id, entry.outcome) for entry in entries] == [(raised["bulk_reading"], "done")]


def test_the_list_shown_after_a_refused_note_is_a_look(
    client_as: Callable[[str], FlaskClient], engine: Engine, raised: dict[str, str]
) -> None:
    assert settle(client_as("kiemtra.khoi"), raised["bulk_reading"], "ngắn") == 422
    with db.reading(engine) as session:
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.action.in_(("alarm:list", "alarm:settle")))
        ).all()
    assert actions == ["alarm:list"]


class Relay(socketserver.StreamRequestHandler):
    """As much of SMTP as a client that only delivers needs."""

    letters: list[bytes]

    def handle(self) -> None:
        self.wfile.write(b"220 relay\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part)
                type(self).letters.append(b"".join(lines))
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def relay() -> Iterator[tuple[str, list[bytes]]]:
    Relay.letters = []
    with socketserver.TCPServer(("127.0.0.1", 0), Relay) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", Relay.letters
        server.shutdown()
        thread.join()


def test_alarms_go_out_by_the_relay_once_in_one_letter(
    engine: Engine, settings: Settings, raised: dict[str, str], relay: tuple[str, list[bytes]]
) -> None:
    address, letters = relay
    assert alarms.send_waiting(engine, settings) == 0, "without a relay nothing leaves"
    mailing = replace(settings, mail_relay=address, mail_to="quantri@example.invalid kiemtra@example.invalid")
    assert alarms.send_waiting(engine, mailing) == 3
    assert alarms.send_waiting(engine, mailing) == 0
    (letter,) = (message_from_bytes(raw, policy=policy.default) for raw in letters)
    assert letter["To"] == "quantri@example.invalid, kiemtra@example.invalid"
    text = letter.get_content()
    assert "canbo.sonv" in text and "91" in text and "%(" not in text


def test_spoilt_checkpoints_are_told_in_words_and_not_as_entry_0(
    engine: Engine,
    settings: Settings,
    world: World,
    relay: tuple[str, list[bytes]],
    client_as: Callable[[str], FlaskClient],
) -> None:
    address, letters = relay
    with db.writing(engine) as session:
        alarms.raise_alarms(session, [Notice(AlarmKind.LOG_BROKEN, "0", values={"seq": 0})])
    assert alarms.send_waiting(engine, replace(settings, mail_relay=address, mail_to="quantri@example.invalid")) == 1
    (letter,) = (message_from_bytes(raw, policy=policy.default) for raw in letters)
    inspector = client_as("kiemtra.khoi")
    for text in (letter.get_content(), inspector.get("/alarms").text, inspector.get("/").text):
        assert "Các điểm xác nhận của nhật ký bị mất" in text and "mục 0" not in text


@pytest.mark.parametrize("line", ["\r\n", "\n", "\r"])
def test_no_line_of_a_setting_becomes_a_header_of_its_own(
    engine: Engine, settings: Settings, raised: dict[str, str], relay: tuple[str, list[bytes]], line: str
) -> None:
    address, letters = relay
    told = replace(settings, mail_relay=address, mail_to="quantri@example.invalid")
    assert alarms.send_waiting(engine, replace(told, mail_from=f"oms@example.invalid{line}Bcc: x@example.invalid")) == 0
    assert letters == []
    assert alarms.send_waiting(engine, replace(told, mail_from="oms@example.invalid")) == 3, "nothing was lost"
    (letter,) = (message_from_bytes(raw, policy=policy.default) for raw in letters)
    assert letter["From"] == "oms@example.invalid" and letter["Bcc"] is None


def test_a_relay_out_of_reach_keeps_the_alarms(engine: Engine, settings: Settings, raised: dict[str, str]) -> None:
    mailing = replace(settings, mail_relay="127.0.0.1:1", mail_to="quantri@example.invalid")
    assert alarms.send_waiting(engine, mailing) == 0
    with db.reading(engine) as session:
        assert {alarm.mailed_at for alarm in session.scalars(select(Alarm))} == {None}


def test_the_system_page_tells_of_alarms_the_relay_does_not_take_as_long_as_they_are_tried(
    engine: Engine, settings: Settings, raised: dict[str, str]
) -> None:
    mailing = replace(settings, mail_relay="127.0.0.1:1", mail_to="quantri@example.invalid")

    def told(age: timedelta) -> str:
        with db.writing(engine) as session:
            session.execute(update(Alarm).values(raised_at=now() - age))
        with db.reading(engine) as session:
            return next(one.tone for one in health.diagnose(session, mailing) if one.name == "Alarms by mail")

    assert told(timedelta(0)) == health.GOOD
    assert told(2 * health.PATIENCE) == health.WARNING
    assert told(2 * health.MAILED_WITHIN) == health.GOOD, "what is not tried any more is no trouble of the relay"
