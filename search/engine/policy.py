"""The policy for names and sounds: how much each counts in an answer, and the verdict. All of it is in this module.

A query in words has two kinds of evidence. A name has all of the words, some of them, or other words for the same. A
sound has a probability. If the encoder gives probabilities for words, a clip's score is the weighted sum of both, with
the weights `NAME` and `MEANT` for its name and `SOUND` for its sound:

=====================================================  ===================================================
a name with every word                                 1
... with some words, rare words counting more          that share, to the power `SOME_POWER`
... with other words for the same ("hens": a chicken)  the probability of that meaning, joined with that share
the meaning of a name ("smash glass": window shatters) its similarity to the query, above `UNLIKE`
a sound                                                the probability that it is what the words mean
=====================================================  ===================================================

So sounds decide among equally good names, and names among equally likely sounds. A name with half of the words does not
outrank a sound that is certain. Otherwise (sounds or tunes beside words, or an encoder without probabilities for words)
rankings are merged by rank, and a name's term is multiplied by the share of the words that it has.

The verdict is about the whole answer, by its first ten hits, even if fewer are requested. It is ``good`` for a name
with every word or a probable sound, and ``none`` only if neither a name nor a sound comes near. The displayed
probabilities never contradict the order of hits without a reason in ``via`` (`shown`).
docs/decisions/0002-words-and-sounds.md has the reasons and the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
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
"""Fitted on the queries over "natural" (``python -m benchmarks.quality.names --only natural``)."""
UNLIKE: Final = 0.4
"""A name with this cosine similarity to the query, or less, has another meaning."""
SOME_POWER: Final = 1.5
"""As good as 1 on these queries (nDCG .839 and .840), and a name with half of the words stays behind a certain sound.
"""
SILENT: Final = 7.0
"""The odds of a clip are divided by this if names are descriptive and its own does not match: .8 becomes .36."""
IN_ENGLISH: Final = 0.9
"""The probability that a translation into English has the same meaning."""
LEAST_MEANT: Final = 0.08
"""A class with a lower probability adds no other words."""
LEAST_SAID: Final = 0.25
"""The least factor of a name's rank term, for a name with next to none of the words. First place in two such lists
comes after the first sixty places of a list without this penalty."""

OF_SOUNDS: Final = 0.3
"""Names are descriptive if this share of them has a word for a sound."""
NEAR: Final = 0.5
"""From this share of the words on, a name is near to the query, and the verdict is not ``none`` ..."""
NEAR_IF_DESCRIPTIVE: Final = 0.38
"""... or from this much evidence on, if names are descriptive."""

_LETTERS: Final = re.compile(r"[^\W\d_]{3,}")
_PHRASES: Final = re.compile(r"[,()]")
_LITTLE: Final = frozenset(
    {"and", "the", "other", "small", "large", "single", "inside", "outside", "room", "rural", "urban"}
)
"""Words in the names of classes that do not describe a sound and also occur in names of places."""


class HitEvidence(IntEnum):
    """The evidence for a hit beside its sound, in rising order.

    A name with some of the words, with `NEAR` of them or more (`MOST`), with all; a tune.
    """

    NOTHING = 0
    SOME = 1
    MOST = 2
    ALL = 3
    TUNE = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """The evidence for one clip of an answer.

    ``witness`` is the evidence beside its sound, ``chance`` the probability of its sound (None if unknown), ``name``
    the evidence of its name, even if ``witness`` is a tune.
    """

    witness: int
    chance: float | None
    name: int


def other_words(parts: Sequence[PartVector], vocabulary: Sequence[str] | None) -> dict[str, float]:
    """Return other phrases for words, each with its probability: translations, and names of the classes they mean."""
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
    """Return the ranking of the clips that full-text search found, best first."""
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
    """Add the meaning of names to a ranking by name.

    ``clip_ids`` (m,) begin with the clips of ``ranked``. The others are appended if the meaning of their name is
    similar to the query. ``likeness`` (m,) are the cosine similarities with it.
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
    """Return a ranking by sound with the probabilities of clips as evidence; if unknown, the term of the rank."""
    by_place = dict(zip(ranked.clip_ids.tolist(), places(len(ranked)).tolist(), strict=True))
    likely = [chances.get(clip_id, place) for clip_id, place in by_place.items()]
    return replace(ranked, weight=ranked.weight * weight * SOUND, evidence=np.array(likely, np.float64))


def label_of(ranked: RankedClips, place: int) -> str:
    """Return the label in ``via`` of a name at ``place`` of a ranking: it has all of the words, some, or others."""
    said = 1.0 if ranked.said is None else ranked.said[place]
    return ranked.label if said >= 1.0 else f"some-{ranked.label}" if said > 0 else f"other-{ranked.label}"


