"""Everything that needs a right, and what each role may do. Nothing else in the program names a role to decide."""

import enum
from collections.abc import Mapping

from oms.models import Role


class Action(enum.StrEnum):
    """Everything that needs a right, as `resource:verb`."""

    DOSSIER_READ = "dossier:read"
    DOSSIER_CREATE = "dossier:create"
    DOSSIER_EDIT = "dossier:edit"
    RECORD_READ = "record:read"
    RECORD_READ_SENSITIVE = "record:read_sensitive"
    RECORD_EDIT = "record:edit"
    RECORD_SETTLE = "record:settle"
    SCAN_READ = "scan:read"
    SCAN_UPLOAD = "scan:upload"
    SCAN_DOWNLOAD = "scan:download"
    STACK_DIVIDE = "stack:divide"
    SCAN_IMPORT = "scan:import"
    PAGE_READ = "page:read"
    PAGE_REVIEW = "page:review"
    DOCUMENT_READ = "document:read"
    DOCUMENT_FILE = "document:file"
    PERSON_READ = "person:read"
    SEARCH = "search:use"
    TRANSFER_READ = "transfer:read"
    TRANSFER_PREPARE = "transfer:prepare"
    TRANSFER_APPROVE = "transfer:approve"
    TRANSFER_SEND = "transfer:send"
    TRANSFER_RECEIVE = "transfer:receive"
    MASS_TRANSFER_READ = "mass_transfer:read"
    TRANSFER_LOSE = "transfer:lose"
    TRANSFER_ASK = "transfer:ask"
    LATE_PAPER_READ = "late_paper:read"
    TRANSFER_REQUEST_READ = "transfer_request:read"
    TRANSFER_REQUEST_ANSWER = "transfer_request:answer"
    MEMBERSHIP_READ = "membership:read"
    MEMBERSHIP_PREPARE = "membership:prepare"
    MEMBERSHIP_SIGN = "membership:sign"
    MEMBERSHIP_RECEIVE = "membership:receive"
    MEMBERSHIP_ASK = "membership:ask"
    MEMBERSHIP_ANSWER = "membership:answer"
    CONSULTATION_REQUEST = "consultation:request"
    CONSULTATION_READ = "consultation:read"
    CONSULTATION_LOOK = "consultation:look"
    CONSULTATION_APPROVE = "consultation:approve"
    LOAN_HAND_OUT = "loan:hand_out"
    LOCATE_ANSWER = "locate:answer"
    UNIT_READ = "unit:read"
    ACCOUNT_MANAGE = "account:manage"
    AUDIT_READ = "audit:read"
    ALARM_READ = "alarm:read"
    SYSTEM_READ = "system:read"
    OWN_READ = "own:read"
    REORGANISATION_READ = "reorganisation:read"
    REORGANISATION_PREPARE = "reorganisation:prepare"
    REORGANISATION_APPROVE = "reorganisation:approve"
    PAPER_READ = "paper:read"
    PAPER_MOVE = "paper:move"
    STOCK_COUNT = "stock:count"
    PACKAGE_READ = "package:read"
    PACKAGE_TAKE_IN = "package:take_in"
    HOLD_READ = "hold:read"
    HOLD_ORDER = "hold:order"
    INSERT_OPEN = "insert:open"
    DELEGATION_READ = "delegation:read"
    DELEGATION_GIVE = "delegation:give"
    DISPOSAL_READ = "disposal:read"
    DISPOSAL_PROPOSE = "disposal:propose"
    DISPOSAL_DECIDE = "disposal:decide"
    CORRECTION_READ = "correction:read"
    CORRECTION_PROPOSE = "correction:propose"
    CORRECTION_DECIDE = "correction:decide"
    LEAVING_READ = "leaving:read"
    LEAVING_OPEN = "leaving:open"
    LEAVING_HANDLE = "leaving:handle"
    LEAVING_CONSENT = "leaving:consent"
    ATTESTATION_READ = "attestation:read"
    ATTESTATION_ASK = "attestation:ask"
    ATTESTATION_GIVE = "attestation:give"
    VERIFICATION_READ = "verification:read"
    VERIFICATION_OPEN = "verification:open"
    VERIFICATION_LEAD = "verification:lead"
    CHECK_READ = "check:read"
    CHECK_SETTLE = "check:settle"
    PAPER_LOSS_READ = "paper_loss:read"
    PAPER_LOSS_DECLARE = "paper_loss:declare"
    PAPER_LOSS_SETTLE = "paper_loss:settle"
    REQUEST_ASK = "request:ask"
    REQUEST_READ = "request:read"
    REQUEST_ANSWER = "request:answer"
    REQUEST_DECIDE = "request:decide"
    CAMPAIGN_READ = "campaign:read"
    CAMPAIGN_OPEN = "campaign:open"
    DECLARATION_READ = "declaration:read"
    DECLARATION_ENTER = "declaration:enter"
    DECLARATION_CHECK = "declaration:check"
    DECLARATION_ATTEST = "declaration:attest"
    FIGURES_READ = "figures:read"
    ACCESS_REVIEW_STATE = "access_review:state"
    ACCESS_REVIEW_READ = "access_review:read"
    ACCESS_REVIEW_SIGN = "access_review:sign"
    PROTECTION_FLAG_READ = "protection_flag:read"
    PROTECTION_FLAG_SET = "protection_flag:set"


