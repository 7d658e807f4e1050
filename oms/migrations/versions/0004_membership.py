"""Transfers of Party membership with the boxes of their letter; where the membership of a person is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_PAPERS = (
    "transfer-slip",
    "handover-slip",
    "handover-minutes",
    "contents-list",
    "control-sheet",
    "consultation-slip",
    "consultation-log",
    "envelope",
    "dossier-label",
    "disposal-minutes",
    "dossier-register",
    "handover-register",
    "consultation-register",
)
_NEW_PAPERS = ("transfer-letter", "membership-register")


def _allow_papers(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def upgrade() -> None:
    """Add the tables, the place of the membership, and the two new papers."""
    op.create_table(
        "membership_transfers",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "official",
                "temporary",
                "internal",
                name="membershipkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "introducing",
                "under_way",
                "lost",
                "away",
                "taken_up",
                "ended",
                "cancelled",
                name="membershipstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("from_unit_id", sa.String(length=16), nullable=False),
        sa.Column("to_unit_id", sa.String(length=16), nullable=False),
        sa.Column("waiting_unit_id", sa.String(length=16), nullable=True),
        sa.Column("basis_number", sa.String(length=80), nullable=False),
        sa.Column("basis_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("for_study", sa.Boolean(), nullable=False),
        sa.Column("card_number", sa.String(length=20), nullable=True),
        sa.Column("fees_until", sa.Date(), nullable=True),
        sa.Column("letter", sa.JSON(), nullable=True),
        sa.Column("letter_sha256", sa.String(length=64), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("prepared_by_id", sa.String(length=16), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by_id", sa.String(length=16), nullable=True),
        sa.Column("taken_up_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("transfer_id", sa.String(length=16), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "kind <> 'temporary' OR ends_on IS NOT NULL", name=op.f("ck_membership_transfers_temporary_ends")
        ),
        sa.CheckConstraint("from_unit_id <> to_unit_id", name=op.f("ck_membership_transfers_two_units")),
        sa.CheckConstraint(
            "issued_on IS NULL OR letter IS NOT NULL", name=op.f("ck_membership_transfers_issued_with_letter")
        ),
        sa.CheckConstraint(
            "received_by_id IS NULL OR received_by_id <> prepared_by_id",
            name=op.f("ck_membership_transfers_two_people"),
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"],
            ["dossiers.id"],
            name=op.f("fk_membership_transfers_dossier_id_dossiers"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["from_unit_id"], ["units.id"], name=op.f("fk_membership_transfers_from_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_membership_transfers_person_id_people"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["prepared_by_id"],
            ["accounts.id"],
            name=op.f("fk_membership_transfers_prepared_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["received_by_id"],
            ["accounts.id"],
            name=op.f("fk_membership_transfers_received_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["to_unit_id"], ["units.id"], name=op.f("fk_membership_transfers_to_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["transfers.id"],
            name=op.f("fk_membership_transfers_transfer_id_transfers"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_membership_transfers_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["waiting_unit_id"],
            ["units.id"],
            name=op.f("fk_membership_transfers_waiting_unit_id_units"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_transfers")),
        sa.UniqueConstraint("number", name=op.f("uq_membership_transfers_number")),
    )
    with op.batch_alter_table("membership_transfers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_transfers_dossier_id"), ["dossier_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_transfers_from_unit_id"), ["from_unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_transfers_prepared_by_id"), ["prepared_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_transfers_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_transfers_to_unit_id"), ["to_unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_transfers_transfer_id"), ["transfer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_transfers_unit_id"), ["unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_transfers_waiting_unit_id"), ["waiting_unit_id"], unique=False)
        batch_op.create_index(
            "uq_membership_transfers_one_open_per_person",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('draft', 'introducing', 'under_way', 'lost', 'away')"),
            postgresql_where=sa.text("state IN ('draft', 'introducing', 'under_way', 'lost', 'away')"),
        )

    op.create_table(
        "membership_boxes",
        sa.Column("transfer_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("receiving", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("signed_by_id", sa.String(length=16), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(signed_on IS NULL) = (signer IS NULL)", name=op.f("ck_membership_boxes_signed_by_name_and_date")
        ),
        sa.CheckConstraint("position BETWEEN 1 AND 10", name=op.f("ck_membership_boxes_ten_boxes")),
        sa.ForeignKeyConstraint(
            ["signed_by_id"],
            ["accounts.id"],
            name=op.f("fk_membership_boxes_signed_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["membership_transfers.id"],
            name=op.f("fk_membership_boxes_transfer_id_membership_transfers"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_membership_boxes_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_boxes")),
        sa.UniqueConstraint("transfer_id", "position", name=op.f("uq_membership_boxes_transfer_id_position")),
    )
    with op.batch_alter_table("membership_boxes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_boxes_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "membership_events",
        sa.Column("transfer_id", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column(
            "start",
            sa.Enum(
                "draft",
                "introducing",
                "under_way",
                "lost",
                "away",
                "taken_up",
                "ended",
                "cancelled",
                name="start",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "end",
            sa.Enum(
                "draft",
                "introducing",
                "under_way",
                "lost",
                "away",
                "taken_up",
                "ended",
                "cancelled",
                name="membershipstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("taken_by_id", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["taken_by_id"],
            ["accounts.id"],
            name=op.f("fk_membership_events_taken_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["membership_transfers.id"],
            name=op.f("fk_membership_events_transfer_id_membership_transfers"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_events")),
    )
    with op.batch_alter_table("membership_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_membership_events_taken_by_id"), ["taken_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_events_transfer_id"), ["transfer_id"], unique=False)

    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("party_unit_id", sa.String(length=16), nullable=True))
        batch_op.create_index(batch_op.f("ix_people_party_unit_id"), ["party_unit_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_people_party_unit_id_units"), "units", ["party_unit_id"], ["id"], ondelete="RESTRICT"
        )

    _allow_papers((*_PAPERS, *_NEW_PAPERS))


def downgrade() -> None:
    """Take them away again; what was printed of the two papers is no longer known."""
    op.execute("DELETE FROM paper_issues WHERE kind IN ('transfer-letter', 'membership-register')")
    _allow_papers(_PAPERS)
    with op.batch_alter_table("people") as batch_op:
        batch_op.drop_constraint(op.f("fk_people_party_unit_id_units"), type_="foreignkey")
        batch_op.drop_index(op.f("ix_people_party_unit_id"))
        batch_op.drop_column("party_unit_id")
    for table in ("membership_events", "membership_boxes", "membership_transfers"):
        op.drop_table(table)
