"""What an officer makes of a divided stack before it is taken in: whose a piece is, where it begins, what stays out."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from oms import audit, db
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import Stack, StackPage, StackPageKind, StackPiece, StackState
from oms.permissions import Action, Actor, require
from oms.stacks.dividing import component_in, dossiers_of
from oms.stacks.finding import pieces_of


def begin(session: Session, stack: Stack, version: int | None, *, actor: Actor) -> None:
    """Hold the stack for a change by the actor; `version` is the one their page showed, else `Conflict`."""
    db.lock(session, stack)
    require(actor, Action.STACK_DIVIDE, stack)
    if stack.state != StackState.DIVIDED or (version is not None and version != stack.version):
        raise Conflict(N_("Somebody else just changed this stack. Reload the page and look again."))
    stack.error = stack.error_values = None
    flag_modified(stack, "state")  # a change of its pieces is a change of the stack: the version counts it


def _piece(session: Session, stack: Stack, piece_id: str) -> StackPiece:
    piece = session.scalar(select(StackPiece).where(StackPiece.id == piece_id, StackPiece.stack_id == stack.id))
    if piece is None:
        raise NotFound()
    return piece


def assign(
    session: Session,
    stack: Stack,
    piece_id: str,
    number: str,
    component_id: str = "",
    *,
    actor: Actor,
    version: int | None = None,
) -> None:
    """Say into which dossier of the unit a piece goes, and as which component ("" leaves that to the check)."""
    begin(session, stack, version, actor=actor)
    piece = _piece(session, stack, piece_id)
    wanted = number.strip().upper()
    dossier = dossiers_of(session, stack, [wanted]).get(wanted)
    if dossier is None:
        raise BadInput(
            N_("There is no dossier %(number)s among those your unit holds. Check the number."), number=number.strip()
        )
    component = component_in(dossier, component_id)
    if component_id and component is None:
        raise BadInput(N_("This component is not on the list for this dossier. Choose another one, or none."))
    piece.dossier_id, piece.component_id, piece.left_out = dossier.id, component, False
    session.flush()
    audit.record(session, "stack:assign", stack, actor=actor, piece=piece.id, dossier=dossier.id)


def leave_out(
    session: Session, stack: Stack, piece_id: str, *, out: bool = True, actor: Actor, version: int | None = None
) -> None:
    """Keep a piece from coming in, or have it come in after all."""
    begin(session, stack, version, actor=actor)
    _piece(session, stack, piece_id).left_out = out
    session.flush()
    audit.record(session, "stack:leave_out", stack, actor=actor, piece=piece_id, out=out)


def join(session: Session, stack: Stack, piece_id: str, *, actor: Actor, version: int | None = None) -> None:
    """Put a piece behind the one before it: its pages go where those go."""
    begin(session, stack, version, actor=actor)
    pieces = pieces_of(session, stack)
    place = next((place for place, piece in enumerate(pieces) if piece.id == piece_id), None)
    if place is None:
        raise NotFound()
    if place == 0:
        raise BadInput(N_("There is no piece before the first one."))
    before = pieces[place - 1]
    session.execute(update(StackPage).where(StackPage.piece_id == piece_id).values(piece_id=before.id))
    _remove(session, piece_id)
    audit.record(session, "stack:join", stack, actor=actor, piece=before.id)


def split(
    session: Session, stack: Stack, number: int, *, is_sheet: bool = False, actor: Actor, version: int | None = None
) -> None:
    """Begin a new piece with a page, or behind it where the page is a cover sheet whose code was not found."""
    begin(session, stack, version, actor=actor)
    page = session.scalar(select(StackPage).where(StackPage.stack_id == stack.id, StackPage.number == number))
    if page is None or page.kind != StackPageKind.PAGE or page.piece_id is None:
        raise BadInput(N_("Page %(page)s is in no piece. Enter the number of a page of this piece."), page=number)
    piece_id = page.piece_id
    numbers = select(StackPage.number).where(StackPage.piece_id == piece_id)
    own = list(session.scalars(numbers.order_by(StackPage.number)))
    if number == own[0] and not is_sheet:
        raise BadInput(N_("The piece begins with this page already. Choose a later one."))
    if is_sheet:
        page.kind, page.piece_id = StackPageKind.SHEET, None
        session.flush()
    behind = [one for one in own if one > number] if is_sheet else [one for one in own if one >= number]
    if behind:
        made = StackPiece(stack_id=stack.id)
        session.add(made)
        session.flush()
        session.execute(
            update(StackPage)
            .where(StackPage.stack_id == stack.id, StackPage.number.in_(behind))
            .values(piece_id=made.id)
        )
    if is_sheet and number == own[0]:
        _remove(session, piece_id)
    audit.record(session, "stack:split", stack, actor=actor, page=number, sheet=is_sheet)


def _remove(session: Session, piece_id: str) -> None:
    """Take a piece away that has no pages any more; other rows were changed below the session's feet."""
    session.flush()
    session.expire_all()
    session.delete(session.get_one(StackPiece, piece_id))
    session.flush()
