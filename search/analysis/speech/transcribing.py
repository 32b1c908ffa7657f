"""Transcribing a file: first find voices, then recognise what they say, in pieces of bounded memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

from search import audio
from search.model import Clip, Content, SpokenLine, SpokenWord, Transcript, Wave
from search.ports import SpeechRecogniser, VoiceDetector
from search.snapshots.filling import Rest, at_once, resting

PIECE_S: Final = 240.0
"""Stretches are recognised together up to this length, because each call of a model has a high fixed cost."""
BETWEEN_S: Final = 0.3
"""The silence between two stretches that are recognised together."""
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Concatenated ``stretches`` of a file, with the time at which each begins in the piece."""

    wave: Wave
    begins_s: tuple[float, ...]
    stretches: tuple[Span, ...]


def of_file(
    recogniser: SpeechRecogniser,
    detector: VoiceDetector,
    content: Content,
    clip: Clip,
    language: str | None = None,
    *,
    rest: Rest = at_once,
) -> Transcript:
    """Transcribe a content from the file of one of its clips, in ``language`` or the language of its first speech.

    Calls ``rest`` before each block is searched for voices, and before each piece is recognised. Raises AudioError if
    the file cannot be read, QueryError for a language that the recogniser does not know.
    """
    voiced = voices(detector, content, clip, rest=rest)
    spoken, likely = language, 1.0
    lines: list[SpokenLine] = []
    pieces = _pieces(clip.absolute_path, content.track, voiced, recogniser.sample_rate_hz)
    for piece in resting(pieces, rest):
        rest()
        said = recogniser.recognise(piece.wave, spoken)
        if spoken is None and said.lines:
            spoken, likely = said.language, said.language_probability
        lines += (_moved(line, piece) for line in said.lines)
    if not lines:
        return Transcript(recogniser.fingerprint, "", 0.0, voiced, ())
    return Transcript(recogniser.fingerprint, spoken or "", likely, voiced, tuple(lines))


def voices(detector: VoiceDetector, content: Content, clip: Clip, *, rest: Rest = at_once) -> tuple[Span, ...]:
    """The stretches of a content in which somebody speaks. Raises AudioError if its file cannot be read."""
    blocks = audio.stream(clip.absolute_path, detector.sample_rate_hz, track=content.track)
    return detector.voiced(resting(blocks, rest))


def _moved(line: SpokenLine, piece: _Piece) -> SpokenLine:
    """Convert a line of a piece to the file's times. A word belongs to the stretch that has its middle."""
    words = []
    for word in line.words:
        middle_s = (word.start_s + word.end_s) / 2
        place = max(bisect_right(piece.begins_s, middle_s) - 1, 0)
        start_s, end_s = piece.stretches[place]
        shift_s = start_s - piece.begins_s[place]
        begin_s = min(max(word.start_s + shift_s, start_s), end_s)
        words.append(SpokenWord(word.text, begin_s, min(max(word.end_s + shift_s, begin_s), end_s), word.probability))
    return SpokenLine(tuple(words))


def _pieces(path: str, track: int, voiced: tuple[Span, ...], rate_hz: int) -> Iterator[_Piece]:
    """Yield the voiced stretches of a file in pieces of up to `PIECE_S`, decoding as needed."""
    waves: list[Wave] = []
    stretches: list[Span] = []
    for stretch, wave in _cut(path, track, voiced, rate_hz):
        if waves and sum(map(len, waves)) + len(wave) > PIECE_S * rate_hz:
            yield _piece(waves, stretches, rate_hz)
            waves, stretches = [], []
        waves.append(wave)
        stretches.append(stretch)
    if waves:
        yield _piece(waves, stretches, rate_hz)


def _piece(waves: list[Wave], stretches: list[Span], rate_hz: int) -> _Piece:
    silence = np.zeros(int(BETWEEN_S * rate_hz), np.float32)
    joined = [part for wave in waves for part in (wave, silence)][:-1]
    begins = accumulate((len(wave) + len(silence) for wave in waves[:-1]), initial=0)
    return _Piece(np.concatenate(joined), tuple(begin / rate_hz for begin in begins), tuple(stretches))


def _cut(path: str, track: int, voiced: tuple[Span, ...], rate_hz: int) -> Iterator[tuple[Span, Wave]]:
    """Yield each stretch with its sound."""
    if not voiced:
        return
    end_s = voiced[-1][1]
    blocks = audio.stream(path, rate_hz, track=track, end_s=end_s)
    held, held_from = np.empty(0, np.float32), 0
    for start_s, until_s in voiced:
        begin, until = int(start_s * rate_hz), int(until_s * rate_hz)
        while held_from + len(held) < until:
            block = next(blocks, None)
            if block is None:
                break
            drop = max(min(begin - held_from, len(held)), 0)
            held, held_from = np.concatenate([held[drop:], block]), held_from + drop
        yield (start_s, until_s), held[max(begin - held_from, 0) : max(until - held_from, 0)]
