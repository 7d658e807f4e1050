"""Requests of people about their own dossiers."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_STATES = (
    "asked",
    "acknowledged",
    "proposed",
    "forwarded",
    "granted",
    "handed_over",
    "refused",
    "withdrawn",
)
_REFERENCES = (
    ("dossier_id", "dossiers"),
    ("asked_by_id", "accounts"),
    ("acknowledged_by_id", "accounts"),
    ("answered_by_id", "accounts"),
    ("correction_id", "corrections"),
    ("decided_by_id", "accounts"),
    ("handed_out_by_id", "accounts"),
)
_CHECKS = {
    "asks_for_a_value_or_a_copy": "(kind = 'correction') = (field IS NOT NULL)",
    "whole_proof": (
        "(proof_sha256 IS NULL) = (proof_name IS NULL) AND (proof_sha256 IS NULL) = (proof_type IS NULL) AND "
        "(proof_sha256 IS NULL) = (proof_size IS NULL) AND (proof_sha256 IS NULL) = (proof_pages IS NULL)"
    ),
    "proof_not_empty": "proof_size IS NULL OR proof_size > 0",
    "acknowledged_by_somebody": "(acknowledged_by_id IS NULL) = (acknowledged_at IS NULL)",
    "answered_by_somebody": "(answered_by_id IS NULL) = (answered_at IS NULL)",
    "decided_by_somebody": "(decided_by_id IS NULL) = (decided_at IS NULL)",
    "two_people": "decided_by_id IS NULL OR decided_by_id NOT IN (asked_by_id, answered_by_id)",
    "leads_to_a_correction": "state <> 'proposed' OR correction_id IS NOT NULL",
    "refused_for_a_reason": "state <> 'refused' OR length(answer) > 0",
    "copy_has_its_number": (
        "state NOT IN ('granted', 'handed_over') OR (copy_number IS NOT NULL AND open_until IS NOT NULL)"
    ),
}


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "subject_requests",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("kind", _one_of(("correction", "copy"), "subjectrequestkind"), nullable=False),
        sa.Column("state", _one_of(_STATES, "subjectrequeststate"), nullable=False),
        sa.Column("asked_by_id", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=True),
        sa.Column("wanted_value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_ids", sa.JSON(), nullable=False),
        sa.Column("proof_sha256", sa.String(length=64), nullable=True),
        sa.Column("proof_name", sa.Text(), nullable=True),
        sa.Column("proof_type", sa.String(length=40), nullable=True),
        sa.Column("proof_size", sa.Integer(), nullable=True),
        sa.Column("proof_pages", sa.Integer(), nullable=True),
        sa.Column("proof_signed", sa.Boolean(), nullable=False),
        sa.Column("acknowledge_due_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("acknowledged_by_id", sa.String(length=16), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("correction_id", sa.String(length=16), nullable=True),
        sa.Column("decided_by_id", sa.String(length=16), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("copy_number", sa.String(length=40), nullable=True),
        sa.Column("open_until", sa.Date(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_on", sa.Date(), nullable=True),
        sa.Column("handed_out_by_id", sa.String(length=16), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_subject_requests_{name}")) for name, rule in _CHECKS.items()),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_subject_requests_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in _REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_requests")),
        sa.UniqueConstraint("number", name=op.f("uq_subject_requests_number")),
    )
    for column in ("dossier_id", "asked_by_id", "state", "proof_sha256"):
        op.create_index(op.f(f"ix_subject_requests_{column}"), "subject_requests", [column])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("subject_requests")
