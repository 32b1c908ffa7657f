"""What every hit of a query passes: its filter, and the list of clips that it is asked of."""

from __future__ import annotations

from search.columns.parsing import parse
from search.columns.where import And, IsAmong, Where
from search.model import Query


def filter_of(query: Query) -> Where | None:
    """The filter of a query, None where it has none. Raises WhereError."""
    said = parse(query.where) if query.where else None
    if query.among is None:
        return said
    return IsAmong(query.among) if said is None else And((said, IsAmong(query.among)))
