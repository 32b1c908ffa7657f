"""``python -m benchmarks.quality.duplicates``: are copies found as duplicates, and nothing else?

The library has recordings, one copy of each (of twelve kinds), and families of sounds that are similar but not copies:
hits of one drum, takes and keys of one phrase, notes of one patch, loops of one kit, phrases of one soundfont, songs
with one loop. The benchmark indexes it and searches it for duplicates. It also compares every pair within each family,
whether or not the search compared that pair. It exits with 1 if recall is below .98, or if a group or a pair of a
family is false. It takes ten minutes on one core. With ``--keep DIR`` it resumes where it was stopped. With
``--pair-by-pair`` nothing is indexed, and each copy is compared with its original alone.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from benchmarks.common.checkout import HERE
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from benchmarks.common.steps import Steps
from benchmarks.quality import copies, datasets, items
from benchmarks.quality.families import FAMILIES
from search import audio
from search.ground import process
from search.ground.ending import with_status
from search.overview.duplicates.hearing import PassageDecoder, TrackPassage
from search.overview.duplicates.verifying import is_one_recording

MATERIAL = datasets.SHARED / "natural" / "manifest.csv"
PAIRS, MOST_FAMILIES, SEED = 500, 96, 7
RECALL = 0.98
_LEAST_S, _MOST_S = 0.1, 20.0
_LEAST_RMS = 1e-3


@dataclass(frozen=True, slots=True)
class Figures:
    """``made`` and ``missed``: copies by kind. ``false_groups``: the file names in each. ``false_pairs``: pairs called
    copies by kind of family, out of ``hard_pairs``. ``clips`` were compared in ``search_s`` of wall-clock time and
    ``processor_s`` of processor time.
    """

    made: Counter[str]
    missed: Counter[str]
    false_groups: tuple[tuple[str, ...], ...]
    hard_pairs: int
    false_pairs: Counter[str]
    clips: int
    search_s: float
    processor_s: float

    @property
    def recall(self) -> float:
        """The share of copies that are in a group with their original."""
        return 1.0 - self.missed.total() / max(self.made.total(), 1)

    def is_good(self) -> bool:
        """Return whether recall is sufficient and nothing is false."""
        return self.recall >= RECALL and not self.false_groups and not self.false_pairs


def recordings(material: Path, seed: int) -> Iterator[copies.Mono]:
    """Yield recordings of the learning material in an order that the seed decides, without silent ones and repeats.

    Three kinds count as repeats. Files of one folder whose names differ only in a final number: some are parts of
    others. Files with the same name in several folders: some are one file at another level or encoded again. Files with
    equal samples. Raises AudioError, and UsageError if the table cannot be read.
    """
    rows = [row for _, row in items.rows(material, ("path", "original_path", "repo", "seconds"))]
    seen: set[object] = set()
    for place in np.random.default_rng(seed).permutation(len(rows)):
        row = rows[place]
        path = PurePosixPath(row["original_path"])
        sources = {path.name, (row["repo"], path.parent, re.sub(r"[\W\d_]+$", "", path.stem))}
        if sources & seen or float(row["seconds"]) < _LEAST_S:
            continue
        seen |= sources
        wave = np.concatenate(list(audio.stream(os.fspath(material.parent / row["path"]), copies.RATE_HZ)))
        wave = wave[: round(_MOST_S * copies.RATE_HZ)]
        samples = hashlib.blake2b(wave.tobytes()).digest()
        if np.sqrt(np.mean(wave**2)) >= _LEAST_RMS and samples not in seen:
            seen.add(samples)
            yield wave


def build_copies(folder: Path, material: Path, pairs: int, seed: int) -> dict[str, str]:
    """Write recordings and a copy of each; return the kind of each copy by file name. Raises AudioError, OSError."""
    kind_of: dict[str, str] = {}
    for number, wave in enumerate(itertools.islice(recordings(material, seed), pairs)):
        kind = tuple(copies.KINDS)[number % len(copies.KINDS)]
        copy = copies.copy(kind, wave, [seed, number])
        kind_of[f"copy-{number:04}.{copy.suffix}"] = kind
        (folder / f"copy-{number:04}.{copy.suffix}").write_bytes(copy.encoded)
        (folder / f"recording-{number:04}.wav").write_bytes(copies.wav(wave).encoded)
    return kind_of


def build_family(folder: Path, number: int, seed: int) -> None:
    """Write the members of a family. Raises OSError."""
    for member, wave in enumerate(FAMILIES[kind_of_family(number)](np.random.default_rng([seed, number]))):
        (folder / f"family-{number:04}-{member:02}.wav").write_bytes(copies.wav(wave).encoded)


def kind_of_family(number: int) -> str:
    """Return the family's kind; kinds take turns."""
    return tuple(FAMILIES)[number % len(FAMILIES)]


