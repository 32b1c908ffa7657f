"""Suggestions of words to search a library for: its tags, people's own tags, and names of representative clips.

Each suggestion is run as a search, and kept only if the verdict is ``good``. Tags are ordered so that each covers most
of the clips that the earlier ones do not. Names come from clips that represent the library
(`search.engine.recommending.starters`). So a few suggestions cover all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Final

from search.columns.parsing import parse
from search.engine.nearest import descriptive_tags
from search.engine.policy import names_are_descriptive
from search.engine.recommending.starters import startable, starters
from search.engine.views import SpaceView
from search.errors import QueryError
from search.model import Query, Suggestion, TextPart
from search.overview import facets

if TYPE_CHECKING:
    from search.library.library import Library

MOST: Final = 50
TRIED: Final = 4
"""The most candidates of each kind that are tried for each requested suggestion."""
LEAST_CLIPS: Final = 2
"""The least clips with a tag that is suggested."""
_NUMBERS: Final = re.compile(r"[\W_]*\d+[\W_]*|[_]+|\s+")


def suggest(library: Library, limit: int = 10, where: str | None = None) -> tuple[Suggestion, ...]:
    """Suggest up to ``limit`` words or phrases that find something among the clips that pass a filter (None: all).

    Raises QueryError if ``limit`` is not from 1 to `MOST`, WhereError for a filter that does not parse.

    Examples:
        >>> [one.text for one in soundalike.suggest(library, limit=1, where='path ~ "rain"')]
        ['rain']
    """
    if not 1 <= limit <= MOST:
        raise QueryError(f"limit is {limit}; it must be from 1 to {MOST}")
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
    for facet in descriptive_tags(view.columns, among, among, TRIED * limit, LEAST_CLIPS):
        yield Suggestion(facet.value, "tag", facet.count)


def _names(library: Library, view: SpaceView, where: str | None, limit: int) -> Iterator[Suggestion]:
    """Yield titles without their numbers, if the library's titles describe sounds."""
    passing = None if where is None else view.columns.clips_where(parse(where))
    segments = starters(view, startable(view, passing))[: TRIED * limit]
    contents = view.columns.place(segments)[0]
    clips_of = view.columns.clips_of(contents)
    clip_ids = [clips_of[content][0] for content in contents.tolist() if content in clips_of]
    titles = [clip.title for clip in library.reader.clips(clip_ids)]
    if len(titles) > 1 and not names_are_descriptive(titles, view.space.vocabulary):
        return
    for title in titles:
        text = _NUMBERS.sub(" ", title).strip()
        if text:
            yield Suggestion(text, "name", 0)
