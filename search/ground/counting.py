"""How many of something, as people say it."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """``count`` and the noun, in its form for one or for many: ``1 clip``, ``3 clips``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def have(count: int, noun: str, what: str) -> str:
    """That so many have something: ``1 clip has facts``, ``3 clips have facts``."""
    return f"{counted(count, noun)} {'has' if count == 1 else 'have'} {what}"
