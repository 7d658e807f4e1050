"""Number and date of a decision, written by two officers: who files it writes them first, a second reads the paper again.

What the second one writes lies among the writings of the record; it holds for the description it was compared with, so
that a document described anew is looked at anew. `catalogue/record_rules.yaml` says of which documents this is asked.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit, catalogue, dossiers, jobs
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, Document, Dossier, Page, RecordStatement, StatementKind
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, require
from oms.record.keying import as_reason, next_place
from oms.record.settled import ValueState
from oms.record.values import as_unicode, same_text
from oms.record.writings import statements_of
from oms.vietnamese.dates import Precision, WrittenDate, format_date

NUMBER_LENGTH = 80


@dataclass(frozen=True)
class NumberCheck:
    """A document whose number two officers write; what the second wrote, where it differs, for those who may decide."""

    document: Document
    page_id: str | None
    state: ValueState
    author_id: str
    second: RecordStatement | None

    def waits_for(self, actor: Actor) -> bool:
        """Whether the actor may be the second to write it: has not written it yet, neither first nor second."""
        return self.state is ValueState.KEYED and self.author_id != actor.account_id

    def undecided_by(self, actor: Actor) -> bool:
        """Whether the actor may decide: two differ, and the actor is neither of them."""
        wrote = {self.author_id, self.second.account_id if self.second else ""}
        return self.state is ValueState.DISPUTED and actor.account_id not in wrote


def numbers_of(session: Session, dossier: Dossier, *, actor: Actor) -> list[NumberCheck]:
    """The documents of a dossier that are asked for, in the order of the contents list; with four queries."""
    require(actor, Action.RECORD_READ, dossier)
    groups = catalogue.record_keys("numbers_twice", today())
    documents = session.scalars(
        select(Document)
        .where(Document.dossier_id == dossier.id, Document.number.is_not(None), allowed(actor, Action.DOCUMENT_READ))
        .order_by(Document.position)
    )
    asked = [document for document in documents if catalogue.component(document.component_id).group in groups]
    pages = _first_pages(session, dossier)
    described = _described_by(session, dossier)
    said = statements_of(session, dossier)
    return [
        _check(document, pages.get(document.id), described.get(document.id), said.get(_key(document), []))
        for document in asked
    ]


def number_of(session: Session, document: Document, *, actor: Actor) -> NumberCheck:
    """One of them; `NotFound` for a document nobody is asked to write twice."""
    checks = numbers_of(session, document.dossier, actor=actor)
    found = next((one for one in checks if one.document.id == document.id), None)
    if found is None:
        raise NotFound()
    return found


def key_number(session: Session, document: Document, number: str, day: str, *, actor: Actor) -> NumberCheck:
    """The second officer writes what the paper says; the same as was filed verifies it, anything else is a dispute."""
    dossiers.hold(session, document.dossier)
    require(actor, Action.RECORD_EDIT, document.dossier)
    check = number_of(session, document, actor=actor)
    if check.state is not ValueState.KEYED:
        raise Conflict(N_("Two officers wrote this number already. Reload the page and look again."))
    if not check.waits_for(actor):
        raise Refused(N_("You wrote this number when the document was filed. Another officer has to read the paper."))
    written = _written(number, day)
    _add(session, check, written, actor=actor)
    audit.record(session, "record:key_number", document, actor=actor)
    return number_of(session, document, actor=actor)


def decide_number(
    session: Session, document: Document, number: str, day: str, *, reason: str, actor: Actor
) -> NumberCheck:
    """The third look: what the paper says, and why; the contents list says the same from now on."""
    dossiers.hold(session, document.dossier)
    require(actor, Action.RECORD_SETTLE, document.dossier)
    check = number_of(session, document, actor=actor)
    if check.state is not ValueState.DISPUTED:
        raise Conflict(N_("Nobody differs about this number any more. Reload the page and look again."))
    if not check.undecided_by(actor):
        raise Refused(N_("You wrote this number yourself. A third person has to look at the paper."))
    why = as_reason(reason)
    written = _written(number, day)
    if not why:
        raise BadInput(N_("Write why the number is as you say."))
    document.number = _number(number)
    document.issued_on, document.issued_precision = dossiers.written_date(day)
    _add(session, check, written, actor=actor, reason=why)
    audit.record(session, "record:decide_number", document, actor=actor, words=why)
    jobs.dossier_changed(session, document.dossier_id, actor=actor)
    return number_of(session, document, actor=actor)


def _key(document: Document) -> str:
    return f"number:{document.id}"


def _check(
    document: Document, page_id: str | None, described_by: str | None, said: list[RecordStatement]
) -> NumberCheck:
    author = described_by or document.filed_by_id
    now = said_of(document)
    agree = [one for one in said if same_text(one.text) == same_text(now) and (one.reason or one.account_id != author)]
    differ = [one for one in said if one.read_text == now and one not in agree and one.account_id != author]
    state = ValueState.VERIFIED if agree else ValueState.DISPUTED if differ else ValueState.KEYED
    told = agree or differ
    return NumberCheck(document, page_id, state, author, told[-1] if told else None)


def said_of(document: Document) -> str:
    """Number and date as the contents list has them, in one text."""
    return _said(document.number or "", document.issued_on, document.issued_precision)


def _said(number: str, day: date | None, precision: str | None) -> str:
    written = format_date(WrittenDate(day, Precision(precision or Precision.DAY))) if day else ""
    return f"{number} · {written}" if written else number


def _number(number: str) -> str:
    return " ".join(as_unicode(number).split())[:NUMBER_LENGTH]


def _written(number: str, day: str) -> str:
    """What somebody wrote, as it is compared; raises `BadInput` for what is no date."""
    if not _number(number):
        raise BadInput(N_("Write the number as it stands on the paper."))
    return _said(_number(number), *dossiers.written_date(day))


def _add(session: Session, check: NumberCheck, written: str, *, actor: Actor, reason: str = "") -> None:
    document = check.document
    session.add(
        RecordStatement(
            dossier_id=document.dossier_id,
            key=_key(document),
            place=next_place(session, document.dossier, _key(document)),
            kind=StatementKind.DECIDED if reason else StatementKind.KEYED,
            text=written,
            read_text=said_of(document),
            page_id=check.page_id,
            box=None,
            reason=reason,
            account_id=actor.account_id,
        )
    )
    session.flush()


def _first_pages(session: Session, dossier: Dossier) -> dict[str, str]:
    rows = session.execute(
        select(Page.document_id, Page.id)
        .join(Document, Document.id == Page.document_id)
        .where(Document.dossier_id == dossier.id)
        .order_by(Page.document_position.desc())
    )
    return {str(document_id): page_id for document_id, page_id in rows}


def _described_by(session: Session, dossier: Dossier) -> dict[str, str]:
    """Who described a document last, of those described anew since they were filed."""
    rows = session.execute(
        select(AuditEntry.object_id, AuditEntry.account_id)
        .where(
            AuditEntry.dossier_id == dossier.id,
            AuditEntry.action == "document:describe",
            AuditEntry.outcome == "done",
        )
        .order_by(AuditEntry.seq)
    )
    return {str(object_id): str(account_id) for object_id, account_id in rows}
