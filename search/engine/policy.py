"""What names and sounds count for in one answer, and what may be said of it. All of that policy is here.

A question in words has two kinds of witnesses: names, which say all of the words, some of them, or other words for the
same, and sounds, which are likely to be meant or not. Where an encoder tells how likely a sound is, a clip's score is
what both witnesses say, `NAME` and `MEANT` of it by its name and `SOUND` of it by its sound:

=====================================================  ===================================================
a name that says every word                            1
... some of them, rare words counting more             that share, to the power `SOME_POWER`
... other words for what is meant ("hens": a chicken)  how likely these are meant, as what is said besides
what a name means ("smash glass": a window shatters)   how much like the question, from `UNLIKE` on
a sound                                                how likely it is what the words mean
=====================================================  ===================================================

So sounds decide among names that say as much, and names among sounds that are as likely; a name that says half of the
words does not pass a sound that is sure. Elsewhere (sounds or tunes beside words, encoders whose words have no
probability) rankings are merged by places, and a name counts as much of its place as it says.

The verdict speaks of the whole answer, by its first ten hits, however many are asked for: ``good`` for a name that
says every word or a sound that is probable, ``none`` only where neither a name nor a sound is near. What is shown of
how sure hits are never contradicts their order without a reason in ``via`` (`shown`).
docs/decisions/0002-words-and-sounds.md has the reasons and the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.asking import AskedSpace, PartVector
from search.engine.confidence import GOOD_FROM, LIKELY_ENOUGH, none_below
from search.engine.fusion import RankedClips, places
from search.model import Ids, Part, Space, TextPart, Verdict, WordMatch

NAME: Final = 0.5
MEANT: Final = 0.29
SOUND: Final = 0.21
"""Fitted on the questions over natural (``python -m benchmarks.quality.names --only natural``)."""
UNLIKE: Final = 0.4
"""Names whose meaning has this cosine with the question's, or less, mean something else."""
SOME_POWER: Final = 1.5
"""As good as 1 by these questions (nDCG .839 and .840), and what says half of the words stays behind a sure sound."""
SILENT: Final = 7.0
"""How much the odds fall that a clip is what is asked for where names speak, its own not: what was .8 is .36."""
IN_ENGLISH: Final = 0.9
"""How likely words of another language mean what they were read as."""
LEAST_MEANT: Final = 0.08
"""A class that is less likely meant lends no words."""
LEAST_SAID: Final = 0.25
"""What a place counts of a name that has next to nothing of the words: first place in two such lists comes after the
sixty first of one that nothing speaks against."""

OF_SOUNDS: Final = 0.3
"""Names speak of sounds where this share of them has a word of sounds."""
NEAR: Final = 0.5
"""From this share of the words on a name is near to what was asked for: an answer that has it is not ``none`` ..."""
NEAR_WHERE_NAMES_SPEAK: Final = 0.38
"""... and from so much evidence on where names speak of sounds."""

_LETTERS: Final = re.compile(r"[^\W\d_]{3,}")
_PHRASES: Final = re.compile(r"[,()]")
_LITTLE: Final = frozenset(
    {"and", "the", "other", "small", "large", "single", "inside", "outside", "room", "rural", "urban"}
)
"""Words of classes that say nothing of a sound, and are in the names of places."""
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


def other_words(parts: Sequence[PartVector], vocabulary: Sequence[str] | None) -> dict[str, float]:
    """Phrases that the names of the classes consist of which words mean, with how likely each is meant."""
    phrases: dict[str, float] = {}
    for part in parts:
        if part.english and part.weight > 0:
            phrases[part.english] = IN_ENGLISH
        if part.meant is None or vocabulary is None or part.weight < 0:
            continue
        for place in np.flatnonzero(part.meant >= LEAST_MEANT).tolist():
            for phrase in _PHRASES.split(vocabulary[place]):
                phrases[phrase] = max(phrases.get(phrase, 0.0), float(part.meant[place]))
    return {phrase: likely for phrase, likely in phrases.items() if phrase.strip()}


