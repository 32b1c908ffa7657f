"""Comparison of two spaces of a library: is another encoder better for these questions and likes?

The agreement of answers says how much would change, but not which space is better. People decide that by looking at
the hits that only one space found. Likes decide it without people: each like is held out in turn and searched for with
the others, and should rank high.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from search.errors import QueryError
from search.model import Answer, ClipPart, Compared, Comparison, Query, RecommendQuery

if TYPE_CHECKING:
    from search.library.library import Library

DEEPEST: Final = 1000
"""A held-out like that ranks lower counts as not found."""
MOST_LIKES: Final = 100
"""The most likes of a profile that are held out, evenly spaced: each costs one query in both spaces."""

SpacePair = tuple[str, str]


def compare(
    library: Library, spaces: SpacePair, questions: Mapping[str, Query], profiles: Sequence[str], k: int
) -> Comparison:
    """Compare the answers of both ``spaces`` to ``questions`` (by name), and how well both find held-out likes.

    Raises QueryError for an unknown space or two equal ones, and whatever `Library.search` raises.
    """
    if spaces[0] == spaces[1]:
        raise QueryError(f"{spaces[0]} is the same as itself; name two spaces")
    for name in spaces:
        library.view().of(name)
    compared = tuple(_compared(library, spaces, said, query, k) for said, query in questions.items())
    ranks = [pair for profile in profiles for pair in _ranks_of_likes(library, spaces, profile)]
    return Comparison(
        spaces,
        k,
        compared,
        share=_mean([one.share for one in compared]),
        same_first=_mean([float(one.same_first) for one in compared]),
        likes=len(ranks),
        reciprocal_ranks=(_mean([one for one, _ in ranks]), _mean([other for _, other in ranks])) if ranks else None,
    )


def _compared(library: Library, spaces: SpacePair, said: str, query: Query, k: int) -> Compared:
    first, second = (library.search(replace(query, k=k, offset=0, space=name)) for name in spaces)
    return Compared(
        said,
        (first.verdict, second.verdict),
        share=_shared(first, second),
        same_first=[hit.clip_id for hit in first.hits[:1]] == [hit.clip_id for hit in second.hits[:1]],
        only_first=tuple(hit for hit in first.hits if hit.clip_id not in {other.clip_id for other in second.hits}),
        only_second=tuple(hit for hit in second.hits if hit.clip_id not in {other.clip_id for other in first.hits}),
    )


def _shared(first: Answer, second: Answer) -> float:
    """Return the share of the longer answer's hits that both have; 1 if both are empty."""
    one, other = ({hit.clip_id for hit in answer.hits} for answer in (first, second))
    return len(one & other) / max(len(one), len(other)) if one or other else 1.0


def _ranks_of_likes(library: Library, spaces: SpacePair, profile: str) -> Iterator[tuple[float, float]]:
    """Yield the reciprocal rank in each space of each existing like of a profile, when searched with the others."""
    opinions = library.feedback.get(profile)
    there = {clip.id for clip in library.reader.clips([one.clip_id for one in opinions])}
    likes = [one for one in opinions if one.opinion == "like" and one.clip_id in there]
    dislikes = tuple(
        ClipPart(one.clip_id, one.weight) for one in opinions if one.opinion == "dislike" and one.clip_id in there
    )
    if len(likes) < 2:
        return
    step = max(1, -(-len(likes) // MOST_LIKES))
    for out in likes[::step]:
        others = tuple(ClipPart(one.clip_id, one.weight) for one in likes if one is not out)
        query = RecommendQuery(others, dislikes, k=DEEPEST, diversity=0.0)
        one, other = (_reciprocal(library.recommend(replace(query, space=name)), out.clip_id) for name in spaces)
        yield one, other


def _reciprocal(answer: Answer, clip_id: int) -> float:
    return next((1.0 / place for place, hit in enumerate(answer.hits, start=1) if hit.clip_id == clip_id), 0.0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
