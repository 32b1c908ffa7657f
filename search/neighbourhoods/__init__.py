"""A library's own structure makes answers better: similarities smoothed over each segment's nearest neighbours.

`smoothing` holds the formulas, `graph` finds and keeps up the neighbours, `shelf` writes them beside the snapshot of
the vectors and maps them, `opened` is what a search uses (`search.ranking`). What was measured, and why this form: see
docs/decisions/0008-neighbourhoods.md.
"""

from search.neighbourhoods.opened import Neighbourhoods
from search.neighbourhoods.smoothing import NEIGHBOURS

__all__ = ["NEIGHBOURS", "Neighbourhoods"]
