"""MkDocs hook: adds pages generated at build time, from the code and from documents outside ``docs``."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from docs.tools import commands, fields, notebooks, rest, rooms

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

PROJECT = Path(__file__).resolve().parents[2]
OUTSIDE = {
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
    "changelog.md": "CHANGELOG.md",
    "model-card.md": "training/MODEL_CARD.md",
    "extend/plugin.md": "examples/soundalike-plugin/README.md",
}
"""Page of the site -> document in the repository that it shows."""
NOTEBOOKS = PROJECT / "docs" / "notebooks"
ROOMS_HERE = "<!-- the rooms of the engine -->"

_LINK = re.compile(r"\]\((?!https?://|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages; called by MkDocs."""
    from mkdocs.structure.files import File

    for uri, content in pages().items():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Insert the table of rooms where a page has its marker; called by MkDocs."""
    del page, config, files
    return markdown.replace(ROOMS_HERE, rooms.table(rooms.read())) if ROOMS_HERE in markdown else markdown


def pages() -> dict[str, str]:
    """Every generated page and picture: its path below ``docs`` -> its content."""
    made = {page: _shown(page, source) for page, source in OUTSIDE.items()}
    made |= {f"notebooks/{path.stem}.md": notebooks.markdown(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    meanings = fields.tables((PROJECT / "docs" / "reference" / "fields.md").read_text(encoding="utf-8"))
    made["reference/rest.md"] = rest.markdown(rest.document(), meanings)
    made["reference/commands.md"] = commands.markdown()
    made["images/rooms.svg"] = rooms.svg(rooms.read())
    return made


def _shown(page: str, source: str) -> str:
    """The document ``source`` with its links made relative to ``page``."""
    text = (PROJECT / source).read_text(encoding="utf-8")
    return _LINK.sub(lambda link: f"]({_target(page, source, link[1])}{link[2] or ''})", text)


def _target(page: str, source: str, link: str) -> str:
    """Where a link of ``source`` leads from ``page``."""
    aimed = os.path.normpath(PurePosixPath(source).parent / link)
    by_source = {document: uri for uri, document in OUTSIDE.items()}
    below_docs = by_source.get(aimed) or os.path.relpath(aimed, "docs")
    return os.path.relpath(below_docs, PurePosixPath(page).parent)
