"""What a library's folder says of where its catalog is: ``library.toml``, in libraries whose catalog a server keeps.

    catalog = "postgresql://anna@db.example/sounds"

A password is best kept where PostgreSQL's own programs look for it (``~/.pgpass``, ``PGPASSWORD``). One that stands in
the URL is shown nowhere, and the file is readable to its owner alone.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Final

from search.errors import LibraryError, LibraryUnwritable, UsageError, printable

FILE: Final = "library.toml"
CATALOG_FILE: Final = "catalog.sqlite"
_KEYS: Final = ("catalog",)


def catalog_of(folder: Path) -> Path | str:
    """The file of a library's catalog, or the URL that its ``library.toml`` gives. Raises LibraryError."""
    file = folder / FILE
    shown = printable(str(file))
    try:
        described = tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return folder / CATALOG_FILE
    except OSError as error:
        raise LibraryError(f"{shown}: cannot be read ({error.strerror}); ask its owner") from error
    except ValueError:  # what is wrong may be the line with the password
        raise LibraryError(f'{shown}: is no TOML; write a line like catalog = "postgresql://user@host/name"') from None
    unknown = sorted(set(described) - set(_KEYS))
    if unknown:
        raise LibraryError(f"{shown}: {printable(unknown[0])} is nothing that it can say; it says {', '.join(_KEYS)}")
    url = described.get("catalog", CATALOG_FILE)
    if not isinstance(url, str):
        raise LibraryError(f"{shown}: catalog is to be a URL in quotes")
    return url if "://" in url else folder / url


def require_none(folder: Path) -> None:
    """Raise UsageError where a library is already."""
    for name in (FILE, CATALOG_FILE):
        if (folder / name).exists():
            raise UsageError(f"{printable(str(folder))}: is a library already ({name}); name another folder")


def describe(folder: Path, catalog: str) -> None:
    """Write the ``library.toml`` of a new library. Raises LibraryUnwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(f"catalog = {json.dumps(catalog)}\n")  # strings of JSON are strings of TOML
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(str(folder))}: {FILE} cannot be written", error) from error
