"""Checks of the values that programs pass: convert each to its type, or raise a readable error at once."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable
from typing import Any, TypeVar

from search.errors import QueryError

T = TypeVar("T")


def put(one: object, **read: object) -> None:
    """Set attributes of a frozen object in its ``__post_init__``."""
    for name, value in read.items():
        object.__setattr__(one, name, value)


def whole(name: str, value: Any) -> int:  # noqa: ANN401 - whatever a program gives
    """Return ``value`` as an int (NumPy integers are accepted). Raises QueryError."""
    try:
        return operator.index(value)
    except TypeError:
        raise QueryError(f"{name} is {value!r}; it must be a whole number") from None


def words(name: str, value: T) -> T:
    """Return ``value`` if it is a string or None. Raises QueryError."""
    if value is None or isinstance(value, str):
        return value
    raise QueryError(f"{name} is {value!r}; it must be a string")


def path(value: str | os.PathLike[str]) -> str:
    """Return a path, or an address in an object store, as a string. Raises QueryError."""
    try:
        given = os.fspath(value)
    except TypeError:
        given = None
    if not isinstance(given, str):
        raise QueryError(f"path is {value!r}; it must be a string or a pathlib.Path")
    return given


def several(name: str, value: Iterable[T], kinds: tuple[type, ...], example: str) -> tuple[T, ...]:
    """Return a tuple of objects of these kinds. Raises QueryError, which shows the example."""
    if isinstance(value, (str, *kinds)) or not isinstance(value, Iterable):
        raise QueryError(f"{name} is {value!r}; it must be a sequence, like {example}")
    given = tuple(value)
    for one in given:
        if not isinstance(one, kinds):
            raise QueryError(f"{name} contains {one!r}; give it like {example}")
    return given


def of_kind(value: object, kind: type, example: str) -> None:
    """Raises QueryError, which shows the example, if ``value`` is not a ``kind``."""
    if not isinstance(value, kind):
        raise QueryError(f"{value!r} is not a {kind.__name__}; pass one, like {example}")
