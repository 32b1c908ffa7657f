"""What is said in contents.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the table, empty: words are recognised by ``soundalike speech``, or ``soundalike index --speech``."""
    op.create_table(
        "transcripts",
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False, autoincrement=False
        ),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("recogniser", sa.Text, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("language_probability", sa.Float(53), nullable=False),
        sa.Column("said", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name="fk_transcripts_content_id_contents", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("content_id", name="pk_transcripts"),
    )
    op.create_index("ix_transcripts_sequence", "transcripts", ["sequence"])
