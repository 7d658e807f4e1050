"""What officers read about the digital signatures of a scan, on its page and over the API."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.models import Account, Dossier, FileSignature, Job, Scan, SignatureCheck, SignatureVerdict
from tests import factories
from tests.factories import World

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
EVIDENCE = {"kind": "signature", "problem": "", "later": "nothing", "stamp": "none", "revocation": "unknown"}
# The six cases an office meets, and the four of one kind; what the page says of each.
CASES = [
    (SignatureVerdict.VALID, {"revocation": "clear"}, "an authority known here vouches for the signer"),
    (SignatureVerdict.VALID, {"later": "signatures"}, "Others signed after it; nothing else was added."),
    (SignatureVerdict.VALID, {}, "Whether the certificate had been revoked is not known here"),
    (SignatureVerdict.ALTERED, {}, "The file is not what was signed. Do not rely on it"),
    (SignatureVerdict.CHANGED, {"later": "changes"}, "something was added or changed after this signature"),
    (SignatureVerdict.REVOKED, {}, "was revoked on 02/03/2026 08:30, before the moment that can be proved"),
    (SignatureVerdict.EXPIRED, {}, "that it was signed in this time nothing proves"),
    (SignatureVerdict.UNKNOWN, {}, "no authority that this installation knows vouches for the signer"),
    (SignatureVerdict.UNJUDGED, {"problem": "broken"}, "The data of the signature are damaged."),
    (SignatureVerdict.UNJUDGED, {"problem": "weak", "algorithm": "sha1"}, "proves nothing any more (SHA1)"),
    (SignatureVerdict.UNJUDGED, {"problem": "algorithm"}, "by a method that is not known here"),
    (SignatureVerdict.UNJUDGED, {}, "not one for signing documents"),
]


@pytest.fixture
def scan_id(engine: Engine, world: World) -> str:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
        scan.signed = True
        return scan.id


def signature(verdict: SignatureVerdict, number: int = 1, **evidence: str) -> FileSignature:
    return FileSignature(
        number=number, verdict=verdict, signer="Nguyễn Thị An", organisation="Sở thử nghiệm", issuer="CA thử nghiệm",
        fingerprint="ab" * 32, valid_from=AT, valid_until=AT, revoked_at=AT, signed_at=AT, stamped_at=AT, judged_for=AT,
        evidence={**EVIDENCE, **evidence},
    )  # fmt: skip


def judge(engine: Engine, scan_id: str, *found: FileSignature, total: int | None = -1) -> None:
    with db.writing(engine) as session:
        total = len(found) if total == -1 else total
        session.add(SignatureCheck(scan_id=scan_id, total=total, authorities=2, lists=1, signatures=list(found)))


@pytest.fixture
def officer(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_as("canbo.sonv")


def test_every_verdict_has_its_sentence_and_what_to_do(officer: FlaskClient, engine: Engine, scan_id: str) -> None:
    judge(engine, scan_id, *(signature(verdict, n, **more) for n, (verdict, more, _) in enumerate(CASES, 1)))
    page = officer.get(f"/scans/{scan_id}").get_data(as_text=True)
    parts = page.split('<li class="verdict">')[1:]
    assert len(parts) == len(CASES)
    for (verdict, _more, sentence), part in zip(CASES, parts, strict=True):
        assert sentence in part and verdict.label in part, verdict
        assert (
            "Signer as the certificate names it: Nguyễn Thị An (Sở thử nghiệm); certificate given by CA thử nghiệm."
            in part
        )
        assert not [other for kind, _, other in CASES if kind != verdict and other in part]
    assert "with 2 certificates of authorities and 1 lists of revoked certificates" in page


@pytest.mark.parametrize(
    ("stamp", "said"),
    [
        ("none", "The signature says 02/03/2026 08:30; no time stamp proves it."),
        ("proved", "a time stamp proves that it was there on 02/03/2026 08:30."),
        ("unknown", "its time stamp (02/03/2026 08:30) is of an authority not known here."),
        ("false", "its time stamp does not belong to it"),
    ],
)
def test_the_time_is_told_with_what_proves_it(officer, engine: Engine, scan_id: str, stamp: str, said: str) -> None:
    judge(engine, scan_id, signature(SignatureVerdict.VALID, stamp=stamp))
    assert said in officer.get(f"/scans/{scan_id}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (None, "could not be judged"),
        (0, "No signature was found"),
        (10_000, "bears 10,000 signatures; only the first 1"),
    ],
)
def test_what_was_not_judged_is_said(officer, engine: Engine, scan_id: str, total: int | None, said: str) -> None:
    judge(engine, scan_id, *([signature(SignatureVerdict.VALID)] if total else []), total=total)
    assert said in officer.get(f"/scans/{scan_id}").get_data(as_text=True)


def test_check_again_is_a_job_and_the_page_waits_for_it(officer: FlaskClient, engine: Engine, scan_id: str) -> None:
    assert "were not judged yet" in officer.get(f"/scans/{scan_id}").get_data(as_text=True)
    page = officer.post(f"/scans/{scan_id}/check-signatures", follow_redirects=True).get_data(as_text=True)
    assert "are being judged again" in page and "data-poll" in page and "check-signatures" not in page
    with db.reading(engine) as session:
        assert [(job.kind, job.subject_id) for job in session.scalars(select(Job))] == [("check_signatures", scan_id)]


def test_a_scan_without_a_signature_has_no_such_part(officer: FlaskClient, engine: Engine, scan_id: str) -> None:
    with db.writing(engine) as session:
        session.get_one(Scan, scan_id).signed = False
    assert "Check again" not in officer.get(f"/scans/{scan_id}").get_data(as_text=True)
    assert officer.post(f"/scans/{scan_id}/check-signatures").status_code == 409
    with db.writing(engine) as session:
        scan = session.get_one(Scan, scan_id)
        scan.signed, scan.media_type = True, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    page = officer.get(f"/scans/{scan_id}").get_data(as_text=True)
    assert "Signatures of Word files are not judged here" in page and "Check again" not in page


def test_the_name_of_a_signer_is_content(client_as, engine: Engine, scan_id: str) -> None:
    judge(engine, scan_id, signature(SignatureVerdict.VALID))
    for stranger in ("canbo.sotc", "quantri", "kiemtra.khoi"):
        for answer in (
            client_as(stranger).get(f"/scans/{scan_id}"),
            client_as(stranger).post(f"/scans/{scan_id}/check-signatures"),
        ):
            assert answer.status_code in (403, 404) and "Nguyễn Thị An" not in answer.get_data(as_text=True)
    with db.writing(engine) as session:
        session.get_one(Scan, scan_id).sealed = True
    answer = client_as("canbo.sonv").get(f"/scans/{scan_id}")
    assert answer.status_code == 404 and "Nguyễn" not in answer.get_data(as_text=True)


def test_the_api_gives_verdict_evidence_and_sentences(officer: FlaskClient, engine: Engine, scan_id: str) -> None:
    with db.writing(engine) as session:
        account = session.scalars(select(Account).where(Account.username == "canbo.sonv")).one()
        secret, _ = accounts.sign_in(session, account.id, kind="api")
    ask = lambda: officer.get(f"/api/v1/scans/{scan_id}", headers={"Authorization": f"Bearer {secret}"}).json  # noqa: E731
    assert (ask()["signed"], ask()["signatures"]) == (True, None)
    judge(engine, scan_id, signature(SignatureVerdict.CHANGED, later="changes"))
    check = ask()["signatures"]
    (one,) = check["signatures"]
    assert (check["total"], check["authorities"], one["verdict"], one["signer"]) == (1, 2, "changed", "Nguyễn Thị An")
    assert one["evidence"]["later"] == "changes" and one["fingerprint"] == "ab" * 32
    assert any("sau chữ ký này tệp đã bị thêm hoặc thay đổi" in sentence for sentence in one["sentences"])
    with db.reading(engine) as session:
        assert session.scalars(select(Dossier)).one().number == ask()["dossier"]
