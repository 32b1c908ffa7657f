"""The tree explains itself: there are few things at its top, and each says what it is for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def top_of(package: str) -> list[Path]:
    """The rooms and modules right below a package."""
    below = (PROJECT / package).iterdir()
    rooms = [path / "__init__.py" for path in (PROJECT / package).iterdir() if (path / "__init__.py").is_file()]
    return sorted([*rooms, *(path for path in below if path.suffix == ".py" and path.name != "__init__.py")])


@pytest.mark.parametrize(("package", "most"), [("search", 24), ("benchmarks", 10)])
def test_few_things_stand_at_the_top(package, most):
    assert len(top_of(package)) <= most


def test_benchmarks_has_rooms_and_hardly_a_flat_module():
    assert len([path for path in top_of("benchmarks") if path.name != "__init__.py"]) <= 2


@pytest.mark.parametrize("place", top_of("search"), ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_each_says_what_it_is_for(place):
    assert ast.get_docstring(ast.parse(place.read_text("utf-8")))
