"""Sounds outside the range of hearing: a root or a query is played at another speed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from search import cli, wiring
from search.audio import windows
from search.model import EncoderSpec
from tests.search.libraries import settings
from tests.search.soundfiles import write

RATE = 192_000


def chirps(low_hz, seconds=1.2):
    """(frames,): five calls a second, each falling by a fifth."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * low_hz * (1.5 * (time % 0.2) - 1.25 * (time % 0.2) ** 2)
    return (0.3 * np.sin(phase) * np.exp(-30 * (time % 0.2))).astype(np.float32)


@pytest.fixture
def bats(tmp_path):
    """Two bats that call at 32 and 60 kHz, and at a tenth of that what the first sounds like slowed down."""
    folder = tmp_path / "bats"
    folder.mkdir()
    for name, low_hz in (("pipistrelle", 32_000), ("horseshoe", 60_000)):
        write(folder / f"{name}.wav", chirps(low_hz), RATE)
    write(tmp_path / "slow.wav", chirps(32_000), RATE // 10)
    return folder


def run(tmp_path, capsys, *arguments):
    """The status and what a command printed."""
    status = cli.main([*map(str, arguments), "--library", str(tmp_path / "library")])
    return status, capsys.readouterr()


def index(tmp_path, capsys, *arguments):
    """The same, of a job."""
    return run(tmp_path, capsys, "index", *arguments, "--encoder", "spectral", "--json")


@pytest.fixture(autouse=True)
def at_hand(monkeypatch, tmp_path):
    """Settings of a test for commands that read the environment."""
    for name, value in {"SOUNDALIKE_NEIGHBOURHOODS": "off"}.items():
        monkeypatch.setenv(name, value)


def test_a_folder_of_ultrasound_is_heard_at_a_tenth_of_its_speed(tmp_path, capsys, bats):
    """Found by a slowed-down copy, and by a call played as slowly; passages have the times of the file."""
    status, _ = index(tmp_path, capsys, bats, "--speed", "0.1")
    assert status == 0
    for question in ((tmp_path / "slow.wav",), (bats / "pipistrelle.wav", "--speed", "0.1")):
        _, printed = run(tmp_path, capsys, "search", "--audio", *question, "--json")
        first = json.loads(printed.out)["hits"][0]
        assert first["path"].endswith("pipistrelle.wav")
        assert 0 <= first["start_s"] < first["end_s"] <= 1.2
        assert first["score"] > 0.95
    _, printed = run(tmp_path, capsys, "info", "--json")
    assert [root["speed"] for root in json.loads(printed.out)["roots"]] == [0.1]
    _, printed = run(tmp_path, capsys, "info")
    assert "played at speed 0.1" in printed.out


def test_a_file_that_has_nothing_beyond_is_not_said_to(tmp_path):
    """Its own rate ends where its sound does: what resampling rounds off there is no sound above the encoder's band."""
    rate_hz = 16_000
    hiss = np.fft.rfft(np.random.default_rng(8).standard_normal(2 * rate_hz))
    hiss[: int(0.95 * len(hiss))] = 0
    path = write(tmp_path / "hiss.wav", np.fft.irfft(hiss).astype(np.float32), rate_hz)
    said = []
    spec = EncoderSpec("x", "1", "1", 1, 32_000, 0.5, 0.25)
    assert list(windows(str(path), spec, warn=said.append))
    assert said == []


def test_ultrasound_at_its_own_speed_is_silent_and_says_why(tmp_path, capsys, bats):
    """In the summary and in info."""
    _, printed = index(tmp_path, capsys, bats)
    warnings = [warned["warning"] for warned in json.loads(printed.out.splitlines()[-1])["warnings"]]
    assert len(warnings) == 2
    assert all("100% of the energy lies above 16 kHz" in warning and "--speed" in warning for warning in warnings)
    _, printed = run(tmp_path, capsys, "info", "--json")
    assert "16 kHz" in json.dumps(json.loads(printed.out))


def test_a_root_keeps_its_speed(tmp_path, capsys, bats):
    """Also when it is not named again; another one is refused, and says what to do."""
    index(tmp_path, capsys, bats, "--speed", "0.1")
    write(bats / "late.wav", chirps(32_000, 1.0), RATE)
    assert index(tmp_path, capsys, bats)[0] == 0
    with wiring.library(tmp_path / "library", settings(tmp_path), read_only=True) as library:
        clips = library.reader.clips([1, 2, 3])
        assert [(clip.silent, clip.root.speed) for clip in clips] == [(False, 0.1)] * 3
    status, printed = index(tmp_path, capsys, bats, "--speed", "0.5")
    assert status == 3
    assert "speed 0.1, which cannot become 0.5" in printed.err


@pytest.mark.parametrize("arguments", [("index", "x", "--speed", "0"), ("search", "--text", "a", "--speed", "1")])
def test_a_speed_that_makes_no_sense_is_wrong_use(tmp_path, capsys, arguments):
    """One of nothing, and one of words."""
    status, printed = run(tmp_path, capsys, *arguments)
    assert status == 2
    assert "speed" in printed.err


@pytest.mark.parametrize("speed", [0.1, 0.5, 4.0])
def test_windows_are_those_of_the_sound_played_at_that_speed(tmp_path, speed):
    """And lie where they lie in the file."""
    sound = chirps(3_000, 3.0)
    spec = EncoderSpec("x", "1", "1", 1, 16_000, 0.5, 0.25)
    path = write(tmp_path / "a.wav", sound, RATE)
    played = write(tmp_path / "b.wav", sound, round(RATE * speed))
    found, expected = list(windows(str(path), spec, speed=speed)), list(windows(str(played), spec))
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.start_s, ours.end_s) == pytest.approx((theirs.start_s * speed, theirs.end_s * speed))
        np.testing.assert_allclose(ours.samples, theirs.samples, atol=1e-4)
