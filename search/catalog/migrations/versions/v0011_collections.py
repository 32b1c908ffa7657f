"""Collections: clips that somebody keeps together under a name.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables, empty."""
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "collections",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collections"),
        sa.UniqueConstraint("name", name="uq_collections_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "collected",
        sa.Column("collection_id", big, nullable=False),
        sa.Column("clip_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("start_s", sa.Float(53)),
        sa.Column("end_s", sa.Float(53)),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("collection_id", "clip_id", name="pk_collected"),
        sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name="fk_collected_collection_id"),
    )
