"""From the engine's answers to what a client reads: where a library lies on its machine is no client's business."""

from __future__ import annotations

from search.library.library import Library
from search.model import Answer
from search.model.as_json import answer_as_json
from search.service.http.answers import FacetsOut, SearchOut

MAX_FACETS = 50


def search_out(answer: Answer) -> SearchOut:
    """The answer, its files named below their roots."""
    return SearchOut.model_validate(answer_as_json(answer, paths="relative"))


def search_out_with_facets(answer: Answer, library: Library) -> SearchOut:
    """The same, and what its hits are made up of."""
    out = search_out(answer)
    if answer.hits:
        counted = library.facets_of((hit.clip_id for hit in answer.hits), limit=MAX_FACETS)
        out.facets = FacetsOut.model_validate(counted)
    return out
