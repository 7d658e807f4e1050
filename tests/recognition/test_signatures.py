"""Signatures in PDFs: made here, by pyHanko too, for people who do not exist; judged with what an office would give."""

import base64
import io
import sys
from dataclasses import asdict, replace
from datetime import datetime

import pikepdf
import pytest
from asn1crypto import crl as asn1_crl
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.validation.dss import DocumentSecurityStore

from oms.recognition import open_scan
from oms.recognition.signatures import NOBODY, Authorities, Facts, find_signatures, inside, judge, read_authorities
from oms.recognition.signatures.facts import MOST, Signatures, believe
from tests import signing
from tests.signing import DAY, NOW, Holder, House


@pytest.fixture(scope="module")
def house() -> House:
    return signing.house()


@pytest.fixture(scope="module")
def signed(house: House) -> bytes:
    return signing.sign(signing.blank(), house.an)


@pytest.fixture(scope="module")
def trusted(house: House) -> Authorities:
    return Authorities((house.root.der,))


def ask(document: bytes, authorities: Authorities, moment: datetime = NOW) -> tuple[Facts, ...]:
    """What the box would say, said in this process, and believed as if it came from there."""
    given = {
        "moment": moment.isoformat(),
        "certificates": [base64.b64encode(one).decode() for one in authorities.certificates],
        "lists": [base64.b64encode(one).decode() for one in authorities.lists],
    }
    return believe(inside.look(document, given)).judged


def fill_in(writer: IncrementalPdfFileWriter) -> None:
    """Another name in the form, which the rules of PDF allow after signing."""
    field = writer.root["/AcroForm"]["/Fields"].raw_get(0)
    field.get_object()["/V"] = generic.TextStringObject("Người khác")
    writer.mark_update(field)


def words(document: bytes, authorities: Authorities, moment: datetime = NOW) -> list[str]:
    return [judge(one) for one in ask(document, authorities, moment)]


def test_a_signature_is_judged_in_the_box(tmp_path, house: House, signed: bytes, trusted: Authorities) -> None:
    (tmp_path / "a.pdf").write_bytes(signed)
    assert open_scan(tmp_path / "a.pdf").signed
    found = find_signatures(tmp_path / "a.pdf", trusted, NOW)
    assert found is not None and found.total == 1
    (one,) = found.judged
    assert (judge(one), one.later, one.revocation, one.stamp) == ("valid", "nothing", "unknown", "none")
    assert (one.signer, one.organisation) == ("Nguyễn Thị An (thử nghiệm)", "Sở Nội vụ thử nghiệm")
    assert one.issuer == "CA cấp dưới thử nghiệm" and len(one.fingerprint) == 64 and len(one.digest) == 64
    assert one.judged_for == NOW and one.signed_at is not None and one.stamped_at is None


def test_without_authorities_of_the_office_nobody_vouches(signed: bytes) -> None:
    assert words(signed, NOBODY) == ["unknown"]
    assert "oscrypto" not in sys.modules, "the list of the system was asked"


def test_an_authority_that_only_bears_the_name_is_not_known(signed: bytes) -> None:
    other = signing.certify("CA gốc thử nghiệm", authority=True)
    assert words(signed, Authorities((other.der,))) == ["unknown"]


def test_each_byte_that_was_signed_counts(signed: bytes, trusted: Authorities) -> None:
    for mark in (b"595", b"/Pages", b"/Chuky1" if b"/Chuky1" in signed else b"Chuky1"):
        place = signed.index(mark) + len(mark) - 1
        changed = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
        try:
            assert words(changed, trusted) == ["altered"], mark
        except Exception:  # the file is none any more: then nothing is said of it
            assert mark == b"/Pages"


@pytest.mark.parametrize("change", [signing.cover_the_page, fill_in])
def test_what_is_added_after_the_signature_is_told(house: House, trusted: Authorities, change) -> None:
    """A shadow: what the signature covers is whole, and yet another thing stands in the file."""
    document = signing.update(signing.sign(signing.blank(text_field=True), house.an), change)
    (one,) = ask(document, trusted)
    assert one.intact and judge(one) == "changed"


def test_a_second_signature_is_no_change_of_the_first(house: House, signed: bytes, trusted: Authorities) -> None:
    both = signing.sign(signed, house.binh, name="Chuky2")
    first, second = ask(both, trusted)
    assert (judge(first), first.later, first.signer) == ("valid", "signatures", "Nguyễn Thị An (thử nghiệm)")
    assert (judge(second), second.later, second.signer) == ("valid", "nothing", "Trần Văn Bình (thử nghiệm)")
    assert words(signing.update(both, signing.cover_the_page), trusted) == ["changed", "changed"]


