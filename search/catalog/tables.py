"""The catalog's tables, as the newest migration leaves them (a test compares the two).

Paths are bytes (``os.fsencode``), since a file name need not be text. Ids of clips, contents and segments are
never given twice, so whoever remembers one finds the same thing or nothing. There is no row per segment: an
encoding keeps all of its segments in blobs, little-endian and C-ordered, and its ids are the ``n_segments``
numbers from ``first_segment_id`` on.

Every change has a sequence number. What is there carries the one at which it came or changed last; what went is
kept in ``removals`` until no snapshot is old enough to need it. Together they are the tail that readers replay.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers its rows only under the name INTEGER

ROOTS: Final = Table(
    "roots",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("excludes", Text, nullable=False, server_default="[]"),
    Column("mounts", Text, nullable=False, server_default="[]"),
    sqlite_autoincrement=True,
)
"""``excludes`` and ``mounts`` are lists in JSON: patterns of what is left out; folders where disks are mounted."""

CONTENTS: Final = Table(
    "contents",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("track", Integer, nullable=False),
    Column("duration_s", Float(53), nullable=False),
    Column("sample_rate_hz", Integer, nullable=False),
    Column("channels", Integer, nullable=False),
    Column("container", Text, nullable=False),
    Column("codec", Text, nullable=False),
    Column("silent", Boolean, nullable=False),
    UniqueConstraint("digest", "track"),
    sqlite_autoincrement=True,
)

CLIPS: Final = Table(
    "clips",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("root_id", _BIG, ForeignKey("roots.id"), nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("track", Integer, nullable=False),
    Column("content_id", _BIG, ForeignKey("contents.id"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("added", Float(53), nullable=False),
    Column("missing", Boolean, nullable=False, index=True),
    Column("sequence", BigInteger, nullable=False, index=True),
    Column("changed_ns", BigInteger),
    Column("own_tags", Text),
    Column("remark", Text),
    UniqueConstraint("root_id", "path", "track"),
    sqlite_autoincrement=True,
)
"""``own_tags`` is a list in JSON; null until somebody sets some: till then the keywords among the metadata count.
``remark`` is what a person wrote of the clip, null where nobody did."""

FINDINGS: Final = Table(
    "findings",
    METADATA,
    Column("content_id", _BIG, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("tracks", Integer, nullable=False),
    Column("warnings", Text, nullable=False),
)
"""What was found when a content was decoded: how many sound tracks its file has; what was amiss (a JSON list).

A content that was decoded before this was asked has none."""

FACTS: Final = Table(
    "facts",
    METADATA,
    Column("content_id", _BIG, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("numbers", LargeBinary, nullable=False),
)
"""What was measured of a content, as float32 in an order that ``version`` stands for (`search.analysis.facts`).

A content that nobody measured has none."""

TRANSCRIPTS: Final = Table(
    "transcripts",
    METADATA,
    Column("content_id", _BIG, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False, index=True),
    Column("recogniser", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("language_probability", Float(53), nullable=False),
    Column("said", LargeBinary, nullable=False),
)
"""What is said in a content, and when (``said``: `search.catalog.transcripts`), as ``recogniser`` heard it.

A content that nobody listened to for words has none; one in which nobody speaks has one without words."""

SPACES: Final = Table(
    "spaces",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("revision", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("sample_rate_hz", Integer, nullable=False),
    Column("window_s", Float(53), nullable=False),
    Column("hop_s", Float(53), nullable=False),
    Column("vocabulary", Text),
    Column("calibration_slope", Float(53)),
    Column("calibration_offset", Float(53)),
    Column("can_text", Boolean, nullable=False),
    Column("beneath", Text, key="adapts"),
    # in PostgreSQL too, by the migration: said here it would load that dialect for everybody
    Index("uq_spaces_active_name", "name", unique=True, sqlite_where=text("state = 'active'")),
    sqlite_autoincrement=True,
)

CHOICES: Final = Table(
    "choices",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""What was chosen when the library was made: ``index`` is its kind of index."""

