"""What uploads were sent under which key, so that one that is sent again makes no copies.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "uploads",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("files", sa.String(64), nullable=False),
        sa.Column("job_id", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_uploads"),
    )
