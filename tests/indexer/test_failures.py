"""Each bad file costs one line, and nothing else."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from indexer import pipeline
from indexer.job import index
from indexer.model import Options
from indexer.progress import failure_line
from search.audio import OpenSound
from search.errors import EncoderError, LibraryBusy, LibraryError
from tests.indexer.conftest import RATE_HZ, Bench, write_tone
from tests.waiting import PATIENCE_S, wait_until


def write_bad_files(folder: Path) -> set[str]:
    """One file of each kind of badness; their names."""
    whole = write_tone(folder / "whole.wav").read_bytes()
    (folder / "whole.wav").unlink()
    (folder / "empty.wav").write_bytes(b"")
    (folder / "text.wav").write_text("this is not a sound")
    (folder / "noise.mp3").write_bytes(os.urandom(4000))
    (folder / "header only.wav").write_bytes(whole[:44])
    soundfile.write(folder / "nan.wav", np.array([0.1, np.nan] * RATE_HZ, np.float32), RATE_HZ, subtype="FLOAT")
    soundfile.write(folder / "inf.wav", np.array([0.1, np.inf] * RATE_HZ, np.float32), RATE_HZ, subtype="FLOAT")
    soundfile.write(folder / "one sample.wav", np.array([0.5], np.float32), RATE_HZ)
    (folder / "broken link.wav").symlink_to("nowhere.wav")
    os.mkfifo(folder / "pipe.wav")
    (folder / "new\nline.wav").write_text("no sound either")
    (folder / os.fsdecode(b"\xff bytes.wav")).write_text("nor this")
    return {path.name for path in folder.iterdir()}


def test_every_bad_file_is_one_line_with_its_cause_and_the_job_goes_on(bench: Bench) -> None:
    """Each bad file fails alone, on one printable line; good files around them are indexed; verify is clean."""
    bad = write_bad_files(bench.sounds)
    for number in range(3):
        write_tone(bench.sounds / f"good{number}.wav", 300 + 100 * number)

    summary = bench.index()

    assert summary.indexed == 3
    assert {Path(failure.path).name for failure in summary.failed} == bad
    assert list(summary.failed) == bench.notes.failures
    for failure in summary.failed:
        line = failure_line(failure)
        assert failure.cause
        assert line.isprintable()
        assert line.startswith(str(bench.sounds))
    assert len(bench.library.catalog.failures()) == len(bad)
    assert bench.library.catalog.verify() == []


def test_a_failure_is_tried_again_and_forgotten_when_it_is_mended(bench: Bench) -> None:
    """A file that was bad and is good now becomes a clip, and the record of its failure goes."""
    (bench.sounds / "a.wav").write_text("not yet")
    assert len(bench.index().failed) == 1
    write_tone(bench.sounds / "a.wav")

    summary = bench.index()

    assert (summary.indexed, summary.failed) == (1, ())
    assert bench.library.catalog.failures() == []


def test_copies_of_a_bad_file_fail_like_it(bench: Bench) -> None:
    """The same bad bytes under several names are one failure for each name."""
    for number in range(4):
        (bench.sounds / f"{number}.wav").write_bytes(b"RIFF and nothing more")

    summary = bench.index()

    assert len(summary.failed) == 4
    assert len({failure.path for failure in summary.failed}) == 4


def test_a_longer_file_than_allowed_is_refused(bench: Bench) -> None:
    """--max-duration-s fails the long file and says how long it is."""
    write_tone(bench.sounds / "long.wav", seconds=5)
    write_tone(bench.sounds / "short.wav", seconds=1)

    summary = bench.index(options=Options(workers=1, max_duration_s=2))

    assert summary.indexed == 1
    assert [Path(failure.path).name for failure in summary.failed] == ["long.wav"]
    assert "5.0 s" in summary.failed[0].cause


def test_silence_is_indexed_and_counted(bench: Bench) -> None:
    """A silent file is a clip, marked as silent."""
    write_tone(bench.sounds / "silence.wav", level=0.0)
    write_tone(bench.sounds / "tone.wav")

    summary = bench.index()

    assert (summary.indexed, summary.silent) == (2, 1)
    assert {path: clip.silent for path, clip in bench.clips().items()} == {"silence.wav": True, "tone.wav": False}


def test_a_file_that_changes_while_it_is_read_fails_and_is_taken_next_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decoded belongs to bytes that are no longer there: it is not stored."""
    path = write_tone(bench.sounds / "a.wav", seconds=1)
    windows = pipeline.audio.windows

    def windows_and_a_write(*args, **kwargs):
        yield from windows(*args, **kwargs)
        write_tone(path, seconds=2)

    with monkeypatch.context() as patched:
        patched.setattr(pipeline.audio, "windows", windows_and_a_write)
        first = bench.index()
    second = bench.index()

    assert "changed while it was being read" in first.failed[0].cause
    assert (second.indexed, bench.clips()["a.wav"].duration_s) == (1, pytest.approx(2.0))


