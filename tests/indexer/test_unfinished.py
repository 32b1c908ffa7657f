"""After a kill, the next job continues inside a long recording, and the result does not show it."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from indexer import assembly, inwork, pipeline
from indexer.assembly import Assembly
from indexer.job import index
from indexer.model import Options, Task
from indexer.sharing import SharedWork
from indexer.unfinished import FOLDER, KEPT_S, BlockFile
from search.errors import AudioError, EncoderError
from search.model import AudioEncoding, Content, Waves
from tests.fakes import BandEncoder, FrameBandEncoder
from tests.indexer.conftest import RATE_HZ, Bench, write_tone
from tests.search.soundfiles import encode

SECONDS = 80
BLOCK_ROWS = 16
"""A fourth of what a block has outside of these tests: a recording of 159 windows has as many as one of 640."""
OPTIONS = Options(workers=2, events=True, facts=False)
"""Facts take nine tenths of a job over a long recording; where they could differ they are measured."""
WITH_FACTS = replace(OPTIONS, facts=True)
HELD_BLOCKS = assembly.HELD_BLOCKS
"""As it is outside of these tests."""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole blocks go into files at once, as they do of recordings of hours."""
    monkeypatch.setattr(assembly, "BLOCK_ROWS", BLOCK_ROWS)
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


def stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch, windows: int, options: Options = OPTIONS) -> None:
    """Index until the encoder was given so many windows; then it fails, which ends the job there."""
    encode = BandEncoder.encode_audio

    def until(encoder: BandEncoder, waves: Waves) -> AudioEncoding:
        if sum(encoder.passes) + len(waves) > windows:
            raise EncoderError("the current went")
        return encode(encoder, waves)

    with monkeypatch.context() as patched:
        patched.setattr(BandEncoder, "encode_audio", until)
        with pytest.raises(EncoderError):
            bench.index(options=options)


@pytest.fixture
def long(bench: Bench) -> Bench:
    """A bench with a recording of 159 windows."""
    bench.encoder = FrameBandEncoder()
    write_tone(bench.sounds / "long.wav", hz=700, seconds=SECONDS)
    return bench


def kept(bench: Bench) -> list[Path]:
    """The files of what is not finished."""
    folder = bench.library.path / FOLDER
    return sorted(folder.iterdir()) if folder.exists() else []


def cut_otherwise(path: Path) -> None:
    """Let a file say that all its windows lie elsewhere."""
    maker = path.read_bytes().split(b"\n", 1)[0].decode()
    before = BlockFile(path, maker)
    blocks = {number: before.read(number) for number in range(100) if number in before}
    path.unlink()
    file = BlockFile(path, maker)
    for number, (spans, *rest) in blocks.items():
        assert file.add(number, (spans + 0.25, *rest))


def windows_of(bench: Bench) -> int:
    return len(encodings(bench)[0][0])


def other(bench: Bench, tmp_path: Path, options: Options = OPTIONS) -> Bench:
    """Another library of the same sounds."""
    (tmp_path / "other").mkdir()
    found = Bench(tmp_path / "other")
    found.encoder = FrameBandEncoder()
    found.index(bench.sounds, options=options)
    return found


