"""What scans remember: what a root leaves out, its disks, when files changed, what somebody took out.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the columns and the table; the next scan of each root fills them in."""
    op.add_column("roots", sa.Column("excludes", sa.Text, nullable=False, server_default="[]"))
    op.add_column("roots", sa.Column("mounts", sa.Text, nullable=False, server_default="[]"))
    op.add_column("clips", sa.Column("changed_ns", sa.BigInteger))
    op.create_table(
        "taken_out",
        sa.Column("root_id", _BIG, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.ForeignKeyConstraint(["root_id"], ["roots.id"], name="fk_taken_out_root_id_roots"),
        sa.PrimaryKeyConstraint("root_id", "path", name="pk_taken_out"),
    )
