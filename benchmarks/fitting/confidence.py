"""Fit the probability of a hit (`search.engine.confidence`) on learning material, ranked by the engine as it ranks.

    python -m benchmarks.fitting.confidence [--manifest ../shared/data/natural/manifest.csv] [--encoder cnn:mn04]
    [--words] [--libraries 40] [--queries 60] [--seed 18] [--most N]

Libraries are drawn from clips whose names state a kind (`benchmarks.fitting.named_kinds`). They vary in the number of
kinds and of clips of each. In each library some clips are queries, with every kind equally likely. Each is asked once
with its kind in the library and once with it taken out. A hit is relevant if its name states the same kind.

A logistic regression turns the cosine and the features of the page (`search.engine.confidence.Page`) into a
probability. A second one uses the cosine alone, for pages whose neighbours are not known. Verdicts are thresholds of
the best probability of a page. Names miss much of what can be heard. Therefore a query is left out if its kind is in
the library but not among the first hits. For the same reason the offset is shifted: the threshold that is right most
often about whether the kind is in the library becomes `LIKELY_ENOUGH`.

With ``--words`` the queries are texts: the words of those names, and names of the tagger's classes. A hit is relevant
if its name has the word, or if one of its three likeliest classes does. The features are its cosine with the words, and
how well its tags match the meaning of the words (`search.engine.confidence.tag_match`).
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import CACHE, report_progress
from benchmarks.common.sound_words import sound_words
from benchmarks.fitting import tagged
from benchmarks.fitting.named_kinds import NamedKinds, named_kinds
from benchmarks.fitting.neighbourhoods import LONGEST_S, NATURAL
from benchmarks.quality import items
from benchmarks.quality.encoding import EncodedClip, EncodingCache, encode
from benchmarks.quality.ranking import RankedSet, ranked_set
from search import evaluation, wiring
from search.engine import confidence
from search.errors import UsageError
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder, WordReader
from search.settings import Settings

FEATURES = ("cosine", "together", "nearer")
WORD_FEATURES = ("cosine", "tag match")
LEAST_CLIPS = 3
"""The least number of relevant clips that a text needs to become a query."""
LEAST_ALIKE = 4
"""The least number of other clips of its kind that a query clip needs."""
LEAST_CLIPS_OF_LIBRARY = 120
NEWTON_STEPS = 50
RIDGE = 1e-6
MOST_FALSE_GOOD = 0.05
"""The limit of ``good`` is the probability that at most this share of queries reach when their kind is taken out."""
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The number of libraries to draw, the number of queries to each, and the seed of both."""

    libraries: int
    queries: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The first hits of one query: ``features`` (n, m), and which are ``relevant`` (n,)."""

    features: NDArray[np.float64]
    relevant: NDArray[np.bool_]


def pages(
    encoded: Sequence[EncodedClip], encoder: Encoder, settings: Settings, kinds: NamedKinds, drawn: Drawn
) -> Iterator[tuple[Page, Page]]:
    """Yield the pages of queries to drawn libraries, with their kind there and with it taken out.

    ``encoded`` has the clips of ``kinds.rows``. Raises UsageError for an encoder without a calibration.
    """
    if encoder.spec.calibration is None:
        raise UsageError(f"{encoder.spec.name} has no calibration to build on")
    slope, offset = encoder.spec.calibration
    rng = np.random.default_rng(drawn.seed)
    for number in range(drawn.libraries):
        places = kinds.library(rng)
        own = kinds.at(places)
        asked = np.flatnonzero(own.alike.sum(axis=1) >= LEAST_ALIKE)
        if len(places) < LEAST_CLIPS_OF_LIBRARY or not len(asked):
            continue
        shares = own.weights[asked] / own.weights[asked].sum()
        queries = rng.choice(asked, min(drawn.queries, len(asked)), replace=False, p=shares)
        report_progress(f"  library {number + 1} of {drawn.libraries}: {len(places)} clips")
        with ranked_set([encoded[place] for place in places.tolist()], encoder, settings) as ranked:
            for query in queries.tolist():
                both = []
                for among in (own.elsewhere[query], own.elsewhere[query] & ~own.alike[query]):
                    clips, cosines, page = ranked.page(query, among, confidence.PAGE)
                    if page is None:
                        break
                    said = np.tile([page.together, page.nearer], (len(clips), 1))
                    features = slope * np.column_stack([cosines, said]).astype(np.float64)
                    features[:, 0] += offset
                    both.append(Page(features, own.alike[query, clips]))
                if len(both) == 2 and both[0].relevant.any():
                    yield both[0], both[1]


def texts_of(
    rows: Sequence[Mapping[str, str]], classes: NDArray[np.int64], vocabulary: Sequence[str]
) -> dict[str, NDArray[np.bool_]]:
    """Return the texts to ask and the clips (n,) that each should find: see the module.

    ``classes`` (n, 3) are the classes that the tagger found likeliest.
    """
    words = [sound_words(row["original_path"]) for row in rows]
    clips_of = {}
    for text in sorted({word for own in words for word in own} | set(vocabulary)):
        pattern = re.compile(rf"\b{re.escape(text.lower())}(s|es|ing)?\b")
        meant = [number for number, name in enumerate(vocabulary) if pattern.search(name.lower())]
        relevant = np.isin(classes, meant).any(axis=1) | np.array([text in own for own in words])
        if relevant.sum() >= LEAST_CLIPS:
            clips_of[text] = relevant
    return clips_of


def word_pages(
    ranked: RankedSet, encoder: Encoder, texts: Mapping[str, NDArray[np.bool_]]
) -> Iterator[tuple[Page, Page]]:
    """Yield every text's page with its relevant clips there, and with them taken out.

    Raises UsageError for an encoder that does not map words to classes.
    """
    if encoder.spec.vocabulary is None or not isinstance(encoder, WordReader):
        raise UsageError(f"{encoder.spec.name} does not say which of its classes words mean")
    for text, relevant in texts.items():
        read = encoder.read_text([text])
        both_pages = []
        for among in (np.ones(len(relevant), np.bool_), ~relevant):
            clips, _, cosines = ranked.first(read.vectors[0], among, confidence.PAGE)
            both_pages.append(
                Page(
                    np.stack([cosines.astype(np.float64), ranked.tag_match(read.meant[0], clips)], axis=1),
                    relevant[clips],
                )
            )
        yield both_pages[0], both_pages[1]


def logistic(features: NDArray[np.float64], true: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return weights (m + 1,), the constant last, of a logistic regression of ``true`` (n,) on ``features`` (n, m)."""
    rows = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    weights = np.zeros(rows.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-rows @ weights))
        curve = (rows.T * (chance * (1 - chance))) @ rows + RIDGE * np.eye(len(weights))
        weights += np.linalg.solve(curve, rows.T @ (true - chance))
    return weights


