"""``python -m benchmarks.quality.words``: how an encoder understands words that are not the labels of a data set.

The queries are other words for a sound, two sounds at once, other languages, and negations (a negative part). They are
in ``phrases.csv``. The clips are those of the evaluation set that each query names, ranked by the engine.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.outputs import CACHE, report_progress
from benchmarks.common.report import markdown_table
from benchmarks.quality import datasets, items
from benchmarks.quality.encoding import EncodingCache, encode
from benchmarks.quality.items import DataSet
from benchmarks.quality.ranking import RankedSet, ranked_set
from search import evaluation, wiring
from search.errors import UsageError
from search.evaluation import CUTOFF
from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder
from search.settings import Settings

PHRASES = Path(__file__).with_name("phrases.csv")
NEGATION = "negation"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A query in words. ``minus`` is a negative part, or empty. ``labels`` should be found, ``unwanted`` should not."""

    dataset: str
    kind: str
    text: str
    minus: str
    labels: frozenset[str]
    unwanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """Phrases of one kind: their mean average precision, and that of their labels as queries for the same clips."""

    kind: str
    queries: int
    phrases_map: float
    labels_map: float


@dataclass(frozen=True, slots=True)
class Negated:
    """Among the first ten hits, the shares of wanted and of unwanted clips, each without and with the negative part."""

    text: str
    minus: str
    wanted: tuple[float, float]
    unwanted: tuple[float, float]


def read_phrases(file: Path) -> list[Phrase]:
    """Read the phrases of a CSV ``set,kind,label,text,minus,unwanted``; several labels are separated by semicolons."""
    needed = ("set", "kind", "label", "text", "minus", "unwanted")
    return [
        Phrase(row["set"], row["kind"], row["text"], row["minus"], _labels(row["label"]), _labels(row["unwanted"]))
        for _, row in items.rows(file, needed)
    ]


def answer(phrases: Sequence[Phrase], dataset: DataSet, encoder: Encoder, ranked: RankedSet) -> list[Answered]:
    """Return the figures of each kind of phrase except negations, in the order of the file."""
    kinds = dict.fromkeys(phrase.kind for phrase in phrases if phrase.kind != NEGATION)
    answers = []
    for kind in kinds:
        own = [phrase for phrase in phrases if phrase.kind == kind]
        relevant = np.stack([_carriers(dataset, phrase.labels) for phrase in own])
        maps = []
        for texts in ([phrase.text for phrase in own], [" ".join(sorted(phrase.labels)) for phrase in own]):
            order = np.stack([ranked.by_vector(vector) for vector in encoder.encode_text(texts)])
            maps.append(float(evaluation.score(evaluation.judge(order, relevant)).values[:, 0].mean()))
        answers.append(Answered(kind, len(own), maps[0], maps[1]))
    return answers


def negate(phrases: Sequence[Phrase], dataset: DataSet, encoder: Encoder, ranked: RankedSet) -> list[Negated]:
    """Return how a negative part of weight one changes each query that has one."""
    negated = []
    for phrase in phrases:
        if phrase.kind != NEGATION:
            continue
        text, minus = encoder.encode_text([phrase.text, phrase.minus])
        tops = [ranked.by_vector(_unit(vector))[:CUTOFF] for vector in (text, text - minus)]
        wanted, unwanted = _carriers(dataset, phrase.labels), _carriers(dataset, phrase.unwanted)
        plain, less = ((float(wanted[top].mean()), float(unwanted[top].mean())) for top in tops)
        negated.append(Negated(phrase.text, phrase.minus, (plain[0], less[0]), (plain[1], less[1])))
    return negated


def markdown(encoder: str, answered: Sequence[Answered], negated: Sequence[Negated]) -> str:
    """Return both tables."""
    rows = [[a.kind, str(a.queries), f"{a.phrases_map:.3f}", f"{a.labels_map:.3f}"] for a in answered]
    tables = [f"## {encoder}\n", markdown_table(["queries", "number", "mAP", "mAP by label"], rows)]
    if negated:
        pairs = [[f"{n.text}, not {n.minus}", _arrow(n.wanted), _arrow(n.unwanted)] for n in negated]
        pairs.append(["mean", _arrow(_means(n.wanted for n in negated)), _arrow(_means(n.unwanted for n in negated))])
        tables += [
            "",
            markdown_table(["share of the first ten, without → with the negative part", "wanted", "unwanted"], pairs),
        ]
    return "\n".join(tables)


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every phrase with every encoder and print the figures."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.words", description=__doc__)
    parser.add_argument("--encoder", nargs="+", metavar="NAME", help="default: $SOUNDALIKE_ENCODER")
    parser.add_argument("--phrases", type=Path, default=PHRASES, metavar="CSV")
    parser.add_argument("--data", type=Path, default=datasets.SHARED, metavar="DIR", help="folder of the data sets")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR")
    args = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    for name in args.encoder or [settings.encoder]:
        print(run(args.phrases, args.data, wiring.encoder(name, settings), EncodingCache(args.cache), settings))
    return 0


def run(file: Path, data: Path, encoder: Encoder, cache: EncodingCache, settings: Settings) -> str:
    """Return the report of one encoder. Raises UsageError for an encoder that reads no words, or a missing set."""
    if not encoder.spec.can_text:
        raise UsageError(f"{encoder.spec.name} cannot read words: there is nothing to ask it")
    phrases = read_phrases(file)
    parts = []
    for name in dict.fromkeys(phrase.dataset for phrase in phrases):
        own = [phrase for phrase in phrases if phrase.dataset == name]
        dataset = datasets.load(data / name)
        encoded = encode([item.path for item in dataset.items], encoder, cache, report_progress)
        with ranked_set(encoded, encoder, settings) as ranked:
            answered = answer(own, dataset, encoder, ranked)
            negated = negate(own, dataset, encoder, ranked)
        parts.append(markdown(f"{encoder.spec.name} on {name}", answered, negated))
    return "\n\n".join(parts)


def _labels(cell: str) -> frozenset[str]:
    return frozenset(filter(None, cell.split(";")))


def _carriers(dataset: DataSet, labels: frozenset[str]) -> NDArray[np.bool_]:
    """(clips,): which clips carry one of the labels. Raises UsageError if none does."""
    carries = np.array([bool(item.labels & labels) for item in dataset.items])
    if not carries.any():
        raise UsageError(f"{dataset.name} has no clip of {', '.join(sorted(labels))}")
    return carries


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def _means(pairs: Iterable[tuple[float, float]]) -> tuple[float, float]:
    rows = np.array(list(pairs))
    return float(rows[:, 0].mean()), float(rows[:, 1].mean())


def _arrow(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.2f} → {pair[1]:.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
