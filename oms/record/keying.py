"""Writing the record: a value, the third look at a disputed one, the rows of a table. Everything written before stays.

Keys without values stand in the log: what a value says is in the record itself.
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from oms import audit, catalogue, dossiers, jobs
from oms.catalogue import Form, FormItem, FormTable
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import Dossier, RecordRow, RecordStatement, StatementKind
from oms.models.base import new_id
from oms.permissions import Action, Actor, require
from oms.record.facts import Fact, gather, of_register
from oms.record.reading import Record, Value, get_record, thing_of, usual_form, value_of
from oms.record.settled import ValueState, is_twice, settle
from oms.record.values import as_kept, as_unicode, same_text
from oms.record.writings import rows_of, statements_of

REASON_LENGTH = 1_000
CELL_LENGTH = 1_000
ROWS = 200
"""Rows a table may have."""
APART = 10


def view(session: Session, dossier: Dossier, *, actor: Actor, form_id: str | None = None) -> Record:
    """The record for the eyes of the actor, written down as a look."""
    require(actor, Action.RECORD_READ, dossier)
    record = get_record(session, dossier, actor=actor, form_id=form_id)
    audit.record(session, "record:view", dossier, actor=actor, form=record.form.id)
    return record


def key_value(
    session: Session, dossier: Dossier, key: str, text: str, *, actor: Actor, form_id: str | None = None
) -> Value:
    """Write down what the paper says of a value: verified at once, or when a second officer writes the same.

    Raises `BadInput` for what cannot stand there, `Conflict` for a verified value of those that are keyed twice: that
    one changes by a decision only.
    """
    dossiers.hold(session, dossier)
    require(actor, Action.RECORD_EDIT, dossier)
    item = _item(key, dossier, _form(dossier, form_id), actor)
    kept = as_kept(item, text)
    if not kept:
        raise BadInput(N_("Write what the paper says, or leave this value and go on."))
    said = statements_of(session, dossier, key).get(key, [])
    settled = settle(said, twice=is_twice(key))
    if is_twice(key) and settled.verified is not None and not settled.open:  # open again only by a supplement
        raise Conflict(N_("Two officers verified this value. It changes by a correction with its decision, not here."))
    facts = gather(session, dossier, nothing=True)
    _write(session, dossier, key, kept, facts.read(key), actor=actor)
    audit.record(session, "record:key", dossier, actor=actor, key=key)
    jobs.enqueue(session, "check_dossier", dossier.id, actor=actor)
    return value_of(item, facts, statements_of(session, dossier, key)[key], actor=actor)


def decide(session: Session, dossier: Dossier, key: str, text: str, *, reason: str, actor: Actor) -> Value:
    """The third look: somebody who keyed neither says what the paper says, and why; that is verified."""
    dossiers.hold(session, dossier)
    require(actor, Action.RECORD_SETTLE, dossier)
    item = _item(key, dossier, _form_with(key, dossier), actor)
    settled = settle(statements_of(session, dossier, key).get(key, []), twice=is_twice(key))
    if not settled.disputed:
        raise Conflict(N_("Nobody differs about this value any more. Reload the page and look again."))
    if any(one.account_id == actor.account_id for one in settled.open):
        raise Refused(N_("You keyed this value yourself. A third person has to look at the paper."))
    why = as_reason(reason)
    kept = as_kept(item, text)
    if not kept or not why:
        raise BadInput(N_("Write what the paper says, and why you decide so."))
    facts = gather(session, dossier, nothing=True)
    _write(session, dossier, key, kept, facts.read(key), actor=actor, decided=why)
    audit.record(session, "record:decide", dossier, actor=actor, key=key, words=why)
    jobs.enqueue(session, "check_dossier", dossier.id, actor=actor)
    return value_of(item, facts, statements_of(session, dossier, key)[key], actor=actor)


def follow_decision(session: Session, dossier: Dossier, key: str, text: str, *, reason: str, actor: Actor) -> None:
    """A correction was decided (`oms.procedures`): the record says the same from now on. Its guard is the correction's."""
    item = usual_item(dossier, key)
    if item is not None:
        read = gather(session, dossier, nothing=True).read(key)
        _write(session, dossier, key, as_kept(item, text), read, actor=actor, decided=reason)


