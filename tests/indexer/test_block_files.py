"""Block files of unfinished recordings: damage in them loses no more than what they kept."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer import assembly
from indexer.assembly import BLOCK_ROWS, Assembly, WindowMismatch
from indexer.unfinished import FOLDER, BlockFile, Unfinished


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole blocks go into files at once, as they do of recordings of hours."""
    monkeypatch.setattr(assembly, "HELD_BLOCKS", 0)


def block(value: int) -> tuple[np.ndarray, ...]:
    return (np.full((BLOCK_ROWS, 2), value, np.float64), np.zeros(BLOCK_ROWS, np.bool_),
            np.full((BLOCK_ROWS, 3), value, np.float16))  # fmt: skip


def test_a_torn_record_is_not_there_and_is_written_over(tmp_path: Path):
    file = BlockFile(tmp_path / "one", "bands")
    assert file.add(0, block(1))
    assert file.add(1, block(2))
    with (tmp_path / "one").open("r+b") as bytes_of:
        bytes_of.truncate((tmp_path / "one").stat().st_size - 5)
    again = BlockFile(tmp_path / "one", "bands")
    assert 0 in again
    assert 1 not in again
    assert again.add(1, block(3))
    third = BlockFile(tmp_path / "one", "bands")
    np.testing.assert_array_equal(third.read(1)[2], block(3)[2])
    np.testing.assert_array_equal(third.read(0)[2], block(1)[2])
    assert 0 not in BlockFile(tmp_path / "one", "of another make")


def test_a_full_disk_leaves_all_in_memory(tmp_path: Path):
    (tmp_path / "one").mkdir()  # nothing can be written to that name
    whole = Assembly(BlockFile(tmp_path / "one", "bands"))
    rows = (np.arange(BLOCK_ROWS * 2, dtype=np.float16).reshape(-1, 1),)
    for place in range(2 * BLOCK_ROWS):
        assert whole.cut(float(place), place + 1.0, silent=False) == place
        whole.add(place, rows, place)
    assert whole.close()
    np.testing.assert_array_equal(whole.encoding().vectors, rows[0])


def test_what_events_are_made_of_is_read_in_parts(tmp_path: Path):
    """Of hours: what is asked for is there, and in memory there is hardly more than that."""
    windows = 3000 // BLOCK_ROWS * BLOCK_ROWS
    long = Assembly(BlockFile(tmp_path / "one", "bands"))
    for place in range(windows):
        rows = (np.ones((1, 384), np.float16), np.zeros((1, 10), np.uint16), np.ones((1, 10), np.float16),
                np.full((1, 4, 8), place, np.uint16), np.ones((1, 4, 8), np.float16))  # fmt: skip
        long.cut(float(place), place + 1.0, silent=False)
        long.add(place, rows, 0)
    assert long.close()
    assert long.is_long
    assert long.has_frames
    places = np.arange(70, 1000, 3)
    tracemalloc.start()
    frames = long.frames(places)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    np.testing.assert_array_equal(frames.classes[:, 2, 5], places)
    assert frames.probabilities.shape == (len(places), 4, 8)
    assert peak_bytes < windows * 384 / 2  # a quarter of the vectors of all
    assert long.encoding().vectors.shape == (windows, 384)


def test_of_a_long_recording_each_block_is_kept_as_soon_as_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Once it is known to be long: a short one costs no file."""
    monkeypatch.setattr(assembly, "HELD_BLOCKS", 3)
    long = Assembly(BlockFile(tmp_path / "one", "bands"))
    rows = (np.ones((1, 3), np.float16),)
    kept = []
    for place in range(6 * BLOCK_ROWS):
        long.cut(float(place), place + 1.0, silent=False)
        long.add(place, rows, 0)
        if place % BLOCK_ROWS == BLOCK_ROWS - 1:
            again = BlockFile(tmp_path / "one", "bands")
            kept.append(sum(number in again for number in range(6)))
    assert kept == [0, 0, 0, 4, 5, 6]


def test_windows_that_lie_elsewhere_than_before_take_away_what_was_kept(tmp_path: Path):
    file = BlockFile(tmp_path / "one", "bands")
    spans = np.stack([np.arange(64.0), np.arange(1.0, 65.0)], axis=1)
    file.add(0, (spans, np.zeros(64, np.bool_), np.zeros((64, 3), np.float16)))
    resumed = Assembly(BlockFile(tmp_path / "one", "bands"))
    assert resumed.cut(0.0, 1.0, silent=False) is None
    with pytest.raises(WindowMismatch):
        resumed.cut(1.5, 2.5, silent=False)
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("arrays", [(), (np.zeros(3),), (np.zeros(64), np.zeros(2))])
def test_a_block_of_other_arrays_is_begun_anew(tmp_path: Path, arrays: tuple[np.ndarray, ...]):
    BlockFile(tmp_path / "one", "bands").add(0, arrays)
    resumed = Assembly(BlockFile(tmp_path / "one", "bands"))
    with pytest.raises(WindowMismatch):
        resumed.cut(0.0, 1.0, silent=False)


def test_a_file_that_was_removed_takes_nothing_more(tmp_path: Path):
    file = BlockFile(tmp_path / "one", "bands")
    file.add(0, block(1))
    file.remove()
    assert not file.add(1, block(2))
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize(
    "tail",
    [bytes(3), bytes(8), bytes(4096), struct.pack("<II", 2, zlib.crc32(b"ab")) + b"ab", b"\xff" * 100],
    ids=["torn", "empty", "zeros", "short", "huge"],
)
def test_behind_damage_there_is_nothing(tmp_path: Path, tail: bytes):
    """A power cut may leave zeros where a record was to be."""
    BlockFile(tmp_path / "one", "bands").add(0, block(1))
    with (tmp_path / "one").open("ab") as file:
        file.write(tail)
    again = BlockFile(tmp_path / "one", "bands")
    assert 0 in again
    assert again.add(1, block(2))
    third = BlockFile(tmp_path / "one", "bands")
    np.testing.assert_array_equal(third.read(0)[2], block(1)[2])
    np.testing.assert_array_equal(third.read(1)[2], block(2)[2])


class Killed(BaseException):
    """In place of the signal."""


class Dying:
    """An open file; what it does after ``calls`` calls raises `Killed`, what it did before is on the disk."""

    def __init__(self, file: Any, calls: int) -> None:
        self._file, self._left = file, calls

    def __enter__(self) -> Dying:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            if not self._left:
                raise Killed
            self._left -= 1
            result = getattr(self._file, name)(*args)
            self._file.flush()
            return result

        return call


@pytest.mark.parametrize("calls", range(4))
def test_nothing_of_another_maker_is_taken_wherever_a_job_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
):
    old = BlockFile(tmp_path / "one", "bands")
    old.add(0, block(1))
    old.add(1, block(1))
    new, open_file = BlockFile(tmp_path / "one", "bonds"), Path.open
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", lambda *args: Dying(open_file(*args), calls))
        with suppress(Killed):
            new.add(5, block(2))
    after = BlockFile(tmp_path / "one", "bonds")
    assert 0 not in after
    assert 1 not in after


def test_what_cannot_be_taken_away_costs_no_job(tmp_path: Path):
    (tmp_path / FOLDER / "digest-0").mkdir(parents=True)  # no file: it cannot be unlinked
    unfinished = Unfinished(tmp_path, "bands")
    unfinished.done("digest")
    unfinished.of("digest", 0, 1.0).remove()
    assert not unfinished.is_empty()
