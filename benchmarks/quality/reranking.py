"""``soundalike bench quality --protocol maeb``: rank 5 right sounds among 21, as MAEB's re-ranking tasks do.

Each query ranks `RIGHT` sounds of its label and `WRONG` of others. The figure is the mean average precision over
`QUERIES` queries (``ESC50AudioReranking``: 200 queries, 5 among 21). The published choice of 200 queries is only
available as a download, so several random draws are measured. The spread over draws shows how much the choice matters.
A folder with the published files themselves is measured as it is (`benchmarks.quality.published_tasks`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.common.machine import Machine, this_machine
from benchmarks.common.report import markdown_table
from benchmarks.quality.encoding import EncodingCache, Progress
from benchmarks.quality.items import DataSet
from benchmarks.quality.tasks import RerankingQuery, RerankingTask, sound_vectors
from search import evaluation
from search.errors import UsageError
from search.model import Vectors
from search.ports import Encoder

RIGHT, WRONG, QUERIES, DRAWS = 5, 16, 200, 20
SOURCE: Final = "MAEB, arXiv:2602.16008, table 23, ESC50AudioReranking"
PUBLISHED: Final = (
    ("microsoft/msclap-2023", 0.980),
    ("LCO-Embedding/LCO-Embedding-Omni-7B", 0.976),
    ("MIT/ast-finetuned-audioset-10-10-0.4593", 0.969),
    ("laion/clap and larger_clap, best", 0.895),
    ("laion/clap and larger_clap, worst", 0.869),
    ("google/yamnet", 0.836),
)
"""mAP of other models on the published draw of ESC-50, from the table in `SOURCE`."""
PUBLISHED_SET: Final = "esc50"


@dataclass(frozen=True, slots=True)
class RerankingRow:
    """One encoder on one set: mean, spread, lowest and highest mAP over ``draws``, and that of a random order.

    The spread is the standard deviation, 0 for one draw.
    """

    dataset: str
    encoder: str
    queries: int
    draws: int
    mean: float
    spread: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True, slots=True)
class RerankingReport:
    """All that one run measured, with the seed and the machine."""

    seed: int
    machine: Machine
    rows: tuple[RerankingRow, ...]


def draw(dataset: DataSet, seed: int) -> RerankingTask:
    """Draw `QUERIES` queries of a set, evenly over labels, each with its candidates. The seed determines the draw.

    A small set gives fewer queries. As published, every other sound with the label is right, even one of the same
    recording. Raises UsageError if no label has `RIGHT` + 1 sounds and `WRONG` sounds of other labels.
    """
    rng = np.random.default_rng(seed)
    relevant, _ = evaluation.relevance(
        [item.labels for item in dataset.items], [str(place) for place in range(len(dataset.items))]
    )
    others = len(dataset.items) - 1 - relevant.sum(axis=1)
    usable = np.flatnonzero((relevant.sum(axis=1) >= RIGHT) & (others >= WRONG))
    if not len(usable):
        raise UsageError(
            f"{dataset.name}: no label has {RIGHT + 1} sounds, with {WRONG} of others, which the protocol maeb needs"
        )
    asked = []
    for query in _spread_over_labels(dataset, usable, rng):
        right = rng.choice(np.flatnonzero(relevant[query]), RIGHT, replace=False)
        elsewhere = ~relevant[query]
        elsewhere[query] = False
        wrong = rng.choice(np.flatnonzero(elsewhere), WRONG, replace=False)
        asked.append(RerankingQuery(query, (*right.tolist(), *wrong.tolist()), frozenset(right.tolist())))
    return RerankingTask(dataset.name, tuple(item.path for item in dataset.items), tuple(asked))


def score(task: RerankingTask, vectors: Vectors) -> float:
    """Return the mean average precision of a task, given its sounds' unit vectors (n, dim)."""
    return evaluate(task, lambda asked: vectors[list(asked.candidates)] @ vectors[asked.query])


def evaluate(task: RerankingTask, likeness: Callable[[RerankingQuery], np.ndarray]) -> float:
    """Return the mean average precision; ``likeness`` returns a query's scores (candidates,), higher for closer."""
    order = [np.argsort(-likeness(asked), kind="stable") for asked in task.queries]
    hits = [
        np.array([asked.candidates[place] in asked.relevant for place in places])
        for asked, places in zip(task.queries, order, strict=True)
    ]
    precisions = [evaluation.measure(row[np.newaxis], np.array([row.sum()]))[0, 0] for row in hits]
    return float(np.mean(precisions))


def run(
    sets: Sequence[DataSet | RerankingTask],
    encoders: Sequence[Encoder],
    *,
    cache: EncodingCache,
    seed: int,
    progress: Progress,
    draws: int = DRAWS,
) -> RerankingReport:
    """Measure every encoder on ``draws`` draws of every set and on every published task. Raises AudioError."""
    rows = []
    for one in sets:
        tasks = [one] if isinstance(one, RerankingTask) else [draw(one, seed + number) for number in range(draws)]
        for encoder in encoders:
            progress(f"{one.name}: {len(tasks[0].files)} sounds with {encoder.spec.name}")
            vectors = sound_vectors(tasks[0].files, encoder, cache, progress)
            values = np.array([score(task, vectors) for task in tasks])
            rows.append(
                RerankingRow(
                    dataset=one.name,
                    encoder=encoder.spec.name,
                    queries=len(tasks[0].queries),
                    draws=len(tasks),
                    mean=float(values.mean()),
                    spread=float(values.std()),
                    low=float(values.min()),
                    high=float(values.max()),
                    chance=_by_chance(tasks, seed),
                )
            )
    return RerankingReport(seed, this_machine(), tuple(rows))


def markdown(report: RerankingReport) -> str:
    """Return the report, with published figures of other models for comparison."""
    rows = [
        (
            f"{row.dataset}, {row.encoder}",
            f"{row.queries}",
            f"{row.draws}",
            f"{row.mean:.3f} ± {row.spread:.3f}",
            f"{row.low:.3f} to {row.high:.3f}",
            f"{row.chance:.3f}",
        )
        for row in report.rows
    ]
    parts = [
        "# Re-ranking as MAEB asks",
        report.machine.sentence(),
        f"{RIGHT} right among {RIGHT + WRONG}, at 16 kHz, one vector a sound, mAP: mean and standard deviation over "
        f"draws (seeds from {report.seed} on). As published, a right one may be of the query's own recording.",
        markdown_table(("set, encoder", "queries", "draws", "mAP", "over draws", "chance"), rows),
    ]
    if any(row.dataset == PUBLISHED_SET for row in report.rows):
        parts += [
            f"What others reach on the published draw of ESC-50 ({SOURCE}):",
            markdown_table(("model", "mAP"), [(name, f"{value:.3f}") for name, value in PUBLISHED]),
        ]
    return "\n\n".join(parts) + "\n"


def _by_chance(tasks: Sequence[RerankingTask], seed: int) -> float:
    rng = np.random.default_rng(seed)
    return float(np.mean([evaluate(task, lambda asked: rng.random(len(asked.candidates))) for task in tasks]))


def _spread_over_labels(dataset: DataSet, usable: np.ndarray, rng: np.random.Generator) -> list[int]:
    """`QUERIES` of the ``usable`` places; labels take turns."""
    own: dict[str, list[int]] = {}
    for place in rng.permutation(usable).tolist():
        own.setdefault(min(dataset.items[place].labels), []).append(place)
    turns = [place for depth in range(max(map(len, own.values()))) for row in own.values() for place in row[depth:][:1]]
    return turns[:QUERIES]
