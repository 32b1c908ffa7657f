"""What happens when, and what is said."""

from __future__ import annotations

from search.service.http.answers.common import Answered, NamedClipOut


class WholeClipOut(NamedClipOut):
    """What is about all of a clip."""

    duration_s: float
    stored: bool


class PassageOut(NamedClipOut):
    """What was found within a clip."""

    track: int
    start_s: float
    end_s: float
    score: float


class EventOut(Answered):
    """From ``start_s`` to ``end_s`` of a clip, what is called ``name`` sounds; ``probability`` at its best.

    ``background``: it is no likelier than what the same name has in a tenth of the clip or more.
    """

    name: str
    start_s: float
    end_s: float
    probability: float
    background: bool


class StretchOut(Answered):
    """From ``start_s`` to ``end_s`` somebody speaks."""

    start_s: float
    end_s: float


class SpokenWordOut(Answered):
    """A word that is said from ``start_s`` to ``end_s``; ``probability`` is the recogniser's own."""

    text: str
    start_s: float
    end_s: float
    probability: float


class SpokenLineOut(Answered):
    """Words that are said one after the other."""

    text: str
    start_s: float
    end_s: float
    words: list[SpokenWordOut]


class TranscriptOut(WholeClipOut):
    """What is said in a clip. ``stored``: it was recognised before; ``language`` is "" where no word was understood."""

    recogniser: str
    language: str
    language_probability: float
    voiced: list[StretchOut]
    lines: list[SpokenLineOut]


class SayingOut(PassageOut):
    """A passage that says what was asked for, and the ``line`` that it stands in; ``score``: higher is closer."""

    language: str
    line: SpokenLineOut


class SayingsOut(Answered):
    """Passages, best first. ``transcribed`` of the library's ``contents`` were listened to for words."""

    sayings: list[SayingOut]
    took_ms: float
    transcribed: int
    contents: int
    next_offset: int | None


class TimeLineOut(WholeClipOut):
    """The events of a clip, in order of time. ``stored``: they were found before; else just now, or not at all."""

    events: list[EventOut]


class MomentOut(PassageOut):
    """A passage of a clip with boundaries of its own; a segment's (not ``exact``) where its file could not be read.

    ``score`` is a cosine; of two sounds that THEN, WHILE or WITHOUT joins it is how likely they are there, where the
    words of both mean classes of the encoder's vocabulary. Higher is better.
    """

    exact: bool


class MomentsOut(Answered):
    """The passages that a question found, best first."""

    moments: list[MomentOut]
    took_ms: float
    next_offset: int | None
