"""Which encoder lies beneath that of a space: what was fitted for it holds for what adapts it.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; the next job of the space's encoder fills it in."""
    op.add_column("spaces", sa.Column("beneath", sa.Text))
