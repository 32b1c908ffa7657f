"""Which events of a recording are no more than its background: rain all along, birds again and again."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.time.events import EventRows

SHARE: Final = 0.1
"""A class that sounds for so much of a recording is a part of its background."""
LEAST_S: Final = 10.0
"""Nor is it one before it has sounded for so long: a short clip is what it is, and has no background."""
ABOVE: Final = 2.0
"""An event stands out from its class's background whose probability has a logit so much higher."""
_EDGE: Final = 1 / 510
"""Probabilities are kept in steps of 1 / 255."""


def background(rows: EventRows, seconds: float) -> NDArray[np.bool_]:
    """(n,) whether each event of a recording that lasts ``seconds`` is a part of its background.

    How likely a class is in the background says the least likely event of those, likeliest first, that together last
    for `SHARE` of the recording. What is much likelier than that (`ABOVE`) stands out all the same.
    """
    is_background = np.zeros(len(rows), np.bool_)
    logits = _logit(rows.probabilities)
    for class_ in np.unique(rows.classes):
        of_class = np.flatnonzero(rows.classes == class_)
        order = of_class[np.argsort(-logits[of_class], kind="stable")]
        lasting_s = np.cumsum(rows.lengths_ms[order] / 1000)
        place = int(np.searchsorted(lasting_s, max(SHARE * seconds, LEAST_S)))
        if place < len(order):
            is_background[of_class] = logits[of_class] < logits[order[place]] + ABOVE
    return is_background


def _logit(probabilities: NDArray[np.uint8]) -> NDArray[np.float64]:
    inside = np.clip(probabilities / 255, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(inside / (1 - inside)))
