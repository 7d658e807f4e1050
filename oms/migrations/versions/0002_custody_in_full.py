"""Custody in full: what lies between two custodians and the first tables did not know."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _add_reading() -> None:
    """Handwriting is a judgement of its own; pages are sorted by the error to expect."""
    with op.batch_alter_table("pages") as batch_op:
        batch_op.add_column(sa.Column("expected_error", sa.Double(), nullable=True))
        batch_op.drop_constraint(op.f("ck_pages_quality"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_pages_quality"), "quality IN ('good', 'check', 'poor', 'handwriting', 'blank')"
        )


def _drop_reading() -> None:
    op.execute("UPDATE pages SET quality = 'poor' WHERE quality = 'handwriting'")
    with op.batch_alter_table("pages") as batch_op:
        batch_op.drop_constraint(op.f("ck_pages_quality"), type_="check")
        batch_op.create_check_constraint(op.f("ck_pages_quality"), "quality IN ('good', 'check', 'poor', 'blank')")
        batch_op.drop_column("expected_error")


def _add_consultations() -> None:
    """Requests to look into dossiers, what they open, loans, copies, and questions where a dossier is."""
    op.create_table(
        "consultations",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("screen", "paper", name="consultationkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("asked_by_id", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=True),
        sa.Column("holder_id", sa.String(length=16), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("basis_on", sa.Date(), nullable=True),
        sa.Column("needed", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "approved",
                "refused",
                "withdrawn",
                "ended",
                name="consultationstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("register_number", sa.String(length=40), nullable=True),
        sa.Column("decided_by_id", sa.String(length=16), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.String(length=16), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "state <> 'approved' OR (dossier_id IS NOT NULL AND ends_at IS NOT NULL)",
            name=op.f("ck_consultations_granted_what"),
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id", name=op.f("ck_consultations_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["accounts.id"], name=op.f("fk_consultations_asked_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["accounts.id"],
            name=op.f("fk_consultations_decided_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_consultations_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["accounts.id"], name=op.f("fk_consultations_ended_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["holder_id"], ["units.id"], name=op.f("fk_consultations_holder_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_consultations_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultations")),
        sa.UniqueConstraint("number", name=op.f("uq_consultations_number")),
    )
    with op.batch_alter_table("consultations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consultations_asked_by_id"), ["asked_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultations_decided_by_id"), ["decided_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultations_dossier_id"), ["dossier_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultations_ended_by_id"), ["ended_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultations_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultations_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_consultations_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "locate_requests",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["accounts.id"], name=op.f("fk_locate_requests_asked_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_locate_requests_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locate_requests")),
        sa.UniqueConstraint("number", name=op.f("uq_locate_requests_number")),
    )
    with op.batch_alter_table("locate_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_locate_requests_asked_by_id"), ["asked_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_locate_requests_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "copy_orders",
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("consultation_id", sa.String(length=16), nullable=False),
        sa.Column("asked_by_id", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "approved",
                "refused",
                name="copystate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decided_by_id", sa.String(length=16), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id", name=op.f("ck_copy_orders_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["accounts.id"], name=op.f("fk_copy_orders_asked_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_copy_orders_consultation_id_consultations"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["accounts.id"], name=op.f("fk_copy_orders_decided_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copy_orders")),
    )
    with op.batch_alter_table("copy_orders", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_copy_orders_asked_by_id"), ["asked_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_copy_orders_consultation_id"), ["consultation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_copy_orders_decided_by_id"), ["decided_by_id"], unique=False)

    op.create_table(
        "grants",
        sa.Column("consultation_id", sa.String(length=16), nullable=False),
        sa.Column("document_id", sa.String(length=16), nullable=False),
        sa.Column("page_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_grants_consultation_id_consultations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint("consultation_id", "page_id", name=op.f("uq_grants_consultation_id_page_id")),
    )
    with op.batch_alter_table("grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_grants_page_id"), ["page_id"], unique=False)

    op.create_table(
        "loans",
        sa.Column("consultation_id", sa.String(length=16), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ready",
                "out",
                "returned",
                "cancelled",
                name="loanstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("handed_out_by_id", sa.String(length=16), nullable=True),
        sa.Column("handed_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_by", sa.Text(), nullable=False),
        sa.Column("sheets_out", sa.Integer(), nullable=True),
        sa.Column("returned_to_id", sa.String(length=16), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sheets_back", sa.Integer(), nullable=True),
        sa.Column("damage", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'returned') = (returned_at IS NOT NULL)", name=op.f("ck_loans_given_back")),
        sa.CheckConstraint(
            "(state IN ('out', 'returned')) = (handed_out_at IS NOT NULL)", name=op.f("ck_loans_handed_out")
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultations.id"],
            name=op.f("fk_loans_consultation_id_consultations"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_loans_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["handed_out_by_id"], ["accounts.id"], name=op.f("fk_loans_handed_out_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["returned_to_id"], ["accounts.id"], name=op.f("fk_loans_returned_to_id_accounts"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loans")),
        sa.UniqueConstraint("consultation_id", name=op.f("uq_loans_consultation_id")),
    )
    with op.batch_alter_table("loans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_loans_dossier_id"), ["dossier_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_loans_handed_out_by_id"), ["handed_out_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_loans_returned_to_id"), ["returned_to_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_loans_state"), ["state"], unique=False)
        batch_op.create_index(
            "uq_loans_one_open_per_dossier",
            ["dossier_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('ready', 'out')"),
            postgresql_where=sa.text("state IN ('ready', 'out')"),
        )

    op.create_table(
        "locate_answers",
        sa.Column("question_id", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column(
            "answer",
            sa.Enum(
                "here", "not_here", "contact", name="whereabout", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_locate_answers_answered")),
        sa.ForeignKeyConstraint(
            ["answered_by_id"],
            ["accounts.id"],
            name=op.f("fk_locate_answers_answered_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["locate_requests.id"],
            name=op.f("fk_locate_answers_question_id_locate_requests"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_locate_answers_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locate_answers")),
        sa.UniqueConstraint("question_id", "unit_id", name=op.f("uq_locate_answers_question_id_unit_id")),
    )
    with op.batch_alter_table("locate_answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_locate_answers_answered_by_id"), ["answered_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_locate_answers_unit_id"), ["unit_id"], unique=False)


def _drop_consultations() -> None:
    for table in ("locate_answers", "locate_requests", "copy_orders", "loans", "grants", "consultations"):
        op.drop_table(table)


def upgrade() -> None:
    """Add the tables and columns of custody."""
    _add_reading()
    _add_consultations()


def downgrade() -> None:
    """Take them away again."""
    _drop_consultations()
    _drop_reading()
