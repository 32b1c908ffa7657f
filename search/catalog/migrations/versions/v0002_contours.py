"""The contours of tunes, beside the windows of them that the melody space has as its encodings.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table of contours."""
    op.create_table(
        "contours",
        sa.Column("content_id", _BIG, nullable=False),
        sa.Column("space_id", _BIG, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("n_windows", sa.Integer, nullable=False),
        sa.Column("window_s", sa.LargeBinary, nullable=False),
        sa.Column("cents", sa.LargeBinary, nullable=False),
        sa.Column("knots", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("content_id", "space_id", "number", name="pk_contours"),
        sa.ForeignKeyConstraint(
            ["content_id", "space_id"],
            ["encodings.content_id", "encodings.space_id"],
            name="fk_contours_content_id_space_id",
            ondelete="CASCADE",
        ),
    )
