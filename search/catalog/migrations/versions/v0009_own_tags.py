"""The tags that a person set for a clip.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column, empty: what stands among a clip's keywords counts until somebody sets others."""
    op.add_column("clips", sa.Column("own_tags", sa.Text))
