"""Normalises filters, so that two can be compared."""

from __future__ import annotations

from search.columns.parsing import parse
from search.columns.where import And, Where, unparse


def comparisons(where: str | None) -> tuple[str, ...]:
    """Return the conditions of a filter that must all hold, each normalised, in their order. Raises WhereError.

    >>> comparisons('duration_s<=2.0 and (SILENT)')
    ('duration_s <= 2.0', 'silent = true')
    """
    return tuple(unparse(part) for part in _parts(parse(where))) if where else ()


def _parts(where: Where) -> tuple[Where, ...]:
    return tuple(inner for part in where.parts for inner in _parts(part)) if isinstance(where, And) else (where,)
