"""Does a search know when the library has nothing like the query?

Each clip of a set is a query twice: among the clips of other groups, and with every clip of its own classes taken out
as well. Every text of a set is a query twice in the same way. The verdict is right if it is not ``none`` the first time
and ``none`` the second. The hits of both searches also show how well probabilities are calibrated, as the expected
calibration error (`search.evaluation.calibration`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.common.report import markdown_table
from benchmarks.quality.items import DataSet
from benchmarks.quality.ranking import RankedSet
from search import evaluation
from search.model import Answer, Verdict

VERDICTS: tuple[Verdict, ...] = ("good", "weak", "none")
K = 10


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """The verdicts of one encoder on one set, ``asked_by`` sound or words.

    ``there`` and ``taken_out``: the shares of good, weak and none. ``right`` is the mean of two shares: "not none" with
    the class present, "none" without it. ``calibration_error`` is None if hits have no probability.
    """

    dataset: str
    encoder: str
    asked_by: str
    queries: int
    there: tuple[float, float, float]
    taken_out: tuple[float, float, float]
    right: float
    calibration_error: float | None


def titles(dataset: DataSet) -> list[str]:
    """Return a title for each clip that lets a filter leave out its group, its classes or its texts."""
    return ["".join(marks) for marks in _marks(dataset)]


def measure(dataset: DataSet, encoder: str, ranked: RankedSet) -> VerdictRow | None:
    """Ask every clip that has a relevant one; None if no clip has. ``ranked`` must have been made with `titles`."""
    relevant, _ = evaluation.relevance([item.labels for item in dataset.items], [item.group for item in dataset.items])
    marks_of = _marks(dataset)
    tally = _Tally()
    for query in np.flatnonzero(relevant.any(axis=1)).tolist():
        own = [mark for mark in marks_of[query] if not mark.startswith("<text")]
        group = [mark for mark in own if mark.startswith("<group")]
        for there, left_out in ((True, group), (False, own)):
            tally.add(there, ranked.answer(query, _without(left_out), K), relevant[query], ranked)
    return tally.row(dataset.name, encoder, "sound")


def measure_words(dataset: DataSet, encoder: str, ranked: RankedSet) -> VerdictRow | None:
    """Ask every text of the set, with its relevant clips present and taken out; None if the set has no texts."""
    tally = _Tally()
    for number, query in enumerate(dataset.text_queries):
        relevant = np.zeros(len(dataset.items), np.bool_)
        relevant[list(query.relevant)] = True
        for there, left_out in ((True, []), (False, [_text_mark(number)])):
            tally.add(there, ranked.answer_words(query.text, _without(left_out), K), relevant, ranked)
    return tally.row(dataset.name, encoder, "words")


class _Tally:
    """Counts the answers to one kind of query."""

    def __init__(self) -> None:
        self._verdicts: dict[bool, Counter[Verdict]] = {True: Counter(), False: Counter()}
        self._chances: list[float] = []
        self._true: list[bool] = []

    def add(self, there: bool, answer: Answer, relevant: NDArray[np.bool_], ranked: RankedSet) -> None:
        """Count an answer; ``relevant`` (clips,) marks the clips that should be found."""
        self._verdicts[there][answer.verdict] += 1
        sure = [hit for hit in answer.hits if hit.probability is not None]
        self._chances += [hit.probability for hit in sure if hit.probability is not None]
        self._true += [bool(relevant[place]) for place in ranked.places([hit.clip_id for hit in sure])]

    def row(self, dataset: str, encoder: str, asked_by: str) -> VerdictRow | None:
        """Return the totals; None if nothing was asked."""
        asked = self._verdicts[True].total()
        if not asked:
            return None
        shares = {there: _shares(found) for there, found in self._verdicts.items()}
        error = None
        if self._chances:
            error = evaluation.calibration(np.array(self._chances), np.array(self._true)).error
        right = (1 - shares[True][2] + shares[False][2]) / 2
        return VerdictRow(dataset, encoder, asked_by, asked, shares[True], shares[False], right, error)


def _without(marks: Sequence[str]) -> str | None:
    return " and ".join(f"not title ~ '{mark}'" for mark in marks) or None


def _text_mark(number: int) -> str:
    return f"<text {number}>"


def table(rows: Sequence[VerdictRow]) -> str:
    """Return a Markdown table with a row for each set and encoder."""
    header = (
        "set",
        "encoder",
        "query by",
        "queries",
        "class present: good / weak / none",
        "class taken out: good / weak / none",
        "right",
        "calibration error",
    )
    return markdown_table(
        header,
        [
            (
                row.dataset,
                row.encoder,
                row.asked_by,
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
    """Numbered marks for the labels, group and texts of each clip, because names may hold any characters."""
    labels = {name: at for at, name in enumerate(sorted({name for item in dataset.items for name in item.labels}))}
    groups = {name: at for at, name in enumerate(sorted({item.group for item in dataset.items}))}
    marks = [
        [*(f"<label {labels[name]}>" for name in sorted(item.labels)), f"<group {groups[item.group]}>"]
        for item in dataset.items
    ]
    for number, query in enumerate(dataset.text_queries):
        for place in query.relevant:
            marks[place].append(_text_mark(number))
    return marks


def _shares(counts: Counter[Verdict]) -> tuple[float, float, float]:
    total = max(counts.total(), 1)
    good, weak, none = (counts[verdict] / total for verdict in VERDICTS)
    return good, weak, none
