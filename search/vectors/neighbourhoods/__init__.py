"""A library's own structure makes answers better: similarities smoothed over each segment's nearest neighbours.

`smoothing` holds the formulas, `graph` finds and keeps up the neighbours, `stored` writes them beside the snapshot of
the vectors and maps them, `opened` is what a search uses (`search.engine.ranking`). What was measured, and why this
form: see docs/decisions/0009-neighbourhoods.md.
"""

from search.vectors.neighbourhoods.opened import Neighbourhoods
from search.vectors.neighbourhoods.smoothing import NEIGHBOURS, SAME

__all__ = ["NEIGHBOURS", "SAME", "Neighbourhoods"]
