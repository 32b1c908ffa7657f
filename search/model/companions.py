"""What goes with a sound: others that fit it in tempo and key and are of another kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from search.model.contents import Clip

KeyRelation: TypeAlias = Literal["same", "relative", "fifth"]


@dataclass(frozen=True, slots=True)
class Companion:
    """A clip that goes with another, how well (higher is better), and why.

    ``tempo`` in beats a minute and ``key`` are its own, None where it has none. It runs ``times`` as fast as the other
    (1, one half or 2) once it is played ``stretch`` as fast: 1.02 is 2 % faster. ``relation`` says how its key is
    related, ``similarity`` how alike both sound.

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
    """What goes with a clip of a ``tempo`` and a ``key``, best first; ``unmeasured`` clips may do so and are not known.

    Examples:
        >>> library.facts.measure()
        ()
        >>> try:
        ...     library.goes_with(3)
        ... except soundalike.QueryError as error:
        ...     print(error)
        clip 3 has no tempo and no key: nothing can be said of what goes with it
    """

    tempo: float | None
    key: str | None
    hits: tuple[Companion, ...]
    unmeasured: int
