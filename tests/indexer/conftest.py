"""A library over a real catalog, a small encoder, and files of real audio."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from indexer.job import index
from indexer.model import Options, Summary
from search.model import Clip
from tests.fakes import BandEncoder, CatalogLibrary, Notes

RATE_HZ = 8_000


def write_tone(path: Path, hz: float = 440.0, seconds: float = 1.2, level: float = 0.5) -> Path:
    """Write a sine as a WAV file, and make its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    with path.open("wb") as file:  # soundfile itself cannot open names that are not UTF-8
        soundfile.write(file, level * np.sin(2 * np.pi * hz * times_s), RATE_HZ, format="WAV")
    return path


class Bench:
    """A folder of sounds, a library, and the job that indexes the sounds into it."""

    def __init__(self, folder: Path) -> None:
        self.sounds = folder / "sounds"
        self.sounds.mkdir()
        self.library = CatalogLibrary(folder / "library")
        self.encoder = BandEncoder()
        self.notes = Notes()
        self.now_s: Callable[[], float] = time.monotonic

    def index(self, *paths: Path, options: Options | None = None) -> Summary:
        """Run the job over ``paths`` (the folder of sounds when none is given)."""
        given = [os.fspath(path) for path in paths or (self.sounds,)]
        options = options or Options(workers=2)
        return index(self.library, self.encoder, given, options, self.notes, now_s=self.now_s)

    def clips(self) -> dict[str, Clip]:
        """Every clip by its relative path (a path under two roots would show once)."""
        catalog = self.library.catalog
        spaces = catalog.spaces()
        ids = [f.clip_id for root in catalog.roots() for f in catalog.files(root.id, spaces[0].id).values()]
        return {clip.path: clip for clip in catalog.clips(ids)}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """See `Bench`."""
    bench = Bench(tmp_path)
    yield bench
    bench.library.catalog.close()


@pytest.fixture
def tone() -> Callable[..., Path]:
    """`write_tone`."""
    return write_tone