def witnesses(lists: Iterable[RankedClips], descriptive: bool) -> dict[int, int]:
    """Map each clip of wanted rankings by name to its best evidence in one of them (`HitEvidence`).

    The meaning of a name counts only if names are ``descriptive``.
    """
    found: dict[int, int] = {}
    for ranked in lists:
        if ranked.weight > 0 and ranked.covers is not None and ranked.evidence is not None:
            near = ranked.evidence >= NEAR_IF_DESCRIPTIVE if descriptive else ranked.covers >= NEAR
            says = np.where(ranked.covers >= 1.0, HitEvidence.ALL, np.where(near, HitEvidence.MOST, HitEvidence.SOME))
            for clip_id, said in zip(ranked.clip_ids.tolist(), says.tolist(), strict=True):
                found[clip_id] = max(found.get(clip_id, HitEvidence.NOTHING), said)
    return found


def names_are_descriptive(titles: Sequence[str], vocabulary: Sequence[str] | None) -> bool:
    """Return whether names are descriptive: whether these ``titles``, a sample, describe the sounds of their clips.

    They do not if they are numbers, all the same, or places and dates: at least `OF_SOUNDS` of them must have a word of
    the ``vocabulary``.
    """
    words = [words_of(title) for title in titles]
    if len(titles) < 2 or sum(map(bool, words)) * 2 <= len(titles) or len(set(words)) < 2:
        return False
    known = _words_of_all(tuple(vocabulary or ()))
    return not known or sum(not known.isdisjoint(one) for one in words) >= OF_SOUNDS * len(titles)


def words_of(title: str) -> frozenset[str]:
    """Return the words of a title with three letters or more, without a plural s."""
    return frozenset(word.removesuffix("s") for word in _LETTERS.findall(title.lower()))


@lru_cache(maxsize=8)
def _words_of_all(vocabulary: tuple[str, ...]) -> frozenset[str]:
    return frozenset().union(*map(words_of, vocabulary)) - _LITTLE


def lowered_for_other_names(chances: Mapping[int, float], named: Iterable[RankedClips]) -> dict[int, float]:
    """Return the probabilities of clips if names are descriptive: lower (`SILENT`) if a clip's own name has no word."""
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
    """Return whether clips are ranked by evidence: if only words are wanted, and the encoder says what they mean.

    With a wanted sound beside the words, a hit may be unlikely because it has only one of the two.
    """
    in_words = all(isinstance(part, TextPart) for part in parts if part.weight > 0)
    return in_words and any(part.meant is not None and part.weight > 0 for one in spaces for part in one.parts)


def verdict(first: Sequence[Standing], spaces: Iterable[Space], good_from: float = GOOD_FROM) -> Verdict:
    """Return the verdict by names and sounds of the ``first`` hits of an answer. Tunes have their own verdict.

    It is good from the probability ``good_from`` of the best hit on (`search.engine.confidence.good_from`). Without
    calibration there are no probabilities, and the verdict is ``weak``.
    """
    if any(one.name == HitEvidence.ALL for one in first):
        return "good"
    if all(one.witness == HitEvidence.TUNE for one in first):
        return "none"
    chances = [one.chance for one in first if one.chance is not None]
    best = max(chances, default=None)
    if best is not None and best >= good_from:
        return "good"
    if best is None or any(one.name >= HitEvidence.MOST for one in first):
        return "weak"
    return "none" if best < none_below(spaces) else "weak"


def shown(standings: Sequence[Standing], lowest: list[float]) -> list[float | None]:
    """Return the displayed probability of each hit, in the order of the answer.

    No hit has a higher probability than one before it. Exceptions are hits behind a tune, or behind a clip whose name
    has every word but whose sound is unlikely: ``via`` shows why these come first.

    If the order contradicts the probabilities of hits, their mean is shown (the pooled adjacent violators of M. Ayer et
    al., "An empirical distribution function for sampling with incomplete information", 1955). ``lowest``
    (len(HitEvidence),) is the lowest probability shown so far for each kind of evidence, 1 at first. It is updated.
    """
    sure: list[float | None] = [None] * len(standings)
    speaks = [_evidence_shown(one) for one in standings]
    for kind in HitEvidence:
        rows = [row for row, one in enumerate(standings) if speaks[row] == kind and one.chance is not None]
        for row, chance in zip(rows, _descending([standings[row].chance or 0.0 for row in rows]), strict=True):
            sure[row] = chance
    for row, witness in enumerate(speaks):
        pooled = sure[row]
        if pooled is not None:
            lowest[witness] = min(pooled, *lowest[: witness + 1])
            sure[row] = lowest[witness]
    return sure


def _evidence_shown(one: Standing) -> int:
    """Return the evidence shown for a hit: its tune, its name, or (``NOTHING``) the probability of its sound."""
    by_name = one.witness == HitEvidence.ALL and (one.chance is None or one.chance < LIKELY_ENOUGH)
    return one.witness if one.witness == HitEvidence.TUNE or by_name else HitEvidence.NOTHING


def _descending(values: Sequence[float]) -> list[float]:
    """Return the closest non-increasing numbers to ``values``, by least squares."""
    blocks: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while blocks and total * blocks[-1][1] > blocks[-1][0] * count:
            before, so_many = blocks.pop()
            total, count = total + before, count + so_many
        blocks.append((total, count))
    return [total / count for total, count in blocks for _ in range(count)]
