"""What was played when: a long sound is cut into short questions, and answers that agree are merged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from search.analysis.exact.landmarks import Landmarks
from search.analysis.exact.listening import ExactQuestion
from search.analysis.exact.matching import LONGEST_S, Match, match
from search.analysis.exact.spectra import FRAMES_PER_S
from search.analysis.exact.table import FingerprintTable

QUESTION_S: Final = 5.0
STEP_S: Final = 2.5
_APART_S: Final = 0.4
"""Two answers with the same recording are one passage if their offsets differ by at most this."""
_GAP_S: Final = 15.0
"""A passage may bridge this many seconds without an answer."""


@dataclass(frozen=True, slots=True)
class RecognisedPassage:
    """A ``match`` in the sound's own frames, and the number of ``questions`` that gave it."""

    match: Match
    questions: int = 1


def passages(sound: ExactQuestion, table: FingerprintTable, least: float, most: int) -> list[RecognisedPassage]:
    """The recordings played in a sound, as passages with at least the probability ``least``.

    A sound of up to `LONGEST_S` gives the ``most`` likeliest recordings (copies, takes of one loop), likeliest first. A
    longer one gives the likeliest at each moment, in order of time.
    """
    if sound.frames <= LONGEST_S * FRAMES_PER_S:
        likeliest = [one for one in match(sound, table) if one.probability >= least]
        return [RecognisedPassage(one) for one in likeliest[:most]]
    answers = (_later(best, begin) for begin, question in _questions(sound) for best in match(question, table)[:1])
    return _joined(answer for answer in answers if answer.probability >= least)


def _questions(sound: ExactQuestion) -> Iterator[tuple[int, ExactQuestion]]:
    """Yield, every `STEP_S`, the frame and the question of the next `QUESTION_S`."""
    width, step = (round(length_s * FRAMES_PER_S) for length_s in (QUESTION_S, STEP_S))
    marks = sound.landmarks
    for begin in range(0, max(sound.frames - step, 1), step):
        part = slice(*np.searchsorted(marks.frame, (begin, begin + width)).tolist())
        inside = Landmarks(marks.frame[part] - begin, marks.band[part], marks.up[part], marks.on[part], width)
        yield begin, ExactQuestion(inside, sound.powers[begin : begin + width])


def _later(answer: Match, frames: int) -> Match:
    """Convert the answer to a question that begins ``frames`` into the sound to the sound's own frames."""
    return replace(
        answer,
        offset=answer.offset - answer.speed * frames,
        first=answer.first + frames,
        last=answer.last + frames,
    )


def _joined(answers: Iterable[Match]) -> list[RecognisedPassage]:
    """Merge consecutive answers that agree into passages, sorted by time."""
    found: list[RecognisedPassage] = []
    for answer in answers:
        for place in range(len(found) - 1, -1, -1):
            before = found[place].match
            if answer.first - before.last > _GAP_S * FRAMES_PER_S:
                continue
            if before.row == answer.row and abs(_drift(before, answer)) <= _APART_S * FRAMES_PER_S:
                found[place] = RecognisedPassage(_one(before, answer), found[place].questions + 1)
                break
        else:
            found.append(RecognisedPassage(answer))
    return sorted(found, key=lambda one: one.match.first)


def _drift(before: Match, after: Match) -> float:
    """The difference of two answers, in frames, where the later one begins."""
    return (before.offset + before.speed * after.first) - (after.offset + after.speed * after.first)


def _one(before: Match, after: Match) -> Match:
    """Merge two matches: the line from the beginning of the first to the end of the last."""
    first, last = min(before.first, after.first), max(before.last, after.last)
    begin = before.offset + before.speed * first
    end = after.offset + after.speed * last
    speed = (end - begin) / (last - first) if last - first > QUESTION_S * FRAMES_PER_S else before.speed
    doubt = (1 - before.probability) * (1 - after.probability)
    return replace(
        before,
        offset=begin - speed * first,
        speed=speed,
        first=first,
        last=last,
        votes=before.votes + after.votes,
        evidence=before.evidence + after.evidence,
        probability=1 - doubt,
    )
