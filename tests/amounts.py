"""How many of a test's parameters `make test` tries: a few of each kind. `make test-all` tries them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import pytest
from _pytest.mark.structures import ParameterSet

T = TypeVar("T")


def few(values: Iterable[T], now: int = 1) -> list[T | ParameterSet]:
    """The first ``now`` of a test's parameters unchanged, and the others marked `thorough`.

    Put the most different ones first. A test with several such parameters runs in `make test` if none is marked.
    """
    every = list(values)
    assert 0 < now < len(every), "all of them are the few: this marks nothing"
    return [*every[:now], *map(_thorough, every[now:])]


def _thorough(value: object) -> ParameterSet:
    if isinstance(value, ParameterSet):
        return value._replace(marks=(*value.marks, pytest.mark.thorough))
    values = value if isinstance(value, tuple) else (value,)
    return pytest.param(*values, marks=pytest.mark.thorough)
