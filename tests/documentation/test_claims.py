"""Claims of guides and pages in lists and tables, checked against the code."""

from __future__ import annotations

import re

import pytest

from search import plugins
from search.audio.names import MIDI_SUFFIXES, SUFFIXES
from search.catalog.tables import METADATA
from search.columns import parsing
from search.service import config
from search.vectors.base import COMPRESS_FROM
from tests.documentation.snippets import PROJECT

DOCS = PROJECT / "docs"


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def first_cells(page: str) -> list[list[str]]:
    """What stands in code in the first cell of each row of a page's tables."""
    rows = [line for line in text_of(page).splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in rows]


def test_the_columns_of_filters_are_those_of_the_grammar():
    """Facts have a page of their own."""
    listed = {name for cell in first_cells("reference/filters.md") for name in cell if "[" not in name}
    facts = {name for cell in first_cells("reference/facts.md") for name in cell}
    assert listed <= set(parsing.COLUMNS) <= listed | facts


def test_the_bounds_of_filters_are_those_of_the_grammar():
    depth = f"{parsing.MAX_DEPTH} levels of parentheses and {parsing.MAX_CHARACTERS:,}"
    sentence = f"{parsing.MAX_COMPARISONS} comparisons, {depth}"
    assert sentence in text_of("reference/filters.md")


def test_the_families_of_encoders_are_those_that_are_installed():
    listed = {name.partition(":")[0] for cell in first_cells("reference/encoders.md") for name in cell}
    assert listed == set(plugins.offered("encoders"))


def test_the_entry_points_are_those_that_are_looked_for():
    listed = {cell[0] for cell in first_cells("extend/index.md")}
    assert listed == set(re.findall(r"``(soundalike\.\w+)``", plugins.__doc__))


def test_the_tables_of_the_catalog_are_all_there():
    listed = {name for cell in first_cells("format.md") for name in cell}
    assert set(METADATA.tables) <= listed


def test_a_library_has_the_folders_of_the_page(home):
    page = text_of("format.md")
    for path in home.library.rglob("*"):
        parts = path.relative_to(home.library).parts
        if parts[0] == "spaces" and len(parts) == 3:
            assert f"    {parts[2]}" in page, path
        elif len(parts) == 1 and not path.name.startswith("catalog.sqlite"):
            assert f"  {path.name}" in page, path


def test_small_indexes_are_exact_up_to_the_number_on_the_page():
    assert f"from {COMPRESS_FROM:,} segments on" in text_of("format.md")


def test_there_are_about_as_many_kinds_of_files_as_the_page_says():
    assert "some 130\n  more endings" in text_of("guides/index.md")
    assert 125 <= len(SUFFIXES | MIDI_SUFFIXES) - 10 < 140


@pytest.mark.parametrize(
    ("row", "value"),
    [
        ("size of a request", f"{config.Limits().upload_bytes >> 20} MB"),
        ("files of one upload", f"{config.Limits().files}"),
        ("length of a sound in a question", f"{config.Limits().query_s:g} s"),
        ("length of an uploaded sound", f"{config.Limits().indexed_s / 3600:g} h"),
        ("hits", f"{config.MAX_K:,}"),
    ],
)
def test_the_limits_of_the_service_are_the_codes(row, value):
    assert f"| {row} | {value} |" in text_of("guides/serve.md")
