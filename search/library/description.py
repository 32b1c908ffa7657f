"""What a library's folder says of where its parts are: ``library.toml``, where they are not in the folder.

    catalog = "postgresql://anna@db.example/sounds"
    roots = ["s3://archive/sounds", "/mnt/field"]

``roots`` are what ``soundalike index`` looks at when no PATH is given.

A password is best kept where PostgreSQL's own programs look for it (``~/.pgpass``, ``PGPASSWORD``). One that stands in
the URL is shown nowhere, and the file is readable to its owner alone.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from search.errors import LibraryError, LibraryUnwritable, UsageError, printable
from search.ground.urls import is_in_store

FILE: Final = "library.toml"
CATALOG_FILE: Final = "catalog.sqlite"
_KEYS: Final = ("catalog", "roots")


def catalog_of(folder: Path) -> Path | str:
    """The file of a library's catalog, or the URL that its ``library.toml`` gives. Raises LibraryError."""
    url = _described(folder).get("catalog", CATALOG_FILE)
    if not isinstance(url, str):
        raise LibraryError(f"{printable(str(folder / FILE))}: catalog is to be a URL in quotes")
    return url if "://" in url else folder / url


def roots_of(folder: Path) -> tuple[str, ...]:
    """The roots that a library's ``library.toml`` names, relative ones below its folder. Raises LibraryError."""
    roots = _described(folder).get("roots", [])
    if not isinstance(roots, list) or not all(isinstance(root, str) and root for root in roots):
        shown = printable(str(folder / FILE))
        raise LibraryError(f'{shown}: roots is to be a list, like roots = ["s3://bucket/sounds", "/mnt/field"]')
    return tuple(root if is_in_store(root) else str(folder / root) for root in roots)


def _described(folder: Path) -> dict[str, Any]:
    file = folder / FILE
    shown = printable(str(file))
    try:
        described = tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise LibraryError(f"{shown}: cannot be read ({error.strerror}); ask its owner") from error
    except ValueError:  # what is wrong may be the line with the password
        raise LibraryError(f'{shown}: is no TOML; write a line like catalog = "postgresql://user@host/name"') from None
    unknown = sorted(set(described) - set(_KEYS))
    if unknown:
        raise LibraryError(f"{shown}: {printable(unknown[0])} is nothing that it can say; it says {', '.join(_KEYS)}")
    return described


def require_none(folder: Path) -> None:
    """Raise UsageError where a library is already."""
    for name in (FILE, CATALOG_FILE):
        if (folder / name).exists():
            raise UsageError(f"{printable(str(folder))}: is a library already ({name}); name another folder")


def describe(folder: Path, catalog: str | None, roots: Sequence[str] = ()) -> None:
    """Write the ``library.toml`` of a new library. Raises LibraryUnwritable."""
    lines = [] if catalog is None else [f"catalog = {json.dumps(catalog)}\n"]  # strings of JSON are strings of TOML
    if roots:
        lines.append(f"roots = {json.dumps(list(roots))}\n")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(str(folder))}: {FILE} cannot be written", error) from error