def report(present: list[Page], removed: list[Page], names: tuple[str, ...], alone: bool) -> str:
    """Return the weights of the features ``names``, how well they separate, and the effect of thresholds on the best
    hit's probability. For sounds (``alone``), do the same with the first feature only, and shift the offset as the
    module says.
    """
    both = [*present, *removed]
    features = np.concatenate([page.features for page in both])
    relevant = np.concatenate([page.relevant for page in both])
    lines = [f"{len(present)} queries, {len(features)} hits, {relevant.mean():.2f} of them relevant"]
    for used in (len(names), 1) if alone else (len(names),):
        weights = logistic(features[:, :used], relevant)
        error = evaluation.calibration(_chances(features, weights), relevant).error
        lines.append(f"calibration error {error:.3f}")
        if alone:
            weights[-1] += _moved(present, removed, weights)
        named_weights = zip((*names[:used], "offset"), weights, strict=True)
        lines.append("  ".join(f"{name} {weight:.3f}" for name, weight in named_weights))
        best = [_best(some, weights) for some in (present, removed)]
        lines += [
            f"  best probability of a page at least {t:.2f}: {np.mean(best[0] >= t):.3f} with the kind present, "
            f"{np.mean(best[1] >= t):.3f} with it taken out"
            for t in THRESHOLDS
        ]
        lines.append(
            f"  {MOST_FALSE_GOOD:.0%} of those with it taken out reach {np.quantile(best[1], 1 - MOST_FALSE_GOOD):.3f}"
        )
    return "\n".join(lines)


