"""API keys: they let clients use a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret, which is not stored. ``revoked`` is when it was revoked, None if it is valid."""

    name: str
    scopes: frozenset[Scope]
    created: float
    revoked: float | None = None