# Asking for a look into a dossier of others, following the request, and reading what was granted.
_CONSULTING = {Action.CONSULTATION_REQUEST, Action.CONSULTATION_READ, Action.CONSULTATION_LOOK}

# Reorganisations are a matter of the boards that keep dossiers: in other units these rights reach nothing.
_OFFICER = {
    Action.REORGANISATION_READ,
    Action.REORGANISATION_PREPARE,
    Action.PAPER_READ,
    Action.PAPER_MOVE,
    Action.STOCK_COUNT,
    Action.PACKAGE_READ,
    Action.PACKAGE_TAKE_IN,
    Action.HOLD_READ,
    Action.INSERT_OPEN,
    Action.PROTECTION_FLAG_READ,
    Action.DELEGATION_READ,
    Action.DISPOSAL_READ,
    Action.DISPOSAL_PROPOSE,
    Action.CORRECTION_READ,
    Action.CORRECTION_PROPOSE,
    Action.PAPER_LOSS_READ,
    Action.PAPER_LOSS_DECLARE,
    Action.PAPER_LOSS_SETTLE,
    Action.REQUEST_READ,
    Action.REQUEST_ANSWER,
    Action.ATTESTATION_READ,
    Action.ATTESTATION_ASK,
    Action.LEAVING_READ,
    Action.LEAVING_OPEN,
    Action.LEAVING_HANDLE,
    Action.VERIFICATION_READ,
    Action.VERIFICATION_OPEN,
    Action.VERIFICATION_LEAD,
    Action.CHECK_READ,
    Action.CHECK_SETTLE,
    Action.CAMPAIGN_READ,
    Action.CAMPAIGN_OPEN,
    Action.DECLARATION_READ,
    Action.DECLARATION_ENTER,
    Action.DECLARATION_CHECK,
    Action.FIGURES_READ,
    Action.DOSSIER_READ,
    Action.DOSSIER_CREATE,
    Action.DOSSIER_EDIT,
    Action.RECORD_READ,
    Action.RECORD_READ_SENSITIVE,
    Action.RECORD_EDIT,
    Action.RECORD_SETTLE,
    Action.SCAN_READ,
    Action.SCAN_UPLOAD,
    Action.SCAN_DOWNLOAD,
    Action.STACK_DIVIDE,
    Action.SCAN_IMPORT,
    Action.PAGE_READ,
    Action.PAGE_REVIEW,
    Action.DOCUMENT_READ,
    Action.DOCUMENT_FILE,
    Action.PERSON_READ,
    Action.SEARCH,
    Action.TRANSFER_READ,
    Action.TRANSFER_PREPARE,
    Action.TRANSFER_SEND,
    Action.TRANSFER_RECEIVE,
    Action.MASS_TRANSFER_READ,
    Action.TRANSFER_ASK,
    Action.LATE_PAPER_READ,
    Action.TRANSFER_REQUEST_READ,
    Action.TRANSFER_REQUEST_ANSWER,
    Action.MEMBERSHIP_READ,
    Action.MEMBERSHIP_PREPARE,
    Action.MEMBERSHIP_RECEIVE,
    Action.MEMBERSHIP_ANSWER,
    *_CONSULTING,
    Action.LOAN_HAND_OUT,
    Action.LOCATE_ANSWER,
    Action.UNIT_READ,
    Action.OWN_READ,
    Action.MEMBERSHIP_ASK,
    Action.REQUEST_ASK,
}

