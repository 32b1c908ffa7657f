"""Run the notebooks from the first cell to the last, on a small demo collection."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

from docs.tools import notebooks
from tests.documentation.snippets import PROJECT

NOTEBOOKS = sorted((PROJECT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def sounds(home, tmp_path_factory) -> Path:
    """Two clips of each of the demo collection's kinds: its first ones, with their lines of the manifest."""
    folder = tmp_path_factory.mktemp("notebooks") / "demo"
    heading, *lines = (home.sounds / "manifest.csv").read_text("utf-8").splitlines(keepends=True)
    few = [line for line in lines if re.match(r"[^,]+_0[12]\.", line)]
    for path in (home.sounds / line.partition(",")[0] for line in few):
        copy = folder / path.relative_to(home.sounds)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    (folder / "manifest.csv").write_text("".join([heading, *few]), "utf-8")
    return folder


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 2


@pytest.mark.thorough
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(notebook, sounds, tmp_path, monkeypatch):
    """Every cell, in a kernel of its own; what it makes goes into an empty folder."""
    monkeypatch.setenv("SOUNDS", str(sounds))
    monkeypatch.setenv("SOUNDALIKE_LIBRARY", str(tmp_path / "explored.library"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    cells = nbformat.read(notebook, as_version=4)
    nbclient.NotebookClient(cells, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(output.get("text", "") for cell in cells.cells for output in cell.get("outputs", []))
    assert "50 clips" in printed


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_without_what_it_printed(notebook):
    """So that a change of it can be read, and no figure of one machine stands in it."""
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["source"][:1]


def test_the_site_shows_every_cell():
    """As pages in its menu, each with the notebook itself to download."""
    menu = (PROJECT / "mkdocs.yml").read_text("utf-8")
    for notebook in NOTEBOOKS:
        page = notebooks.markdown(notebook)
        assert f"notebooks/{notebook.stem}.md" in menu
        assert f"]({notebook.name})" in page
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
            assert "".join(cell["source"]) in page
