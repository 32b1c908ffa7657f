"""The order of tests among several processes: tests that share something costly begin in one of them.

``--dist worksteal`` gives each process a stretch of the tests, and who is done takes from the end of another's. Each
stretch begins here with tests whose browser, services, home or server of PostgreSQL are started once for all of them;
what is behind those starts nothing, and may be taken by anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
WITH_POSTGRESQL = frozenset({"kind", "postgresql"})
"""Fixtures that start a server of it."""


def group_of(folder: str, fixtures: Iterable[str]) -> int | None:
    """Which of the groups that share something a test belongs to, by its folder in `TESTS`; None: to none."""
    if folder == "page":
        return 0
    if folder in ("documentation", "service"):
        return 1
    return 2 if WITH_POSTGRESQL.intersection(fixtures) else None


def arranged(groups: list[int | None], processes: int) -> list[int]:
    """The places of tests, each of its group, in the order for so many processes: as many stretches, equally long."""
    rest = [place for place, group in enumerate(groups) if group is None]
    order: list[int] = []
    for process in range(processes):
        until = len(order) + (len(groups) - len(order)) // (processes - process)
        order += [place for place, group in enumerate(groups) if group is not None and group % processes == process]
        take = max(until - len(order), 0)
        order += rest[:take]
        rest = rest[take:]
    return order + rest


def arrange(items: list[pytest.Item], processes: int) -> None:
    """Put the tests in this order."""
    groups = [_group(item) for item in items]
    items[:] = [items[place] for place in arranged(groups, processes)]


def _group(item: pytest.Item) -> int | None:
    path = item.path.resolve()
    within = path.relative_to(TESTS).parts if path.is_relative_to(TESTS) else ()
    return group_of(within[0] if len(within) > 1 else "", getattr(item, "fixturenames", ()))
