"""The latency of `listen`: what the benchmark plays, and what it counts as reported."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest

from benchmarks.serving import live


def test_sirens_begin_where_it_says():
    wave, onsets_s = live.sound(40.0, np.random.default_rng(3))
    assert len(wave) == 40 * live.RATE_HZ
    assert len(onsets_s) == 3
    for onset_s in onsets_s:
        first = int(onset_s * live.RATE_HZ)
        assert np.abs(wave[first - 1_000 : first]).max() < 0.05 < np.abs(wave[first : first + 1_000]).max()


def test_an_alert_counts_from_when_its_siren_begins_and_the_first_one_counts():
    lines = [
        (4.0, {"state": "begun", "kind": "event", "latency_s": 9.0}),  # of nothing
        (11.5, {"state": "begun", "kind": "event", "latency_s": 0.1}),
        (12.5, {"state": "ended", "kind": "event", "latency_s": 9.0}),
        (13.0, {"state": "begun", "kind": "event", "latency_s": 9.0}),
    ]
    reported = live._reported("events", "event", lines, [10.0, 30.0], 0.05)
    assert reported.delays_s == (1.5,)
    assert (reported.sirens, reported.latency_s, reported.cpu) == (2, 0.1, 0.05)
    assert math.isnan(live._reported("events", "event", [], [10.0], 0.05).latency_s)


def test_samples_are_written_whole_and_no_sooner_than_they_sound(monkeypatch):
    """On a clock of its own, which goes on by what is slept."""
    now_s, pipe, written_s = [100.0], io.BytesIO(), []

    def sleep(seconds: float) -> None:
        now_s[0] += seconds

    def flush() -> None:
        written_s.append(now_s[0])

    monkeypatch.setattr(live.time, "sleep", sleep)
    monkeypatch.setattr(live.time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(pipe, "flush", flush, raising=False)
    live._write_in_time(pipe, np.full(live.RATE_HZ // 10, 0.5), 100.0)
    assert written_s == pytest.approx([100.02, 100.04, 100.06, 100.08, 100.1])
    assert np.frombuffer(pipe.getvalue(), "<i2").tolist() == [16_383] * (live.RATE_HZ // 10)


def test_too_short_a_run_is_refused(capsys):
    assert live.main(["--seconds", "5"]) == 2
    assert "--seconds" in capsys.readouterr().err
