"""Which form of neighbourhoods ranks best? The comparison behind the choice, on learning material.

    python -m benchmarks.fitting.neighbourhoods [--manifest ../shared/data/natural/manifest.csv] [--encoder cnn:mn04]

Labels come from file names, so the figures are low; only their differences matter. There are three tasks. *kinds*: a
rain should find the rains of other collections. *takes*: ``metal_hit_2`` should find the other metal hits of its
folder. *copies*: a clip with noise added to its vector should find itself first, which smoothing may prevent.
"""

from __future__ import annotations

import argparse
import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.outputs import CACHE, SEED, report_progress
from benchmarks.common.report import markdown_table
from benchmarks.common.sound_words import sound_words
from benchmarks.fitting.neighbourhood_forms import FORMS, Forms, Material, Matrix
from benchmarks.quality import hubness, items
from benchmarks.quality.encoding import EncodingCache, encode
from search import wiring
from search.evaluation import judge, relevance, score
from search.ground import process
from search.ground.ending import with_status
from search.settings import Settings

NATURAL = Path("../shared/data/natural/manifest.csv")
LONGEST_S = 120.0
NOISE = 0.6
"""Length of the noise that is added to a unit vector: the copy then has a cosine of about .86 with the clip."""


@dataclass(frozen=True, slots=True, eq=False)
class Clips:
    """The clips of a manifest: ``kinds``, ``takes`` and ``collections`` of each; segments as in `Material`."""

    vectors: Matrix
    own: NDArray[np.int64]
    kinds: tuple[frozenset[str], ...]
    takes: tuple[frozenset[str], ...]
    collections: tuple[str, ...]

    @property
    def firsts(self) -> NDArray[np.int64]:
        """(clips,): the index of each clip's first segment."""
        return np.flatnonzero(np.diff(self.own, prepend=-1))

    @property
    def means(self) -> Matrix:
        """(clips, dim): each clip as a query, the mean of its segments."""
        return _unit(np.add.reduceat(self.vectors, self.firsts, axis=0))


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one form: mAP (for kinds, a mean over kinds) and P@1 of kinds and takes, copies found, hubness."""

    form: str
    kinds: float
    kinds_first: float
    takes: float
    takes_first: float
    copies: float
    hubness: float


def read(manifest: Path, encoder: str, cache: Path) -> Clips:
    """Encode the clips of a manifest; of equal files only one is kept."""
    rows = [row for _, row in items.rows(manifest, ("path", "seconds")) if float(row["seconds"]) <= LONGEST_S]
    paths = [manifest.parent / row["path"] for row in rows]
    encoded = encode(
        paths, wiring.encoder(encoder, Settings.from_env(os.environ)), EncodingCache(cache), report_progress
    )
    once = {clip.digest: (clip, row) for clip, row in zip(encoded, rows, strict=True)}
    clips = list(once.values())
    sizes = [len(clip.encoding.vectors) for clip, _ in clips]
    return Clips(
        _unit(np.concatenate([clip.encoding.vectors for clip, _ in clips]).astype(np.float32)),
        np.repeat(np.arange(len(clips)), sizes),
        tuple(sound_words(row["original_path"]) for _, row in clips),
        tuple(frozenset({take_of(row["original_path"])}) for _, row in clips),
        tuple(row["repo"] for _, row in clips),
    )


def take_of(path: str) -> str:
    """Return what the takes of one sound share: the folder and the name without numbers."""
    folder, _, name = path.rpartition("/")
    return folder + "/" + " ".join(re.findall(r"[a-z]{3,}", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()))


class Tasks:
    """The queries of all three tasks over one set of clips, drawn by a seed, and their relevance judgements."""

    def __init__(self, clips: Clips, queries: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        several = Counter(take for takes in clips.takes for take in takes)
        self._clips = clips
        self._named = np.flatnonzero([bool(kinds) for kinds in clips.kinds])
        self.kinds = _some(self._named, queries, rng)
        self.takes = _some(np.flatnonzero([several[next(iter(t))] > 1 for t in clips.takes]), queries, rng)
        self.copies = _some(np.arange(len(clips.kinds)), queries // 2, rng)
        noise = _unit(rng.standard_normal((len(self.copies), clips.vectors.shape[1])).astype(np.float32))
        means = clips.means
        vectors = np.concatenate([means[self.kinds], means[self.takes], _unit(means[self.copies] + NOISE * noise)])
        asked = np.concatenate([self.kinds, self.takes, np.full(len(self.copies), -1)])
        self.material = Material(clips.vectors, clips.own, vectors, asked)

    def row(self, form: str, similarity: Matrix) -> Row:
        """Judge the ``similarity`` (queries, segments) of a form; a clip counts as its best segment."""
        best = np.maximum.reduceat(similarity, self._clips.firsts, axis=1)
        kinds, takes, copies = np.split(best, np.cumsum([len(self.kinds), len(self.takes)]))
        of_kinds, kinds_first = self._kinds(kinds)
        order = np.argsort(-takes, axis=1, kind="stable")
        relevant, candidates = relevance(self._clips.takes, [str(place) for place in range(len(self._clips.takes))])
        of_takes = score(judge(order, relevant[self.takes], candidates[self.takes])).values.mean(axis=0)
        every = np.concatenate([np.argsort(-kinds, axis=1, kind="stable"), order])
        others = every != np.concatenate([self.kinds, self.takes])[:, np.newaxis]
        counts = hubness.occurrences(np.where(others, every, -1), clips=best.shape[1])
        copies_found = float((copies.argmax(axis=1) == self.copies).mean())
        skewness = hubness.skewness(counts)
        return Row(form, of_kinds, kinds_first, float(of_takes[0]), float(of_takes[1]), copies_found, skewness)

    def _kinds(self, best: Matrix) -> tuple[float, float]:
        """The mAP as a mean over kinds, whose sizes differ much, and P@1; among clips whose kind is known."""
        clips, named = self._clips, self._named
        relevant, candidates = relevance([clips.kinds[i] for i in named], [clips.collections[i] for i in named])
        rows = np.searchsorted(named, self.kinds)
        order = np.argsort(-best[:, named], axis=1, kind="stable")
        scored = score(judge(order, relevant[rows], candidates[rows]))
        by_kind: defaultdict[str, list[float]] = defaultdict(list)
        for value, query in zip(scored.values[:, 0], scored.answered, strict=True):
            for kind in clips.kinds[self.kinds[query]]:
                by_kind[kind].append(float(value))
        return float(np.mean([np.mean(values) for values in by_kind.values()])), float(scored.values[:, 1].mean())


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    header = ("form", "kinds mAP", "kinds P@1", "takes mAP", "takes P@1", "copies first", "hubness")
    return markdown_table(
        header,
        [
            (
                row.form,
                *(f"{value:.3f}" for value in (row.kinds, row.kinds_first, row.takes, row.takes_first, row.copies)),
                f"{row.hubness:.2f}",
            )
            for row in rows
        ],
    )


@with_status
def main() -> None:
    """Compare every form and print the table."""
    process.own()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, default=NATURAL, help="a CSV path,original_path,repo,seconds")
    parser.add_argument("--encoder", default="cnn:mn04")
    parser.add_argument("--queries", type=int, default=1800, help="queries of each task, at most (1800)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="cache of encodings")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    clips = read(args.manifest, args.encoder, args.cache)
    tasks = Tasks(clips, args.queries, args.seed)
    print(f"{len(clips.kinds):,} clips, {len(clips.own):,} segments; queries: {len(tasks.kinds):,} kinds, ", end="")
    print(f"{len(tasks.takes):,} takes, {len(tasks.copies):,} copies\n")
    forms = Forms(tasks.material)
    print(table([tasks.row(name, form(forms)) for name, form in FORMS.items()]))


def _some(ids: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(rng.permutation(ids)[:most])


def _unit(rows: Matrix) -> Matrix:
    unit: Matrix = (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return unit


if __name__ == "__main__":
    raise SystemExit(main())
