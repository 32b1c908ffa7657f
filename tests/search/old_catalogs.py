"""Catalogs of older versions: the migrations up to that version, and rows in its tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from search.catalog import migrations

VECTORS = bytes(range(16))
"""The vector of one segment with 8 dimensions, as float16."""
SPACE = {
    "revision": "1",
    "dim": 8,
    "sample_rate_hz": 8000,
    "window_s": 1.0,
    "hop_s": 0.5,
    "can_text": 0,
}


def catalog_at(revision: str, path: Path, spaces: Iterable[tuple[str, str]]) -> Path:
    """A catalog of one clip that has one segment in each of ``spaces`` (name, fingerprint)."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with create_engine(f"sqlite:///{path}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    with sqlite3.connect(path) as connection:
        put(connection, "roots", id=1, path=b"/sounds")
        put(
            connection,
            "contents",
            **{"id": 1, "digest": "d" * 64, "track": 0, "duration_s": 1.0, "sample_rate_hz": 8000, "channels": 1},
            **{"container": "WAV", "codec": "PCM_16", "silent": 0},
        )
        put(
            connection,
            "clips",
            **{"id": 1, "root_id": 1, "path": b"dog.wav", "content_id": 1, "title": "dog", "metadata": "{}"},
            **{"size_bytes": 1, "mtime_ns": 1, "added": 1.0, "missing": 0, "sequence": 1},
            **({"track": 0} if revision >= "0007" else {}),
        )
        for table in ("clip_words", "clip_trigrams"):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            put(connection, table, **{"rowid": 1} | dict.fromkeys(columns, "dog"))
        for place, (name, fingerprint) in enumerate(spaces, start=1):
            state = {"state": "active"} if revision >= "0006" else {}
            put(connection, "spaces", id=place, name=name, fingerprint=fingerprint, **SPACE, **state)
            put(
                connection,
                "encodings",
                **{"content_id": 1, "space_id": place, "sequence": 1 + place, "first_segment_id": place},
                **{"n_segments": 1, "spans": bytes(16), "silent": b"\0", "vectors": VECTORS},
                **dict.fromkeys(
                    ("tag_classes", "tag_probabilities", "clip_tag_classes", "clip_tag_probabilities"), b""
                ),
            )
        connection.execute("UPDATE counters SET value = 9 WHERE name IN ('sequence', 'segment')")
    connection.close()
    return path


def put(connection: sqlite3.Connection, table: str, **values: object) -> None:
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))
