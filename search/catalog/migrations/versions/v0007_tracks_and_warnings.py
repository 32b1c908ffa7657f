"""A file may have a clip for each of its sound tracks; what decoding found amiss is kept beside the content.

A clip was known by its root and path, now by root, path and track, which SQLite can change by making the table anew.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_KEPT = "id, root_id, path, content_id, title, metadata, size_bytes, mtime_ns, added, missing, sequence"


def upgrade() -> None:
    """Make the table of findings; give clips their track, and a place for each track of a file."""
    op.create_table(
        "findings",
        sa.Column("content_id", _BIG, nullable=False),
        sa.Column("tracks", sa.Integer, nullable=False),
        sa.Column("warnings", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("content_id", name="pk_findings"),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name="fk_findings_content_id", ondelete="CASCADE"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _make_clips_anew()
    else:
        op.add_column("clips", sa.Column("track", sa.Integer, nullable=False, server_default="0"))
        op.alter_column("clips", "track", server_default=None)
        op.drop_constraint("uq_clips_root_id_path", "clips", type_="unique")
        op.create_unique_constraint("uq_clips_root_id_path_track", "clips", ["root_id", "path", "track"])


def _make_clips_anew() -> None:
    op.create_table(
        "new_clips",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("root_id", _BIG, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("track", sa.Integer, nullable=False),
        sa.Column("content_id", _BIG, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("added", sa.Float(53), nullable=False),
        sa.Column("missing", sa.Boolean, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_clips"),
        sa.ForeignKeyConstraint(["root_id"], ["roots.id"], name="fk_clips_root_id"),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name="fk_clips_content_id"),
        sa.UniqueConstraint("root_id", "path", "track", name="uq_clips_root_id_path_track"),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO new_clips ({_KEPT}, track) SELECT {_KEPT}, 0 FROM clips")  # noqa: S608 - fixed
    # ids of clips that went are never given again: the highest one ever given is kept
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'new_clips'")
    op.execute(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'new_clips', seq FROM sqlite_sequence WHERE name = 'clips'"
    )
    op.drop_table("clips")
    op.rename_table("new_clips", "clips")
    op.create_index("ix_clips_content_id", "clips", ["content_id"])
    op.create_index("ix_clips_missing", "clips", ["missing"])
    op.create_index("ix_clips_sequence", "clips", ["sequence"])
