"""``python -m benchmarks.quality.levels``: is a sound found at another level, and what does it find there?

Clips of a data set become queries at gains from -40 to +30 dB, as 32-bit float files that may exceed full scale. They
are ranked against all clips of the set at their own levels. The clip itself should come first. Clips of the same label
and another group should rank as they do for the query at the clip's own level.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import CACHE, report_progress
from benchmarks.common.report import markdown_table
from benchmarks.quality import datasets
from benchmarks.quality.encoding import EncodingCache, encode
from benchmarks.quality.items import DataSet
from benchmarks.quality.ranking import RankedSet, ranked_set
from search import audio, evaluation, wiring
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder
from search.settings import Settings

GAINS_DB = (0.0, -40.0, -30.0, -20.0, -10.0, 10.0, 20.0, 30.0)
QUERIES = 500
SEED = 1
P_AT_10 = evaluation.METRICS.index("P@10")


@dataclass(frozen=True, slots=True)
class Level:
    """The figures at ``gain_db``: the share of queries whose own clip comes first, and the P@10 of other clips."""

    gain_db: float
    first: float
    precision_at_10: float


def measure(
    dataset: DataSet, encoder: Encoder, settings: Settings, cache: EncodingCache, asked: Sequence[int]
) -> list[Level]:
    """Return the figures at each level, for the clips at the places ``asked``. Raises AudioError."""
    encoded = encode([item.path for item in dataset.items], encoder, cache, report_progress)
    labels, groups = [item.labels for item in dataset.items], [item.group for item in dataset.items]
    relevant, candidates = evaluation.relevance(labels, groups)
    levels = []
    with ranked_set(encoded, encoder, settings) as ranked:
        for gain_db in GAINS_DB:
            report_progress(f"{dataset.name}: {len(asked)} questions at {gain_db:+g} dB")
            order = np.stack([_ranking(dataset.items[clip].path, gain_db, ranked) for clip in asked])
            scores = evaluation.score(evaluation.judge(order, relevant[asked], candidates[asked]))
            first = float(np.mean(order[:, 0] == np.asarray(asked)))
            levels.append(Level(gain_db, first, float(scores.values[:, P_AT_10].mean())))
    return levels


def at_level(path: Path, gain_db: float, target: Path) -> None:
    """Write a file's sound at another level, as 32-bit float. Raises AudioError."""
    rate_hz = audio.probe(os.fspath(path)).sample_rate_hz
    wave = np.concatenate(list(audio.stream(os.fspath(path), rate_hz)))
    soundfile.write(target, wave * np.float32(10.0 ** (gain_db / 20.0)), rate_hz, subtype="FLOAT")


def _ranking(path: Path, gain_db: float, ranked: RankedSet) -> NDArray[np.int64]:
    """All clips, best first, for a file at another level, which is encoded like any query file."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "question.wav"
        at_level(path, gain_db, target)
        return ranked.by_file(target)


def table(levels: Sequence[Level]) -> str:
    """Return the figures, and each P@10 as a share of that at the clips' own level."""
    own = levels[0].precision_at_10
    rows = [
        [f"{x.gain_db:+g} dB", f"{x.first:.3f}", f"{x.precision_at_10:.3f}", f"{x.precision_at_10 / own:.3f}"]
        for x in levels
    ]
    return markdown_table(["level", "the clip itself first", "P@10", "P@10 relative to that at its own level"], rows)


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each encoder."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.levels", description=__doc__)
    parser.add_argument("--encoder", nargs="+", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument("--dataset", type=Path, default=datasets.SHARED / "esc50" / "manifest.csv", metavar="CSV")
    parser.add_argument("--queries", type=int, default=QUERIES, metavar="N", help=f"clips used as queries ({QUERIES})")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"cache of encodings ({CACHE})")
    args = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    encoders = [wiring.encoder(name, settings) for name in args.encoder or [settings.encoder]]
    dataset = datasets.load(args.dataset)
    clips = len(dataset.items)
    asked = np.sort(np.random.default_rng(SEED).permutation(clips)[: args.queries]).tolist()
    for encoder in encoders:
        levels = measure(dataset, encoder, settings, EncodingCache(args.cache), asked)
        print(f"{dataset.name}, {len(asked)} of {clips} clips (seed {SEED}), {encoder.spec.name}\n\n{table(levels)}\n")
    print(this_machine().sentence())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
