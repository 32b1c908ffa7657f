"""Which events of a recording are only background, like constant rain or recurring birds."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.time.events import EventRows

SHARE: Final = 0.1
"""A class that sounds for at least this share of a recording belongs to its background."""
LEAST_S: Final = 10.0
"""It must also sound for at least this long, so that short clips have no background."""
ABOVE: Final = 2.0
"""An event stands out from its class's background if the logit of its probability is higher by this."""
_EDGE: Final = 1 / 510
"""Probabilities are kept in steps of 1 / 255."""


def background(rows: EventRows, seconds: float) -> NDArray[np.bool_]:
    """Whether each event (n,) of a recording that lasts ``seconds`` belongs to its background.

    The background level of a class is the probability of its least likely event among the likeliest ones that together
    last for `SHARE` of the recording. An event that is much likelier than that (`ABOVE`) still stands out.
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