def forget_pages(session: Session, page_ids: Sequence[str]) -> None:
    """Destroy what was written down from pages that are destroyed as secret; the caller has checked who may."""
    session.execute(delete(RecordStatement).where(RecordStatement.page_id.in_(page_ids)))
    session.execute(delete(RecordRow).where(RecordRow.page_id.in_(page_ids)))


def forget_dossiers(session: Session, dossier_ids: Sequence[str]) -> None:
    """Destroy what was written down of dossiers whose papers are destroyed whole; the caller has checked who may."""
    session.execute(delete(RecordStatement).where(RecordStatement.dossier_id.in_(dossier_ids)))
    session.execute(delete(RecordRow).where(RecordRow.dossier_id.in_(dossier_ids)))


def as_reason(reason: str) -> str:
    """A reason as it is kept."""
    return as_unicode(reason).strip()[:REASON_LENGTH]


def take_read(
    session: Session, dossier: Dossier, *, actor: Actor, overwrite: bool = False, form_id: str | None = None
) -> int:
    """Verify in the actor's name what the machine read without a doubt; return how many values.

    Fills what nobody keyed; with `overwrite` also what was verified once and reads otherwise now. Values keyed twice,
    those that cannot stand where they were read, and those the register has otherwise (a name with a mark misread), are
    left to people.
    """
    dossiers.hold(session, dossier)
    require(actor, Action.RECORD_EDIT, dossier)
    record = get_record(session, dossier, actor=actor, form_id=form_id)
    registered = {fact.key: same_text(fact.text) for fact in of_register(dossier.person)}
    taken = [
        key
        for key, value in record.values.items()
        if value.read is not None
        and registered.get(key) in (None, same_text(value.read.text))
        and _takes(session, dossier, value, overwrite, actor)
    ]
    audit.record(session, "record:take", dossier, actor=actor, total=len(taken), overwrite=overwrite)
    if taken:
        jobs.enqueue(session, "check_dossier", dossier.id, actor=actor)
    return len(taken)


def _takes(session: Session, dossier: Dossier, value: Value, overwrite: bool, actor: Actor) -> bool:
    fact = value.read
    if fact is None or value.twice or fact.doubtful:
        return False
    replaced = overwrite and value.verified is not None and same_text(value.verified.text) != same_text(fact.text)
    if value.state is not ValueState.READ and not replaced:
        return False
    try:
        kept = as_kept(value.item, fact.text)
    except BadInput:
        return False
    _write(session, dossier, value.item.key, kept, fact, actor=actor)
    return True


def _write(
    session: Session, dossier: Dossier, key: str, text: str, read: Fact | None, *, actor: Actor, decided: str = ""
) -> None:
    """Add a writing beside what is read now; `decided` is the reason when it is a decision and not one look of many."""
    session.add(
        RecordStatement(
            dossier_id=dossier.id,
            key=key,
            place=next_place(session, dossier, key),
            kind=StatementKind.DECIDED if decided else StatementKind.KEYED,
            text=text,
            read_text=read.text if read else "",
            page_id=read.page_id if read else None,
            box=list(read.box) if read and read.box else None,
            reason=decided,
            account_id=actor.account_id,
        )
    )
    session.flush()


def next_place(session: Session, dossier: Dossier, key: str) -> int:
    """The place of the next writing of a value."""
    last = session.scalar(
        select(func.max(RecordStatement.place)).where(
            RecordStatement.dossier_id == dossier.id, RecordStatement.key == key
        )
    )
    return (last or 0) + 1


def _form(dossier: Dossier, form_id: str | None) -> Form:
    return catalogue.form(form_id or usual_form(dossier))


def _form_with(key: str, dossier: Dossier) -> Form:
    """The usual form, or the first other one that asks for the key."""
    usual = _form(dossier, None)
    forms = (usual, *catalogue.forms())
    return next((form for form in forms if any(item.key == key for item in form.items)), usual)


def usual_item(dossier: Dossier, key: str) -> FormItem | None:
    """How the usual form of the dossier asks for a value, or the first other form that does."""
    return next((item for item in _form_with(key, dossier).items if item.key == key), None)


def _item(key: str, dossier: Dossier, form: Form, actor: Actor) -> FormItem:
    item = thing_of(key, dossier, form, actor=actor)
    if not isinstance(item, FormItem):
        raise BadInput(N_("This is a table: write its rows."))
    return item


