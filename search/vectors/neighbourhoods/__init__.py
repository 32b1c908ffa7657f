"""Improving answers with the library's own structure: similarities are smoothed over each segment's nearest neighbours.

`smoothing` holds the formulas, `graph` finds and updates the neighbours, `stored` defines and maps their files beside
the snapshot of the vectors, and `opened` is what a search uses (`search.engine.ranking`). Measurements and the reasons
for this form: docs/decisions/0009-neighbourhoods.md.
"""

from search.vectors.neighbourhoods.opened import Neighbourhoods
from search.vectors.neighbourhoods.smoothing import NEIGHBOURS, SAME

__all__ = ["NEIGHBOURS", "SAME", "Neighbourhoods"]
