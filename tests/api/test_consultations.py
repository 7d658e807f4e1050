"""Consultations by API: asking without disclosure, and the lists."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from oms import db
from oms.organisation import today
from tests import factories
from tests.api.conftest import Caller
from tests.factories import World


def body(wanted: str) -> dict[str, str]:
    return {
        "wanted": wanted,
        "purpose": "Thẩm tra",
        "basis": "12-CV/ĐU",
        "needed": "Quyết định",
        "until": (today() + timedelta(days=1)).isoformat(),
    }


def test_the_answer_is_the_same_whether_the_dossier_exists(
    caller: Callable[[str], Caller], engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    reader = caller("canbo.sotc")
    answers = [reader.post("consultations", json=body(wanted)) for wanted in (number, "HS-777777")]
    assert [answer.status_code for answer in answers] == [201, 201]
    first, second = (answer.json for answer in answers)
    varying = ("number", "wanted", "asked_at")
    assert {k: v for k, v in first.items() if k not in varying} == {k: v for k, v in second.items() if k not in varying}
    assert [one["dossier"] for one in reader.get("consultations").json["items"]] == [None, None]
    waiting = caller("bithu.sonv").get("consultations", query_string={"list": "decide"}).json["items"]
    assert [(one["wanted"], one["dossier"]) for one in waiting] == [(number, number)]


@pytest.mark.parametrize("name", ["mine", "decide", "given", "overdue"])
def test_every_list_is_empty_for_whom_it_does_not_concern(caller: Callable[[str], Caller], name: str) -> None:
    answer = caller("kiemtra.khoi").get("consultations", query_string={"list": name})
    assert (answer.status_code, answer.json["items"]) == (200, [])
    assert caller("quantri").get("consultations", query_string={"list": name}).status_code == 403
    assert caller("kiemtra.khoi").get("consultations", query_string={"list": "all"}).status_code == 422
