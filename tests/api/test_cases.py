"""Verifications and requests of people by API: the lists, their acts, and nothing of another unit."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from oms import accounts, db
from oms.models import SubjectRequestKind
from oms.organisation import today
from oms.procedures import requests, verifications
from tests import factories
from tests.api.conftest import Caller
from tests.api.test_contract import entries_of
from tests.factories import World

Callers = Callable[[str], Caller]


@pytest.fixture
def numbers(engine: Engine, world: World) -> tuple[str, str]:
    """The numbers of a verification and of a request about a dossier of Sở Nội vụ."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        case = verifications.Case("Quê quán ghi khác nhau", "Trần Văn An")
        person = replace(accounts.get_actor(session, "nguoilaodong.sonv", via="web"), person_id=dossier.person_id)
        wish = requests.Wish(SubjectRequestKind.CORRECTION, "Giấy khai sinh ghi khác", "home_town", "xã Hiệp Thạnh")
        return (
            verifications.open_case(session, dossier, case, actor=officer).number,
            requests.ask(session, dossier, wish, actor=person).number,
        )


def test_a_verification_is_extended_once_and_ended(caller: Callers, engine: Engine, numbers: tuple[str, str]) -> None:
    officer, address = caller("canbo.sonv"), f"verifications/{numbers[0]}"
    (line,) = officer.get("verifications").get_json()["items"]
    assert (line["number"], line["state"], line["outcome"]) == (numbers[0], "open", None)
    day = today().isoformat()
    extension = {"days": 10, "document_number": "45-CV", "document_on": day, "reason": "Chờ trả lời của xã"}
    assert entries_of(engine, lambda: officer.post(f"{address}/extend", extension)) == [("verification:extend", "done")]
    assert officer.post(f"{address}/extend", extension).status_code == 403
    assert officer.post(f"{address}/end", {"ended_on": day}).get_json()["state"] == "ended"
    assert officer.get("verifications?state=open").get_json()["items"] == []


def test_a_request_is_acknowledged_and_refused(caller: Callers, engine: Engine, numbers: tuple[str, str]) -> None:
    officer, address = caller("canbo.sonv"), f"subject-requests/{numbers[1]}"
    (line,) = officer.get("subject-requests?state=asked").get_json()["items"]
    assert (line["number"], line["wanted_value"]) == (numbers[1], "xã Hiệp Thạnh")
    assert entries_of(engine, lambda: officer.post(f"{address}/acknowledge", {})) == [("request:acknowledge", "done")]
    assert officer.post(f"{address}/refuse", {"reason": "Giấy tờ không rõ"}).get_json()["state"] == "refused"
    assert officer.post(f"{address}/refuse", {"reason": "Giấy tờ không rõ"}).status_code == 409


def test_nothing_of_another_unit_is_there(caller: Callers, numbers: tuple[str, str]) -> None:
    stranger = caller("canbo.sotc")
    for kind, number in zip(("verifications", "subject-requests"), numbers, strict=True):
        missing = stranger.get(f"{kind}/XX-2026-9999")
        assert stranger.get(f"{kind}/{number}").data == missing.data and missing.status_code == 404
        assert stranger.get(kind).get_json()["items"] == []
    assert stranger.post(f"subject-requests/{numbers[1]}/acknowledge", {}).status_code == 404
    assert stranger.post(f"verifications/{numbers[0]}/end", {"ended_on": today().isoformat()}).status_code == 404


def test_a_verification_is_opened_concluded_and_given_up(caller: Callers, engine: Engine, numbers) -> None:
    officer, head = caller("canbo.sonv"), caller("bithu.sonv")
    dossier = officer.get(f"verifications/{numbers[0]}").get_json()["dossier"]
    case = {"question": "Năm sinh ghi khác nhau", "verifiers": "Trần Văn An", "field": "birth_date"}
    address = f"dossiers/{dossier}/verifications"
    assert caller("canbo.sotc").post(address, case).status_code == 404
    assert head.post(address, case).status_code == 403
    assert officer.post(address, {**case, "field": "nothing"}).status_code == 422
    made = officer.post(address, case)
    number, day = made.get_json()["number"], today().isoformat()
    assert made.status_code == 201 and made.headers["Location"].endswith(number)
    minutes = {
        "on": day,
        "present": "Trần Văn An",
        "compared": "Giấy khai sinh",
        "found": "Sinh năm 1985",
        "conclusion": "Năm sinh đúng là 1985",
        "outcome": "wrong",
        "right_value": "03/02/1985",
    }
    assert officer.post(f"verifications/{number}/conclude", minutes).status_code == 409, "it has not ended"
    officer.post(f"verifications/{number}/end", {"ended_on": day})
    told = entries_of(engine, lambda: officer.post(f"verifications/{number}/conclude", minutes))
    assert told == [("verification:conclude", "done")]
    assert officer.get(f"verifications/{number}").get_json()["right_value"] == "03/02/1985"
    reason = {"reason": "Người đề nghị rút lại"}
    assert officer.post(f"verifications/{numbers[0]}/give-up", reason).get_json()["state"] == "cancelled"


def test_a_copy_goes_to_the_head_and_is_approved(caller: Callers, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, officer.account_id, ("lý lịch",))
        document = factories.make_document(session, dossier, scan, actor=officer)
        document.component_id = "cs_short_cv"
        person = replace(accounts.get_actor(session, "nguoilaodong.sonv", via="web"), person_id=dossier.person_id)
        wish = requests.Wish(SubjectRequestKind.COPY, "Làm thủ tục vay vốn", document_ids=(document.id,))
        number = requests.ask(session, dossier, wish, actor=person).number
    officer, head = caller("canbo.sonv"), caller("bithu.sonv")
    assert head.post(f"subject-requests/{number}/grant", {}).status_code == 409, "nobody put it forward"
    assert officer.post(f"subject-requests/{number}/forward", {}).get_json()["state"] == "forwarded"
    assert officer.post(f"subject-requests/{number}/grant", {}).status_code == 403
    granted = head.post(f"subject-requests/{number}/grant", {}).get_json()
    assert granted["state"] == "granted" and granted["copy_number"].startswith("BS-")
