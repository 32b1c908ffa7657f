"""What filters and grouping read: columns of clips, and which segment lies in which clip, apart from SQL.

`clipcolumns.ClipColumns` is what the engine uses: a large `part.Part`, as a rule mapped from files beside a snapshot,
and a small one of what changed since. `filtering` evaluates the trees of `search.columns.where` over a part.
"""

from search.columns.clipcolumns import ClipColumns

__all__ = ["ClipColumns"]
