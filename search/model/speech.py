"""Speech in recordings: words with times, lines, transcripts, and passages that match a query."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word spoken from ``start_s`` to ``end_s``. ``probability`` is the recogniser's.

    Examples:
        >>> soundalike.SpokenWord("Hello,", 1.25, 1.5, 0.9).text
        'Hello,'
    """

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """One or more consecutive words: a sentence, or as much as a subtitle shows.

    Examples:
        >>> hello, you = soundalike.SpokenWord("Hello,", 1, 2, 1.0), soundalike.SpokenWord("you", 2, 3, 1.0)
        >>> line = soundalike.SpokenLine((hello, you))
        >>> line.text, line.start_s, line.end_s
        ('Hello, you', 1, 3)
    """

    words: tuple[SpokenWord, ...]

    @property
    def text(self) -> str:
        """The line's text."""
        return " ".join(word.text for word in self.words)

    @property
    def start_s(self) -> float:
        """When its first word begins."""
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        """When its last word ends."""
        return self.words[-1].end_s


@dataclass(frozen=True, slots=True)
class RecognisedSpeech:
    """The result of a `SpeechRecogniser`: lines of words, their language (``en``), and its probability.

    Examples:
        >>> soundalike.RecognisedSpeech("en", 0.9, ()).language
        'en'
    """

    language: str
    language_probability: float
    lines: tuple[SpokenLine, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words spoken in a sound, in order of time.

    ``recogniser`` is the fingerprint of the recogniser. ``language`` is a code (``en``) with its probability, "" if
    there are no words. ``voiced`` are the stretches with a voice, start and end in seconds; all words lie in these.

    Examples:
        >>> soundalike.Transcript("whisper", "", 0.0, (), ()).words
        ()
    """

    recogniser: str
    language: str
    language_probability: float
    voiced: tuple[tuple[float, float], ...]
    lines: tuple[SpokenLine, ...]

    @property
    def words(self) -> tuple[SpokenWord, ...]:
        """The words of all lines."""
        return tuple(word for line in self.lines for word in line.words)


@dataclass(frozen=True, slots=True)
class ClipTranscript:
    """The transcript of a clip. ``stored``: it was recognised earlier; otherwise just now.

    Examples:
        >>> nothing = soundalike.Transcript("whisper", "", 0.0, (), ())
        >>> soundalike.ClipTranscript(library.reader.clips([1])[0], nothing, stored=False).transcript.lines
        ()
    """

    clip: Clip
    transcript: Transcript
    stored: bool


@dataclass(frozen=True, slots=True)
class Saying:
    """A passage of a clip in which the queried words are spoken: from ``start_s`` to ``end_s``, in a ``line``.

    ``score`` (higher is closer) is 1 if every word was spoken exactly. It is lower if words only begin the same or are
    similar, if some are missing, or if the recogniser was less certain.

    Examples:
        >>> line = soundalike.SpokenLine((soundalike.SpokenWord("Hello", 1.0, 2.0, 1.0),))
        >>> soundalike.Saying(library.reader.clips([1])[0], line, 1.0, 2.0, 1.0, "en").line.text
        'Hello'
    """

    clip: Clip
    line: SpokenLine
    start_s: float
    end_s: float
    score: float
    language: str


@dataclass(frozen=True, slots=True)
class Sayings:
    """The passages in which the queried words are spoken, best first.

    ``next_offset`` is the offset of the next page, None after the last. ``transcribed`` of the library's ``contents``
    have a transcript.

    Examples:
        >>> library.speech.find("hello").sayings
        ()
    """

    sayings: tuple[Saying, ...]
    took_ms: float
    transcribed: int
    contents: int
    next_offset: int | None = None
