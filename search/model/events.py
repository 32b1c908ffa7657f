"""Events: what sounds when in a recording."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class Event:
    """A class of the encoder, ``name``, that sounds from ``start_s`` to ``end_s`` of a clip.

    ``probability`` is the highest within the event. ``background``: it is no higher than the probability that the same
    class has in a tenth of the clip or more.

    Examples:
        >>> soundalike.Event("Dog", 1.25, 2.5, 0.9).end_s
        2.5
    """

    name: str
    start_s: float
    end_s: float
    probability: float
    background: bool = False


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The events of a clip, in order of time. ``stored``: they were found earlier; otherwise just now.

    Examples:
        >>> len(soundalike.TimeLine(library.reader.clips([1])[0], (), stored=False).events)
        0
    """

    clip: Clip
    events: tuple[Event, ...]
    stored: bool
