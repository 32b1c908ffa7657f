"""Pages of the notebooks: their stored cells, without outputs, and a link to download the notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def markdown(notebook: Path) -> str:
    """The page of a notebook in the folder ``docs/notebooks``: its cells, and a link to it."""
    cells: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    link = f"[Download this notebook]({notebook.name}) and run it in Jupyter or VS Code."
    return "\n\n".join([*map(_markdown, cells), link]) + "\n"


def _markdown(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    return f"```python\n{source}\n```" if cell["cell_type"] == "code" else source
