"""Saved searches, their sounds, and the matches that came since.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the tables, empty."""
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "searches",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("least", sa.Float(53), nullable=False),
        sa.Column("created", sa.Float(53), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("last_clip", sa.BigInteger, nullable=False),
        sa.Column("last_content", sa.BigInteger, nullable=False),
        sa.Column("trouble", sa.Text, nullable=False),
        sa.Column("webhook", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("may_be_private", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_searches"),
        sa.UniqueConstraint("name", name="uq_searches_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "search_sounds",
        sa.Column("search_id", big, nullable=False),
        sa.Column("place", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("sound", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("search_id", "place", name="pk_search_sounds"),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_search_sounds_search_id_searches"),
    )
    op.create_table(
        "matches",
        sa.Column("id", big, nullable=False),
        sa.Column("search_id", big, nullable=False),
        sa.Column("clip_id", sa.BigInteger, nullable=False),
        sa.Column("start_s", sa.Float(53), nullable=False),
        sa.Column("end_s", sa.Float(53), nullable=False),
        sa.Column("score", sa.Float(53), nullable=False),
        sa.Column("probability", sa.Float(53)),
        sa.Column("seen", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_matches"),
        sa.ForeignKeyConstraint(["search_id"], ["searches.id"], name="fk_matches_search_id_searches"),
        sa.UniqueConstraint("search_id", "clip_id", name="uq_matches_search_id_clip_id"),
        sqlite_autoincrement=True,
    )