def test_a_second_signature_over_a_change_is_good_only_for_itself(house: House, signed: bytes, trusted) -> None:
    changed = signing.update(signed, signing.cover_the_page)
    assert words(signing.sign(changed, house.binh, name="Chuky2"), trusted) == ["changed", "valid"]


def test_a_certificate_has_its_time(house: House, trusted: Authorities) -> None:
    old = signing.certify("Cũ (thử nghiệm)", house.below, end=NOW - 5 * DAY)
    document = signing.sign(signing.blank(), old)
    assert words(document, trusted) == ["expired"]
    assert words(document, trusted, NOW - 6 * DAY) == ["valid"]
    assert words(document, trusted, NOW - 500 * DAY) == ["expired"]  # it was not valid yet


def test_a_time_stamp_proves_the_moment(house: House, trusted: Authorities) -> None:
    old = signing.certify("Cũ (thử nghiệm)", house.below, end=NOW - 5 * DAY)
    stamped = signing.sign(signing.blank(), old, stamper=house.stamper, stamped_at=NOW - 6 * DAY)
    (one,) = ask(stamped, trusted)
    assert (judge(one), one.stamp, one.judged_for, one.stamped_at) == ("valid", "proved", NOW - 6 * DAY, NOW - 6 * DAY)
    stranger = signing.certify("Máy lạ", stamps=True, bits=2048)
    (one,) = ask(signing.sign(signing.blank(), old, stamper=stranger, stamped_at=NOW - 6 * DAY), trusted)
    assert (judge(one), one.stamp) == ("expired", "unknown")
    (one,) = ask(signing.sign(signing.blank(), house.an, stamper=house.stamper, stamped_at=NOW + 3 * DAY), trusted)
    assert (judge(one), one.stamp, one.judged_for) == ("valid", "false", NOW)


def lists(house: House, *revoked: Holder, by: Holder | None = None, **times) -> Authorities:
    made = signing.revoke(by or house.below, *revoked, **times), signing.revoke(house.root, on=NOW)
    return Authorities((house.root.der,), made)


def test_a_revoked_certificate_proves_nothing_from_that_day(house: House, signed: bytes) -> None:
    (one,) = ask(signed, lists(house, house.an, on=NOW - 10 * DAY))
    assert (judge(one), one.revocation, one.revoked_at) == ("revoked", "revoked", NOW - 10 * DAY)
    (one,) = ask(signed, lists(house, house.an, on=NOW + DAY, made=NOW + 2 * DAY))
    assert (judge(one), one.revocation) == ("valid", "clear")
    # A list whose time is over still names what was revoked, but does not say of anybody that nothing was.
    late = {"made": NOW - 90 * DAY, "lasts": 30 * DAY}
    assert words(signed, lists(house, house.an, on=NOW - 100 * DAY, **late)) == ["revoked"]
    (one,) = ask(signed, lists(house, house.binh, on=NOW - 100 * DAY, **late))
    assert (judge(one), one.revocation) == ("valid", "unknown")


def test_evidence_that_lies_in_the_file_counts(house: House, signed: bytes, trusted: Authorities) -> None:
    def with_lists(*revoked: Holder) -> bytes:
        out, (below, root) = io.BytesIO(signed), lists(house, *revoked, on=NOW - DAY).lists
        made = [asn1_crl.CertificateList.load(one) for one in (below, root)]
        DocumentSecurityStore.add_dss(out, None, crls=made, force_write=True)
        return out.getvalue()

    (one,) = ask(with_lists(), trusted)
    assert (judge(one), one.later, one.revocation) == ("valid", "nothing", "clear")
    assert words(with_lists(house.an), trusted) == ["revoked"]


def test_a_list_is_believed_from_its_authority_only(house: House, signed: bytes) -> None:
    false = signing.certify("CA cấp dưới thử nghiệm", authority=True)
    (one,) = ask(signed, lists(house, house.an, by=false, on=NOW - 10 * DAY))
    assert (judge(one), one.revocation) == ("valid", "unknown")


def test_a_revoked_authority_takes_its_people_along(house: House, signed: bytes) -> None:
    given = signing.revoke(house.root, house.below, on=NOW - 10 * DAY)
    assert words(signed, Authorities((house.root.der,), (given,))) == ["revoked"]


def test_what_can_not_be_judged_is_said(house: House, signed: bytes, trusted: Authorities) -> None:
    (weak,) = ask(signing.sign(signing.blank(), house.an, digest="sha1"), trusted)
    assert (judge(weak), weak.problem, weak.intact) == ("unjudged", "weak", True)
    (form,) = ask(signed.replace(b"/ETSI.CAdES.detached", b"/ETSI.CAdES.detachef"), trusted)
    assert (judge(form), form.problem) == ("unjudged", "form")
    place = signed.rindex(b"06082A8648CE3D040302")  # the method of the signature itself: ECDSA with SHA-256
    (method,) = ask(signed[:place] + b"06082A8648CE3D040339" + signed[place + 20 :], trusted)
    assert (judge(method), method.problem) == ("unjudged", "algorithm")


