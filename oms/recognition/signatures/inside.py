"""In the box: pyHanko looks at each signature by itself, so that one that is broken hides no other.

Trusted are the certificates given and nobody else; nothing is fetched. Evidence that lies in the file (certificates,
lists of revoked ones, answers of authorities) counts, because each is signed by an authority itself.
"""

import base64
import io
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from oms.recognition.signatures.facts import MOST, MOST_COUNTED
from oms.recognition.signatures.revocation import Standing, ask_lists

_MOST_EVIDENCE = 200
"""Certificates, lists or answers out of the file, of each kind."""

_FORMS = ("/adbe.pkcs7.detached", "/ETSI.CAdES.detached", "/ETSI.RFC3161")
_METHODS = ("rsassa_pkcs1v15", "rsassa_pss", "ecdsa", "ed25519", "ed448")
_DIGESTS = ("sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512", "shake256")
_OLD_DIGESTS = ("md5", "sha1")

_USAGE = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False)
"""Certificates of Vietnamese authorities bear one or both."""

_CLOCK = timedelta(hours=1)
"""How much later than we have it a time stamp may be: clocks differ."""

_NOTHING: dict[str, Any] = {
    "kind": "signature", "problem": "broken", "intact": False, "later": "nothing", "trust": "not-asked",
    "revocation": "unknown", "stamp": "none", "signer": "", "organisation": "", "issuer": "", "fingerprint": "",
    "digest": "", "algorithm": "", "valid_from": None, "valid_until": None, "revoked_at": None, "signed_at": None,
    "stamped_at": None, "judged_for": None,
}  # fmt: skip
"""What is said of a signature of which nothing is known."""


@dataclass
class _Evidence:
    """What certificates are judged by: the office's, and what lies in the file."""

    moment: datetime
    roots: list[asn1_x509.Certificate]
    lists: list[x509.CertificateRevocationList]
    certificates: list[asn1_x509.Certificate] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def context(self, moment: datetime, *, strict: bool = False) -> ValidationContext:
        """For pyHanko; lists are asked by us (`revocation`), answers of authorities by it. `strict`: only a chain of
        which every certificate has such an answer passes."""
        return ValidationContext(
            trust_roots=self.roots,
            other_certs=self.certificates,
            moment=moment,
            ocsps=self.answers,
            crls=[],
            allow_fetching=False,
            revocation_mode="require" if strict else "soft-fail",
            retroactive_revinfo=True,
        )


