"""What can be asked of a library in words: its tags, what people called its clips, the names of what stands for it.

Nothing is suggested that would not be found: each is asked, and stays where its verdict is ``good``. Tags are taken in
the order in which they tell most of what is not told yet, names from the clips that stand for the library's corners
(`search.engine.recommending.starters`), so that a few suggestions span it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from search.columns.parsing import parse
from search.engine.nearest import telling_tags
from search.engine.policy import names_speak
from search.engine.recommending.starters import startable, starters
from search.engine.views import SpaceView
from search.errors import QueryError
from search.model import Query, Suggestion, TextPart
from search.overview import facets

if TYPE_CHECKING:
    from search.library.library import Library

MOST: Final = 50
TRIED: Final = 4
"""How many of each kind are asked for each suggestion that is wanted, at most."""
LEAST_CLIPS: Final = 2
"""A tag that fewer clips have is no suggestion."""
_NUMBERS: Final = re.compile(r"[\W_]*\d+[\W_]*|[_]+|\s+")


def suggest(library: Library, limit: int = 10, where: str | None = None) -> tuple[Suggestion, ...]:
    """Up to ``limit`` things to ask in words that are there, among the clips that pass a filter.

    Raises QueryError for a limit that is not from 1 to `MOST`, WhereError for a filter that does not parse.

    Examples:
        >>> [one.text for one in soundalike.suggest(library, limit=1, where='path ~ "rain"')]
        ['rain']
    """
    if not 1 <= limit <= MOST:
        raise QueryError(f"{limit} suggestions; it must be from 1 to {MOST}")
    view = library.view().of()[0]
    kinds = [_own_tags(library, where, limit), _tags(view, where, limit), _names(library, view, where, limit)]
    found: dict[str, Suggestion] = {}
    for one in filter(None, chain.from_iterable(zip_longest(*kinds))):
        if one.text.casefold() not in found and _is_there(library, one, where):
            found[one.text.casefold()] = one
        if len(found) == limit:
            break
    return tuple(found.values())


def _is_there(library: Library, one: Suggestion, where: str | None) -> bool:
    return library.search(Query((TextPart(one.text),), k=1, where=where)).verdict == "good"


def _own_tags(library: Library, where: str | None, limit: int) -> Iterator[Suggestion]:
    view = library.view().of()[0]
    for facet in facets.of_filter(view, library.catalog, where, TRIED * limit).own_tags:
        yield Suggestion(facet.value, "own_tag", facet.count)


def _tags(view: SpaceView, where: str | None, limit: int) -> Iterator[Suggestion]:
    among = view.columns.present if where is None else view.columns.clips_where(parse(where))
    for facet in telling_tags(view.columns, among, among, TRIED * limit, LEAST_CLIPS):
        yield Suggestion(facet.value, "tag", facet.count)


def _names(library: Library, view: SpaceView, where: str | None, limit: int) -> Iterator[Suggestion]:
    """Titles without their numbers, where titles say what is heard."""
    passing = None if where is None else view.columns.clips_where(parse(where))
    segments = starters(view, startable(view, passing))[: TRIED * limit]
    contents = view.columns.place(segments)[0]
    clips_of = view.columns.clips_of(contents)
    clip_ids = [clips_of[content][0] for content in contents.tolist() if content in clips_of]
    titles = [clip.title for clip in library.reader.clips(clip_ids)]
    if len(titles) > 1 and not names_speak(titles, view.space.vocabulary):
        return
    for title in titles:
        text = _NUMBERS.sub(" ", title).strip()
        if text:
            yield Suggestion(text, "name", 0)
