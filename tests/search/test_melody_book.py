"""The book of contours: found by windows, on disk and beside what came since."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest

from search.errors import LibraryError, SnapshotError
from search.melody import book, shelf
from search.melody.book import ContourBook, TwoBooks
from search.melody.contours import contour_of_notes, window_starts
from search.melody.shelf import OpenBook
from search.melody.space import stored_contour
from search.model import StoredContour
from tests.search.melodies import tune


def page(number: int) -> StoredContour:
    """Tune ``number``: content 10 + number, windows from 1000 * number on."""
    return StoredContour(10 + number, 1000 * number, stored_contour(contour_of_notes(tune(number))))


PAGES = [page(number) for number in range(1, 5)]


class Catalogued:
    """A catalog's tunes as a shelf asks for them: (sequence at which it came, tune), and the sequence of now."""

    def __init__(self) -> None:
        self.tunes: list[tuple[int, StoredContour]] = []
        self.sequence = 0

    def add(self, *pages: StoredContour) -> None:
        for one in pages:
            self.sequence += 1
            self.tunes.append((self.sequence, one))

    def remove(self, content_id: int) -> None:
        self.sequence += 1
        self.tunes = [(at, one) for at, one in self.tunes if one.content_id != content_id]

    def since(self, sequence: int):
        return iter([one for at, one in self.tunes if at > sequence])

    def contents(self):
        rows = sorted((one.first_segment_id, one.content_id) for _, one in self.tunes)
        return np.array(rows, np.int64).reshape(-1, 2)

    @contextmanager
    def source(self):
        yield self


def test_ids_of_windows_lead_to_rows_and_times():
    """Known ids give their contour and start; unknown ones -1."""
    bound = ContourBook.of(PAGES[::-1])
    starts = window_starts(contour_of_notes(tune(2)))
    rows, at_s = bound.locate(np.array([1000, 2003, 999, 2000 + len(starts), -1, 4001]))
    assert rows.tolist() == [0, 1, -1, -1, -1, 3]
    assert at_s[1] == pytest.approx(starts[3], abs=1e-5)
    assert bound.tunes(np.array([0, 3])).tolist() == [11, 14]
    assert bound.window_at(1, float(starts[3]) + 0.05) == 2003


def test_a_written_book_reads_back_equal(tmp_path):
    """Array by array; an empty one too."""
    book.write(tmp_path / "b", PAGES)
    again, bound = ContourBook.load(tmp_path / "b"), ContourBook.of(PAGES)
    for name in ContourBook.__slots__:
        assert np.array_equal(getattr(again, name), getattr(bound, name)), name
    book.write(tmp_path / "empty", [])
    assert len(ContourBook.load(tmp_path / "empty")) == 0


def test_two_books_answer_as_one():
    """Rows, pitches, times and names are those of one book of all; what is in both is the later one's."""
    whole, parts = ContourBook.of(PAGES), TwoBooks(ContourBook.of(PAGES[:3]), ContourBook.of(PAGES[3:]))
    ids = np.array([1002, 4001, 77, 3000])
    rows, at_s = whole.locate(ids)
    assert np.array_equal(parts.locate(ids)[0], rows)
    assert np.array_equal(parts.locate(ids)[1], at_s)
    known = rows[rows >= 0]
    times_s = np.tile(np.array([0.0, 3.3, 900.0]), (len(known), 1))
    assert np.array_equal(parts.stretches(known, times_s), whole.stretches(known, times_s))
    assert parts.tunes(known).tolist() == whole.tunes(known).tolist()
    for row in known.tolist():
        assert parts.tune_time(row, [1.0, 5.0]).tolist() == whole.tune_time(row, [1.0, 5.0]).tolist()
        assert parts.window_at(row, 4.0) == whole.window_at(row, 4.0)
    restored = TwoBooks(ContourBook.of(PAGES), ContourBook.of(PAGES[:1]))
    assert restored.locate(np.array([1001]))[0].tolist() == [4]
    assert len(restored) == 5


def test_a_damaged_book_says_so_and_a_full_place_is_refused(tmp_path):
    """A file cut off, or a folder that is not there, is a SnapshotError; a place that is full, LibraryError."""
    book.write(tmp_path / "b", PAGES[:1])
    whole = (tmp_path / "b/cents.i2").read_bytes()
    (tmp_path / "b/cents.i2").write_bytes(whole[:-2])
    for folder in ("b", "none"):
        with pytest.raises(SnapshotError, match="read from the catalog again"):
            ContourBook.load(tmp_path / folder)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LibraryError, match="cannot be written"):
        book.write(tmp_path / "file/b", PAGES)


def test_a_shelf_follows_the_catalog(tmp_path):
    """What came is found at once, what is published is mapped, what went leaves with the next book."""
    catalog = Catalogued()
    catalog.add(*PAGES[:2])
    opened = OpenBook.open(tmp_path / "contours", catalog.source)
    assert opened.book.locate(np.array([2001]))[0].tolist() == [1]
    shelf.save(tmp_path / "contours", catalog.source)
    catalog.add(PAGES[3])
    followed = OpenBook.open(tmp_path / "contours", catalog.source)
    assert (len(followed.base), len(followed.recent)) == (2, 1)
    assert followed.refreshed(catalog.source) is followed
    catalog.remove(PAGES[0].content_id)
    shelf.save(tmp_path / "contours", catalog.source)
    latest = OpenBook.open(tmp_path / "contours", catalog.source)
    assert latest.base.tune.tolist() == [12, 14]
    assert len(latest.recent) == 0


def test_a_shelf_survives_damage_and_a_restore(tmp_path):
    """A damaged book is passed over; tunes that come again under the same windows are there once."""
    catalog = Catalogued()
    catalog.add(*PAGES[:2])
    shelf.save(tmp_path / "contours", catalog.source)
    newest = max((tmp_path / "contours").iterdir())
    (newest / "offset.npy").write_bytes(b"")
    assert len(OpenBook.open(tmp_path / "contours", catalog.source).book) == 2
    shelf.save(tmp_path / "contours", catalog.source)
    catalog.tunes, catalog.sequence = [], 20
    catalog.add(*PAGES[:3])
    shelf.save(tmp_path / "contours", catalog.source)
    assert OpenBook.open(tmp_path / "contours", catalog.source).base.tune.tolist() == [11, 12, 13]
