"""Cutting a stream into windows, against a simple formula over the whole sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.audio import SILENCE_DB, cut
from search.errors import EncoderError
from search.model import EncoderSpec


def spec(window: int, hop: int, rate_hz: int = 100) -> EncoderSpec:
    return EncoderSpec("test", "1", "", 1, rate_hz, window / rate_hz, hop / rate_hz)


def offline(sound: np.ndarray, window: int, hop: int) -> list[tuple[int, int, np.ndarray]]:
    """The rule as DESIGN.md's reader would write it: (start, stop, samples) of each window."""
    total = len(sound)
    if total == 0:
        return []
    if total < window:
        return [(0, total, np.tile(sound, window // total + 1)[:window])]
    starts = [start for start in range(0, total, hop) if start + window <= total]
    if total - (starts[-1] + window) > window / 10:
        starts.append(total - window)
    return [(start, start + window, sound[start : start + window]) for start in starts]


@st.composite
def blocks(draw: st.DrawFn) -> list[np.ndarray]:
    sizes = draw(st.lists(st.integers(0, 90), max_size=12))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    sound = (rng.choice((-1, 1), sum(sizes)) * rng.uniform(0.1, 1, sum(sizes))).astype(np.float32)
    return np.split(sound, np.cumsum(sizes)[:-1]) if sizes else []


@settings(max_examples=200)
@given(blocks(), st.integers(1, 70), st.integers(1, 100), st.sampled_from([0.0, 12.5]))
def test_the_stream_is_cut_as_the_whole_would_be(parts, window, hop, offset_s):
    """Whatever the blocks' sizes: the same windows, in order, sample for sample, with the same times."""
    sound = np.concatenate(parts) if parts else np.empty(0, np.float32)
    expected = offline(sound, window, hop)
    found = list(cut(iter(parts), spec(window, hop), offset_s))
    assert [(w.start_s, w.end_s) for w in found] == [(offset_s + a / 100, offset_s + b / 100) for a, b, _ in expected]
    for ours, (_, _, samples) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.samples, samples)
        assert ours.samples.dtype == np.float32
        assert ours.samples.shape == (window,)


@settings(max_examples=200)
@given(st.integers(1, 500), st.integers(1, 60), st.data())
def test_every_sample_but_a_short_rest_is_in_a_window(total, window, data):
    """With a hop of at most the window no more than a tenth of a window at the end is in none."""
    hop = data.draw(st.integers(1, window))
    covered = np.zeros(total, bool)
    for passage in cut([np.ones(total, np.float32)], spec(window, hop)):
        covered[round(passage.start_s * 100) : round(passage.end_s * 100)] = True
    missing = np.flatnonzero(~covered)
    assert len(missing) <= window / 10
    assert not len(missing) or missing[0] == total - len(missing)


def test_the_windows_are_the_callers_own():
    """Changing a window changes neither the block it came from nor another window."""
    block = np.ones(100, np.float32)
    first, second, *_ = cut([block], spec(40, 20))
    first.samples[:] = 7
    assert block.max() == 1
    assert second.samples.max() == 1


def test_no_more_than_a_window_and_a_block_is_held():
    """A long stream does not pile up: what is held, the window given and the one before it that this loop holds."""
    import tracemalloc

    def endless():
        for _ in range(2000):
            yield np.zeros(10_000, np.float32)

    tracemalloc.start()
    for _ in cut(endless(), spec(50_000, 25_000)):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * (3 * 50_000 + 3 * 10_000), "20 million samples went through"


def test_silence_is_marked():
    """A window is silent when no sample exceeds -80 dB of full scale, of either sign."""
    floor = 10 ** (SILENCE_DB / 20)
    for value, silent in ((0.0, True), (0.99 * floor, True), (1.01 * floor, False), (-1.01 * floor, False)):
        sound = np.zeros(10, np.float32)
        sound[3] = value
        assert [w.silent for w in cut([sound], spec(10, 10))] == [silent]


@pytest.mark.parametrize(("window", "hop"), [(0, 10), (10, 0)])
def test_a_window_or_hop_of_nothing_is_refused(window, hop):
    """Rather than cutting for ever."""
    with pytest.raises(EncoderError, match="at least one sample"):
        list(cut([np.ones(10, np.float32)], spec(window, hop)))
