"""Moments, events and speech."""

from __future__ import annotations

from search.service.http.answers.common import Answered, NamedClipOut


class WholeClipOut(NamedClipOut):
    """An answer about a whole clip."""

    duration_s: float
    stored: bool


class PassageOut(NamedClipOut):
    """A passage found in a clip."""

    track: int
    start_s: float
    end_s: float
    score: float


class EventOut(Answered):
    """An event ``name`` in a clip from ``start_s`` to ``end_s``; ``probability`` is the highest in that time.

    ``background``: it is no likelier than events of the same name that fill a tenth of the clip or more.
    """

    name: str
    start_s: float
    end_s: float
    probability: float
    background: bool


class StretchOut(Answered):
    """A stretch of speech from ``start_s`` to ``end_s``."""

    start_s: float
    end_s: float


class SpokenWordOut(Answered):
    """A word spoken from ``start_s`` to ``end_s``; ``probability`` is from the recogniser."""

    text: str
    start_s: float
    end_s: float
    probability: float


class SpokenLineOut(Answered):
    """A line of consecutive words."""

    text: str
    start_s: float
    end_s: float
    words: list[SpokenWordOut]


class TranscriptOut(WholeClipOut):
    """What is said in a clip. ``stored``: it was transcribed before; ``language`` is "" if no word was understood."""

    recogniser: str
    language: str
    language_probability: float
    voiced: list[StretchOut]
    lines: list[SpokenLineOut]


class SayingOut(PassageOut):
    """A passage with the words searched for, and the ``line`` that contains it; ``score``: higher is closer."""

    language: str
    line: SpokenLineOut


class SayingsOut(Answered):
    """Passages, best first. ``transcribed`` counts the contents with a transcript, out of ``contents``."""

    sayings: list[SayingOut]
    took_ms: float
    transcribed: int
    contents: int
    next_offset: int | None


class TimeLineOut(WholeClipOut):
    """The events of a clip, in order of time. ``stored``: they were found before; else now, or not at all."""

    events: list[EventOut]


class MomentOut(PassageOut):
    """A passage with its own start and end; not ``exact``: those of a segment, because the file could not be read.

    ``score`` is a cosine similarity. For THEN, WHILE and WITHOUT, if the words of both sounds are classes of the
    encoder's vocabulary, it is the probability that both are there. Higher is better.
    """

    exact: bool


class MomentsOut(Answered):
    """The passages that a query found, best first."""

    moments: list[MomentOut]
    took_ms: float
    next_offset: int | None
