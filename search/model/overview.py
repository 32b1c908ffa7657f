"""Values that describe a whole library: facets, duplicates, the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from search.model.arrays import Ids


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many clips have a value. ``where`` is the filter that selects exactly these.

    The filter may contain ``and``: put it in parentheses before you combine it with another.

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
    """Counts over ``clips`` clips: tags and folders most frequent first, durations and dates in order.

    ``own_tags`` are set by people. ``tags`` are the encoder's, counted from probability .3 on, as in ``tag = "..."``.
    Dates are days, months or years (UTC): the finest that gives at most 24 values. ``facts`` are those of measured
    clips, by name: ranges of loudness and tempo, brightness, key, form and defects. Values without clips are left out.

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
    """Words that find something in the library: a ``tag`` or ``own_tag`` of ``clips`` clips, or a ``name`` (``clips``
    0).

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
    """A clip of a group, compared with the one worth keeping.

    ``kind`` is ``kept`` for that one itself, ``copy`` for the same bytes, and ``same recording`` for a re-encoded or
    trimmed version, or one at another level. For that kind, ``offset_s`` is where in the kept clip this one begins
    (negative: before it), ``gain_db`` how much louder it is (None if the files could not be read), and ``similarity``
    (0 to 1) how well the aligned sounds agree.

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
    """Clips of one recording. ``keep`` is the id of the one worth keeping, ``why`` the reason in words.

    The kept clip comes first. Each of the others was matched with it.

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
    """Every group of duplicates in a library, largest first, as of the catalog's ``sequence``.

    ``current`` is false if clips came since. Equal files are always found; other duplicates among newer clips only by
    the next ``library.duplicates.find()``. ``sequence`` is 0 if it never ran.

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

    Clips that sound alike are close to each other. ``fitted`` of them were laid out together. The others came later:
    each is placed among its neighbours, which stay where they are. ``sequence`` is the catalog's at the layout.

    Examples:
        >>> clip_map = library.maps.read()
        >>> clip_map.clip_ids.tolist(), clip_map.xy.shape
        ([1, 2, 3, 4, 5], (5, 2))
    """

    sequence: int
    fitted: int
    clip_ids: Ids
    xy: NDArray[np.float32]
