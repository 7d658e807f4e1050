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


def _add_paper() -> None:
    """Where the paper is, where it was, and the counts of the shelves."""
    with op.batch_alter_table("dossiers") as batch_op:
        batch_op.add_column(sa.Column("paper_unit_id", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("paper_state", sa.String(length=40), nullable=False, server_default="on_shelf"))
        batch_op.create_check_constraint(
            op.f("ck_dossiers_paperstate"), "paper_state IN ('on_shelf', 'in_transit', 'lent', 'unknown')"
        )
        batch_op.create_index(batch_op.f("ix_dossiers_paper_unit_id"), ["paper_unit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_dossiers_paper_state"), ["paper_state"], unique=False)
        batch_op.create_foreign_key(
            op.f("fk_dossiers_paper_unit_id_units"), "units", ["paper_unit_id"], ["id"], ondelete="RESTRICT"
        )
    op.create_table(
        "paper_moves",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("from_unit_id", sa.String(length=16), nullable=False),
        sa.Column("to_unit_id", sa.String(length=16), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "on_shelf",
                "in_transit",
                "lent",
                "unknown",
                name="paperstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("moved_by_id", sa.String(length=16), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_paper_moves_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["from_unit_id"], ["units.id"], name=op.f("fk_paper_moves_from_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["moved_by_id"], ["accounts.id"], name=op.f("fk_paper_moves_moved_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["to_unit_id"], ["units.id"], name=op.f("fk_paper_moves_to_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_moves")),
    )
    with op.batch_alter_table("paper_moves") as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_moves_dossier_id"), ["dossier_id"], unique=False)

    op.create_table(
        "stocktakings",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("room", sa.Text(), nullable=False),
        sa.Column("shelf", sa.Text(), nullable=True),
        sa.Column("box", sa.Text(), nullable=True),
        sa.Column("started_by_id", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_by_id", sa.String(length=16), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expected", sa.JSON(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("box IS NULL OR shelf IS NOT NULL", name=op.f("ck_stocktakings_box_on_shelf")),
        sa.ForeignKeyConstraint(
            ["finished_by_id"],
            ["accounts.id"],
            name=op.f("fk_stocktakings_finished_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["started_by_id"], ["accounts.id"], name=op.f("fk_stocktakings_started_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_stocktakings_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stocktakings")),
        sa.UniqueConstraint("number", name=op.f("uq_stocktakings_number")),
    )
    with op.batch_alter_table("stocktakings") as batch_op:
        batch_op.create_index(batch_op.f("ix_stocktakings_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "counted_papers",
        sa.Column("stocktaking_id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=True),
        sa.Column("counted_by_id", sa.String(length=16), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["counted_by_id"],
            ["accounts.id"],
            name=op.f("fk_counted_papers_counted_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_counted_papers_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["stocktaking_id"],
            ["stocktakings.id"],
            name=op.f("fk_counted_papers_stocktaking_id_stocktakings"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted_papers")),
        sa.UniqueConstraint("stocktaking_id", "code", name=op.f("uq_counted_papers_stocktaking_id_code")),
    )
    with op.batch_alter_table("counted_papers") as batch_op:
        batch_op.create_index(batch_op.f("ix_counted_papers_dossier_id"), ["dossier_id"], unique=False)

    op.create_table(
        "stock_differences",
        sa.Column("stocktaking_id", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "missing",
                "elsewhere",
                "other_unit",
                "unknown",
                name="differencekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("settlement", sa.String(length=20), nullable=True),
        sa.Column("settled_by_id", sa.String(length=16), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settlement IS NULL)", name=op.f("ck_stock_differences_settled_with_way")
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_stock_differences_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"],
            ["accounts.id"],
            name=op.f("fk_stock_differences_settled_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["stocktaking_id"],
            ["stocktakings.id"],
            name=op.f("fk_stock_differences_stocktaking_id_stocktakings"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_differences")),
        sa.UniqueConstraint("stocktaking_id", "code", name=op.f("uq_stock_differences_stocktaking_id_code")),
    )
    with op.batch_alter_table("stock_differences") as batch_op:
        batch_op.create_index(batch_op.f("ix_stock_differences_dossier_id"), ["dossier_id"], unique=False)


def _drop_paper() -> None:
    op.drop_table("stock_differences")
    op.drop_table("counted_papers")
    op.drop_table("stocktakings")
    op.drop_table("paper_moves")
    with op.batch_alter_table("dossiers") as batch_op:
        batch_op.drop_constraint(op.f("fk_dossiers_paper_unit_id_units"), type_="foreignkey")
        batch_op.drop_constraint(op.f("ck_dossiers_paperstate"), type_="check")
        batch_op.drop_index(op.f("ix_dossiers_paper_unit_id"))
        batch_op.drop_index(op.f("ix_dossiers_paper_state"))
        batch_op.drop_column("paper_unit_id")
        batch_op.drop_column("paper_state")


def _add_packages() -> None:
    """Sealed packages: trusted installations, what went out and came in, the sender's log."""
    op.create_table(
        "trusted_installations",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("trusted_by_id", sa.String(length=16), nullable=True),
        sa.Column("trusted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from <= valid_to", name=op.f("ck_trusted_installations_valid_order")
        ),
        sa.ForeignKeyConstraint(
            ["trusted_by_id"],
            ["accounts.id"],
            name=op.f("fk_trusted_installations_trusted_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trusted_installations")),
        sa.UniqueConstraint("public_key", name=op.f("uq_trusted_installations_public_key")),
    )
    op.create_table(
        "packages",
        sa.Column("package_id", sa.String(length=32), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("out", "in", name="packagedirection", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("transfer_id", sa.String(length=16), nullable=True),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("peer_key", sa.String(length=64), nullable=False),
        sa.Column("peer_name", sa.Text(), nullable=False),
        sa.Column("transfer_number", sa.String(length=40), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.JSON(), nullable=True),
        sa.Column("extract_sha256", sa.String(length=64), nullable=True),
        sa.Column("made_by_id", sa.String(length=16), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "accepted",
                "with_reservations",
                name="packageoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("reservations", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(outcome IS NULL) = (answered_at IS NULL)", name=op.f("ck_packages_answered_with_outcome")),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_packages_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["accounts.id"], name=op.f("fk_packages_made_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["transfers.id"], name=op.f("fk_packages_transfer_id_transfers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_packages_unit_id_units"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
        sa.UniqueConstraint("package_id", "direction", name=op.f("uq_packages_package_id_direction")),
    )
    with op.batch_alter_table("packages") as batch_op:
        batch_op.create_index(batch_op.f("ix_packages_dossier_id"), ["dossier_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_packages_transfer_id"), ["transfer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_packages_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "foreign_entries",
        sa.Column("package_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["package_id"], ["packages.id"], name=op.f("fk_foreign_entries_package_id_packages"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_foreign_entries")),
        sa.UniqueConstraint("package_id", "position", name=op.f("uq_foreign_entries_package_id_position")),
    )


def _drop_packages() -> None:
    op.drop_table("foreign_entries")
    op.drop_table("packages")
    op.drop_table("trusted_installations")


def _add_reorganisation() -> None:
    """Reorganisations and every row they changed."""
    op.create_table(
        "reorganisations",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("board_id", sa.String(length=16), nullable=False),
        sa.Column("decision_number", sa.String(length=80), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decision_body", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "executed",
                "undone",
                "cancelled",
                name="reorganisationstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("preview", sa.JSON(), nullable=True),
        sa.Column("preview_sha256", sa.String(length=64), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("prepared_by_id", sa.String(length=16), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_id", sa.String(length=16), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("executed_by_id", sa.String(length=16), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undo_until", sa.Date(), nullable=True),
        sa.Column("undone_by_id", sa.String(length=16), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> prepared_by_id", name=op.f("ck_reorganisations_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["approved_by_id"],
            ["accounts.id"],
            name=op.f("fk_reorganisations_approved_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["board_id"], ["units.id"], name=op.f("fk_reorganisations_board_id_units"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["executed_by_id"],
            ["accounts.id"],
            name=op.f("fk_reorganisations_executed_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["prepared_by_id"],
            ["accounts.id"],
            name=op.f("fk_reorganisations_prepared_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"],
            ["accounts.id"],
            name=op.f("fk_reorganisations_undone_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisations")),
        sa.UniqueConstraint("number", name=op.f("uq_reorganisations_number")),
    )
    with op.batch_alter_table("reorganisations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reorganisations_approved_by_id"), ["approved_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reorganisations_board_id"), ["board_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reorganisations_executed_by_id"), ["executed_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reorganisations_prepared_by_id"), ["prepared_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reorganisations_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_reorganisations_undone_by_id"), ["undone_by_id"], unique=False)

    op.create_table(
        "reorganisation_changes",
        sa.Column("reorganisation_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("row_id", sa.String(length=16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["reorganisation_id"],
            ["reorganisations.id"],
            name=op.f("fk_reorganisation_changes_reorganisation_id_reorganisations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorganisation_changes")),
    )
    with op.batch_alter_table("reorganisation_changes", schema=None) as batch_op:
        batch_op.create_index("ix_reorganisation_changes_position", ["reorganisation_id", "position"], unique=True)


def _drop_reorganisation() -> None:
    for table in (
        "reorganisation_changes",
        "reorganisations",
    ):
        op.drop_table(table)


def _add_safeguards() -> None:
    """Holds, delegations, sealed inserts and disposals."""
    op.create_table(
        "delegations",
        sa.Column("head_id", sa.String(length=16), nullable=False),
        sa.Column("delegate_id", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("head_id <> delegate_id", name=op.f("ck_delegations_two_people")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_delegations_valid_order")),
        sa.ForeignKeyConstraint(
            ["delegate_id"], ["accounts.id"], name=op.f("fk_delegations_delegate_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["head_id"], ["accounts.id"], name=op.f("fk_delegations_head_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_delegations_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    with op.batch_alter_table("delegations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegations_delegate_id"), ["delegate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegations_head_id"), ["head_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegations_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "disposals",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("rule_id", sa.String(length=60), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "approved",
                "executed",
                "refused",
                name="disposalstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("council", sa.JSON(), nullable=False),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column("minutes_on", sa.Date(), nullable=False),
        sa.Column("legal_reason", sa.Text(), nullable=False),
        sa.Column("proposed_by_id", sa.String(length=16), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.String(length=16), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("executed_by_id", sa.String(length=16), nullable=True),
        sa.Column("executed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate", sa.String(length=40), nullable=True),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'executed') = (executed_at IS NOT NULL)", name=op.f("ck_disposals_executed_when")),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> proposed_by_id", name=op.f("ck_disposals_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["accounts.id"], name=op.f("fk_disposals_decided_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["executed_by_id"], ["accounts.id"], name=op.f("fk_disposals_executed_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by_id"], ["accounts.id"], name=op.f("fk_disposals_proposed_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_disposals_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposals")),
        sa.UniqueConstraint("certificate", name=op.f("uq_disposals_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_disposals_number")),
    )
    with op.batch_alter_table("disposals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposals_decided_by_id"), ["decided_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposals_executed_by_id"), ["executed_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposals_proposed_by_id"), ["proposed_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposals_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_disposals_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "holds",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=True),
        sa.Column("dossier_id", sa.String(length=16), nullable=True),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("ordered_by_id", sa.String(length=16), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lift_asked_by_id", sa.String(length=16), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.Column("lifted_by_id", sa.String(length=16), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(lifted_by_id IS NULL) = (lifted_at IS NULL)", name=op.f("ck_holds_lifted_when")),
        sa.CheckConstraint("(person_id IS NULL) <> (dossier_id IS NULL)", name=op.f("ck_holds_one_subject")),
        sa.CheckConstraint(
            "lifted_by_id IS NULL OR lifted_by_id <> lift_asked_by_id", name=op.f("ck_holds_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_holds_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["lift_asked_by_id"], ["accounts.id"], name=op.f("fk_holds_lift_asked_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["accounts.id"], name=op.f("fk_holds_lifted_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["ordered_by_id"], ["accounts.id"], name=op.f("fk_holds_ordered_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_holds_person_id_people"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_holds_unit_id_units"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
        sa.UniqueConstraint("number", name=op.f("uq_holds_number")),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holds_dossier_id"), ["dossier_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_lift_asked_by_id"), ["lift_asked_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_lifted_by_id"), ["lifted_by_id"], unique=False)
        batch_op.create_index("ix_holds_open", ["lifted_at"], unique=False, sqlite_where=sa.text("lifted_at IS NULL"))
        batch_op.create_index(batch_op.f("ix_holds_ordered_by_id"), ["ordered_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_holds_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "insert_openings",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("opened_by_id", sa.String(length=16), nullable=False),
        sa.Column("second_id", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("opened_by_id <> second_id", name=op.f("ck_insert_openings_two_people")),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_insert_openings_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"],
            ["accounts.id"],
            name=op.f("fk_insert_openings_opened_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["second_id"], ["accounts.id"], name=op.f("fk_insert_openings_second_id_accounts"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insert_openings")),
    )
    with op.batch_alter_table("insert_openings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_insert_openings_dossier_id"), ["dossier_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_insert_openings_opened_by_id"), ["opened_by_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_insert_openings_second_id"), ["second_id"], unique=False)

    op.create_table(
        "disposal_items",
        sa.Column("disposal_id", sa.String(length=16), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("scan_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["disposal_id"], ["disposals.id"], name=op.f("fk_disposal_items_disposal_id_disposals"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.id"], name=op.f("fk_disposal_items_dossier_id_dossiers"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_items")),
        sa.UniqueConstraint("disposal_id", "scan_id", name=op.f("uq_disposal_items_disposal_id_scan_id")),
    )
    with op.batch_alter_table("disposal_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_disposal_items_dossier_id"), ["dossier_id"], unique=False)

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("dossiers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("held", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("scans", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()))


def _drop_safeguards() -> None:
    for table, column in (("scans", "sealed"), ("dossiers", "held"), ("documents", "sealed")):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column(column)
    for table in ("disposal_items", "insert_openings", "holds", "disposals", "delegations"):
        op.drop_table(table)


def _add_papers() -> None:
    """Numbers of printed papers, by body, kind and year."""
    kinds = (
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
    op.create_table(
        "paper_issues",
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*kinds, name="paperkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("number >= 1 AND times >= 0", name=op.f("ck_paper_issues_counted")),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_paper_issues_unit_id_units"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_issues")),
        sa.UniqueConstraint("kind", "subject", "unit_id", name=op.f("uq_paper_issues_kind_subject_unit_id")),
        sa.UniqueConstraint("unit_id", "kind", "year", "number", name=op.f("uq_paper_issues_unit_id_kind_year_number")),
    )
    with op.batch_alter_table("paper_issues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_paper_issues_unit_id"), ["unit_id"], unique=False)


def _drop_papers() -> None:
    op.drop_table("paper_issues")


_STATES = ("draft", "submitted", "approved", "in_transit", "accepted", "accepted_with_reservations", "rejected")
_KINDS = ("province_committee", "upper_committee", "board", "grassroots_committee", "grassroots_cell", "sub_committee")


def _allow(table: str, column: str, name: str, values: tuple[str, ...]) -> None:
    """Say anew which values a column takes."""
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), f"{column} IN ({listed})")


def _add_transfers() -> None:
    """Proof, requests, the check on arrival, losses, and bodies outside the system."""
    for table, column, name in _TRANSFER_STATES:
        _allow(table, column, name, (*_STATES, "cancelled", "lost"))
    _allow("units", "kind", "unitkind", (*_KINDS, "cell", "party_group", "outside_body"))
    with op.batch_alter_table("transfers") as batch_op:
        batch_op.add_column(sa.Column("basis_number", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("basis_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("proof_id", sa.String(length=16), nullable=True))
        batch_op.create_index(batch_op.f("ix_transfers_proof_id"), ["proof_id"], unique=False)
        batch_op.create_foreign_key(
            op.f("fk_transfers_proof_id_documents"), "documents", ["proof_id"], ["id"], ondelete="RESTRICT"
        )
    op.create_table(
        "transfer_checks",
        sa.Column("transfer_id", sa.String(length=16), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "present",
                "missing",
                "damaged",
                "different",
                "extra",
                name="checkoutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("checked_by_id", sa.String(length=16), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("settled_by_id", sa.String(length=16), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "settled_at IS NULL OR outcome <> 'present'", name=op.f("ck_transfer_checks_only_discrepancies_settled")
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by_id IS NULL)", name=op.f("ck_transfer_checks_settled_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["checked_by_id"],
            ["accounts.id"],
            name=op.f("fk_transfer_checks_checked_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"],
            ["accounts.id"],
            name=op.f("fk_transfer_checks_settled_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id"],
            ["transfers.id"],
            name=op.f("fk_transfer_checks_transfer_id_transfers"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_checks")),
        sa.UniqueConstraint("transfer_id", "position", name=op.f("uq_transfer_checks_transfer_id_position")),
    )
    op.create_index(op.f("ix_transfer_checks_checked_by_id"), "transfer_checks", ["checked_by_id"])
    op.create_table(
        "transfer_requests",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=True),
        sa.Column("keeper_id", sa.String(length=16), nullable=True),
        sa.Column("basis_number", sa.String(length=80), nullable=False),
        sa.Column("basis_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "answered",
                "refused",
                "withdrawn",
                name="requeststate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("transfer_id", sa.String(length=16), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(dossier_id IS NULL) <> (keeper_id IS NULL)", name=op.f("ck_transfer_requests_asks_one_body")
        ),
        sa.CheckConstraint(
            "state <> 'answered' OR transfer_id IS NOT NULL", name=op.f("ck_transfer_requests_answered_by_transfer")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_transfer_requests_{column}_{table}"),
                ondelete="RESTRICT",
            )
            for column, table in _REQUEST_REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_requests")),
        sa.UniqueConstraint("number", name=op.f("uq_transfer_requests_number")),
    )
    for column in ("asked_by_id", "unit_id", "dossier_id", "keeper_id", "state", "transfer_id"):
        op.create_index(op.f(f"ix_transfer_requests_{column}"), "transfer_requests", [column])


_TRANSFER_STATES = (
    ("transfers", "state", "transferstate"),
    ("transfer_events", '"end"', "transferstate"),
    ("transfer_events", "start", "start"),
)
_REQUEST_REFERENCES = (
    ("asked_by_id", "accounts"),
    ("answered_by_id", "accounts"),
    ("unit_id", "units"),
    ("keeper_id", "units"),
    ("dossier_id", "dossiers"),
    ("transfer_id", "transfers"),
)


def _drop_transfers() -> None:
    op.drop_table("transfer_requests")
    op.drop_table("transfer_checks")
    # What the first tables had no word for is told as what comes nearest.
    op.execute("UPDATE transfers SET state = 'cancelled' WHERE state = 'lost'")
    op.execute("UPDATE transfer_events SET \"end\" = 'cancelled' WHERE \"end\" = 'lost'")
    op.execute("UPDATE units SET kind = 'board' WHERE kind = 'outside_body'")
    with op.batch_alter_table("transfers") as batch_op:
        batch_op.drop_constraint(op.f("fk_transfers_proof_id_documents"), type_="foreignkey")
        batch_op.drop_index(op.f("ix_transfers_proof_id"))
        batch_op.drop_column("proof_id")
        batch_op.drop_column("basis_on")
        batch_op.drop_column("basis_number")
    _allow("units", "kind", "unitkind", (*_KINDS, "cell", "party_group"))
    for table, column, name in _TRANSFER_STATES:
        _allow(table, column, name, (*_STATES, "cancelled"))


def upgrade() -> None:
    """Add the tables and columns of custody."""
    _add_reading()
    _add_consultations()
    _add_paper()
    _add_packages()
    _add_reorganisation()
    _add_safeguards()
    _add_papers()
    _add_transfers()


def downgrade() -> None:
    """Take them away again."""
    _drop_transfers()
    _drop_papers()
    _drop_safeguards()
    _drop_reorganisation()
    _drop_packages()
    _drop_paper()
    _drop_consultations()
    _drop_reading()
