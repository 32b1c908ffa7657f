"""From windows of many files to the encoding of each."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import executors
from indexer.assembly import Assembly
from indexer.executors import BATCH_AUDIO_S, MAX_BATCH
from indexer.model import Options, Progress
from search.audio import windows
from search.model import SegmentTags
from tests.amounts import few
from tests.fakes import SetClock
from tests.indexer.conftest import Bench, write_tone
from tests.indexer.resting_helpers import stages_after_rests
from tests.waiting import PATIENCE_S

WITHOUT_FACTS = Options(workers=2, facts=False)
"""For recordings of minutes, whose facts would take most of the time."""


def slow_down(bench: Bench, seconds: float) -> None:
    """Each batch takes so long by the bench's own clock; without it, and beside it, no time passes."""
    bench.now_s = clock = SetClock()
    encode = bench.encoder.encode_audio

    def slowly(waves):
        clock.advance(seconds)
        return encode(waves)

    bench.encoder.encode_audio = slowly


def report_after_each_batch(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[Progress]:
    """The reports of a job, each batch of which waits for one. Slow the bench down first."""
    monkeypatch.setattr(executors, "TICK_S", 0.01)
    reports: list[Progress] = []
    reported = threading.Event()
    encode = bench.encoder.encode_audio

    def one_by_one(waves):
        reported.clear()
        encoded = encode(waves)
        assert reported.wait(PATIENCE_S)
        return encoded

    def report(progress: Progress) -> None:
        reports.append(progress)
        reported.set()

    bench.encoder.encode_audio, bench.notes.progress = one_by_one, report
    return reports


def stored(bench: Bench):
    """Relative path -> (spans, vectors, tag classes) as stored."""
    catalog = bench.library.catalog
    (space,) = catalog.spaces()
    found = {}
    for path, clip in bench.clips().items():
        encoding = catalog.encoding(clip.content_id, space.id)
        found[path] = (encoding.spans, encoding.vectors, encoding.tags.classes)
    return found


def test_what_is_stored_is_what_the_encoder_gives_for_each_window_alone(bench: Bench) -> None:
    """Whatever shared a batch, each segment has its window's vector, span and likeliest tags, in order."""
    rng = np.random.default_rng(1)
    for number in range(40):
        write_tone(bench.sounds / f"{number}.wav", 100 + 90 * number, seconds=float(rng.uniform(0.3, 9)))

    bench.index()

    found = stored(bench)
    assert len(found) == 40
    assert max(bench.encoder.passes) > 20  # windows of several files shared a batch
    for path, (spans, vectors, classes) in found.items():
        cut = list(windows(str(bench.sounds / path), bench.encoder.spec))
        alone = bench.encoder.encode_audio(np.stack([window.samples for window in cut]))
        np.testing.assert_array_equal(vectors, alone.vectors.astype(np.float16))
        np.testing.assert_array_equal(spans, [(window.start_s, window.end_s) for window in cut])
        np.testing.assert_array_equal(classes, SegmentTags.likeliest(alone.tags).classes)


@pytest.mark.parametrize("workers", few([1, 5]))
def test_the_number_of_workers_does_not_show_in_the_result(bench: Bench, tmp_path, workers: int) -> None:
    """One worker or many: the same clips with the same vectors."""
    for number in range(25):
        write_tone(bench.sounds / f"{number}.wav", 100 + 90 * number, seconds=0.5 + 0.3 * number)
    bench.index(options=Options(workers=2))
    (tmp_path / "again").mkdir()
    other = Bench(tmp_path / "again")
    other.index(bench.sounds, options=Options(workers=workers))

    expected, found = stored(bench), stored(other)

    assert expected.keys() == found.keys()
    for path, values in expected.items():
        for one, two in zip(values, found[path], strict=True):
            np.testing.assert_array_equal(one, two)


@settings(max_examples=50)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_top_tags_are_the_largest_in_falling_order(classes: int, seed: int) -> None:
    """As many as there are, twenty at most, likeliest first; no class left out is likelier than one that is in."""
    probabilities = np.random.default_rng(seed).random((3, classes), np.float32)
    before = probabilities.copy()

    tags = SegmentTags.likeliest(probabilities)

    kept = min(20, classes)
    assert tags.classes.shape == tags.probabilities.shape == (3, kept)
    np.testing.assert_array_equal(probabilities, before)
    expected = np.sort(probabilities, axis=1)[:, ::-1][:, :kept]
    np.testing.assert_array_equal(np.take_along_axis(probabilities, tags.classes.astype(int), axis=1), expected)


def test_stages_account_for_their_time(bench: Bench) -> None:
    """Every stage that did something has CPU time, and together they are not more than the process's."""
    for number in range(30):
        write_tone(bench.sounds / f"{number}.wav", 100 + 90 * number, seconds=4)

    stages = bench.index().stages

    assert min(stages.scan_s, stages.hash_s, stages.decode_s, stages.encode_s, stages.write_s) > 0
    assert stages.sum_s <= stages.process_s * 1.05


def test_every_stage_of_a_job_gives_way(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each piece of work, on whichever thread: the one that looks, those that decode and those that encode."""
    write_tone(bench.sounds / "a.wav", seconds=3.0)
    stages, rested = stages_after_rests(bench.library, monkeypatch)
    bench.index()
    assert {"scan", "hash", "decode", "encode", "write", "publish"} <= set(stages)
    assert {threading.current_thread().name} < set(rested), "threads of the job as well, be it one or several"


def test_a_job_says_that_it_is_slower_while_somebody_asks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tone(bench.sounds / "a.wav")
    slow_down(bench, 1.0)
    monkeypatch.setattr(bench.library, "is_asked", lambda: True)
    bench.index()
    assert bench.notes.notes.count("slower while this library answers searches") == 1


def test_a_batch_is_seconds_of_audio_and_grows_only_where_it_is_quick(bench: Bench) -> None:
    """A slow encoder gets the same small batches throughout; a quick one gets larger ones, to a bound."""
    write_tone(bench.sounds / "long.wav", seconds=400)
    slow_down(bench, 0.0)
    bench.index(options=WITHOUT_FACTS)
    quick = max(bench.encoder.passes)
    bench.encoder = type(bench.encoder)("bands:slow")
    slow_down(bench, 0.03)
    bench.index(options=WITHOUT_FACTS)

    assert BATCH_AUDIO_S < quick <= MAX_BATCH
    assert max(bench.encoder.passes) == BATCH_AUDIO_S / bench.encoder.spec.window_s


@settings(max_examples=30)
@given(st.permutations(range(150)), st.integers(1, 150))
def test_rows_come_out_in_the_order_of_their_places(order: list[int], count: int) -> None:
    """However the windows of a content were batched and whenever they came, row i is that of window i."""
    assembly = Assembly()
    arrived = [place for place in order if place < count]
    for place in range(count):
        assert assembly.cut(float(place), place + 1.0, silent=False) == place
    assert not assembly.close()
    complete = [
        assembly.add(place, (np.full((3, 2), place, np.float16), np.full((3, 1), place, np.uint16),
                             np.zeros((3, 1), np.float16)), 1)
        for place in arrived
    ]  # fmt: skip

    encoding = assembly.encoding()

    assert complete == [False] * (count - 1) + [True]
    np.testing.assert_array_equal(encoding.vectors[:, 0], np.arange(count, dtype=np.float16))
    np.testing.assert_array_equal(encoding.tags.classes[:, 0], np.arange(count))


def test_a_long_recording_shows_how_far_it_is_and_how_long_it_will_take(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the only file is in work its share grows, and the time left is of the order of what it then takes."""
    write_tone(bench.sounds / "long.wav", seconds=400)
    slow_down(bench, 1.0)
    reports = report_after_each_batch(bench, monkeypatch)
    bench.index(options=WITHOUT_FACTS)

    before = [one for one in reports if one.files_done == 0]
    shares = [one.share for one in before]
    assert len(set(shares)) > 3, "it does not stand still"
    assert shares == sorted(shares)
    assert [one.audio_s for one in before] == pytest.approx([400 * share for share in shares], abs=3)
    half = next(one for one in before if one.share > 0.4)
    assert 0.3 < (half.elapsed_s + half.left_s) / reports[-1].elapsed_s < 3
    assert (reports[-1].share, reports[-1].files_done) == (1.0, 1)


def test_a_job_that_goes_on_starts_at_the_share_where_it_stopped(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was indexed before counts as done, so neither its share nor the time left jumps."""
    for number in range(9):
        write_tone(bench.sounds / f"{number}.wav", 100 + 50 * number, seconds=4)
    bench.index()
    write_tone(bench.sounds / "new.wav", 900, seconds=4)
    slow_down(bench, 1.0)
    reports = report_after_each_batch(bench, monkeypatch)
    bench.index()
    assert len(reports) > 1
    assert reports[0].share >= 0.9
    assert reports[-1].share == 1.0


@pytest.mark.parametrize("windows", [0.3, 1.0, 1.04, 1.09, 1.7, 2.05])
def test_a_clip_lasts_as_long_as_its_sound(bench: Bench, windows: float) -> None:
    """However little of it is left behind the last window, which has none of its own."""
    seconds = round(windows * bench.encoder.spec.window_s, 3)
    write_tone(bench.sounds / "tone.wav", seconds=seconds)
    bench.index()
    assert bench.clips()["tone.wav"].duration_s == pytest.approx(seconds, abs=0.001)
