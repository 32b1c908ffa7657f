"""A long recording whose job is killed: the next job goes on inside it, and nothing shows of that in the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer import assembly
from indexer.assembly import BLOCK_ROWS, Assembly
from indexer.model import Options
from indexer.unfinished import FOLDER, BlockFile
from search.errors import AudioError, EncoderError
from search.model import AudioEncoding, Waves
from tests.fakes import BandEncoder, FrameBandEncoder
from tests.indexer.conftest import Bench, write_tone

SECONDS = 300
OPTIONS = Options(workers=2, events=True)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole blocks go into files at once, as they do of recordings of hours."""
    monkeypatch.setattr(assembly, "HELD_BLOCKS", 0)


def encodings(bench: Bench) -> list[tuple[np.ndarray, ...]]:
    """What the catalog has of each clip, and its events."""
    catalog, found = bench.library.catalog, []
    (space, *_) = catalog.spaces()
    events = bench.library.spaces.new_events(space).latest.value()
    for clip in bench.clips().values():
        one = catalog.encoding(clip.content_id, space.id)
        rows = events.rows(clip.content_id)
        found.append((one.vectors, one.spans, one.silent, one.tags.classes, rows.starts_ms, rows.classes))
    return found


def stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch, windows: int) -> None:
    """Index until the encoder was given so many windows; then it fails, which ends the job there."""
    encode = BandEncoder.encode_audio

    def until(encoder: BandEncoder, waves: Waves) -> AudioEncoding:
        if sum(encoder.passes) + len(waves) > windows:
            raise EncoderError("the current went")
        return encode(encoder, waves)

    with monkeypatch.context() as patched:
        patched.setattr(BandEncoder, "encode_audio", until)
        with pytest.raises(EncoderError):
            bench.index(options=OPTIONS)


@pytest.fixture
def long(bench: Bench) -> Bench:
    """A bench with a recording of hundreds of windows."""
    bench.encoder = FrameBandEncoder()
    write_tone(bench.sounds / "long.wav", hz=700, seconds=SECONDS)
    return bench


def windows_of(bench: Bench) -> int:
    return len(encodings(bench)[0][0])


def other(bench: Bench, tmp_path: Path) -> Bench:
    """Another library of the same sounds."""
    (tmp_path / "other").mkdir()
    found = Bench(tmp_path / "other")
    found.encoder = FrameBandEncoder()
    found.index(bench.sounds, options=OPTIONS)
    return found


def test_a_job_that_stopped_goes_on_inside_a_recording(long: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of what a killed job had encoded, no whole block is encoded again; the library is as of a job that was not."""
    whole = other(long, tmp_path)
    count = windows_of(whole)
    stopped(long, monkeypatch, count // 2)
    done = sum(long.encoder.passes)
    kept = list((long.library.path / FOLDER).iterdir())
    assert len(kept) == 1
    long.encoder.passes.clear()
    assert long.index(options=OPTIONS).indexed == 1
    assert count - done <= sum(long.encoder.passes) < count - done + 3 * BLOCK_ROWS
    for mine, theirs in zip(encodings(long), encodings(whole), strict=True):
        for one, another in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(one, another)
    assert not list((long.library.path / FOLDER).glob("*")), "what is finished is not kept twice"
    whole.library.catalog.close()


def test_what_another_encoder_left_is_not_taken(long: Bench, monkeypatch: pytest.MonkeyPatch):
    stopped(long, monkeypatch, 200)
    long.encoder.passes.clear()
    long.index(options=Options(workers=2))  # without events its rows are others
    assert sum(long.encoder.passes) == len(long.library.catalog.encoding(1, 1).vectors)


def test_what_a_recording_that_is_gone_left_is_taken_away(long: Bench, monkeypatch: pytest.MonkeyPatch):
    stopped(long, monkeypatch, 200)
    assert list((long.library.path / FOLDER).iterdir())
    (long.sounds / "long.wav").unlink()
    long.index(options=OPTIONS)
    assert not list((long.library.path / FOLDER).glob("*"))


# --- files ---------------------------------------------------------------------------------------------------


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
    np.testing.assert_array_equal(whole.encoding()[0].vectors, rows[0])


def test_windows_that_lie_elsewhere_than_before_are_an_error_and_begin_anew(tmp_path: Path):
    file = BlockFile(tmp_path / "one", "bands")
    spans = np.stack([np.arange(64.0), np.arange(1.0, 65.0)], axis=1)
    file.add(0, (spans, np.zeros(64, np.bool_), np.zeros((64, 3), np.float16)))
    resumed = Assembly(BlockFile(tmp_path / "one", "bands"))
    assert resumed.cut(0.0, 1.0, silent=False) is None
    with pytest.raises(AudioError, match="begins it anew"):
        resumed.cut(1.5, 2.5, silent=False)
    assert not (tmp_path / "one").exists()
