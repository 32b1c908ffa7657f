"""A path between two sounds: clips that lead from one to the other in even steps."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class SoundPath:
    """The ``clips`` between two sounds, in order, and how alike the two of each step are: ``similarities``.

    There is one similarity more than there are clips: of the first sound and the first clip, and so on to the last
    sound. ``direct`` is how alike both ends are, ``straight`` how alike each two would be on a straight way of as many
    steps, which no library has.

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
        """How alike the two of the largest step are."""
        return min(self.similarities)
