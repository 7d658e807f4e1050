"""The record as one actor may see it: every value of a form with what was read, keyed and verified, side by side.

What only some need to know is absent for all others. A value that waits for its second officer shows
what was keyed to nobody but who keyed it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from oms import catalogue
from oms.catalogue import Form, FormItem, FormTable
from oms.errors import NotFound
from oms.models import Account, Category, Dossier, RecordRow, RecordStatement
from oms.organisation import today
from oms.permissions import Action, Actor, can
from oms.record.facts import Fact, Facts, RowFact, gather
from oms.record.settled import Settled, ValueState, is_twice, settle
from oms.record.writings import rows_of, statements_of

_PARTY = (Category.CADRE, Category.PARTY_MEMBER)
_PARTY_FORM, _STATE_FORM = "2C/TCTW-98", "2C-BNV/2008"


@dataclass(frozen=True)
class Value:
    """One value: `read` is what stands on a filed page now, `text` what holds (verified, own keyed, else read)."""

    item: FormItem
    state: ValueState
    text: str | None
    read: Fact | None
    verified: RecordStatement | None
    waiting: tuple[RecordStatement, ...] = ()
    # Keyed by another officer and not shown until the reader has keyed it, too.
    hidden: bool = False
    twice: bool = False
    # The reader keyed it, and somebody else has to go on.
    mine: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table: `line` None means that only the machine read it."""

    cells: tuple[str, ...]
    line: str | None = None
    page_id: str | None = None
    account: Account | None = None


@dataclass(frozen=True)
class Record:
    """What is known of the person by the items of one form, in printed order."""

    dossier: Dossier
    form: Form
    values: Mapping[str, Value]
    tables: Mapping[str, tuple[Row, ...]]

    @property
    def left(self) -> tuple[str, ...]:
        """Keys the reader can still do something for, in printed order."""
        open_states = (ValueState.READ, ValueState.KEYED, ValueState.DISPUTED)
        return tuple(key for key, value in self.values.items() if value.state in open_states and not value.mine)

    @property
    def verified(self) -> int:
        """How many values are verified."""
        return sum(value.state is ValueState.VERIFIED for value in self.values.values())


def usual_form(dossier: Dossier) -> str:
    """The form such a dossier mostly holds."""
    return _PARTY_FORM if dossier.category in _PARTY else _STATE_FORM


def forms_of_record() -> list[tuple[str, str]]:
    """The forms a record can be seen by."""
    return [(form.id, f"{form.id} – {form.label_vi}") for form in catalogue.forms()]


def closed_keys(dossier: Dossier, *, actor: Actor) -> frozenset[str]:
    """The keys that are closed to the actor: some are for those only who need them (`catalogue/record_rules.yaml`)."""
    if can(actor, Action.RECORD_READ_SENSITIVE, dossier):
        return frozenset()
    return frozenset(catalogue.record_keys("need_to_know", today()))


def may_see(thing: FormItem | FormTable, dossier: Dossier, *, actor: Actor) -> bool:
    """Whether the value is open to the actor."""
    return thing.key not in closed_keys(dossier, actor=actor)


def thing_of(key: str, dossier: Dossier, form: Form, *, actor: Actor) -> FormItem | FormTable:
    """The item or table of a key, from those the actor may see; else `NotFound`, whether it exists or not."""
    for thing in form.things:
        if thing.key == key and may_see(thing, dossier, actor=actor):
            return thing
    raise NotFound()


def get_record(session: Session, dossier: Dossier, *, actor: Actor, form_id: str | None = None) -> Record:
    """The record by the items of a form (the usual one of the category), with a fixed number of queries."""
    form = catalogue.form(form_id or usual_form(dossier))
    facts = gather(session, dossier, nothing=True)
    said = statements_of(session, dossier)
    values = {
        item.key: value_of(item, facts, said.get(item.key, ()), actor=actor)
        for item in form.items
        if may_see(item, dossier, actor=actor)
    }
    written = rows_of(session, dossier)
    tables = {
        table.key: _rows(table, written.get(table.key, ()), facts.rows)
        for table in form.tables
        if may_see(table, dossier, actor=actor)
    }
    return Record(dossier, form, values, tables)


def value_of(item: FormItem, facts: Facts, said: Sequence[RecordStatement], *, actor: Actor) -> Value:
    """The value as the actor may see it."""
    twice = is_twice(item.key)
    settled = settle(said, twice=twice)
    read = facts.read(item.key)
    own = next((one for one in settled.open if one.account_id == actor.account_id), None)
    hidden = bool(settled.open) and not settled.disputed and own is None
    text = _holding(settled, own, read)
    waiting = () if hidden else settled.open
    return Value(item, _state(settled, read), text, read, settled.verified, waiting, hidden, twice, own is not None)


def _holding(settled: Settled, own: RecordStatement | None, read: Fact | None) -> str | None:
    if settled.verified is not None:
        return settled.verified.text
    if own is not None and not settled.disputed:
        return own.text
    return read.text if read else None


def _state(settled: Settled, read: Fact | None) -> ValueState:
    if settled.open:
        return ValueState.DISPUTED if settled.disputed else ValueState.KEYED
    if settled.verified is not None:
        return ValueState.VERIFIED
    return ValueState.READ if read else ValueState.EMPTY


def written_rows(session: Session, dossier: Dossier) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The cells of the rows people wrote, by table."""
    found = rows_of(session, dossier)
    return {key: tuple(tuple(str(cell) for cell in row.cells) for row in rows) for key, rows in found.items()}


def _rows(table: FormTable, written: Sequence[RecordRow], read: Sequence[RowFact]) -> tuple[Row, ...]:
    """What people wrote; where they wrote nothing yet, what the machine read."""
    if written:
        return tuple(Row(tuple(row.cells), row.line, row.page_id, row.account) for row in written)
    return tuple(Row(row.cells, None, row.page_id) for row in read if row.key == table.key)
