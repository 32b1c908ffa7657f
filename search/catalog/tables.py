"""The catalog's tables, as the newest migration leaves them (a test compares the two).

Paths are bytes (``os.fsencode``), since a file name need not be text. Ids of clips, contents and segments are never
reused, so a remembered id refers to the same thing or to nothing. There is no row per segment: an encoding keeps all of
its segments in blobs, little-endian and C-ordered, and its ids are the ``n_segments`` numbers from ``first_segment_id``
on.

Every change has a sequence number. A row carries the number of its last change; what was removed is kept in
``removals`` until no snapshot is old enough to need it. Together they form the tail that readers replay.
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
"""``excludes`` and ``mounts`` are JSON lists: patterns of files to leave out; folders where disks are mounted."""

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
"""``own_tags`` is a JSON list. It is null until a user sets tags; until then the keywords in the metadata count.
``remark`` is a user's note on the clip, or null."""

FINDINGS: Final = Table(
    "findings",
    METADATA,
    Column("content_id", _BIG, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("tracks", Integer, nullable=False),
    Column("warnings", Text, nullable=False),
)
"""What decoding found: how many sound tracks the file has, and warnings (a JSON list).

Contents decoded by early versions have none."""

FACTS: Final = Table(
    "facts",
    METADATA,
    Column("content_id", _BIG, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("numbers", LargeBinary, nullable=False),
)
"""The facts measured of a content: float32 values in the order of ``version`` (`search.analysis.facts`).

Contents that were not measured have none."""

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
"""The transcript of a content by ``recogniser``: words and times (``said``: `search.catalog.transcripts`).

Contents that were not transcribed have none; a content without speech has a transcript without words."""

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
    # the migration makes it in PostgreSQL, too; declaring that here would load that dialect for everybody
    Index("uq_spaces_active_name", "name", unique=True, sqlite_where=text("state = 'active'")),
    sqlite_autoincrement=True,
)

CHOICES: Final = Table(
    "choices",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Choices made when the library was made, such as ``index``, its kind of index."""

ENCODINGS: Final = Table(
    "encodings",
    METADATA,
    Column("content_id", _BIG, ForeignKey("contents.id"), primary_key=True),
    Column("space_id", _BIG, ForeignKey("spaces.id"), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("first_segment_id", BigInteger, nullable=False),
    Column("n_segments", Integer, nullable=False),
    # Small columns come before the large ones: SQLite reads a row from its start and stops when it has enough.
    Column("clip_tag_classes", LargeBinary),
    Column("clip_tag_probabilities", LargeBinary),
    Column("silent", LargeBinary, nullable=False),
    Column("spans", LargeBinary, nullable=False),
    Column("tag_classes", LargeBinary),
    Column("tag_probabilities", LargeBinary),
    Column("vectors", LargeBinary, nullable=False),
    # Answers "which segments were added since" without reading the rows and their blobs. Segment ids and sequence
    # numbers ascend together, so the index is in the order of both.
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
    # a contour is part of its encoding and is always deleted with it
    ForeignKeyConstraint(
        ["content_id", "space_id"], ["encodings.content_id", "encodings.space_id"], ondelete="CASCADE"
    ),
)
"""The tunes of a content. Their windows, in order, are the segments of its encoding in the melody space."""

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
"""Removals: of a clip, or of the segments of a content in a space."""

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
"""Files that a user took out of the library although they exist: scans skip them until a user adds them again."""

FEEDBACK: Final = Table(
    "feedback",
    METADATA,
    Column("profile", String(200), primary_key=True),
    # no foreign key: opinions outlive a removed clip, since a restored clip comes back with its id
    Column("clip_id", BigInteger, primary_key=True, autoincrement=False),
    Column("opinion", String(8), nullable=False),
    Column("weight", Float(53), nullable=False),
    Column("at", Float(53), nullable=False),
)
"""Opinions of clips, one per profile and clip: ``like``, ``dislike`` or ``seen``."""

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
"""The clips of collections, each with an optional passage."""

MERGES: Final = Table(
    "merges",
    METADATA,
    Column("id", _BIG, primary_key=True),
    # no foreign key: the merge can be undone even if the kept clip is removed
    Column("keep", BigInteger, nullable=False),
    Column("clips", Text, nullable=False),
    Column("at", Float(53), nullable=False),
    sqlite_autoincrement=True,
)
"""The merges that can be undone; ``clips`` is a JSON list of the ids of the clips taken out."""

MERGED: Final = Table(
    "merged",
    METADATA,
    Column("merge_id", _BIG, ForeignKey("merges.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("held", LargeBinary, nullable=False),
)
"""The undo data of merges: rows as they were before (`search.catalog.journal`), each with its ``kind``."""

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
"""Saved searches; ``sequence``, ``last_clip`` and ``last_content`` mark how far each has searched the library."""

SEARCH_SOUNDS: Final = Table(
    "search_sounds",
    METADATA,
    Column("search_id", _BIG, ForeignKey("searches.id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("sound", LargeBinary, nullable=False),
)
"""The sound files that are part of saved searches."""

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
"""The matches that saved searches found since they were saved."""

COUNTERS: Final = Table(
    "counters",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""``sequence``: the last one given. ``segment``: the next id to give. ``pruned``: removals up to this sequence are
pruned. ``returned``: up to this sequence, undone merges restored segments under their old ids, so ids may not ascend
with sequence numbers.
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
"""The jobs of a service (`search.model`). The last three columns say who runs a job, and when it last reported."""

UPLOADS: Final = Table(
    "uploads",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("files", String(64), nullable=False),
    Column("job_id", BigInteger, nullable=False),
    Column("created", Float(53), nullable=False),
)
"""For each upload with a client's idempotency key, the job it went to. Key and files are digests, kept for a day."""

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
"""API keys of a service; only the digest of a key is stored."""

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
"""The pass of a job whose work is shared (`search.model.WorkPass`); only the newest counts."""

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

``files`` and ``results`` are JSON lists. ``token`` to ``expires`` belong to the claim."""

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
"""Snapshots in the library's store (`search.model.Shipment`); the newest of a place counts."""
