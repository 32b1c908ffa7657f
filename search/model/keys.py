"""The keys that let clients use a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as its owner sees it; the secret itself is nowhere. ``revoked`` is when, None while it holds."""

    name: str
    scopes: frozenset[Scope]
    created: float
    revoked: float | None = None
