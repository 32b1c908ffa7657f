"""How good the answers are: the engine ranks every data set with every encoder, by example and in words.

By example, every clip of a set is a query, as a clip of a library is: the mean of its segments against the best segment
of every other clip. In words, every text of the set is a query, if the encoder reads words. Names and metadata are not
searched: they would find a file called "rain" by its name, which says nothing about the encoder. A set that is large
enough to have neighbourhoods (`search.vectors.neighbourhoods`) is ranked with them, as every library of its size is,
and once more without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.machine import Machine, this_machine
from benchmarks.quality import hubness, verdicts
from benchmarks.quality.encoding import EncodedClip, EncodingCache, Progress, encode
from benchmarks.quality.items import DataSet
from benchmarks.quality.ranking import RankedSet, ranked_set
from benchmarks.quality.verdicts import VerdictRow
from search import evaluation
from search.errors import UsageError
from search.evaluation import Difference, Estimate, Judged
from search.model import EncoderSpec
from search.ports import Encoder
from search.settings import Settings

EXAMPLE = "by example, all clips, other source"
FOLDS = "by example, query fold against the other folds"
TEXT = "in words"

PLAIN = "{}, plain similarity"
"""Name of a ranking without neighbourhoods: the encoder's name is put in."""

QUERIES_AT_ONCE = 256
Queries: TypeAlias = Literal["all", "example", "text"]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EncoderFacts:
    """The encoder that was measured."""

    name: str
    revision: str
    fingerprint: str
    dim: int
    window_s: float
    hop_s: float


