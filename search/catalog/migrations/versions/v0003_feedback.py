"""What people thought of clips, under names that callers choose.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table of feedback."""
    op.create_table(
        "feedback",
        sa.Column("profile", sa.String(200), nullable=False),
        sa.Column("clip_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("opinion", sa.String(8), nullable=False),
        sa.Column("weight", sa.Float(53), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("profile", "clip_id", name="pk_feedback"),
    )
