"""Loops: sounds of whole beats, recognized by their length, their tempo, and repetition.

A loop of a few strokes is too short to establish its tempo by recurrence. But usually its halves, quarters or eighths
begin alike, in the bass as in the treble, to a hundredth of a second. Of 2,470 recordings (from the half on which
thresholds are chosen) eleven do: alarms, comping, repeating tunes, and one pistol.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.envelope import Course
from search.analysis.facts.tempo import FASTEST, SLOWEST, WEAKEST, MusicEstimate

LONGEST_ONE_SHOT_S: Final = 15.0
_FEWEST_BEATS: Final = 2
_OFF_BEAT: Final = 0.15
"""The largest distance of a loop's length from whole beats, in beats."""
_BEATS_OF_LOOPS, _TAKEN_FOR, _EXACTLY = (4, 8, 16), (3 / 2, 5 / 4), 0.01
"""A loop usually has one of these numbers of beats. If one of these multiples of the estimated tempo gives that number,
to this relative precision, it is the right tempo."""
_SHORTEST_S, _LONGEST_S = 1.3, 20.0
_PARTS: Final = (8, 4, 2)
_SHORTEST_PART_S: Final = 0.5
_BEATS_OF_PARTS: Final = (1, 2, 4, 8)
_USUAL: Final = 105.0
"""Among the possible numbers of beats per part, the one whose tempo is nearest to this is chosen."""
_ALIKE, _LEVELS_ALIKE = 0.5, 0.6
"""The least correlations of onsets and of levels between one part and the next; in loops at least .54 and .65.

Two strokes may be half a sound apart by chance, but only in loops is what lies between them alike, too.
"""


def parts(levels: NDArray[np.float32], duration_s: float, per_s: float) -> tuple[int, float] | None:
    """The number of parts with similar onsets into which a sound divides, and their correlation; None if it does not.

    ``levels`` are (n, bands), ``per_s`` a second.
    """
    if not _SHORTEST_S <= duration_s <= _LONGEST_S:
        return None
    rises = np.maximum(np.diff(levels, axis=0, prepend=levels[-1:]), 0)  # a loop's end continues at its beginning
    if rises.mean(axis=1).max() < WEAKEST:
        return None
    rises = rises[1:-1] + 0.5 * (rises[2:] + rises[:-2])
    for count in _PARTS:
        lag = round(duration_s / count * per_s)
        is_alike = duration_s / count >= _SHORTEST_PART_S and _correlation(levels[:-lag], levels[lag:]) >= _LEVELS_ALIKE
        if is_alike:
            alike = max(_correlation(rises[:-near], rises[near:]) for near in (lag - 1, lag, lag + 1))
            if alike >= _ALIKE:
                return count, alike
    return None


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The correlation over all bands together, each relative to its own mean."""
    one, other = ((part - part.mean(axis=0)).ravel() for part in (one, other))
    power = float(np.dot(one, one)) * float(np.dot(other, other))
    return float(np.dot(one, other) / max(power, 1e-24) ** 0.5)


def of_parts(
    tempo: MusicEstimate | None, duration_s: float, count_and_likeness: tuple[int, float] | None
) -> MusicEstimate | None:
    """The tempo, or that of the parts of a loop (see `parts`) if ``tempo`` gives no whole beats.

    Examples:
        >>> of_parts(None, 4.0, (4, 0.8))
        MusicEstimate(value=120.0, sure=0.8)
        >>> of_parts(MusicEstimate(90.0, 0.4), 4.0, (2, 0.8)).value  # whole beats already
        90.0
    """
    if count_and_likeness is None or (tempo is not None and is_whole(duration_s * tempo.value / 60)):
        return tempo
    count, alike = count_and_likeness
    tempos = np.array([count * beats * 60 / duration_s for beats in _BEATS_OF_PARTS])
    nearest = float(tempos[np.argmin(np.abs(np.log(tempos / _USUAL)))])
    return MusicEstimate(nearest, alike) if SLOWEST <= nearest <= FASTEST else tempo


def of_whole_beats(tempo: MusicEstimate, duration_s: float) -> MusicEstimate:
    """The tempo, or 3/2 or 5/4 of it if the sound then lasts 4, 8 or 16 beats.

    Examples:
        >>> of_whole_beats(MusicEstimate(80.0, 0.5), duration_s=8.0).value
        120.0
        >>> of_whole_beats(MusicEstimate(200.0, 0.5), duration_s=3.2).value  # 300 is faster than any that is looked for
        200.0
    """
    beats = duration_s * tempo.value / 60
    if abs(beats - round(beats)) > _OFF_BEAT:
        for ratio in _TAKEN_FOR:
            faster, is_loop = tempo.value * ratio, (abs(beats * ratio / n - 1) <= _EXACTLY for n in _BEATS_OF_LOOPS)
            if faster <= FASTEST and any(is_loop):
                return replace(tempo, value=faster)
    return tempo


def is_whole(beats: float) -> bool:
    """Whether ``beats`` is nearly a whole number, and enough for a loop."""
    return abs(beats - round(beats)) <= _OFF_BEAT and round(beats) >= _FEWEST_BEATS


def form(way: Course, duration_s: float, tail_silence_s: float, tempo: MusicEstimate | None) -> str | None:
    """Whether a sound is a "one-shot" or a "loop"; None if it is neither, or unclear."""
    if way.events == 1 and way.decay_s is not None and tempo is None and duration_s <= LONGEST_ONE_SHOT_S:
        return "one-shot"
    if tempo is None:
        return None
    is_loop = is_whole(duration_s * tempo.value / 60) and tail_silence_s < 60 / tempo.value
    return "loop" if is_loop else None
