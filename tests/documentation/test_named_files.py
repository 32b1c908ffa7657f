"""Every project file that a document, a docstring or a comment names exists."""

from __future__ import annotations

import re

import pytest

from tests.documentation.snippets import PROJECT, documents

ROOMS = ("benchmarks", "data", "docs", "indexer", "search", "tests", "training", "webui")
_NAMED = re.compile(rf"(?<![\w./*-])(?:{'|'.join(ROOMS)})/[\w/.-]+\.(?:py|md|csv|npz|toml|mjs|tsx?)\b")
_BUILT = ("data/demo/",)
"""Folders whose files the project makes."""


@pytest.mark.parametrize("room", ["documents", "benchmarks", "indexer", "search", "training"])
def test_files_that_are_named_are_there(room):
    texts = documents() if room == "documents" else sorted((PROJECT / room).rglob("*.py"))
    assert texts
    missing = [
        f"{text.relative_to(PROJECT)}: {name}"
        for text in texts
        for name in _NAMED.findall(text.read_text(encoding="utf-8"))
        if not name.startswith(_BUILT) and not (PROJECT / name).exists()
    ]
    assert not missing
