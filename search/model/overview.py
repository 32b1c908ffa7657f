"""What is known of a library as a whole: facets, duplicates, the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.model.arrays import Ids


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many clips have a value. ``where`` is the filter (DESIGN.md, ``--where``) that selects exactly these;
    it may hold an ``and``: put it in parentheses before joining it with another.

    Examples:
        >>> facet = library.clips.facets().durations[0]
        >>> facet.value, facet.where
        ('2 to 5 s', 'duration_s >= 2 and duration_s < 5')
    """

    value: str
    count: int
    where: str


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts over ``clips`` clips; tags and folders most frequent first, durations and dates in their order.

    ``own_tags`` are those that people set. ``tags`` are the encoder's, which count from probability .3 on, as in
    ``tag = "..."``. Dates are days, months or years (UTC), whichever
    gives at most 24 of them. ``facts`` are loudness and tempo in ranges, brightness, key, form and defects, by name, of
    the clips that were measured. Only what is there is listed.

    Examples:
        >>> facets = library.clips.facets("duration_s < 5")
        >>> facets.clips, [(facet.value, facet.count) for facet in facets.durations]
        (5, [('2 to 5 s', 5)])
    """

    clips: int
    own_tags: tuple[FacetCount, ...]
    tags: tuple[FacetCount, ...]
    durations: tuple[FacetCount, ...]
    added: tuple[FacetCount, ...]
    folders: tuple[FacetCount, ...]
    facts: Mapping[str, tuple[FacetCount, ...]]


SuggestionKind: TypeAlias = Literal["tag", "own_tag", "name"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words that find something here: a ``tag``, an ``own_tag`` of ``clips`` clips, or a ``name`` (``clips`` is 0).

    Examples:
        >>> sorted(one.text for one in soundalike.suggest(library))[:2]
        ['door slam', 'police siren']
    """

    text: str
    kind: SuggestionKind
    clips: int


DuplicateKind: TypeAlias = Literal["kept", "copy", "same recording"]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A clip of a group, beside the one worth keeping.

    ``copy``: the same bytes. ``same recording``: re-encoded, trimmed or at another level; then ``offset_s`` says where
    in the kept clip this one begins (negative: before it), ``gain_db`` how much louder it is (None where the files
    were not at hand to tell) and ``similarity`` (0 to 1) how well the aligned sounds agree.

    Examples:
        >>> [(clip.clip_id, clip.kind) for clip in library.duplicates.groups().groups[0].clips]
        [(3, 'kept'), (4, 'copy')]
    """

    clip_id: int
    kind: DuplicateKind
    offset_s: float = 0.0
    gain_db: float | None = None
    similarity: float = 1.0
    lossless: bool = False
    bandwidth_hz: float | None = None
    silence_s: float | None = None
    clipped: float | None = None


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Clips of one recording. ``keep`` is the one worth keeping, ``why`` says so in words; it stands first, and each
    of the others agrees with it.

    Examples:
        >>> group = library.duplicates.groups().groups[0]
        >>> group.keep, group.why
        (3, 'added first')
    """

    keep: int
    why: str
    clips: tuple[Duplicate, ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Every group of a library, largest first, as of the catalog's ``sequence``.

    ``current`` is false when clips came since: equal files are always found, other duplicates among newer clips only
    after the next ``library.duplicates.find()``. ``sequence`` is 0 when it never ran.

    Examples:
        >>> found = library.duplicates.groups()
        >>> found.current, len(found.groups)
        (True, 1)
    """

    sequence: int
    current: bool
    groups: tuple[DuplicateGroup, ...]


@dataclass(frozen=True, slots=True)
class ClipMap:
    """A 2-D layout of the clips: ``clip_ids`` (n,) ascending, ``xy`` (n, 2) float32, mostly within [0, 1].

    Clips that sound alike lie close. ``fitted`` of them were laid out together; the others came later and stand
    among their neighbours, and nobody moved for them. ``sequence`` is the catalog's at the time of the layout.

    Examples:
        >>> clip_map = library.maps.read()
        >>> clip_map.clip_ids.tolist(), clip_map.xy.shape
        ([1, 2, 3, 4, 5], (5, 2))
    """

    sequence: int
    fitted: int
    clip_ids: Ids
    xy: NDArray[np.float32]
