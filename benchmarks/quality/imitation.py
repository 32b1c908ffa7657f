"""``python -m benchmarks.quality.imitation DATA``: is a sound found by a vocal imitation of it?

One half of the repositories of ``natural`` in DATA is measured, with voices that no weight was fitted on
(`benchmarks.quality.voices`); ``--fit`` searches for weights on the other half, with other voices. Each clip is
imitated once. All clips of the half are ranked for this imitation, once by the encoder alone and once as ``search
--imitate`` does.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from benchmarks.common import machine
from benchmarks.quality import voices
from benchmarks.quality.facts import clips, read
from search.analysis.facts.likeness import likenesses
from search.analysis.facts.measuring import measured
from search.api import Library, index, open_library
from search.ground.ending import with_status
from search.model import TASTES, Aspects, AudioPart, Query

_LONGEST_S: Final = 6.0
_STEPS: Final = (0.0, 0.5, 0.8, 1.25, 2.0)
_ROUNDS: Final = 3
_ASPECTS: Final = tuple(field.name for field in fields(Aspects))


def make(data: Path, folder: Path, count: int, seed: int, *, fitting: bool) -> list[tuple[Path, Path]]:
    """Write sounds and an imitation of each below ``folder``; return their paths."""
    rng = np.random.default_rng(seed)
    (folder / "sounds").mkdir()
    made = []
    chosen = voices.FITTING if fitting else voices.UNSEEN
    for number, (_, path) in enumerate(clips(data / "natural", count, seed, odd=fitting)):
        wave = read(path)[: round(_LONGEST_S * voices.RATE_HZ)]
        sound, imitated = folder / "sounds" / f"{number}.wav", folder / f"{number}.wav"
        soundfile.write(sound, wave, voices.RATE_HZ)
        voice = chosen[number % len(chosen)]
        soundfile.write(imitated, voices.imitation(wave.astype(np.float64), voice, rng), voices.RATE_HZ)
        made.append((sound, imitated))
    return made


def reciprocal_ranks(library: Library, made: Sequence[tuple[Path, Path]], aspects: Aspects | None) -> list[float]:
    """Return for each imitation 1 over the rank of its sound, 0 if it is not found."""
    found = []
    for sound, imitated in made:
        hits = library.search(Query((AudioPart(str(imitated), aspects=aspects),), k=len(made))).hits
        ranks = [rank for rank, hit in enumerate(hits, start=1) if hit.title == sound.stem]
        found.append(1 / ranks[0] if ranks else 0.0)
    return found


def fitted(library: Library, made: Sequence[tuple[Path, Path]]) -> Iterator[tuple[Aspects, float]]:
    """Yield the weights with the highest mean reciprocal rank, then those of the taste "imitation", with figures."""
    each, own = _likenesses(library, made)
    weights = best_weights(each, own)
    named = dict(zip(_ASPECTS, weights.round(2).tolist(), strict=True))
    yield Aspects(**named), mean_reciprocal_rank(each, own, weights)
    taste = TASTES["imitation"]
    yield taste, mean_reciprocal_rank(each, own, np.array([getattr(taste, name) for name in _ASPECTS]))


def best_weights(each: NDArray[np.float64], own: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (aspects,): the weights with the highest mean reciprocal rank of the clips ``own`` (imitations,).

    ``each``: (imitations, clips, aspects), the likeness of each imitation to each clip.
    """
    weights = np.ones(each.shape[2])
    best = mean_reciprocal_rank(each, own, weights)
    for _ in range(_ROUNDS):
        for place in range(len(weights)):
            for step in _STEPS:
                tried = weights.copy()
                tried[place] *= step
                if tried.any() and (mean := mean_reciprocal_rank(each, own, tried)) > best:
                    best, weights = mean, tried
    return np.asarray(weights / weights.sum())


def _likenesses(library: Library, made: Sequence[tuple[Path, Path]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The likeness of imitations to clips (imitations, clips, aspects), and each one's own clip (imitations,)."""
    found = library.reader.clips(library.clips.ids().tolist())
    place = {clip.title: number for number, clip in enumerate(found)}
    stored = library.catalog.facts([clip.content_id for clip in found])
    rows = np.stack([stored[clip.content_id].numbers for clip in found])
    each = np.zeros((len(made), len(found), len(_ASPECTS)))
    for number, (_, imitated) in enumerate(made):
        for hit in library.search(Query((AudioPart(str(imitated)),), k=len(found))).hits:
            each[number, place[hit.title], 0] = max(0.0, hit.score)
        for name, alike in likenesses(measured(str(imitated)), rows).items():
            each[number, :, _ASPECTS.index(name)] = alike
    return each, np.array([place[sound.stem] for sound, _ in made])


def mean_reciprocal_rank(each: NDArray[np.float64], own: NDArray[np.int64], weights: NDArray[np.float64]) -> float:
    """Return the mean reciprocal rank of the clips ``own`` (imitations,), ranked by the weighted sum of likenesses."""
    scores = each @ weights
    ranks = (scores > scores[np.arange(len(own)), own][:, np.newaxis]).sum(axis=1) + 1
    return float(np.mean(1 / ranks))


@with_status
def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=int, default=150)
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument("--fit", action="store_true", help="fit the weights, on the other half and other voices")
    args = parser.parse_args()
    print(machine.this_machine().sentence())
    with tempfile.TemporaryDirectory() as name:
        made = make(args.data, Path(name), args.clips, args.seed, fitting=args.fit)
        with open_library(Path(name) / "library", create=True) as library:
            index(library, [Path(name) / "sounds"], facts=True)
            if args.fit:
                for weights, mean in fitted(library, made):
                    print(f"{weights}: MRR {mean:.3f} of {len(made)} clips, seed {args.seed}")
                return
            print(f"{len(made)} clips of natural, seed {args.seed}; a clip by an imitation of it\n")
            print("| ranked by | MRR | share first | share in the first ten |\n|---|---|---|---|")
            for label, aspects in (("the encoder", None), ("`search --imitate`", TASTES["imitation"])):
                ranks = np.array(reciprocal_ranks(library, made, aspects))
                print(f"| {label} | {ranks.mean():.3f} | {np.mean(ranks == 1):.3f} | {np.mean(ranks >= 0.1):.3f} |")


if __name__ == "__main__":
    raise SystemExit(main())
