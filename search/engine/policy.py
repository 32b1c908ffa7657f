"""What names and sounds count for in one answer, and what may be said of it. All of that policy is here.

A question in words has two kinds of witnesses: names, which say all of the words, some of them or none, and sounds,
which are likely to be meant or not. A rank knows nothing of how much speaks for it, so a place in a ranking counts

==============================================================  ==========================================
of a name that says every word                                  1
... that says some of them, rare words counting more            that share, and `DOUBTED` at least
... that has a word inside another by chance                    `DOUBTED`
of a sound that is likely, or of which nothing is known         1
... less likely than what makes a verdict ``none``              `DOUBTED`, in a question of words alone
==============================================================  ==========================================

The verdict speaks of the whole answer, by its first ten hits, however many are asked for: ``good`` for a name that
says every word or a sound that is probable, ``none`` only where neither a name nor a sound is near. What is shown of
how sure hits are never contradicts their order without a reason in ``via`` (`shown`).
docs/decisions/0002-words-and-sounds.md has the reasons and the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from search.engine.asking import AskedSpace
from search.engine.confidence import GOOD_FROM, none_below
from search.engine.fusion import RankedClips
from search.model import Part, Space, TextPart, Verdict, WordMatch

DOUBTED: Final = 0.25
"""What a place counts that little speaks for: first place in two such lists comes after the sixty first of one that
nothing speaks against."""

NEAR: Final = 0.5
"""From this share of the words on a name is near to what was asked for: an answer that has it is not ``none``."""

NOTHING, SOME, MOST, ALL, TUNE = range(5)
"""What speaks for a hit beside its sound, in rising order: a name that says some of the words, `NEAR` of them or more,
or all; a tune."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One clip of an answer: what speaks for it beside its sound, how likely its sound is (None where unknown), and
    what its name says, which may stand beside a tune.
    """

    witness: int
    chance: float | None
    name: int


def names(label: str, weight: float, matches: Sequence[WordMatch]) -> RankedClips:
    """The ranking of the clips that full text found, best first."""
    share = np.array([match.share for match in matches], np.float64)
    return RankedClips(
        label,
        np.array([match.clip_id for match in matches], np.int64),
        np.array([match.score for match in matches], np.float32),
        np.full(len(matches), -1, np.int64),
        weight,
        np.maximum(share, DOUBTED),
    )


def label_of(ranked: RankedClips, place: int) -> str:
    """What ``via`` calls a name at ``place`` of a ranking, which tells whether it says all of the words or some."""
    return ranked.label if ranked.counts is None or ranked.counts[place] >= 1.0 else f"some-{ranked.label}"


def witnesses(lists: Iterable[RankedClips]) -> dict[int, int]:
    """For each clip of wanted rankings by name, the most that it says of one of them: `ALL`, `MOST` or `SOME`."""
    found: dict[int, int] = {}
    for ranked in lists:
        if ranked.weight > 0 and ranked.counts is not None:
            for clip_id, counts in zip(ranked.clip_ids.tolist(), ranked.counts.tolist(), strict=True):
                said = ALL if counts >= 1.0 else MOST if counts >= NEAR else SOME
                found[clip_id] = max(found.get(clip_id, NOTHING), said)
    return found


def doubt_below(parts: Sequence[Part], spaces: Sequence[AskedSpace], named: Sequence[RankedClips]) -> float:
    """Below this probability a sound is doubted; 0 where none is.

    That is in a question that wants words alone, of which names have some: beside a wanted sound a hit may be unlikely
    because only one of both is in it.
    """
    in_words = all(isinstance(part, TextPart) for part in parts if part.weight > 0)
    meant = any(part.meant is not None and part.weight > 0 for one in spaces for part in one.parts)
    if in_words and meant and any(ranked.weight > 0 and len(ranked) for ranked in named):
        return none_below([one.view.space for one in spaces])
    return 0.0


def doubted(sounds: RankedClips, chances: Mapping[int, float], below: float) -> RankedClips:
    """A ranking by sound in which a clip less likely than ``below`` counts `DOUBTED`."""
    if not below:
        return sounds
    likely = np.array([chances.get(clip_id, 1.0) >= below for clip_id in sounds.clip_ids.tolist()], np.bool_)
    return replace(sounds, counts=np.where(likely, 1.0, DOUBTED))


def verdict(first: Sequence[Standing], spaces: Iterable[Space]) -> Verdict:
    """What names and sounds of the ``first`` hits of an answer come to; tunes have a verdict of their own.

    A space without calibration cannot promise anything: its answers are ``weak``.
    """
    if any(one.name == ALL for one in first):
        return "good"
    if all(one.witness == TUNE for one in first):
        return "none"
    chances = [one.chance for one in first if one.chance is not None]
    best = max(chances, default=None)
    if best is not None and best >= GOOD_FROM:
        return "good"
    if best is None or any(one.name >= MOST for one in first):
        return "weak"
    return "none" if best < none_below(spaces) else "weak"


def shown(standings: Sequence[Standing], lowest: list[float]) -> list[float | None]:
    """How sure each of some hits is said to be, in the order of the answer: no hit is surer than one before it that
    has as little else to speak for it.

    Of hits whose order says the contrary the mean is shown (the pooled adjacent violators of M. Ayer et al., "An
    empirical distribution function for sampling with incomplete information", 1955). ``lowest`` (`TUNE` + 1,)
    is the least that was shown so far by what speaks for hits, 1 at first, and is brought up to date.
    """
    sure: list[float | None] = [None] * len(standings)
    for witness in range(TUNE + 1):
        rows = [row for row, one in enumerate(standings) if one.witness == witness and one.chance is not None]
        for row, chance in zip(rows, _descending([standings[row].chance or 0.0 for row in rows]), strict=True):
            sure[row] = chance
    for row, one in enumerate(standings):
        pooled = sure[row]
        if pooled is not None:
            lowest[one.witness] = min(pooled, *lowest[: one.witness + 1])
            sure[row] = lowest[one.witness]
    return sure


def _descending(values: Sequence[float]) -> list[float]:
    """The closest numbers to ``values`` that do not rise, by least squares."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while blocks and total * blocks[-1][1] > blocks[-1][0] * count:
            before, so_many = blocks.pop()
            total, count = total + before, count + so_many
        blocks.append((total, count))
    return [total / count for total, count in blocks for _ in range(count)]
