"""The first schema: roots, contents, clips, spaces, encodings, removals, failures, the lease, full text.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make every table."""
    _make_files()
    _make_encodings()
    _make_log()
    if op.get_bind().dialect.name == "sqlite":
        _make_full_text()
    else:
        _make_full_text_of_server()


def _make_files() -> None:
    op.create_table(
        "roots",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roots"),
        sa.UniqueConstraint("path", name="uq_roots_path"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "contents",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("track", sa.Integer, nullable=False),
        sa.Column("duration_s", sa.Float(53), nullable=False),
        sa.Column("sample_rate_hz", sa.Integer, nullable=False),
        sa.Column("channels", sa.Integer, nullable=False),
        sa.Column("container", sa.Text, nullable=False),
        sa.Column("codec", sa.Text, nullable=False),
        sa.Column("silent", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contents"),
        sa.UniqueConstraint("digest", "track", name="uq_contents_digest_track"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "clips",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("root_id", _BIG, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
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
        sa.UniqueConstraint("root_id", "path", name="uq_clips_root_id_path"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_clips_content_id", "clips", ["content_id"])
    op.create_index("ix_clips_missing", "clips", ["missing"])
    op.create_index("ix_clips_sequence", "clips", ["sequence"])
    op.create_table(
        "failures",
        sa.Column("root_id", _BIG, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("root_id", "path", name="pk_failures"),
        sa.ForeignKeyConstraint(["root_id"], ["roots.id"], name="fk_failures_root_id"),
    )


def _make_encodings() -> None:
    op.create_table(
        "spaces",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="pk_spaces"),
        sa.UniqueConstraint("name", name="uq_spaces_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "encodings",
        sa.Column("content_id", _BIG, nullable=False),
        sa.Column("space_id", _BIG, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("first_segment_id", sa.BigInteger, nullable=False),
        sa.Column("n_segments", sa.Integer, nullable=False),
        sa.Column("clip_tag_classes", sa.LargeBinary),
        sa.Column("clip_tag_probabilities", sa.LargeBinary),
        sa.Column("silent", sa.LargeBinary, nullable=False),
        sa.Column("spans", sa.LargeBinary, nullable=False),
        sa.Column("tag_classes", sa.LargeBinary),
        sa.Column("tag_probabilities", sa.LargeBinary),
        sa.Column("vectors", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("content_id", "space_id", name="pk_encodings"),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name="fk_encodings_content_id"),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name="fk_encodings_space_id"),
    )
    op.create_index(
        "ix_encodings_segments",
        "encodings",
        ["space_id", "sequence", "first_segment_id", "n_segments", "content_id"],
        unique=True,
    )


def _make_log() -> None:
    op.create_table(
        "removals",
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("clip_id", sa.BigInteger),
        sa.Column("space_id", sa.BigInteger),
        sa.Column("content_id", sa.BigInteger),
        sa.Column("first_segment_id", sa.BigInteger),
        sa.Column("n_segments", sa.Integer),
        sa.PrimaryKeyConstraint("sequence", name="pk_removals"),
    )
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.bulk_insert(
        counters,
        [{"name": "sequence", "value": 0}, {"name": "segment", "value": 1}, {"name": "pruned", "value": 0}],
    )
    op.create_table(
        "leases",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("taken", sa.Float(53), nullable=False),
        sa.Column("heartbeat", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_leases"),
    )


def _make_full_text() -> None:
    # Whole words and their beginnings, inflections folded; and every run of three characters, for words inside words.
    op.execute(
        "CREATE VIRTUAL TABLE clip_words USING fts5"
        "(title, name, metadata, folder, tokenize = 'porter unicode61 remove_diacritics 2')"
    )
    op.execute("CREATE VIRTUAL TABLE clip_trigrams USING fts5(words, tokenize = 'trigram')")


def _make_full_text_of_server() -> None:
    # The same in PostgreSQL: stems with the field of each, words for pg_trgm, and how many clips have each stem.
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "clip_words",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("said", TSVECTOR, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.execute("CREATE INDEX ix_clip_words_said ON clip_words USING gin (said)")
    op.execute("CREATE INDEX ix_clip_words_words ON clip_words USING gin (words gin_trgm_ops)")
    op.execute('CREATE TABLE clip_terms (term text COLLATE "C" PRIMARY KEY, clips bigint NOT NULL)')
    op.execute("CREATE TABLE clip_totals (clips bigint NOT NULL, words bigint NOT NULL, letters bigint NOT NULL)")
    op.execute("INSERT INTO clip_totals VALUES (0, 0, 0)")