def names(label: str, weight: float, matches: Sequence[WordMatch], by_evidence: bool) -> RankedClips:
    """The ranking of the clips that full text found, best first."""
    said = np.array([match.share for match in matches], np.float64)
    others = np.array([match.in_other_words for match in matches], np.float64)
    covers = 1.0 - (1.0 - said) * (1.0 - np.minimum(others, 1.0))
    evidence = covers**SOME_POWER if by_evidence else places(len(matches)) * np.maximum(said, LEAST_SAID)
    return RankedClips(
        label,
        np.array([match.clip_id for match in matches], np.int64),
        np.array([match.score for match in matches], np.float32),
        np.full(len(matches), -1, np.int64),
        weight * NAME if by_evidence else weight,
        evidence,
        said,
        covers,
    )


def with_meanings(ranked: RankedClips, clip_ids: Ids, likeness: NDArray[np.float64]) -> RankedClips:
    """A ranking by name that counts what names mean, too: behind its own clips the others of ``clip_ids`` (m,), its own
    first, whose names mean something like the question. ``likeness`` (m,) are cosines with it.
    """
    alike = np.clip((likeness - UNLIKE) / (1.0 - UNLIKE), 0.0, 1.0)
    n_own = len(ranked)
    stay = np.flatnonzero((alike > 0) | (np.arange(len(clip_ids)) < n_own))
    n_others = len(stay) - n_own
    said, covers, evidence = (
        np.zeros(n_own) if values is None else values for values in (ranked.said, ranked.covers, ranked.evidence)
    )
    nothing = np.zeros(n_others)
    return replace(
        ranked,
        clip_ids=clip_ids[stay],
        scores=np.concatenate([ranked.scores, np.full(n_others, ranked.scores.min(initial=0.0), np.float32)]),
        segment_ids=np.full(len(stay), -1, np.int64),
        weight=ranked.weight * (NAME + MEANT) / NAME,
        evidence=(NAME * np.concatenate([evidence, nothing]) + MEANT * alike[stay]) / (NAME + MEANT),
        said=np.concatenate([said, nothing]),
        covers=np.concatenate([covers, nothing]),
    )


def sounds(ranked: RankedClips, chances: Mapping[int, float], weight: float) -> RankedClips:
    """A ranking by sound in which a clip counts as likely as it is, by its place where nobody knows."""
    by_place = dict(zip(ranked.clip_ids.tolist(), places(len(ranked)).tolist(), strict=True))
    likely = [chances.get(clip_id, place) for clip_id, place in by_place.items()]
    return replace(ranked, weight=ranked.weight * weight * SOUND, evidence=np.array(likely, np.float64))


def label_of(ranked: RankedClips, place: int) -> str:
    """What ``via`` calls a name at ``place`` of a ranking: whether it says all of the words, some, or others."""
    said = 1.0 if ranked.said is None else ranked.said[place]
    return ranked.label if said >= 1.0 else f"some-{ranked.label}" if said > 0 else f"other-{ranked.label}"


def witnesses(lists: Iterable[RankedClips], speak: bool) -> dict[int, int]:
    """For each clip of wanted rankings by name, the most that it says of one of them: `ALL`, `MOST` or `SOME`.

    What a name means counts only where names ``speak`` of sounds.
    """
    found: dict[int, int] = {}
    for ranked in lists:
        if ranked.weight > 0 and ranked.covers is not None and ranked.evidence is not None:
            near = ranked.evidence >= NEAR_WHERE_NAMES_SPEAK if speak else ranked.covers >= NEAR
            says = np.where(ranked.covers >= 1.0, ALL, np.where(near, MOST, SOME))
            for clip_id, said in zip(ranked.clip_ids.tolist(), says.tolist(), strict=True):
                found[clip_id] = max(found.get(clip_id, NOTHING), said)
    return found


