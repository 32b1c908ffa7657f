"""``python -m benchmarks.speed.facts``: the cost of each part of the facts, and of a fingerprint.

Recordings are encoded as MP3, as in `benchmarks.speed.indexing`, and decoded once. Then each part measures them by
itself in one thread, so the sum of the parts is a little above the cost of all together. With ``--index ROUNDS`` the
files are also indexed without facts, with facts, and with facts and fingerprints, in turn; the figures are the times of
the command and of its job.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.common.material import as_mp3, default_source
from benchmarks.common.report import markdown_table
from benchmarks.speed.indexing import CommandSpent, median_ratio, spent_by_index
from search import audio
from search.analysis.exact.listening import fingerprint
from search.analysis.facts.envelope import Envelope
from search.analysis.facts.frames import Samples
from search.analysis.facts.hum import Hum
from search.analysis.facts.levels import Levels
from search.analysis.facts.measuring import AT_ONCE_S, Measurement
from search.analysis.facts.mix import Mix
from search.analysis.facts.music import Music
from search.analysis.facts.pitch import Pitch
from search.analysis.facts.spectrum import Spectrum, hop_of
from search.analysis.facts.weighting import Weighted
from search.audio import Block
from search.ground.ending import with_status
from search.ground.process import own
from search.model import AudioInfo
from search.settings import DEFAULT_ENCODER

_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Sound:
    """A decoded file: its ``blocks``; the passages that facts measure ``at_once``; their ``mix``; and its length."""

    info: AudioInfo
    blocks: tuple[Block, ...]
    at_once: tuple[Samples, ...]
    mix: tuple[Samples, ...]
    seconds: float

    @property
    def rate_and_channels(self) -> tuple[int, int]:
        """Its sample rate and number of channels."""
        return self.blocks[0].rate_hz, len(self.blocks[0].samples)


def decoded(path: str) -> Sound:
    """Decode a file. Raises AudioError."""
    info = audio.probe(path)
    blocks = tuple(audio.channels(path))
    rate_hz, whole = blocks[0].rate_hz, np.concatenate([block.samples for block in blocks], axis=1)
    size = round(AT_ONCE_S * rate_hz)
    at_once = tuple(whole[:, first : first + size] for first in range(0, whole.shape[1], size))
    return Sound(info, blocks, at_once, _mixed(rate_hz, at_once), whole.shape[1] / rate_hz)


def _mixed(rate_hz: int, at_once: Sequence[Samples]) -> tuple[Samples, ...]:
    mix = Mix(rate_hz)
    return tuple(mix.add(samples, last=samples is at_once[-1]) for samples in at_once)


def parts_ms_per_s(sounds: Sequence[Sound]) -> dict[str, float]:
    """Return milliseconds of one core for a second of sound: each part, all facts together, and a fingerprint.

    The figures are medians of three rounds.
    """
    seconds = sum(sound.seconds for sound in sounds)
    return {
        name: float(np.median([_spent_s(work, sounds) for _ in range(_ROUNDS)])) * 1000 / seconds
        for name, work in PARTS.items()
    }


def _spent_s(work: Callable[[Sound], object], sounds: Sequence[Sound]) -> float:
    began = time.process_time()
    for sound in sounds:
        work(sound)
    return time.process_time() - began


def _levels(sound: Sound) -> None:
    levels = Levels(*sound.rate_and_channels)
    for samples in sound.at_once:
        levels.add(samples)


def _spectrum(sound: Sound) -> None:
    spectrum = Spectrum(*sound.rate_and_channels)
    for samples in sound.at_once:
        spectrum.add(samples)
    spectrum.end()
    spectrum.shape()


def _weighted(sound: Sound) -> None:
    rate_hz, channels = sound.rate_and_channels
    weighted = Weighted(rate_hz, channels, hop_of(rate_hz))
    for samples in sound.at_once:
        weighted.add(samples)
    weighted.end()


def _envelope(sound: Sound) -> None:
    envelope = Envelope(*sound.rate_and_channels)
    for samples in sound.at_once:
        envelope.add(samples)
    envelope.end()


def _mix(sound: Sound) -> None:
    _mixed(sound.rate_and_channels[0], sound.at_once)


def _pitch(sound: Sound) -> None:
    pitch = Pitch()
    for samples in sound.mix:
        pitch.add(samples)
    pitch.end()
    pitch.found()


def _hum(sound: Sound) -> None:
    hum = Hum()
    for samples in sound.mix:
        hum.add(samples)
    hum.found_db()


def _onsets(sound: Sound) -> Music:
    music = Music()
    for samples in sound.mix:
        music.add(samples)
    return music


def _tempo_and_key(sound: Sound) -> None:
    music = _onsets(sound)
    music.tempo(has_key=True)
    music.key()


def _all(sound: Sound) -> None:
    measurement = Measurement(sound.info)
    for block in sound.blocks:
        measurement.add(block)
    measurement.numbers((), 1)


def _fingerprint(sound: Sound) -> None:
    fingerprint(samples[0] for samples in sound.mix)


PARTS: Final[dict[str, Callable[[Sound], object]]] = {
    "levels: true peak, clipping, gaps, bits": _levels,
    "spectrum: brightness, bandwidth": _spectrum,
    "K filter: loudness": _weighted,
    "envelope": _envelope,
    "mix to 11,025 Hz": _mix,
    "pitch": _pitch,
    "hum": _hum,
    "onsets and chroma": _onsets,
    "the same, and tempo and key of them": _tempo_and_key,
    "all facts": _all,
    "fingerprint, of the mix": _fingerprint,
}


def by_turns(folder: Path, encoder: str, rounds: int) -> str:
    """Return a table of what ``soundalike index`` spends: medians, and medians of each round's ratio to "without"."""
    ways = {"without": (False, False), "facts": (True, False), "facts and fingerprints": (True, True)}
    spent: dict[str, list[CommandSpent]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (facts, fingerprints) in ways.items():
            with tempfile.TemporaryDirectory() as library:
                where = Path(library) / "library"
                spent[name].append(spent_by_index(folder, where, encoder, facts=facts, fingerprints=fingerprints))
    rows = []
    for name, of in spent.items():
        pairs = list(zip(of, spent["without"], strict=True))
        command = median_ratio([(one.command, other.command) for one, other in pairs])
        job = median_ratio([(one.job, other.job) for one, other in pairs])
        seconds = [
            float(np.median(values)) for values in zip(*((s.job.cpu_s, s.command.cpu_s) for s in of), strict=True)
        ]
        rows.append((name, *(f"{s:.2f}" for s in (*seconds, job.cpu_s, command.cpu_s, command.wall_s))))
    return markdown_table(
        ("index", "stages, CPU s", "command, CPU s", "stages, ratio", "command CPU, ratio", "command wall, ratio"), rows
    )


@with_status
def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    from threadpoolctl import threadpool_limits

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audio", type=Path, help="recordings (default: ../shared, else data/demo)")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--index", type=int, default=0, metavar="ROUNDS", help="also index the files, in this many rounds"
    )
    parser.add_argument("--encoder", default=DEFAULT_ENCODER)
    args = parser.parse_args(argv)
    own()
    print(this_machine().sentence())
    with tempfile.TemporaryDirectory() as folder:
        material = as_mp3(args.audio or default_source(), Path(folder), args.minutes, args.seed)
        sounds = [decoded(str(path)) for path in material.files]
        indexed = by_turns(material.folder, args.encoder, args.index) if args.index else ""
    print(f"{len(sounds)} MP3 files, {material.seconds / 60:.1f} minutes, from {material.source}, seed {args.seed}\n")
    with threadpool_limits(1):
        parts = parts_ms_per_s(sounds)
    print("| part | ms of one core for a second of sound |\n|---|---:|")
    for name, ms in parts.items():
        print(f"| {name} | {ms:.2f} |")
    if indexed:
        print(f'\nIndexing them, {args.encoder}, {args.index} rounds, seconds, and ratios to "without":\n\n{indexed}')


if __name__ == "__main__":
    raise SystemExit(main())
