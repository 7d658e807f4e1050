"""Stacks that wait, and what of each keeps it from being taken in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload, undefer

from oms import audit
from oms.errors import N_, BadInput, NotFound, OmsError
from oms.models import Dossier, DossierStatus, Stack, StackPage, StackPageKind, StackPiece, StackState, now
from oms.permissions import Action, Actor, allowed, require
from oms.stacks.codes import read_code

LISTED = timedelta(days=30)
"""How long what was taken in stays on the list of the page."""
MOST_LISTED = 100


def list_stacks(session: Session, *, actor: Actor) -> list[Stack]:
    """Stacks of the actor's units that wait, and those taken in lately; the latest first."""
    query = (
        select(Stack)
        .where(allowed(actor, Action.STACK_DIVIDE), or_(Stack.ended_at.is_(None), Stack.ended_at > now() - LISTED))
        .options(joinedload(Stack.unit), joinedload(Stack.given_by))
        .order_by(Stack.given_at.desc(), Stack.id)
        .limit(MOST_LISTED)
    )
    found = list(session.scalars(query))
    audit.record(session, "stack:list", actor=actor, total=len(found))
    return found


def count_waiting(session: Session, *, actor: Actor) -> int:
    """How many stacks wait for an officer of the actor's units."""
    query = select(func.count(Stack.id)).where(
        allowed(actor, Action.STACK_DIVIDE), Stack.state.in_((StackState.DIVIDED, StackState.FAILED))
    )
    return session.scalar(query) or 0


def view(session: Session, stack: Stack, *, actor: Actor) -> None:
    """Write down that the actor looked at the pages of a stack."""
    require(actor, Action.STACK_DIVIDE, stack)
    audit.record(session, "stack:view", stack, actor=actor)


def pieces_of(session: Session, stack: Stack) -> list[StackPiece]:
    """The pieces in the order of their pages, with pages, dossier and person; a constant number of queries."""
    query = (
        select(StackPiece)
        .where(StackPiece.stack_id == stack.id)
        .options(selectinload(StackPiece.pages), joinedload(StackPiece.dossier).joinedload(Dossier.person))
    )
    pieces = session.scalars(query.execution_options(populate_existing=True)).unique()
    return sorted(pieces, key=lambda piece: piece.pages[0].number)


def pages_of(session: Session, stack: Stack) -> list[StackPage]:
    """All pages of a divided stack in order, without their pictures."""
    return list(session.scalars(select(StackPage).where(StackPage.stack_id == stack.id).order_by(StackPage.number)))


def picture_of(session: Session, stack: Stack, number: int) -> bytes:
    """The small picture of a page; `NotFound` when there is none (any more)."""
    query = select(StackPage).where(StackPage.stack_id == stack.id, StackPage.number == number)
    page = session.scalar(query.options(undefer(StackPage.picture)))
    if page is None or page.picture is None:
        raise NotFound()
    return page.picture


def sheets_without_pages(pages: Sequence[StackPage]) -> list[int]:
    """The numbers of cover sheets behind which no page lies: two sheets after another, or one at the end."""
    bare: list[int] = []
    last: int | None = None
    for page in pages:
        if page.kind == StackPageKind.SHEET:
            bare += [] if last is None else [last]
            last = page.number
        elif page.kind == StackPageKind.PAGE:
            last = None
    return bare + ([] if last is None else [last])


@dataclass(frozen=True)
class Look:
    """A piece with its dossier (None for one the unit does not hold now), what keeps it out, and what is only noted."""

    piece: StackPiece
    dossier: Dossier | None
    trouble: OmsError | None
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        """The number of its first page."""
        return self.piece.pages[0].number

    @property
    def last(self) -> int:
        """The number of its last page."""
        return self.piece.pages[-1].number


ALL_BLANK = N_("All its pages are blank.")
COMPONENT_UNKNOWN = N_("The component on the cover sheet is not on the list for this dossier today.")


def look_at(stack: Stack, piece: StackPiece, key: bytes) -> Look:
    """How a piece stands now: dossiers move, close and are frozen after their sheets were printed."""
    dossier = piece.dossier if piece.dossier is not None and piece.dossier.custodian_id == stack.unit_id else None
    notes = []
    if all(page.blank for page in piece.pages):
        notes.append(ALL_BLANK)
    sheet = read_code(key, piece.code)
    if dossier is not None and sheet is not None and sheet.number == dossier.number and sheet.component_id:
        notes += [] if piece.component_id else [COMPONENT_UNKNOWN]
    trouble = None if piece.left_out or stack.state == StackState.TAKEN_IN else _trouble(piece, dossier, key)
    return Look(piece, dossier, trouble, tuple(notes))


def _trouble(piece: StackPiece, dossier: Dossier | None, key: bytes) -> OmsError | None:
    if dossier is not None and dossier.status == DossierStatus.CLOSED:
        return BadInput(
            N_("Dossier %(number)s is closed, so nothing is added any more. Leave these pages out."),
            number=dossier.number,
        )
    if dossier is not None:
        if not (dossier.frozen or dossier.held):
            return None
        return BadInput(
            N_("Dossier %(number)s is held still, so nothing can be added now. Leave these pages out, or wait."),
            number=dossier.number,
        )
    first = piece.pages[0].number
    if not piece.code:
        return BadInput(
            N_("From page %(page)s on: no cover sheet lies before these pages. Say whose they are, or leave them out."),
            page=first,
        )
    sheet = read_code(key, piece.code)
    if sheet is None:
        return BadInput(
            N_(
                "From page %(page)s on: the code on the cover sheet was not made here or cannot be read for sure. "
                "Say whose pages these are, or leave them out."
            ),
            page=first,
        )
    return BadInput(
        N_(
            "From page %(page)s on: there is no dossier %(number)s among those your unit holds. "
            "Say whose pages these are, or leave them out."
        ),
        page=first,
        number=sheet.number,
    )
