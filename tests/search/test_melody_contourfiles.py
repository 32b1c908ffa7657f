"""The contours of all tunes: looked up by window, on disk and with recent changes."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from search.analysis.melody import contourfiles
from search.analysis.melody.contourfiles import ContourFollower
from search.analysis.melody.contours import contour_of_curve, contour_of_notes, window_starts
from search.analysis.melody.contourtable import ContourTable, TwoTables
from search.analysis.melody.space import stored_contour
from search.errors import LibraryUnwritable, SnapshotError
from search.model import StoredContour
from search.snapshots.folders import Snapshots
from tests.search.melodies import curve_of, tune


def page(number: int) -> StoredContour:
    """Tune ``number``: content 10 + number, windows from 1000 * number on."""
    return StoredContour(10 + number, 1000 * number, stored_contour(contour_of_notes(tune(number))))


PAGES = [page(number) for number in range(1, 5)]


class Catalogued:
    """A catalog's tunes as a follower asks for them: (sequence at which it came, tune), and the sequence of now."""

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
    bound = ContourTable.of(PAGES[::-1])
    starts = window_starts(contour_of_notes(tune(2)))
    rows, at_s = bound.locate(np.array([1000, 2003, 999, 2000 + len(starts), -1, 4001]))
    assert rows.tolist() == [0, 1, -1, -1, -1, 3]
    assert at_s[1] == pytest.approx(starts[3], abs=1e-5)
    assert bound.tunes(np.array([0, 3])).tolist() == [11, 14]
    assert bound.window_at(1, float(starts[3]) + 0.05) == 2003


def test_how_far_a_time_is_from_where_a_note_starts():
    """As a search through all starts finds it, before the first one and after the last one too; of a curve not."""
    notes, heard = tune(4), contour_of_curve(curve_of(tune(4), 0.0, 20.0))
    table = ContourTable.of(
        [
            StoredContour(number, 1000 * number, stored_contour(c))
            for number, c in enumerate((contour_of_notes(notes), heard))
        ]
    )
    starts_s = np.append(0.0, contour_of_notes(notes).starts_s)
    times_s = np.array([[-1.0, 0.0, 1.31, 7.77, starts_s[-1] + 0.1]])
    wanted = np.abs(times_s[0][:, None] - starts_s).min(axis=1)
    assert table.from_note_start(np.array([0]), times_s)[0] == pytest.approx(wanted)
    assert np.isnan(table.from_note_start(np.array([1]), times_s)).all()


def written(directory: Path, pages: list[StoredContour], sequence: int = 1) -> Snapshots:
    snapshots = Snapshots(directory, contourfiles.KIND)
    with snapshots.publication(sequence) as new:
        contourfiles.write(new, pages)
    return snapshots


def test_a_written_table_reads_back_equal(tmp_path):
    """Array by array; an empty one too."""
    again, made = contourfiles.read(written(tmp_path, PAGES).open(1)), ContourTable.of(PAGES)
    for name in ContourTable.__slots__:
        assert np.array_equal(getattr(again, name), getattr(made, name)), name
    assert len(contourfiles.read(written(tmp_path, [], 2).open(2))) == 0


def test_two_tables_answer_as_one():
    """Rows, pitches, times and names are those of one table of all; what is in both is the later one's."""
    whole, parts = ContourTable.of(PAGES), TwoTables(ContourTable.of(PAGES[:3]), ContourTable.of(PAGES[3:]))
    ids = np.array([1002, 4001, 77, 3000])
    rows, at_s = whole.locate(ids)
    assert np.array_equal(parts.locate(ids)[0], rows)
    assert np.array_equal(parts.locate(ids)[1], at_s)
    known = rows[rows >= 0]
    times_s = np.tile(np.array([0.0, 3.3, 900.0]), (len(known), 1))
    assert np.array_equal(parts.stretches(known, times_s), whole.stretches(known, times_s))
    assert np.array_equal(parts.from_note_start(known, times_s), whole.from_note_start(known, times_s))
    assert parts.tunes(known).tolist() == whole.tunes(known).tolist()
    for row in known.tolist():
        assert parts.tune_time(row, [1.0, 5.0]).tolist() == whole.tune_time(row, [1.0, 5.0]).tolist()
        assert parts.window_at(row, 4.0) == whole.window_at(row, 4.0)
    restored = TwoTables(ContourTable.of(PAGES), ContourTable.of(PAGES[:1]))
    assert restored.locate(np.array([1001]))[0].tolist() == [4]
    assert len(restored) == 5


def test_damaged_contours_say_so_and_a_full_place_is_refused(tmp_path):
    """A file cut off or changed is a SnapshotError; a place that cannot be written, LibraryUnwritable."""
    snapshots = written(tmp_path / "contours", PAGES[:1])
    for name, harm in (("cents.i2", b""), ("first_id.npy", b"\x07"), ("offset.npy", b"\x07")):
        file = tmp_path / "contours" / "1" / name
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + harm)
        with pytest.raises(SnapshotError, match="reindex rebuilds them"):
            contourfiles.read(snapshots.open(1))
        file.write_bytes(whole)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LibraryUnwritable, match="could not be written"):
        written(tmp_path / "file/contours", PAGES)


def test_a_follower_knows_what_came_and_what_was_published(tmp_path):
    """What came is found at once, what is published is mapped, what went leaves with the next publication."""
    catalog = Catalogued()
    catalog.add(*PAGES[:2])
    reader = ContourFollower(tmp_path, catalog.source)
    assert reader.follow().locate(np.array([2001]))[0].tolist() == [1]
    ContourFollower(tmp_path, catalog.source).publish()
    catalog.add(PAGES[3])
    tunes = reader.follow()
    assert isinstance(tunes, TwoTables)
    assert (len(tunes.base), len(tunes.recent)) == (2, 1)
    catalog.remove(PAGES[0].content_id)
    ContourFollower(tmp_path, catalog.source).publish()
    for latest in (reader.follow(), ContourFollower(tmp_path, catalog.source).follow()):
        assert isinstance(latest, ContourTable)
        assert latest.tune.tolist() == [12, 14]


def test_a_follower_survives_damage_and_a_restore(tmp_path):
    """Damaged contours are passed over and made again; tunes that come again under the same windows are there once."""
    catalog = Catalogued()
    catalog.add(*PAGES[:2])
    ContourFollower(tmp_path, catalog.source).publish()
    (newest,) = tmp_path.iterdir()
    (newest / "offset.npy").write_bytes(b"")
    assert len(ContourFollower(tmp_path, catalog.source).follow()) == 2
    ContourFollower(tmp_path, catalog.source).publish()
    assert len(contourfiles.read(Snapshots(tmp_path, contourfiles.KIND).open(2))) == 2
    catalog.tunes, catalog.sequence = [], 20
    catalog.add(*PAGES[:3])
    ContourFollower(tmp_path, catalog.source).publish()
    assert ContourFollower(tmp_path, catalog.source).follow().tune.tolist() == [11, 12, 13]
