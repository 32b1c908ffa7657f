"""Columns of clips for filters and grouping, and the mapping from segments to clips. None of it uses SQL.

The engine uses `clipcolumns.ClipColumns`: a large `table.ColumnPart`, usually mapped from the files of a snapshot, and
a small one of later changes. `filtering` evaluates the trees of `search.columns.where` over a part.
"""

from search.columns.clipcolumns import ClipColumns

__all__ = ["ClipColumns"]
