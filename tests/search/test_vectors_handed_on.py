"""A publication checks the layers that it links; damaged ones are not reused but written again."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest

from search.errors import SnapshotError
from search.model import IndexChange
from search.vectors import bitmaps, building, files, native, verifying
from search.vectors.exact import ExactIndex
from search.vectors.snapshot import SnapshotIndex, verify
from tests.amounts import few
from tests.search.vector_helpers import DIM, clumped, copied, recall

FIRST, MORE = 3_000, 300
SECOND_LISTS, SECOND_ROWS = files.named(files.COMPRESSED, 1), files.named(files.SIDECAR, 1)


class Library:
    """An index over a log of changes, which each publication may read from the beginning."""

    def __init__(self, directory: Path, compress_from: int = 100) -> None:
        self.directory = directory
        self.compress_from = compress_from
        self.oracle = ExactIndex(DIM)
        self.log: list[IndexChange] = []
        self.publisher = self.opened(searches=False)

    def opened(self, *, searches: bool = True) -> SnapshotIndex:
        return SnapshotIndex.open(
            self.directory, DIM, device="cpu", compress_from=self.compress_from, searches=searches
        )

    @classmethod
    def copied(cls, other: Library, directory: Path) -> Library:
        """One whose job opens a copy of the ``other`` one's snapshots, and goes on."""
        library = cls(copied(other.directory, directory))
        for change in other.log:
            library.log.append(change)
            library.oracle.add(change.segment_ids, change.vectors)
        return library

    def come(self, count: int) -> None:
        ids, vectors = len(self.oracle) + 1 + np.arange(count), clumped(count, len(self.log))
        self.oracle.add(ids, vectors)
        self.log.append(IndexChange(len(self.log) + 1, ids, vectors))
        self.publisher.publish(self.since, len(self.log))

    def since(self, sequence: int) -> list[IndexChange]:
        return [change for change in self.log if change.sequence > sequence]

    def check(self) -> None:
        """A reader opens the newest snapshot and finds the same in it as in the catalog; nothing of it is damaged."""
        index, newest = self.opened(), len(self.log)
        assert index.sequence == newest
        np.testing.assert_array_equal(index.view.ids(), self.oracle.ids())
        np.testing.assert_array_equal(index.view.vectors(index.view.ids()), self.oracle.vectors(self.oracle.ids()))
        among = bitmaps.from_ids(self.oracle.ids()[::3])
        found, truth = (one.search(clumped(20, 99), 10, among)[1] for one in (index.view, self.oracle))
        assert recall(found, truth) >= 0.97
        mine = str(self.directory / str(newest))
        assert [line for line in verify(self.directory) if mine in line] == []


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Two publications, made once: centres are trained for them, which takes longer than any test."""
    library = Library(tmp_path_factory.mktemp("published") / "index")
    library.come(FIRST)
    library.come(MORE)
    return library


@pytest.fixture
def library(published: Library, tmp_path: Path) -> Library:
    return Library.copied(published, tmp_path / "index")


def overwrite(path: Path, offset: int, data: bytes) -> None:
    """Change bytes in place, and with them those of every snapshot that has the file."""
    with path.open("r+b") as file:
        file.seek(offset, os.SEEK_SET if offset >= 0 else os.SEEK_END)
        file.write(data)


@pytest.mark.parametrize("name", [files.COMPRESSED, SECOND_LISTS])
@pytest.mark.parametrize("offset", few([0, 4, -4]), ids=["its kind", "its dimensions", "its end"])
@pytest.mark.parametrize("count", [7, MORE], ids=["beside it", "merged with it"])
def test_damaged_lists_are_made_anew_from_the_vectors(
    library: Library, caplog: pytest.LogCaptureFixture, name: str, offset: int, count: int
) -> None:
    """Whichever layer they are of, and whether it would be linked or merged; and it is said."""
    overwrite(library.directory / "2" / name, offset, b"\xff\xfe\xfd\xfc")
    with caplog.at_level(logging.WARNING):
        library.come(count)
    assert "now rebuilt from the vectors" in caplog.text
    library.check()
    library.come(7)
    library.check()


def test_lists_for_other_centres_are_made_anew(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAISS reads each alone, and a file may be too large for its digest: they do not fit those of the first layer."""
    monkeypatch.setattr(verifying, "CHECKED_UP_TO_BYTES", 0)
    place, other = library.directory / "2" / SECOND_LISTS, library.directory.parent / "other.faiss"
    building.build(clumped(100, 5).astype(np.float16), np.arange(100), other)
    size_bytes = place.stat().st_size
    assert other.stat().st_size <= size_bytes
    overwrite(place, 0, other.read_bytes().ljust(size_bytes, b"\0"))
    library.come(7)
    library.check()


@pytest.mark.parametrize("large", [False, True], ids=["small", "large, beside damaged lists"])
@pytest.mark.parametrize("name", few([SECOND_ROWS, files.SIDECAR]))
def test_damaged_vectors_come_from_the_catalog(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str, large: bool
) -> None:
    """They are not handed on, nor are lists made of them."""
    if large:
        monkeypatch.setattr(verifying, "CHECKED_UP_TO_BYTES", 0)
        overwrite(library.directory / "2" / SECOND_LISTS, 0, b"none")
    overwrite(library.directory / "2" / name, 64, b"\x01\x02\x03\x04")
    with caplog.at_level(logging.WARNING):
        library.come(7)
    assert "now rebuilt from the catalog" in caplog.text
    library.check()


def test_damaged_vectors_of_a_library_without_lists_come_from_the_catalog(tmp_path: Path) -> None:
    """A copy of damaged vectors would have a digest that fits."""
    library = Library(tmp_path, compress_from=10**9)
    library.come(FIRST)
    overwrite(tmp_path / "1" / files.SIDECAR, 64, b"\x01\x02\x03\x04")
    library.come(7)
    library.check()


@pytest.mark.parametrize("name", few([SECOND_ROWS, files.IDS, SECOND_LISTS]))
def test_a_file_that_went_while_it_was_open_comes_from_the_catalog(library: Library, name: str) -> None:
    """Of both snapshots, while a job goes on."""
    library.come(7)
    for sequence in ("2", "3"):
        (library.directory / sequence / name).unlink()
    library.come(7)
    library.check()


def test_a_job_that_begins_later_heals_what_it_finds(library: Library) -> None:
    """It opens a snapshot that no search opens."""
    overwrite(library.directory / "2" / SECOND_LISTS, 0, b"none")
    assert library.opened().sequence == 1
    library.publisher = library.opened(searches=False)
    library.come(7)
    library.check()


@pytest.mark.parametrize("mapped", [False, True])
def test_a_number_of_a_damaged_file_asks_for_no_memory(library: Library, mapped: bool) -> None:
    """Wherever a large one stands, it is read as what it was, as a small one, or as damage; at once."""
    whole = library.directory / "2" / SECOND_LISTS
    damaged = library.directory.parent / "damaged.faiss"
    refused = 0
    for offset in range(0, 420, 3):
        damaged.write_bytes(whole.read_bytes())
        overwrite(damaged, offset, b"\xff\xff\xff\x7f")
        try:
            native.read(damaged, mapped=mapped)
        except SnapshotError:
            refused += 1
    assert refused > 20
