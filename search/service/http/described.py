"""What the models of requests and answers have in common."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, Final, cast

from pydantic import type_adapter as _type_adapter  # noqa: F401 - the first schema loads it: a question would wait

MODELS: Final[dict[str, Any]] = {}
"""Each model by its name, which pydantic's errors tell."""


class Described:
    """A base of models before pydantic's: their JSON schema is made once, and they are found by their names.

    The framework asks for the schema at each route that has one, and for that of parameters at each request.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - pydantic's own
        """Keep the name."""
        super().__init_subclass__(**kwargs)
        MODELS[cls.__name__] = cls

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's own
        """Pydantic's. It is not to be changed."""
        return _schema(cast(Hashable, cls), args, tuple(sorted(kwargs.items())))


@cache
def _schema(model: Hashable, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    made: dict[str, Any] = super(Described, cast(type[Any], model)).model_json_schema(*args, **dict(kwargs))
    return made