# What exists in the closed installation for protection files; of each role only these rights are left there.
IN_CLOSED: frozenset[Action] = frozenset(
    {
        Action.DOSSIER_READ,
        Action.DOSSIER_CREATE,
        Action.DOSSIER_EDIT,
        Action.SCAN_READ,
        Action.SCAN_UPLOAD,
        Action.PAGE_READ,
        Action.PAGE_REVIEW,
        Action.DOCUMENT_READ,
        Action.DOCUMENT_FILE,
        Action.PERSON_READ,
        Action.SEARCH,
        Action.INSERT_OPEN,
        Action.UNIT_READ,
        Action.OWN_READ,
        Action.AUDIT_READ,
        Action.ALARM_READ,
        Action.ACCOUNT_MANAGE,
        Action.ACCESS_REVIEW_STATE,
        Action.ACCESS_REVIEW_READ,
        Action.ACCESS_REVIEW_SIGN,
        Action.SYSTEM_READ,
    }
)
# Of those, what reaches into a file: it takes an opening by two officers.
NEEDS_OPENING: frozenset[Action] = frozenset(
    {
        Action.SCAN_READ,
        Action.SCAN_UPLOAD,
        Action.PAGE_READ,
        Action.PAGE_REVIEW,
        Action.DOCUMENT_READ,
        Action.DOCUMENT_FILE,
    }
)

# What each role may do. Nothing else in the program names a role to decide.
ROLE_ACTIONS: Mapping[Role, frozenset[Action]] = {
    Role.OFFICER: frozenset(_OFFICER),
    Role.HEAD: frozenset(
        {
            Action.REORGANISATION_READ,
            Action.REORGANISATION_APPROVE,
            Action.PAPER_READ,
            Action.PACKAGE_READ,
            Action.HOLD_READ,
            Action.HOLD_ORDER,
            Action.INSERT_OPEN,
            Action.PROTECTION_FLAG_READ,
            Action.PROTECTION_FLAG_SET,
            Action.DELEGATION_READ,
            Action.DELEGATION_GIVE,
            Action.ACCESS_REVIEW_STATE,
            Action.ACCESS_REVIEW_READ,
            Action.ACCESS_REVIEW_SIGN,
            Action.DISPOSAL_READ,
            Action.DISPOSAL_DECIDE,
            Action.CORRECTION_READ,
            Action.CORRECTION_DECIDE,
            Action.ATTESTATION_READ,
            Action.ATTESTATION_GIVE,
            Action.LEAVING_READ,
            Action.LEAVING_CONSENT,
            Action.CAMPAIGN_READ,
            Action.DECLARATION_READ,
            Action.DECLARATION_ATTEST,
            Action.PAPER_LOSS_READ,
            Action.REQUEST_READ,
            Action.REQUEST_DECIDE,
            Action.VERIFICATION_READ,
            Action.CHECK_READ,
            Action.FIGURES_READ,
            Action.RECORD_READ,
            Action.RECORD_SETTLE,
            Action.DOSSIER_READ,
            Action.SCAN_READ,
            Action.PAGE_READ,
            Action.DOCUMENT_READ,
            Action.PERSON_READ,
            Action.SEARCH,
            Action.TRANSFER_READ,
            Action.TRANSFER_APPROVE,
            Action.MASS_TRANSFER_READ,
            Action.TRANSFER_LOSE,
            Action.TRANSFER_REQUEST_READ,
            Action.TRANSFER_SEND,
            Action.TRANSFER_RECEIVE,
            Action.MEMBERSHIP_READ,
            Action.MEMBERSHIP_SIGN,
            Action.MEMBERSHIP_RECEIVE,
            *_CONSULTING,
            Action.CONSULTATION_APPROVE,
            Action.LOAN_HAND_OUT,
            Action.LOCATE_ANSWER,
            Action.UNIT_READ,
            Action.OWN_READ,
            Action.MEMBERSHIP_ASK,
            Action.REQUEST_ASK,
        }
    ),
    Role.INSPECTOR: frozenset(
        {
            Action.AUDIT_READ,
            Action.ALARM_READ,
            Action.FIGURES_READ,
            *_CONSULTING,
            Action.UNIT_READ,
            Action.OWN_READ,
            Action.MEMBERSHIP_ASK,
            Action.REQUEST_ASK,
        }
    ),
    Role.SUBJECT: frozenset({Action.OWN_READ, Action.MEMBERSHIP_ASK, Action.REQUEST_ASK}),
    Role.ADMINISTRATOR: frozenset(
        {
            Action.ACCOUNT_MANAGE,
            Action.ACCESS_REVIEW_STATE,
            Action.SYSTEM_READ,
            Action.ALARM_READ,
            Action.UNIT_READ,
            Action.OWN_READ,
            Action.MEMBERSHIP_ASK,
            Action.REQUEST_ASK,
            Action.REORGANISATION_READ,
            Action.REORGANISATION_PREPARE,
        }
    ),
}
