"""Whether a library can be opened as it is can be told from its files alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from search import wiring
from search.catalog.migrations import HEAD
from search.library.ready import is_ready
from tests.search.libraries import settings


def made(folder: Path, index: str = "faiss") -> Path:
    """An empty library."""
    with wiring.library(folder / "library", settings(folder), create=True, index=index) as library:
        return library.path


def run(folder: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as catalog, catalog:
        catalog.execute(statement, values)


@pytest.mark.parametrize("index", ["exact", "faiss"])
def test_a_library_of_now_is_ready(tmp_path: Path, index: str) -> None:
    """Also while it is open, and in a folder of any name."""
    folder = made(tmp_path, index)
    assert is_ready(folder)
    with wiring.library(folder, settings(tmp_path)):
        assert is_ready(folder)
    assert is_ready(folder.rename(tmp_path / "50 %? #1"))


def test_a_look_makes_nothing(tmp_path: Path) -> None:
    assert not is_ready(tmp_path / "library")
    assert not is_ready(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", [f"{int(HEAD) - 1:04}", f"{int(HEAD) + 1:04}"])
def test_what_is_to_be_migrated_or_refused_is_not(tmp_path: Path, version: str) -> None:
    folder = made(tmp_path)
    run(folder, "UPDATE alembic_version SET version_num = ?", version)
    assert not is_ready(folder)


def test_what_takes_more_than_a_look_is_not(tmp_path: Path) -> None:
    """An index that another package keeps, a description, a file of something else."""
    folder = made(tmp_path)
    run(folder, "UPDATE choices SET value = 'milvus' WHERE name = 'index'")
    assert not is_ready(folder)
    run(folder, "UPDATE choices SET value = 'faiss' WHERE name = 'index'")
    assert is_ready(folder)
    (folder / "library.toml").touch()
    assert not is_ready(folder)
    (folder / "library.toml").unlink()
    (folder / "catalog.sqlite").write_bytes(b"a text of somebody" * 100)
    assert not is_ready(folder)
    (folder / "catalog.sqlite").unlink()
    run(folder, "CREATE TABLE others (name TEXT)")
    assert not is_ready(folder)
