"""The base of the models of requests and answers."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, Final, cast

from pydantic import type_adapter as _type_adapter  # noqa: F401 - else the first schema loads it, and a request waits

MODELS: Final[dict[str, Any]] = {}
"""Each model by its name; pydantic's errors have the name only."""


class Described:
    """A base of models, listed before pydantic's: caches their JSON schemas, and registers them in `MODELS`.

    The framework needs the schema for each route, and that of parameters for each request.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - pydantic's own
        """Register the model."""
        super().__init_subclass__(**kwargs)
        MODELS[cls.__name__] = cls

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's own
        """Pydantic's schema, cached: do not change it."""
        return _schema(cast(Hashable, cls), args, tuple(sorted(kwargs.items())))


@cache
def _schema(model: Hashable, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    made: dict[str, Any] = super(Described, cast(type[Any], model)).model_json_schema(*args, **dict(kwargs))
    return made
