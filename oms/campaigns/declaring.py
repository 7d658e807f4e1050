"""Declaring: the draft of a person, or of the officer who keys the signed paper; handing in and taking back.

A draft is saved again and again, whole. What was judged already stays judged when it is sent back and left as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, db
from oms.campaigns.asking import Asked, ask, things_of
from oms.campaigns.steps import WRITE, Step, get_step, is_person, require_step
from oms.catalogue import FormItem, FormTable
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import Campaign, Declaration, DeclarationState, DeclaredEntry, Dossier, Verdict, now
from oms.permissions import Action, Actor, require
from oms.record.values import as_kept, as_unicode, same_text
from oms.vietnamese.dates import ImpossibleDate, parse_date

ROWS = 40
"""New rows of all tables together; more is no supplement of a year."""
CELL_LENGTH = 1_000
SINCE_LENGTH = 40


@dataclass(frozen=True)
class Draft:
    """What stands in the form: new values with since when, and new rows, by key; empty means that nothing changed."""

    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)


def own_declarations(session: Session, *, actor: Actor) -> list[Declaration]:
    """The supplements asked of the actor, the latest campaign first."""
    require(actor, Action.OWN_READ)
    if actor.person_id is None:
        return []
    return list(
        session.scalars(
            select(Declaration)
            .join(Declaration.dossier)
            .join(Declaration.campaign)
            .where(Dossier.person_id == actor.person_id)
            .options(joinedload(Declaration.campaign), joinedload(Declaration.dossier))
            .order_by(Campaign.ends_on.desc(), Declaration.id)
        )
    )


def own_declaration(session: Session, id: str, *, actor: Actor) -> Declaration:
    """One own supplement; that of anybody else does not exist."""
    require(actor, Action.OWN_READ)
    query = select(Declaration).join(Declaration.dossier)
    query = query.where(Declaration.id == id, Dossier.person_id == actor.person_id, Dossier.person_id.is_not(None))
    found = session.scalar(query.options(selectinload(Declaration.entries)))
    if found is None or actor.person_id is None:
        raise NotFound()
    return found


def view_own(session: Session, declaration: Declaration, *, actor: Actor) -> list[Asked]:
    """What is asked of the person, with what the record says; written down as a look at the own dossier."""
    if not is_person(declaration, actor=actor):
        raise NotFound()
    audit.record(session, "declaration:view", declaration, actor=actor, dossier_id=declaration.dossier_id)
    return ask(session, declaration, things_of(declaration.campaign, declaration.dossier))


def save(
    session: Session,
    declaration: Declaration,
    draft: Draft,
    *,
    actor: Actor,
    version: int | None = None,
    whole: bool = True,
) -> dict[str, BadInput]:
    """Keep the draft; raises `Conflict` when somebody else wrote meanwhile.

    What cannot stand where it was written is answered by key and not kept; the rest is. With `whole` False (saving
    while somebody still types) it is left out without a word.
    """
    _begin(session, declaration, version)
    require_step(WRITE, declaration, actor=actor)
    things = {thing.key: thing for thing in things_of(declaration.campaign, declaration.dossier)}
    present = {asked.key: asked.present for asked in ask(session, declaration, tuple(things.values()))}
    entries, wrong = _entries(draft, things, present)
    changed = _put(declaration, entries)
    started = declaration.state is not DeclarationState.DRAFT
    declaration.state = DeclarationState.DRAFT
    declaration.on_paper = not is_person(declaration, actor=actor)
    declaration.written_by_id, declaration.written_at = actor.account_id, now()
    session.flush()
    if changed or started:
        audit.record(
            session,
            "declaration:write",
            declaration,
            actor=actor,
            dossier_id=declaration.dossier_id,
            keys=sorted({entry.key for entry in declaration.entries}),
            on_paper=declaration.on_paper,
        )
    return wrong if whole else {}


def _entries(
    draft: Draft, things: Mapping[str, FormItem | FormTable], present: Mapping[str, str]
) -> tuple[list[DeclaredEntry], dict[str, BadInput]]:
    entries: list[DeclaredEntry] = []
    wrong: dict[str, BadInput] = {}
    for key, thing in things.items():
        try:
            if isinstance(thing, FormTable):
                entries += _rows(thing, draft.rows.get(key, ()))
            elif key in draft.values:
                entries += _value(thing, *draft.values[key], present.get(key, ""))
        except BadInput as error:
            wrong[key] = error
    if sum(bool(entry.cells) for entry in entries) > ROWS:
        raise BadInput(N_("A supplement has at most %(count)s new rows. Bring the rest to the officer."), count=ROWS)
    for place, entry in enumerate(entries, start=1):
        entry.place = place
    return entries, wrong


def _value(item: FormItem, new: str, since: str, old: str) -> list[DeclaredEntry]:
    kept = as_kept(item, new)
    when = _since(since)
    if not kept or same_text(kept) == same_text(old):
        if when and not kept:
            raise BadInput(N_("Write the new value, or empty the field beside it when nothing changed."))
        return []
    return [DeclaredEntry(key=item.key, old_text=old, new_text=kept, since=when, cells=[])]


def _since(text: str) -> str:
    words = " ".join(as_unicode(text).split())[:SINCE_LENGTH]
    if not words:
        return ""
    try:
        found = parse_date(words)
    except ImpossibleDate as error:
        raise BadInput(N_("%(written)s is not a day of the calendar."), written=error.written) from None
    if found is None:
        raise BadInput(N_("Write since when as 03/02/2026, 02/2026 or 2026."))
    return str(found)


def _rows(table: FormTable, rows: Sequence[Sequence[str]]) -> list[DeclaredEntry]:
    found = []
    wide = max(len(table.columns), 1)
    for row in rows:
        cells = [as_unicode(cell).strip()[:CELL_LENGTH] for cell in row][:wide]
        if any(cells):
            found.append(DeclaredEntry(key=table.key, cells=[*cells, *[""] * (wide - len(cells))]))
    return found


def _said(entry: DeclaredEntry) -> tuple[object, ...]:
    return entry.key, entry.new_text, entry.since, tuple(entry.cells)


def _put(declaration: Declaration, entries: Sequence[DeclaredEntry]) -> bool:
    """Put the entries in place of those that were there, keeping the verdict of what stays; whether anything changed."""
    before = {_said(entry): entry for entry in declaration.entries}
    if [_said(entry) for entry in declaration.entries] == [_said(entry) for entry in entries]:
        return False
    for entry in entries:
        known = before.get(_said(entry))
        if known is not None and known.judged_by_id is not None:
            entry.verdict, entry.reason = known.verdict, known.reason
            entry.judged_by_id, entry.judged_at = known.judged_by_id, known.judged_at
    session = Session.object_session(declaration)
    declaration.entries.clear()
    if session is not None:
        session.flush()  # places are unique: the old ones leave first
    declaration.entries.extend(entries)
    return True


def hand_in(session: Session, declaration: Declaration, *, actor: Actor, version: int | None = None) -> None:
    """Send the draft to the unit; an empty one says that nothing changed."""
    step = get_step("send")
    _take(session, declaration, step, actor, version)
    for entry in declaration.entries:
        if entry.verdict is Verdict.REFUSED:  # handed in once more as it was: it is looked at once more
            entry.verdict, entry.reason, entry.judged_by_id, entry.judged_at = Verdict.PENDING, "", None, None
    declaration.sent_at, declaration.reason = now(), ""
    declaration.state = step.end
    session.flush()
    audit.record(
        session,
        "declaration:send",
        declaration,
        actor=actor,
        dossier_id=declaration.dossier_id,
        entries=len(declaration.entries),
    )


def recall(session: Session, declaration: Declaration, *, actor: Actor, version: int | None = None) -> None:
    """Take it back to write on, as long as nobody has begun to check it."""
    step = get_step("recall")
    _take(session, declaration, step, actor, version)
    declaration.sent_at, declaration.state = None, step.end
    session.flush()
    audit.record(session, "declaration:recall", declaration, actor=actor, dossier_id=declaration.dossier_id)


def _take(session: Session, declaration: Declaration, step: Step, actor: Actor, version: int | None) -> None:
    _begin(session, declaration, version)
    require_step(step, declaration, actor=actor)


def _begin(session: Session, declaration: Declaration, version: int | None) -> None:
    """See the declaration as it is now and hold it; `version` is the one whoever acts saw."""
    db.lock(session, declaration)
    session.expire(declaration, ["entries"])
    if version is not None and version != declaration.version:
        raise Conflict(N_("Somebody else just changed this supplement. Reload the page and look again."))
