"""The code blocks of the README and the documentation, and why some of them are not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
RUN = {"sh", "python"}
SHOWN = {"text", "toml", "json", "nginx", "caddy", "yaml"}
"""Languages of blocks that are shown but not run."""

_FENCE = re.compile(r"^(?P<indent> *)(?P<marks>```+)(?P<language>\S*)")
_NOT_RUN = re.compile(r"^ *<!-- not run: (?P<reason>.+) -->$")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block: its language, its text, its first line, and the reason why it is not run (None: it is run)."""

    language: str
    text: str
    line: int
    not_run: str | None


def documents() -> list[Path]:
    """The README, the documents beside it, and every hand-written page of the site."""
    beside = [PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "training/MODEL_CARD.md")]
    return [*beside, *sorted((PROJECT / "docs").rglob("*.md"))]


def name_of(document: Path) -> str:
    return document.relative_to(PROJECT).as_posix()


def snippets(document: Path) -> Iterator[Snippet]:
    """The blocks of a document, in their order."""
    lines = iter(enumerate(document.read_text(encoding="utf-8").splitlines(), start=1))
    before = ""
    for number, line in lines:
        fence = _FENCE.match(line)
        if fence:
            body = []
            for _, inner in lines:
                if inner.strip() == fence["marks"]:
                    break
                body.append(inner.removeprefix(fence["indent"]))
            why = _NOT_RUN.match(before)
            yield Snippet(fence["language"], "\n".join(body) + "\n", number, why["reason"] if why else None)
        before = line
