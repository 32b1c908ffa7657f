"""The checkout under measurement: this one, or one of another commit that has its own environment."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from search.errors import UsageError, printable

FIGURES = "docs/figures"
"""The folder that benchmarks write figures to. Changes in it do not count as changes of the measured code."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the project: its code is in ``folder``, and the interpreter ``python`` runs it."""

    folder: Path
    python: Path

    @classmethod
    def at(cls, folder: Path) -> Checkout:
        """Return another checkout, made with ``make .venv/.installed``. Raises UsageError if it has no environment."""
        python = folder.absolute() / ".venv" / "bin" / "python"
        if not python.exists():
            raise UsageError(f"{printable(str(folder))} has no .venv: run make .venv/.installed there")
        return cls(folder.resolve(), python)

    def soundalike(self, *words: str) -> list[str]:
        """Return the command line of ``soundalike`` with these arguments. Run it in `folder`."""
        return [str(self.python), "-m", "search.cli", *words]

    def commit(self) -> str:
        """Return the commit's short hash, with a ``+`` if tracked files other than figures have changed since.

        Outside a repository it is "no commit".
        """
        commit_and_changes = [
            self._git("rev-parse", "--short=7", "HEAD"),  # the same length as the repository grows
            self._git("status", "--porcelain", "--untracked-files=no", "--", ":/", f":(top,exclude){FIGURES}"),
        ]
        if commit_and_changes[0] is None:
            return "no commit"
        return f"{commit_and_changes[0]}+" if commit_and_changes[1] else commit_and_changes[0]

    def _git(self, *words: str) -> str | None:
        try:
            done = subprocess.run(  # noqa: S603 - our own command
                ["git", "-C", str(self.folder), *words],  # noqa: S607 - git from the PATH
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError:
            return None  # no git
        return done.stdout.strip() if done.returncode == 0 else None


HERE = Checkout(Path(__file__).resolve().parents[2], Path(sys.executable))
"""The checkout that runs this process."""
