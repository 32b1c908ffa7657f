"""Faster measuring changes no fact: they equal those that were measured before, for sounds of every kind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from search.analysis.facts.definitions import FACTS, unpacked
from search.analysis.facts.measuring import Measurement
from search.audio import Block
from search.model import AudioInfo

BEFORE = Path(__file__).parent / "facts_before.json"
"""Of version 12: the row of each sound, facts and profile."""
RATES = {"drums": 44_100, "chords": 44_100, "voice": 48_000, "hiss": 16_000, "hum": 22_050, "click": 44_100}


def sound(name: str) -> np.ndarray:
    """(channels, n) one of them."""
    rate_hz = RATES[name]
    rng = np.random.default_rng(len(name))
    at_s = np.arange(round({"chords": 21, "click": 0.3}.get(name, 7) * rate_hz)) / rate_hz
    noise = rng.normal(size=len(at_s))
    if name == "drums":
        return np.stack((0.5 * noise * np.exp(-30 * (at_s % 0.5)), 0.4 * noise * np.exp(-20 * (at_s % 0.5))))
    if name == "chords":
        notes = [220.0 * 2 ** (step / 12) for step in (0, 4, 7)]
        return sum(0.1 * np.sin(2 * np.pi * hz * at_s) * np.exp(-2 * (at_s % 1.0)) for hz in notes)[np.newaxis]
    if name == "voice":
        phase = 2 * np.pi * np.cumsum(180 + 10 * np.sin(2 * np.pi * 3 * at_s)) / rate_hz
        harmonics = sum(np.sin(k * phase) / k for k in range(1, 30))
        return (0.1 * harmonics * (np.sin(2 * np.pi * 0.7 * at_s) > -0.3))[np.newaxis]
    if name == "hiss":
        return np.clip(0.3 * noise * (1 + 0.5 * np.sin(2 * np.pi * 0.3 * at_s)), -0.5, 0.5)[np.newaxis]
    if name == "hum":
        lines = sum(0.02 / k * np.sin(2 * np.pi * 50 * k * at_s) for k in range(1, 9))
        return np.stack((lines + 0.01 * noise, lines - 0.01 * noise))
    return (0.8 * noise * np.exp(-50 * at_s))[np.newaxis]


def row(name: str) -> np.ndarray:
    """What a catalog keeps of it."""
    wave = sound(name).astype(np.float32)
    measurement = Measurement(AudioInfo("WAV", "PCM_16", RATES[name], len(wave), None))
    step = 2 * RATES[name]
    for start in range(0, wave.shape[1], step):
        measurement.add(Block(start / RATES[name], RATES[name], wave[:, start : start + step]))
    return measurement.numbers((), 100_000)


@pytest.mark.parametrize("name", RATES)
def test_facts_are_those_that_were_measured_before(name: str) -> None:
    now, before = row(name), np.array(json.loads(BEFORE.read_text())[name], np.float32)
    known, facts = unpacked(before), unpacked(now)
    assert facts.keys() == known.keys()
    for fact, value in known.items():
        if isinstance(value, float):
            assert facts[fact] == pytest.approx(value, rel=2e-3, abs=1e-5), fact
        else:
            assert facts[fact] == value, fact
    np.testing.assert_allclose(now[len(FACTS) :], before[len(FACTS) :], rtol=2e-3, atol=0.02)


if __name__ == "__main__":  # how BEFORE was written
    rows = {name: [None if np.isnan(n) else round(float(n), 6) for n in row(name)] for name in RATES}
    BEFORE.write_text(json.dumps(rows) + "\n")
