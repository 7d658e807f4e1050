"""The record of a person: what the forms ask for, with everything that was said about it and what holds now.

Statements are only added: read by the machine, keyed by an officer, decided by a third person. What holds follows from
them in their order, so a reading never overwrites what a person verified. Birth date, Party dates and pay
(`catalogue/record_rules.yaml`) are verified when two officers keyed the same, the second without seeing the first;
when they disagree a third person decides. Values under a rule of need to know are absent for all others.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, dossiers
from oms.errors import N_, Conflict, NotFound, Refused
from oms.models import Dossier, Page, RecordStatement, Scan, StatementKind
from oms.organisation import today
from oms.permissions import Action, Actor, can, require
from oms.record import values
from oms.vietnamese.dates import ImpossibleDate, WrittenDate, parse_date
from oms.vietnamese.text import tone_key


class ValueState(enum.StrEnum):
    """How sure a value is."""

    EMPTY = "empty"
    READ = "read"
    KEYED = "keyed"
    DISPUTED = "disputed"
    VERIFIED = "verified"


@dataclass(frozen=True)
class Value:
    """What holds for a key now; `statements` are those the actor may see, the oldest first."""

    key: str
    state: ValueState
    text: str | None
    statements: tuple[RecordStatement, ...]

    @property
    def date(self) -> WrittenDate | None:
        """The text as a date with its precision, None when it is none."""
        try:
            return parse_date(self.text) if self.text else None
        except ImpossibleDate:
            return None


@dataclass(frozen=True)
class Record:
    """The values of one dossier by key; a key without a value is EMPTY, one the actor may not see is absent."""

    dossier: Dossier
    values: Mapping[str, Value]


@dataclass(frozen=True)
class _Outcome:
    state: ValueState
    text: str | None
    # The newest keyed statement of each officer since the last time the value was verified.
    open: Mapping[str, RecordStatement]
    verified_by: frozenset[str] = frozenset()


_LOGGED = {
    StatementKind.READ: "record:propose",
    StatementKind.KEYED: "record:keyed",
    StatementKind.DECIDED: "record:decided",
}


def same(one: str, other: str) -> bool:
    """Whether two officers keyed the same: capitals and the place of the tone mark do not count."""
    return tone_key(one) == tone_key(other)


def weigh(statements: Sequence[RecordStatement], *, twice: bool) -> _Outcome:
    """What holds by statements in their order."""
    read: str | None = None
    verified: str | None = None
    by: frozenset[str] = frozenset()
    pending: dict[str, RecordStatement] = {}
    for one in statements:
        if one.kind == StatementKind.READ:
            read = one.text
        elif one.kind == StatementKind.DECIDED or not twice:
            verified, by, pending = one.text, frozenset({one.stated_by_id}), {}
        elif verified is None or not same(one.text, verified):
            pending[one.stated_by_id] = one
            agreed = len(pending) > 1 and all(same(one.text, other.text) for other in pending.values())
            if verified is None and agreed:
                verified, by, pending = one.text, frozenset(pending), {}
    if pending and (verified is not None or len(pending) > 1):
        return _Outcome(ValueState.DISPUTED, verified, pending, by)
    if pending:
        return _Outcome(ValueState.KEYED, next(iter(pending.values())).text, pending)
    if verified is not None:
        return _Outcome(ValueState.VERIFIED, verified, {}, by)
    return _Outcome(ValueState.READ if read is not None else ValueState.EMPTY, read, {})


def get_record(session: Session, dossier: Dossier, *, actor: Actor) -> Record:
    """Everything the actor may see of the record, with two queries whatever it holds; the look is in the log."""
    require(actor, Action.RECORD_READ, dossier)
    said = _said(session, dossier)
    twice = catalogue.record_keys("keyed_twice", today())
    found = {
        key: _shown(key, said.get(key, []), twice=key in twice, actor=actor)
        for key in values.items()
        if _may_see(dossier, key, actor)
    }
    audit.record(session, "record:view", dossier, actor=actor)
    return Record(dossier, found)


def _shown(key: str, said: list[RecordStatement], *, twice: bool, actor: Actor) -> Value:
    """The value as the actor sees it: whoever may key it second does not see what the first keyed."""
    found = weigh(said, twice=twice)
    hidden = found.state == ValueState.KEYED and actor.account_id not in found.open and actor.has(Action.RECORD_EDIT)
    if not hidden:
        return Value(key, found.state, found.text, tuple(said))
    seen = [one for one in said if one.kind == StatementKind.READ]
    return Value(key, found.state, weigh(seen, twice=twice).text, tuple(seen))


def _said(session: Session, dossier: Dossier, keys: Iterable[str] = ()) -> dict[str, list[RecordStatement]]:
    """The statements of a dossier by key; what was read from a sealed insert is not among them."""
    sealed = select(Page.id).join(Scan, Page.scan_id == Scan.id).where(Scan.dossier_id == dossier.id, Scan.sealed)
    query = (
        select(RecordStatement)
        .where(
            RecordStatement.dossier_id == dossier.id,
            or_(RecordStatement.page_id.is_(None), RecordStatement.page_id.not_in(sealed)),
        )
        .options(joinedload(RecordStatement.stated_by))
        .order_by(RecordStatement.key, RecordStatement.number)
    )
    wanted = list(keys)
    found: dict[str, list[RecordStatement]] = {}
    for one in session.scalars(query.where(RecordStatement.key.in_(wanted)) if wanted else query):
        found.setdefault(one.key, []).append(one)
    return found


def _may_see(dossier: Dossier, key: str, actor: Actor) -> bool:
    closed = catalogue.record_keys("need_to_know", today())
    return key not in closed or can(actor, Action.RECORD_READ_SENSITIVE, dossier)


def state(
    session: Session,
    dossier: Dossier,
    *,
    key: str,
    text: str,
    actor: Actor,
    page: Page | None = None,
    box: Sequence[int] | None = None,
) -> Value:
    """Key a value as it stands on paper; the same keyed by a second officer verifies what is keyed twice.

    Raises `BadInput` for what cannot stand there, `Conflict` while the value waits for a third person's decision.
    """
    before = _open(session, dossier, key, Action.RECORD_EDIT, actor)
    if before.state == ValueState.DISPUTED:
        raise Conflict(N_("Two officers keyed this value differently. A third person decides which one holds."))
    said = partial(_add, session, dossier, key, actor=actor, page=_own(dossier, page), box=box)
    return said(kind=StatementKind.KEYED, text=values.check(key, text))


def settle(session: Session, dossier: Dossier, *, key: str, text: str, actor: Actor) -> Value:
    """Decide a value about which two officers disagree; whoever keyed or verified one side cannot."""
    before = _open(session, dossier, key, Action.RECORD_SETTLE, actor)
    if before.state != ValueState.DISPUTED:
        raise Conflict(N_("Nobody disagrees about this value any more. Reload the page and look again."))
    if actor.account_id in before.open or actor.account_id in before.verified_by:
        raise Refused(N_("You keyed this value yourself. Somebody else who may decide looks at the paper."))
    return _add(session, dossier, key, kind=StatementKind.DECIDED, text=values.check(key, text), actor=actor)


def _open(session: Session, dossier: Dossier, key: str, action: Action, actor: Actor) -> _Outcome:
    """Lock the dossier for a statement about a key the actor may see; what holds before it."""
    dossiers.hold(session, dossier)
    require(actor, action, dossier)
    values.item(key)
    if not _may_see(dossier, key, actor):
        raise NotFound(N_("No form asks for “%(key)s”. Look up the keys in the catalogue of forms."), key=key)
    twice = key in catalogue.record_keys("keyed_twice", today())
    return weigh(_said(session, dossier, [key]).get(key, []), twice=twice)


def _own(dossier: Dossier, page: Page | None) -> Page | None:
    if page is not None and (page.scan.dossier_id != dossier.id or page.scan.sealed):
        raise NotFound()
    return page


def _add(
    session: Session,
    dossier: Dossier,
    key: str,
    *,
    kind: StatementKind,
    text: str,
    actor: Actor,
    page: Page | None = None,
    box: Sequence[int] | None = None,
    confidence: float | None = None,
    flag: str | None = None,
) -> Value:
    """Add a statement; the log names the key, never the value."""
    spoken = select(func.max(RecordStatement.number)).where(
        RecordStatement.dossier_id == dossier.id, RecordStatement.key == key
    )
    one = RecordStatement(
        dossier_id=dossier.id,
        key=key,
        number=(session.scalar(spoken) or 0) + 1,
        kind=kind,
        text=text,
        page_id=page.id if page else None,
        box=list(box) if box else None,
        confidence=confidence,
        flag=flag,
        stated_by_id=actor.account_id,
    )
    session.add(one)
    session.flush()
    audit.record(session, _LOGGED[kind], dossier, actor=actor, key=key, statement=one.id)
    twice = key in catalogue.record_keys("keyed_twice", today())
    return _shown(key, _said(session, dossier, [key])[key], twice=twice, actor=actor)


def propose(session: Session, dossier: Dossier, page: Page, *, actor: Actor, overwrite: bool = False) -> list[str]:
    """Take over what was read of a form on a page; return the keys that got a reading.

    Without `overwrite` only empty keys do; what a person keyed or verified is left alone either way.
    """
    dossiers.hold(session, dossier)
    require(actor, Action.RECORD_EDIT, dossier)
    _own(dossier, page)
    session.refresh(page, ["findings"])
    said, taken = _said(session, dossier), []
    fields = (page.findings or {}).get("fields", {})
    for key, found in fields.items():
        if not found["value"] or key not in values.items() or not _may_see(dossier, key, actor):
            continue
        before = weigh(said.get(key, []), twice=False)
        fits = before.state == ValueState.EMPTY or (overwrite and before.state == ValueState.READ)
        if fits and found["value"] != before.text:
            _add(
                session, dossier, key, kind=StatementKind.READ, text=found["value"], page=page, actor=actor,
                box=found["box"], confidence=found["confidence"], flag=found["flag"],
            )  # fmt: skip
            taken.append(key)
    return taken


def forget_pages(session: Session, page_ids: Sequence[str]) -> None:
    """Destroy what was said from pages that are destroyed as secret; the caller has checked who may."""
    session.execute(delete(RecordStatement).where(RecordStatement.page_id.in_(page_ids)))
