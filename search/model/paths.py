"""A path between two sounds: clips that lead from one to the other in even steps."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class SoundPath:
    """The ``clips`` between two sounds, in order, and the cosine similarity of each step.

    There is one similarity more than there are clips: the first is that of the start and the first clip, the last that
    of the last clip and the end. ``direct`` is the similarity of both ends. ``straight`` is the similarity of each step
    on an ideal path of as many equal steps.

    Examples:
        >>> way = library.path_between(soundalike.ClipPart(1), soundalike.ClipPart(3), steps=2)
        >>> len(way.clips), len(way.similarities), way.direct < way.straight
        (1, 2, True)
    """

    clips: tuple[Clip, ...]
    similarities: tuple[float, ...]
    direct: float
    straight: float

    @property
    def least(self) -> float:
        """The similarity of the largest step."""
        return min(self.similarities)
