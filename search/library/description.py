"""``library.toml``: says where the parts of a library are that are not in its folder.

    catalog = "postgresql://anna@db.example/sounds"
    store = "s3://archive/library"
    cache = "/var/cache/soundalike"
    index = "faiss"
    roots = ["s3://archive/sounds", "/mnt/field"]

The publishing machine ships snapshots to ``store``, and machines that search fetch them from there
(`search.snapshots.shipping`). ``cache`` is the folder of snapshots on this machine, by default the library's folder.
``index`` is the kind of index of a new library. ``roots`` are what ``soundalike index`` indexes if no PATH is given.

A password is best kept where PostgreSQL's own programs look for it (``~/.pgpass``, ``PGPASSWORD``). A password in the
URL is never shown, and only its owner can read the file.
"""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from search.catalog.opening import place_of
from search.errors import LibraryError, LibraryUnwritable, UsageError, printable
from search.ground.urls import is_in_store, require_folder
from search.library.ready import CATALOG_FILE, DESCRIPTION_FILE

_URLS: Final = ("catalog", "store", "index", "cache")
_KEYS: Final = (*_URLS, "roots")


@dataclass(frozen=True, slots=True)
class Description:
    """The contents of a ``library.toml``; absent values are empty.

    ``catalog`` and ``store`` are URLs, ``index`` is the kind of index, ``cache`` the folder of snapshots, ``roots``
    what is indexed by default.
    """

    catalog: str = field(default="", repr=False)
    store: str = field(default="", repr=False)
    index: str = ""
    cache: str = ""
    roots: tuple[str, ...] = ()


def read(folder: Path) -> Description:
    """Read the ``library.toml`` of a library. Raises LibraryError; UsageError if ``folder`` is an address."""
    require_folder(folder)
    described = _described(folder)
    shown = printable(str(folder / DESCRIPTION_FILE))
    for name in _URLS:
        if not isinstance(described.get(name, ""), str):
            what = "a URL in quotes" if name in ("catalog", "store") else "a text in quotes"
            raise LibraryError(f"{shown}: {name} must be {what}")
    roots = described.pop("roots", [])
    if not isinstance(roots, list) or not all(isinstance(root, str) and root for root in roots):
        raise LibraryError(f'{shown}: roots must be a list, like roots = ["s3://bucket/sounds", "/mnt/field"]')
    placed = tuple(root if is_in_store(root) else str(folder / root) for root in roots)
    return Description(**described, roots=placed)


def catalog_of(folder: Path) -> Path | str:
    """Return the file of a library's catalog, or its URL from ``library.toml``. Raises LibraryError."""
    said = read(folder).catalog
    try:
        return place_of(said or CATALOG_FILE, folder)
    except UsageError as error:
        raise LibraryError(f"{printable(str(folder / DESCRIPTION_FILE))}: {error}") from None


def cache_of(folder: Path) -> Path:
    """Return the folder of a library's snapshots on this machine: its own, unless ``library.toml`` names another."""
    return folder / read(folder).cache


def roots_of(folder: Path) -> tuple[str, ...]:
    """Return the roots in ``library.toml``, resolved against the library's folder. Raises LibraryError."""
    return read(folder).roots


def _described(folder: Path) -> dict[str, Any]:
    file = folder / DESCRIPTION_FILE
    shown = printable(str(file))
    try:
        described = tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise LibraryError(f"{shown}: cannot be read ({error.strerror}); ask its owner") from error
    except ValueError:  # the parser's message might quote the line with the password
        raise LibraryError(f'{shown}: is not TOML; write a line like catalog = "postgresql://user@host/name"') from None
    unknown = sorted(set(described) - set(_KEYS))
    if unknown:
        raise LibraryError(f"{shown}: {printable(unknown[0])} is not a setting; use one of: {', '.join(_KEYS)}")
    return described


def require_none(folder: Path) -> None:
    """Raise UsageError if ``folder`` has a library already, or is an address."""
    require_folder(folder)
    for name in (DESCRIPTION_FILE, CATALOG_FILE):
        if (folder / name).exists():
            raise UsageError(f"{printable(str(folder))}: is already a library ({name}); name another folder")


def describe(folder: Path, described: Description) -> None:
    """Write the ``library.toml`` of a new library. Raises LibraryUnwritable."""
    said = {name: value for name, value in asdict(described).items() if value}
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in said.items()]  # JSON strings are valid TOML
    try:
        folder.mkdir(parents=True, exist_ok=True)
        opened = os.open(folder / DESCRIPTION_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        raise LibraryUnwritable.because(
            f"{printable(str(folder))}: {DESCRIPTION_FILE} cannot be written", error
        ) from error