def names_speak(titles: Sequence[str], vocabulary: Sequence[str] | None) -> bool:
    """Whether clips are called by what is heard, of which these ``titles`` are a sample.

    Not by numbers, all the same, or by places and dates: `OF_SOUNDS` of them have a word of the ``vocabulary``.
    """
    words = [words_of(title) for title in titles]
    if len(titles) < 2 or sum(map(bool, words)) * 2 <= len(titles) or len(set(words)) < 2:
        return False
    known = _words_of_all(tuple(vocabulary or ()))
    return not known or sum(not known.isdisjoint(one) for one in words) >= OF_SOUNDS * len(titles)


def words_of(title: str) -> frozenset[str]:
    """Its words of three letters or more, without an s of the plural."""
    return frozenset(word.removesuffix("s") for word in _LETTERS.findall(title.lower()))


@lru_cache(maxsize=8)
def _words_of_all(vocabulary: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*map(words_of, vocabulary)) - _LITTLE


def beside_silent_names(chances: Mapping[int, float], named: Iterable[RankedClips]) -> dict[int, float]:
    """How likely clips are what is asked for where names speak: less (`SILENT`) where their own say nothing of it."""
    saying = {
        clip_id
        for ranked in named
        if ranked.weight > 0 and ranked.covers is not None
        for clip_id in ranked.clip_ids[ranked.covers > 0].tolist()
    }
    return {
        clip_id: chance if clip_id in saying else chance / (chance + (1.0 - chance) * SILENT)
        for clip_id, chance in chances.items()
    }


def by_evidence(parts: Sequence[Part], spaces: Sequence[AskedSpace]) -> bool:
    """Whether it is known how likely sounds are: in a question that wants words alone, of an encoder that says what
    they mean. Beside a wanted sound a hit may be unlikely because only one of both is in it.
    """
    in_words = all(isinstance(part, TextPart) for part in parts if part.weight > 0)
    return in_words and any(part.meant is not None and part.weight > 0 for one in spaces for part in one.parts)


def verdict(first: Sequence[Standing], spaces: Iterable[Space], good_from: float = GOOD_FROM) -> Verdict:
    """What names and sounds of the ``first`` hits of an answer come to; tunes have a verdict of their own.

    It is good from this probability of the best hit on (`search.engine.confidence.good_from`). A space without
    calibration cannot promise anything: its answers are ``weak``.
    """
    if any(one.name == ALL for one in first):
        return "good"
    if all(one.witness == TUNE for one in first):
        return "none"
    chances = [one.chance for one in first if one.chance is not None]
    best = max(chances, default=None)
    if best is not None and best >= good_from:
        return "good"
    if best is None or any(one.name >= MOST for one in first):
        return "weak"
    return "none" if best < none_below(spaces) else "weak"


def shown(standings: Sequence[Standing], lowest: list[float]) -> list[float | None]:
    """How sure each of some hits is said to be, in the order of the answer: no hit is surer than one before it, but
    than a tune, or one whose name says everything and which is not likely by its sound: of that the name is shown.

    Of hits whose order says the contrary the mean is shown (the pooled adjacent violators of M. Ayer et al., "An
    empirical distribution function for sampling with incomplete information", 1955). ``lowest`` (`TUNE` + 1,)
    is the least that was shown so far by what speaks for hits, 1 at first, and is brought up to date.
    """
    sure: list[float | None] = [None] * len(standings)
    speaks = [_speaks(one) for one in standings]
    for witness in range(TUNE + 1):
        rows = [row for row, one in enumerate(standings) if speaks[row] == witness and one.chance is not None]
        for row, chance in zip(rows, _descending([standings[row].chance or 0.0 for row in rows]), strict=True):
            sure[row] = chance
    for row, witness in enumerate(speaks):
        pooled = sure[row]
        if pooled is not None:
            lowest[witness] = min(pooled, *lowest[: witness + 1])
            sure[row] = lowest[witness]
    return sure


def _speaks(one: Standing) -> int:
    """What is shown to speak for a hit: its tune, its name, or (`NOTHING`) how likely its sound is."""
    by_name = one.witness == ALL and (one.chance is None or one.chance < LIKELY_ENOUGH)
    return one.witness if one.witness == TUNE or by_name else NOTHING


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
