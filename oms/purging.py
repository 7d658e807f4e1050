"""The end of a stamped scan that was found too late: every trace of it goes, and minutes stay.

Two people order it. Gone are the file, wherever the same bytes lie in this installation, page images, searchable PDF,
text, corrections, jobs, and the documents filed from it alone; what was filed together with other pages loses these.
The index is made anew, because an engine keeps deleted words in its files for a while. Backups cannot be reached
from here: the minutes say that they must be destroyed (NĐ 26/2020/NĐ-CP Đ3.4, Đ4.7).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, delete, select, text, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from oms import audit, db, desk, jobs, milestones, record, signatures, storage
from oms.errors import N_, NotFound, Refused
from oms.gate import check_reason, check_second
from oms.models import (
    AttachedFile,
    Correction,
    Document,
    Finding,
    FindingPlace,
    Job,
    LatePaper,
    LateState,
    Page,
    PageCorrection,
    PaperLoss,
    Purge,
    Rearrangement,
    Scan,
    SecrecyClearance,
    Stack,
    StackPage,
    StackPiece,
    SubjectRequest,
    Verification,
)
from oms.permissions import Action, Actor, allowed, can, require
from oms.reading import layer_path
from oms.settings import Settings
from oms.vietnamese.text import fold, words

NAMING = (
    Scan.sha256,
    Scan.pdf_sha256,
    Page.image_sha256,
    AttachedFile.sha256,
    Stack.sha256,
    SubjectRequest.proof_sha256,
)
"""The columns that name stored files."""
QUOTED = 4
"""Words in a row that a typed sentence has in common with a page to count as a quotation: erring costs a sentence."""


def purge(
    session: Session, settings: Settings, scan: Scan, reason: str, *, second: Actor, actor: Actor
) -> tuple[Purge, Callable[[], None]]:
    """Destroy a scan and every other scan of the same bytes; return the minutes, and what to call after the commit:
    it takes the files away, which no transaction could bring back."""
    require(actor, Action.SCAN_UPLOAD, scan.dossier)
    check_second(second, scan.dossier, actor=actor)
    return _purge(session, settings, scan.sha256, scan.dossier_id, reason, second=second, actor=actor)


def purge_attached(
    session: Session, settings: Settings, file: AttachedFile, reason: str, *, second: Actor, actor: Actor
) -> tuple[Purge, Callable[[], None]]:
    """Destroy a file that hangs on a transfer, wherever the same bytes lie; see `purge`."""
    if not (can(actor, Action.TRANSFER_SEND, file.transfer) or can(actor, Action.TRANSFER_RECEIVE, file.transfer)):
        raise Refused(N_("A file that hangs on a transfer is destroyed by the two units of the transfer."))
    check_second(second, file.transfer, actor=actor)
    return _purge(session, settings, file.sha256, file.transfer.dossier_id, reason, second=second, actor=actor)


def _purge(
    session: Session, settings: Settings, sha256: str, ordered_for: str, reason: str, *, second: Actor, actor: Actor
) -> tuple[Purge, Callable[[], None]]:
    reason = check_reason(reason)
    minutes: list[Purge] = []
    overwrite_deleted(session)
    names = {sha256, *storage.other_names(settings.scans, sha256)}
    attached = []
    for name in sorted(names):
        forget_stacks(session, name)
        attached += _destroy_attached(session, name)
    twins = session.scalars(select(Scan).where(Scan.sha256.in_(names)).order_by(Scan.id)).all()
    for twin in twins:
        _forget_typed(session, twin)
    gone, remove_files = destroy(session, settings, twins, names)
    for one in (*attached, *gone):
        row = Purge(
            dossier_id=one.dossier_id,
            pages=one.pages,
            documents=one.documents,
            reason=reason,
            purged_by_id=actor.account_id,
            confirmed_by_id=second.account_id,
        )
        session.add(row)
        session.flush()
        audit.record(session, "secrecy:purge", row.dossier, actor=actor, words=reason, second=second.account_id)
        jobs.enqueue(session, "renew_index", row.dossier_id, actor=actor)
        minutes.append(row)
    return next(row for row in minutes if row.dossier_id == ordered_for), remove_files


@dataclass(frozen=True)
class Gone:
    """One scan that was destroyed: how many pages it had, and how many documents lost pages to it."""

    dossier_id: str
    pages: int
    documents: int


def forget_stacks(session: Session, sha256: str) -> None:
    """Delete stacks of these bytes that wait to be divided, with all that was found in them."""
    waiting = select(Stack.id).where(Stack.sha256 == sha256, Stack.ended_at.is_(None))
    ids = list(session.scalars(waiting))
    session.execute(delete(StackPage).where(StackPage.stack_id.in_(ids)))
    session.execute(delete(StackPiece).where(StackPiece.stack_id.in_(ids)))
    session.execute(delete(Job).where(Job.subject_id.in_(ids)))
    session.execute(delete(Stack).where(Stack.id.in_(ids)))


def overwrite_deleted(session: Session) -> None:
    """Have SQLite overwrite deleted rows, not only unlink them."""
    if db.is_sqlite(session):
        session.execute(text("PRAGMA secure_delete = ON"))


def _destroy_attached(session: Session, sha256: str) -> list[Gone]:
    """Delete every file of these bytes that hangs on a transfer."""
    found = session.scalars(select(AttachedFile).where(AttachedFile.sha256 == sha256).order_by(AttachedFile.id)).all()
    gone = [Gone(file.transfer.dossier_id, file.page_count, 0) for file in found]
    late = update(LatePaper).where(LatePaper.file_id.in_([file.id for file in found]))
    session.execute(late.values(file_id=None, state=LateState.DESTROYED))
    session.execute(delete(AttachedFile).where(AttachedFile.sha256 == sha256))
    proof = update(SubjectRequest).where(SubjectRequest.proof_sha256 == sha256)
    session.execute(
        proof.values(proof_sha256=None, proof_name=None, proof_type=None, proof_size=None, proof_pages=None)
    )
    return gone


def destroy(
    session: Session, settings: Settings, scans: Sequence[Scan], more: Iterable[str] = ()
) -> tuple[list[Gone], Callable[[], None]]:
    """Delete scans with all that hangs on them; the second result takes their files, and `more`, away after the commit.

    The caller has checked who may, writes why, and has the index made anew.
    """
    overwrite_deleted(session)
    engine: Engine = session.info["engine"]
    gone: list[Gone] = []
    files: set[str] = set(more)
    layers: list[str] = []
    for scan in scans:
        pages = session.scalars(select(Page).where(Page.scan_id == scan.id)).all()
        files |= {scan.sha256, *(page.image_sha256 for page in pages if page.image_sha256)}
        files |= {scan.pdf_sha256} if scan.pdf_sha256 else set()
        layers += [page.id for page in pages]
        gone.append(Gone(scan.dossier_id, len(pages), _delete_rows(session, scan, pages)))
    concerned = {scan.dossier_id for scan in scans}
    milestones.forget(session, concerned)
    for dossier_id in sorted(concerned):
        jobs.enqueue(session, "check_dossier", dossier_id, actor=None)
    still_named = {name for name in files if is_named(session, name)}

    def remove_files() -> None:
        for name in files - still_named:
            remove_file(engine, settings, name)
        for page_id in layers:
            layer_path(settings, page_id).unlink(missing_ok=True)
        if engine.dialect.name == "sqlite":  # what was deleted must not stay readable in the write-ahead log either
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    return gone, remove_files


def remove_file(engine: Engine, settings: Settings, name: str) -> None:
    """Take away a file no row names any more, after the commit; under its other name too, if no row names that one."""

    def is_wanted(other: str) -> bool:
        with db.reading(engine) as session:
            return is_named(session, other)

    storage.remove(settings.scans, name, unless=is_wanted)


def is_named(session: Session, sha256: str) -> bool:
    """True while any row names the stored file: as a scan, its searchable PDF, a page image, hanging on a transfer or on
    the request of a person, or a stack that was not taken in yet."""
    questions = (naming(column).where(column == sha256) for column in NAMING)
    return any(session.scalar(question.limit(1)) is not None for question in questions)


def naming(column: InstrumentedAttribute[Any]) -> Select[Any]:
    """The names of stored files in one of the columns `NAMING`; of a stack that was taken in, the file is gone."""
    question = select(column)
    return question.where(Stack.ended_at.is_(None)) if column is Stack.sha256 else question


def _delete_rows(session: Session, scan: Scan, pages: Sequence[Page]) -> int:
    """Delete the scan with all that hangs on it; return how many documents lost pages to it."""
    page_ids = [page.id for page in pages]
    touched = {page.document_id for page in pages if page.document_id}
    _delete_findings(session, page_ids)
    # What can be undone repeats titles of documents that may be about to go.
    session.execute(delete(Rearrangement).where(Rearrangement.dossier_id == scan.dossier_id))
    record.forget_pages(session, page_ids)
    session.execute(delete(PageCorrection).where(PageCorrection.page_id.in_(page_ids)))
    session.execute(delete(SecrecyClearance).where(SecrecyClearance.scan_id == scan.id))
    desk.forget(session, [scan.id])
    signatures.forget(session, scan.id)
    session.execute(delete(Job).where(Job.subject_id.in_([scan.id, *page_ids])))
    # The scan may have been cut out of a stack: that it was is no secret, what the file was called and hashed to may be.
    cut_from = select(StackPiece.stack_id).where(StackPiece.scan_id == scan.id)
    session.execute(update(Stack).where(Stack.id.in_(cut_from)).values(sha256="", file_name=""))
    session.execute(update(StackPiece).where(StackPiece.scan_id == scan.id).values(scan_id=None))
    session.execute(delete(Page).where(Page.id.in_(page_ids)))
    kept = set(session.scalars(select(Page.document_id).where(Page.document_id.in_(touched))))
    going = touched - kept
    # A loss tells the title of its paper, as the contents list did.
    lost = update(PaperLoss).where(PaperLoss.document_id.in_(going))
    session.execute(lost.values(document_id=None, title="", circumstances=""))
    session.execute(delete(Document).where(Document.id.in_(going)))
    session.execute(delete(Scan).where(Scan.id == scan.id))
    session.expire_all()
    return len(touched)


def _forget_typed(session: Session, scan: Scan) -> None:
    """What officers typed about a secret page goes with it: in cases opened by hand and in corrections that name its
    paper, or that were written since it came and quote it."""
    pages = session.scalars(select(Page).where(Page.scan_id == scan.id)).all()
    papers = {page.document_id for page in pages if page.document_id}
    runs = {run for page in pages for run in _runs(page.text or "")}
    written = ("question", "compared", "found", "conclusion", "right_value", "extension_reason", "given_up_because")
    by_hand = Verification.dossier_id == scan.dossier_id, Verification.finding_id.is_(None)
    for case in session.scalars(select(Verification).where(*by_hand)):
        names = papers & {case.document_id, case.minutes_document_id}
        since = case.opened_at >= scan.received_at
        if names or (since and any(run in runs for name in written for run in _runs(getattr(case, name)))):
            for name in written:
                setattr(case, name, "")
    for correction in session.scalars(select(Correction).where(Correction.dossier_id == scan.dossier_id)):
        since = correction.proposed_at >= scan.received_at
        typed = f"{correction.reason} {correction.answer}"
        if correction.document_id in papers or (since and not runs.isdisjoint(_runs(typed))):
            correction.reason = correction.answer = ""
    session.flush()


def _runs(text: str) -> list[tuple[str, ...]]:
    """All runs of `QUOTED` words of a text, without marks, so that a quotation is found however it was typed."""
    folded = [fold(word) for word in words(text)]
    return list(zip(*(folded[start:] for start in range(QUOTED)), strict=False))


def _delete_findings(session: Session, page_ids: Sequence[str]) -> None:
    """What was found on the pages repeats their words: it goes with them, the other places of the same finding too."""
    shown = select(FindingPlace.finding_id).where(FindingPlace.page_id.in_(page_ids))
    ids = list(session.scalars(shown.distinct()))
    session.execute(delete(FindingPlace).where(FindingPlace.finding_id.in_(ids)))
    quoting = update(Verification).where(Verification.finding_id.in_(ids))
    session.execute(quoting.values(finding_id=None, question="", compared="", found="", conclusion="", right_value=""))
    session.execute(delete(Finding).where(Finding.id.in_(ids)))


def find_minutes(session: Session, purge_id: str, *, actor: Actor) -> Purge:
    """The minutes of a purge, for whoever may read its dossier; of a protection file, only while two have it open."""
    seen = select(Purge).join(Purge.dossier).where(Purge.id == purge_id, allowed(actor, Action.DOSSIER_READ))
    found = session.scalar(seen)
    if found is None or (actor.opened is not None and found.dossier_id not in actor.opened):
        raise NotFound()
    return found
