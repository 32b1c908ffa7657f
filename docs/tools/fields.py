"""Reads the tables of ``docs/reference/fields.md``: what each JSON field means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

Meanings: TypeAlias = Mapping[str, Mapping[str, str]]
"""Title of a section -> name of a field -> what it means, in Markdown."""

_SECTION = re.compile(r"^##+ (?P<title>.+?)(?: \{#[\w-]+\})?$")
_ROW = re.compile(r"^\| `(?P<field>[^`]+)` \| (?P<meaning>.+) \|$")


def tables(markdown: str) -> Meanings:
    """Every section that has rows of ``| `field` | meaning |``."""
    sections: dict[str, dict[str, str]] = {}
    title = ""
    for line in markdown.splitlines():
        if section := _SECTION.match(line):
            title = section["title"].replace("`", "")
        elif row := _ROW.match(line):
            sections.setdefault(title, {})[row["field"]] = row["meaning"]
    return sections
