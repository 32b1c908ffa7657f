"""The order of tests for several processes: tests that share a costly fixture start in one process, long tests early.

``--dist worksteal`` gives each process a stretch of the tests; a process that is done steals from the end of another's.
So each stretch starts with tests that share a browser, services, a home, a PostgreSQL server or networks. The tests
after them start nothing costly, and any process may steal them. Among these, the modules with the longest tests come
first: a long test at the end would keep the other processes waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LONGEST = TESTS / "longest.txt"
"""Test modules with the seconds of their longest test on a busy machine, written by
``python -m benchmarks.robustness.longest``. Modules that are not listed have only short tests."""
WITH_POSTGRESQL = frozenset({"kind", "postgresql"})
"""Fixtures that start a PostgreSQL server."""


def group_of(folder: str, fixtures: Iterable[str]) -> int | None:
    """The group of tests with a shared fixture that a test belongs to, by its folder in `TESTS`; None: no group."""
    if folder == "page":
        return 0
    if folder in ("documentation", "service"):
        return 1
    return 2 if folder == "training" or WITH_POSTGRESQL.intersection(fixtures) else None


@cache
def longest() -> dict[str, float]:
    """The seconds of the longest test of each module with long tests, by its path in `TESTS`."""
    rows = (line.split(maxsplit=1) for line in LONGEST.read_text("utf-8").splitlines())
    return {module: float(seconds) for seconds, module in rows}


def arranged(groups: list[int | None], modules: list[str], processes: int) -> list[int]:
    """The places of tests, given their groups and modules, in the order for ``processes`` stretches of equal length.

    Tests of one module stay together, except at the end of a stretch.
    """
    ends = [len(groups) * process // processes for process in range(processes + 1)]
    sizes = [end - start for start, end in pairwise(ends)]
    stretches: list[list[int]] = [[] for _ in sizes]
    for place, group in enumerate(groups):
        if group is not None:
            stretches[group % processes].append(place)
    over = [stretch[size:] for stretch, size in zip(stretches, sizes, strict=True)]
    for stretch, size in zip(stretches, sizes, strict=True):
        del stretch[size:]
    room = [size - len(stretch) for stretch, size in zip(stretches, sizes, strict=True)]
    left = list(room)
    rest = [place for place, group in enumerate(groups) if group is None]
    rest.sort(key=lambda place: -longest().get(modules[place], 0.0))
    for places in [*over, *(list(of_one) for _, of_one in groupby(rest, key=modules.__getitem__))]:
        while places:
            fits = [process for process in range(processes) if left[process] >= len(places)]
            process = max(fits or range(processes), key=lambda one: left[one] / max(room[one], 1))
            stretches[process] += places[: left[process]]
            places, left[process] = places[left[process] :], max(left[process] - len(places), 0)  # noqa: PLW2901
    return [place for stretch in stretches for place in stretch]


def arrange(items: list[pytest.Item], processes: int) -> None:
    """Sort ``items`` for so many ``processes``."""
    paths = [_path(item) for item in items]
    groups = [_group(path, item) for path, item in zip(paths, items, strict=True)]
    items[:] = [items[place] for place in arranged(groups, [path.as_posix() for path in paths], processes)]


def _path(item: pytest.Item) -> Path:
    path = item.path.resolve()
    return path.relative_to(TESTS) if path.is_relative_to(TESTS) else Path(path.name)


def _group(path: Path, item: pytest.Item) -> int | None:
    return group_of(path.parts[0] if len(path.parts) > 1 else "", getattr(item, "fixturenames", ()))
