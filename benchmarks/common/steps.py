"""Results of the steps of a long benchmark, kept so that a benchmark that was stopped can resume."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from search.errors import UsageError, printable
from search.snapshots.single import replacing

T = TypeVar("T")


class Steps:
    """Steps in a folder, each run once. A step's result must survive being written as JSON and read again."""

    def __init__(self, folder: Path, settings: Mapping[str, object]) -> None:
        """Open the steps of a run with these ``settings``. Raises UsageError if the folder is of a run with others."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        if self.once("settings", lambda: dict(settings)) != dict(settings):
            raise UsageError(f"{printable(str(folder))} was begun with other settings; name another folder")

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Return the step's stored result, or run it now. Raises as ``make`` does, and OSError."""
        file = self.folder / f"{name}.json"
        if file.is_file():
            found: T = json.loads(file.read_bytes())
            return found
        made = make()
        with replacing(file) as target:
            target.write(json.dumps(made).encode())
        return made
