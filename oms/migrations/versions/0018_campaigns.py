"""Campaigns of yearly supplements, and what people declare in them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_STATES = ("not_started", "draft", "sent", "returned", "checked", "attested")


def _id(name: str, *, null: bool = False) -> "sa.Column[Any]":
    return sa.Column(name, sa.String(length=16), nullable=null)


def _moment(name: str, *, null: bool = True) -> "sa.Column[Any]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _refers(table: str, column: str, other: str, ondelete: str = "RESTRICT") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    """Add the four tables."""
    _add_campaigns()
    _add_declarations()


def _add_campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        _id("unit_id"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        _id("opened_by_id"),
        _moment("opened_at", null=False),
        _id("closed_by_id", null=True),
        _moment("closed_at"),
        sa.Column("version", sa.Integer(), nullable=False),
        _id("id"),
        _check("campaigns", "days_in_order", "starts_on <= ends_on"),
        _check("campaigns", "closed_by_somebody", "(closed_at IS NULL) = (closed_by_id IS NULL)"),
        _check("campaigns", "named", "length(name) > 0"),
        _refers("campaigns", "unit_id", "units"),
        _refers("campaigns", "opened_by_id", "accounts"),
        _refers("campaigns", "closed_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("number", name=op.f("uq_campaigns_number")),
    )
    op.create_index(op.f("ix_campaigns_unit_id"), "campaigns", ["unit_id"])
    op.create_table(
        "campaign_units",
        _id("campaign_id"),
        _id("unit_id"),
        _id("id"),
        _refers("campaign_units", "campaign_id", "campaigns"),
        _refers("campaign_units", "unit_id", "units"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_units")),
    )
    for column in ("campaign_id", "unit_id"):
        op.create_index(op.f(f"ix_campaign_units_{column}"), "campaign_units", [column])


def _add_declarations() -> None:
    accounts = ("written_by_id", "checked_by_id", "attested_by_id")
    op.create_table(
        "declarations",
        _id("campaign_id"),
        _id("dossier_id"),
        sa.Column("state", _one_of(_STATES, "declarationstate"), nullable=False),
        sa.Column("on_paper", sa.Boolean(), nullable=False),
        _id("written_by_id", null=True),
        _moment("written_at"),
        _moment("sent_at"),
        _id("checked_by_id", null=True),
        _moment("checked_at"),
        _id("attested_by_id", null=True),
        _moment("attested_at"),
        sa.Column("reason", sa.Text(), nullable=False),
        _id("document_id", null=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _id("id"),
        _check("declarations", "two_people", "attested_by_id IS NULL OR attested_by_id <> checked_by_id"),
        _check("declarations", "sent_when_handed_in", "state IN ('not_started', 'draft') OR sent_at IS NOT NULL"),
        _check("declarations", "attested_at_the_end", "(state = 'attested') = (attested_at IS NOT NULL)"),
        _refers("declarations", "campaign_id", "campaigns"),
        _refers("declarations", "dossier_id", "dossiers"),
        *(_refers("declarations", column, "accounts") for column in accounts),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declarations")),
        sa.UniqueConstraint("campaign_id", "dossier_id", name=op.f("uq_declarations_campaign_id_dossier_id")),
    )
    for column in ("dossier_id", "document_id"):
        op.create_index(op.f(f"ix_declarations_{column}"), "declarations", [column])
    op.create_index("ix_declarations_campaign_id_state", "declarations", ["campaign_id", "state"])
    op.create_table(
        "declared_entries",
        _id("declaration_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("old_text", sa.Text(), nullable=False),
        sa.Column("new_text", sa.Text(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("since", sa.String(length=40), nullable=False),
        sa.Column("verdict", _one_of(("pending", "approved", "refused"), "verdict"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _id("judged_by_id", null=True),
        _moment("judged_at"),
        _id("id"),
        _check("declared_entries", "refused_for_a_reason", "verdict <> 'refused' OR length(reason) > 0"),
        _check("declared_entries", "judged_by_somebody", "(verdict = 'pending') = (judged_by_id IS NULL)"),
        _refers("declared_entries", "declaration_id", "declarations", "CASCADE"),
        _refers("declared_entries", "judged_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_entries")),
        sa.UniqueConstraint("declaration_id", "place", name=op.f("uq_declared_entries_declaration_id_place")),
    )


def downgrade() -> None:
    """Take them away."""
    for table in ("declared_entries", "declarations", "campaign_units", "campaigns"):
        op.drop_table(table)
