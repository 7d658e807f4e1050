"""Dividing a stack: every page is looked at for the code of a cover sheet, and the pages behind a sheet are one piece.

A person confirms what comes of it; nothing is in a dossier yet. One page is in memory at a time, and its small picture.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, db, dossiers, storage
from oms.errors import OmsError
from oms.models import Dossier, Stack, StackPage, StackPageKind, StackPiece, StackState
from oms.permissions import Actor
from oms.recognition import OpenedScan, open_scan, page_image
from oms.recognition.cleaning import is_blank
from oms.recognition.separators import find_codes
from oms.recognition.thumbnails import shrink_picture
from oms.settings import Settings
from oms.stacks.codes import PREFIX, is_code, key_of, read_code
from oms.stacks.receiving import DIVIDE, TAKE_IN

TOLD_EVERY = 5
"""Pages between two words about the progress: a commit for each would cost more than the look."""


@dataclass(frozen=True)
class Seen:
    """What a page of a stack shows: the code of a cover sheet ("" for none), whether it is blank, a small picture."""

    code: str
    blank: bool
    picture: bytes | None = None


@dataclass
class Part:
    """A piece to be: the code of its sheet, and the numbers of its pages."""

    code: str
    numbers: list[int] = field(default_factory=list)


def arrange(pages: Sequence[Seen]) -> tuple[list[StackPageKind], list[Part]]:
    """What each page is, and the pieces in order; a sheet with nothing behind it makes none.

    The blank page right behind a sheet is its back: two-sided scanners scan that, too.
    """
    kinds: list[StackPageKind] = []
    parts = [Part("")]
    for number, page in enumerate(pages, start=1):
        if page.code:
            kinds.append(StackPageKind.SHEET)
            parts.append(Part(page.code))
        elif page.blank and kinds and kinds[-1] == StackPageKind.SHEET:
            kinds.append(StackPageKind.BACK)
        else:
            kinds.append(StackPageKind.PAGE)
            parts[-1].numbers.append(number)
    return kinds, [part for part in parts if part.numbers]


def divide(engine: Engine, settings: Settings, stack_id: str, *, actor: Actor | None) -> list[str]:
    """Job `divide_stack`: find the sheets and propose the pieces; may run twice."""
    with db.reading(engine) as session:
        stack = session.get(Stack, stack_id)
        if stack is None or stack.state != StackState.RECEIVED:
            return []
        sha256, name = stack.sha256, stack.file_name
    seen: list[Seen] = []
    with storage.proved(settings.scans, sha256) as path:
        for page in _look(open_scan(path, name=name)):
            seen.append(page)
            if len(seen) % TOLD_EVERY == 0:
                tell(engine, stack_id, len(seen))
    kinds, parts = arrange(seen)
    with db.writing(engine) as session:
        stack = session.get(Stack, stack_id)
        if stack is None:  # withdrawn meanwhile
            return []
        db.lock(session, stack)
        if stack.state != StackState.RECEIVED:
            return []
        _enter(session, stack, seen, kinds, parts, key_of(settings))
        stack.state, stack.pages_done = StackState.DIVIDED, len(seen)
        sheets = kinds.count(StackPageKind.SHEET)
        audit.record(session, "stack:divide", stack, actor=actor, sheets=sheets, pieces=len(parts))
    return []


def _look(scan: OpenedScan) -> Iterator[Seen]:
    for number in range(1, scan.pages + 1):
        picture = page_image(scan, number)
        codes = [text for text in find_codes(picture) if is_code(text)]
        # Two different codes on one page say nothing: a person has to look.
        code = (codes[0] if len(codes) == 1 else PREFIX) if codes else ""
        yield Seen(code[:120], not code and is_blank(picture), shrink_picture(picture))


def tell(engine: Engine, stack_id: str, done: int) -> None:
    """Say how far the work is; a stack that was withdrawn meanwhile hears nothing."""
    with db.writing(engine) as session:
        stack = session.get(Stack, stack_id)
        if stack is not None:
            stack.pages_done = done


def _enter(
    session: Session,
    stack: Stack,
    seen: Sequence[Seen],
    kinds: Sequence[StackPageKind],
    parts: Sequence[Part],
    key: bytes,
) -> None:
    """Make the rows of a divided stack, each piece with the dossier its code names where the unit holds that one."""
    sheets = {part.code: read_code(key, part.code) for part in parts}
    named = dossiers_of(session, stack, {sheet.number for sheet in sheets.values() if sheet})
    place: dict[int, str] = {}
    for part in parts:
        piece = StackPiece(stack_id=stack.id, code=part.code)
        sheet = sheets[part.code]
        if sheet is not None and (dossier := named.get(sheet.number)) is not None:
            piece.dossier_id, piece.component_id = dossier.id, component_in(dossier, sheet.component_id)
        session.add(piece)
        session.flush()
        place |= dict.fromkeys(part.numbers, piece.id)
    session.add_all(
        StackPage(
            stack_id=stack.id,
            number=number,
            kind=kind,
            piece_id=place.get(number),
            code=page.code,
            blank=page.blank,
            picture=page.picture,
        )
        for number, (page, kind) in enumerate(zip(seen, kinds, strict=True), start=1)
    )
    session.flush()


def dossiers_of(session: Session, stack: Stack, numbers: Iterable[str]) -> dict[str, Dossier]:
    """The dossiers of these numbers that the unit of the stack holds now; what another unit holds is like none."""
    query = select(Dossier).where(Dossier.number.in_(set(numbers)), Dossier.custodian_id == stack.unit_id)
    return {dossier.number: dossier for dossier in session.scalars(query.options(joinedload(Dossier.person)))}


def component_in(dossier: Dossier, component_id: str) -> str | None:
    """The component, where the list in force today has it for such a dossier."""
    return next((row.id for row in dossiers.components_of(dossier) if row.id == component_id), None)


def give_up(session: Session, kind: str, subject_id: str, error: OmsError) -> None:
    """A job of a stack failed for good: it can be divided again, or looked at again before it is taken in."""
    stack = session.get(Stack, subject_id) if kind in (DIVIDE, TAKE_IN) else None
    if stack is None or stack.state not in (StackState.RECEIVED, StackState.ORDERED):
        return
    stack.state = StackState.FAILED if stack.state == StackState.RECEIVED else StackState.DIVIDED
    stack.error = error.message
    stack.error_values = {name: str(value) for name, value in error.values.items()}
