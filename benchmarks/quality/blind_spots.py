"""``python -m benchmarks.quality.blind_spots``: how little an encoder recognises the tune or the words of a recording.

Every tune is played on several General MIDI instruments (FluidSynth); every sentence is read by several voices
(espeak-ng). A query by a clip should find the same tune on other instruments among other tunes on its own instrument,
or the same sentence by other voices among other sentences by its own voice. An encoder that follows only the timbre
ranks below chance.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mido  # type: ignore[import-untyped]  # it ships no types
import numpy as np
from numpy.typing import NDArray

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from benchmarks.quality.encoding import EncodingCache, encode
from benchmarks.quality.ranking import ranked_set
from search import evaluation, wiring
from search.errors import UsageError
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder
from search.settings import Settings

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SEED = 1
TUNES = 12
INSTRUMENTS = (0, 11, 19, 24, 40, 56, 65, 73)
"""Piano, vibraphone, organ, guitar, violin, trumpet, saxophone, flute: General MIDI's numbers from 0."""
SCALE = (60, 62, 64, 65, 67, 69, 71, 72, 74, 76)
NOTES = 14
BEAT_TICKS = 320
"""A third of a second at mido's default tempo: tunes of about six seconds."""
VOICES = ("en-us", "en-us+m3", "en-us+m7", "en-us+f2", "en-us+f4", "en-gb", "en-gb-scotland+m1", "en-gb+f5")
SENTENCES = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It's easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
    "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.",
    "The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us.",
    "A large size in stockings is hard to sell.",
    "The boy was there when the sun rose.",
    "A rod is used to catch pink salmon.",
)
"""The first of the Harvard sentences (IEEE, 1969)."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Task:
    """``make`` writes a file for each of ``contents`` times ``carriers``, ordered by content, and returns the paths."""

    name: str
    contents: int
    carriers: int
    make: Callable[[Path], list[Path]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Mean average precision and precision at 1."""

    mean_average_precision: float
    precision_at_1: float

    def cell(self) -> str:
        """Format as the quality tables do: mAP (P@1)."""
        return f"{self.mean_average_precision:.3f} ({self.precision_at_1:.3f})"


def tasks(soundfont: Path) -> tuple[Task, ...]:
    """Return both tasks."""
    return (
        Task(
            "the same tune on other instruments", TUNES, len(INSTRUMENTS), lambda folder: play_tunes(folder, soundfont)
        ),
        Task("the same sentence by other voices", len(SENTENCES), len(VOICES), read_sentences),
    )


def masks(contents: int, carriers: int) -> tuple[Mask, Mask]:
    """Return the masks of the relevant clips and of the candidates of each query, both (clips, clips)."""
    content, carrier = np.divmod(np.arange(contents * carriers), carriers)
    same_content, same_carrier = content[:, None] == content, carrier[:, None] == carrier
    return same_content & ~same_carrier, same_content ^ same_carrier


def chance(relevant: int, among: int) -> Figures:
    """Return the expected figures of a random order of ``among`` clips, ``relevant`` of which should be found."""
    place = np.arange(1, among + 1)
    precision = (1 + (place - 1) * (relevant - 1) / (among - 1)) / place
    return Figures(float(precision.mean()), relevant / among)


def worst(relevant: int, among: int) -> Figures:
    """Return the figures of an order that puts all relevant clips last."""
    found = np.arange(1, relevant + 1)
    return Figures(float((found / (among - relevant + found)).mean()), 0.0)


def ask(order: NDArray[np.int64], task: Task) -> Figures:
    """Return the figures of rankings ``order`` (clips, clips); row i ranks all clips by similarity to clip i."""
    relevant, candidates = masks(task.contents, task.carriers)
    values = evaluation.score(evaluation.judge(order, relevant, candidates)).values.mean(axis=0)
    names = evaluation.METRICS
    return Figures(float(values[names.index("mAP")]), float(values[names.index("P@1")]))


def measure(task: Task, files: Sequence[Path], encoder: Encoder, settings: Settings) -> Figures:
    """Return one encoder's figures; the engine ranks by plain similarity."""
    encoded = encode(files, encoder, EncodingCache(None), report_progress)
    with ranked_set(encoded, encoder, replace(settings, neighbourhoods=False)) as ranked:
        return ask(np.stack([ranked.by_example(clip) for clip in range(len(files))]), task)


def tune(number: int) -> list[tuple[int, int]]:
    """Return (key, length in ticks) of each note: a random walk over ten keys of C major, in one key and tempo."""
    rng = np.random.default_rng((SEED, number))
    place, notes = int(rng.integers(len(SCALE))), []
    for _ in range(NOTES):
        notes.append((SCALE[place], BEAT_TICKS * int(rng.choice((1, 1, 2)))))
        place = int(np.clip(place + rng.choice((-3, -2, -1, 1, 2, 3)), 0, len(SCALE) - 1))
    return notes


def play_tunes(folder: Path, soundfont: Path) -> list[Path]:
    """Render every tune on every instrument. Raises UsageError if FluidSynth or the soundfont is missing."""
    if not soundfont.is_file():
        raise UsageError(f"{soundfont} is not there: apt-get install fluid-soundfont-gm, or give --soundfont")
    files = []
    for number in range(TUNES):
        for program in INSTRUMENTS:
            midi, wav = folder / f"{number}-{program}.mid", folder / f"{number}-{program}.wav"
            track = mido.MidiTrack([mido.Message("program_change", program=program)])
            for key, ticks in tune(number):
                track.append(mido.Message("note_on", note=key, velocity=90))
                track.append(mido.Message("note_off", note=key, time=ticks))
            song = mido.MidiFile()
            song.tracks.append(track)
            song.save(midi)
            _run(["fluidsynth", "-ni", "-q", "-g", "0.5", "-F", str(wav), str(soundfont), str(midi)], "fluidsynth")
            files.append(wav)
    return files


def read_sentences(folder: Path) -> list[Path]:
    """Synthesise every sentence in every voice. Raises UsageError if espeak-ng is missing."""
    files = []
    for number, sentence in enumerate(SENTENCES):
        for voice in VOICES:
            wav = folder / f"{number}-{voice}.wav"
            _run(["espeak-ng", "-v", voice, "-w", str(wav), "--", sentence], "espeak-ng")
            files.append(wav)
    return files


def _run(command: Sequence[str], package: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 -- built above, no shell
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{command[0]} did not run ({error}): apt-get install {package}") from error


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each encoder and print a table. Return 1 if a tool is missing for one of the tasks."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.blind_spots", description=__doc__)
    parser.add_argument("--encoder", nargs="+", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT, metavar="SF2", help="a General MIDI soundfont")
    args = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    encoders = [wiring.encoder(name, settings) for name in args.encoder or [settings.encoder]]
    rows, missing = [], False
    for task in tasks(args.soundfont):
        with tempfile.TemporaryDirectory() as folder:
            try:
                files = task.make(Path(folder))
            except UsageError as error:
                print(f"{task.name}: left out: {error}", file=sys.stderr)
                missing = True
                continue
            others = task.carriers - 1
            figures = [bound(others, others + task.contents - 1) for bound in (worst, chance)]
            figures += [measure(task, files, encoder, settings) for encoder in encoders]
        rows.append([f"{task.name}, {len(files)} clips", *(each.cell() for each in figures)])
    print(markdown_table(["mAP (P@1)", "worst possible", "chance", *(encoder.spec.name for encoder in encoders)], rows))
    print(f"\n{this_machine().sentence()}")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