def look(document: bytes, given: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of all signatures of a PDF as `facts.believe` wants them."""
    reader = PdfFileReader(io.BytesIO(document), strict=False)
    if reader.encrypted:  # against printing or copying only: a file with a password to open it was refused
        reader.decrypt(b"")
    evidence = _gather(reader, given)
    found = [(name, one) for name, _value, one in enumerate_sig_fields(reader, filled_status=True)]
    names = {name for name, _value, _one in enumerate_sig_fields(reader)}
    signatures = _run(_look_at_all(reader, found[:MOST], names, evidence))
    return {"total": min(len(found), MOST_COUNTED), "signatures": signatures}


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of it. pyHanko waits for nothing where nothing is fetched, so no loop of events is needed; one could not
    be made here, because a box makes no sockets."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("it waits for something")


def _gather(reader: PdfFileReader, given: Mapping[str, Any]) -> _Evidence:
    evidence = _Evidence(
        datetime.fromisoformat(given["moment"]),
        [asn1_x509.Certificate.load(base64.b64decode(one)) for one in given["certificates"]],
        [x509.load_der_x509_crl(base64.b64decode(one)) for one in given["lists"]],
    )
    try:
        store = DocumentSecurityStore.read_dss(reader)
        certificates, lists, answers = (
            [*kind][:_MOST_EVIDENCE] for kind in (store.certs.values(), store.crls, store.ocsps)
        )
    except Exception:  # there is none, or none that can be read: then it is no evidence
        return evidence
    for data in _data_of(certificates):
        evidence.certificates += _try(asn1_x509.Certificate.load, data)
    for data in _data_of(lists):
        evidence.lists += _try(x509.load_der_x509_crl, data)
    evidence.answers = [*_data_of(answers)]
    return evidence


def _data_of(references: list[Any]) -> Iterator[bytes]:
    for reference in references:
        yield from _try(_data_at, reference)


def _data_at(reference: Any) -> bytes:
    return bytes(reference.get_object().data)


def _try(make: Callable[..., Any], *given: Any) -> list[Any]:
    """What was made, or nothing where it cannot be."""
    try:
        return [make(*given)]
    except Exception:  # bytes of a stranger: a library may fail on them in any way
        return []


async def _look_at_all(reader: PdfFileReader, found: list[Any], names: set[str], evidence: _Evidence) -> list[Any]:
    """In the order in which they were made, as far as it can be told."""
    looked = []
    for place, (name, one) in enumerate(found):
        about = dict(_NOTHING)
        revision = -1
        try:
            embedded = EmbeddedPdfSignature(reader, one, name)
            revision = embedded.signed_revision
            await _look_at(embedded, names, evidence, about)
        except Exception:  # what was learned until then stands; the word for it is that it cannot be judged
            about["problem"] = about["problem"] or "broken"
        looked.append((revision, place, about))
    return [about for _revision, _place, about in sorted(looked, key=lambda one: one[:2])]


async def _look_at(one: EmbeddedPdfSignature, names: set[str], evidence: _Evidence, about: dict[str, Any]) -> None:
    is_stamp = one.sig_object_type == "/DocTimeStamp"
    about["kind"] = "timestamp" if is_stamp else "signature"
    about["judged_for"] = evidence.moment.isoformat()
    _describe(one, about)
    if one.sig_object.get("/SubFilter") not in _FORMS:
        about["problem"] = "form"
        return
    if not _is_known_method(one):
        about["problem"] = "algorithm"
        return
    if is_stamp:
        status: Any = await async_validate_pdf_timestamp(one, evidence.context(evidence.moment))
        about["stamped_at"] = status.timestamp.isoformat()
    else:
        status = await _validate(one, evidence.context(evidence.moment), skip_diff=False)
    about["digest"] = one.compute_digest().hex()
    about["intact"] = bool(status.intact and status.valid)
    about["later"] = _later(one, names, certified=is_stamp or status.docmdp_ok is not False)
    about["problem"] = ""
    if not about["intact"]:
        return
    if not is_stamp:
        status = await _use_stamp(one, status, evidence, about)
    await _trust(one, status, evidence, about)


async def _validate(one: EmbeddedPdfSignature, context: ValidationContext, *, skip_diff: bool) -> Any:
    return await async_validate_pdf_signature(one, context, context, key_usage_settings=_USAGE, skip_diff=skip_diff)


def _describe(one: EmbeddedPdfSignature, about: dict[str, Any]) -> None:
    """Who and when, as the signature and its certificate have it."""
    certificate = one.signer_cert
    subject = certificate.subject.native
    about["signer"], about["organisation"] = _name(subject, "common_name"), _name(subject, "organization_name")
    about["issuer"] = _name(certificate.issuer.native, "common_name") or _name(
        certificate.issuer.native, "organization_name"
    )
    about["fingerprint"] = certificate.sha256.hex()
    about["valid_from"] = certificate.not_valid_before.isoformat()
    about["valid_until"] = certificate.not_valid_after.isoformat()
    about["algorithm"] = str(one.md_algorithm)[:40]
    signed_at = _try(lambda: one.self_reported_timestamp)
    if signed_at and signed_at[0] is not None and signed_at[0].tzinfo is not None:
        about["signed_at"] = signed_at[0].isoformat()


def _name(parts: Mapping[str, Any], key: str) -> str:
    value = parts.get(key, "")
    first = value[0] if isinstance(value, list) and value else value
    return str(first)[:200]


def _is_known_method(one: EmbeddedPdfSignature) -> bool:
    """Whether the method is one that can be computed here: pyHanko calls a signature false whose method it lacks."""
    method = one.signer_info["signature_algorithm"]
    try:
        return method.signature_algo in _METHODS and one.md_algorithm in (*_DIGESTS, *_OLD_DIGESTS)
    except ValueError:
        return False


def _later(one: EmbeddedPdfSignature, names: set[str], *, certified: bool) -> str:
    """What came after: only the fields of more signatures may have changed, whatever else the signer would allow."""
    changed = one.diff_result
    if one.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return "nothing"
    if one.coverage != SignatureCoverageLevel.ENTIRE_REVISION or not certified or not isinstance(changed, DiffResult):
        return "changes"
    if changed.modification_level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES):
        return "nothing"
    if changed.modification_level == ModificationLevel.FORM_FILLING and changed.changed_form_fields <= names:
        return "signatures"
    return "changes"


async def _use_stamp(one: EmbeddedPdfSignature, status: Any, evidence: _Evidence, about: dict[str, Any]) -> Any:
    """With a time stamp that proves something, the certificate is asked about for its moment."""
    stamp = status.timestamp_validity
    if stamp is None:
        return status
    about["stamped_at"] = stamp.timestamp.isoformat()
    if not (stamp.intact and stamp.valid) or stamp.timestamp > evidence.moment + _CLOCK:
        about["stamp"] = "false"
        return status
    about["stamp"] = "proved" if stamp.trusted else "unknown"
    if stamp.trusted:
        about["judged_for"] = stamp.timestamp.isoformat()
        return await _validate(one, evidence.context(stamp.timestamp), skip_diff=True)
    return status


async def _trust(one: EmbeddedPdfSignature, status: Any, evidence: _Evidence, about: dict[str, Any]) -> None:
    """Who vouches for the certificate, and whether it was revoked."""
    moment = datetime.fromisoformat(about["judged_for"])
    trouble = status.trust_problem_indic
    standing = _ask_lists(status.validation_path, evidence, moment)
    if trouble in (AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE, AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE):
        about["problem"] = "weak"
    elif standing.revoked_at is not None:
        about |= {"trust": "revoked", "revocation": "revoked", "revoked_at": standing.revoked_at.isoformat()}
    elif trouble in (AdESIndeterminate.REVOKED_NO_POE, AdESIndeterminate.REVOKED_CA_NO_POE):
        since = status.revocation_details.revocation_date
        about |= {"trust": "revoked", "revocation": "revoked", "revoked_at": since.isoformat()}
    elif trouble == AdESIndeterminate.NO_CERTIFICATE_CHAIN_FOUND:
        about["trust"] = "unknown"
    elif trouble is None and status.validation_path is not None:
        about["trust"] = "trusted"
        if standing.is_clear or await _has_answers(one, status, evidence, moment):
            about["revocation"] = "clear"
    else:
        about["trust"] = _out_of_time(status.validation_path, moment) or (
            "purpose" if trouble == AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE else "chain"
        )


def _ask_lists(path: Any, evidence: _Evidence, moment: datetime) -> Standing:
    if path is None or not evidence.lists:
        return Standing()
    chain = _try(lambda: [x509.load_der_x509_certificate(one.dump()) for one in path])
    return ask_lists(chain[0], evidence.lists, moment) if chain else Standing()


def _out_of_time(path: Any, moment: datetime) -> str:
    """Whether a certificate of the chain was not valid any more, or not yet."""
    certificates = [] if path is None else [one for one in path if isinstance(one, asn1_x509.Certificate)]
    if any(one.not_valid_after < moment for one in certificates):
        return "expired"
    return "early" if any(one.not_valid_before > moment for one in certificates) else ""


async def _has_answers(one: EmbeddedPdfSignature, status: Any, evidence: _Evidence, moment: datetime) -> bool:
    """Whether answers of the authorities that lie in the file say of the whole chain that it was not revoked."""
    if not evidence.answers or isinstance(status, SignatureValidationError):
        return False
    again = await _validate(one, evidence.context(moment, strict=True), skip_diff=True)
    return again.trust_problem_indic is None and again.validation_path is not None