def test_a_job_that_stopped_goes_on_inside_a_recording(long: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Of what a killed job had encoded, no whole block is encoded again; the library is as of a job that was not."""
    whole = other(long, tmp_path, WITH_FACTS)
    count = windows_of(whole)
    stopped(long, monkeypatch, count // 2, WITH_FACTS)
    done = sum(long.encoder.passes)
    assert len(kept(long)) == 1
    long.encoder.passes.clear()
    assert long.index(options=WITH_FACTS).indexed == 1
    mine, theirs = (one.library.catalog.facts([1])[1] for one in (long, whole))
    np.testing.assert_array_equal(mine.numbers, theirs.numbers)
    assert count - done <= sum(long.encoder.passes) < count - done + 3 * BLOCK_ROWS
    assert_same(long, whole)
    assert not kept(long), "what is finished is not kept twice"


def assert_same(bench: Bench, whole: Bench) -> None:
    """Assert that a library is as the ``other`` one, which is closed."""
    for mine, theirs in zip(encodings(bench), encodings(whole), strict=True):
        for one, another in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(one, another)
    whole.library.catalog.close()


def test_of_a_recording_that_is_known_to_be_long_only_begun_blocks_are_encoded_again(
    long: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With as many whole blocks in memory at first as usual, of a few windows each: all whole ones are kept."""
    monkeypatch.setattr(assembly, "HELD_BLOCKS", HELD_BLOCKS)
    monkeypatch.setattr(assembly, "BLOCK_ROWS", 4)
    whole = other(long, tmp_path)
    count = windows_of(whole)
    stopped(long, monkeypatch, count // 2)
    done = sum(long.encoder.passes)
    long.encoder.passes.clear()
    assert long.index(options=OPTIONS).indexed == 1
    begun = 4  # blocks: batches of two threads end anywhere
    assert done > (HELD_BLOCKS + 1) * 4
    assert count - done <= sum(long.encoder.passes) <= count - done + begun * 4 < count
    assert_same(long, whole)


def test_a_recording_that_is_cut_otherwise_is_begun_anew_in_the_same_job(
    long: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole = other(long, tmp_path)
    stopped(long, monkeypatch, 80)
    cut_otherwise(*kept(long))
    summary = long.index(options=OPTIONS)
    assert (summary.indexed, summary.failed, summary.warnings) == (1, (), ())
    assert_same(long, whole)
    assert not kept(long)


def test_a_track_that_is_cut_otherwise_is_not_left_out(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    bench.encoder = FrameBandEncoder()
    times_s = np.arange(40 * RATE_HZ) / RATE_HZ
    tracks = [(0.5 * np.sin(2 * np.pi * hz * times_s))[:, None].astype(np.float32) for hz in (440, 880)]
    encode(bench.sounds / "film.mkv", tracks, RATE_HZ, "pcm_s16le", "matroska")
    stopped(bench, monkeypatch, 55)
    for path in kept(bench):
        cut_otherwise(path)
    summary = bench.index(options=OPTIONS)
    assert (summary.indexed, summary.failed, summary.warnings) == (1, (), ())
    (space, *_) = bench.library.catalog.spaces()
    with bench.library.catalog.columns(space.id) as reader:
        clips = bench.library.catalog.clips([row.id for row in reader.clips(0)])
    assert sorted(clip.track for clip in clips) == [0, 1]


def test_windows_on_their_way_do_not_get_into_what_is_begun_anew(tmp_path: Path):
    """What was cut for the assembly that was given up has its places, not those of the new one."""
    old = Assembly(BlockFile(tmp_path / "one", "bands"))
    place = old.cut(0.0, 1.0, silent=False)
    track = pipeline.TrackInWork(None, 0, None)
    track.assembly = old
    piece = pipeline.Piece(track, old, place, np.zeros(4, np.float32))
    track.begin_anew()
    track.assembly.cut(0.0, 1.0, silent=False)
    assert pipeline.encode(lambda _: pytest.fail("encoded in vain"), [piece], np.empty((1, 4), np.float32)) == []
    assert not track.assembly.close()


def test_what_a_failed_recording_had_is_kept(long: Bench, monkeypatch: pytest.MonkeyPatch):
    stopped(long, monkeypatch, 80)

    def changed(task: Task) -> None:
        raise AudioError(task.path, "changed while it was being read")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "check_unchanged", changed)
        assert len(long.index(options=OPTIONS).failed) == 1
    assert kept(long)
    long.encoder.passes.clear()
    assert long.index(options=OPTIONS).indexed == 1
    assert sum(long.encoder.passes) < 2 * SECONDS - 2 * BLOCK_ROWS
    assert not kept(long)


def test_what_the_catalog_refuses_is_kept(long: Bench, monkeypatch: pytest.MonkeyPatch):
    stopped(long, monkeypatch, 80)
    with monkeypatch.context() as patched:
        patched.setattr(inwork, "Content", lambda **facts: Content(**{**facts, "sample_rate_hz": 2**70}))
        assert len(long.index(options=OPTIONS).failed) == 1
    assert kept(long)


def test_what_is_kept_outlives_a_root_that_is_not_there(long: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The folder is empty, as that of a disk which is not mounted: the recording may come back."""
    stopped(long, monkeypatch, 55)
    (long.sounds / "long.wav").rename(tmp_path / "away.wav")
    long.index(options=OPTIONS)
    assert kept(long)
    (tmp_path / "away.wav").rename(long.sounds / "long.wav")
    long.encoder.passes.clear()
    assert long.index(options=OPTIONS).indexed == 1
    assert sum(long.encoder.passes) < 2 * SECONDS - BLOCK_ROWS


def test_what_is_kept_outlives_a_folder_that_was_emptied(long: Bench, monkeypatch: pytest.MonkeyPatch):
    (long.sounds / "long.wav").rename(long.sounds.parent / "long.wav")
    write_tone(long.sounds / "stays.wav")
    known = write_tone(long.sounds / "disk" / "known.wav", hz=900)
    long.index(options=OPTIONS)
    (long.sounds.parent / "long.wav").rename(long.sounds / "disk" / "long.wav")
    long.encoder.passes.clear()
    stopped(long, monkeypatch, 55)
    known.unlink()
    (long.sounds / "disk" / "long.wav").unlink()
    long.index(options=OPTIONS)
    assert kept(long)


@pytest.mark.parametrize(
    "name",
    ["indexer.work.WINDOWS_REVISION", "indexer.hearing.REVISION", "tests.fakes.FrameBandEncoder.frames_made_by"],
)
def test_what_was_made_otherwise_is_not_taken(long: Bench, monkeypatch: pytest.MonkeyPatch, name: str):
    """Other windows, another way from frames to events, another calibration of frames: what was kept is of no use."""
    stopped(long, monkeypatch, 55)
    long.encoder.passes.clear()
    monkeypatch.setattr(name, "99", raising=not name.endswith("made_by"))
    long.index(options=OPTIONS)
    assert sum(long.encoder.passes) == windows_of(long)


def test_any_job_takes_away_what_nobody_wrote_to_for_a_month(bench: Bench):
    """Also one whose work is shared, which itself keeps nothing."""
    folder, now_s = bench.library.path / FOLDER, 2_000_000_000.0
    folder.mkdir()
    for name, age_s in (("old-0", KEPT_S + 60), ("new-0", KEPT_S - 60)):
        (folder / name).write_bytes(b"bands")
        os.utime(folder / name, (now_s - age_s, now_s - age_s))
    index(
        bench.library,
        bench.encoder,
        [str(bench.sounds)],
        OPTIONS,
        bench.notes,
        share=partial(SharedWork, bench.library.chunks),
        wall_s=lambda: now_s,
    )
    assert [path.name for path in kept(bench)] == ["new-0"]


def test_what_another_encoder_left_is_not_taken(long: Bench, monkeypatch: pytest.MonkeyPatch):
    stopped(long, monkeypatch, 55)
    long.encoder.passes.clear()
    long.index(options=Options(workers=2, facts=False))  # without events its rows are others
    assert sum(long.encoder.passes) == len(long.library.catalog.encoding(1, 1).vectors)


def test_what_a_recording_that_is_gone_left_is_taken_away(long: Bench, monkeypatch: pytest.MonkeyPatch):
    stopped(long, monkeypatch, 55)
    assert kept(long)
    write_tone(long.sounds / "another.wav")
    (long.sounds / "long.wav").unlink()
    long.index(options=OPTIONS)
    assert not kept(long)
