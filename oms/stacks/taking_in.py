"""A divided stack goes into the dossiers: every piece a scan of its own, all of them in one transaction or none.

The pages are cut out as the scanner wrote them (`oms.recognition.cutting`), so the same stack always gives the same
scans and nothing comes in twice. The stack itself is removed then: a file with pages of several people could not follow
one dossier to another unit, nor be destroyed with it.
"""

from pathlib import Path

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from oms import audit, db, dossiers, intake, jobs, purging, staging, storage
from oms.errors import N_, Conflict, Refused
from oms.intake import Kept
from oms.models import Dossier, SecrecyClearance, Stack, StackPage, StackPiece, StackState, now
from oms.permissions import Actor
from oms.recognition import OpenedScan, open_scan
from oms.recognition.cutting import cut
from oms.settings import Settings
from oms.stacks.codes import key_of
from oms.stacks.correcting import begin
from oms.stacks.dividing import tell
from oms.stacks.finding import look_at, pieces_of
from oms.stacks.receiving import TAKE_IN, remove_file

SUFFIXES = {"application/pdf": ".pdf", "image/tiff": ".tif"}


def order(session: Session, stack: Stack, key: bytes, *, actor: Actor, version: int | None = None) -> int:
    """Have the pieces put into their dossiers; how many. `Conflict` names the first that cannot go."""
    begin(session, stack, version, actor=actor)
    going = _going(session, stack, key)
    stack.state, stack.pages_done = StackState.ORDERED, 0
    session.flush()
    jobs.enqueue(session, TAKE_IN, stack.id, actor=actor)
    audit.record(session, "stack:order", stack, actor=actor, pieces=len(going))
    return len(going)


def _going(session: Session, stack: Stack, key: bytes) -> list[StackPiece]:
    """The pieces that come in, all of them without trouble."""
    looks = [look_at(stack, piece, key) for piece in pieces_of(session, stack)]
    for look in looks:
        if look.trouble is not None:
            raise Conflict(look.trouble.message, **look.trouble.values)
    going = [look.piece for look in looks if not look.piece.left_out]
    if not going:
        raise Conflict(N_("Every piece is left out, so there is nothing to take in. Withdraw the stack."))
    return going


def take_in(engine: Engine, settings: Settings, stack_id: str, *, actor: Actor | None) -> list[str]:
    """Job `take_in_stack`: cut, keep, enter all at once; may run twice."""
    with db.reading(engine) as session:
        stack = session.get(Stack, stack_id)
        if stack is None or stack.state not in (StackState.ORDERED, StackState.TAKEN_IN):
            return []
        if stack.state == StackState.TAKEN_IN:  # killed between the commit and the removal
            _remove_stack(session, settings, stack)
            return []
        if actor is None:
            raise Refused(N_("The account that had this stack taken in is closed. Have it taken in again."))
        sha256, name = stack.sha256, stack.file_name
        wanted = {piece.id: [page.number for page in piece.pages] for piece in _going(session, stack, key_of(settings))}
    kept: dict[str, Kept] = {}
    with staging.own_folder(settings, "stacks") as folder, storage.proved(settings.scans, sha256) as path:
        scan = open_scan(path, name=name)
        for piece_id, numbers in wanted.items():
            kept[piece_id] = _keep(settings, scan, numbers, folder / piece_id)
            tell(engine, stack_id, numbers[-1])
    with db.writing(engine) as session:
        stack = session.get_one(Stack, stack_id)
        db.lock(session, stack)
        if stack.state != StackState.ORDERED:
            return []
        _enter(session, settings, stack, kept, actor)
        enqueued = list(session.info.pop("enqueued", []))
    with db.reading(engine) as session:
        _remove_stack(session, settings, session.get_one(Stack, stack_id))
    return enqueued


def _keep(settings: Settings, scan: OpenedScan, numbers: list[int], out: Path) -> Kept:
    """Cut a piece out and put it into storage durably, before any row speaks of it."""
    suffix = SUFFIXES[scan.media_type]
    label = f"{Path(scan.name).stem} ({numbers[0]}–{numbers[-1]}){suffix}"
    cut(scan, numbers, out)
    opened = open_scan(out, name=label)
    if opened.pages != len(numbers):
        raise Conflict(N_("A piece of the stack did not come out whole; nothing was taken in. Tell the administrator."))
    sha256, size = storage.put_file(settings.scans, out)
    out.unlink()
    return Kept(intake.label_of(label), sha256, opened.media_type, size, opened.pages, opened.signed)


def _enter(session: Session, settings: Settings, stack: Stack, kept: dict[str, Kept], actor: Actor) -> None:
    pieces = _going(session, stack, key_of(settings))
    if {piece.id for piece in pieces} != kept.keys():
        raise Conflict(N_("Somebody else just changed this stack. Reload the page and look again."))
    # Always in the same order, so that two stacks for the same dossiers do not wait for each other.
    for dossier in sorted({piece.dossier_id: piece.dossier for piece in pieces}.values(), key=_id_of):
        assert dossier is not None, "a piece without trouble has a dossier"
        dossiers.hold(session, dossier)
    _going(session, stack, key_of(settings))  # as the dossiers are now, held still
    new = 0
    for piece in pieces:
        assert piece.dossier is not None
        scan, is_new = intake.enter(session, piece.dossier, kept[piece.id], actor=actor)
        new += is_new
        piece.scan_id = scan.id
        scan.component_id = piece.component_id or scan.component_id
        _clear(session, stack, piece)
    session.flush()
    session.execute(update(StackPage).where(StackPage.stack_id == stack.id).values(picture=None))
    stack.state, stack.ended_at, stack.pages_done = StackState.TAKEN_IN, now(), stack.page_count
    session.flush()
    audit.record(session, "stack:take_in", stack, actor=actor, scans=new, known=len(pieces) - new)


def _id_of(dossier: Dossier | None) -> str:
    return dossier.id if dossier else ""


def _clear(session: Session, stack: Stack, piece: StackPiece) -> None:
    """What two people said of doubtful pages of the stack goes with those pages."""
    if stack.clearance and any(page.number in stack.doubtful for page in piece.pages):
        session.add(
            SecrecyClearance(
                scan_id=piece.scan_id,
                reason=stack.clearance,
                cleared_by_id=stack.cleared_by_id,
                confirmed_by_id=stack.confirmed_by_id,
            )
        )


def _remove_stack(session: Session, settings: Settings, stack: Stack) -> None:
    if stack.sha256 and not purging.is_named(session, stack.sha256):
        remove_file(settings, stack.sha256, (now() - stack.given_at).total_seconds())
