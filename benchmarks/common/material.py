"""MP3 files to index, encoded at run time from real recordings if there are any, else from the demo collection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search import audio
from search.errors import AudioError, UsageError, printable

SHARED_AUDIO = Path("../shared/data/natural/audio")
DEMO_AUDIO = Path("data/demo")
RATE_HZ = 44_100


@dataclass(frozen=True, slots=True)
class Material:
    """MP3 files under ``folder``; ``source`` is the folder that they were encoded from."""

    folder: Path
    source: str
    files: tuple[Path, ...]
    seconds: float
    size_bytes: int


def default_source() -> Path:
    """Return the folder of the recordings. Raises UsageError if there is none."""
    for folder in (SHARED_AUDIO, DEMO_AUDIO):
        if folder.is_dir():
            return folder
    raise UsageError(f"no audio to index: give a folder with --audio, or run: python data/demo.py {DEMO_AUDIO}")


def as_mp3(source: Path, out: Path, minutes: float, seed: int) -> Material:
    """Encode recordings of ``source`` to MP3 (44.1 kHz, one channel, libsndfile's default quality) under ``out``.

    Takes files in random order until ``minutes`` are reached; the same seed takes the same files. Skips files that
    cannot be decoded. Raises UsageError if none can.
    """
    import soundfile

    files: list[Path] = []
    seconds = 0.0
    for path, wave in _decoded(_shuffled(source, seed)):
        if seconds >= minutes * 60:
            break
        file = out / f"{len(files):05d}_{Path(path).stem[:60]}.mp3"
        soundfile.write(file, wave, RATE_HZ, format="MP3", subtype="MPEG_LAYER_III")
        files.append(file)
        seconds += len(wave) / RATE_HZ
    if not files:
        raise UsageError(f"{printable(str(source))} has no audio file that can be decoded")
    return Material(out, str(source), tuple(files), seconds, sum(file.stat().st_size for file in files))


def choose(source: Path, count: int, seed: int) -> list[Path]:
    """Return at most ``count`` decodable recordings of a folder in random order; the same seed gives the same order.

    Raises UsageError if there are none.
    """
    found: list[Path] = []
    for path in _shuffled(source, seed):
        if len(found) == count:
            break
        try:
            audio.probe(path)
        except AudioError:
            continue
        found.append(Path(path))
    if not found:
        raise UsageError(f"{printable(str(source))} has no audio file that can be decoded")
    return found


def _shuffled(source: Path, seed: int) -> list[str]:
    paths = sorted(str(path) for path in source.rglob("*") if path.is_file() and audio.is_audio_name(str(path)))
    return [paths[place] for place in np.random.default_rng(seed).permutation(len(paths))]


def _decoded(paths: Iterable[str]) -> Iterator[tuple[str, np.ndarray]]:
    for path in paths:
        try:
            yield path, np.concatenate(list(audio.stream(path, RATE_HZ)))
        except AudioError:
            continue  # the indexing benchmark is about speed; bad input has its own tests
