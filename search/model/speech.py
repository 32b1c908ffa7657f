"""What is said in recordings: words with their times, lines of them, and passages that say what was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from search.model.contents import Clip


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word that is said from ``start_s`` to ``end_s``; ``probability`` is the recogniser's own.

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
    """Words that are said one after the other, one or more: a sentence, or as much as a subtitle shows.

    Examples:
        >>> hello, you = soundalike.SpokenWord("Hello,", 1, 2, 1.0), soundalike.SpokenWord("you", 2, 3, 1.0)
        >>> line = soundalike.SpokenLine((hello, you))
        >>> line.text, line.start_s, line.end_s
        ('Hello, you', 1, 3)
    """

    words: tuple[SpokenWord, ...]

    @property
    def text(self) -> str:
        """The line as it is written."""
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
    """What a `SpeechRecogniser` heard: lines of words, the language they are in (``en``), and how likely it is.

    Examples:
        >>> soundalike.RecognisedSpeech("en", 0.9, ()).language
        'en'
    """

    language: str
    language_probability: float
    lines: tuple[SpokenLine, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in a sound, in order of time.

    ``recogniser`` is the fingerprint of what wrote it. ``language`` is a code (``en``), "" without a word, with how
    likely it is. ``voiced`` are the stretches in which a voice speaks, start and end in seconds; words stand in these.

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
    """What is said in a clip. ``stored``: it was recognised before; else it was recognised just now.

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
    """A passage of a clip that says what was asked for: from ``start_s`` to ``end_s``, in a ``line``.

    ``score`` (higher is closer) is 1 where every word was said as it was written, and less where words only begin so or
    are much like them, where some are missing, and where the recogniser was less sure.

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
    """The passages that say what was asked for, best first; ``next_offset`` is where the following ones begin, if any.

    ``transcribed`` of the library's ``contents`` were listened to.

    Examples:
        >>> library.speech.find("hello").sayings
        ()
    """

    sayings: tuple[Saying, ...]
    took_ms: float
    transcribed: int
    contents: int
    next_offset: int | None = None