ENCODINGS: Final = Table(
    "encodings",
    METADATA,
    Column("content_id", _BIG, ForeignKey("contents.id"), primary_key=True),
    Column("space_id", _BIG, ForeignKey("spaces.id"), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("first_segment_id", BigInteger, nullable=False),
    Column("n_segments", Integer, nullable=False),
    # Small columns stand before the large ones: SQLite reads a row from its front and stops when it has enough.
    Column("clip_tag_classes", LargeBinary),
    Column("clip_tag_probabilities", LargeBinary),
    Column("silent", LargeBinary, nullable=False),
    Column("spans", LargeBinary, nullable=False),
    Column("tag_classes", LargeBinary),
    Column("tag_probabilities", LargeBinary),
    Column("vectors", LargeBinary, nullable=False),
    # Answers "which segments came since" by itself, without touching the rows and their blobs. Segment ids and
    # sequence numbers are given in step, so it is in the order of both.
    Index("ix_encodings_segments", "space_id", "sequence", "first_segment_id", "n_segments", "content_id", unique=True),
)

CONTOURS: Final = Table(
    "contours",
    METADATA,
    Column("content_id", _BIG, primary_key=True),
    Column("space_id", _BIG, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("n_windows", Integer, nullable=False),
    Column("window_s", LargeBinary, nullable=False),
    Column("cents", LargeBinary, nullable=False),
    Column("knots", LargeBinary, nullable=False),
    # a contour is a part of its encoding and goes with it, however that goes
    ForeignKeyConstraint(
        ["content_id", "space_id"], ["encodings.content_id", "encodings.space_id"], ondelete="CASCADE"
    ),
)
"""The tunes of a content, in the order in which their windows are the segments of its encoding in the melody space."""

REMOVALS: Final = Table(
    "removals",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("clip_id", BigInteger),
    Column("space_id", BigInteger),
    Column("content_id", BigInteger),
    Column("first_segment_id", BigInteger),
    Column("n_segments", Integer),
)
"""What went: a clip, or the segments of a content in a space."""

FAILURES: Final = Table(
    "failures",
    METADATA,
    Column("root_id", _BIG, ForeignKey("roots.id"), primary_key=True),
    Column("path", LargeBinary, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("at", Float(53), nullable=False),
)

TAKEN_OUT: Final = Table(
    "taken_out",
    METADATA,
    Column("root_id", _BIG, ForeignKey("roots.id"), primary_key=True),
    Column("path", LargeBinary, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("at", Float(53), nullable=False),
)
"""Files that somebody took out of the library while they were there: a scan leaves them out until they are asked for
again.
"""

FEEDBACK: Final = Table(
    "feedback",
    METADATA,
    Column("profile", String(200), primary_key=True),
    # no foreign key: what someone heard stays heard when the clip goes, and a restored clip comes back with its id
    Column("clip_id", BigInteger, primary_key=True, autoincrement=False),
    Column("opinion", String(8), nullable=False),
    Column("weight", Float(53), nullable=False),
    Column("at", Float(53), nullable=False),
)
"""What people thought of clips, one opinion each: ``like``, ``dislike`` or ``seen``."""

COLLECTIONS: Final = Table(
    "collections",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("created", Float(53), nullable=False),
    sqlite_autoincrement=True,
)

COLLECTED: Final = Table(
    "collected",
    METADATA,
    Column("collection_id", _BIG, ForeignKey("collections.id"), primary_key=True),
    # no foreign key, as for opinions
    Column("clip_id", BigInteger, primary_key=True, autoincrement=False),
    Column("start_s", Float(53)),
    Column("end_s", Float(53)),
    Column("at", Float(53), nullable=False),
)
"""The clips of collections, each with the passage that is meant, or without one."""

MERGES: Final = Table(
    "merges",
    METADATA,
    Column("id", _BIG, primary_key=True),
    # no foreign key: the clip that was kept may go, and the merge can be undone all the same
    Column("keep", BigInteger, nullable=False),
    Column("clips", Text, nullable=False),
    Column("at", Float(53), nullable=False),
    sqlite_autoincrement=True,
)
"""The merges that can be undone; ``clips`` is a JSON list of the ids of the clips that left."""

MERGED: Final = Table(
    "merged",
    METADATA,
    Column("merge_id", _BIG, ForeignKey("merges.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("held", LargeBinary, nullable=False),
)
"""What undoes a merge: rows as they were before it (`search.catalog.journal`), each with the ``kind`` of its thing."""

SEARCHES: Final = Table(
    "searches",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("question", Text, nullable=False),
    Column("least", Float(53), nullable=False),
    Column("created", Float(53), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("last_clip", BigInteger, nullable=False),
    Column("last_content", BigInteger, nullable=False),
    Column("trouble", Text, nullable=False),
    Column("webhook", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("may_be_private", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
"""Saved searches; ``sequence``, ``last_clip`` and ``last_content`` say how far the library was looked at."""

SEARCH_SOUNDS: Final = Table(
    "search_sounds",
    METADATA,
    Column("search_id", _BIG, ForeignKey("searches.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("sound", LargeBinary, nullable=False),
)
"""The files that saved searches ask with."""

MATCHES: Final = Table(
    "matches",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("search_id", _BIG, ForeignKey("searches.id"), nullable=False),
    Column("clip_id", BigInteger, nullable=False),
    Column("start_s", Float(53), nullable=False),
    Column("end_s", Float(53), nullable=False),
    Column("score", Float(53), nullable=False),
    Column("probability", Float(53)),
    Column("seen", Boolean, nullable=False),
    UniqueConstraint("search_id", "clip_id"),
    sqlite_autoincrement=True,
)
"""What saved searches found since they were saved."""

COUNTERS: Final = Table(
    "counters",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""``sequence``: the last one given. ``segment``: the next id to give. ``pruned``: removals up to here are gone.
``returned``: up to here segments came back under their ids, so that these do not ascend with sequence numbers.
"""

LEASES: Final = Table(
    "leases",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("token", String(32), nullable=False),
    Column("holder", Text, nullable=False),
    Column("machine", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("taken", Float(53), nullable=False),
    Column("heartbeat", Float(53), nullable=False),
)

JOBS: Final = Table(
    "jobs",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("wish", String(16), key="request"),
    Column("files", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("failures", Text, nullable=False),
    Column("reason", Text),
    Column("created", Float(53), nullable=False),
    Column("started", Float(53)),
    Column("finished", Float(53)),
    Column("attempts", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("machine", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("heartbeat", Float(53), nullable=False),
    sqlite_autoincrement=True,
)
"""The long work of a service (`search.model`). The last three name who runs a job, and when it last reported."""

UPLOADS: Final = Table(
    "uploads",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("files", String(64), nullable=False),
    Column("job_id", BigInteger, nullable=False),
    Column("created", Float(53), nullable=False),
)
"""The job that files joined which were sent under a client's key; of key and files the digests, for a day."""

KEYS: Final = Table(
    "keys",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("created", Float(53), nullable=False),
    Column("revoked", Float(53)),
    sqlite_autoincrement=True,
)
"""Who may use a service; of a key only its digest is kept."""

PASSES: Final = Table(
    "passes",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("space_id", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("max_duration_s", Float(53)),
    Column("facts", Boolean, nullable=False),
    Column("kept_out", Text, nullable=False),
    Column("created", Float(53), nullable=False),
    sqlite_autoincrement=True,
)
"""The pass of a job whose work is shared (`search.model.WorkPass`); the newest is the one that counts."""

CHUNKS: Final = Table(
    "chunks",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("pass_id", _BIG, ForeignKey("passes.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", String(16), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("token", String(32), nullable=False),
    Column("holder", Text, nullable=False),
    Column("machine", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("expires", Float(53), nullable=False),
    Column("done_bytes", BigInteger, nullable=False),
    Column("done_audio_s", Float(53), nullable=False),
    Column("files", Text, nullable=False),
    Column("results", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Files that one worker does at a time (`search.catalog.chunks`): ``open``, ``claimed`` or ``done``.

``files`` and ``results`` are lists in JSON. ``token`` to ``expires`` are those of the claim."""

SHIPMENTS: Final = Table(
    "shipments",
    METADATA,
    Column("id", _BIG, primary_key=True),
    Column("place", Text, nullable=False, index=True),
    Column("sequence", BigInteger, nullable=False),
    Column("digest", String(32), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("made", Float(53), nullable=False),
    sqlite_autoincrement=True,
)
"""Snapshots in the library's store (`search.model.Shipment`); of a place the newest counts."""
