"""The state of a space is a column, and no longer part of its name; the library's choices have a table.

A space whose successor was being made used to be called ``name@fingerprint``; now both have the name, and one of them
is active. So names are unique among active spaces only, which SQLite can change by making the table anew.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEPT = (
    "id, name, revision, fingerprint, dim, sample_rate_hz, window_s, hop_s, vocabulary, calibration_slope, "
    "calibration_offset, can_text, beneath"
)
_NAME_LENGTH = "length(name) - length(substr(fingerprint, 1, 12)) - 1"
_IS_RETIRED = "name LIKE '%@' || substr(fingerprint, 1, 12)"


def upgrade() -> None:
    """Make the table of spaces anew, move states out of names, add the table of choices."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA defer_foreign_keys = ON")  # encodings point to spaces, which are away for a moment
    else:
        op.drop_constraint("fk_encodings_space_id", "encodings", type_="foreignkey")
    op.execute("CREATE TEMPORARY TABLE old_spaces AS SELECT * FROM spaces")
    op.drop_table("spaces")
    op.create_table(
        "spaces",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("dim", sa.Integer, nullable=False),
        sa.Column("sample_rate_hz", sa.Integer, nullable=False),
        sa.Column("window_s", sa.Float(53), nullable=False),
        sa.Column("hop_s", sa.Float(53), nullable=False),
        sa.Column("vocabulary", sa.Text),
        sa.Column("calibration_slope", sa.Float(53)),
        sa.Column("calibration_offset", sa.Float(53)),
        sa.Column("can_text", sa.Boolean, nullable=False),
        sa.Column("beneath", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_spaces"),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO spaces ({_KEPT}, state) SELECT {_KEPT}, 'active' FROM old_spaces")  # noqa: S608 - fixed
    op.execute("DROP TABLE old_spaces")
    op.execute(f"UPDATE spaces SET state = 'retired', name = substr(name, 1, {_NAME_LENGTH}) WHERE {_IS_RETIRED}")  # noqa: S608 - fixed
    if op.get_bind().dialect.name != "sqlite":
        op.create_foreign_key("fk_encodings_space_id", "encodings", "spaces", ["space_id"], ["id"])
    active = sa.text("state = 'active'")
    op.create_index(
        "uq_spaces_active_name", "spaces", ["name"], unique=True, sqlite_where=active, postgresql_where=active
    )
    op.create_table(
        "choices",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_choices"),
    )
