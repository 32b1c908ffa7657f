"""Moments: passages that match a query, with their own boundaries."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class Moment:
    """A passage of a clip that matches a query. A higher ``score`` is better.

    The score is the cosine similarity with the query. For two sounds joined by THEN, WHILE or WITHOUT it is the
    probability that they are there, 0 to 1; again a cosine similarity if the words of either sound match no class of
    the encoder's vocabulary. ``exact``: the boundaries were found in the sound. Otherwise the file could not be read,
    and they are those of a segment.

    Examples:
        >>> soundalike.Moment(library.reader.clips([1])[0], 1.0, 2.5, 0.4).exact
        True
    """

    clip: Clip
    start_s: float
    end_s: float
    score: float
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Moments:
    """The passages that match a query, best first. ``next_offset`` is the offset of the next page, None after the last.

    Examples:
        >>> soundalike.Moments((), 1.0).next_offset is None
        True
    """

    moments: tuple[Moment, ...]
    took_ms: float
    next_offset: int | None = None
