"""Every job over all contents gives way to queries before each small piece of its work."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from search import plugins, wiring
from search.analysis.facts.filling import fill
from search.analysis.time.filling import BATCH, of_file
from search.audio.sources import OpenSound
from search.ground import digests
from search.ground.digests import digest_of
from search.library.givingway import GivingWay
from search.library.library import Library
from search.library.roots import remove_root
from search.model import AudioEncoding, FrameEncoding
from search.snapshots.filling import nobody, resting
from tests.fakes import LoudDetector, ToneRecogniser
from tests.search.libraries import settings

RATE_HZ = 16_000
LONG_S = 40.0
"""Of the first of two sounds."""


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rests") / "sounds"
    folder.mkdir()
    for name, seconds in (("long", LONG_S), ("short", 1.0)):
        noise = np.random.default_rng(len(name)).normal(0, 0.1, int(seconds * RATE_HZ))
        soundfile.write(folder / f"{name}.wav", noise, RATE_HZ)
    return folder


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that rested, each time."""
    rested: list[str] = []
    monkeypatch.setattr(GivingWay, "rest", lambda _self: rested.append(threading.current_thread().name))
    return rested


@pytest.fixture
def library(sounds: Path, tmp_path: Path, rests: list[str]):
    with wiring.library(
        tmp_path / "library",
        replace(settings(tmp_path), encoder="spectral"),
        create=True,
        load_recogniser=lambda *_: ToneRecogniser(tuple(f"word{n}" for n in range(100))),
        load_detector=LoudDetector,
    ) as opened:
        plugins.job("index")(opened, "spectral", [str(sounds)], opened.settings)
        opened.refresh()
        rests.clear()
        yield opened


JOBS: dict[str, tuple[Callable[[Library, Path], object], int]] = {
    "facts": (lambda library, _: library.facts.measure(), 20),
    "fingerprints": (lambda library, _: library.recordings.fingerprint(), 10),
    "speech": (lambda library, _: library.speech.transcribe(), 6),
    "duplicates": (lambda library, _: library.duplicates.find(), 2),
    "map": (lambda library, _: library.maps.draw(), 1),
    "remove": (lambda library, sounds: remove_root(library, str(sounds), nobody, 5.0), 1),
}
"""With how often each rests at least: those that listen, also within the long sound."""


@pytest.mark.parametrize("name", JOBS)
def test_a_job_over_all_contents_rests_by_itself(library: Library, sounds: Path, rests: list[str], name: str):
    job, least = JOBS[name]
    job(library, sounds)
    assert len(rests) >= least


class Deaf:
    """A reader of frames that hears nothing."""

    frame_s = 0.5

    def __init__(self, rests: list[str]) -> None:
        self.rests = rests
        self.before: list[int] = []

    def encode_frames(self, waves: np.ndarray) -> FrameEncoding:
        self.before.append(len(self.rests))
        count = len(waves)
        windows = AudioEncoding(np.zeros((count, 4), np.float32), np.zeros((count, 8), np.float32))
        return FrameEncoding(windows, np.zeros((count, 4, 8), np.float32))


def test_events_are_looked_for_window_by_window(library: Library, rests: list[str]):
    """With a rest before each, and one before each batch is encoded."""
    clip = next(clip for clip in library.reader.clips([1, 2]) if clip.title == "long")
    content = library.catalog.contents([clip.content_id])[clip.content_id]
    spec = replace(library.encoders.of(library.view().spaces[0].space).spec, window_s=1.0, hop_s=1.0)
    encoder, noted = Deaf(rests), rests.append
    of_file(encoder, spec, content, clip, rest=lambda: noted("here"))
    assert encoder.before[0] >= BATCH + 1
    assert all(np.diff(encoder.before) > 1)


def test_what_is_measured_while_a_job_is_stopped_is_left_alone(library: Library):
    """Else the job would end only when sounds that rest are measured, which takes minutes."""
    begun = threading.Event()
    ended: list[int] = []

    def rest() -> None:
        if begun.is_set():
            ended.append(1)

    def stop(_done: int, _total: int) -> None:
        begun.set()
        raise KeyboardInterrupt

    with library.publisher.lease("facts") as lease, pytest.raises(KeyboardInterrupt):
        fill(library.catalog, lease, stop, rest=rest, again=True)
    assert len(ended) < LONG_S / 2


def test_a_large_file_is_hashed_with_rests(sounds: Path, monkeypatch: pytest.MonkeyPatch):
    rested: list[int] = []
    monkeypatch.setattr(digests, "PIECE_BYTES", 1000)
    data = bytes(range(250)) * 10
    assert digest_of(io.BytesIO(data), lambda: rested.append(1)) == digest_of(io.BytesIO(data))  # type: ignore[arg-type]
    assert len(rested) == 4
    with OpenSound(str(sounds / "short.wav")) as sound:
        rested.clear()
        sound.digest(lambda: rested.append(1))
    assert len(rested) >= 2 * RATE_HZ / 1000


def test_resting_comes_before_what_is_made():
    """Also before it is found that there is no more."""
    seen: list[object] = []

    def made():
        for number in range(2):
            seen.append(number)
            yield number

    assert list(resting(made(), lambda: seen.append("rest"))) == [0, 1]
    assert seen == ["rest", 0, "rest", 1, "rest"]
