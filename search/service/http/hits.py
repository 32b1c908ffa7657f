"""From the engine's answers to what a client reads: where a library lies on its machine is no client's business."""

from __future__ import annotations

from dataclasses import replace

from search.analysis.facts.ordering import in_order
from search.library.library import Library
from search.model import Answer
from search.model.as_json import answer_as_json
from search.service.http.answers.hits import FacetsOut, SearchOut

MAX_FACETS = 50


def search_out(answer: Answer, measured: Library | None = None) -> SearchOut:
    """The answer, its files named below their roots; with the facts of its hits that a library has ``measured``."""
    known = None if measured is None else measured.facts.of(hit.clip_id for hit in answer.hits)
    return SearchOut.model_validate(answer_as_json(answer, "relative", known))


def ordered(answer: Answer, library: Library, by: str) -> Answer:
    """The answer with its hits in the order of a fact (`search.analysis.facts.ordering`)."""
    facts = library.facts.of(hit.clip_id for hit in answer.hits)
    return replace(answer, hits=tuple(in_order(answer.hits, facts, by)))


def search_out_with_facets(answer: Answer, library: Library, *, facts: bool = False) -> SearchOut:
    """The same, and what its likely clips are made up of: its hits, where none is likely or nobody can tell."""
    out = search_out(answer, library if facts else None)
    if answer.hits:
        likely = answer.likely.clip_ids if answer.likely else ()
        counted = library.clips.facets_of(likely or (hit.clip_id for hit in answer.hits), limit=MAX_FACETS)
        out.facets = FacetsOut.model_validate(counted)
    return out
