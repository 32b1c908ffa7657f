"""Fit how sure a hit is (`search.engine.confidence`) on material that may be learnt from, ranked by the engine as it
ranks.

    python -m benchmarks.fitting.confidence [--manifest ../shared/data/natural/manifest.csv] [--encoder cnn:mn04]
    [--words]

Every clip whose name says a kind is a query, once among those of other collections and once with everything of its kind
taken out of these. A hit is relevant when its name says the same kind, or a tagger hears the same in both
(`benchmarks.fitting.tagged`); taken out is what is relevant. A logistic regression then says how the cosine, the
density around the hit and the mean cosine of the page make a probability (and the cosine alone, where neighbours are
not known); verdicts are thresholds of the best one of a page.

With ``--words`` the queries are texts: the words of those names, and the names of classes that the tagger hears. A hit
is relevant when its name says so, or one of its three likeliest classes does; what weighs is its cosine with the words
and how much of what they mean its tags match (`search.engine.confidence.tag_match`).
"""

from __future__ import annotations

import argparse
import csv
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.outputs import CACHE, report_progress
from benchmarks.common.sound_words import sound_words
from benchmarks.fitting import tagged
from benchmarks.fitting.neighbourhoods import LONGEST_S, NATURAL
from benchmarks.quality.encoding import EncodingCache, encode
from benchmarks.quality.ranking import RankedSet, ranked_set
from search import evaluation, wiring
from search.engine import confidence
from search.errors import UsageError
from search.ground import process
from search.model import EncoderSpec
from search.ports import Encoder, WordReader
from search.settings import Settings

FEATURES = ("cosine", "density", "around")
WORD_FEATURES = ("cosine", "tag match")
LEAST_CLIPS = 3
"""Clips that a text must have to be asked for."""
NEWTON_STEPS = 50
RIDGE = 1e-6
THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """The first hits of one query: ``features`` (n, m) and which are ``relevant`` (n,)."""

    features: NDArray[np.float64]
    relevant: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """``alike`` (clips, clips): what is of a kind; ``elsewhere`` the same: of another collection; ``queries`` (q,)."""

    alike: NDArray[np.bool_]
    elsewhere: NDArray[np.bool_]
    queries: NDArray[np.int64]


def kinds_of(rows: list[dict[str, str]], classes: NDArray[np.int64]) -> Kinds:
    """From the manifest's rows and what was heard in them; asked is what has its kind elsewhere by name and by ear."""
    words = [sound_words(row["original_path"]) for row in rows]
    by_name, elsewhere = evaluation.relevance(words, [row["repo"] for row in rows])
    by_ear = tagged.of_a_kind(classes)
    queries = np.flatnonzero((by_name & by_ear).any(axis=1))
    return Kinds((by_name | by_ear) & elsewhere, elsewhere, queries)


def pages(ranked: RankedSet, kinds: Kinds, spec: EncoderSpec) -> Iterator[tuple[Page, Page]]:
    """Every query's page with its kind there, and with it taken out. Raises UsageError without a calibration."""
    if spec.calibration is None:
        raise UsageError(f"{spec.name} has no calibration to build on")
    slope, offset = spec.calibration
    for query in kinds.queries.tolist():
        both_pages = []
        for among in (kinds.elsewhere[query], kinds.elsewhere[query] & ~kinds.alike[query]):
            clips, cosines, density = ranked.page(query, among, confidence.PAGE)
            around = np.full(len(clips), cosines.mean() if len(clips) else 0.0)
            features = slope * np.stack([cosines, density, around], axis=1).astype(np.float64) + offset
            both_pages.append(Page(features, kinds.alike[query, clips]))
        yield both_pages[0], both_pages[1]


