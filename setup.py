"""The one build step that pyproject.toml cannot express: building the search page, if Node is available.

Without Node, the package is installed without the page, and says so. A page that was built earlier is used unchanged.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

OLDEST_NODE = 20
PAGE = Path(__file__).resolve().parent / "webui"


class BuildWithPage(build_py):
    """Builds the page before the files of the packages are collected; for an editable install, `make page` does it."""

    def run(self) -> None:
        """Build the page and the packages."""
        if not self.editable_mode:
            _build_page()
        super().run()


def _build_page() -> None:
    npm = shutil.which("npm")
    if npm is None or _node_major() < OLDEST_NODE:
        there = (PAGE / "dist" / "index.html").exists()
        found = (
            "the page that was built before is taken" if there else "Soundalike is installed without its search page"
        )
        print(f"setup.py: Node {OLDEST_NODE} or later is not here: {found}", file=sys.stderr)
        return
    for step in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        subprocess.run([npm, *step], cwd=PAGE, check=True)  # noqa: S603 - what PATH says npm is


def _node_major() -> int:
    """The major version of Node; 0 if there is none."""
    node = shutil.which("node")
    if node is None:
        return 0
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(told.removeprefix("v").split(".")[0])


setup(cmdclass={"build_py": BuildWithPage})