@dataclass(frozen=True, slots=True)
class SetFacts:
    """The sizes of a data set; ``segments`` as the first encoder cuts it."""

    name: str
    clips: int
    labels: int
    groups: int
    texts: int
    segments: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """One encoder's figures in one table; ``versus_first`` is the paired difference to the table's first encoder.

    ``hubness`` is the skewness of the 10-occurrence (`benchmarks.quality.hubness`), if every clip was a query.
    """

    encoder: str
    estimates: tuple[Estimate, ...]
    versus_first: tuple[Difference, ...]
    hubness: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One protocol on one data set. ``skipped`` queries had no relevant clip."""

    dataset: str
    protocol: str
    queries: int
    skipped: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """All that one run of ``soundalike bench quality`` measured; and the seed, the machine, the encoders, the sets."""

    seed: int
    resamples: int
    machine: Machine
    encoders: tuple[EncoderFacts, ...]
    datasets: tuple[SetFacts, ...]
    tables: tuple[Table, ...]
    verdicts: tuple[VerdictRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """One encoder's answers to all queries of one protocol."""

    judged: Judged
    hubness: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What queries by example should find: ``relevant`` and ``candidates`` (n, n), see `evaluation.relevance`."""

    protocol: str
    relevant: Mask
    candidates: Mask


def run(
    datasets: Sequence[DataSet],
    encoders: Sequence[Encoder],
    settings: Settings,
    *,
    cache: EncodingCache,
    seed: int,
    resamples: int,
    progress: Progress,
    queries: Queries = "all",
) -> QualityReport:
    """Measure every data set with every encoder. ``progress`` is called with one line at a time.

    Raises AudioError for a clip that cannot be decoded, UsageError if there is nothing to measure.
    """
    facts, tables, sure = [], [], []
    for dataset in datasets:
        asked_questions = questions(dataset)
        answers: dict[str, dict[str, Answered]] = {}  # protocol -> encoder -> answers
        for encoder in encoders:
            name = encoder.spec.name
            progress(f"{dataset.name}: {len(dataset.items)} clips with {name}")
            encoded = encode([item.path for item in dataset.items], encoder, cache, progress)
            if encoder is encoders[0]:
                facts.append(describe(dataset, encoded))
            with ranked_set(encoded, encoder, settings, verdicts.titles(dataset)) as ranked:
                for row, ranking in ((name, ranked), (PLAIN.format(name), ranked.plain)):
                    answered_by_protocol = (
                        {} if ranking is None else _answers(dataset, asked_questions, encoder, ranking, queries)
                    )
                    for protocol, answered in answered_by_protocol.items():
                        answers.setdefault(protocol, {})[row] = answered
                if queries != "text":
                    sure.append(verdicts.measure(dataset, name, ranked))
                if queries != "example" and encoder.spec.can_text:
                    sure.append(verdicts.measure_words(dataset, name, ranked))
        tables += [tabulate(dataset.name, protocol, rows, seed, resamples) for protocol, rows in answers.items()]
    measured = tuple(table for table in tables if table.queries)
    if not measured:
        raise UsageError("nothing to measure: no clip has a relevant one, or no encoder here reads the sets' texts")
    specs = tuple(describe_encoder(encoder.spec) for encoder in encoders)
    return QualityReport(
        seed, resamples, this_machine(), specs, tuple(facts), measured, tuple(row for row in sure if row)
    )


def _answers(
    dataset: DataSet, asked: Sequence[Question], encoder: Encoder, ranked: RankedSet, queries: Queries
) -> dict[str, Answered]:
    """Answers for every requested protocol that the encoder can serve."""
    answers = {} if queries == "text" else by_example(asked, ranked)
    if queries != "example" and encoder.spec.can_text and dataset.text_queries:
        answers[TEXT] = Answered(by_text(dataset, encoder, ranked))
    return answers


def questions(dataset: DataSet) -> list[Question]:
    """Return the protocols by example: all clips against other groups and, if published, fold against folds."""
    labels = [item.labels for item in dataset.items]
    asked = [Question(EXAMPLE, *evaluation.relevance(labels, [item.group for item in dataset.items]))]
    if dataset.has_folds:
        asked.append(Question(FOLDS, *evaluation.relevance(labels, [item.fold for item in dataset.items])))
    return asked


def by_example(asked: Sequence[Question], ranked: RankedSet) -> dict[str, Answered]:
    """Rank with every clip as a query, in blocks for a set of any size, and judge the ranking by every protocol."""
    judged: dict[str, list[Judged]] = {question.protocol: [] for question in asked}
    occurrences = {question.protocol: np.zeros(len(ranked), np.int64) for question in asked}
    for start in range(0, len(ranked), QUERIES_AT_ONCE):
        queries = range(start, min(start + QUERIES_AT_ONCE, len(ranked)))
        order = np.stack([ranked.by_example(clip) for clip in queries])
        for question in asked:
            block = slice(queries.start, queries.stop)
            part = evaluation.judge(order, question.relevant[block], question.candidates[block])
            judged[question.protocol].append(part)
            occurrences[question.protocol] += hubness.occurrences(order, question.candidates[block])
    return {
        protocol: Answered(joined(parts), hubness.skewness(occurrences[protocol])) for protocol, parts in judged.items()
    }


def by_text(dataset: DataSet, encoder: Encoder, ranked: RankedSet) -> Judged:
    """Rank all clips with every text as a query, and judge."""
    parts = []
    for start in range(0, len(dataset.text_queries), QUERIES_AT_ONCE):
        queries = dataset.text_queries[start : start + QUERIES_AT_ONCE]
        vectors = encoder.encode_text([query.text for query in queries])
        relevant = np.zeros((len(queries), len(dataset.items)), np.bool_)
        for row, query in enumerate(queries):
            relevant[row, list(query.relevant)] = True
        order = np.stack([ranked.by_vector(vector) for vector in vectors])
        parts.append(evaluation.judge(order, relevant))
    return joined(parts)


def joined(parts: Sequence[Judged]) -> Judged:
    """Join blocks of queries."""
    return Judged(np.concatenate([p.hits for p in parts]), np.concatenate([p.relevant for p in parts]))


def tabulate(dataset: str, protocol: str, answers: Mapping[str, Answered], seed: int, resamples: int) -> Table:
    """Return the means, ceilings and confidence intervals of every encoder, and its paired difference to the first."""
    scores = {name: evaluation.score(answered.judged) for name, answered in answers.items()}
    first = next(iter(scores.values()))
    rows = tuple(
        Row(
            encoder=name,
            estimates=evaluation.summarise(own, seed, resamples),
            versus_first=() if own is first else evaluation.compare(own, first, seed, resamples),
            hubness=answers[name].hubness,
        )
        for name, own in scores.items()
    )
    return Table(dataset, protocol, len(first.answered), first.skipped, rows)


def describe(dataset: DataSet, encoded: Sequence[EncodedClip]) -> SetFacts:
    """Return the sizes of a data set."""
    return SetFacts(
        name=dataset.name,
        clips=len(dataset.items),
        labels=len({label for item in dataset.items for label in item.labels}),
        groups=len({item.group for item in dataset.items}),
        texts=len(dataset.text_queries),
        segments=sum(len(clip.encoding.spans) for clip in encoded),
        seconds=sum(float(clip.encoding.spans[-1, 1]) for clip in encoded),
    )


def describe_encoder(spec: EncoderSpec) -> EncoderFacts:
    """Return what a report states about an encoder."""
    return EncoderFacts(spec.name, spec.revision, spec.fingerprint, spec.dim, spec.window_s, spec.hop_s)