def _moved(present: list[Page], removed: list[Page], weights: NDArray[np.float64]) -> float:
    """What to add to the offset, so that the threshold that is most often right becomes `confidence.LIKELY_ENOUGH`."""
    there, gone = _best(present, weights), _best(removed, weights)
    candidates = np.linspace(0.02, 0.98, 97)
    right = [np.mean(there >= one) + np.mean(gone < one) for one in candidates]
    return _logit(confidence.LIKELY_ENOUGH) - _logit(float(candidates[int(np.argmax(right))]))


def _logit(chance: float) -> float:
    return float(np.log(chance / (1 - chance)))


def _best(some: list[Page], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(pages,): the probability of each page's best hit."""
    return np.array([_chances(page.features, weights).max() for page in some])


def _chances(features: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (n,) by ``weights``, the constant last, from as many of the first ``features`` (n, m)."""
    chances: NDArray[np.float64] = 1 / (1 + np.exp(-(features[:, : len(weights) - 1] @ weights[:-1] + weights[-1])))
    return chances


@with_status
def main() -> None:
    """Fit and print."""
    process.own()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, default=NATURAL, help="a CSV path,original_path,repo,seconds")
    parser.add_argument("--encoder", default="cnn:mn04", help="encoder whose calibrated cosines are weighed")
    parser.add_argument("--words", action="store_true", help="fit hits of words instead of hits of sounds")
    parser.add_argument("--tagger", default="cnn:mn04", help="encoder whose tags count beside names")
    parser.add_argument("--cache", type=Path, default=CACHE, help="cache of encodings and tags")
    parser.add_argument("--libraries", type=int, default=40, help="libraries to draw (40)")
    parser.add_argument("--queries", type=int, default=60, help="questions to each library (60)")
    parser.add_argument("--most", type=int, help="clips of each kind to encode, at most (all)")
    parser.add_argument("--seed", type=int, default=18, help="random seed of the libraries and questions (18)")
    args = parser.parse_args()
    settings = Settings.from_env(os.environ)
    rows = [row for _, row in items.rows(args.manifest, ("path", "seconds")) if float(row["seconds"]) <= LONGEST_S]
    encoder = wiring.encoder(args.encoder, settings)
    fitted_pages = list(
        _word_pages(args, rows, encoder, settings) if args.words else _pages(args, rows, encoder, settings)
    )
    names = WORD_FEATURES if args.words else FEATURES
    print(f"{encoder.spec.name} {encoder.spec.revision}, seed {args.seed}\n{this_machine().sentence()}")
    print(
        report(
            [present for present, _ in fitted_pages],
            [removed for _, removed in fitted_pages],
            names,
            alone=not args.words,
        )
    )


def _pages(
    args: argparse.Namespace, rows: Sequence[Mapping[str, str]], encoder: Encoder, settings: Settings
) -> Iterator[tuple[Page, Page]]:
    kinds = named_kinds(rows)
    if args.most:
        kinds = kinds.at(kinds.most(args.most))
    paths = [args.manifest.parent / rows[row]["path"] for row in kinds.rows.tolist()]
    encoded = encode(paths, encoder, EncodingCache(args.cache), report_progress)
    yield from pages(encoded, encoder, settings, kinds, Drawn(args.libraries, args.queries, args.seed))


def _word_pages(
    args: argparse.Namespace, rows: Sequence[Mapping[str, str]], encoder: Encoder, settings: Settings
) -> Iterator[tuple[Page, Page]]:
    rows = [row for row in rows if sound_words(row["original_path"])]
    paths = [args.manifest.parent / row["path"] for row in rows]
    tagger = wiring.encoder(args.tagger, settings)
    classes = tagged.classes(paths, tagger, args.cache / "heard.npz", report_progress)
    texts = texts_of(rows, classes, tagger.spec.vocabulary or ())
    with ranked_set(encode(paths, encoder, EncodingCache(args.cache), report_progress), encoder, settings) as ranked:
        yield from word_pages(ranked, encoder, texts)


if __name__ == "__main__":
    raise SystemExit(main())
