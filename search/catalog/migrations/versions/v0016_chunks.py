"""The work of a job in chunks, for workers on any machine.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the tables, empty: a job that shares its work fills them."""
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "passes",
        sa.Column("id", big, nullable=False),
        sa.Column("space_id", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("max_duration_s", sa.Float(53)),
        sa.Column("facts", sa.Boolean, nullable=False),
        sa.Column("kept_out", sa.Text, nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passes"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "chunks",
        sa.Column("id", big, nullable=False),
        sa.Column("pass_id", big, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("expires", sa.Float(53), nullable=False),
        sa.Column("done_bytes", sa.BigInteger, nullable=False),
        sa.Column("done_audio_s", sa.Float(53), nullable=False),
        sa.Column("files", sa.Text, nullable=False),
        sa.Column("results", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chunks"),
        sa.ForeignKeyConstraint(["pass_id"], ["passes.id"], name="fk_chunks_pass_id_passes", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_chunks_state", "chunks", ["state"])
    op.create_index("ix_chunks_pass_id", "chunks", ["pass_id"])
