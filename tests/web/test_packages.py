"""The pages of packages: sealing with the code shown once, taking in with a report, the answer that closes."""

import io
import re

from sqlalchemy import select

from oms import accounts, db, jobs, packages, staging
from oms.audit import sealing
from oms.models import AuditEntry, Package, PackageArrival, SignIn, Transfer, now
from oms.web import create_app
from oms.worker import Worker
from tests.packages.conftest import House, dispatch, empty_database, fill, friends, here, there  # noqa: F401
from tests.packages.test_packages import bag_of_another_tool
from tests.printing.test_papers_as_drawn import text_of

CODE = re.compile(r"(?:\d{4} ){8}\d{4}")


def signed_in(app, house: House, username: str):
    """A browser in which the account has just given its password."""
    client = app.test_client()
    with db.writing(house.engine) as session:
        secret, _ = accounts.sign_in(session, house.world.accounts[username])
        session.flush()
        for one in session.scalars(select(SignIn)):
            one.confirmed_at = now()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = secret, True
    return client


def test_from_transfer_to_answer(app, here, there, friends) -> None:  # noqa: F811
    transfer_id = dispatch(here, fill(here))
    signed = sealing.seal(here.engine, here.settings)
    sender = signed_in(app, here, "canbo.sonv")
    assert transfer_id in sender.get("/packages").get_data(as_text=True)
    assert sender.get(f"/packages/new?transfer={transfer_id}").status_code == 200
    assert sender.post("/packages/new", data={"transfer": transfer_id, "receiver": "00"}).status_code == 409
    page = sender.post("/packages/new", data={"transfer": transfer_id, "receiver": there.key})
    assert page.status_code == 200
    code = CODE.search(page.get_data(as_text=True))
    assert code is not None
    with db.reading(here.engine) as session:
        row = session.scalars(select(Package)).one()
    sealed = sender.get(f"/packages/{row.id}/file").data
    assert code[0] not in sender.get(f"/packages/{row.id}").get_data(as_text=True), "shown once"
    slip = sender.post(f"/packages/{row.id}/slip", data={"code": code[0]})
    assert slip.status_code == 200 and slip.mimetype == "application/pdf"
    words = text_of(slip.data)
    assert "PHIẾU MÃ MỞ GÓI" in words and row.package_id[:12] in words and "Nguyễn" not in words
    assert all(group in words for group in code[0].split())
    assert sender.post(f"/packages/{row.id}/slip", data={"code": packages.make_code()}).status_code == 422
    assert (
        signed_in(app, here, "canbo.soyt").post(f"/packages/{row.id}/slip", data={"code": code[0]}).status_code == 404
    )
    with db.reading(here.engine) as session:
        slips = session.scalars(select(AuditEntry).where(AuditEntry.action == "package:slip")).all()
        assert [code[0][:4] in entry.body for entry in slips] == [False]
    page = sender.get(f"/transfers/{transfer_id}").get_data(as_text=True)
    assert row.id in page and f"/packages/new?transfer={transfer_id}" in page
    for username in ("canbo.soyt", "quantri", "canbo.sotc"):
        for path in ("", "/file", "/answer"):
            assert signed_in(app, here, username).get(f"/packages/{row.id}{path}").status_code in (403, 404)
    assert signed_in(app, here, "canbo.soyt").get(f"/packages/new?transfer={transfer_id}").status_code == 404

    other = create_app(there.settings, there.engine)
    other.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    receiver = signed_in(other, there, "canbo.soyt")
    unit = there.world.units["soyt"]

    def give(data: bytes, code: str):
        form = {"file": (io.BytesIO(data), "a.omspkg"), "code": code, "unit": unit}
        return receiver.post("/packages/import", data=form)

    def work() -> None:
        worker = Worker(there.engine, there.settings)
        with db.reading(there.engine) as session:
            waiting = jobs.waiting(session, ["take_in_package"])
        for job_id in waiting:
            worker.run(job_id)

    for data, typed in ((sealed, packages.make_code()), (b"PK\x03\x04", code[0]), (b"", code[0])):
        answer = give(data, typed)
        assert answer.status_code == 422
        assert "danger" in answer.get_data(as_text=True)
        assert not list((there.settings.home / "arrivals").glob("**/*"))
    foreign = give(bag_of_another_tool("zip").getvalue(), code[0])
    assert foreign.status_code == 422 and "data/dossier.json" in foreign.get_data(as_text=True)
    cut = give(sealed[:-1], code[0]).headers["Location"]
    work()
    assert "bị cắt" in receiver.get(cut).get_data(as_text=True), "said by the job, on the page of the package"

    # Given in, found again on the list, open to nobody of another unit; the code is forgotten and asked for again.
    given = give(sealed, code[0]).headers["Location"]
    assert give(sealed, code[0]).status_code == 409, "it is being taken in"
    assert given in receiver.get("/packages").get_data(as_text=True)
    assert "data-poll" in receiver.get(f"{given}/progress").get_data(as_text=True)
    for username in ("canbo.sonv", "quantri"):
        for path in ("", "/progress"):
            assert signed_in(other, there, username).get(f"{given}{path}").status_code in (403, 404)
    staging.wipe(staging.folder(there.settings))
    work()
    assert f"{given}/code" in receiver.get(given).get_data(as_text=True)
    assert receiver.post(f"{given}/code", data={"code": packages.make_code()}).status_code == 422
    assert receiver.post(f"{given}/code", data={"code": code[0]}).status_code == 302
    work()
    with db.reading(there.engine) as session:
        location = f"/packages/{session.scalars(select(Package.id)).one()}"
        arrivals = session.scalars(select(PackageArrival).order_by(PackageArrival.given_at)).all()
        assert [one.state for one in arrivals] == ["refused", "taken_in"]
        assert arrivals[1].pages_done == arrivals[1].pages == 2
    assert location in receiver.get(given).get_data(as_text=True)
    again = give(sealed, code[0]).headers["Location"]
    work()
    assert "đã được nhận trước đây" in receiver.get(again).get_data(as_text=True), "taken in before"
    assert not [path for path in (there.settings.home / "arrivals").glob("**/*") if path.is_file()]
    assert not list(staging.folder(there.settings).iterdir())
    shown = receiver.get(location).get_data(as_text=True)
    assert "Tài khoản canbo.sonv" in shown, "the log of the sender"
    assert signed is not None and signed.origin in shown, "the checkpoint of its log"
    assert location in receiver.get("/").get_data(as_text=True), "it waits for an answer"
    assert receiver.post(f"{location}/answer", data={"reservations": ""}).status_code == 302
    ack = receiver.get(f"{location}/answer").data
    with db.reading(there.engine) as session:
        refused = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "package:import", AuditEntry.outcome == "refused")
        ).all()
        assert len(refused) == 7

    proved = sender.post("/packages/answer", data={"file": (io.BytesIO(ack), "a.omsack")})
    assert proved.status_code == 200
    assert sender.post("/packages/answer", data={"file": (io.BytesIO(b"{}"), "a.omsack")}).status_code == 302
    with db.reading(here.engine) as session:
        assert session.get_one(Transfer, transfer_id).state.value == "in_transit", "reading closes nothing"


def test_closing_needs_somebody_who_may_end_the_transfer(app, here, there, friends) -> None:  # noqa: F811
    made = packages.export(
        here.engine, here.settings, dispatch(here, fill(here)), there.key, actor=here.actor("canbo.sonv")
    )
    row_id = there.take_in(made.path, made.code)
    with db.writing(there.engine) as session:
        package = session.get_one(Package, row_id)
        answer = packages.acknowledge(session, there.settings, package, actor=there.actor("canbo.soyt"))
    assert (
        signed_in(app, here, "canbo.soyt").post("/packages/close", data={"answer": answer.decode()}).status_code == 404
    )
