"""Turn the engine's answers into those for clients, without paths of this machine."""

from __future__ import annotations

from dataclasses import replace

from search.analysis.facts.ordering import in_order
from search.library.library import Library
from search.model import Answer
from search.model.as_json import answer_as_json
from search.service.http.answers.hits import FacetsOut, SearchOut

MAX_FACETS = 50


def search_out(answer: Answer, measured: Library | None = None) -> SearchOut:
    """The answer, with paths relative to their roots; with ``measured``, also the facts of hits from that library."""
    known = None if measured is None else measured.facts.of(hit.clip_id for hit in answer.hits)
    return SearchOut.model_validate(answer_as_json(answer, "relative", known))


def ordered(answer: Answer, library: Library, by: str) -> Answer:
    """The answer with its hits sorted by a fact (`search.analysis.facts.ordering`)."""
    facts = library.facts.of(hit.clip_id for hit in answer.hits)
    return replace(answer, hits=tuple(in_order(answer.hits, facts, by)))


def search_out_with_facets(answer: Answer, library: Library, *, facts: bool = False) -> SearchOut:
    """The same, with facets over the likely clips, or over the hits if none is likely or there are no probabilities."""
    out = search_out(answer, library if facts else None)
    if answer.hits:
        likely = answer.likely.clip_ids if answer.likely else ()
        counted = library.clips.facets_of(likely or (hit.clip_id for hit in answer.hits), limit=MAX_FACETS)
        out.facets = FacetsOut.model_validate(counted)
    return out
