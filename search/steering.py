"""The values of recommendation, feedback, facets, duplicates and the map: frozen, as those of `search.model`.

They are how a program says what it wants of a library beyond a query, and what it gets back::

    library.recommend(RecommendQuery(likes=(ClipPart(17), ClipPart(23, 2.0)), diversity=0.5)) -> Answer
    library.recommend_each([...])                              -> list[Answer | QueryError], one each, in order
    library.feedback.add("anna", [Feedback(17, "like")])       # a FeedbackStore (search.ports)
    library.facets("duration_s < 5")                           -> Facets of every clip that passes
    library.facets_of(hit.clip_id for hit in answer.hits)      -> Facets of these clips
    library.duplicates()                                       -> Duplicates, as found last
    library.find_duplicates()                                  -> Duplicates, brought up to date (a job: minutes)
    library.map()                                              -> ClipMap | None, with clips that came since
    library.draw_map()                                         -> ClipMap, made (a job: minutes)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.model import ClipPart, Ids

MAX_FEEDBACK = 10_000
"""The most opinions that one profile keeps; beyond it the oldest "seen" ones go first."""

Opinion: TypeAlias = Literal["like", "dislike", "seen"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What someone thought of a clip. ``weight`` (above 0) is how much; ``at`` is UTC seconds since the epoch,
    0 before it is stored (the store puts the time).
    """

    clip_id: int
    opinion: Opinion
    weight: float = 1.0
    at: float = 0.0


DEFAULT_DIVERSITY = 0.3


@dataclass(frozen=True, slots=True)
class RecommendQuery:
    """What is asked of a recommendation.

    ``likes`` and ``dislikes`` carry weights above 0; both, and ``seen``, are left out of the answer, and so are their
    copies. ``profile`` adds what the feedback store keeps under that name (clips that are gone by now are ignored,
    unknown ones that are named here are an error). ``diversity`` from 0 (the likeliest, however alike) to 1.
    Without any like the answer is a varied sample of the library: the same every time until the library changes.
    """

    likes: tuple[ClipPart, ...] = ()
    dislikes: tuple[ClipPart, ...] = ()
    seen: frozenset[int] = frozenset()
    k: int = 10
    diversity: float = DEFAULT_DIVERSITY
    where: str | None = None
    space: str | None = None
    profile: str | None = None


# --- facets -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many clips have a value. ``where`` is the filter (DESIGN.md, ``--where``) that selects exactly these;
    it may hold an ``and``: put it in parentheses before joining it with another.
    """

    value: str
    count: int
    where: str


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts over ``clips`` clips; tags and folders most frequent first, durations and dates in their order.

    Tags count from probability .3 on, as ``tag = "..."`` does. Dates are days, months or years (UTC), whichever
    gives at most 24 of them. Only what is there is listed.
    """

    clips: int
    tags: tuple[FacetCount, ...]
    durations: tuple[FacetCount, ...]
    added: tuple[FacetCount, ...]
    folders: tuple[FacetCount, ...]


# --- duplicates -------------------------------------------------------------------------------------------

DuplicateKind: TypeAlias = Literal["kept", "copy", "same recording"]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A clip of a group, beside the one worth keeping.

    ``copy``: the same bytes. ``same recording``: re-encoded, trimmed or at another level; then ``offset_s`` says where
    in the kept clip this one begins (negative: before it), ``gain_db`` how much louder it is (None where the files
    were not at hand to tell) and ``similarity`` (0 to 1) how well the aligned sounds agree.
    """

    clip_id: int
    kind: DuplicateKind
    offset_s: float = 0.0
    gain_db: float | None = None
    similarity: float = 1.0


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Clips of one recording. ``keep`` is the one worth keeping, ``why`` says so in words; it stands first."""

    keep: int
    why: str
    clips: tuple[Duplicate, ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Every group of a library, largest first, as of the catalog's ``sequence``.

    ``current`` is false when clips came since: equal files are always found, other duplicates among newer clips only
    after the next ``find_duplicates``. ``sequence`` is 0 when it never ran.
    """

    sequence: int
    current: bool
    groups: tuple[DuplicateGroup, ...]


# --- map --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClipMap:
    """A 2-D layout of the clips: ``clip_ids`` (n,) ascending, ``xy`` (n, 2) float32, mostly within [0, 1].

    Clips that sound alike lie close. ``fitted`` of them were laid out together; the others came later and stand
    among their neighbours, and nobody moved for them. ``sequence`` is the catalog's at the time of the layout.
    """

    sequence: int
    fitted: int
    clip_ids: Ids
    xy: NDArray[np.float32]
