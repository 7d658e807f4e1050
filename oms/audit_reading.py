"""Reading the audit log: filtered lists with names joined at the moment of reading, and the state of the chain.

The log itself holds ids only. Reading it is an act of its own and leaves an entry. An inspector learns
which dossier was touched by whom, never what is in it.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from oms import alarms, audit, checks, figures, holds, procedures
from oms.audit import sealing
from oms.audit_words import ACCESS, LOG, REARRANGING, RECORD, SCANS, STACKS, SUPPLEMENTS
from oms.custody import mass
from oms.custody.late_papers import IN_THE_LOG as OF_LATE_PAPERS
from oms.errors import N_, NotFound
from oms.models import Account, AuditEntry, AuditWords, Dossier, MembershipTransfer, Transfer, Unit
from oms.organisation import HANOI
from oms.permissions import Action, Actor, require
from oms.settings import Settings

PAGE_SIZE = 50

# Every action of the log in words; a test finds one that is missing. Refusals carry the right that was asked for.
ACTIONS: dict[str, str] = {
    **alarms.IN_THE_LOG,
    **ACCESS,
    **OF_LATE_PAPERS,
    **mass.IN_THE_LOG,
    **checks.IN_THE_LOG,
    **figures.IN_THE_LOG,
    **holds.IN_THE_LOG,
    **procedures.IN_THE_LOG,
    "account:sign_in": N_("Sign in"),
    "account:sign_out": N_("Sign out"),
    "account:list": N_("List accounts"),
    "account:view": N_("Open an account"),
    "account:show": N_("Look at the own account"),
    "account:set_language": N_("Choose the language"),
    "account:create": N_("Create an account"),
    "account:disable": N_("Close an account"),
    "account:enable": N_("Reopen an account"),
    "account:change_password": N_("Change the own password"),
    "account:reset_password": N_("Reset a password"),
    "account:manage": N_("Manage accounts"),
    "account:confirm": N_("Give the password again"),
    "account:assign": N_("Give a role"),
    "account:end_role": N_("End a role"),
    "account:end_sessions": N_("End all sessions of an account"),
    "account:second_factor_on": N_("Set up the second factor"),
    "account:second_factor_off": N_("Take away the second factor"),
    "account:second_factor_ask_off": N_("Ask to take away the second factor"),
    "account:recovery_code": N_("Use a recovery code"),
    "consultation:request": N_("Ask to look into a dossier of another unit"),
    "consultation:read": N_("Read a consultation request"),
    "consultation:list": N_("List consultation requests"),
    "consultation:candidates": N_("Look for the dossier a request means"),
    "consultation:choose": N_("Say which dossier a request means"),
    "consultation:not_here": N_("Answer that a dossier asked for is not here"),
    "consultation:view": N_("Open a consultation request"),
    "consultation:why": N_("Ask why something is not shown"),
    "consultation:withdraw": N_("Withdraw a consultation request"),
    "consultation:approve": N_("Grant a consultation"),
    "consultation:refuse": N_("Refuse a consultation"),
    "consultation:end": N_("End a consultation"),
    "consultation:enter": N_("Enter the reading room"),
    "consultation:look": N_("Look at a page in the reading room"),
    **SUPPLEMENTS,
    "delegation:read": N_("Read delegations"),
    "delegation:list": N_("List delegations"),
    "delegation:give": N_("Delegate"),
    "delegation:end": N_("End a delegation"),
    "file:open": N_("Open a protection file"),
    "file:close": N_("Close a protection file"),
    "file:print": N_("Print a protection file with a watermark"),
    "file:list_prints": N_("Look at the register of prints"),
    "insert:open": N_("Open a sealed insert"),
    "insert:seal": N_("Seal a document"),
    "insert:unseal": N_("Unseal a document"),
    "insert:list": N_("List an opened sealed insert"),
    "insert:look": N_("Look at a page of a sealed insert"),
    "insert:close": N_("Close a sealed insert"),
    "disposal:read": N_("Read a disposal"),
    "disposal:list": N_("List disposals"),
    "disposal:due": N_("List what is due for disposal"),
    "disposal:view": N_("Open a disposal"),
    "disposal:propose": N_("Propose a disposal"),
    "disposal:decide": N_("Decide on a disposal"),
    "disposal:approve": N_("Approve a disposal"),
    "disposal:refuse": N_("Refuse a disposal"),
    "disposal:execute": N_("Destroy what was approved for disposal"),
    "copy:request": N_("Ask for a copy"),
    "copy:approve": N_("Approve a copy"),
    "copy:refuse": N_("Refuse a copy"),
    "copy:take": N_("Take a copy away"),
    "demo:load": N_("Load the demonstration data"),
    "document:read": N_("Read a document"),
    "document:view": N_("Open a document"),
    "document:file": N_("File a document"),
    "document:describe": N_("Correct what is said about a document"),
    "document:take_apart": N_("Take a document apart"),
    **LOG,
    **REARRANGING,
    **RECORD,
    **STACKS,
    "dossier:read": N_("Read a dossier"),
    "dossier:list": N_("List dossiers"),
    "dossier:view": N_("Open a dossier"),
    "milestones:list": N_("Look at a list by the calendar"),
    "milestones:export": N_("Take a list by the calendar as a file"),
    "milestones:print": N_("Print a list by the calendar"),
    "completeness:list": N_("Look at what dossiers lack"),
    "completeness:export": N_("Take the list of missing papers as a file"),
    "people:check_load": N_("Look at an Excel file of people"),
    "people:load": N_("Enter people from an Excel file"),
    "dossier:create": N_("Create a dossier"),
    "dossier:edit": N_("Change a dossier"),
    "dossier:export": N_("Take a whole dossier as a file"),
    "dossier:place": N_("Write down the shelf place of a dossier"),
    "loan:hand_out": N_("Hand out paper"),
    "loan:take_back": N_("Take paper back"),
    "locate:ask": N_("Ask where a dossier is kept"),
    "locate:answer": N_("Answer where a dossier is kept"),
    "membership:read": N_("Read a transfer of membership"),
    "membership:prepare": N_("Prepare or lead a transfer of membership"),
    "membership:sign": N_("Sign a box of a letter of introduction"),
    "membership:receive": N_("Receive a member"),
    "membership:ask": N_("Ask to move the own membership"),
    "membership:answer": N_("Answer the wish of a member to move"),
    "membership:refuse_asking": N_("Refuse the wish of a member to move"),
    "membership:withdraw_asking": N_("Withdraw the wish to move"),
    "membership:view_asking": N_("Open the wish of a member to move"),
    "membership:own": N_("Look at the own membership"),
    "membership:list": N_("List transfers of membership"),
    "membership:view": N_("Open a transfer of membership"),
    "membership:new": N_("Prepare a transfer of membership"),
    "membership:correct": N_("Correct a transfer of membership"),
    "membership:submit": N_("Submit a transfer of membership"),
    "membership:confirm": N_("Take up the membership"),
    "membership:confirm-on-paper": N_("Enter that a body outside received the member"),
    "membership:return": N_("Send a letter of introduction back"),
    "membership:recall": N_("Recall a letter of introduction"),
    "membership:cancel": N_("Cancel a transfer of membership"),
    "membership:report-lost": N_("Report a letter of introduction lost"),
    "membership:found": N_("Enter that a letter of introduction was found"),
    "membership:reissue": N_("Issue a letter of introduction again"),
    "membership:extend": N_("Extend a temporary stay"),
    "membership:come-back": N_("End a temporary stay"),
    "membership:send_dossier": N_("Prepare the transfer of the member dossier"),
    "own:list": N_("List what concerns oneself"),
    "own:view": N_("Look at the own dossier"),
    "own:read": N_("Read what concerns oneself"),
    "paper:ask": N_("Ask for a paper"),
    "paper:print": N_("Print an official paper"),
    "paper:list": N_("Look at the registers"),
    "paper:short_cv": N_("Print a short CV"),
    "paper:export": N_("Take a register as an Excel file"),
    "page:read": N_("Read one page of a dossier"),
    "page:view": N_("Look at a page"),
    "page:review": N_("Check a page"),
    "page:correct": N_("Correct the text of a page"),
    "package:read": N_("Read about a package"),
    "package:list": N_("List packages"),
    "package:view": N_("Open a package"),
    "package:export": N_("Seal a package"),
    "package:slip": N_("Print the opening code of a package"),
    "package:take_in": N_("Give a package in"),
    "package:give": N_("Give a package in"),
    "package:code": N_("Enter the opening code of a package again"),
    "package:arrival": N_("Look how far a package is"),
    "package:import": N_("Take in a package"),
    "package:acknowledge": N_("Answer a package"),
    "package:checkpoints": N_("Take out what is kept of the log of another installation"),
    "package:close": N_("Close a transfer by the answer to a package"),
    "package:trust": N_("Trust another installation"),
    "package:key": N_("Look at the key of the installation"),
    "paper:read": N_("Look where the paper is"),
    "paper:apart": N_("List papers that are apart from their file"),
    "paper:move": N_("Write down where the paper is"),
    "stock:count": N_("Count a shelf"),
    "stock:list": N_("List counts of shelves"),
    "stock:view": N_("Open a count of a shelf"),
    "stock:start": N_("Begin a count of a shelf"),
    "stock:scan": N_("Scan a label in a count"),
    "stock:finish": N_("Finish a count of a shelf"),
    "stock:settle": N_("Settle a difference of a count"),
    "stock:export": N_("Export the list of differences"),
    "person:read": N_("Read the details of a person"),
    "person:list": N_("List people"),
    "person:view": N_("Open a person"),
    **SCANS,
    "secrecy:doubt": N_("Hold a file that may be secret"),
    "secrecy:look": N_("Look at a file that may be secret"),
    "secrecy:refuse": N_("Wipe a file that may be secret"),
    "secrecy:confirm": N_("Confirm as the second person"),
    "secrecy:clear": N_("Say that a mark is none of secrecy"),
    "secrecy:purge": N_("Destroy a scan that may be secret"),
    "secrecy:minutes": N_("Open the minutes of a destruction"),
    "search:use": N_("Use the search"),
    "search:find": N_("Search"),
    "search:suggest": N_("Suggestions while typing"),
    "search:export": N_("Export search results"),
    "search:save": N_("Keep a search"),
    "search:rename": N_("Rename a kept search"),
    "search:delete": N_("Delete a kept search"),
    "system:read": N_("Look at the system"),
    "system:view": N_("Open the state of the system"),
    "system:init": N_("Set the installation up"),
    "system:backup": N_("Back up"),
    "system:restore": N_("Restore a backup"),
    "system:drill": N_("Put a backup back on trial"),
    "system:rekey": N_("Bring data under new keys"),
    "system:reindex": N_("Rebuild the search index"),
    "system:repair": N_("Repair what the check found"),
    "system:burst": N_("Many stored files are damaged: changes stop"),
    "system:burst_over": N_("No longer many damaged files: changes go on"),
    "system:accept_loss": N_("Give damaged files up that no backup has"),
    "system:clock": N_("The clock of the machine was put forward or back"),
    "dossier:count_sheets": N_("Count the sheets of a dossier"),
    "transfer:read": N_("Read a transfer"),
    "transfer:view": N_("Open a transfer"),
    "transfer:list": N_("List transfers"),
    "transfer:new": N_("Prepare a transfer"),
    "transfer:prepare": N_("Prepare or submit a transfer"),
    "transfer:send": N_("Send a transfer"),
    "transfer:receive": N_("Receive a transfer"),
    "transfer:submit": N_("Submit a transfer for approval"),
    "transfer:approve": N_("Approve a transfer"),
    "transfer:return": N_("Return a transfer"),
    "transfer:reject": N_("Reject a transfer"),
    "transfer:dispatch": N_("Dispatch a transfer"),
    "transfer:recall": N_("Recall a transfer"),
    "transfer:cancel": N_("Cancel a transfer"),
    "transfer:ask": N_("Ask for a dossier"),
    "transfer:answer": N_("Answer a request with a transfer"),
    "transfer:refuse_request": N_("Refuse a request for a dossier"),
    "transfer:withdraw_request": N_("Withdraw a request for a dossier"),
    "transfer:list_requests": N_("List requests for dossiers"),
    "transfer_request:read": N_("Read a request for a dossier"),
    "transfer_request:answer": N_("Answer a request for a dossier"),
    "transfer:prove": N_("Enter the proof of a transfer"),
    "transfer:check": N_("Check a line of the list on arrival"),
    "transfer:settle": N_("Settle a discrepancy of a hand-over"),
    "transfer:slip-returned": N_("Finish a hand-over outside by the returned slip"),
    "transfer:declare-lost": N_("Declare a dossier lost on the way"),
    "transfer:lose": N_("Declare a dossier lost on the way"),
    "transfer:found": N_("Say that a lost dossier was found"),
    "transfer:ask_loss": N_("Open the form that declares a dossier lost"),
    "transfer:from_outside": N_("Enter a dossier that came from outside"),
    "transfer:new_arrival": N_("Open the form for what came from outside"),
    "transfer:add_proof": N_("Add a file as proof of a transfer"),
    "transfer:proof": N_("Open a file that proves a transfer"),
    "transfer:remove_proof": N_("Take a file of proof away"),
    "transfer:relist": N_("Correct the list of what came from outside"),
    "transfer:confirm": N_("Confirm what came from outside"),
    "transfer:confirm-with-reservations": N_("Confirm what came from outside, with reservations"),
    "unit:outside": N_("Enter a body outside the system"),
    "transfer:accept": N_("Accept a transfer"),
    "transfer:accept-with-reservations": N_("Accept a transfer with reservations"),
    "dossier:move": N_("Move a dossier by a reorganisation"),
    "reorganisation:read": N_("Read a reorganisation"),
    "reorganisation:list": N_("Look at the reorganisations"),
    "reorganisation:view": N_("Look at a reorganisation"),
    "reorganisation:prepare": N_("Prepare a reorganisation"),
    "reorganisation:draft": N_("Draft a reorganisation"),
    "reorganisation:revise": N_("Change the plan of a reorganisation"),
    "reorganisation:people": N_("List people a reorganisation places"),
    "reorganisation:reopen": N_("Give the plan of a reorganisation back"),
    "reorganisation:dry_run": N_("Try a reorganisation out"),
    "reorganisation:submit": N_("Submit a reorganisation"),
    "reorganisation:approve": N_("Approve a reorganisation"),
    "reorganisation:order": N_("Have a reorganisation carried out"),
    "reorganisation:execute": N_("Carry a reorganisation out"),
    "reorganisation:undo": N_("Take a reorganisation back"),
    "reorganisation:cancel": N_("Give a reorganisation up"),
    "unit:read": N_("Look at the organisation"),
    "unit:create": N_("Enter a unit"),
    "unit:list": N_("List units"),
    "unit:view": N_("Open a unit"),
    "work:list": N_("Look at the work that waits"),
}


def action_label(action: str) -> str:
    """The action in words; one that has none stands for itself."""
    return ACTIONS.get(action, action)


@dataclass(frozen=True)
class Filters:
    """What narrows the list; `first` and `last` are days in Vietnam, both included."""

    username: str = ""
    action: str = ""
    dossier: str = ""
    outcome: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Line:
    """An entry with the names of today beside its ids; `words` are search words, reasons or the refusal."""

    entry: AuditEntry
    username: str | None
    name: str | None
    unit: str | None
    dossier: str | None
    thing: str | None
    words: str | None
    # The head in whose name it was done, by delegation.
    head: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """What the hash covers."""
        found: dict[str, Any] = json.loads(self.entry.body)
        return found


def list_entries(
    session: Session, filters: Filters, *, actor: Actor, before: int | None = None, limit: int = PAGE_SIZE
) -> tuple[list[Line], int | None]:
    """Entries that pass the filters, the latest first, from below `before`; and where the next page begins."""
    require(actor, Action.AUDIT_READ)
    query = select(AuditEntry.seq).where(*_conditions(filters)).order_by(AuditEntry.seq.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(AuditEntry.seq < before)
    numbers = list(session.scalars(query))
    audit.record(
        session,
        "audit:list",
        actor=actor,
        words=" ".join(f"{k}={v}" for k, v in _asked(filters).items()),
        before=before,
    )
    return _lines(session, numbers[:limit]), (numbers[limit - 1] if len(numbers) > limit else None)


def _asked(filters: Filters) -> dict[str, str]:
    return {name: str(value) for name, value in vars(filters).items() if value}


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.username:
        known = select(Account.id).where(Account.username == filters.username.strip().lower())
        conditions.append(AuditEntry.account_id.in_(known))
    if filters.action:
        conditions.append(AuditEntry.action == filters.action)
    if filters.dossier:
        numbered = select(Dossier.id).where(Dossier.number == filters.dossier.strip().upper())
        conditions.append(AuditEntry.dossier_id.in_(numbered))
    if filters.outcome:
        conditions.append(AuditEntry.outcome == filters.outcome)
    if filters.first:
        conditions.append(AuditEntry.at >= _start_of(filters.first))
    if filters.last:
        conditions.append(AuditEntry.at < _start_of(filters.last + timedelta(days=1)))
    return conditions


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, HANOI)


def get_entry(session: Session, seq: int, *, actor: Actor) -> Line:
    """One entry by its number, or `NotFound`."""
    require(actor, Action.AUDIT_READ)
    lines = _lines(session, [seq])
    if not lines:
        raise NotFound(N_("The audit log has no entry %(number)s. The list shows the latest ones."), number=seq)
    audit.record(session, "audit:view", actor=actor, number=seq)
    return lines[0]


def check_chain(session: Session, settings: Settings, *, actor: Actor) -> audit.Verdict:
    """Check every entry of the log, and the log against every checkpoint."""
    require(actor, Action.AUDIT_READ)
    found = sealing.verify_log(session, settings)
    audit.record(session, "audit:verify", actor=actor, broken_at=found.seq if found.finding else None)
    return found


def _lines(session: Session, numbers: list[int]) -> list[Line]:
    query = (
        select(
            AuditEntry,
            Account.username,
            Account.full_name,
            func.coalesce(Unit.host_name, Unit.name),
            Dossier.number,
            AuditWords.words,
        )
        .outerjoin(Account, Account.id == AuditEntry.account_id)
        .outerjoin(Unit, Unit.id == AuditEntry.unit_id)
        .outerjoin(Dossier, Dossier.id == AuditEntry.dossier_id)
        .outerjoin(AuditWords, AuditWords.seq == AuditEntry.seq)
        .where(AuditEntry.seq.in_(numbers))
        .order_by(AuditEntry.seq.desc())
    )
    rows = session.execute(query).all()
    things = _names_of_things(session, [entry for entry, *_names in rows])
    heads = _heads(session, [entry for entry, *_names in rows])
    return [
        Line(entry, username, name, unit, number, things.get(str(entry.object_id)), words, heads.get(entry.seq))
        for entry, username, name, unit, number, words in rows
    ]


def _heads(session: Session, entries: list[AuditEntry]) -> dict[int, str]:
    """The names of the heads in whose name something was done, by number of the entry."""
    ids = {
        entry.seq: (json.loads(entry.body)["detail"] or {}).get("in_the_name_of")
        for entry in entries
        if "in_the_name_of" in entry.body
    }
    if not ids:
        return {}
    names = dict(session.execute(select(Account.id, Account.full_name).where(Account.id.in_(ids.values()))).all())
    return {seq: names[id] for seq, id in ids.items() if id in names}


_NAMED: tuple[tuple[str, Any, Any], ...] = (
    ("transfer", Transfer.id, Transfer.number),
    ("membershiptransfer", MembershipTransfer.id, MembershipTransfer.number),
    ("account", Account.id, Account.username),
)


def _names_of_things(session: Session, entries: list[AuditEntry]) -> dict[str, str]:
    """Numbers of transfers and user names of accounts: what may be named without showing what is in a dossier."""
    found: dict[str, str] = {}
    for kind, key, column in _NAMED:
        ids = {entry.object_id for entry in entries if entry.object_kind == kind}
        if ids:
            found |= dict(session.execute(select(key, column).where(key.in_(ids))).all())
    return found
