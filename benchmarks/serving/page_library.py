"""Libraries of demo sounds for the page to show, generated, indexed once and kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import requests
import soundfile
from numpy.typing import NDArray

from benchmarks.common.checkout import HERE, Checkout
from benchmarks.common.outputs import report_progress

GENERATOR = HERE.folder / "data" / "demo.py"
CLIPS = 1_000
_KINDS = 25
LONG_S = 3 * 3600.0
LONG_RATE_HZ = 16_000
PLACED = 20
"""How many sounds are mixed into the long recordings; each is also a clip of its own, to query with."""
LONG_FORMATS = (("mp3", "MPEG_LAYER_III"), ("flac", "PCM_16"))


def made(work: Path, clips: int = CLIPS) -> Path:
    """Return the library below ``work``, of ``clips`` clips (a multiple of 25); make it if it does not exist."""
    library, sounds = work / "library", work / "sounds"
    if (work / "complete").exists():
        return library
    report_progress(f"making {clips} sounds and their library under {work}, once ...")
    generate = [sys.executable, str(GENERATOR), str(sounds), "--each", str(clips // _KINDS)]
    subprocess.run(generate, check=True)  # noqa: S603 - our own command
    _index(sounds, library)
    draw = [sys.executable, "-m", "search.cli", "map", "--library", str(library)]
    subprocess.run(draw, check=True)  # noqa: S603 - our own command
    (work / "complete").touch()
    return library


def made_by(checkout: Checkout, work: Path) -> Path:
    """Return another commit's library of the sounds below ``work``, indexed by its own code; make it if missing."""
    library = work / f"library-{checkout.commit()}"
    done = library.with_suffix(".complete")
    if not done.exists():
        report_progress(f"making a library of the same sounds by {checkout.commit()}, once ...")
        _index(work / "sounds", library, checkout)
        done.touch()
    return library


def made_many(work: Path, times: int) -> Path:
    """Return a library with each sound below ``work`` this many times, in different folders; make it if missing."""
    library, sounds = work / "many-library", work / "many-sounds"
    if (work / "many-complete").exists():
        return library
    report_progress(f"making a library of {times} times as many clips under {work}, once ...")
    if not library.exists():
        shutil.copytree(made(work), library)  # known sounds need not be encoded again
    for source in sorted((work / "sounds").rglob("*.*")):
        for number in range(1, times):
            place = sounds / f"take {number}" / source.relative_to(work / "sounds")
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                os.link(source, place)
    _index(sounds, library)
    (work / "many-complete").touch()
    return library


@dataclass(frozen=True, slots=True)
class LongLibrary:
    """The clips of a library of long recordings: those, each with its format's name, and the sounds in them."""

    recordings: Sequence[tuple[int, str]]
    questions: Sequence[int]

    @classmethod
    def at(cls, url: str) -> LongLibrary:
        """Read them from a service of this library."""
        listed = requests.get(f"{url}api/v1/clips", params={"limit": "100", "sort": "path"}, timeout=60).json()
        ids = {clip["path"]: int(clip["id"]) for clip in listed["clips"]}
        long = [(ids[f"long.{suffix}"], suffix.upper()) for suffix, _ in LONG_FORMATS]
        return cls(long, [clip_id for path, clip_id in sorted(ids.items()) if not path.startswith("long.")])


def made_long(work: Path) -> Path:
    """Return a library of three-hour recordings with sounds of those below ``work``; make it if it does not exist."""
    library, sounds = work / "long-library", work / "long-sounds"
    if (work / "long-complete").exists():
        return library
    report_progress(f"making recordings of three hours and their library under {work}, once ...")
    sounds.mkdir(parents=True, exist_ok=True)
    chosen = sorted((work / "sounds").rglob("*_01.*"))[:PLACED]
    waves = {path.name: _mono(path) for path in chosen}
    for name, wave in waves.items():
        soundfile.write(sounds / f"{Path(name).stem}.wav", wave, LONG_RATE_HZ)
    for suffix, subtype in LONG_FORMATS:
        _write_long(sounds / f"long.{suffix}", subtype, list(waves.values()))
    _index(sounds, library)
    (work / "long-complete").touch()
    return library


def _mono(path: Path) -> NDArray[np.float32]:
    wave, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    at = np.arange(0, len(wave) / rate_hz, 1 / LONG_RATE_HZ)
    mixed: NDArray[np.float64] = np.interp(at, np.arange(len(wave)) / rate_hz, wave.mean(axis=1))
    return mixed.astype(np.float32)


def _write_long(path: Path, subtype: str, waves: Sequence[NDArray[np.float32]]) -> None:
    """Minutes of soft noise; one minute in nine has a sound in it, each sound once."""
    rng = np.random.default_rng(9)
    minute = 60 * LONG_RATE_HZ
    minutes = round(LONG_S / 60)
    places = {round((at + 0.5) * minutes / len(waves)): wave for at, wave in enumerate(waves)}
    with soundfile.SoundFile(path, "w", LONG_RATE_HZ, 1, subtype, format=path.suffix[1:].upper()) as file:
        for at in range(minutes):
            block = rng.normal(0, 0.003, minute).astype(np.float32)
            if at in places:
                wave = places[at][:minute]
                first = int(rng.integers(0, minute - len(wave) + 1))
                block[first : first + len(wave)] += wave
            file.write(block)


def _index(sounds: Path, library: Path, checkout: Checkout = HERE) -> None:
    index = checkout.soundalike("index", str(sounds.absolute()), "--library", str(library.absolute()), "--quiet")
    subprocess.run([*index, "--encoder", "spectral"], cwd=checkout.folder, check=True)  # noqa: S603 - our own command