def test_one_broken_signature_hides_no_other(house: House, signed: bytes, trusted: Authorities) -> None:
    both = signing.sign(signed, house.binh, name="Chuky2")
    place = both.rindex(b"/Contents <") + len(b"/Contents <")
    broken = both[:place] + b"00" * 200 + both[place + 400 :]
    assert sorted(words(broken, trusted)) == ["unjudged", "valid"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_ten_thousand_signatures_cost_no_more_than_fifty(tmp_path, signed: bytes, trusted: Authorities) -> None:
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        field = pdf.Root.AcroForm.Fields[0]
        more = [pdf.make_indirect(pikepdf.Dictionary(FT=field.FT, T=f"C{n}", V=field.V)) for n in range(10_000)]
        pdf.Root.AcroForm.Fields = pikepdf.Array(more)
        pdf.save(tmp_path / "many.pdf")
    found = find_signatures(tmp_path / "many.pdf", trusted, NOW)
    assert found is not None and found.total == 10_000 and len(found.judged) == MOST
    assert {judge(one) for one in found.judged} == {"altered"}  # saving moved the bytes


def test_a_file_that_nobody_can_read_is_not_judged(tmp_path, trusted: Authorities) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + b"x" * 100)
    assert find_signatures(tmp_path / "a.pdf", trusted, NOW) is None


@pytest.fixture(scope="module")
def facts(signed: bytes, trusted: Authorities) -> Facts:
    return ask(signed, trusted)[0]


def said(facts: Facts, **other: object) -> dict:
    """The facts as the box would send them."""
    sent = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(facts).items()}
    return {"total": 1, "signatures": [{**sent, **other}]}


def test_facts_are_believed_as_they_are(facts: Facts) -> None:
    assert believe(said(facts)) == Signatures(1, (facts,))
    (one,) = believe(said(facts, signer="Nguyễn\u202eAn\n" + "x" * 300)).judged
    assert one.signer.startswith("NguyễnAn�xxx") and len(one.signer) == 200


@pytest.mark.parametrize(
    "lie",
    [
        {"trust": "very much"}, {"kind": ["signature"]}, {"intact": 1}, {"intact": "true"}, {"signer": None},
        {"signer": "x" * 1000}, {"fingerprint": "../../etc"}, {"digest": "a" * 129}, {"algorithm": "<b>"},
        {"signed_at": 12}, {"signed_at": "yesterday"}, {"stamped_at": "2" * 50}, {"more": 1}, {"verdict": "valid"},
    ],
)  # fmt: skip
def test_what_can_not_be_said_of_a_signature_is_not_believed(facts: Facts, lie: dict) -> None:
    with pytest.raises(ValueError):
        believe(said(facts, **lie))


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"total": 1}, {"total": True, "signatures": []}, {"total": -1, "signatures": []},
               {"total": 2, "signatures": []}, {"total": 0, "signatures": [{}]}, {"total": 0, "signatures": {}}]
)  # fmt: skip
def test_an_answer_of_another_shape_is_none(answer: object) -> None:
    with pytest.raises(ValueError):
        believe(answer)


def test_the_worst_is_said_first(facts: Facts) -> None:
    assert judge(replace(facts, intact=False, later="changes", trust="revoked")) == "altered"
    assert judge(replace(facts, later="changes", trust="unknown")) == "changed"
    assert judge(replace(facts, problem="weak", later="changes")) == "changed"
    assert judge(replace(facts, trust="purpose")) == judge(replace(facts, trust="not-asked")) == "unjudged"


def test_the_folder_of_the_office_is_read(tmp_path, house: House, signed: bytes) -> None:
    pem = house.root.certificate.public_bytes(Encoding.PEM)
    (tmp_path / "goc.pem").write_bytes(b"# CA\n" + pem + pem)
    (tmp_path / "duoi.cer").write_bytes(house.below.der)
    (tmp_path / "thu-hoi.crl").write_bytes(signing.revoke(house.below, house.an, on=NOW))
    (tmp_path / "nguoi.cer").write_bytes(house.an.der)  # a person vouches for nobody, nor for the own signature
    (tmp_path / "ghi-chu.txt").write_text("CA")
    given = read_authorities(tmp_path)
    assert given.certificates == (house.below.der, house.root.der) and len(given.lists) == 1
    assert given.unusable == ("ghi-chu.txt", "nguoi.cer") and len(given.digest) == 64
    assert words(signed, given) == ["revoked"]
    (tmp_path / "thu-hoi.crl").unlink()
    assert read_authorities(tmp_path).digest != given.digest
    assert read_authorities(tmp_path / "none").unusable == ("none",) and read_authorities(None) == NOBODY
    assert not NOBODY.digest
