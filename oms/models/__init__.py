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
from oms.models.dossiers import Category, Document, Dossier, DossierStatus, Original, PaperState
from oms.models.mass_transfers import MassTransfer, MassTransferItem, MassTransferState
from oms.models.membership import MembershipKind, MembershipState, MembershipTransfer
from oms.models.organisation import Unit, UnitKind, UnitName, UnitSuccession
from oms.models.packages import ForeignEntry, Package, PackageDirection, PackageOutcome, TrustedInstallation
from oms.models.paper import CountedPaper, DifferenceKind, PaperMove, StockDifference, Stocktaking
from oms.models.paper_issues import PaperIssue, PaperKind
from oms.models.people import Gender, Person, PersonAlias, Precision
from oms.models.records import AuditEntry, AuditWords, Counter, Fact, Job, JobState
from oms.models.reorganisation import Reorganisation, ReorganisationChange, ReorganisationState
from oms.models.safeguards import Delegation, Disposal, DisposalItem, DisposalState, Hold, InsertOpening
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
    "CountedPaper",
    "Counter",
    "Delegation",
    "DifferenceKind",
    "Disposal",
    "DisposalItem",
    "DisposalState",
    "Document",
    "Dossier",
    "DossierStatus",
    "Fact",
    "ForeignEntry",
    "Gender",
    "Grant",
    "Hold",
    "InsertOpening",
    "Job",
    "JobState",
    "Loan",
    "LoanState",
    "LocateAnswer",
    "LocateRequest",
    "MassTransfer",
    "MassTransferItem",
    "MassTransferState",
    "MembershipKind",
    "MembershipState",
    "MembershipTransfer",
    "Original",
    "Package",
    "PackageDirection",
    "PackageOutcome",
    "Page",
    "PageCorrection",
    "PageState",
    "PaperIssue",
    "PaperKind",
    "PaperMove",
    "PaperState",
    "Person",
    "PersonAlias",
    "Precision",
    "Purge",
    "Quality",
    "RecentSearch",
    "RecoveryCode",
    "Reorganisation",
    "ReorganisationChange",
    "ReorganisationState",
    "Role",
    "SavedSearch",
    "Scan",
    "ScanState",
    "SecondFactor",
    "SecrecyClearance",
    "SignIn",
    "StockDifference",
    "Stocktaking",
    "Transfer",
    "TransferEvent",
    "TransferState",
    "TrustedInstallation",
    "Unit",
    "UnitKind",
    "UnitName",
    "UnitSuccession",
    "Whereabout",
    "new_id",
    "now",
]
