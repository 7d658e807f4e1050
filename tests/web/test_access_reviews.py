"""The review of access rights by the pages: whose it is, what is kept, signed with the password, and who is reminded."""

import re
from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from oms import db
from oms.models import AccessReview, Assignment, AuditEntry, Person
from oms.organisation import today
from tests.factories import PASSWORD, World
from tests.web.test_confirming import grow_old

Browser = Callable[[str], FlaskClient]
WHY = "Đã chuyển sang công tác khác"


def test_a_head_goes_through_the_list_and_signs(client_as: Browser, engine: Engine, world: World) -> None:
    client = client_as("bithu.sonv")
    begun = client.post("/access-reviews", data={"unit": world.units["sonv"]})
    page = client.get(begun.location).text
    assert "canbo.sonv" in page and "canbo.sotc" not in page and "nobody judges their own rights" in page
    ids = re.findall(r'name="verdict-([0-9a-f]{16})" [^>]*value="confirmed"', page)
    ids = ids or sorted(set(re.findall(r"verdict-([0-9a-f]{16})", page)))
    verdicts = {f"verdict-{id}": "confirmed" for id in ids}
    gone = world.accounts["canbo.sonv"]
    short = verdicts | {f"verdict-{gone}": "revoked", f"reason-{gone}": "vì"}
    wrong = client.post(f"{begun.location}/save", data=short)
    assert wrong.status_code == 422 and "are revoked, in 10 to 300" in wrong.text and "vì" in wrong.text
    said = verdicts | {f"verdict-{gone}": "revoked", f"reason-{gone}": WHY}
    assert client.post(f"{begun.location}/save", data=said).status_code == 302
    page = client.get(begun.location).text
    assert WHY in page and "tied to nobody" in page
    untied = client.post(f"{begun.location}/tie", data={"account": gone, "dossier": "XX-1"})
    assert untied.status_code == 422 and "no dossier with this number" in untied.text
    grow_old(engine)
    asked = client.post(f"{begun.location}/sign", data=said)
    assert asked.status_code == 401 and "Your password once more" in asked.text
    assert client_as("canbo.sonv").get("/people").status_code == 200
    done = client.post(f"{begun.location}/sign", data=said | {"confirm_password": PASSWORD})
    assert done.status_code == 302
    assert client.post(f"{begun.location}/tie", data={"account": gone}).status_code == 409, "it is signed"
    assert client_as("canbo.sonv").get("/people").status_code == 403
    shown = client.get(begun.location).text
    assert WHY in shown and "Print the minutes" in shown and "Sign the review" not in shown
    review = begun.location.rpartition("/")[2]
    paper = client.post(f"/papers/access-review/{review}", data={"purpose": "filing"})
    assert paper.mimetype == "application/pdf"
    assert client.post(f"{begun.location}/sign", data=said).status_code == 409


def looks(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
    told = [(row.action, row.outcome) for row in rows]
    return [one for one in told if one[0].startswith(("access_review:", "alarm:"))]


def test_a_refusal_shows_the_list_with_what_was_typed_and_writes_the_look_down(
    client_as: Browser, engine: Engine, world: World
) -> None:
    client, administrator = client_as("truongban.khoi"), world.accounts["quantri"]
    begun = client.post("/access-reviews", data={"unit": world.units["btc"]}).location
    ids = set(re.findall(r"verdict-([0-9a-f]{16})", client.get(begun).text))
    said = {f"verdict-{id}": "confirmed" for id in ids}
    said |= {f"verdict-{administrator}": "revoked", f"reason-{administrator}": WHY}
    before = len(looks(engine))
    refused = client.post(f"{begun}/sign", data=said)
    assert refused.status_code == 403 and "Nobody would be left" in refused.text and WHY in refused.text
    assert looks(engine)[before:] == [("access_review:sign", "refused"), ("access_review:view", "done")]
    before = len(looks(engine))
    wrong = client.post(f"{begun}/save", data={f"verdict-{administrator}": "revoked"})
    assert wrong.status_code == 422 and looks(engine)[before:] == [("access_review:view", "done")]


def test_a_review_of_another_unit_is_not_there(client_as: Browser, engine: Engine, world: World) -> None:
    begun = client_as("bithu.sotc").post("/access-reviews", data={"unit": world.units["sotc"]}).location
    with db.reading(engine) as session:
        before = session.scalar(select(func.max(AuditEntry.seq)).where(AuditEntry.action.like("access_review:%")))
    head = client_as("bithu.sonv")
    assert head.post("/access-reviews", data={"unit": world.units["sotc"]}).status_code == 404
    for username in ("bithu.sonv", "canbo.sotc", "quantri", "kiemtra.khoi"):
        client = client_as(username)
        review = begun.rpartition("/")[2]
        answers = (client.get(begun), client.post(f"{begun}/sign"), client.get(f"/papers/access-review/{review}"))
        assert {answer.status_code for answer in answers} <= {403, 404}, username
        missing = client.get("/access-reviews/0123456789abcdef")
        assert answers[0].status_code == missing.status_code
    with db.reading(engine) as session:
        done = AuditEntry.action.like("access_review:%") & (AuditEntry.outcome == "done") & (AuditEntry.seq > before)
        assert session.scalar(select(func.count()).where(done)) == 0
        assert session.scalar(select(func.count(AccessReview.id))) == 1


def test_who_is_reminded(client_as: Browser, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        for role in session.scalars(select(Assignment)):
            role.valid_from = today() - timedelta(days=400)
    assert "Review the access rights of" in client_as("bithu.sonv").get("/").text
    assert "access rights is late: 4" in client_as("quantri").get("/").text
    assert "access rights" not in client_as("canbo.sonv").get("/").text
    listed = client_as("quantri").get("/access-reviews")
    assert listed.status_code == 200 and listed.text.count("late") >= 4 and "Begin" not in listed.text
    with db.reading(engine) as session:
        people = session.scalars(select(Person.full_name)).all()
    assert not any(name in listed.text for name in people)
    assert client_as("canbo.sonv").get("/access-reviews").status_code == 403
