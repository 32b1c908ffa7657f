"""What was measured of contents.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the table, empty: a content is measured when it is indexed, or by ``soundalike facts --measure``."""
    op.create_table(
        "facts",
        sa.Column("content_id", _BIG, nullable=False, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("numbers", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name="fk_facts_content_id_contents", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("content_id", name="pk_facts"),
    )
