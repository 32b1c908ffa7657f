"""Reranks what a space found by the requested aspects, and turns changes of an example into a filter.

The facts and profile of an example come from the library, or are measured in its file. The space finds candidates (all
contents that pass, if there are few), and the weighted mean of similarities ranks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import PLACES, VERSION
from search.analysis.facts.likeness import NUMBERS, likenesses
from search.columns.where import And, NumberIs, Operator, Where
from search.engine.views import SpaceView
from search.errors import QueryError
from search.model import Aspects, AudioPart, ClipPart, Part, Ranking, SegmentPart, StoredFacts

ReadFacts = Callable[[Iterable[int]], Mapping[int, StoredFacts]]

ALL: Final = 5_000
"""Up to this many contents, every one is compared."""
CANDIDATES: Final = 2_000
"""Beyond that, this many candidates from the space."""

_CHANGES: Final[Mapping[str, tuple[str, Operator, float]]] = {
    "darker": ("centroid_hz", "<", 1 / 1.15),
    "brighter": ("centroid_hz", ">", 1.15),
    "longer": ("duration_s", ">", 1.25),
    "shorter": ("duration_s", "<", 1 / 1.25),
    "higher": ("pitch_hz", ">", 1.05),
    "lower": ("pitch_hz", "<", 1 / 1.05),
    "noisier": ("noisiness", ">", 1.25),
    "drier": ("decay_s", "<", 1 / 1.25),
}
"""For each change: the fact, the direction, and the ratio to the example's value from which it is audible."""


@dataclass(frozen=True, slots=True)
class AspectExample:
    """A wanted part: its ``weight``, its ``aspects``, and its facts and profile, ``numbers`` (NUMBERS,)."""

    weight: float
    aspects: Aspects
    numbers: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AspectExamples:
    """The examples of a query that have weighted aspects; none if only the kind counts."""

    examples: tuple[AspectExample, ...]
    facts: ReadFacts

    def depth(self, view: SpaceView, depth: int) -> int:
        """Return how many contents the space must find."""
        if not self.examples:
            return depth
        contents = len(view.columns.content_ids)
        return max(depth, contents if contents <= ALL else CANDIDATES)

    def order(self, ranking: Ranking) -> Ranking:
        """Sort the contents by the weighted mean of similarities, which become the scores."""
        if not self.examples or not len(ranking.content_ids):
            return ranking
        stored = self.facts(ranking.content_ids.tolist())
        rows = np.full((len(ranking.content_ids), NUMBERS), np.nan, np.float32)
        for row, content_id in enumerate(ranking.content_ids.tolist()):
            one = stored.get(content_id)
            if one is not None and one.version == VERSION and len(one.numbers) == NUMBERS:
                rows[row] = one.numbers
        total = np.zeros(len(rows))
        for example in self.examples:
            total += example.weight * _alike(example, ranking.scores, rows)
        scores = (total / sum(example.weight for example in self.examples)).astype(np.float32)
        order = np.argsort(-scores, kind="stable")
        return Ranking(ranking.content_ids[order], ranking.segment_ids[order], scores[order])


def tastes(parts: Sequence[Part], view: SpaceView, facts: ReadFacts) -> AspectExamples:
    """Collect the examples in ``parts``. Raises QueryError for one that was not measured, AudioError for its file."""
    weighed = [part for part in parts if getattr(part, "aspects", None) is not None]
    if any(part.weight < 0 for part in weighed):
        raise QueryError("aspects can weigh only what is looked for, not what is to be avoided")
    examples = [
        AspectExample(part.weight, part.aspects, _numbers(part, view, facts))
        for part in weighed
        if isinstance(part, AudioPart | ClipPart | SegmentPart) and part.aspects is not None
    ]
    if any(example.aspects != Aspects(kind=example.aspects.kind or 1.0) for example in examples):
        view.columns.check_measured("aspects")
        return AspectExamples(tuple(examples), facts)
    return AspectExamples((), facts)


def changed(parts: Sequence[Part], view: SpaceView, facts: ReadFacts) -> Where | None:
    """Return the filter for the changes of examples. Raises QueryError if an example lacks the fact to change."""
    wanted: list[Where] = []
    for part in parts:
        changes = getattr(part, "changes", ())
        if not changes or not isinstance(part, ClipPart | SegmentPart | AudioPart):
            continue
        numbers = _numbers(part, view, facts)
        for change in changes:
            if change not in _CHANGES:
                raise QueryError(f"{change!r} is not a change; use one of: {', '.join(_CHANGES)}")
            column, sign, share = _CHANGES[change]
            now = _length_s(part, view) if column == "duration_s" else float(numbers[PLACES[column]])
            if not np.isfinite(now):
                raise QueryError(f"{change!r} cannot apply to an example without {column}")
            wanted.append(NumberIs(column, sign, now * share))
    if not wanted:
        return None
    return wanted[0] if len(wanted) == 1 else And(tuple(wanted))


def _alike(example: AspectExample, scores: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (n,) the mean similarity to an example, weighted by its aspects."""
    each = {"kind": np.clip(scores.astype(np.float64), 0.0, 1.0), **likenesses(example.numbers, rows)}
    weights = example.aspects.named()
    total = np.sum([weight * each[name] for name, weight in weights.items()], axis=0)
    return np.asarray(total / sum(weights.values()))


def _numbers(part: AudioPart | ClipPart | SegmentPart, view: SpaceView, facts: ReadFacts) -> NDArray[np.float32]:
    if isinstance(part, AudioPart):
        from search.analysis.facts.measuring import measured  # heavy, and few queries need it

        return measured(part.path, part.track or 0, start_s=part.start_s, end_s=part.end_s)
    content_id = _content(part, view)
    stored = facts([content_id]).get(content_id)
    if stored is None or stored.version != VERSION:
        raise QueryError("the example was not measured yet; run: soundalike facts --measure")
    return stored.numbers


def _content(part: ClipPart | SegmentPart, view: SpaceView) -> int:
    if isinstance(part, ClipPart):
        found = view.columns.content_of(part.clip_id)
        content_id = -1 if found is None else found
    else:
        content_id = int(view.columns.place(np.array([part.segment_id], np.int64))[0][0])
    if content_id < 0:
        raise QueryError("the example whose aspects are weighed is not in the library")
    return content_id


def _length_s(part: AudioPart | ClipPart | SegmentPart, view: SpaceView) -> float:
    """Return the duration of an example; that of a clip comes from the library."""
    if isinstance(part, AudioPart):
        from search import audio

        end_s = part.end_s if part.end_s is not None else audio.probe(part.path, part.track or 0).duration_s
        return float("nan") if end_s is None else end_s - part.start_s
    return view.columns.duration_of(_content(part, view))
