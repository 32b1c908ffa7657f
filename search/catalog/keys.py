"""API keys in the catalog's database, behind the port KeyStore.

A key is 32 random bytes, so storing its plain SHA-256 is enough: it cannot be guessed, and measures against guessing
(salts, many rounds) would only slow down each request.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from search.catalog.database import Database, now
from search.catalog.tables import KEYS
from search.errors import UsageError
from search.model import Key, Scope

_BYTES: Final = 32
_PREFIX: Final = "sla_"
"""Identifies a key to users, and to scanners for leaked secrets."""
_MAX_NAME: Final = 200


class CatalogKeys:
    """A `search.ports.KeyStore` in the catalog's database. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, scopes: Iterable[Scope]) -> str:
        """As the port says."""
        wanted = sorted(set(scopes))
        if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
            raise UsageError(f"a key's name must have from 1 to {_MAX_NAME} printable characters")
        if not wanted:
            raise UsageError("a key needs a scope: read, write or both")
        secret = _PREFIX + secrets.token_urlsafe(_BYTES)
        with self._database.writing() as connection:
            taken = select(KEYS.c.id).where(KEYS.c.name == name, KEYS.c.revoked.is_(None))
            if connection.execute(taken).first() is not None:
                raise UsageError(f"there is already a key called {name!r}; choose another name, or revoke it first")
            values = {"name": name, "digest": _digest(secret), "scopes": json.dumps(wanted), "created": now(connection)}
            connection.execute(insert(KEYS), values)
        return secret

    def list(self) -> list[Key]:
        """As the port says."""
        with self._database.reading() as connection:
            return [_key(row) for row in connection.execute(select(KEYS).order_by(KEYS.c.id))]

    def revoke(self, name: str) -> bool:
        """As the port says."""
        holds = update(KEYS).where(KEYS.c.name == name, KEYS.c.revoked.is_(None))
        with self._database.writing() as connection:
            return connection.execute(holds.values(revoked=now(connection))).rowcount > 0

    def find(self, secret: str) -> Key | None:
        """As the port says."""
        wanted = select(KEYS).where(KEYS.c.digest == _digest(secret), KEYS.c.revoked.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _key(row)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row[*tuple[Any, ...]]) -> Key:
    return Key(row.name, frozenset(json.loads(row.scopes)), row.created, row.revoked)
