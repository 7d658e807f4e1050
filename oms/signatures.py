"""Verdicts on the digital signatures in scans: made at intake by the worker, again when somebody asks, each one kept.

A broken signature never keeps a file out: it is a thing to know about a paper, and a person decides what to do. Each
look stays with what it rests on, because another day, with other authorities, says something else of the same bytes.
"""

from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session, selectinload

from oms import audit, db, jobs, storage
from oms.errors import N_, Conflict
from oms.models import FileSignature, JobState, Scan, SignatureCheck, SignatureVerdict
from oms.permissions import Action, Actor, require
from oms.recognition.signatures import Authorities, Facts, Signatures, find_signatures, judge, read_authorities
from oms.settings import Settings

JOB = "check_signatures"
_FACTS = ("kind", "problem", "later", "trust", "revocation", "stamp", "algorithm", "digest")
_COLUMNS = ("signer", "organisation", "issuer", "fingerprint")
_MOMENTS = ("valid_from", "valid_until", "revoked_at", "signed_at", "stamped_at", "judged_for")


def can_be_judged(media_type: str, *, signed: bool) -> bool:
    """Whether a file bears signatures of the kind that is judged here: those of PDF."""
    return signed and media_type == "application/pdf"


def authorities_of(settings: Settings) -> Authorities:
    """Whom this installation trusts, read anew each time: the administrator puts files into a folder."""
    return read_authorities(Path(settings.signature_roots) if settings.signature_roots else None)


def standing(settings: Settings) -> tuple[str, str, dict[str, object]]:
    """Whom this installation trusts, for the page of the administrator: tone, sentence and its values."""
    given = authorities_of(settings)
    if given.unusable:
        told = ", ".join(given.unusable[:5])
        message = N_(
            "In the folder of authorities (OMS_SIGNATURE_ROOTS) nothing can be used of: %(files)s. Replace it."
        )
        return "warning", message, {"files": told}
    if not given.certificates:
        message = N_("No authority is known (OMS_SIGNATURE_ROOTS): that a signature is valid is said of none.")
        return "success", message, {}
    message = N_("%(authorities)s certificates of authorities and %(lists)s lists of revoked certificates are known.")
    return "success", message, {"authorities": len(given.certificates), "lists": len(given.lists)}


def check(engine: Engine, settings: Settings, scan_id: str, *, actor: Actor | None) -> list[str]:
    """Job `check_signatures`: judge all signatures of a scan and keep what was found beside what was before."""
    with db.reading(engine) as session:
        scan = session.get(Scan, scan_id)
        if scan is None or not can_be_judged(scan.media_type, signed=scan.signed):
            return []
        sha256, since = scan.sha256, scan.received_at
    given = authorities_of(settings)
    # For the moment when the house got these bytes: that they are older nothing proves but a time stamp.
    with storage.opened(settings.scans, sha256) as path:
        found = find_signatures(path, given, since)
    with db.writing(engine) as session:
        scan = session.get(Scan, scan_id, with_for_update=True)
        if scan is not None:  # destroyed meanwhile
            _keep(session, scan, given, found, actor=actor)
    return []


def _keep(session: Session, scan: Scan, given: Authorities, found: Signatures | None, *, actor: Actor | None) -> None:
    row = SignatureCheck(
        scan_id=scan.id,
        checked_by_id=actor.account_id if actor else None,
        total=None if found is None else found.total,
        authorities=len(given.certificates),
        lists=len(given.lists),
        authorities_sha256=given.digest,
    )
    row.signatures = [_row(number, one) for number, one in enumerate(found.judged if found else (), start=1)]
    session.add(row)
    session.flush()
    # Verdicts and certificates by their numbers, no names: the log bears witness to what was said on this day.
    told = [f"{one.verdict.value} {one.fingerprint}" for one in row.signatures]
    audit.record(session, "scan:signatures", scan, actor=actor, total=row.total, told=told, by=given.digest)


def _row(number: int, facts: Facts) -> FileSignature:
    return FileSignature(
        number=number,
        verdict=SignatureVerdict(judge(facts)),
        evidence={**{name: getattr(facts, name) for name in _FACTS}, "program": f"pyHanko {version('pyhanko')}"},
        **{name: getattr(facts, name) for name in (*_COLUMNS, *_MOMENTS)},
    )


def check_again(session: Session, scan: Scan, *, actor: Actor) -> None:
    """Have the signatures judged once more, with the authorities of today; for whoever may see the original."""
    require(actor, Action.SCAN_DOWNLOAD, scan)
    if not can_be_judged(scan.media_type, signed=scan.signed):
        raise Conflict(N_("This file bears no digital signature of a PDF, so there is nothing to judge."))
    jobs.enqueue(session, JOB, scan.id, actor=actor)
    audit.record(session, "scan:check_signatures", scan, actor=actor)


def latest(session: Session, scan: Scan) -> SignatureCheck | None:
    """The last look at the signatures of a scan with all it found, if there was one."""
    query = (
        select(SignatureCheck).where(SignatureCheck.scan_id == scan.id).options(selectinload(SignatureCheck.signatures))
    )
    return session.scalar(query.order_by(SignatureCheck.checked_at.desc(), SignatureCheck.id).limit(1))


def are_being_judged(session: Session, scan: Scan) -> bool:
    """Whether a look is under way, or waits for its turn."""
    job = jobs.find_latest(session, JOB, scan.id) if can_be_judged(scan.media_type, signed=scan.signed) else None
    return job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)


def forget(session: Session, scan_id: str) -> None:
    """Drop all that was found about a scan that is destroyed."""
    looks = select(SignatureCheck.id).where(SignatureCheck.scan_id == scan_id)
    session.execute(delete(FileSignature).where(FileSignature.check_id.in_(looks)))
    session.execute(delete(SignatureCheck).where(SignatureCheck.scan_id == scan_id))
