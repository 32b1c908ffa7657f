"""Does a search know when the library has nothing like what was asked for? Every clip asked with its class and without.

Each clip of a set is a query twice: among the clips of other groups, and with every clip of its own classes taken out
as well. The verdict is right when it is not ``none`` the first time and ``none`` the second. The hits of both searches
also show whether probabilities are kept: the expected calibration error (`search.evaluation.calibration`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.datasets import DataSet
from benchmarks.ranking import RankedSet
from benchmarks.report import markdown_table
from search import evaluation
from search.model import Answer, Verdict

VERDICTS: tuple[Verdict, ...] = ("good", "weak", "none")
K = 10


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """The verdicts of one encoder on one set. ``there`` and ``taken_out``: the shares of good, weak and none.

    ``right`` is the mean of "not none" with the class there and "none" without it; ``calibration_error`` is None where
    hits have no probability.
    """

    dataset: str
    encoder: str
    queries: int
    there: tuple[float, float, float]
    taken_out: tuple[float, float, float]
    right: float
    calibration_error: float | None


def titles(dataset: DataSet) -> list[str]:
    """What each clip is called, so that a filter can leave out its group and its classes."""
    return ["".join(marks) for marks in _marks(dataset)]


def measure(dataset: DataSet, encoder: str, ranked: RankedSet) -> VerdictRow | None:
    """Ask every clip that has a relevant one; None where there is none. ``ranked`` was given `titles`."""
    relevant, _ = evaluation.relevance([item.labels for item in dataset.items], [item.group for item in dataset.items])
    counts: dict[bool, Counter[Verdict]] = {True: Counter(), False: Counter()}
    chances: list[float] = []
    true: list[bool] = []
    asked = np.flatnonzero(relevant.any(axis=1)).tolist()
    marks_of = _marks(dataset)
    for query in asked:
        for there in (True, False):
            left_out = [mark for mark in marks_of[query] if not there or mark.startswith("<group")]
            answer = ranked.answer(query, " and ".join(f"not title ~ '{mark}'" for mark in left_out), K)
            counts[there][answer.verdict] += 1
            chances += [hit.probability for hit in answer.hits if hit.probability is not None]
            true += _relevant(answer, relevant[query], ranked)
    if not asked:
        return None
    shares = {there: _shares(found) for there, found in counts.items()}
    error = evaluation.calibration(np.array(chances), np.array(true)).error if chances else None
    right = (1 - shares[True][2] + shares[False][2]) / 2
    return VerdictRow(dataset.name, encoder, len(asked), shares[True], shares[False], right, error)


def table(rows: Sequence[VerdictRow]) -> str:
    """In Markdown, a row for each set and encoder."""
    header = ("set", "encoder", "queries", "class there: good / weak / none", "taken out", "right", "calibration error")
    return markdown_table(
        header,
        [
            (
                row.dataset,
                row.encoder,
                f"{row.queries:,}",
                " / ".join(f"{share:.2f}" for share in row.there),
                " / ".join(f"{share:.2f}" for share in row.taken_out),
                f"{row.right:.3f}",
                "" if row.calibration_error is None else f"{row.calibration_error:.3f}",
            )
            for row in rows
        ],
    )


def _marks(dataset: DataSet) -> list[list[str]]:
    """The labels and the group of each clip, by number: their names may hold anything."""
    labels = {name: at for at, name in enumerate(sorted({name for item in dataset.items for name in item.labels}))}
    groups = {name: at for at, name in enumerate(sorted({item.group for item in dataset.items}))}
    return [
        [*(f"<label {labels[name]}>" for name in sorted(item.labels)), f"<group {groups[item.group]}>"]
        for item in dataset.items
    ]


def _relevant(answer: Answer, relevant: evaluation.Mask, ranked: RankedSet) -> list[bool]:
    hits = [hit for hit in answer.hits if hit.probability is not None]
    return [bool(relevant[place]) for place in ranked.places([hit.clip_id for hit in hits])]


def _shares(found: Counter[Verdict]) -> tuple[float, float, float]:
    total = max(found.total(), 1)
    good, weak, none = (found[verdict] / total for verdict in VERDICTS)
    return good, weak, none
