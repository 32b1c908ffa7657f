"""The aspects in which a sound should resemble an example."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeAlias

from search.errors import QueryError

Change: TypeAlias = Literal["darker", "brighter", "longer", "shorter", "higher", "lower", "noisier", "drier"]


@dataclass(frozen=True, slots=True)
class Aspects:
    """Weights of the aspects of similarity: kind (the encoder's similarity), timbre, pitch, envelope and rhythm.

    Weights are 0 or more, and only their ratios matter. Raises QueryError for a negative weight, or if all are 0.

    Examples:
        >>> soundalike.Aspects(timbre=1).named()
        {'kind': 0.0, 'timbre': 1, 'pitch': 0.0, 'envelope': 0.0, 'rhythm': 0.0}
    """

    kind: float = 0.0
    timbre: float = 0.0
    pitch: float = 0.0
    envelope: float = 0.0
    rhythm: float = 0.0

    def __post_init__(self) -> None:
        """Check the weights."""
        weights = self.named().values()
        if any(not math.isfinite(weight) or weight < 0 for weight in weights) or not any(weights):
            raise QueryError("weights of aspects must be numbers of at least 0, and not all 0")

    def named(self) -> dict[str, float]:
        """Return the weights by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def parse(cls, text: str) -> Aspects:
        """Parse ``timbre=1,pitch=0.5`` or the name of a taste (`TASTES`). Raises QueryError.

        Examples:
            >>> soundalike.Aspects.parse("same kind") == soundalike.Aspects(kind=1)
            True
        """
        if text.strip().casefold() in TASTES:
            return TASTES[text.strip().casefold()]
        weights: dict[str, float] = {}
        for one in text.split(","):
            name, _, weight = (word.strip() for word in one.partition("="))
            if name not in cls.__slots__:
                known = ", ".join(cls.__slots__)
                raise QueryError(f"{name!r} is not an aspect; use one of: {known}; or a taste: {', '.join(TASTES)}")
            try:
                weights[name] = float(weight or 1)
            except ValueError as error:
                raise QueryError(f"{weight!r} is not a weight; write {name}=1") from error
        return cls(**weights)


TASTES: Final = {
    "same thing": Aspects(kind=2, timbre=1, pitch=1, envelope=1, rhythm=0.5),
    "same kind": Aspects(kind=1),
    "imitation": Aspects(kind=1, timbre=1, pitch=0.2, envelope=2, rhythm=1),
}
"""Presets: takes of the same sound, sounds of the same kind, and sounds that a voice imitates."""
