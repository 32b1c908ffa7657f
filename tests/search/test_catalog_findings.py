"""Findings of decoding, stored with a content; and a library of the version before, which had none."""

from __future__ import annotations

import sqlite3

from search.catalog.store import Catalog
from tests.search.old_catalogs import catalog_at

SPACES = [("cnn:x", "a" * 64)]


def test_a_library_of_the_version_before_keeps_its_clips_and_never_gives_an_id_twice(tmp_path):
    """Clips move into the new table as they are; the highest id that was ever given stays known."""
    path = catalog_at("0006", tmp_path / "catalog.sqlite", SPACES)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE sqlite_sequence SET seq = 41 WHERE name = 'clips'")
    connection.close()
    with Catalog.open(path) as catalog:
        assert catalog.verify() == []
        assert [(clip.path, clip.title) for clip in catalog.clips([1])] == [("dog.wav", "dog")]
        assert (catalog.clips([1])[0].tracks, catalog.warnings()) == (0, [])
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'clips'").fetchall() == [(41,)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_a_library_of_the_version_before_is_read_where_nobody_may_write(tmp_path):
    """Clips and files are read without the columns and tables that came since."""
    path = catalog_at("0006", tmp_path / "catalog.sqlite", SPACES)
    with Catalog.open(path, create=False, read_only=True) as catalog:
        assert catalog.clips([1])[0].path == "dog.wav"
        assert catalog.file(1).facts.path == "dog.wav"
        assert catalog.find("d" * 64)[0][0].track == 0
        assert (catalog.clips([1])[0].tracks, catalog.warnings()) == (0, [])
