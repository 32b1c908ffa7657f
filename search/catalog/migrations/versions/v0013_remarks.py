"""Remarks: what a person wrote of a clip.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the column, empty."""
    op.add_column("clips", sa.Column("remark", sa.Text))
