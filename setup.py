"""The one step of the build that pyproject.toml cannot say: the search page is built by Node where Node is.

Without Node the package is installed without the page, and says so; a page that was built before is taken as it is.
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
    """Builds the page before the files of the packages are gathered. An editable install leaves it to `make page`."""

    def run(self) -> None:
        """Build."""
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
    """Which Node is here; 0 for none."""
    node = shutil.which("node")
    if node is None:
        return 0
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(told.removeprefix("v").split(".")[0])


setup(cmdclass={"build_py": BuildWithPage})