def test_any_error_of_a_decoder_is_the_failure_of_its_file_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that raises something of its own does not end the job."""
    write_tone(bench.sounds / "bad.wav", 300)
    write_tone(bench.sounds / "good.wav", 600)
    probe = pipeline.audio.probe

    def failing_probe(sound: OpenSound):
        if sound.path.endswith("bad.wav"):
            raise ZeroDivisionError("no channels\nat all")
        return probe(sound)

    monkeypatch.setattr(pipeline.audio, "probe", failing_probe)

    summary = bench.index()

    assert summary.indexed == 1
    assert [f.cause for f in summary.failed] == ["ZeroDivisionError: no channels"]


def test_an_encoder_that_fails_ends_the_job_and_keeps_what_was_written(bench: Bench) -> None:
    """An error of the encoder is nobody's file: the job raises it instead of hanging, and the next run resumes."""
    for number in range(150):
        write_tone(bench.sounds / f"{number}.wav", 200 + 10 * number)
    encode, calls = bench.encoder.encode_audio, []

    def failing(waves):
        calls.append(1)
        if len(calls) == 2:
            raise EncoderError("out of memory on the device")
        return encode(waves)

    bench.encoder.encode_audio = failing
    with pytest.raises(EncoderError):
        bench.index()

    resumed = bench.index()

    assert resumed.indexed + resumed.unchanged == 150
    assert bench.library.catalog.verify() == []


def test_a_path_that_is_not_there_is_a_failed_input(bench: Bench) -> None:
    """A PATH that does not exist is named; the others are indexed, and no root is made for it."""
    write_tone(bench.sounds / "a.wav")

    summary = bench.index(bench.sounds, bench.sounds.parent / "typo")

    assert summary.indexed == 1
    assert [(f.path, f.cause) for f in summary.failed] == [
        (str(bench.sounds.parent / "typo"), "no such file or folder")
    ]
    assert [root.path for root in bench.library.roots()] == [str(bench.sounds)]


def test_a_second_writer_learns_who_holds_the_library_or_waits(bench: Bench) -> None:
    """Without a wait the holder is named; with one, the job starts when the other is done."""
    write_tone(bench.sounds / "a.wav")
    catalog = bench.library.catalog
    with catalog.lease("the other job", 0), pytest.raises(LibraryBusy, match="the other job"):
        bench.index()

    taken = threading.Event()

    def hold() -> None:
        with catalog.lease("the other job", 0):
            taken.set()
            wait_until(lambda: bench.notes.notes)

    other = threading.Thread(target=hold)
    other.start()
    assert taken.wait(PATIENCE_S)
    summary = bench.index(options=Options(workers=1, wait_s=PATIENCE_S))
    other.join()

    assert summary.indexed == 1
    assert "the other job" in bench.notes.notes[0]


def test_a_stop_keeps_what_is_done_and_the_next_run_does_the_rest(bench: Bench) -> None:
    """Setting stop ends the job soon; both runs together encode each file once."""
    for number in range(200):
        write_tone(bench.sounds / f"{number}.wav", 200 + 10 * number)
    stop = threading.Event()
    encode = bench.encoder.encode_audio

    def stopping(waves):
        stop.set()
        return encode(waves)

    bench.encoder.encode_audio = stopping
    first = index(bench.library, bench.encoder, [str(bench.sounds)], Options(workers=2), bench.notes, stop=stop)
    bench.encoder.encode_audio = encode
    second = bench.index()

    assert first.interrupted
    assert first.missing == 0
    assert first.indexed < 200
    assert (second.unchanged, second.indexed) == (first.indexed, 200 - first.indexed)


def test_a_full_disk_ends_the_job_with_a_clear_error(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the catalog raises while it writes reaches the caller, and no thread is left behind."""
    for number in range(20):
        write_tone(bench.sounds / f"{number}.wav", 200 + 10 * number)

    def full(*_args):
        raise LibraryError("the disk is full")

    monkeypatch.setattr(bench.library.catalog, "apply", full)
    before = threading.active_count()

    with pytest.raises(LibraryError, match="the disk is full"):
        bench.index()

    assert threading.active_count() <= before


def test_a_file_that_is_amiss_is_indexed_with_a_warning(bench: Bench) -> None:
    """The warning is in the job's summary, in the library's facts, and goes with the content."""
    path = write_tone(bench.sounds / "cut.wav", seconds=3.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    summary = bench.index()

    assert (summary.indexed, summary.failed) == (1, ())
    (warned,) = summary.warnings
    assert (warned.path, warned.warning.split(":")[0]) == (str(path), "truncated")
    assert bench.notes.warnings == [warned]
    assert bench.library.catalog.warnings() == [(str(path), warned.warning)]

    write_tone(path, seconds=3.0)
    assert bench.index().warnings == ()
    assert bench.library.catalog.warnings() == []