def write_row(
    session: Session,
    dossier: Dossier,
    key: str,
    cells: Sequence[str],
    *,
    actor: Actor,
    line: str | None = None,
    form_id: str | None = None,
) -> None:
    """Add a row to a table by its printed columns, or write the row `line` anew in its place."""
    table = _table(session, dossier, key, actor, form_id)
    written = _cells(table, cells)
    there = rows_of(session, dossier).get(key, [])
    before = _line(there, line) if line else None
    if before is None and len(there) >= ROWS:
        raise BadInput(N_("A table has at most %(count)s rows."), count=ROWS)
    after = max((row.position for row in there), default=0) + APART
    _write_row(session, dossier, key, written, actor=actor, before=before, position=after)
    audit.record(session, "record:row", dossier, actor=actor, key=key)
    jobs.enqueue(session, "check_dossier", dossier.id, actor=actor)


def remove_row(session: Session, dossier: Dossier, key: str, line: str, *, actor: Actor) -> None:
    """Take a row out of its table; what stood there is kept."""
    _table(session, dossier, key, actor, None)
    before = _line(rows_of(session, dossier).get(key, []), line)
    _write_row(session, dossier, key, before.cells, actor=actor, before=before, removed=True)
    audit.record(session, "record:remove_row", dossier, actor=actor, key=key)
    jobs.enqueue(session, "check_dossier", dossier.id, actor=actor)


def take_rows(session: Session, dossier: Dossier, key: str, *, actor: Actor, form_id: str | None = None) -> int:
    """Take over the rows the machine read of a table in which nobody wrote yet, to be looked at row by row."""
    table = _table(session, dossier, key, actor, form_id)
    if rows_of(session, dossier).get(key):
        raise Conflict(N_("Somebody wrote in this table already. Reload the page and look again."))
    read = [row for row in gather(session, dossier, nothing=True).rows if row.key == key][:ROWS]
    for place, row in enumerate(read, 1):
        cells = _wide(table, row.cells)
        _write_row(session, dossier, key, cells, actor=actor, position=APART * place, page_id=row.page_id)
    audit.record(session, "record:take", dossier, actor=actor, key=key, total=len(read))
    return len(read)


def _write_row(
    session: Session,
    dossier: Dossier,
    key: str,
    cells: Sequence[str],
    *,
    actor: Actor,
    before: RecordRow | None = None,
    position: int = 0,
    page_id: str | None = None,
    removed: bool = False,
) -> None:
    """Add a writing of a row: a new one at `position`, or the next one of the row that stood there `before`."""
    session.add(
        RecordRow(
            dossier_id=dossier.id,
            key=key,
            line=before.line if before else new_id(),
            place=before.place + 1 if before else 1,
            position=before.position if before else position,
            cells=list(cells),
            page_id=before.page_id if before else page_id,
            removed=removed,
            account_id=actor.account_id,
        )
    )
    session.flush()


def _table(session: Session, dossier: Dossier, key: str, actor: Actor, form_id: str | None) -> FormTable:
    dossiers.hold(session, dossier)
    require(actor, Action.RECORD_EDIT, dossier)
    forms = (_form(dossier, form_id), *catalogue.forms())
    form = next((form for form in forms if any(table.key == key for table in form.tables)), forms[0])
    table = thing_of(key, dossier, form, actor=actor)
    if not isinstance(table, FormTable):
        raise BadInput(N_("This is a single value and not a table."))
    return table


def _cells(table: FormTable, written: Sequence[str]) -> list[str]:
    cells = _wide(table, [as_unicode(cell).strip()[:CELL_LENGTH] for cell in written])
    if not any(cells):
        raise BadInput(N_("An empty row says nothing. Write at least one cell, or take the row out."))
    return cells


def _wide(table: FormTable, cells: Sequence[str]) -> list[str]:
    """The cells as many as the table has columns; free text has one."""
    wide = max(len(table.columns), 1)
    return [*cells, *[""] * wide][:wide]


def _line(rows: Sequence[RecordRow], line: str) -> RecordRow:
    found = next((row for row in rows if row.line == line), None)
    if found is None:
        raise Conflict(N_("This row is not there any more. Reload the page and look again."))
    return found
