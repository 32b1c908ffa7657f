"""Opening a catalog: it is made if absent, migrated if older, and refused if newer or not a catalog."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from search.catalog import migrations
from search.catalog.database import Database
from search.catalog.sqlite import SQLiteDatabase
from search.errors import LibraryError, UsageError, printable
from search.ground.disks import may_access
from search.ground.urls import looks_like_address

_SCHEME: Final = "sqlite:///"
SERVER_SCHEMES: Final = ("postgresql://", "postgres://", "postgresql+psycopg://")
HOW_TO_WRITE: Final = "write postgresql://user@host/database, or sqlite:///file"


def open_database(url_or_path: str | Path, *, create: bool, read_only: bool) -> Database:
    """Open the database at the newest schema, or read-only at a readable older one.

    Raises LibraryError with a remedy.
    """
    if is_of_server(url_or_path):
        return _open_server(str(url_or_path), create=create, read_only=read_only)
    path = _path(url_or_path)
    if not is_there(path):
        if not create:
            raise LibraryError(f"{printable(str(path))}: there is no library; make one with `soundalike index PATH`")
        _make_folder(path.parent)
    database = SQLiteDatabase(path, mode="ro" if read_only else "rwc" if create else "rw")
    try:
        bring_up_to_date(database, read_only=read_only)
    except LibraryError:
        database.close()
        if may_access(path.parent, os.W_OK) or not may_access(path, os.R_OK):
            raise
        # WAL keeps two files beside the database; if they cannot be made on this medium, nobody can write there either
        database = SQLiteDatabase(path, mode="log" if _has_log(path) else "immutable")
        bring_up_to_date(database, read_only=True)
    return database


def is_of_server(url_or_path: str | Path) -> bool:
    """Whether it is the URL of a PostgreSQL database."""
    return isinstance(url_or_path, str) and url_or_path.lower().startswith(SERVER_SCHEMES)


_IS_VERSIONED: Final = text("SELECT to_regclass(quote_ident(current_schema()) || '.alembic_version') IS NOT NULL")
"""Like `tables_of`, for one table on a server: listing all tables would take several queries at each opening."""


def _open_server(url: str, *, create: bool, read_only: bool) -> Database:
    from search.catalog.postgresql import PostgreSQLDatabase  # the driver is needed only for a server

    database = PostgreSQLDatabase(url, read_only=read_only)
    try:
        bring_up_to_date(database, create=create, read_only=read_only)
    except LibraryError:
        database.close()
        raise
    return database


def is_there(path: Path) -> bool:
    """Whether the catalog's file exists. Raises LibraryError if its folder cannot be accessed."""
    try:
        return path.exists()
    except PermissionError as error:
        raise LibraryError(
            f"{printable(str(path.parent))}: no permission to look into the library; ask its owner"
        ) from error


def _has_log(path: Path) -> bool:
    """Whether the write-ahead log beside the database holds data that is not in the database yet."""
    try:
        return Path(f"{path}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise LibraryError(
            f"{printable(str(path))}: its log (-wal) cannot be read ({error.strerror}); ask its owner"
        ) from error


def bring_up_to_date(database: Database, *, create: bool = True, read_only: bool) -> None:
    """Create a database's tables, or migrate them to the newest schema if it may be written. Raises LibraryError."""
    with database.reading() as connection:
        version = _version(connection)
        if version == migrations.HEAD:
            return
        _require_ours(connection, database.name, version)
    if version is None and not create:
        raise LibraryError(f"{database.name}: there is no library; make one with `soundalike index PATH`")
    if read_only and version is not None and version >= migrations.READABLE:
        return
    if read_only:
        raise LibraryError(f"{database.name}: made by an older version; open it with write permission to migrate it")
    if isinstance(database, SQLiteDatabase):
        database.use_wal()
    with database.writing() as connection:
        if _version(connection) != migrations.HEAD:  # another process may have migrated it meanwhile
            migrations.upgrade(connection)


def tables_of(connection: Connection) -> list[str]:
    """The tables of a database; on a server only those of the current schema."""
    in_file = connection.dialect.name == "sqlite"
    schema = None if in_file else connection.execute(text("SELECT current_schema()")).scalar_one()
    return inspect(connection).get_table_names(schema)


def _version(connection: Connection) -> str | None:
    in_file = connection.dialect.name == "sqlite"
    if "alembic_version" not in tables_of(connection) if in_file else not connection.execute(_IS_VERSIONED).scalar():
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _require_ours(connection: Connection, name: str, version: str | None) -> None:
    if version is None and tables_of(connection):
        raise LibraryError(f"{name}: is a database, but not a Soundalike catalog; name another library")
    if version is not None and version > migrations.HEAD:
        raise LibraryError(
            f"{name}: made by a newer version of Soundalike (schema {version}, this one knows {migrations.HEAD}); "
            "upgrade Soundalike"
        )


def place_of(said: str, folder: Path) -> Path | str:
    """Return ``said`` if it is the URL of a server's database; otherwise the file it names, relative to ``folder``.

    Raises UsageError if it is neither. The message does not contain ``said``, which may contain a password.
    """
    if is_of_server(said):
        return said
    if said.lower().startswith(_SCHEME):
        return folder / said[len(_SCHEME) :]
    if "@" in said or looks_like_address(said) or re.search(r":\d+(/|$)", said):
        scheme = re.match(r"[a-z][a-z0-9+.-]*(?=://)", said, re.IGNORECASE)
        shown = f"{scheme[0]}: is not a kind of catalog" if scheme else "the catalog is neither a URL nor a file"
        raise UsageError(f"{shown}; {HOW_TO_WRITE}")
    return folder / said


def _path(url_or_path: str | Path) -> Path:
    try:
        return url_or_path if isinstance(url_or_path, Path) else Path(place_of(url_or_path, Path()))
    except UsageError as error:
        raise LibraryError(str(error)) from None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"{printable(str(folder))}: the library's folder cannot be made ({error.strerror})"
        ) from error
