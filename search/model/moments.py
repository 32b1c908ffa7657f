"""Passages that were asked for, with boundaries of their own."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class Moment:
    """A passage of a clip that fits what was asked for; of a higher ``score`` it fits better.

    That is a cosine with the question. Of two sounds that THEN, WHILE or WITHOUT joins it is how likely they are there,
    0 to 1; a cosine again where the words of either mean no class of the encoder's vocabulary.
    ``exact``: its boundaries were found in the sound; else its file could not be read, and they are a segment's.

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
    """The passages that a question found, best first; ``next_offset`` is where the following ones begin, if any.

    Examples:
        >>> soundalike.Moments((), 1.0).next_offset is None
        True
    """

    moments: tuple[Moment, ...]
    took_ms: float
    next_offset: int | None = None
