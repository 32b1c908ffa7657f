"""How likely each hit of one space is what was asked for: `search.confidence` applied to a question's parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.confidence import densities, heard, probabilities, word_probabilities
from search.errors import LibraryError
from search.model import Ids, Scores, Tag, Vectors
from search.parts import AskedSpace, PartVector, SpaceView, unit, weighted_sum

Chances = NDArray[np.float64]


def chances(
    asked: AskedSpace, segment_ids: Ids, vectors: Vectors, tags: Sequence[Sequence[Tag]], page: Ids
) -> Chances | None:
    """The probability (n,) that each hit is relevant: ``segment_ids`` (n,) with their ``vectors`` (n, dim), and the
    ``tags`` of the clips they are in; ``page`` (m,) are the segments nearest to the query.

    Sounds and words were calibrated apart: of a question that wants both it is the mean of the two by their weights,
    and each thing that words do not want takes from it what it is likely to be. What is unwanted of sounds is part of
    their sum, where one is wanted. None without a calibration for a part.
    """
    if asked.vector is None or not len(segment_ids):
        return None
    wanted = []
    sounds = [part for part in asked.parts if not part.is_text]
    if any(part.weight > 0 for part in sounds):
        # with words beside them they may cancel out
        vector = asked.vector if len(sounds) == len(asked.parts) else unit(weighted_sum(sounds))
        wanted.append((_weight(sounds), _of_sounds(asked.view, vector, segment_ids, vectors, page)))
    words = [part for part in asked.parts if part.is_text and part.weight > 0]
    if words:
        wanted.append((_weight(words), _of_phrase(asked.view, words, vectors, tags)))
    sure = [(weight, chance) for weight, chance in wanted if chance is not None]
    if not sure or len(sure) < len(wanted):
        return None
    total = np.average([chance for _, chance in sure], axis=0, weights=[weight for weight, _ in sure])
    for part in asked.parts:
        if part.is_text and part.weight < 0:
            unwanted = _of_phrase(asked.view, [part], vectors, tags)
            if unwanted is None:
                return None
            total = total * (1 - unwanted)
    return np.asarray(total)


def _weight(parts: Sequence[PartVector]) -> float:
    return sum(part.weight for part in parts if part.weight > 0)


def _of_sounds(
    view: SpaceView, vector: NDArray[np.float32], segment_ids: Ids, vectors: Vectors, page: Ids
) -> Chances | None:
    """That a hit is of the kind of the sounds that ``vector`` (dim,) is made of."""
    cosines = vectors @ vector
    around = _around(view, vector, page, cosines)
    return probabilities(view.space, cosines, densities(view.neighbourhoods, segment_ids), around)


def _of_phrase(
    view: SpaceView, parts: Sequence[PartVector], vectors: Vectors, tags: Sequence[Sequence[Tag]]
) -> Chances | None:
    """That a hit sounds like what ``parts`` say together, None where their encoder does not say what they mean."""
    vocabulary = view.space.vocabulary
    meant = [part.meant for part in parts if part.meant is not None]
    if vocabulary is None or len(meant) < len(parts):
        return None
    weights = np.abs([part.weight for part in parts])
    direction = unit(weighted_sum(parts) * np.sign(parts[0].weight))
    together = np.average(meant, axis=0, weights=weights)
    return word_probabilities(view.space, vectors @ direction, heard(together, vocabulary, tags))


def _around(view: SpaceView, vector: NDArray[np.float32], page: Ids, cosines: Scores) -> float:
    """The mean cosine of the query with ``page``, or of the hits themselves where that has nothing to say."""
    if len(page):
        try:
            return float((view.index.vectors(page) @ vector).mean())
        except LibraryError:  # one of them went between the search and now
            pass
    return float(cosines.mean())
