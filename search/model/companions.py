"""Companions of a sound: other sounds that fit its tempo and key and are of another kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.model.contents import Clip

KeyRelation: TypeAlias = Literal["same", "relative", "fifth"]


@dataclass(frozen=True, slots=True)
class Companion:
    """A clip that goes with another: how well (``score``, higher is better), and why (``reasons``).

    ``tempo`` (beats a minute) and ``key`` are those of the clip, None if it has none. ``stretch`` is the speed at which
    to play it (1.02: 2 % faster). Its tempo is then ``times`` (0.5, 1 or 2) that of the other clip. ``relation`` is the
    relation of the two keys, ``similarity`` how similar both sound.

    Examples:
        >>> loops = [clip_id for clip_id, facts in library.facts.of(range(1, 7)).items() if "tempo" in facts]
        >>> [hit.reasons for clip_id in loops for hit in library.goes_with(clip_id).hits]
        []
    """

    clip: Clip
    score: float
    tempo: float | None
    times: float | None
    stretch: float | None
    key: str | None
    relation: KeyRelation | None
    similarity: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Companions:
    """The clips that go with a clip of this ``tempo`` and ``key``, best first.

    ``unmeasured`` is the number of clips without facts, which could not be considered.

    Examples:
        >>> library.facts.measure()
        ()
        >>> try:
        ...     library.goes_with(3)
        ... except soundalike.QueryError as error:
        ...     print(error)
        clip 3 has no tempo and no key: nothing can be matched to it
    """

    tempo: float | None
    key: str | None
    hits: tuple[Companion, ...]
    unmeasured: int
