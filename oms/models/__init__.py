"""The tables of OMS, one file per aggregate: columns and constraints, no rules."""

from oms.models.accounts import Account, Assignment, Attempt, RecoveryCode, Role, SecondFactor, SignIn
from oms.models.base import Base, new_id, now
from oms.models.consultations import (
    OPEN_LOANS,
    Consultation,
    ConsultationKind,
    ConsultationState,
    CopyOrder,
    CopyState,
    Grant,
    Loan,
    LoanState,
    LocateAnswer,
    LocateRequest,
    Whereabout,
)
from oms.models.custody import OPEN_STATES, Transfer, TransferEvent, TransferState
from oms.models.dossiers import Category, Document, Dossier, DossierStatus, Original
from oms.models.organisation import Unit, UnitKind, UnitName, UnitSuccession
from oms.models.people import Gender, Person, PersonAlias, Precision
from oms.models.records import AuditEntry, AuditWords, Counter, Fact, Job, JobState
from oms.models.scans import Page, PageCorrection, PageState, Purge, Quality, Scan, ScanState, SecrecyClearance
from oms.models.searches import RecentSearch, SavedSearch

__all__ = [
    "OPEN_LOANS",
    "OPEN_STATES",
    "Account",
    "Assignment",
    "Attempt",
    "AuditEntry",
    "AuditWords",
    "Base",
    "Category",
    "Consultation",
    "ConsultationKind",
    "ConsultationState",
    "CopyOrder",
    "CopyState",
    "Counter",
    "Document",
    "Dossier",
    "DossierStatus",
    "Fact",
    "Gender",
    "Grant",
    "Job",
    "JobState",
    "Loan",
    "LoanState",
    "LocateAnswer",
    "LocateRequest",
    "Original",
    "Page",
    "PageCorrection",
    "PageState",
    "Person",
    "PersonAlias",
    "Precision",
    "Purge",
    "Quality",
    "RecentSearch",
    "RecoveryCode",
    "Role",
    "SavedSearch",
    "Scan",
    "ScanState",
    "SecondFactor",
    "SecrecyClearance",
    "SignIn",
    "Transfer",
    "TransferEvent",
    "TransferState",
    "Unit",
    "UnitKind",
    "UnitName",
    "UnitSuccession",
    "Whereabout",
    "new_id",
    "now",
]
