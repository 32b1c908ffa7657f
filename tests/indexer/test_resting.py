"""Long pieces of work give way to queries: tunes within a recording, large files, and the work of workers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from indexer import tunes
from indexer.job import index
from indexer.model import Options
from search import wiring
from search.ground import digests
from search.library.givingway import GivingWay
from search.model import Wave
from search.settings import Settings
from tests.fakes import Notes
from tests.indexer.conftest import Bench, write_tone
from tests.indexer.resting_helpers import stages_after_rests
from tests.indexer.sharing_helpers import Shared

RATE_HZ = 16_000


def test_a_tune_is_followed_with_rests_within_a_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only before each recording, which may last for hours."""
    seen: list[tuple[int, str]] = []

    def note(what: str) -> None:
        seen.append((threading.get_ident(), what))

    def noted(blocks: Iterator[Wave]) -> Iterator[Wave]:
        for block in blocks:
            note("block")
            yield block

    sounds = tmp_path / "sounds"
    sounds.mkdir()
    hiss = 0.001 * np.random.default_rng(1).normal(size=12 * RATE_HZ)
    soundfile.write(sounds / "long.wav", hiss, RATE_HZ)
    settings = Settings.from_env({})
    encoder, melodies = wiring.encoder("spectral", settings), wiring.melody_extractor()
    with wiring.library(tmp_path / "library", settings, create=True) as library:
        index(library, encoder, [str(sounds)], Options(workers=2), Notes(), tunes=melodies)
        stream = tunes.audio.stream
        monkeypatch.setattr(GivingWay, "rest", lambda _self: note("rest"))
        monkeypatch.setattr(tunes.audio, "stream", lambda *given, **more: noted(stream(*given, **more)))
        index(library, encoder, [str(sounds)], Options(workers=2, melody=True), Notes(), tunes=melodies)
    (thread,) = {thread for thread, what in seen if what == "block"}
    there = [what for each, what in seen if each == thread]
    assert there.count("block") >= 2
    assert "blockblock" not in "".join(there)


def test_a_large_file_is_hashed_with_rests(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tone(bench.sounds / "a.wav", seconds=3.0)
    monkeypatch.setattr(digests, "PIECE_BYTES", 1000)
    bench.index()
    assert bench.library.rests > path.stat().st_size / 1000


def test_a_worker_gives_way_to_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the threads that decode and encode: whoever plans the job has none of these."""
    write_tone(tmp_path / "sounds" / "a.wav", seconds=3.0)
    shared = Shared(tmp_path / "shared")
    stages, rested = stages_after_rests(shared.library, monkeypatch)
    with closing(shared.library.catalog):
        shared.index(tmp_path / "sounds")
    assert {"decode", "encode"} <= set(stages)
    assert any(name.startswith("index") for name in rested)
