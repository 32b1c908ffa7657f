"""How likely each hit of one space is what was asked for: `search.confidence` applied to a question's parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.confidence import densities, heard, probabilities, word_probabilities
from search.errors import LibraryError
from search.model import Ids, Scores, Tag, Vectors
from search.parts import AskedSpace, PartVector, SpaceView, unit

Chances = NDArray[np.float64]


def chances(
    asked: AskedSpace, segment_ids: Ids, vectors: Vectors, tags: Sequence[Sequence[Tag]], page: Ids
) -> Chances | None:
    """The probability (n,) that each hit is relevant: ``segment_ids`` (n,) with their ``vectors`` (n, dim), and the
    ``tags`` of the clips they are in; ``page`` (m,) are the segments nearest to the query.

    None without a calibration, and for words and sounds in one question: these were calibrated apart.
    """
    if asked.vector is None or not len(segment_ids):
        return None
    words = [part for part in asked.parts if part.is_text]
    if not words:
        cosines = vectors @ asked.vector
        around = _around(asked.view, asked.vector, page, cosines)
        return probabilities(asked.view.space, cosines, densities(asked.view.neighbourhoods, segment_ids), around)
    return _of_words(asked, vectors, tags) if len(words) == len(asked.parts) else None


def _of_words(asked: AskedSpace, vectors: Vectors, tags: Sequence[Sequence[Tag]]) -> Chances | None:
    """That a hit sounds like what is wanted, taken together, and like nothing of what is not."""
    wanted = [part for part in asked.parts if part.weight > 0]
    sure = _of_phrase(asked.view, wanted, vectors, tags) if wanted else None
    for part in asked.parts:
        if part.weight < 0 and sure is not None:
            unwanted = _of_phrase(asked.view, [part], vectors, tags)
            sure = None if unwanted is None else sure * (1 - unwanted)
    return sure


def _of_phrase(
    view: SpaceView, parts: Sequence[PartVector], vectors: Vectors, tags: Sequence[Sequence[Tag]]
) -> Chances | None:
    """That a hit sounds like what ``parts`` say together, None where their encoder does not say what they mean."""
    vocabulary = view.space.vocabulary
    meant = [part.meant for part in parts if part.meant is not None]
    if vocabulary is None or len(meant) < len(parts):
        return None
    weights = np.abs([part.weight for part in parts])
    direction = unit(weights @ np.stack([part.vector for part in parts]).astype(np.float64))
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
