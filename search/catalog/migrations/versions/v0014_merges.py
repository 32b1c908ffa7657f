"""Merges that can be undone.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the tables, empty, and the counter that says up to where segments may have come back."""
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "merges",
        sa.Column("id", big, nullable=False),
        sa.Column("keep", sa.BigInteger, nullable=False),
        sa.Column("clips", sa.Text, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "merged",
        sa.Column("merge_id", big, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("held", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("merge_id", "number", name="pk_merged"),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name="fk_merged_merge_id_merges", ondelete="CASCADE"),
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('returned', 0)")