def measure(steps: Steps, args: argparse.Namespace) -> Figures:
    """Make the sounds, index them, search for duplicates and judge the families; completed steps are not repeated.

    Raises AudioError, OSError, CalledProcessError.
    """
    folder, library = steps.folder / "sounds", steps.folder / "library"
    folder.mkdir(exist_ok=True)
    kind_of = steps.once("copies", lambda: build_copies(folder, args.material, args.pairs, args.seed))
    for number in range(args.families):
        report_progress(f"family {number + 1} of {args.families} is made")
        steps.once(f"made-{number}", partial(build_family, folder, number, args.seed))
    if args.pair_by_pair:
        groups, search_s, processor_s = steps.once("pairs", lambda: _compared(folder, sorted(kind_of)))
    else:
        encoder = ("--encoder", args.encoder) if args.encoder else ()
        in_library = ("--library", os.fspath(library))
        steps.once("indexed", lambda: _soundalike("index", os.fspath(folder), *in_library, "--quiet", *encoder))
        groups, search_s, processor_s = steps.once("groups", lambda: _groups(in_library))
    found = {name for group in groups for name in group if f"recording-{_number(name)}.wav" in group}
    missed = Counter(kind for name, kind in kind_of.items() if name not in found)
    false_groups = tuple(tuple(group) for group in groups if len({_source(name) for name in group}) > 1)
    hard, false_pairs = 0, Counter[str]()
    for number in range(args.families):
        report_progress(f"family {number + 1} of {args.families} is judged")
        judged, false = steps.once(f"judged-{number}", partial(judge_family, folder, number))
        hard += judged
        false_pairs[kind_of_family(number)] += false
    clips = len(list(folder.iterdir()))
    return Figures(Counter(kind_of.values()), missed, false_groups, hard, +false_pairs, clips, search_s, processor_s)


def _groups(in_library: Sequence[str]) -> tuple[list[list[str]], float, float]:
    """The names in each group of duplicates, and how long the search took: wall-clock and processor seconds."""
    began_s, began_processor_s = time.perf_counter(), _processor_s()
    groups = json.loads(_soundalike("duplicates", "--json", *in_library))["groups"]
    names = [[Path(clip["path"]).name for clip in group["clips"]] for group in groups]
    return names, time.perf_counter() - began_s, _processor_s() - began_processor_s


def _compared(folder: Path, names: Sequence[str]) -> tuple[list[list[str]], float, float]:
    """As `_groups`, but each copy is compared with its original alone. Raises AudioError."""
    began_s, began_processor_s = time.perf_counter(), time.process_time()
    hearing, groups = PassageDecoder(), []
    for name in names:
        original = f"recording-{_number(name)}.wav"
        waves = (hearing.passage(TrackPassage(os.fspath(folder / one), 0)).wave for one in (original, name))
        if is_one_recording(*waves):
            groups.append([original, name])
    return groups, time.perf_counter() - began_s, time.process_time() - began_processor_s


def judge_family(folder: Path, number: int) -> tuple[int, int]:
    """Return the number of pairs in a family and how many of them are called copies. Raises AudioError."""
    hearing = PassageDecoder()
    members = [TrackPassage(os.fspath(path), 0) for path in sorted(folder.glob(f"family-{number:04}-*.wav"))]
    waves = [hearing.passage(one).wave for one in members]
    judged = [is_one_recording(one, other) for one, other in itertools.combinations(waves, 2)]
    return len(judged), sum(judged)


def _soundalike(*words: str) -> str:
    command = HERE.soundalike(*words)
    done = subprocess.run(command, cwd=HERE.folder, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - ours
    return done.stdout


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _number(name: str) -> str:
    return Path(name).stem.split("-")[1]


def _source(name: str) -> str:
    """What a file comes from: a recording's number; a member of a family comes only from itself."""
    return name if name.startswith("family") else _number(name)


def report(figures: Figures) -> str:
    """Return the figures in Markdown."""
    rows = [
        [kind, str(made), str(figures.missed[kind]), f"{1 - figures.missed[kind] / made:.3f}"]
        for kind, made in figures.made.items()
    ]
    rows.append(["all", str(figures.made.total()), str(figures.missed.total()), f"{figures.recall:.3f}"])
    per_thousand = 1000 / figures.clips
    false = "".join(f"\n* {', '.join(group)}" for group in figures.false_groups)
    return (
        f"{markdown_table(['copies', 'made', 'missed', 'recall'], rows)}\n\n"
        f"False groups: {len(figures.false_groups)}.{false}\nOf {figures.hard_pairs} similar pairs that are "
        f"not copies {figures.false_pairs.total()} are called copies {dict(figures.false_pairs) or ''}\n"
        f"{figures.clips} clips compared in {figures.search_s:.0f} s: {figures.search_s * per_thousand:.1f} s for "
        f"1,000, {figures.processor_s * per_thousand:.1f} s of processor time.\n"
    )


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures. Return 0 if they are good, 1 if not, 3 if they could not be measured."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.duplicates", description=__doc__)
    parser.add_argument("--material", type=Path, default=MATERIAL, metavar="CSV", help="recordings to copy")
    parser.add_argument("--pairs", type=int, default=PAIRS, metavar="N", help=f"number of copies to make ({PAIRS})")
    parser.add_argument(
        "--families",
        type=int,
        default=MOST_FAMILIES,
        metavar="N",
        help=f"families of similar sounds, 105 pairs each ({MOST_FAMILIES})",
    )
    parser.add_argument(
        "--seed", type=int, default=SEED, metavar="N", help=f"random seed ({SEED}); 1 to 6 were used in development"
    )
    parser.add_argument("--encoder", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument(
        "--pair-by-pair", action="store_true", help="compare each copy with its original only, without a library"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep sounds and results here; an interrupted command resumes there"
    )
    args = parser.parse_args(arguments)
    settings = {name: str(value) for name, value in vars(args).items() if name != "keep"}
    try:
        with tempfile.TemporaryDirectory() as scratch:
            figures = measure(Steps(args.keep or Path(scratch), settings), args)
    except (OSError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 3
    print(f"seed {args.seed}, {args.encoder or 'the default encoder'}\n\n{report(figures)}")
    print(this_machine().sentence())
    return 0 if figures.is_good() else 1


if __name__ == "__main__":
    raise SystemExit(main())
