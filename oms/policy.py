"""The policy in words, made from `oms.permissions`: what each role may do and where. For people to read and sign.

Decides nothing.
"""

from dataclasses import dataclass

from oms.audit_reading import ACTIONS
from oms.errors import N_
from oms.models import Role
from oms.permissions import IN_CLOSED, NEEDS_OPENING, ROLE_ACTIONS, WHOLE, Action

# Where an action is open, in words; one that needs a row of a whole table is open in the whole installation.
WHERE: dict[Action, str] = {
    Action.DOSSIER_READ: N_("dossiers the unit keeps"),
    Action.DOSSIER_CREATE: N_("the own unit"),
    Action.SEARCH: N_("dossiers the unit keeps"),
    Action.SYSTEM_READ: N_("the whole installation"),
    Action.OWN_READ: N_("what concerns oneself"),
    Action.RECORD_READ: N_("dossiers the unit keeps"),
    Action.RECORD_READ_SENSITIVE: N_("dossiers the unit keeps"),
    Action.RECORD_EDIT: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.RECORD_SETTLE: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.DOSSIER_EDIT: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.SCAN_UPLOAD: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.DOCUMENT_FILE: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.SCAN_READ: N_("dossiers the unit keeps"),
    Action.SCAN_DOWNLOAD: N_("dossiers the unit keeps"),
    Action.PAGE_READ: N_("dossiers the unit keeps"),
    Action.PAGE_REVIEW: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.DOCUMENT_READ: N_("dossiers the unit keeps"),
    Action.PERSON_READ: N_("people whose dossier the unit keeps"),
    Action.TRANSFER_READ: N_("transfers the unit sends, approves, or that were sent to it"),
    Action.MASS_TRANSFER_READ: N_("batches of transfers the unit sends, approves, or that were sent to it"),
    Action.TRANSFER_PREPARE: N_("transfers the unit sends"),
    Action.TRANSFER_APPROVE: N_("transfers the unit decides on, not those one prepared oneself"),
    Action.TRANSFER_SEND: N_("transfers the unit sends"),
    Action.TRANSFER_LOSE: N_("transfers the unit sends, receives or decides on, after the limit, with a second person"),
    Action.LATE_PAPER_READ: N_("late papers the unit sends on, or that were sent on for dossiers it keeps"),
    Action.TRANSFER_ASK: N_("in the name of the unit, for a dossier that another unit may hold"),
    Action.TRANSFER_REQUEST_READ: N_("requests the unit made, or that ask for dossiers it holds"),
    Action.TRANSFER_REQUEST_ANSWER: N_("requests for dossiers the unit holds"),
    Action.TRANSFER_RECEIVE: N_("transfers sent to the unit, not those one prepared oneself"),
    Action.MEMBERSHIP_READ: N_("moves of members the unit leads, and those whose letter has come to a box of the unit"),
    Action.MEMBERSHIP_PREPARE: N_("moves of members whose dossier the unit keeps"),
    Action.MEMBERSHIP_ASK: N_("the own membership"),
    Action.MEMBERSHIP_ANSWER: N_("wishes of members whose dossier the unit keeps"),
    Action.MEMBERSHIP_SIGN: N_("the box of the unit when it is next, not in moves one prepared or of oneself"),
    Action.MEMBERSHIP_RECEIVE: N_("members whose letter has come to the unit, not in moves one prepared or of oneself"),
    Action.REORGANISATION_READ: N_("reorganisations of the own board"),
    Action.REORGANISATION_PREPARE: N_("reorganisations of the own board"),
    Action.REORGANISATION_APPROVE: N_("reorganisations of the own board, not those one prepared oneself"),
    Action.PAPER_READ: N_("dossiers whose file or paper the unit has"),
    Action.PAPER_MOVE: N_("dossiers whose file or paper the unit has"),
    Action.STOCK_COUNT: N_("the shelves of the own unit"),
    Action.PACKAGE_READ: N_("packages the unit sent or received"),
    Action.SCAN_IMPORT: N_("ZIPs one gave in oneself"),
    Action.STACK_DIVIDE: N_("stacks given in for the unit"),
    Action.PACKAGE_TAKE_IN: N_("packages given in for the unit"),
    Action.CONSULTATION_REQUEST: N_("any dossier, asked for in the name of the own unit"),
    Action.CONSULTATION_READ: N_("own requests, and requests for dossiers the unit keeps"),
    Action.CONSULTATION_LOOK: N_("the pages granted to oneself, in the reading room, until the grant ends"),
    Action.CONSULTATION_APPROVE: N_("requests for dossiers the unit keeps, not those one made oneself"),
    Action.LOAN_HAND_OUT: N_("loans of dossiers the unit keeps"),
    Action.LOCATE_ANSWER: N_("questions put to the unit"),
    Action.HOLD_READ: N_("holds on dossiers the unit keeps or manages, and those it ordered"),
    Action.HOLD_ORDER: N_("dossiers the unit keeps or manages, and the people in them"),
    Action.INSERT_OPEN: N_("dossiers the unit keeps, two people together, for a purpose and a short while"),
    Action.PROTECTION_FLAG_READ: N_(
        "people whose dossier the unit manages; that there is a protection file and where, nothing of it"
    ),
    Action.PROTECTION_FLAG_SET: N_(
        "people whose dossier the unit manages; that there is a protection file and where, nothing of it"
    ),
    Action.ACCESS_REVIEW_STATE: N_("units below, whether and when, not what was said"),
    Action.ACCESS_REVIEW_READ: N_("reviews of the own unit"),
    Action.ACCESS_REVIEW_SIGN: N_("the accounts of the own unit, not the own one"),
    Action.DELEGATION_READ: N_("delegations of the own unit"),
    Action.DELEGATION_GIVE: N_("the unit one is head of, chosen acts, for at most a year"),
    Action.DISPOSAL_READ: N_("disposals of the own unit"),
    Action.DISPOSAL_PROPOSE: N_("papers the unit keeps whose time is over, after a council"),
    Action.DISPOSAL_DECIDE: N_("disposals of the own unit, not those one proposed oneself"),
    Action.CORRECTION_READ: N_("dossiers the unit keeps or manages"),
    Action.CORRECTION_PROPOSE: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.CORRECTION_DECIDE: N_("where the law names the own unit, not what one proposed oneself or about oneself"),
    Action.LEAVING_READ: N_("dossiers the unit keeps or manages"),
    Action.LEAVING_OPEN: N_("dossiers the unit keeps that are in use, not one's own"),
    Action.LEAVING_HANDLE: N_("dossiers the unit keeps, not one's own"),
    Action.LEAVING_CONSENT: N_("dossiers the unit manages, not what one entered oneself or about oneself"),
    Action.ATTESTATION_READ: N_("dossiers the unit keeps or manages"),
    Action.ATTESTATION_ASK: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.ATTESTATION_GIVE: N_("where the law names the own unit, not what one asked for oneself or about oneself"),
    Action.CAMPAIGN_READ: N_(
        "campaigns the unit opened, or that ask for people whose dossier it uses, keeps or manages"
    ),
    Action.CAMPAIGN_OPEN: N_("units below the own one; a board that keeps dossiers: units of its committee"),
    Action.DECLARATION_READ: N_("people whose dossier the unit uses, keeps or manages"),
    Action.DECLARATION_ENTER: N_("people the unit uses"),
    Action.DECLARATION_CHECK: N_("people the unit uses, not oneself"),
    Action.DECLARATION_ATTEST: N_("dossiers the unit manages, not what one checked oneself or declared"),
    Action.PAPER_LOSS_READ: N_("dossiers the unit keeps"),
    Action.PAPER_LOSS_DECLARE: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.PAPER_LOSS_SETTLE: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.REQUEST_ASK: N_("the own dossiers"),
    Action.REQUEST_READ: N_("dossiers the unit keeps"),
    Action.REQUEST_ANSWER: N_("dossiers the unit keeps, not the own one"),
    Action.REQUEST_DECIDE: N_("copies of dossiers the unit keeps, not those one asked for or put forward"),
    Action.VERIFICATION_READ: N_("dossiers the unit keeps"),
    Action.VERIFICATION_OPEN: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.VERIFICATION_LEAD: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.CHECK_READ: N_("dossiers the unit keeps"),
    Action.CHECK_SETTLE: N_("dossiers the unit keeps, not while a transfer or a hold stops them"),
    Action.FIGURES_READ: N_("dossiers the unit keeps; who leads or inspects a committee, all below it, without names"),
}
_EVERYWHERE = N_("the whole installation")
# Rules that hold whatever the role; each is enforced and tested.
ALWAYS: tuple[str, ...] = (
    N_("A role counts in its unit, on its days, and in the units below only where that was given."),
    N_("What another unit keeps is answered like what does not exist: no count and no hint."),
    N_("A committee is told figures of all its units: nobody’s name, and no group of fewer than five people."),
    N_("The technical administrator reads no dossier. The inspector reads the log and no dossier."),
    N_("Whoever prepared a transfer neither approves nor receives it."),
    N_("Whoever prepared a move of a member signs no box of its letter, and nobody signs for their own membership."),
    N_("Nobody decides about their own request to look into a dossier, or about their own copy of it."),
    N_("Nobody changes their own roles or closes the own account."),
    N_("Whoever acts by delegation of a head may do only what was delegated, and nothing the head or they prepared."),
    N_("A sealed insert shows in no list, count or search. Only two people of the unit together open it."),
    N_("Whoever asks to lift a hold does not lift it. A hold wins over every term of retention."),
    N_("Submitting, approving and accepting, and every change of accounts and roles, ask for the password again."),
    N_("Every look, search, download, change and refusal is written to a log that nobody can change."),
)
# The closed installation for protection files: what is said otherwise there, and the rules that hold whatever the role.
_WITHIN_AN_OPENING = N_("files the unit keeps, only while two officers have the file open together")
_WHERE_CLOSED: dict[Action, str] = {
    Action.DOSSIER_READ: N_("files the unit keeps: who has one, its number and its shelf"),
    Action.DOSSIER_EDIT: N_("files the unit keeps: the place on the shelf"),
    Action.SEARCH: N_("what is open to two officers at that moment"),
    Action.INSERT_OPEN: N_("files the unit keeps, two people together, for a purpose and a short while"),
}
ALWAYS_CLOSED: tuple[str, ...] = (
    ALWAYS[0],
    ALWAYS[1],
    N_("What lies in a file is shown to two officers together, for a purpose and a short while, and to nobody alone."),
    N_("What leaves is a print with a watermark: numbered, with both names, time and purpose on every page."),
    ALWAYS[3],
    N_("Whom an administrator just let in opens no file, neither as the first nor as the second, for 24 hours."),
    ALWAYS[7],
    N_("Opening a file, printing, and every change of accounts and roles, ask for the password again."),
    ALWAYS[-1],
)


@dataclass(frozen=True)
class Rule:
    """One line of the policy."""

    action: Action
    label: str
    where: str
    roles: frozenset[Role]


def rules(*, closed: bool = False) -> list[Rule]:
    """Every action there is in this kind of installation, with who may do it and where, in the order of `Action`."""
    return [
        Rule(
            action,
            ACTIONS[action.value],
            _where(action, closed),
            frozenset(role for role, actions in ROLE_ACTIONS.items() if action in actions),
        )
        for action in Action
        if not closed or action in IN_CLOSED
    ]


def _where(action: Action, closed: bool) -> str:
    if closed and action in NEEDS_OPENING:
        return _WITHIN_AN_OPENING
    if closed and action in _WHERE_CLOSED:
        return _WHERE_CLOSED[action]
    return _EVERYWHERE if action in WHOLE else WHERE[action]
