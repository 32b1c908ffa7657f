"""Counts with nouns, for messages."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Return ``count`` with the noun in the singular or plural: ``1 clip``, ``3 clips``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def have(count: int, noun: str, what: str) -> str:
    """Return a phrase like ``1 clip has facts`` or ``3 clips have facts``."""
    return f"{counted(count, noun)} {'has' if count == 1 else 'have'} {what}"
