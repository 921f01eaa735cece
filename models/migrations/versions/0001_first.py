"""First.

Long because it makes every table at once.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "applied_events",
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_applied_events")),
    )
    op.create_table(
        "audit_entries",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_actor_id"), "audit_entries", ["actor_id"], unique=False)
    op.create_index(op.f("ix_audit_entries_subject_id"), "audit_entries", ["subject_id"], unique=False)

    op.create_table(
        "audit_heads",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "data_keys",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("owner_id", "version", name=op.f("pk_data_keys")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("tick", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tick", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fencing", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "provider_health",
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("channel", "name", name=op.f("pk_provider_health")),
    )
    op.create_table(
        "units",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["units.id"], name=op.f("fk_units_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("ref", name=op.f("uq_units_ref")),
    )
    op.create_index(op.f("ix_units_parent_id"), "units", ["parent_id"], unique=False)

    op.create_table(
        "victims",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("date_of_birth_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("sign_in_index", sa.LargeBinary(), nullable=True),
        sa.Column("secret_hash_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("secret_tries", sa.Integer(), nullable=False),
        sa.Column("secret_locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_victims")),
        sa.UniqueConstraint("ref", name=op.f("uq_victims_ref")),
        sa.UniqueConstraint("sign_in_index", name=op.f("uq_victims_sign_in_index")),
    )
    op.create_table(
        "representatives",
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("scope_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_representatives_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representatives")),
    )
    op.create_index(op.f("ix_representatives_victim_id"), "representatives", ["victim_id"], unique=False)

    op.create_table(
        "staff",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_staff_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("ref", name=op.f("uq_staff_ref")),
    )
    op.create_index(
        "ix_staff_email",
        "staff",
        ["id"],
        unique=False,
        sqlite_where=sa.text("email_sealed is not null"),
        postgresql_where=sa.text("email_sealed is not null"),
    )
    op.create_index(
        "ix_staff_left",
        "staff",
        ["id"],
        unique=False,
        sqlite_where=sa.text("active is 0"),
        postgresql_where=sa.text("active is false"),
    )
    op.create_index(op.f("ix_staff_unit_id"), "staff", ["unit_id"], unique=False)

    op.create_table(
        "victim_sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_victim_sessions_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_victim_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_victim_sessions_token_hash")),
    )
    op.create_index(op.f("ix_victim_sessions_victim_id"), "victim_sessions", ["victim_id"], unique=False)

    op.create_table(
        "absences",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ends_at is null or ends_at > starts_at", name=op.f("ck_absences_ends_later")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_absences_recorded_by_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absences_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_ends_at"), "absences", ["ends_at"], unique=False)
    op.create_index(op.f("ix_absences_staff_id"), "absences", ["staff_id"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_api_tokens_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_api_tokens_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "cases",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=False),
        sa.Column("offence_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("close_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["closed_by_id"], ["staff.id"], name=op.f("fk_cases_closed_by_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["staff.id"], name=op.f("fk_cases_officer_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_cases_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("ref", name=op.f("uq_cases_ref")),
    )
    op.create_index(
        "ix_cases_listed",
        "cases",
        ["id", "restricted", "closed_at", "opened_at", "unit_id", "officer_id"],
        unique=False,
        postgresql_where=sa.text("false"),
    )
    op.create_index("ix_cases_of_unit", "cases", ["unit_id", "closed_at", "opened_at", "id"], unique=False)
    op.create_index(op.f("ix_cases_officer_id"), "cases", ["officer_id"], unique=False)

    op.create_table(
        "contact_points",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("representative_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("value_index", sa.LargeBinary(), nullable=False),
        sa.Column("certificate_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["representative_id"], ["representatives.id"], name=op.f("fk_contact_points_representative_id")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_contact_points_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_points")),
        sa.UniqueConstraint("ref", name=op.f("uq_contact_points_ref")),
    )
    op.create_index(op.f("ix_contact_points_value_index"), "contact_points", ["value_index"], unique=False)
    op.create_index(op.f("ix_contact_points_victim_id"), "contact_points", ["victim_id"], unique=False)

    op.create_table(
        "digests",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_digests_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("staff_id", "day", name=op.f("uq_digests_staff_id_day")),
    )
    op.create_index(op.f("ix_digests_next_try_at"), "digests", ["next_try_at"], unique=False)
    op.create_index(
        "uq_digests_one_planned",
        "digests",
        ["staff_id"],
        unique=True,
        sqlite_where=sa.text("next_try_at is not null"),
        postgresql_where=sa.text("next_try_at is not null"),
    )

    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_sessions_token_hash")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)

    op.create_table(
        "case_access",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_access_case_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_case_access_staff_id")),
        sa.PrimaryKeyConstraint("case_id", "staff_id", name=op.f("pk_case_access")),
    )
    op.create_index(op.f("ix_case_access_staff_id"), "case_access", ["staff_id"], unique=False)

    op.create_table(
        "case_units",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_units_case_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["staff.id"], name=op.f("fk_case_units_officer_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_case_units_unit_id")),
        sa.PrimaryKeyConstraint("case_id", "agency", name=op.f("pk_case_units")),
    )
    op.create_index(op.f("ix_case_units_officer_id"), "case_units", ["officer_id"], unique=False)
    op.create_index(op.f("ix_case_units_unit_id"), "case_units", ["unit_id"], unique=False)

    op.create_table(
        "contact_point_changes",
        sa.Column("contact_point_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_contact_point_changes_by_id")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"],
            ["contact_points.id"],
            name=op.f("fk_contact_point_changes_contact_point_id"),
        ),
        sa.ForeignKeyConstraint(
            ["victim_id"], ["victims.id"], name=op.f("fk_contact_point_changes_victim_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point_changes")),
    )
    op.create_index(op.f("ix_contact_point_changes_at"), "contact_point_changes", ["at"], unique=False)
    op.create_index(
        op.f("ix_contact_point_changes_contact_point_id"),
        "contact_point_changes",
        ["contact_point_id"],
        unique=False,
    )

    op.create_table(
        "hand_overs",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("from_agency", sa.String(length=32), nullable=False),
        sa.Column("from_unit_id", sa.Uuid(), nullable=False),
        sa.Column("from_officer_id", sa.Uuid(), nullable=True),
        sa.Column("to_agency", sa.String(length=32), nullable=False),
        sa.Column("to_unit_id", sa.Uuid(), nullable=False),
        sa.Column("to_officer_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_hand_overs_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_hand_overs_case_id")),
        sa.ForeignKeyConstraint(
            ["from_officer_id"], ["staff.id"], name=op.f("fk_hand_overs_from_officer_id")
        ),
        sa.ForeignKeyConstraint(["from_unit_id"], ["units.id"], name=op.f("fk_hand_overs_from_unit_id")),
        sa.ForeignKeyConstraint(["to_officer_id"], ["staff.id"], name=op.f("fk_hand_overs_to_officer_id")),
        sa.ForeignKeyConstraint(["to_unit_id"], ["units.id"], name=op.f("fk_hand_overs_to_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
    )
    op.create_index(op.f("ix_hand_overs_case_id"), "hand_overs", ["case_id"], unique=False)

    op.create_table(
        "idempotent_requests",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_tokens.id"], name=op.f("fk_idempotent_requests_token_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotent_requests")),
        sa.UniqueConstraint("token_id", "key_hash", name=op.f("uq_idempotent_requests_token_id_key_hash")),
    )
    op.create_index(
        op.f("ix_idempotent_requests_created_at"), "idempotent_requests", ["created_at"], unique=False
    )

    op.create_table(
        "inbound",
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("redact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sender_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reading_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_points.id"], name=op.f("fk_inbound_contact_point_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("provider_ref", name=op.f("uq_inbound_provider_ref")),
    )
    op.create_index(op.f("ix_inbound_contact_point_id"), "inbound", ["contact_point_id"], unique=False)
    op.create_index(
        "ix_inbound_kept_only",
        "inbound",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("not applied"),
        postgresql_where=sa.text("not applied"),
    )
    op.create_index(
        "ix_inbound_redact",
        "inbound",
        ["redact_at", "id"],
        unique=False,
        sqlite_where=sa.text("redact_at is not null"),
        postgresql_where=sa.text("redact_at is not null"),
    )

    op.create_table(
        "milestones",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspect_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("suspect_index", sa.LargeBinary(), nullable=True),
        sa.Column("facts_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("learned_at >= happened_at", name=op.f("ck_milestones_learned_after")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_milestones_case_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_milestones_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
        sa.UniqueConstraint("external_id", name=op.f("uq_milestones_external_id")),
    )
    op.create_index(op.f("ix_milestones_case_id"), "milestones", ["case_id"], unique=False)

    op.create_table(
        "participations",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("enhanced", sa.JSON(), nullable=False),
        sa.Column("risk", sa.String(length=32), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("supports", sa.String(length=32), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wants_releases", sa.Boolean(), nullable=True),
        sa.Column("last_reached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_no_change_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_participations_case_id")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_participations_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participations")),
        sa.UniqueConstraint("case_id", "victim_id", name=op.f("uq_participations_case_id_victim_id")),
    )
    op.create_index(
        op.f("ix_participations_next_no_change_at_id"),
        "participations",
        ["next_no_change_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_participations_victim_id"), "participations", ["victim_id"], unique=False)

    op.create_table(
        "milestone_corrections",
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("earlier_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_milestone_corrections_by_id")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_milestone_corrections_milestone_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone_corrections")),
    )
    op.create_index(
        op.f("ix_milestone_corrections_milestone_id"), "milestone_corrections", ["milestone_id"], unique=False
    )

    op.create_table(
        "plans",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_by_id", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("officer_first_nudge", sa.Boolean(), nullable=False),
        sa.Column("never_dates", sa.JSON(), nullable=False),
        sa.Column("code_words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("every_days >= 1", name=op.f("ck_plans_every_days")),
        sa.ForeignKeyConstraint(["agreed_by_id"], ["staff.id"], name=op.f("fk_plans_agreed_by_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_plans_participation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("participation_id", "version", name=op.f("uq_plans_participation_id_version")),
    )
    op.create_index(
        "uq_plans_one_current",
        "plans",
        ["participation_id"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )

    op.create_table(
        "support_changes",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("supports", sa.String(length=32), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_support_changes_by_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_support_changes_participation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_changes")),
    )
    op.create_index(
        op.f("ix_support_changes_participation_id"), "support_changes", ["participation_id"], unique=False
    )

    op.create_table(
        "unconcerned_suspects",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("suspect_index", sa.LargeBinary(), nullable=False),
        sa.Column("suspect_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_unconcerned_suspects_by_id")),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["staff.id"], name=op.f("fk_unconcerned_suspects_ended_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_unconcerned_suspects_participation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unconcerned_suspects")),
    )
    op.create_index(
        "uq_unconcerned_suspects_one",
        "unconcerned_suspects",
        ["participation_id", "suspect_index"],
        unique=True,
        sqlite_where=sa.text("ended_at is null"),
        postgresql_where=sa.text("ended_at is null"),
    )

    op.create_table(
        "victim_windows",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_victim_windows_milestone_id")
        ),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_victim_windows_participation_id")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_victim_windows_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_victim_windows")),
    )
    op.create_index(
        "ix_victim_windows_look",
        "victim_windows",
        ["next_look_at"],
        unique=False,
        sqlite_where=sa.text("next_look_at is not null"),
        postgresql_where=sa.text("next_look_at is not null"),
    )
    op.create_index(op.f("ix_victim_windows_milestone_id"), "victim_windows", ["milestone_id"], unique=False)
    op.create_index(
        op.f("ix_victim_windows_participation_id"), "victim_windows", ["participation_id"], unique=False
    )
    op.create_index(op.f("ix_victim_windows_victim_id"), "victim_windows", ["victim_id"], unique=False)
    op.create_index(
        "uq_victim_windows_one",
        "victim_windows",
        ["participation_id", "milestone_id", "rule"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at is null"),
        postgresql_where=sa.text("withdrawn_at is null"),
    )

    op.create_table(
        "messages",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.String(length=32), nullable=True),
        sa.Column("counts_as_told", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("refusal", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("callback_hash", sa.LargeBinary(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("redact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wording_id", sa.String(), nullable=True),
        sa.Column("wording_version", sa.String(), nullable=True),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state in ('held', 'queued', 'claimed', 'uncertain') or (text_sealed is null and subject_sealed is null)",
            name=op.f("ck_messages_keeps_no_words"),
        ),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_points.id"], name=op.f("fk_messages_contact_point_id")
        ),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_messages_participation_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_messages_plan_id")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_messages_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_claimed_at"), "messages", ["claimed_at"], unique=False)
    op.create_index(op.f("ix_messages_contact_point_id"), "messages", ["contact_point_id"], unique=False)
    op.create_index(
        "ix_messages_looked_up",
        "messages",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("lease_until is not null"),
        postgresql_where=sa.text("lease_until is not null"),
    )
    op.create_index(
        op.f("ix_messages_participation_id_state"), "messages", ["participation_id", "state"], unique=False
    )
    op.create_index(op.f("ix_messages_provider_ref"), "messages", ["provider_ref"], unique=False)
    op.create_index(
        "ix_messages_redact",
        "messages",
        ["redact_at", "id"],
        unique=False,
        sqlite_where=sa.text("redact_at is not null"),
        postgresql_where=sa.text("redact_at is not null"),
    )
    op.create_index(
        op.f("ix_messages_victim_id_handed_over_at"),
        "messages",
        ["victim_id", "handed_over_at"],
        unique=False,
    )
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["not_before", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("state in ('held', 'queued')"),
        postgresql_where=sa.text("state in ('held', 'queued')"),
    )
    op.create_index(
        "ix_messages_waiting_by_channel",
        "messages",
        ["channel", "not_before", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("state in ('held', 'queued')"),
        postgresql_where=sa.text("state in ('held', 'queued')"),
    )
    op.create_index(
        "ix_messages_waiting_urgent",
        "messages",
        ["not_before", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("state in ('held', 'queued') and urgent = 1"),
        postgresql_where=sa.text("state in ('held', 'queued') and urgent"),
    )

    op.create_table(
        "plan_channels",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=False),
        sa.Column("detail", sa.String(length=32), nullable=False),
        sa.Column("sender", sa.String(length=32), nullable=False),
        sa.Column("counts_as_told", sa.Boolean(), nullable=False),
        sa.Column("windows", sa.JSON(), nullable=False),
        sa.Column("cover_text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "not counts_as_told or detail = 'full'", name=op.f("ck_plan_channels_told_only_in_full")
        ),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_points.id"], name=op.f("fk_plan_channels_contact_point_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_channels_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_channels")),
        sa.UniqueConstraint(
            "plan_id", "contact_point_id", name=op.f("uq_plan_channels_plan_id_contact_point_id")
        ),
        sa.UniqueConstraint("plan_id", "position", name=op.f("uq_plan_channels_plan_id_position")),
    )
    op.create_index(
        op.f("ix_plan_channels_contact_point_id"), "plan_channels", ["contact_point_id"], unique=False
    )

    op.create_table(
        "contact_entries",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_contact_entries_by_id")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_points.id"], name=op.f("fk_contact_entries_contact_point_id")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_contact_entries_message_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_contact_entries_participation_id")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_contact_entries_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_entries")),
    )
    op.create_index(
        op.f("ix_contact_entries_participation_id_at"),
        "contact_entries",
        ["participation_id", "at"],
        unique=False,
    )

    op.create_table(
        "private_links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_private_links_message_id")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_private_links_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_private_links_token_hash")),
    )
    op.create_index(op.f("ix_private_links_message_id"), "private_links", ["message_id"], unique=False)
    op.create_index(op.f("ix_private_links_victim_id"), "private_links", ["victim_id"], unique=False)

    op.create_table(
        "receipts",
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("raw_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_receipts_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("digest", name=op.f("uq_receipts_digest")),
    )
    op.create_index(
        "ix_receipts_kept_only",
        "receipts",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("not applied"),
        postgresql_where=sa.text("not applied"),
    )
    op.create_index(op.f("ix_receipts_message_id"), "receipts", ["message_id"], unique=False)
    op.create_index(op.f("ix_receipts_provider_ref"), "receipts", ["provider_ref"], unique=False)

    op.create_table(
        "duties",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=True),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("duty_class", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("enhanced", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("urgent_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("close_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("compose_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("no_safe_moment_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(milestone_id is null) = (rule in ('PLAN-NOCHANGE', 'PLAN-CLOSED'))",
            name=op.f("ck_duties_source"),
        ),
        sa.CheckConstraint("(state = 'open') = (closed_at is null)", name=op.f("ck_duties_closed")),
        sa.CheckConstraint("deadline = coalesce(urgent_by, due_at)", name=op.f("ck_duties_deadline")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["staff.id"], name=op.f("fk_duties_closed_by_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["contact_entries.id"], name=op.f("fk_duties_entry_id")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestones.id"], name=op.f("fk_duties_milestone_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_duties_participation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_duties_unit_id")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_duties_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duties")),
    )
    op.create_index(
        "ix_duties_compose",
        "duties",
        ["compose_at", "created_at", "id"],
        unique=False,
        sqlite_where=sa.text("compose_at is not null"),
        postgresql_where=sa.text("compose_at is not null"),
    )
    op.create_index(op.f("ix_duties_created_at"), "duties", ["created_at"], unique=False)
    op.create_index(op.f("ix_duties_milestone_id"), "duties", ["milestone_id"], unique=False)
    op.create_index(
        "ix_duties_open",
        "duties",
        ["participation_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_duties_open_of_unit",
        "duties",
        ["unit_id", "deadline", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_duties_open_of_victim",
        "duties",
        ["victim_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_duties_participation_id"), "duties", ["participation_id"], unique=False)
    op.create_index(
        "uq_duties_once",
        "duties",
        ["participation_id", "milestone_id", "rule"],
        unique=True,
        sqlite_where=sa.text(
            "state != 'cancelled' and milestone_id is not null and (rule != 'CORRECTION' or state = 'open')"
        ),
        postgresql_where=sa.text(
            "state != 'cancelled' and milestone_id is not null and (rule != 'CORRECTION' or state = 'open')"
        ),
    )
    op.create_index(
        "uq_duties_one_final",
        "duties",
        ["participation_id"],
        unique=True,
        sqlite_where=sa.text("rule = 'PLAN-CLOSED' and state != 'cancelled'"),
        postgresql_where=sa.text("rule = 'PLAN-CLOSED' and state != 'cancelled'"),
    )
    op.create_index(
        "uq_duties_one_no_change",
        "duties",
        ["participation_id"],
        unique=True,
        sqlite_where=sa.text("rule = 'PLAN-NOCHANGE' and state = 'open'"),
        postgresql_where=sa.text("rule = 'PLAN-NOCHANGE' and state = 'open'"),
    )

    op.create_table(
        "alert_looks",
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["duties.id"], name=op.f("fk_alert_looks_duty_id")),
        sa.PrimaryKeyConstraint("duty_id", name=op.f("pk_alert_looks")),
    )
    op.create_index(op.f("ix_alert_looks_at"), "alert_looks", ["at"], unique=False)

    op.create_table(
        "alerts",
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("to_role", sa.String(length=32), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by_id", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.Uuid(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acknowledged_by_id"], ["staff.id"], name=op.f("fk_alerts_acknowledged_by_id")
        ),
        sa.ForeignKeyConstraint(["duty_id"], ["duties.id"], name=op.f("fk_alerts_duty_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_alerts_participation_id")
        ),
        sa.ForeignKeyConstraint(["resolved_by_id"], ["staff.id"], name=op.f("fk_alerts_resolved_by_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_alerts_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("duty_id", "level", name=op.f("uq_alerts_duty_id_level")),
    )
    op.create_index(
        "ix_alerts_live",
        "alerts",
        ["unit_id", "level"],
        unique=False,
        sqlite_where=sa.text("state != 'resolved'"),
        postgresql_where=sa.text("state != 'resolved'"),
    )
    op.create_index(op.f("ix_alerts_participation_id"), "alerts", ["participation_id"], unique=False)

    op.create_table(
        "duty_reviews",
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("next_step", sa.String(length=32), nullable=False),
        sa.Column("next_step_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_duty_reviews_by_id")),
        sa.ForeignKeyConstraint(["duty_id"], ["duties.id"], name=op.f("fk_duty_reviews_duty_id")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_duty_reviews_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_reviews")),
    )
    op.create_index(op.f("ix_duty_reviews_duty_id"), "duty_reviews", ["duty_id"], unique=False)

    op.create_table(
        "message_duties",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["duties.id"], name=op.f("fk_message_duties_duty_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_duties_message_id")),
        sa.PrimaryKeyConstraint("message_id", "duty_id", name=op.f("pk_message_duties")),
    )
    op.create_index(op.f("ix_message_duties_duty_id"), "message_duties", ["duty_id"], unique=False)

    op.create_table(
        "sealed_updates",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wording_id", sa.String(), nullable=False),
        sa.Column("wording_version", sa.String(), nullable=False),
        sa.Column("title_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["duty_id"], ["duties.id"], name=op.f("fk_sealed_updates_duty_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_sealed_updates_participation_id")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_sealed_updates_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_updates")),
        sa.UniqueConstraint("duty_id", name=op.f("uq_sealed_updates_duty_id")),
        sa.UniqueConstraint("victim_id", "number", name=op.f("uq_sealed_updates_victim_id_number")),
    )
    op.create_index(
        op.f("ix_sealed_updates_participation_id"), "sealed_updates", ["participation_id"], unique=False
    )

    op.create_table(
        "tasks",
        sa.Column("participation_id", sa.Uuid(), nullable=False),
        sa.Column("victim_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("duty_id", sa.Uuid(), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by_id", sa.Uuid(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["done_by_id"], ["staff.id"], name=op.f("fk_tasks_done_by_id")),
        sa.ForeignKeyConstraint(["duty_id"], ["duties.id"], name=op.f("fk_tasks_duty_id")),
        sa.ForeignKeyConstraint(
            ["participation_id"], ["participations.id"], name=op.f("fk_tasks_participation_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_tasks_unit_id")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_tasks_victim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_duty_id"), "tasks", ["duty_id"], unique=False)
    op.create_index(
        "ix_tasks_open",
        "tasks",
        ["participation_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_tasks_open_about",
        "tasks",
        ["subject_id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_tasks_open_of_unit",
        "tasks",
        ["unit_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_tasks_one_open",
        "tasks",
        ["participation_id", "kind", "subject_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    op.drop_index(
        "uq_tasks_one_open",
        table_name="tasks",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(
        "ix_tasks_open_of_unit",
        table_name="tasks",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(
        "ix_tasks_open_about",
        table_name="tasks",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(
        "ix_tasks_open",
        table_name="tasks",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(op.f("ix_tasks_duty_id"), table_name="tasks")

    op.drop_table("tasks")
    op.drop_index(op.f("ix_sealed_updates_participation_id"), table_name="sealed_updates")

    op.drop_table("sealed_updates")
    op.drop_index(op.f("ix_message_duties_duty_id"), table_name="message_duties")

    op.drop_table("message_duties")
    op.drop_index(op.f("ix_duty_reviews_duty_id"), table_name="duty_reviews")

    op.drop_table("duty_reviews")
    op.drop_index(op.f("ix_alerts_participation_id"), table_name="alerts")
    op.drop_index(
        "ix_alerts_live",
        table_name="alerts",
        sqlite_where=sa.text("state != 'resolved'"),
        postgresql_where=sa.text("state != 'resolved'"),
    )

    op.drop_table("alerts")
    op.drop_index(op.f("ix_alert_looks_at"), table_name="alert_looks")

    op.drop_table("alert_looks")
    op.drop_index(
        "uq_duties_one_no_change",
        table_name="duties",
        sqlite_where=sa.text("rule = 'PLAN-NOCHANGE' and state = 'open'"),
        postgresql_where=sa.text("rule = 'PLAN-NOCHANGE' and state = 'open'"),
    )
    op.drop_index(
        "uq_duties_one_final",
        table_name="duties",
        sqlite_where=sa.text("rule = 'PLAN-CLOSED' and state != 'cancelled'"),
        postgresql_where=sa.text("rule = 'PLAN-CLOSED' and state != 'cancelled'"),
    )
    op.drop_index(
        "uq_duties_once",
        table_name="duties",
        sqlite_where=sa.text(
            "state != 'cancelled' and milestone_id is not null and (rule != 'CORRECTION' or state = 'open')"
        ),
        postgresql_where=sa.text(
            "state != 'cancelled' and milestone_id is not null and (rule != 'CORRECTION' or state = 'open')"
        ),
    )
    op.drop_index(op.f("ix_duties_participation_id"), table_name="duties")
    op.drop_index(
        "ix_duties_open_of_victim",
        table_name="duties",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(
        "ix_duties_open_of_unit",
        table_name="duties",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(
        "ix_duties_open",
        table_name="duties",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(op.f("ix_duties_milestone_id"), table_name="duties")
    op.drop_index(op.f("ix_duties_created_at"), table_name="duties")
    op.drop_index(
        "ix_duties_compose",
        table_name="duties",
        sqlite_where=sa.text("compose_at is not null"),
        postgresql_where=sa.text("compose_at is not null"),
    )

    op.drop_table("duties")
    op.drop_index(op.f("ix_receipts_provider_ref"), table_name="receipts")
    op.drop_index(op.f("ix_receipts_message_id"), table_name="receipts")
    op.drop_index(
        "ix_receipts_kept_only",
        table_name="receipts",
        sqlite_where=sa.text("not applied"),
        postgresql_where=sa.text("not applied"),
    )

    op.drop_table("receipts")
    op.drop_index(op.f("ix_private_links_victim_id"), table_name="private_links")
    op.drop_index(op.f("ix_private_links_message_id"), table_name="private_links")

    op.drop_table("private_links")
    op.drop_index(op.f("ix_contact_entries_participation_id_at"), table_name="contact_entries")

    op.drop_table("contact_entries")
    op.drop_index(op.f("ix_plan_channels_contact_point_id"), table_name="plan_channels")

    op.drop_table("plan_channels")
    op.drop_index(
        "ix_messages_waiting_urgent",
        table_name="messages",
        sqlite_where=sa.text("state in ('held', 'queued') and urgent = 1"),
        postgresql_where=sa.text("state in ('held', 'queued') and urgent"),
    )
    op.drop_index(
        "ix_messages_waiting_by_channel",
        table_name="messages",
        sqlite_where=sa.text("state in ('held', 'queued')"),
        postgresql_where=sa.text("state in ('held', 'queued')"),
    )
    op.drop_index(
        "ix_messages_waiting",
        table_name="messages",
        sqlite_where=sa.text("state in ('held', 'queued')"),
        postgresql_where=sa.text("state in ('held', 'queued')"),
    )
    op.drop_index(op.f("ix_messages_victim_id_handed_over_at"), table_name="messages")
    op.drop_index(
        "ix_messages_redact",
        table_name="messages",
        sqlite_where=sa.text("redact_at is not null"),
        postgresql_where=sa.text("redact_at is not null"),
    )
    op.drop_index(op.f("ix_messages_provider_ref"), table_name="messages")
    op.drop_index(op.f("ix_messages_participation_id_state"), table_name="messages")
    op.drop_index(
        "ix_messages_looked_up",
        table_name="messages",
        sqlite_where=sa.text("lease_until is not null"),
        postgresql_where=sa.text("lease_until is not null"),
    )
    op.drop_index(op.f("ix_messages_contact_point_id"), table_name="messages")
    op.drop_index(op.f("ix_messages_claimed_at"), table_name="messages")

    op.drop_table("messages")
    op.drop_index(
        "uq_victim_windows_one",
        table_name="victim_windows",
        sqlite_where=sa.text("withdrawn_at is null"),
        postgresql_where=sa.text("withdrawn_at is null"),
    )
    op.drop_index(op.f("ix_victim_windows_victim_id"), table_name="victim_windows")
    op.drop_index(op.f("ix_victim_windows_participation_id"), table_name="victim_windows")
    op.drop_index(op.f("ix_victim_windows_milestone_id"), table_name="victim_windows")
    op.drop_index(
        "ix_victim_windows_look",
        table_name="victim_windows",
        sqlite_where=sa.text("next_look_at is not null"),
        postgresql_where=sa.text("next_look_at is not null"),
    )

    op.drop_table("victim_windows")
    op.drop_index(
        "uq_unconcerned_suspects_one",
        table_name="unconcerned_suspects",
        sqlite_where=sa.text("ended_at is null"),
        postgresql_where=sa.text("ended_at is null"),
    )

    op.drop_table("unconcerned_suspects")
    op.drop_index(op.f("ix_support_changes_participation_id"), table_name="support_changes")

    op.drop_table("support_changes")
    op.drop_index(
        "uq_plans_one_current",
        table_name="plans",
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )

    op.drop_table("plans")
    op.drop_index(op.f("ix_milestone_corrections_milestone_id"), table_name="milestone_corrections")

    op.drop_table("milestone_corrections")
    op.drop_index(op.f("ix_participations_victim_id"), table_name="participations")
    op.drop_index(op.f("ix_participations_next_no_change_at_id"), table_name="participations")

    op.drop_table("participations")
    op.drop_index(op.f("ix_milestones_case_id"), table_name="milestones")

    op.drop_table("milestones")
    op.drop_index(
        "ix_inbound_redact",
        table_name="inbound",
        sqlite_where=sa.text("redact_at is not null"),
        postgresql_where=sa.text("redact_at is not null"),
    )
    op.drop_index(
        "ix_inbound_kept_only",
        table_name="inbound",
        sqlite_where=sa.text("not applied"),
        postgresql_where=sa.text("not applied"),
    )
    op.drop_index(op.f("ix_inbound_contact_point_id"), table_name="inbound")

    op.drop_table("inbound")
    op.drop_index(op.f("ix_idempotent_requests_created_at"), table_name="idempotent_requests")

    op.drop_table("idempotent_requests")
    op.drop_index(op.f("ix_hand_overs_case_id"), table_name="hand_overs")

    op.drop_table("hand_overs")
    op.drop_index(op.f("ix_contact_point_changes_contact_point_id"), table_name="contact_point_changes")
    op.drop_index(op.f("ix_contact_point_changes_at"), table_name="contact_point_changes")

    op.drop_table("contact_point_changes")
    op.drop_index(op.f("ix_case_units_unit_id"), table_name="case_units")
    op.drop_index(op.f("ix_case_units_officer_id"), table_name="case_units")

    op.drop_table("case_units")
    op.drop_index(op.f("ix_case_access_staff_id"), table_name="case_access")

    op.drop_table("case_access")
    op.drop_index(op.f("ix_staff_sessions_staff_id"), table_name="staff_sessions")

    op.drop_table("staff_sessions")
    op.drop_index(
        "uq_digests_one_planned",
        table_name="digests",
        sqlite_where=sa.text("next_try_at is not null"),
        postgresql_where=sa.text("next_try_at is not null"),
    )
    op.drop_index(op.f("ix_digests_next_try_at"), table_name="digests")

    op.drop_table("digests")
    op.drop_index(op.f("ix_contact_points_victim_id"), table_name="contact_points")
    op.drop_index(op.f("ix_contact_points_value_index"), table_name="contact_points")

    op.drop_table("contact_points")
    op.drop_index(op.f("ix_cases_officer_id"), table_name="cases")
    op.drop_index("ix_cases_of_unit", table_name="cases")
    op.drop_index("ix_cases_listed", table_name="cases", postgresql_where=sa.text("false"))

    op.drop_table("cases")
    op.drop_table("api_tokens")
    op.drop_index(op.f("ix_absences_staff_id"), table_name="absences")
    op.drop_index(op.f("ix_absences_ends_at"), table_name="absences")

    op.drop_table("absences")
    op.drop_index(op.f("ix_victim_sessions_victim_id"), table_name="victim_sessions")

    op.drop_table("victim_sessions")
    op.drop_index(op.f("ix_staff_unit_id"), table_name="staff")
    op.drop_index(
        "ix_staff_left",
        table_name="staff",
        sqlite_where=sa.text("active is 0"),
        postgresql_where=sa.text("active is false"),
    )
    op.drop_index(
        "ix_staff_email",
        table_name="staff",
        sqlite_where=sa.text("email_sealed is not null"),
        postgresql_where=sa.text("email_sealed is not null"),
    )

    op.drop_table("staff")
    op.drop_index(op.f("ix_representatives_victim_id"), table_name="representatives")

    op.drop_table("representatives")
    op.drop_table("victims")
    op.drop_index(op.f("ix_units_parent_id"), table_name="units")

    op.drop_table("units")
    op.drop_table("provider_health")
    op.drop_table("leases")
    op.drop_table("heartbeats")
    op.drop_table("data_keys")
    op.drop_table("audit_heads")
    op.drop_index(op.f("ix_audit_entries_subject_id"), table_name="audit_entries")
    op.drop_index(op.f("ix_audit_entries_actor_id"), table_name="audit_entries")

    op.drop_table("audit_entries")
    op.drop_table("applied_events")
