"""In which way a sound should be like an example."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final, Literal, TypeAlias

from search.errors import QueryError

Change: TypeAlias = Literal["darker", "brighter", "longer", "shorter", "higher", "lower", "noisier", "drier"]


@dataclass(frozen=True, slots=True)
class Aspects:
    """How much each way of being alike counts: kind (as the encoder hears it), timbre, pitch, envelope, rhythm.

    Weights are 0 or more, and count beside each other. Raises QueryError for others, and where all are 0.

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
            raise QueryError("weights of aspects are numbers from 0 up, and not all 0")

    def named(self) -> dict[str, float]:
        """The weights by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def parse(cls, text: str) -> Aspects:
        """What ``timbre=1,pitch=0.5`` or the name of a taste says. Raises QueryError.

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
                raise QueryError(f"{name!r} is no aspect; known are {known}, and the tastes {', '.join(TASTES)}")
            try:
                weights[name] = float(weight or 1)
            except ValueError as error:
                raise QueryError(f"{weight!r} is no weight; write {name}=1") from error
        return cls(**weights)


TASTES: Final = {
    "same thing": Aspects(kind=2, timbre=1, pitch=1, envelope=1, rhythm=0.5),
    "same kind": Aspects(kind=1),
    "imitation": Aspects(kind=1, timbre=1, pitch=0.2, envelope=2, rhythm=1),
}
"""Ready ones: takes of one sound, sounds of one kind, and what a voice imitates."""
