"""The filter that every hit of a query passes, including the list of clips that the query is limited to."""

from __future__ import annotations

from search.columns.parsing import parse
from search.columns.where import And, IsAmong, Where
from search.model import Query


def filter_of(query: Query) -> Where | None:
    """Return the filter of a query, None if it has none. Raises WhereError."""
    said = parse(query.where) if query.where else None
    if query.among is None:
        return said
    return IsAmong(query.among) if said is None else And((said, IsAmong(query.among)))