def texts_of(
    rows: list[dict[str, str]], classes: NDArray[np.int64], vocabulary: Sequence[str]
) -> dict[str, NDArray[np.bool_]]:
    """Texts to ask for, and which clips (n,) each should find: see the module. ``classes`` (n, 3) is what was heard."""
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
    """Every text's page with what it should find there, and with that taken out.

    Raises UsageError for an encoder that does not say what words mean.
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
    """Weights (m + 1,), the constant last, of the logistic regression of ``true`` (n,) on ``features`` (n, m)."""
    rows = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    weights = np.zeros(rows.shape[1])
    for _ in range(NEWTON_STEPS):
        chance = 1 / (1 + np.exp(-rows @ weights))
        curve = (rows.T * (chance * (1 - chance))) @ rows + RIDGE * np.eye(len(weights))
        weights += np.linalg.solve(curve, rows.T @ (true - chance))
    return weights


def report(present: list[Page], removed: list[Page], names: tuple[str, ...], alone: bool) -> str:
    """The weights of the features ``names``, and of the first ``alone``, how well they separate, and what thresholds of
    the best hit's probability would do.
    """
    both = [*present, *removed]
    features = np.concatenate([page.features for page in both])
    relevant = np.concatenate([page.relevant for page in both])
    lines = [f"{len(present)} queries, {len(features)} hits, {relevant.mean():.2f} of them relevant"]
    for used in (len(names), 1) if alone else (len(names),):
        weights = logistic(features[:, :used], relevant)
        named_weights = zip((*names[:used], "offset"), weights, strict=True)
        error = evaluation.calibration(_chances(features, weights), relevant).error
        lines.append(
            "  ".join(f"{name} {weight:.3f}" for name, weight in named_weights) + f"  calibration error {error:.3f}"
        )
        best = [np.array([_chances(page.features, weights).max() for page in some]) for some in (present, removed)]
        lines += [
            f"  best of a page from {t:.2f} on: {np.mean(best[0] >= t):.3f} with the kind there, "
            f"{np.mean(best[1] >= t):.3f} with it taken out"
            for t in THRESHOLDS
        ]
    return "\n".join(lines)


def _chances(features: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (n,) from ``features`` (n, m), of which the first are used, by ``weights``, the constant last."""
    chances: NDArray[np.float64] = 1 / (1 + np.exp(-(features[:, : len(weights) - 1] @ weights[:-1] + weights[-1])))
    return chances


def main() -> None:
    """Fit and print."""
    process.own()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, default=NATURAL, help="a CSV path,original_path,repo,seconds")
    parser.add_argument("--encoder", default="cnn:mn04", help="whose calibrated cosines are weighed")
    parser.add_argument("--words", action="store_true", help="fit hits of words instead of hits of sounds")
    parser.add_argument("--tagger", default="cnn:mn04", help="the second opinion beside names")
    parser.add_argument("--cache", type=Path, default=CACHE, help="keeps encodings and what was heard")
    args = parser.parse_args()
    settings = Settings.from_env(os.environ)
    with args.manifest.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["seconds"]) <= LONGEST_S]
        rows = [row for row in rows if sound_words(row["original_path"])]
    paths = [args.manifest.parent / row["path"] for row in rows]
    encoder = wiring.encoder(args.encoder, settings)
    tagger = wiring.encoder(args.tagger, settings)
    classes = tagged.classes(paths, tagger, args.cache / "heard.npz", report_progress)
    with ranked_set(encode(paths, encoder, EncodingCache(args.cache), report_progress), encoder, settings) as ranked:
        if args.words:
            fitted_pages = list(word_pages(ranked, encoder, texts_of(rows, classes, tagger.spec.vocabulary or ())))
        else:
            fitted_pages = list(pages(ranked, kinds_of(rows, classes), encoder.spec))
    names = WORD_FEATURES if args.words else FEATURES
    print(
        report(
            [present for present, _ in fitted_pages],
            [removed for _, removed in fitted_pages],
            names,
            alone=not args.words,
        )
    )


if __name__ == "__main__":
    main()
