"""Verdicts on signatures in scans: made by the worker, kept with what they rest on, gone with the scan."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import db, intake, purging, signatures
from oms.errors import Conflict, Refused
from oms.models import AuditEntry, Dossier, FileSignature, Job, Scan, SignatureCheck, SignatureVerdict
from oms.permissions import Actor
from oms.settings import Settings
from oms.specimens import word_files
from tests import factories, signing
from tests.factories import World
from tests.signing import DAY, NOW, House


@pytest.fixture(scope="module")
def house() -> House:
    return signing.house()


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory, house: House) -> Path:
    folder = tmp_path_factory.mktemp("authorities")
    (folder / "goc.cer").write_bytes(house.root.der)
    (folder / "thu-hoi.crl").write_bytes(signing.revoke(house.below, house.binh, on=NOW - 10 * DAY))
    return folder


def receive(engine: Engine, settings: Settings, world: World, content: bytes, actor: Actor, name: str = "a.pdf") -> str:
    """Take a file in for a new dossier; the id of its scan."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
    arrival = intake.examine(settings, [content], name)
    intake.keep(settings, arrival)
    with db.writing(engine) as session:
        return intake.receive(session, session.get_one(Dossier, dossier.id), arrival, actor=actor)[0].id


def kinds_of(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        return sorted(session.scalars(select(Job.kind)))


def last(session: Session, scan_id: str) -> SignatureCheck:
    found = signatures.latest(session, session.get_one(Scan, scan_id))
    assert found is not None
    return found


def test_a_signed_scan_is_judged_at_intake_and_again(engine, settings, world, actor, house: House, roots: Path) -> None:
    """First nobody is trusted; then the office has given its authorities, and one of the two is revoked."""
    officer = actor("canbo.sonv")
    both = signing.sign(signing.sign(signing.blank(), house.an), house.binh, name="Chuky2")
    scan_id = receive(engine, settings, world, both, officer)
    assert kinds_of(engine) == ["check_signatures", "read_scan"]
    assert signatures.check(engine, settings, scan_id, actor=None) == []
    with db.reading(engine) as session:
        first = last(session, scan_id)
        assert (first.total, first.authorities, first.authorities_sha256, first.checked_by_id) == (2, 0, "", None)
        assert [one.verdict for one in first.signatures] == [SignatureVerdict.UNKNOWN] * 2
    given = replace(settings, signature_roots=str(roots))
    with db.writing(engine) as session:
        signatures.check_again(session, session.get_one(Scan, scan_id), actor=officer)
        assert signatures.are_being_judged(session, session.get_one(Scan, scan_id))
    signatures.check(engine, given, scan_id, actor=officer)
    with db.reading(engine) as session:
        second = last(session, scan_id)
        received = session.get_one(Scan, scan_id).received_at
        assert (second.total, second.authorities, second.lists, second.checked_by_id) == (2, 1, 1, officer.account_id)
        assert second.authorities_sha256 == signatures.authorities_of(given).digest
        an, binh = second.signatures
        assert (an.verdict, an.signer, an.judged_for) == (
            SignatureVerdict.VALID, "Nguyễn Thị An (thử nghiệm)", received,
        )  # fmt: skip
        assert (binh.verdict, binh.revoked_at) == (SignatureVerdict.REVOKED, NOW - 10 * DAY)
        assert len(an.fingerprint) == 64 and len(an.evidence["digest"]) == 64 and "pyHanko" in an.evidence["program"]
        assert session.scalar(select(func.count(SignatureCheck.id))) == 2, "what was said before stays"
        told = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(2)).all()
        assert [entry.action for entry in told] == ["scan:signatures", "scan:check_signatures"]
        assert f"revoked {binh.fingerprint}" in str(told[0].body) and "Nguyễn" not in str(told[0].body)


def test_a_file_without_a_signature_asks_for_nothing(engine, settings, world, actor) -> None:
    scan_id = receive(engine, settings, world, signing.blank(), actor("canbo.sonv"))
    assert kinds_of(engine) == ["read_scan"]
    with db.writing(engine) as session, pytest.raises(Conflict):
        signatures.check_again(session, session.get_one(Scan, scan_id), actor=actor("canbo.sonv"))
    signatures.check(engine, settings, scan_id, actor=None)
    signatures.check(engine, settings, "0" * 16, actor=None)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(SignatureCheck.id))) == 0


def test_the_signature_of_a_word_file_is_left_to_word(engine, settings, world, actor) -> None:
    assert not signatures.can_be_judged("application/vnd.openxmlformats", signed=True)
    scan_id = receive(engine, settings, world, word_files.draw(), actor("canbo.sonv"), "a.docx")
    assert kinds_of(engine) == ["read_scan"]
    with db.reading(engine) as session:
        assert not signatures.are_being_judged(session, session.get_one(Scan, scan_id))


def test_a_broken_signature_keeps_no_file_out(engine, settings, world, actor, house: House) -> None:
    signed = signing.sign(signing.blank(), house.an)
    place = signed.index(b"/Contents <") + len(b"/Contents <")
    scan_id = receive(
        engine, settings, world, signed[:place] + b"00" * 300 + signed[place + 600 :], actor("canbo.sonv")
    )
    signatures.check(engine, settings, scan_id, actor=None)
    with db.reading(engine) as session:
        (one,) = last(session, scan_id).signatures
        assert (one.verdict, one.signer, one.evidence["problem"]) == (SignatureVerdict.UNJUDGED, "", "broken")


def test_only_who_may_see_the_original_asks_again(engine, settings, world, actor, house: House) -> None:
    scan_id = receive(engine, settings, world, signing.sign(signing.blank(), house.an), actor("canbo.sonv"))
    with db.writing(engine) as session:
        for stranger in ("canbo.sotc", "quantri", "kiemtra.khoi"):
            with pytest.raises(Refused):
                signatures.check_again(session, session.get_one(Scan, scan_id), actor=actor(stranger))


def test_what_was_found_goes_with_the_scan(engine, settings, world, actor, house: House) -> None:
    scan_id = receive(engine, settings, world, signing.sign(signing.blank(), house.an), actor("canbo.sonv"))
    signatures.check(engine, settings, scan_id, actor=None)
    with db.writing(engine) as session:
        _gone, remove_files = purging.destroy(session, settings, [session.get_one(Scan, scan_id)])
    remove_files()
    with db.reading(engine) as session:
        assert session.scalars(select(FileSignature)).all() == session.scalars(select(SignatureCheck)).all() == []


def test_the_administrator_is_told_whom_the_house_trusts(settings: Settings, roots: Path, tmp_path: Path) -> None:
    assert signatures.standing(settings)[0] == "success" and not signatures.standing(settings)[2]
    given = replace(settings, signature_roots=str(roots))
    assert signatures.standing(given)[2] == {"authorities": 1, "lists": 1}
    (tmp_path / "ghi-chu.txt").write_text("x")
    assert signatures.standing(replace(settings, signature_roots=str(tmp_path)))[2] == {"files": "ghi-chu.txt"}
    assert signatures.standing(replace(settings, signature_roots=str(tmp_path / "none")))[0] == "warning"
